import Crypto
import Diary
import HTTP1
import Postgres
import Web

/// A registered client, as it is now.
struct Client: Sendable {
    let id: String
    let school: School
    let name: String
    let schoolName: String
    let isApp: Bool
    let isActive: Bool
    let redirectURIs: [RedirectURI]
    let scopes: [String]
    let requestsPerMinute: Int?
    let secrets: [(id: String, hash: [UInt8])]

    /// The part of an access token that names the client.
    func grant(_ scopes: [String]) -> ClientGrant {
        ClientGrant(client: id, scopes: scopes, requestsPerMinute: requestsPerMinute)
    }

    /// Nil when no client has this id.
    static func find(_ id: OpaqueToken, _ services: Services, _ request: Request) async throws -> Client? {
        guard let school = try await services.schools.find(id: id.school) else { return nil }
        let scope = Scope(school: school.id, timeZone: school.timeZone, requestID: request.id, timing: request.timing)
        let parameters: [Parameter] = [.integer(school.id), .text(id.id)]
        let rows = try await services.lanes.read(
            scope,
            [Query(statement: client, parameters: parameters), Query(statement: secrets, parameters: parameters)])
        guard !rows[0].isEmpty else { return nil }
        return Client(
            id: id.id, school: school, name: rows[0].text(0, "name") ?? "",
            schoolName: rows[0].text(0, "school_name") ?? "",
            isApp: rows[0].text(0, "kind") == "app", isActive: rows[0].text(0, "state") == "active",
            redirectURIs: rows[0].texts("redirect_uris").compactMap { RedirectURI($0) },
            scopes: rows[0].texts("scopes"), requestsPerMinute: rows[0].integer(0, "requests_per_minute"),
            secrets: (0..<rows[1].count).compactMap { row in
                rows[1].text(row, "id").map { ($0, rows[1].bytes(row, "secret_hash") ?? []) }
            })
    }

    /// Records that the client got a token.
    static func touch(_ school: Int, _ client: String) -> Query { used(.integer(school), .text(client)) }

    private static let client = Statement(
        """
        SELECT c.name, s.name AS school_name, c.kind, c.state, to_json(c.redirect_uris) AS redirect_uris,
            to_json(c.scopes) AS scopes, c.requests_per_minute
        FROM clients c
        JOIN schools s ON s.id = c.school_id
        WHERE c.school_id = $1 AND c.id = $2::uuid
        """)

    private static let secrets = Statement(
        "SELECT id, secret_hash FROM client_secrets WHERE school_id = $1 AND client_id = $2::uuid")

    private static let used = noting(useOf: "clients")

    /// A statement for the school and the id of a row in a table with `last_used_at`. It writes at most once a minute,
    /// and skips a row that another transaction has locked.
    static func noting(useOf table: String) -> Statement {
        Statement(
            """
            UPDATE \(table) SET last_used_at = now()
            WHERE school_id = $1 AND id = (
                SELECT u.id FROM \(table) u
                WHERE u.school_id = $1 AND u.id = $2::uuid
                    AND (u.last_used_at IS NULL OR u.last_used_at < now() - interval '1 minute')
                FOR NO KEY UPDATE SKIP LOCKED
            )
            """)
    }
}

/// How a client identifies itself at the token endpoint: with HTTP Basic or fields of the body (RFC 6749 section
/// 2.3.1), and a public client with its id alone.
struct PresentedClient {
    let id: OpaqueToken
    let secret: OpaqueToken?

    /// Nil when the request names no client.
    init?(_ form: TokenForm, _ request: Request) throws {
        var name = form["client_id"]
        var password = form["client_secret"]
        if let basic = try Self.basic(request) {
            // A request may use one method only; the same id in both places does no harm.
            guard password == nil, name == nil || name == basic.id else {
                throw Problem(
                    .invalidRequest,
                    detail: Text(
                        ru: "Программа указана дважды: в Authorization и в теле. Оставьте что-то одно.",
                        en: "Authorization and the body both name the client; use one of them."),
                    oauthError: "invalid_request")
            }
            (name, password) = (basic.id, basic.secret)
        }
        guard let name else {
            if password != nil { throw TokenForm.missing("client_id") }
            return nil
        }
        guard let id = OpaqueToken(name, .client) else { throw Problem.invalidClient }
        if let password {
            guard let secret = OpaqueToken(password, .clientSecret), secret.school == id.school else {
                throw Problem.invalidClient
            }
            self.secret = secret
        } else {
            secret = nil
        }
        self.id = id
    }

    /// The integration, and the id of the secret that matched.
    func authenticate(_ services: Services, _ request: Request) async throws -> (client: Client, secret: String) {
        guard let secret, let client = try await Client.find(id, services, request) else { throw Problem.invalidClient }
        let hash = try secret.hash()
        guard let known = client.secrets.first(where: { $0.id == secret.id }), constantTimeEquals(known.hash, hash)
        else { throw Problem.invalidClient }
        return (client, known.id)
    }

    private static func basic(_ request: Request) throws -> (id: String, secret: String)? {
        // A field of another scheme is an access token, which some apps send with each request.
        guard let authorization = request.head["Authorization"].map({ AuthorizationField($0) }),
            authorization.isScheme("Basic")
        else { return nil }
        let encoded = authorization.rest
        let unpadded = encoded.hasSuffix("==") ? encoded.dropLast(2) : encoded.dropLast(encoded.last == "=" ? 1 : 0)
        guard let bytes = Base64.standard.decode(String(unpadded)), let text = String(validating: bytes, as: UTF8.self),
            let colon = text.firstIndex(of: ":"), let id = decoded(text[..<colon]),
            let secret = decoded(text[text.index(after: colon)...])
        else { throw Problem.invalidClient }
        return (id, secret)
    }

    /// Each half is form-encoded.
    private static func decoded(_ text: Substring) -> String? {
        (try? QueryItems(Array(text.utf8)[...]))?.items.first?.name
    }
}

extension Problem {
    /// RFC 6749 section 5.2: one answer for all causes, with the scheme that the endpoint accepts.
    static var invalidClient: Problem {
        Problem(
            .invalidClient, headers: [("WWW-Authenticate", "Basic realm=\"lyceum\", charset=\"UTF-8\"")],
            oauthError: "invalid_client")
    }
}
