import Diary
import Web

/// Services for what the server publishes about itself. All cores share them.
final class ServerServices: Sendable {
    let contract: PublishedContract
    let pages: APIPages
    let readiness: Readiness

    init(contract: PublishedContract, pages: APIPages, readiness: Readiness) {
        self.contract = contract
        self.pages = pages
        self.readiness = readiness
    }
}

extension Services {
    var server: ServerServices { area() }
}

/// `openapi.yaml` unchanged and as JSON, read once at the start.
package struct PublishedContract: Sendable {
    let yaml: StaticContent
    let json: StaticContent

    /// - Parameters:
    ///   - compressedYAML: the same in gzip; nil: it is compressed now, which delays the start.
    ///   - compressedJSON: as `compressedYAML`.
    package init(yaml: [UInt8], json: [UInt8], compressedYAML: [UInt8]? = nil, compressedJSON: [UInt8]? = nil) {
        self.yaml = StaticContent(yaml, gzip: compressedYAML)
        self.json = StaticContent(json, gzip: compressedJSON)
    }
}
