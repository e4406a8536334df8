import HTTP1
import Reactor
import Synchronization

@testable import Web

/// The number of a server's streams.
final class StreamCounts: Sendable {
    private let counts = Mutex((opened: 0, asked: 0, cancelled: 0, closed: 0))

    var asked: Int { counts.withLock { $0.asked } }
    var cancelled: Int { counts.withLock { $0.cancelled } }
    var closed: Int { counts.withLock { $0.closed } }
    /// Streams that have not released their resources.
    var held: Int { counts.withLock { $0.opened - $0.closed } }

    func open() { counts.withLock { $0.opened += 1 } }
    func ask() { counts.withLock { $0.asked += 1 } }
    func cancel() { counts.withLock { $0.cancelled += 1 } }
    func close() { counts.withLock { $0.closed += 1 } }
}

/// Pieces of letters: `a…`, `b…` and so on.
final class Letters: ContentStream {
    struct Broken: Error {}

    private let counts: StreamCounts
    private let core: Core
    private let pieces: Int
    private let size: Int
    /// Which piece is an error or a problem, or never comes.
    private let failing: Int?
    private let refused: Int?
    private let hanging: Int?
    private let hasTrailers: Bool
    private var waiter: CheckedContinuation<Void, Never>?
    private var given = 0
    private var isClosed = false

    init(_ request: Request, _ counts: StreamCounts, on core: Core) {
        let items = (request.head.query ?? "").split(separator: "&").map { $0.split(separator: "=") }
        func number(_ name: String) -> Int? { items.first { $0[0] == name }.flatMap { Int($0[1]) } }
        self.counts = counts
        self.core = core
        pieces = number("pieces") ?? 3
        size = number("size") ?? 5
        failing = number("fail")
        refused = number("refuse")
        hanging = number("hang")
        hasTrailers = number("trailers") != nil
        counts.open()
    }

    var trailerNames: [String] { hasTrailers ? ["Lyceum-Rows", "Lyceum-Sum"] : [] }
    var trailers: [(name: String, value: String)] {
        hasTrailers ? [("Lyceum-Rows", "\(given)"), ("Lyceum-Sum", "x")] : []
    }

    func next() async throws -> [UInt8]? {
        precondition(!isClosed && core.isCurrent)
        counts.ask()
        if given == refused { throw Problem(.overloaded, headers: [("Retry-After", "1")]) }
        if given == failing { throw Broken() }
        if given == hanging {
            await withCheckedContinuation { waiter = $0 }
            throw Broken()
        }
        if given == pieces { return nil }
        defer { given += 1 }
        return Self.piece(given, size)
    }

    static func piece(_ index: Int, _ size: Int) -> [UInt8] {
        Array(repeating: UInt8(ascii: "a") + UInt8(index % 26), count: size)
    }

    static func whole(_ pieces: Int, _ size: Int) -> [UInt8] { Array((0..<pieces).map { piece($0, size) }.joined()) }

    func cancel() {
        counts.cancel()
        waiter?.resume()
        waiter = nil
    }

    func close() {
        precondition(!isClosed, "closed twice")
        isClosed = true
        counts.close()
    }
}

enum StreamRoutes {
    static func all(on core: Core, _ counts: StreamCounts) -> [Route<TestServer.Rule, TestServer.Caller>] {
        [
            .get("/stream", "stream", access: .open) { request, _ in stream(request, counts, core) },
            .post("/stream", "postStream", access: .open) { request, _ in stream(request, counts, core) },
            .get("/stream/tagged", "taggedStream", access: .open) { request, _ in
                var response = stream(request, counts, core)
                response.entityTag = EntityTag("v1")
                response.headers.append(("Cache-Control", "private, no-cache"))
                return response
            },
            .get("/stream/bad-field", "badFieldStream", access: .open) { request, _ in
                var response = stream(request, counts, core)
                response.headers.append(("X-Split", "a\r\nX-Injected: b"))
                return response
            },
            .post("/pieces", "pieces", access: .open) { request, _ in
                let limit = request.head["X-Limit"].flatMap { Int($0) }
                var content: [UInt8] = []
                while let piece = try await request.nextPiece(atMost: limit) { content += piece }
                return Response(.ok, contentType: "application/octet-stream", body: content)
            },
            .post("/pieces/count", "countPieces", access: .open) { request, _ in
                var (pieces, bytes, longest) = (0, 0, 0)
                while let piece = try await request.nextPiece(atMost: 1 << 30) {
                    pieces += 1
                    bytes += piece.count
                    longest = max(longest, piece.count)
                }
                return Response(.ok, contentType: "text/plain", body: Array("\(bytes) \(longest)".utf8))
            },
        ]
    }

    private static func stream(_ request: Request, _ counts: StreamCounts, _ core: Core) -> Response {
        Response(.ok, contentType: "text/plain", stream: Letters(request, counts, on: core))
    }
}
