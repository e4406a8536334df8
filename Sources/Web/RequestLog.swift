import HTTP1
import JSON
import Reactor

/// Which requests are logged. Requests that failed (4xx, 5xx, or broken off) always are.
package struct RequestLogging: Sendable, Equatable {
    /// One of this many successful requests is logged; 0: none.
    package var requests = 1
    /// The same for routes without a rate limit, which load balancers call all the time.
    package var probes = 1

    package init() {}
}

/// A core's log lines about requests: one JSON object per line, collected and passed to the sink ten times a second.
/// They identify no person: only path template, status, time and request id.
final class RequestLog {
    private let sink: LogSink
    /// Nil: faults only.
    private let logging: RequestLogging?
    /// Successes since the last that got a line.
    private var skipped = (requests: 0, probes: 0)
    private var buffer: [UInt8] = []
    private var flushing: Deadline!
    private var isScheduled = false

    init(_ sink: LogSink, _ logging: RequestLogging?, deadlines: Deadlines) {
        self.sink = sink
        self.logging = logging
        flushing = deadlines.make { [unowned self] in flush() }
    }

    func request(_ request: Request, _ response: Response, nanoseconds: UInt64, stream: SentStream?) {
        // 501 and 505 are caused by the client, although they are 5xx.
        let isFault =
            response.status.code >= 500 && response.status.code != 501 && response.status.code != 505
            || stream?.end == .failed
        let isFailure = response.status.code >= 400 || stream.map { $0.end != .complete } ?? false
        guard isFault || logging != nil && (isFailure || isSampled(request)) else { return }
        var writer = begin(isFault ? "error" : "info", "request")
        writer.key("request_id")
        writer.string(request.id)
        writer.key("method")
        writer.string(request.head.method.rawValue)
        writer.key("route")
        writer.string(request.template ?? "-")
        writer.key("status")
        writer.integer(response.status.code)
        writer.key("bytes")
        writer.integer(stream?.bytes ?? response.body.count)
        if let stream, stream.end != .complete {
            writer.key("aborted")
            writer.string(stream.end.rawValue)
        }
        writer.key("microseconds")
        writer.integer(Int(nanoseconds / 1000))
        writer.key("peer")
        writer.string(request.peer)
        end(writer)
    }

    private func isSampled(_ request: Request) -> Bool {
        guard let logging else { return false }
        return request.isProbe
            ? Self.isNext(&skipped.probes, of: logging.probes) : Self.isNext(&skipped.requests, of: logging.requests)
    }

    private static func isNext(_ skipped: inout Int, of every: Int) -> Bool {
        if every == 0 { return false }
        skipped += 1
        if skipped < every { return false }
        skipped = 0
        return true
    }

    /// Logs an unexpected error in full.
    func failure(_ error: any Error, _ request: Request, _ message: StaticString = "unforeseen error") {
        var writer = begin("error", message)
        writer.key("request_id")
        writer.string(request.id)
        writer.key("route")
        writer.string(request.template ?? "-")
        writer.key("error")
        writer.string(String(reflecting: error))
        end(writer)
    }

    func flush() {
        isScheduled = false
        guard !buffer.isEmpty else { return }
        sink.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    private func begin(_ level: StaticString, _ message: StaticString) -> JSONWriter {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("time")
        writer.string(LogTime.now)
        writer.key("level")
        writer.string("\(level)")
        writer.key("message")
        writer.string("\(message)")
        return writer
    }

    private func end(_ writer: consuming JSONWriter) {
        writer.endObject()
        buffer.append(contentsOf: writer.bytes)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count > 32 * 1024 {
            flush()
        } else if !isScheduled {
            isScheduled = true
            flushing.set(after: .milliseconds(100))
        }
    }
}
