import Crypto
import Diary
import Postgres
import Web

/// Somebody who has shown who it is: by login, password and, whoever has one, the second factor, under lockout (A6).
///
/// The one way in for the token endpoint and for pages. It opens nothing: what follows, a session or an authorization code,
/// is written by whoever asked, together with `settled`.
struct SignIn {
    /// What a person gives.
    struct Credentials {
        let school: String
        let login: String
        let password: String
        /// Of the authenticator app, or a recovery code.
        var code: String?
    }

    enum Way {
        /// RFC 6749 section 4.3: a school may forbid it.
        case passwordGrant
        /// The server's own sign-in page.
        case page
    }

    /// Who has shown the password a moment ago, and the code is still to come. Worth as much as the password: whoever gives it
    /// out signs it, and lets it be over soon.
    struct SecondStep {
        let user: String
        let login: String
        let passwordChangedAt: String?
    }

    enum Outcome {
        case right(SignIn)
        /// No such school or login, a wrong password, or somebody who may not sign in: one and the same, in the same time.
        case refused

        // All of these are said after the right password only.

        case passwordGrantForbidden
        case codeMissing(SecondStep)
        /// Counted as a wrong password is.
        case codeWrong
        /// The school asks for a second factor, and the person has none: it sets one up with the ticket.
        case setUpMissing(ticket: String)
    }

    let school: School
    let user: String
    /// What opens something on the strength of the password compares it with `users.password_changed_at`, as PostgreSQL
    /// writes it: the password may have been changed or reset since it was looked at.
    let passwordChangedAt: String?
    /// In the name of the person.
    let scope: Scope
    /// For the write that follows: the attempt was no failure.
    let settled: Query
    private let services: Services
    private let renewed: (old: String, new: String)?

    /// - Throws: `too_many_attempts`, before anything else is looked at, or for too many codes; `overloaded`;
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

    /// The second step of who was answered `codeMissing`: the code alone, counted as an attempt of its own.
    ///
    /// - Throws: as `verify`.
    static func resume(
        _ step: SecondStep, code: String, at school: School, from request: Request, _ services: Services
    ) async throws -> Outcome {
        let id = Parameter.integer(school.id)
        let scope = Scope(
            school: school.id, user: step.user, timeZone: school.timeZone, requestID: request.id,
            timing: request.timing)
        let (attempt, rows) = try await SignInAttempt.begin(
            services, scope, login: step.login, address: request.peer, [account(id, .text(step.login))])
        // Shut out, or with another password by now.
        guard !rows[0].isEmpty, rows[0].text(0, "id") == step.user, rows[0].text(0, "state") == "active",
            rows[0].text(0, "password_changed_at") == step.passwordChangedAt
        else { return .refused }
        return try await finish(step, at: school, scope, attempt, code: code, renewed: nil, services)
    }

    /// What comes after the right password, and not before: what is asked of an account takes time.
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

    /// After what follows has been written: a hash of older parameters is made anew. On its own, because with the session
    /// two sign-ins of one person could wait for each other. What fails here is made up for by the next sign-in.
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
