import Diary
import JSON
import Web

/// The metadata with which an app configures its sign-in (RFC 8414).
package enum ServerMetadata {
    package static let routes: [Route<Access, Caller>] = [
        .get("/.well-known/oauth-authorization-server", "getServerMetadata", access: .open, show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        let issuer = caller.services.issuer(request)
        var writer = JSONWriter()
        writer.beginObject()
        for (name, path) in [
            ("issuer", ""), ("authorization_endpoint", "/oauth/authorize"), ("token_endpoint", "/v1/auth/token"),
            ("revocation_endpoint", "/v1/auth/revoke"),
        ] {
            writer.key(name)
            writer.string(issuer + path)
        }
        for (name, values) in [
            ("scopes_supported", PersonScope.allCases.map { $0.rawValue } + ProgramScope.allCases.map { $0.rawValue }),
            ("response_types_supported", ["code"]), ("response_modes_supported", ["query"]),
            ("grant_types_supported", ["authorization_code", "refresh_token", "client_credentials", "password"]),
            ("code_challenge_methods_supported", ["S256"]),
            ("token_endpoint_auth_methods_supported", methods), ("revocation_endpoint_auth_methods_supported", methods),
            ("ui_locales_supported", Language.allCases.map { $0.rawValue }),
        ] {
            writer.key(name)
            writer.beginArray()
            for value in values { writer.string(value) }
            writer.endArray()
        }
        writer.key("authorization_response_iss_parameter_supported")
        writer.boolean(true)
        writer.endObject()
        return .tagged(writer)
    }

    private static let methods = ["none", "client_secret_basic", "client_secret_post"]
}

extension Services {
    /// The issuer that apps see: the public address (RFC 8414 section 2, RFC 9207).
    func issuer(_ request: Request) -> String { base(of: request) }
}
