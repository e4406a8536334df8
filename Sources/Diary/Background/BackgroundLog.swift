import JSON
import Reactor
import Web

/// Log lines of background work. They contain the kind, the school and ids, but no personal data.
struct BackgroundLog {
    private let sink: LogSink

    init(_ sink: LogSink) { self.sink = sink }

    func failed(_ piece: Piece, _ failure: BackgroundFailure, isGivenUp: Bool) {
        line(isGivenUp ? "error" : "warning", isGivenUp ? "background work given up" : "background work failed") {
            describe(piece, &$0)
            describe(failure, &$0)
        }
    }

    func blocked(_ piece: Piece, _ code: String) {
        line("error", "background work blocked") {
            describe(piece, &$0)
            $0.key("code")
            $0.string(code)
        }
    }

    func leaseLost(_ piece: Piece) {
        line("warning", "background work was taken by another process") { describe(piece, &$0) }
    }

    func lookFailed(_ failure: BackgroundFailure) {
        line("error", "background work cannot be looked for") { describe(failure, &$0) }
    }

    func wakeFailed(_ failure: BackgroundFailure) {
        line("error", "background work cannot be woken") { describe(failure, &$0) }
    }

    private func describe(_ piece: Piece, _ writer: inout JSONWriter) {
        writer.key("request_id")
        writer.string(piece.lease)
        writer.key("kind")
        writer.string(piece.kind)
        writer.key("school")
        writer.integer(piece.school)
        writer.key("id")
        writer.string(piece.id)
        writer.key("attempt")
        writer.integer(piece.attempt)
    }

    private func describe(_ failure: BackgroundFailure, _ writer: inout JSONWriter) {
        writer.key("code")
        writer.string(failure.code)
        writer.key("error")
        writer.string(failure.text)
    }

    private func line(_ level: String, _ message: String, _ body: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("time")
        writer.string(LogTime.now)
        writer.key("level")
        writer.string(level)
        writer.key("message")
        writer.string(message)
        body(&writer)
        writer.endObject()
        sink.write(writer.bytes + [UInt8(ascii: "\n")])
    }
}
