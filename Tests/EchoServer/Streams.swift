import HTTP1
import Postgres
import Web

/// Answers that stream.
enum Streams {
    /// `GET /stream?bytes=1048576`: as many letters, followed by a trailer with their number. `&fail=1` breaks off
    /// instead of ending.
    static func made(_ request: Request, _ caller: Echo.Caller) async throws -> Response {
        let bytes = try number("bytes", request) ?? 1 << 20
        let fails = try number("fail", request) == 1
        return Response(.ok, contentType: "text/plain", stream: Letters(count: bytes, fails: fails))
    }

    /// `GET /copy?rows=1000`: as many rows of a kilobyte each, as PostgreSQL writes them.
    static func copied(_ request: Request, _ caller: Echo.Caller) async throws -> Response {
        guard let lanes = caller.lanes else { throw Problem(.notFound) }
        let rows = try number("rows", request) ?? 1000
        let copy = try await lanes.copy(Scope(school: 0), kilobytes(.integer(rows)))
        return Response(.ok, contentType: "text/csv", stream: CopiedRows(copy))
    }

    private static let kilobytes = CopyStatement(
        "COPY (SELECT generate_series(1, $1::int), repeat('lyceum ', 145)) TO STDOUT (FORMAT csv)")

    private static func number(_ name: String, _ request: Request) throws -> Int? {
        let query = request.head.queryBytes ?? []
        return try QueryItems(query).items.first { $0.name == name }.flatMap { Int($0.value) }
    }
}

private final class Letters: ContentStream {
    struct Broken: Error {}

    private let count: Int
    private let fails: Bool
    private var given = 0
    private static let piece = Array(repeatElement(Array("abcdefghijklmnopqrstuvwxyz\n".utf8), count: 2400).joined())

    init(count: Int, fails: Bool) {
        self.count = count
        self.fails = fails
    }

    let trailerNames = ["Echo-Bytes"]
    var trailers: [(name: String, value: String)] { [("Echo-Bytes", String(given))] }

    func next() async throws -> [UInt8]? {
        let size = min(Self.piece.count, count - given)
        if size == 0 && fails { throw Broken() }
        guard size > 0 else { return nil }
        given += size
        return size == Self.piece.count ? Self.piece : Array(Self.piece.prefix(size))
    }

    func close() {}
}

private final class CopiedRows: ContentStream {
    private let copy: CopyOut

    init(_ copy: CopyOut) { self.copy = copy }

    let trailerNames = ["Echo-Rows"]
    var trailers: [(name: String, value: String)] { [("Echo-Rows", String(copy.rows ?? 0))] }

    func next() async throws -> [UInt8]? { try await copy.next() }
    func cancel() { copy.cancel() }
    func close() { copy.close() }
}
