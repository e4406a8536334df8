import Crypto
import Diary
import Postgres
import Web

/// A person who has proved their identity with login, password and, if set up, the second factor, under lockout (A6).
///
/// The token endpoint and the sign-in page both use it. It opens nothing: the caller writes the session or the
/// authorization code together with `settled`.
struct SignIn {
    /// What a person sends to sign in.
    struct Credentials {
        let school: String
        let login: String
        let password: String
        /// A code of the authenticator app, or a recovery code.
        var code: String?
    }

    enum Way {
        /// The password grant of RFC 6749 section 4.3; a school may forbid it.
        case passwordGrant
        /// The server's own sign-in page.
        case page
    }

    /// The state between the right password and the code. It is worth as much as the password, so whoever sends it out
    /// must sign it and give it a short lifetime.
    struct SecondStep {
        let user: String
        let login: String
        let passwordChangedAt: String?
    }

    enum Outcome {
        case right(SignIn)
        /// An unknown school or login, a wrong password, or a person who may not sign in: the same answer, after the
        /// same time.
        case refused

        // The following outcomes occur only after the right password.

        case passwordGrantForbidden
        case codeMissing(SecondStep)
        /// Counts like a wrong password.
        case codeWrong
        /// The school requires a second factor, and the person has none; the ticket permits its set-up.
        case setUpMissing(ticket: String)
    }

    let school: School
    let user: String
    /// As PostgreSQL writes it. A write that relies on the password compares this with `users.password_changed_at`,
    /// because the password may have been changed or reset since it was checked.
    let passwordChangedAt: String?
    /// In the person's name.
    let scope: Scope
    /// Belongs to the write that follows: marks the attempt as successful.
    let settled: Query
    private let services: Services
    private let renewed: (old: String, new: String)?

    /// - Throws: `too_many_attempts`, before anything else is checked, or for too many codes; `overloaded`;
    ///   `second_factor_unavailable`.
    static func verify(
        _ credentials: Credentials, from request: Request, via way: Way, _ services: Services
    ) async throws -> Outcome {
        let school = try await services.schools.find(code: credentials.school) ?? .unknown
        let id = Parameter.integer(school.id)
        var scope = Scope(
            school: school.id, timeZone: school.timeZone, requestID: request.id, timing: request.timing)
        let (attempt, rows) = try await SignInAttempt.begin(
            services, scope, login: credentials.login, address: request.peer, [account(id, .text(credentials.login))])
        let found = rows[0]
        let stored = found.isEmpty ? nil : found.text(0, "password_hash")
        let password = credentials.password
        let (verification, renewed) = try await attempt.hash {
            let verification = try PasswordHash.verify(password, against: stored ?? PasswordHash.dummy)
            let isWorthIt = verification.matches && verification.needsRehash
            return (verification, isWorthIt ? try PasswordHash.make(password) : nil)
        }
        services.signIn.passwords.note(isRight: stored != nil && verification.matches)
        guard let stored, verification.matches, let user = found.text(0, "id"), found.text(0, "state") == "active"
        else { return .refused }
        if way == .passwordGrant, !found.boolean(0, "password_grant") { return .passwordGrantForbidden }

        scope.user = user
        let step = SecondStep(
            user: user, login: credentials.login, passwordChangedAt: found.text(0, "password_changed_at"))
        return try await finish(
            step, at: school, scope, attempt, code: credentials.code, renewed: renewed.map { (stored, $0) }, services)
    }

    /// The second step after `codeMissing`: the code alone, counted as an attempt of its own.
    ///
    /// - Throws: the same as `verify`.
    static func resume(
        _ step: SecondStep, code: String, at school: School, from request: Request, _ services: Services
    ) async throws -> Outcome {
        let id = Parameter.integer(school.id)
        let scope = Scope(
            school: school.id, user: step.user, timeZone: school.timeZone, requestID: request.id,
            timing: request.timing)
        let (attempt, rows) = try await SignInAttempt.begin(
            services, scope, login: step.login, address: request.peer, [account(id, .text(step.login))])
        // The person was blocked, or the password changed, in between.
        guard !rows[0].isEmpty, rows[0].text(0, "id") == step.user, rows[0].text(0, "state") == "active",
            rows[0].text(0, "password_changed_at") == step.passwordChangedAt
        else { return .refused }
        return try await finish(step, at: school, scope, attempt, code: code, renewed: nil, services)
    }

    /// The steps after the right password. They run only then, because their duration tells something about the
    /// account.
    private static func finish(
        _ step: SecondStep, at school: School, _ scope: Scope, _ attempt: SignInAttempt, code: String?,
        renewed: (old: String, new: String)?, _ services: Services
    ) async throws -> Outcome {
        let factor = SecondFactor(services, scope, user: step.user)
        let standing = try await factor.standing()
        if standing.isSet {
            guard let code else {
                try await attempt.takeBack()
                return .codeMissing(step)
            }
            guard try await factor.accept(code) else { return .codeWrong }
        } else if standing.isLacking {
            try await attempt.takeBack()
            return .setUpMissing(
                ticket: try services.signIn.tickets.issue(
                    EnrolmentTicket(school: school.id, user: step.user, passwordChangedAt: step.passwordChangedAt)))
        }
        return .right(
            SignIn(
                school: school, user: step.user, passwordChangedAt: step.passwordChangedAt, scope: scope,
                settled: attempt.success, services: services, renewed: renewed))
    }

    /// Replaces a hash of older parameters, after the session or the code has been written. It runs separately, because
    /// in the same transaction two sign-ins of one person could wait for each other. If it fails, the next sign-in
    /// repeats it.
    func renewHash() async {
        guard let renewed else { return }
        _ = try? await services.lanes.write(
            scope, [Self.rehash(.integer(school.id), .text(user), .text(renewed.new), .text(renewed.old))])
    }

    private static let account = Statement(
        """
        SELECT u.id, u.password_hash, u.password_changed_at, u.state, coalesce(t.password_grant, true) AS password_grant
        FROM users u
        LEFT JOIN school_settings t ON t.school_id = u.school_id
        WHERE u.school_id = $1 AND u.login = lower($2)
        """)

    private static let rehash = Statement(
        "UPDATE users SET password_hash = $3 WHERE school_id = $1 AND id = $2::uuid AND password_hash = $4")
}
