import Crypto
import Diary
import Postgres
import Web

/// The caller's own password, asked for again before an action for which a stolen token must not be enough.
enum OwnPassword {
    /// A wrong password counts as a failed sign-in (A6).
    ///
    /// - Returns: when the password was set, as PostgreSQL writes it.
    /// - Throws: `wrong_password`, `too_many_attempts`.
    static func verify(_ password: String, _ request: Request, _ caller: Caller) async throws -> String? {
        let found = try await caller.read(account(.integer(caller.school.id), .text(caller.user)))[0]
        guard !found.isEmpty, let login = found.text(0, "login"), let stored = found.text(0, "password_hash") else {
            throw Problem.invalidToken
        }
        let attempt = try await SignInAttempt.begin(
            caller.services, caller.scope, login: login, address: request.peer
        ).attempt
        guard try await attempt.hash({ try PasswordHash.verify(password, against: stored).matches }) else {
            throw Problem(
                .wrongPassword,
                items: [
                    .init(pointer: "/password", code: "wrong_password", detail: ProblemKind.wrongPassword.detail)
                ])
        }
        try await attempt.takeBack()
        return found.text(0, "password_changed_at")
    }

    private static let account = Statement(
        """
        SELECT u.login, u.password_hash, u.password_changed_at
        FROM users u WHERE u.school_id = $1 AND u.id = $2::uuid AND u.state = 'active'
        """)
}
