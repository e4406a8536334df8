import HTTP1

@testable import Web

/// Routes whose answers the features change.
enum FeatureRoutes {
    /// 6,500 bytes.
    static let text = Array(repeatElement("{\"mark\": 5}\n", count: 500).joined().utf8)
    static let long = Array(repeatElement("0123456789", count: 40_000).joined().utf8)
    static let constant = StaticContent(Array(repeatElement("constant ", count: 1000).joined().utf8))
    /// So long that it is held only in gzip.
    static let longConstant = StaticContent(long)

    static let all: [Route<TestServer.Rule, TestServer.Caller>] = [
        .get("/text", "text", access: .open) { _, _ in tagged(EntityTag("v7")) },
        .post("/text", "postText", access: .open) { _, _ in tagged(nil) },
        .get("/weak", "weak", access: .open) { _, _ in tagged(EntityTag("v7", isWeak: true)) },
        .get("/untagged", "untagged", access: .open) { _, _ in tagged(nil) },
        .get("/long", "long", access: .open) { _, _ in Response(.ok, contentType: "text/csv", body: long) },
        .get("/constant", "constant", access: .open) { _, _ in
            Response(.ok, contentType: "text/plain", content: constant)
        },
        .get("/long-constant", "longConstant", access: .open) { _, _ in
            Response(.ok, contentType: "text/csv", content: longConstant)
        },
        .get("/image", "image", access: .open) { _, _ in Response(.ok, contentType: "image/png", body: text) },
        .get("/small", "small", access: .open) { _, _ in
            Response(.ok, contentType: "application/json", body: Array("{}".utf8))
        },
        .get("/coded", "coded", access: .open) { _, _ in with(("Content-Encoding", "br")) },
        .get("/final", "final", access: .open) { _, _ in with(("Cache-Control", "private, no-transform")) },
        .get("/partial", "partial", access: .open) { _, _ in
            var response = with(("Content-Range", "bytes 0-99/200"))
            response.status = .partialContent
            return response
        },
        .get("/sign-in", "signIn", access: .open, quota: .signIn) { _, _ in tagged(nil) },
        .get("/unlimited", "unlimited", access: .open, quota: .unlimited) { _, _ in tagged(nil) },
    ]

    private static func tagged(_ tag: EntityTag?) -> Response {
        var response = Response(.ok, contentType: "application/json; charset=utf-8", body: text)
        response.entityTag = tag
        response.headers = [("Cache-Control", "private, no-cache"), ("Vary", "Authorization")]
        return response
    }

    private static func with(_ field: (name: String, value: String)) -> Response {
        var response = Response(.ok, contentType: "application/json", body: text)
        response.headers = [field]
        return response
    }
}
