import Compression
import HTTP1

/// Content that does not change while the server runs. It is tagged once, and compressed once or beforehand.
package struct StaticContent: Sendable {
    package let entityTag: EntityTag
    let gzip: [UInt8]
    /// Nil for long content. It is held only in gzip, which most clients take, and inflated for the others.
    let bytes: [UInt8]?

    /// Bytes; longer contents are held only in gzip.
    private static let longestHeld = 64 * 1024

    /// - Parameter gzip: where it was compressed before.
    package init(_ bytes: [UInt8], gzip: [UInt8]? = nil) {
        entityTag = ContentTag.of(bytes)
        self.gzip = gzip ?? GzipEncoder(level: 6).encode(bytes)
        self.bytes = bytes.count <= Self.longestHeld ? bytes : nil
    }
}

extension Response {
    package init(_ status: Status, contentType: String, content: StaticContent) {
        if let bytes = content.bytes {
            self.init(status, contentType: contentType, body: bytes)
        } else {
            self.init(status, contentType: contentType, stream: InflatedContent(content.gzip))
        }
        entityTag = content.entityTag
        gzip = content.gzip
    }
}

/// Content that is held in gzip, inflated while it is sent.
private final class InflatedContent: ContentStream {
    private var rest: ArraySlice<UInt8>
    private var inflation: InflateStream?

    /// Compressed bytes; texts become about eight times as long.
    private static let step = 4096

    private struct Damaged: Error {}

    init(_ gzip: [UInt8]) { rest = gzip[...] }

    func next() async throws -> [UInt8]? {
        if rest.isEmpty { return nil }
        let inflation = inflation ?? InflateStream(gzip: true)
        self.inflation = inflation
        let piece = rest.prefix(Self.step)
        rest = rest.dropFirst(piece.count)
        guard let content = inflation.add(piece.span), inflation.isAtEnd || !rest.isEmpty else { throw Damaged() }
        return content
    }

    func close() {
        rest = []
        inflation = nil
    }
}
