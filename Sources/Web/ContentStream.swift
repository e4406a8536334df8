import Compression

/// Content of an answer that is made while it is sent, so that no more than a piece of it is in memory. It lives on the core
/// of its request.
///
/// A class and not an async closure: those are not stored, because one with a capture list leaves the core
/// (docs/decisions/0002).
package protocol ContentStream: AnyObject {
    /// The next piece; nil at the end. It is asked for when the reader has taken the piece before. An empty piece sends
    /// nothing. One of 8 to 64 KiB is a good size: each goes out as a chunk of its own.
    ///
    /// An error before the first piece becomes an ordinary problem with its status. Behind that the status has been sent: the
    /// answer is broken off, so that the client can tell.
    func next() async throws -> [UInt8]?

    /// Names of the fields that `trailers` may have, for `Trailer` (RFC 9110 section 6.6.2).
    var trailerNames: [String] { get }

    /// Fields behind the content, known when `next` has answered nil. A client under HTTP/1.0 does not get them, and others
    /// may drop them.
    var trailers: [(name: String, value: String)] { get }

    /// Nobody will take what comes: a `next` that waits should end soon, by throwing. `close` still follows.
    func cancel()

    /// Called once, last, and never while `next` runs: at the end, after an error, or unread (HEAD, 304). Gives back what the
    /// stream holds.
    func close()
}

extension ContentStream {
    package var trailerNames: [String] { [] }
    package var trailers: [(name: String, value: String)] { [] }
    package func cancel() {}
}

/// How an answer that was streamed ended.
package enum StreamEnd: String, CaseIterable, Sendable {
    case complete
    /// The reader broke the connection.
    case readerLeft = "reader_left"
    /// The reader took less than the lowest rate.
    case tooSlow = "too_slow"
    /// The stream threw an error.
    case failed
    /// The server stopped, and its grace was over.
    case stopped
}

/// A content stream as an answer has it: the first piece ahead of the head, long pieces cut, compressed or not, closed once.
final class AnswerStream {
    private let source: any ContentStream
    /// What came from the source and was not given on yet.
    private var rest: ArraySlice<UInt8> = []
    private var isAtEnd = false
    private var isClosed = false
    private var gzip: GzipStream?

    /// The reader takes a piece, or zlib compresses it, in one go: so the time of both has a bound. zlib takes half a
    /// millisecond for its part.
    private var longest: Int { gzip == nil ? 64 * 1024 : 16 * 1024 }

    init(_ source: any ContentStream) { self.source = source }

    deinit { close() }

    var trailerNames: [String] { source.trailerNames }
    var trailers: [(name: String, value: String)] { source.trailers }

    /// Asks for the first piece, while an error can still become an answer.
    func begin() async throws {
        while rest.isEmpty && !isAtEnd { try await fetch() }
    }

    func compress(level: Int32) { gzip = GzipStream(level: level) }

    /// The next piece as it is to be sent, which may be empty; nil at the end.
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

    func cancel() { source.cancel() }

    func close() {
        if isClosed { return }
        isClosed = true
        gzip = nil
        rest = []
        source.close()
    }
}
