import HTTP1
import JSON

/// An answer: status, fields, and content in bytes or as a stream. The connection adds framing, Date and the
/// conditional part.
package struct Response {
    package var status: Status
    package var contentType: String?
    package var headers: [(name: String, value: String)] = []
    package var body: [UInt8]
    package var entityTag: EntityTag?
    /// The body in gzip, if it is already compressed.
    var gzip: [UInt8]?
    /// Stores the body in gzip once it has been compressed, if the response is sent more than once.
    package var compressed: CompressedForm?
    /// The content if it is a stream; `body` is then empty.
    private(set) var stream: AnswerStream?
    /// Whether the content is produced while it is sent, so that it cannot be stored.
    package var isStreamed: Bool { stream != nil }

    package init(_ status: Status, contentType: String? = nil, body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// An answer whose content is produced while it is sent. The answer takes over the stream and closes it.
    package init(_ status: Status, contentType: String? = nil, stream: any ContentStream) {
        self.init(status, contentType: contentType)
        self.stream = AnswerStream(stream)
    }

    /// JSON that nobody may store (`no-store`).
    package static func json(_ writer: JSONWriter, status: Status = .ok) -> Response {
        var response = Response(status, contentType: "application/json", body: writer.bytes)
        response.headers.append(("Cache-Control", "private, no-store"))
        return response
    }

    /// Success without content.
    package static var empty: Response {
        var response = Response(.noContent)
        response.headers.append(("Cache-Control", "private, no-store"))
        return response
    }

    /// JSON that its caller may store and revalidate with `If-None-Match`. The tag is a digest of the content.
    package static func tagged(_ writer: JSONWriter, _ tag: EntityTag? = nil) -> Response {
        var response = Response(.ok, contentType: "application/json", body: writer.bytes)
        response.entityTag = tag ?? ContentTag.of(writer.bytes)
        response.headers.append(("Cache-Control", "private, no-cache"))
        response.headers.append(("Vary", "Authorization"))
        return response
    }

    /// Replaces a stream by the same content in gzip. False if that has not been made before.
    mutating func takeGzip() -> Bool {
        guard let gzip, let stream else { return false }
        stream.close()
        self.stream = nil
        body = gzip
        return true
    }

    /// Adds the name of a request field to Vary (RFC 9110 section 12.5.5), once.
    mutating func vary(_ name: String) {
        guard let index = headers.firstIndex(where: { FieldName.equal($0.name, "Vary") }) else {
            return headers.append(("Vary", name))
        }
        let names = FieldList(headers[index].value)
        if !names.contains(name) && !names.contains("*") { headers[index].value += ", " + name }
    }

    /// Applies `If-Match` and `If-None-Match` to an answer to a GET, in this order (RFC 9110 section 13.2.2).
    mutating func meetConditions(_ request: Request) {
        let head = request.head
        guard let entityTag, status == .ok, head.method == .get || head.method == .head else { return }
        if let field = head["If-Match"], EntityTagList(field)?.matchesStrongly(entityTag) != true {
            stream?.close()
            self = Problem(.preconditionFailed).response(to: request)
            return
        }
        if let field = head["If-None-Match"], EntityTagList(field)?.matchesWeakly(entityTag) == true {
            status = .notModified
            contentType = nil
            body = []
            stream?.close()
            stream = nil
        }
    }
}

/// A strong validator for an answer made of many rows: 128 bits, so that a collision is expected only among about 2^64
/// contents. Not cryptographic. Two multiply-and-fold lanes each take every other 16 bytes; the result is the same in
/// every process.
package enum ContentTag {
    package static func of(_ bytes: [UInt8]) -> EntityTag {
        let span = bytes.span.bytes
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: span.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        var first: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
        var second: UInt64 = 0xC2B2_AE3D_27D4_EB4F
        var index = 0
        while index &+ 32 <= bytes.count {
            first = fold(word(index) ^ 0xA076_1D64_78BD_642F, word(index &+ 8) ^ first)
            second = fold(word(index &+ 16) ^ 0xE703_7ED1_A0B4_28DB, word(index &+ 24) ^ second)
            index &+= 32
        }
        while index < bytes.count {
            let end = min(index + 8, bytes.count)
            let word = bytes[index..<end].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            first = fold(first ^ word, 0xA076_1D64_78BD_642F)
            index = end
        }
        return EntityTag(
            String(hexadecimal: fold(first ^ 0x8EBC_6AF0_9C88_C6E3, second ^ 0x5899_65CC_7537_4CC3))
                + String(hexadecimal: fold(second ^ 0x8EBC_6AF0_9C88_C6E3, first &+ 0x5899_65CC_7537_4CC3)))
    }

    private static func fold(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }
}

/// The compressed form of a response that one core sends more than once. It is empty until a client first asks for it.
package final class CompressedForm {
    package var gzip: [UInt8]?

    package init() {}

    /// The number of bytes.
    package var count: Int { gzip?.count ?? 0 }
}
