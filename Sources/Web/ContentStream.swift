import Compression

/// Content of an answer that is produced while it is sent, so that only a piece of it is in memory. Belongs to the core
/// of its request.
///
/// A class and not an async closure: those are not stored, because one with a capture list leaves the core
/// (docs/decisions/0002).
package protocol ContentStream: AnyObject {
    /// The next piece; nil at the end. It is requested when the reader has taken the piece before. An empty piece sends
    /// nothing. 8 to 64 KiB are a good size, because each piece is sent as one chunk.
    ///
    /// An error before the first piece becomes an ordinary problem with its status. After that the status has been
    /// sent, so the answer is broken off in a way that the client can detect.
    func next() async throws -> [UInt8]?

    /// The names of the fields that `trailers` may contain, for `Trailer` (RFC 9110 section 6.6.2).
    var trailerNames: [String] { get }

    /// Fields after the content, known when `next` has returned nil. HTTP/1.0 clients do not get them, and others may
    /// ignore them.
    var trailers: [(name: String, value: String)] { get }

    /// The server stops. A stream without an end of its own ends now; others may finish within the grace period.
    func drain()

    /// Nobody needs the rest: a waiting `next` should soon end by throwing. `close` still follows.
    func cancel()

    /// Called once, last, and never while `next` runs: at the end, after an error, or without any reading (HEAD, 304).
    /// Releases the stream's resources.
    func close()
}

extension ContentStream {
    package var trailerNames: [String] { [] }
    package var trailers: [(name: String, value: String)] { [] }
    package func drain() {}
    package func cancel() {}
}

/// How a streamed answer ended.
package enum StreamEnd: String, CaseIterable, Sendable {
    case complete
    /// The reader broke the connection.
    case readerLeft = "reader_left"
    /// The reader took less than the minimum rate.
    case tooSlow = "too_slow"
    /// The stream threw an error.
    case failed
    /// The server stopped and its grace period ended.
    case stopped
}

/// Prepares a content stream for sending: fetches the first piece before the head, splits long pieces, compresses if
/// wanted, and closes the source once.
final class AnswerStream {
    private let source: any ContentStream
    /// Content from the source that was not passed on yet.
    private var rest: ArraySlice<UInt8> = []
    private var isAtEnd = false
    private var isClosed = false
    private var gzip: GzipStream?

    /// The reader takes a piece, or zlib compresses it, in one step, so the size limits the time of both. zlib takes
    /// half a millisecond for its part.
    private var longest: Int { gzip == nil ? 64 * 1024 : 16 * 1024 }

    init(_ source: any ContentStream) { self.source = source }

    deinit { close() }

    var trailerNames: [String] { source.trailerNames }
    var trailers: [(name: String, value: String)] { source.trailers }

    /// Requests the first piece while an error can still become an answer.
    func begin() async throws {
        while rest.isEmpty && !isAtEnd { try await fetch() }
    }

    func compress(level: Int32) { gzip = GzipStream(level: level) }

    /// The next piece to send, possibly empty; nil at the end.
    func next() async throws -> [UInt8]? {
        if rest.isEmpty && !isAtEnd { try await fetch() }
        if rest.isEmpty && isAtEnd {
            guard let last = gzip else { return nil }
            gzip = nil
            return last.finish()
        }
        let piece = Array(rest.prefix(longest))
        rest = rest.dropFirst(piece.count)
        if rest.isEmpty { rest = [] }
        return gzip?.add(piece.span) ?? piece
    }

    private func fetch() async throws {
        if let piece = try await source.next() { rest = piece[...] } else { isAtEnd = true }
    }

    func drain() { source.drain() }

    func cancel() { source.cancel() }

    func close() {
        if isClosed { return }
        isClosed = true
        gzip = nil
        rest = []
        source.close()
    }
}
