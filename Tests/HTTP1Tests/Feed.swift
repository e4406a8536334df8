import HTTP1

/// The parser's result for a byte stream, independent of how the stream was split.
struct Outcome: Equatable {
    var requests: [Request] = []
    var error: ParseError?
    /// Whether the stream ends between two requests.
    var isIdle = false

    struct Request: Equatable {
        var method: Method
        var path: String
        var query: String?
        var host: String?
        var minorVersion: Int
        var length: RequestHead.BodyLength
        var keepAlive: Bool
        var expectsContinue: Bool
        var fields: [String]
        var body: [UInt8] = []
        var isComplete = false
    }
}

/// Feeds the pieces one after another, as a connection would.
func parse(_ pieces: [[UInt8]], limits: Limits = Limits(), maximumBody: Int? = nil) -> Outcome {
    var parser = RequestParser(limits: limits)
    var outcome = Outcome()
    do throws(ParseError) {
        for piece in pieces {
            var offset = 0
            feeding: while true {
                let step = try parser.next(piece.span.extracting(offset..<piece.count))
                switch step.event {
                case .needMore:
                    precondition(offset + step.consumed == piece.count, "needMore has consumed everything")
                    break feeding
                case .head(let head):
                    if let maximumBody { parser.maximumBody = maximumBody }
                    outcome.requests.append(Outcome.Request(head))
                case .body(let range):
                    let last = outcome.requests.count - 1
                    precondition(range.upperBound == step.consumed && !range.isEmpty)
                    outcome.requests[last].body += piece[offset + range.lowerBound..<offset + range.upperBound]
                case .end:
                    outcome.requests[outcome.requests.count - 1].isComplete = true
                }
                offset += step.consumed
            }
        }
    } catch {
        outcome.error = error
    }
    outcome.isIdle = parser.isIdle
    return outcome
}

func parse(_ text: String, limits: Limits = Limits(), maximumBody: Int? = nil) -> Outcome {
    parse([Array(text.utf8)], limits: limits, maximumBody: maximumBody)
}

/// The bytes one at a time, and split in two at each place.
func splits(of bytes: [UInt8]) -> [[[UInt8]]] {
    [bytes.map { [$0] }] + bytes.indices.map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
}

extension Outcome.Request {
    init(_ head: RequestHead) {
        self.init(
            method: head.method, path: head.path, query: head.query, host: head.host,
            minorVersion: head.minorVersion, length: head.bodyLength, keepAlive: head.keepAlive,
            expectsContinue: head.expectsContinue, fields: head.map { "\($0.name)=\($0.value)" })
    }

    var text: String { String(decoding: body, as: UTF8.self) }
}
