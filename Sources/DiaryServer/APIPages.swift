import HTTP1
import Web

/// Swagger UI and Redoc, which `script/api-pages` fetches, and our own script and style for them.
///
/// Their path contains a tag of all files, so browsers may keep them without asking again.
package struct APIPages: Sendable {
    struct Asset: Sendable {
        let type: String
        let content: StaticContent
    }

    /// By file name.
    let assets: [String: Asset]
    /// Whether Swagger UI and Redoc are installed.
    let isComplete: Bool
    /// A tag of all assets, used in their path.
    let version: String

    static let fetched = ["swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js"]

    /// - Parameter files: contents by name. `name.gz` beside `name` is the same in gzip.
    package init(_ files: [String: [UInt8]]) {
        var assets: [String: Asset] = [:]
        for (name, bytes) in files {
            guard let dot = name.lastIndex(of: "."), let type = Self.types[String(name[dot...])] else { continue }
            assets[name] = Asset(type: type, content: StaticContent(bytes, gzip: files[name + ".gz"]))
        }
        self.assets = assets
        isComplete = Self.fetched.allSatisfy { assets[$0] != nil }
        let tags = assets.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.content.entityTag.text)" }
        version = ContentTag.of(Array(tags.joined(separator: "\n").utf8)).opaque
    }

    private static let types = [
        ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".png": "image/png",
    ]

    func path(_ name: String) -> String { "/docs/assets/\(version)/\(name)" }
}
