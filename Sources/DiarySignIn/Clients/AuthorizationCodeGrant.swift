import Crypto
import Diary
import HTTP1
import Postgres
import Web

/// `grant_type=authorization_code` (RFC 6749 section 4.1.3, RFC 7636): exchanges the code from the sign-in page for a
/// session of the person. A code works once; a second use ends the session that the first one opened (section 4.1.2).
enum AuthorizationCodeGrant {
    /// Seconds.
    static let lifetime = 60

    static func issue(_ form: TokenForm, _ request: Request, _ caller: Caller) async throws -> Response {
        let services = caller.services
        guard let presented = try PresentedClient(form, request) else { throw TokenForm.missing("client_id") }
        // An app has no secret; only an integration sends one.
        guard presented.secret == nil else { throw Problem.invalidClient }
        let text = try form.required("code")
        let redirect = try form.required("redirect_uri")
        let verifier = try form.required("code_verifier")
        guard let code = OpaqueToken(text, .authorizationCode), code.school == presented.id.school,
            let client = try await Client.find(presented.id, services, request), client.isApp
        else { throw Problem.invalidGrant }
        let exchange = Exchange(
            code: code, hash: try code.hash(), client: client, redirect: redirect, verifier: verifier, request: request)
        let scope = Scope(
            school: client.school.id, timeZone: client.school.timeZone, requestID: request.id, timing: request.timing)
        let answer = try await services.lanes.transaction(scope) { try await exchange.run($0, services) }
        guard let answer else { throw Problem.invalidGrant }
        return answer
    }

    /// RFC 7636 section 4.1: the verifier has 43 to 128 unreserved characters, and its digest is the challenge of the
    /// request.
    static func isVerified(_ verifier: String, _ challenge: String) -> Bool {
        let isUnreserved = verifier.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._~".utf8.contains(byte)
            }
        }
        guard isUnreserved, (43...128).contains(verifier.utf8.count),
            let digest = try? SHA256.hash(Array(verifier.utf8))
        else { return false }
        return constantTimeEquals(Array(Base64.url.encode(digest).utf8), Array(challenge.utf8))
    }
}

private struct Exchange {
    let code: OpaqueToken
    let hash: [UInt8]
    let client: Client
    let redirect: String
    let verifier: String
    let request: Request

    private static let sessionDays = 90

    /// Nil when the code is not valid; its consequences have then been written: the code is spent, or its session
    /// ended.
    func run(_ transaction: Transaction, _ services: Services) async throws -> Response? {
        let school = Parameter.integer(client.school.id)
        let id = Parameter.text(code.id)
        let rows = try await transaction.run([Self.lock(school, id)])[0]
        guard !rows.isEmpty, let stored = rows.bytes(0, "secret_hash"), constantTimeEquals(stored, hash),
            let user = rows.text(0, "user_id")
        else { return nil }
        guard !rows.boolean(0, "is_used") else {
            // Somebody else may have the code.
            _ = try await transaction.run([Self.end(school, .text(rows.text(0, "session_id")))])
            return nil
        }
        let session = services.newID()
        _ = try await transaction.run([Self.use(school, id, .text(session))])
        guard rows.boolean(0, "is_fresh"), rows.text(0, "client_id") == client.id,
            rows.text(0, "redirect_uri") == redirect,
            AuthorizationCodeGrant.isVerified(verifier, rows.text(0, "code_challenge") ?? "")
        else { return nil }
        let refresh = try services.signIn.refreshTokens.make(school: client.school.id, session: session, generation: 0)
        let opened = try await transaction.run([
            Client.touch(client.school.id, client.id),
            Self.open(
                school, id, .bytes(refresh.hash), .integer(Self.sessionDays),
                .text(request.userAgent), .text(request.peer)),
            Tokens.recordActivity(school, .text(user), .text(session)), Tokens.roles(school, .text(user)),
        ])
        guard opened[1].affected == 1 else { return nil }
        return try Tokens.answer(
            services, user, client.school.id, session, refresh: refresh.token, roles: opened[3].roles,
            grant: client.grant(rows.texts("scopes")))
    }

    private static let lock = Statement(
        """
        SELECT a.user_id, a.client_id, a.secret_hash, a.redirect_uri, a.code_challenge, to_json(a.scopes) AS scopes,
            a.used_at IS NOT NULL AS is_used, a.session_id, a.expires_at > now() AS is_fresh
        FROM authorization_codes a
        WHERE a.school_id = $1 AND a.id = $2::uuid
        FOR NO KEY UPDATE
        """)

    private static let use = Statement(
        "UPDATE authorization_codes SET used_at = now(), session_id = $3::uuid WHERE school_id = $1 AND id = $2::uuid")

    /// Opens the session only if the person and the app have not changed since the code was created. A second factor
    /// that was set up since then was not checked at sign-in.
    private static let open = Statement(
        """
        INSERT INTO sessions (
            school_id, id, user_id, client_id, scopes, app, refresh_hash, expires_at, user_agent, address
        )
        SELECT a.school_id, a.session_id, u.id, c.id, a.scopes, c.name, $3::bytea,
            now() + make_interval(days => $4::int), $5, $6::inet
        FROM authorization_codes a
        JOIN clients c ON c.school_id = a.school_id AND c.id = a.client_id
        JOIN users u ON u.school_id = a.school_id AND u.id = a.user_id
        WHERE a.school_id = $1 AND a.id = $2::uuid AND c.kind = 'app' AND c.state = 'active' AND a.scopes <@ c.scopes
            AND u.state = 'active' AND u.password_changed_at IS NOT DISTINCT FROM a.password_changed_at
            AND NOT lyceum.lacks_second_factor(a.school_id, u.id)
            AND NOT EXISTS (
                SELECT FROM second_factors f
                WHERE f.school_id = a.school_id AND f.user_id = u.id AND f.confirmed_at >= a.created_at
            )
        FOR SHARE OF u, c
        """)

    private static let end = Statement(
        """
        UPDATE sessions SET ended_at = now(), end_reason = 'authorization code reused'
        WHERE school_id = $1 AND id = $2::uuid AND ended_at IS NULL
        """)
}
