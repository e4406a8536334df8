import Diary
import HTTP1
import Postgres
import Web

/// Health for load balancers and orchestrators: whether the process is alive, and whether it can serve.
enum Health {
    static let routes: [Route<Access, Caller>] = [
        .get("/livez", "getLivez", access: .open, quota: .unlimited, live),
        .get("/readyz", "getReadyz", access: .open, quota: .unlimited, ready),
    ]

    @Sendable static func live(_ request: Request, _ caller: Caller) async throws -> Response { ok() }

    /// 503 while the server is stopping or the database is unreachable; the problem gives the reason.
    @Sendable static func ready(_ request: Request, _ caller: Caller) async throws -> Response {
        if let problem = caller.services.server.readiness.problem { throw problem }
        return ok()
    }

    static func ok() -> Response {
        var response = Response(.ok, contentType: "application/json", body: Array("{\"status\":\"ok\"}".utf8))
        response.headers.append(("Cache-Control", "no-store"))
        return response
    }
}
