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

    package init(yaml: [UInt8], json: [UInt8]) {
        self.yaml = StaticContent(yaml)
        self.json = StaticContent(json)
    }
}
