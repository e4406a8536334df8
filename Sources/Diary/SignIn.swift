import Crypto
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

    enum Outcome {
        case right(SignIn)
        /// No such school or login, a wrong password, or somebody who may not sign in: one and the same, in the same time.
        case refused

        // All of these are said after the right password only.

        case passwordGrantForbidden
        case codeMissing
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
        services.passwords.note(isRight: stored != nil && verification.matches)
        guard let stored, verification.matches, let user = found.text(0, "id"), found.text(0, "state") == "active"
        else { return .refused }
        if way == .passwordGrant, !found.boolean(0, "password_grant") { return .passwordGrantForbidden }

        scope.user = user
        let passwordChangedAt = found.text(0, "password_changed_at")
        let factor = SecondFactor(services, scope, user: user)
        // Not before: what is asked of an account takes time.
        let standing = try await factor.standing()
        if standing.isSet {
            guard let code = credentials.code else {
                try await attempt.takeBack()
                return .codeMissing
            }
            guard try await factor.accept(code) else { return .codeWrong }
        } else if standing.isLacking {
            try await attempt.takeBack()
            return .setUpMissing(
                ticket: try services.tickets.issue(
                    EnrolmentTicket(school: school.id, user: user, passwordChangedAt: passwordChangedAt)))
        }
        return .right(
            SignIn(
                school: school, user: user, passwordChangedAt: passwordChangedAt, scope: scope,
                settled: attempt.success, services: services, renewed: renewed.map { (stored, $0) }))
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
