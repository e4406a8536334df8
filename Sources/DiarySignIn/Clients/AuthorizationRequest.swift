import Crypto
import Diary
import HTTP1
import Web

/// The request with which an app sends a person to the sign-in page (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
struct AuthorizationRequest: Sendable {
    let client: Client
    let redirect: RedirectURI
    let scopes: [String]
    /// The code challenge of RFC 7636, method S256.
    let challenge: String
    let state: String?
    /// The parameters as the app sent them; the form repeats them.
    let parameters: [(name: String, value: String)]

    private static let names = [
        "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method",
    ]

    /// Ignores unknown parameters; an empty one counts as missing (RFC 6749 section 3.1).
    ///
    /// - Throws: `AuthorizationRefusal`.
    init(_ items: [(name: String, value: String)], _ services: Services, _ request: Request) async throws {
        let parameters = items.filter { Self.names.contains($0.name) && !$0.value.isEmpty }
        // The browser is redirected only after the app is known and the address is one of its registered ones.
        guard let id = Self.only("client_id", parameters).flatMap({ OpaqueToken($0, .client) }),
            let client = try await Client.find(id, services, request), client.isApp, client.isActive
        else { throw AuthorizationRefusal.unknownApp }
        guard let redirect = Self.only("redirect_uri", parameters).flatMap({ RedirectURI($0) }),
            client.redirectURIs.contains(where: { $0.allows(redirect) })
        else { throw AuthorizationRefusal.unknownRedirect }
        let state = Self.only("state", parameters)
        func refuse(_ error: String, _ description: String) -> AuthorizationRefusal {
            .told(AuthorizationAnswer(redirect: redirect, state: state, .error(error, description)))
        }
        for name in Self.names where parameters.filter({ $0.name == name }).count > 1 {
            throw refuse("invalid_request", "\(name) is repeated")
        }
        guard let type = Self.only("response_type", parameters) else {
            throw refuse("invalid_request", "response_type is missing")
        }
        guard type == "code" else { throw refuse("unsupported_response_type", "response_type must be code") }
        guard let challenge = Self.only("code_challenge", parameters) else {
            throw refuse("invalid_request", "code_challenge is missing: PKCE (RFC 7636) is required")
        }
        guard Self.only("code_challenge_method", parameters) == "S256" else {
            throw refuse("invalid_request", "code_challenge_method must be S256")
        }
        guard challenge.utf8.count == 43, Base64.url.decode(challenge) != nil else {
            throw refuse("invalid_request", "code_challenge must be a SHA-256 in 43 characters of base64url")
        }
        guard let scopes = ScopeList.granted(Self.only("scope", parameters), of: client.scopes) else {
            throw refuse("invalid_scope", "the app is not registered for this scope")
        }
        self.client = client
        self.redirect = redirect
        self.scopes = scopes
        self.challenge = challenge
        self.state = state
        self.parameters = parameters
    }

    /// The value of a parameter that occurs exactly once.
    private static func only(_ name: String, _ parameters: [(name: String, value: String)]) -> String? {
        let values = parameters.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }
}

/// The reason why the page does not ask the person.
enum AuthorizationRefusal: Error {
    /// Shown as a page without a redirect: otherwise anybody who makes a link could choose its target.
    case unknownApp
    case unknownRedirect
    /// Sent to the app.
    case told(AuthorizationAnswer)
}

/// The answer that goes back to the app (RFC 6749 section 4.1.2, RFC 9207).
struct AuthorizationAnswer: Sendable {
    enum Content: Sendable {
        case code(OpaqueToken)
        /// An error code of RFC 6749 section 4.1.2.1, and a description in ASCII.
        case error(String, String)
    }

    let redirect: RedirectURI
    let state: String?
    let content: Content

    init(redirect: RedirectURI, state: String?, _ content: Content) {
        self.redirect = redirect
        self.state = state
        self.content = content
    }

    func response(issuer: String) -> Response {
        var parameters: [(String, String)] =
            switch content {
            case .code(let code): [("code", code.text)]
            case .error(let error, let description): [("error", error), ("error_description", description)]
            }
        if let state { parameters.append(("state", state)) }
        parameters.append(("iss", issuer))
        let query = parameters.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        // 303: the browser follows with GET and does not send the password on.
        var response = Response(.seeOther)
        response.headers = [
            ("Location", redirect.text + (redirect.text.contains("?") ? "&" : "?") + query),
            ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
        ]
        return response
    }
}
