import Compression
import HTTP1

/// Content that does not change while the server runs. It is tagged and compressed once.
package struct StaticContent: Sendable {
    package let bytes: [UInt8]
    package let entityTag: EntityTag
    let gzip: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        entityTag = ContentTag.of(bytes)
        gzip = GzipEncoder(level: 6).encode(bytes)
    }
}

extension Response {
    package init(_ status: Status, contentType: String, content: StaticContent) {
        self.init(status, contentType: contentType, body: content.bytes)
        entityTag = content.entityTag
        gzip = content.gzip
    }
}
