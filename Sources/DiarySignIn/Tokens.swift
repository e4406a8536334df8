import Crypto
import Diary
import HTTP1
import JSON
import Postgres
import Reactor
import Web

/// The token endpoint (RFC 6749) and revocation (RFC 7009).
package enum Tokens {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/auth/token", "issueToken", access: .open, quota: .signIn, issue),
        .post("/v1/auth/revoke", "revokeToken", access: .open, quota: .signIn, revoke),
    ]

    private static let sessionDays = 90

    @Sendable static func issue(_ request: Request, _ caller: Caller) async throws -> Response {
        try await answeringAsOAuth {
            let form = try TokenForm(try await request.fields(atMost: OpenBody.limit))
            switch form["grant_type"] {
            case "password": return try await signIn(form, request, caller)
            case "refresh_token": return try await refresh(form, request, caller)
            case "authorization_code": return try await AuthorizationCodeGrant.issue(form, request, caller)
            case "client_credentials": return try await ClientCredentialsGrant.issue(form, request, caller)
            case nil: throw TokenForm.missing("grant_type")
            default: throw Problem(.unsupportedGrantType, oauthError: "unsupported_grant_type")
            }
        }
    }

    /// Ends the session of a refresh or access token; answers 200 also for an invalid token (RFC 7009 section 2.2).
    @Sendable static func revoke(_ request: Request, _ caller: Caller) async throws -> Response {
        try await answeringAsOAuth {
            let form = try TokenForm(try await request.fields(atMost: OpenBody.limit))
            guard let token = form["token"] else { throw TokenForm.missing("token") }
            let services = caller.services
            try await checkRevoker(token, form, request, services)
            if let claims = services.tokens.verify(token) {
                _ = try await services.lanes.write(
                    Scope(school: claims.school, requestID: request.id, timing: request.timing),
                    [end(.integer(claims.school), .text(claims.session), .text("revoked"))])
            } else if let refresh = services.signIn.refreshTokens.parse(token) {
                _ = try await services.lanes.write(
                    Scope(school: refresh.school, requestID: request.id, timing: request.timing),
                    [
                        endByHash(
                            .integer(refresh.school), .text(refresh.session), .bytes(refresh.hash), .text("revoked"))
                    ])
            }
            var writer = JSONWriter()
            writer.beginObject()
            writer.endObject()
            return .json(writer)
        }
    }

    /// A client that identifies itself can revoke only its own tokens (RFC 7009 section 2.1). Anybody else who has the
    /// token may end it: a thief who revokes a stolen token harms nobody.
    private static func checkRevoker(
        _ token: String, _ form: TokenForm, _ request: Request, _ services: Services
    ) async throws {
        guard let presented = try PresentedClient(form, request) else { return }
        let client =
            presented.secret == nil
            ? try await Client.find(presented.id, services, request)
            : try await presented.authenticate(services, request).client
        guard let client, client.isApp || presented.secret != nil else { throw Problem.invalidClient }
        if let claims = services.tokens.verify(token) {
            guard claims.client == client.id, claims.school == client.school.id else { throw Problem.invalidGrant }
        } else if let refresh = services.signIn.refreshTokens.parse(token) {
            let owner = try await services.lanes.read(
                Scope(school: refresh.school), [ownerOfSession(.integer(refresh.school), .text(refresh.session))])[0]
            guard owner.isEmpty || owner.text(0, "client_id") == client.id else { throw Problem.invalidGrant }
        }
    }

    // MARK: password

    private static func signIn(_ form: TokenForm, _ request: Request, _ caller: Caller) async throws -> Response {
        let credentials = SignIn.Credentials(
            school: try form.required("school"), login: try form.required("username"),
            password: try form.required("password"), code: form["otp"])
        switch try await SignIn.verify(credentials, from: request, via: .passwordGrant, caller.services) {
        case .right(let person): return try await open(person, request, caller.services)
        case .refused: throw Problem.invalidGrant
        case .passwordGrantForbidden: throw Problem.unauthorizedClient
        case .codeMissing: throw Problem(.secondFactorRequired, oauthError: "second_factor_required")
        case .codeWrong: throw Problem(.invalidSecondFactor, oauthError: "invalid_grant")
        case .setUpMissing(let ticket):
            var problem = Problem(.secondFactorSetUpRequired, oauthError: "second_factor_setup_required")
            problem.members = [("enrolment_ticket", ticket)]
            throw problem
        }
    }

    private static func open(_ person: SignIn, _ request: Request, _ services: Services) async throws -> Response {
        let school = Parameter.integer(person.school.id)
        let user = Parameter.text(person.user)
        let session = services.newID()
        let refresh = try services.signIn.refreshTokens.make(school: person.school.id, session: session, generation: 0)
        let opened = try await services.lanes.write(
            person.scope,
            [
                open(
                    school, .text(session), user, .text("password"), .bytes(refresh.hash), .integer(sessionDays),
                    .text(request.userAgent), .text(request.peer),
                    .text(person.passwordChangedAt)),
                recordActivity(school, user, .text(session)), roles(school, user), person.settled,
            ])
        // The password was changed or the person blocked while the password was hashed.
        guard opened[0].affected == 1 else { throw Problem.invalidGrant }
        await person.renewHash()
        return try answer(
            services, person.user, person.school.id, session, refresh: refresh.token, roles: opened[2].roles)
    }

    // MARK: refresh_token

    /// A refresh token belongs to its client (RFC 6749 section 6): an app names itself, the school's own app does not.
    private static func refresh(_ form: TokenForm, _ request: Request, _ caller: Caller) async throws -> Response {
        let client = try PresentedClient(form, request)?.id
        let services = caller.services
        guard let presented = services.signIn.refreshTokens.parse(try form.required("refresh_token")),
            let school = try await services.schools.find(id: presented.school)
        else { throw Problem.invalidGrant }
        let scope = Scope(
            school: school.id, timeZone: school.timeZone, requestID: caller.requestID, timing: caller.timing)
        let renewed = try await services.lanes.transaction(scope) { transaction in
            try await rotate(presented, client, form["scope"], school, transaction, services)
        }
        guard let renewed else { throw Problem.invalidGrant }
        return renewed
    }

    /// Nil when the token is not valid; the consequences for the session have then been written.
    private static func rotate(
        _ presented: RefreshTokens.Parsed, _ client: OpaqueToken?, _ asked: String?, _ school: School,
        _ transaction: Transaction, _ services: Services
    ) async throws -> Response? {
        let id = Parameter.integer(school.id)
        let session = Parameter.text(presented.session)
        let rows = try await transaction.run([lockSession(id, session)])[0]
        guard !rows.isEmpty, let user = rows.text(0, "user_id"), let generation = rows.integer(0, "refresh_generation"),
            let current = rows.bytes(0, "refresh_hash"), rows.text(0, "client_id") == client?.id,
            client == nil || client?.school == school.id
        else { return nil }
        let registered = rows.texts("scopes")
        guard let scopes = ScopeList.granted(client == nil ? nil : asked, of: registered) else {
            throw Problem.invalidScope
        }
        let token: String
        let previous = rows.bytes(0, "previous_refresh_hash")
        let isCurrent = constantTimeEquals(presented.hash, current)
        let isPrevious = previous.map { constantTimeEquals(presented.hash, $0) } ?? false
        if isCurrent || isPrevious, rows.boolean(0, "lacks_second_factor") {
            // The school has begun to require a second factor; the person sets it up at the next sign-in.
            _ = try await transaction.run([end(id, session, .text("second factor required"))])
            return nil
        }
        if isCurrent {
            let next = try services.signIn.refreshTokens.make(
                school: school.id, session: presented.session, generation: generation + 1)
            token = next.token
            _ = try await transaction.run([advance(id, session, .bytes(next.hash))])
        } else if isPrevious, rows.boolean(0, "is_recent"),
            let again = try services.signIn.refreshTokens.again(
                school: school.id, session: presented.session, generation: generation, hash: current)
        {
            // The phone lost the answer: the successor is still unused and is sent again.
            token = again
        } else if try services.signIn.refreshTokens.isOurs(presented) {
            // A spent token came back: somebody else may have it, so the session ends.
            _ = try await transaction.run([end(id, session, .text("refresh token reused"))])
            return nil
        } else {
            return nil
        }
        let granted = try await transaction.run([recordActivity(id, .text(user), session), roles(id, .text(user))])
        var grant: ClientGrant?
        if let client {
            grant = ClientGrant(
                client: client.id, scopes: scopes, requestsPerMinute: rows.integer(0, "requests_per_minute"))
            _ = try await transaction.run([Client.touch(school.id, client.id)])
        }
        return try answer(
            services, user, school.id, presented.session, refresh: token, roles: granted[1].roles, grant: grant)
    }

    // MARK: answers

    /// RFC 6749 section 5.1.
    ///
    /// - Parameters:
    ///   - subject: the person, or the integration.
    ///   - grant: nil for the school's own apps, whose tokens have no scope.
    static func answer(
        _ services: Services, _ subject: String, _ school: Int, _ session: String, refresh: String?, roles: [String],
        grant: ClientGrant? = nil
    ) throws -> Response {
        let access = try services.tokens.issue(
            subject: subject, school: school, session: session, roles: roles, grant: grant)
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("access_token")
        writer.string(access)
        writer.key("token_type")
        writer.string("Bearer")
        writer.key("expires_in")
        writer.integer(AccessTokens.lifetime)
        if let refresh {
            writer.key("refresh_token")
            writer.string(refresh)
        }
        if let grant {
            writer.key("scope")
            writer.string(grant.scopes.joined(separator: " "))
        }
        writer.endObject()
        var response = Response(.ok, contentType: "application/json", body: writer.bytes)
        response.headers = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
        return response
    }

    /// Gives every problem of the endpoint an `error` member of RFC 6749.
    ///
    /// - Parameter keepsValidation: whether a body with invalid fields stays a 422, which RFC 6749 does not have.
    static func answeringAsOAuth(
        keepsValidation: Bool = false, _ body: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await body()
        } catch {
            guard var problem = (error as? Problem) ?? DatabaseProblems.problem(for: error) else { throw error }
            if problem.kind.status.code == 422 && !keepsValidation {
                problem = Problem(.invalidRequest, items: problem.items, oauthError: "invalid_request")
            }
            if problem.oauthError == nil {
                let isForNow = problem.kind.status.code >= 500 || problem.kind == .tooManyAttempts
                problem.oauthError = isForNow ? "temporarily_unavailable" : "invalid_request"
            }
            throw problem
        }
    }

    // MARK: SQL

    /// Opens a session only for the password that was checked, although its hash may have been renewed since. Waits for
    /// a concurrent reset or change of the password, and then opens no session.
    private static let open = Statement(
        """
        INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at, user_agent, address)
        SELECT u.school_id, $2::uuid, u.id, $4, $5::bytea, now() + make_interval(days => $6::int), $7, $8::inet
        FROM users u
        WHERE u.school_id = $1 AND u.id = $3::uuid AND u.state = 'active'
            AND u.password_changed_at IS NOT DISTINCT FROM $9::timestamptz
        FOR SHARE OF u
        """)

    static let recordActivity = Statement(
        """
        INSERT INTO activity_days (school_id, user_id, date)
        SELECT s.school_id, s.user_id, lyceum.today()
        FROM sessions s
        WHERE s.school_id = $1 AND s.user_id = $2::uuid AND s.id = $3::uuid AND s.ended_at IS NULL
        ON CONFLICT DO NOTHING
        """)

    static let roles = Statement("SELECT unnest(\(Roles.held)) AS role")

    private static let lockSession = Statement(
        """
        SELECT s.user_id, s.refresh_generation, s.refresh_hash, s.previous_refresh_hash,
            s.rotated_at > now() - interval '60 seconds' AS is_recent,
            s.client_id, to_json(s.scopes) AS scopes, c.requests_per_minute,
            lyceum.lacks_second_factor(s.school_id, s.user_id) AS lacks_second_factor
        FROM sessions s
        JOIN users u ON u.school_id = s.school_id AND u.id = s.user_id
        LEFT JOIN clients c ON c.school_id = s.school_id AND c.id = s.client_id
        WHERE s.school_id = $1 AND s.id = $2::uuid AND s.ended_at IS NULL AND s.expires_at > now()
            AND u.state = 'active' AND (s.client_id IS NULL OR c.state = 'active' AND s.scopes <@ c.scopes)
        FOR NO KEY UPDATE OF s
        """)

    private static let ownerOfSession = Statement(
        "SELECT client_id FROM sessions WHERE school_id = $1 AND id = $2::uuid")

    private static let advance = Statement(
        """
        UPDATE sessions
        SET refresh_generation = refresh_generation + 1, previous_refresh_hash = refresh_hash, refresh_hash = $3::bytea,
            rotated_at = now(), last_used_at = now()
        WHERE school_id = $1 AND id = $2::uuid
        """)

    private static let end = Statement(
        """
        UPDATE sessions SET ended_at = now(), end_reason = $3
        WHERE school_id = $1 AND id = $2::uuid AND ended_at IS NULL
        """)

    private static let endByHash = Statement(
        """
        UPDATE sessions SET ended_at = now(), end_reason = $4
        WHERE school_id = $1 AND id = $2::uuid AND ended_at IS NULL
            AND $3::bytea IN (refresh_hash, previous_refresh_hash)
        """)
}

/// The parameters of a token request. Unknown ones are ignored, empty ones count as missing, a repeated one is an error
/// (RFC 6749 section 3.2).
struct TokenForm {
    private let values: [String: String]

    init(_ fields: [(name: String, value: String)]) throws {
        var values: [String: String] = [:]
        for (name, value) in fields where !value.isEmpty {
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(.invalidRequest, items: [Self.item(name, "repeated")], oauthError: "invalid_request")
            }
        }
        self.values = values
    }

    subscript(_ name: String) -> String? { values[name] }

    func required(_ name: String) throws -> String {
        guard let value = values[name] else { throw Self.missing(name) }
        return value
    }

    static func missing(_ name: String) -> Problem {
        Problem(.invalidRequest, items: [item(name, "required")], oauthError: "invalid_request")
    }

    private static func item(_ name: String, _ code: String) -> Problem.Item {
        Problem.Item(
            pointer: "/\(name)", code: code,
            detail: code == "required"
                ? Text(ru: "Обязательное поле.", en: "The field is required.")
                : Text(ru: "Поле указано дважды.", en: "The field is repeated; send it once."))
    }
}

extension Rows {
    /// The values of the column `role`.
    var roles: [String] { (0..<count).compactMap { text($0, "role") } }
}

extension Problem {
    static var invalidGrant: Problem { Problem(.invalidGrant, oauthError: "invalid_grant") }
    static var invalidScope: Problem { Problem(.invalidScope, oauthError: "invalid_scope") }
    static var unauthorizedClient: Problem { Problem(.unauthorizedClient, oauthError: "unauthorized_client") }
}
