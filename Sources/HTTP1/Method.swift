/// A request method (RFC 9110 section 9). Methods are case-sensitive: `get` is unknown.
package enum Method: Sendable, Hashable {
    case get, head, post, put, patch, delete, options
    /// Known, but no route uses them.
    case trace, query
    case other(String)

    package init(_ text: String) {
        self =
            switch text {
            case "GET": .get
            case "HEAD": .head
            case "POST": .post
            case "PUT": .put
            case "PATCH": .patch
            case "DELETE": .delete
            case "OPTIONS": .options
            case "TRACE": .trace
            case "QUERY": .query
            default: .other(text)
            }
    }

    /// Packs the token into a word, so that common methods need no String.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        var word: UInt64 = 0
        if range.count <= 8 {
            for index in range { word = word << 8 | UInt64(bytes[index]) }
        }
        self =
            switch word {
            case 0x47_4554: .get
            case 0x4845_4144: .head
            case 0x504F_5354: .post
            case 0x50_5554: .put
            case 0x50_4154_4348: .patch
            case 0x4445_4C45_5445: .delete
            case 0x4F_5054_494F_4E53: .options
            case 0x54_5241_4345: .trace
            case 0x51_5545_5259: .query
            default: .other(String(decoding: bytes, range))
            }
    }

    package var rawValue: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .query: "QUERY"
        case .other(let text): text
        }
    }
}

extension String {
    /// Replaces bytes that are not UTF-8 with U+FFFD.
    init(decoding bytes: Span<UInt8>, _ range: Range<Int>) {
        var copy: [UInt8] = []
        copy.append(copying: bytes.extracting(range))
        self = String(decoding: copy, as: UTF8.self)
    }
}
