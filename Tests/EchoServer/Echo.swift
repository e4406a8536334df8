import HTTP1
import Postgres
import Web

/// `/` answers GET, HEAD and OPTIONS with 200 and echoes the body of a POST. `/echo` lists the header fields, `/stream`
/// and `/copy` stream, and `/count` reads a body in pieces.
struct Echo: Application {
    enum Rule: Sendable { case open }

    struct Caller {
        /// To the database, if one is given.
        let lanes: Lanes?
    }

    let lanes: Lanes?

    static let routes: [Route<Rule, Caller>] = [
        .get("/", "greet", access: .open, greet),
        Route(.options, "/", "options", access: .open, options),
        .post("/", "echoBody", access: .open, echoBody),
        .get("/echo", "listFields", access: .open, listFields),
        .post("/echo", "listFieldsOfPost", access: .open, listFields),
        .get("/livez", "live", access: .open) { _, _ in text("alive") },
        .get("/stream", "stream", access: .open, Streams.made),
        .get("/copy", "copy", access: .open, Streams.copied),
        .post("/count", "count", access: .open, countBody),
    ]

    /// The content of a GET has no meaning; it is read so that the connection can continue.
    private static func greet(_ request: Request, _ caller: Caller) async throws -> Response {
        _ = try await request.body()
        var response = text("OK")
        response.entityTag = ContentTag.of(response.body)
        return response
    }

    private static func options(_ request: Request, _ caller: Caller) async throws -> Response {
        var response = text("")
        response.headers.append(("Allow", "GET, HEAD, POST, OPTIONS"))
        return response
    }

    private static func echoBody(_ request: Request, _ caller: Caller) async throws -> Response {
        Response(.ok, contentType: "application/octet-stream", body: try await request.body())
    }

    private static func listFields(_ request: Request, _ caller: Caller) async throws -> Response {
        _ = try await request.body()
        return text(request.head.map { "\($0.name): \($0.value)\n" }.joined())
    }

    private static func countBody(_ request: Request, _ caller: Caller) async throws -> Response {
        var bytes = 0
        while let piece = try await request.nextPiece(atMost: .max) { bytes += piece.count }
        return text("\(bytes)\n")
    }

    private static func text(_ text: String) -> Response {
        Response(.ok, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    func admit(_ request: Request, _ rule: Rule) async throws -> Caller { Caller(lanes: lanes) }

    func problem(for error: any Error) -> Problem? {
        switch error as? PostgresError {
        case .overloaded?, .unavailable?: Problem(.overloaded, headers: [("Retry-After", "1")])
        default: nil
        }
    }

    var trouble: String? { lanes?.trouble }
    func close() { lanes?.close() }
}
