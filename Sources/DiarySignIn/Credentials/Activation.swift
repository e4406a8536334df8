import Crypto
import Diary
import JSON
import Postgres
import Web

/// The first password: whoever holds a live code chooses it (A2), and learns the login.
package enum Activation {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/auth/activation", "activateAccount", access: .open, quota: .signIn, activate)
    ]

    /// Codes that are unknown, used, revoked or expired, and those of people who may not sign in, are one and the same: all
    /// are counted (A6), all are hashed, all are looked for by one statement.
    @Sendable static func activate(_ request: Request, _ caller: Caller) async throws -> Response {
        try await Tokens.answeringAsOAuth(keepsValidation: true) {
            try QueryReader(request).finish()
            let services = caller.services
            let form = try Form(try await request.json(atMost: OpenBody.limit), services.signIn)
            let school = try await services.schools.find(code: form.school) ?? School.unknown
            let scope = Scope(
                school: school.id, timeZone: school.timeZone, requestID: request.id, timing: request.timing)
            // What is no code at all takes the same way, as one that nobody has.
            let hash = try (ActivationCode(form.code) ?? ActivationCode()).hash(school: form.school)
            let attempt = try await SignInAttempt.begin(
                services, scope, .code, login: "code " + Hexadecimal.encode(Array(hash.prefix(8))),
                address: request.peer
            ).attempt
            let password = form.password
            let secret = try await attempt.hash { try PasswordHash.make(password) }
            let login: String?
            do {
                login = try await services.lanes.transaction(scope) { transaction in
                    try await use(hash, password, secret, school, attempt, transaction)
                }
            } catch let problem as Problem where problem.kind == .validationFailed {
                // The code was right, the password too near to its owner.
                try await attempt.takeBack()
                throw problem
            }
            guard let login else { throw Problem(.invalidCode, oauthError: "invalid_grant") }
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("login")
            writer.string(login)
            writer.endObject()
            return .json(writer)
        }
    }

    /// Nil when the code opens nothing. The person is locked first, as whoever issues a code does it.
    private static func use(
        _ hash: [UInt8], _ password: String, _ secret: String, _ school: School, _ attempt: SignInAttempt,
        _ transaction: Transaction
    ) async throws -> String? {
        let id = Parameter.integer(school.id)
        let found = try await transaction.run([find(id, .bytes(hash))])[0]
        guard !found.isEmpty, let login = found.text(0, "login") else { return nil }
        try NewPassword.check(
            password, named: "password", login: login, last: found.text(0, "last_name")!,
            first: found.text(0, "first_name")!, middle: found.text(0, "middle_name"))
        let code = Parameter.text(found.text(0, "code_id"))
        // Between the look and the lock it may have been used, or revoked by a newer one.
        guard try await transaction.run([spend(id, code)])[0].affected == 1 else { return nil }
        _ = try await transaction.run([open(id, .text(found.text(0, "id")), .text(secret)), attempt.success])
        return login
    }

    /// Who has become staff since a class teacher issued the code needs one of an administrator (A2); the command line's has
    /// no issuer.
    private static let find = Statement(
        """
        SELECT u.id, u.login, u.last_name, u.first_name, u.middle_name, c.id AS code_id,
            \(Setting.user.set(to: "u.id")) AS _user
        FROM activation_codes c
        JOIN users u ON u.school_id = c.school_id AND u.id = c.user_id
        WHERE c.school_id = $1 AND c.code_hash = $2::bytea AND c.used_at IS NULL AND c.revoked_at IS NULL
            AND c.expires_at > now() AND u.state = 'issued'
            AND (
                c.issued_by IS NULL OR NOT lyceum.is_staff($1, u.id)
                OR EXISTS (
                    SELECT FROM user_roles r
                    WHERE r.school_id = $1 AND r.user_id = c.issued_by AND r.role = 'administrator'
                )
            )
        FOR NO KEY UPDATE OF u
        """)

    private static let spend = Statement(
        """
        UPDATE activation_codes SET used_at = now()
        WHERE school_id = $1 AND id = $2::uuid AND used_at IS NULL AND revoked_at IS NULL
        """)

    private static let open = Statement(
        """
        UPDATE users
        SET state = 'active', password_hash = $3, password_changed_at = now(), activated_at = coalesce(activated_at, now())
        WHERE school_id = $1 AND id = $2::uuid
        """)
}

/// The parsed body.
private struct Form {
    let school: String
    let code: String
    let password: String

    init(_ body: JSONValue, _ services: SignInServices) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        school = reader.string("school", minimumLength: 1, maximumLength: 64).value ?? ""
        code = reader.string("code", minimumLength: 1, maximumLength: 64).value ?? ""
        password = try NewPassword.read("password", from: &reader, services)
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }
}
