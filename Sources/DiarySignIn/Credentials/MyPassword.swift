import Crypto
import Diary
import JSON
import Postgres
import Web

/// The caller's own password.
package enum MyPassword {
    package static let routes: [Route<Access, Caller>] = [
        .put("/v1/me/password", "changeMyPassword", access: .signedIn.ownApps, change)
    ]

    /// A wrong current password counts as a failed sign-in (A6), so that a stolen token gives no additional guesses. A
    /// change ends the other sessions.
    @Sendable static func change(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let services = caller.services
        let form = try Form(try await request.json(), services.signIn)
        let school = Parameter.integer(caller.school.id)
        let person = Parameter.text(caller.user)
        let found = try await caller.read(account(school, person))[0]
        guard !found.isEmpty, let login = found.text(0, "login"), let stored = found.text(0, "password_hash") else {
            throw Problem.invalidToken
        }
        try NewPassword.check(
            form.new, named: "new_password", login: login, last: found.text(0, "last_name")!,
            first: found.text(0, "first_name")!, middle: found.text(0, "middle_name"))
        let attempt = try await SignInAttempt.begin(services, caller.scope, login: login, address: request.peer).attempt
        let hash = try await attempt.hash {
            try PasswordHash.verify(form.current, against: stored).matches ? PasswordHash.make(form.new) : nil
        }
        guard let hash else { throw Problem.wrongPassword }
        let changed = try await services.lanes.write(
            caller.scope,
            [
                replace(school, person, .text(found.text(0, "password_changed_at")), .text(hash)),
                endOthers(school, person, .text(hash), .text(caller.session)), attempt.success,
            ])
        // The password was changed or reset in between, so the current password is a different one.
        guard changed[0].affected == 1 else { throw Problem.wrongPassword }
        return .empty
    }

    private static let account = Statement(
        """
        SELECT u.login, u.password_hash, u.password_changed_at, u.last_name, u.first_name, u.middle_name
        FROM users u WHERE u.school_id = $1 AND u.id = $2::uuid AND u.state = 'active'
        """)

    private static let replace = Statement(
        """
        UPDATE users SET password_hash = $4, password_changed_at = now()
        WHERE school_id = $1 AND id = $2::uuid AND state = 'active'
            AND password_changed_at IS NOT DISTINCT FROM $3::timestamptz
        """)

    private static let endOthers = Statement(
        """
        UPDATE sessions s SET ended_at = now(), end_reason = 'password changed'
        FROM users u
        WHERE u.school_id = $1 AND u.id = $2::uuid AND u.password_hash = $3
            AND s.school_id = u.school_id AND s.user_id = u.id AND s.ended_at IS NULL AND s.id <> $4::uuid
        """)
}

/// The parsed body.
private struct Form {
    let current: String
    let new: String

    init(_ body: JSONValue, _ services: SignInServices) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        current = reader.string("current_password", minimumLength: 1, maximumLength: 200).value ?? ""
        new = try NewPassword.read("new_password", from: &reader, services)
        if current == new, !new.isEmpty {
            problems.add(FieldProblem(JSONPointer("new_password"), "same_password"))
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }
}

extension Problem {
    fileprivate static let wrongPassword = Problem(
        .wrongPassword,
        items: [.init(pointer: "/current_password", code: "wrong_password", detail: ProblemKind.wrongPassword.detail)])
}
