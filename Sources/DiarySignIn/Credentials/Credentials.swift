import Diary
import HTTP1
import JSON
import Postgres
import Web

/// A person's credentials: a login and a one-time code, given out on paper (A2).
package enum Credentials {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/users/{user_id}/credentials", "issueCredentials", access: .issuers.ownApps, issue),
        .delete("/v1/users/{user_id}/credentials", "revokeCredentials", access: .issuers.ownApps, revoke),
    ]

    /// Issues a code. For a person who already signs in, this is a reset, which ends all sessions. There is no
    /// Idempotency-Key: the kept answer would be a stored secret.
    @Sendable static func issue(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let form = try CodeForm(&query, request)
        try query.finish()
        let person = try request.identifier("user_id")
        let wishes = try Wishes(try await request.json())
        return try await caller.services.signIn.printing.reserving(form) {
            try await caller.services.lanes.transaction(caller.scope) { transaction in
                let rows = try await transaction.run([gate(caller, person)])[0]
                let needsReason = try admit(caller, rows)
                var holder = CodeHolder(rows, row: 0)
                guard !holder.isClosed else { throw Problem(.accountClosed) }
                if needsReason || holder.isActive, wishes.reason == nil {
                    throw Problem.missingReason
                }
                if let login = wishes.login {
                    if let existing = holder.login, existing != login { throw Problem(.loginSet) }
                    holder.login = login
                }
                let issued = try await CodeIssue.run([holder], reason: wishes.reason, caller, transaction)
                if form != .json {
                    let school = try await transaction.run([CredentialSlips.school(caller), CredentialSlips.patience])[
                        0]
                    return try await CredentialSlips(issued, school: school).response(
                        form, .created, request, caller)
                }
                var writer = JSONWriter()
                writer.beginObject()
                issued[0].write(to: &writer)
                writer.endObject()
                return CredentialSlips.negotiated(.json(writer, status: .created))
            }
        }
    }

    @Sendable static func revoke(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let person = try request.identifier("user_id")
        try await caller.services.lanes.transaction(caller.scope) { transaction in
            try await admit(caller, person, transaction)
            guard try await CodeIssue.revoke(person, caller, transaction) else { throw Problem(.notFound) }
        }
        return .empty
    }

    /// Checks whether the caller may issue credentials to the person (A2), and locks the person.
    static func admit(_ caller: Caller, _ person: String, _ transaction: Transaction) async throws {
        _ = try admit(caller, try await transaction.run([gate(caller, person)])[0])
    }

    /// - Returns: whether a reason is required.
    private static func admit(_ caller: Caller, _ rows: Rows) throws -> Bool {
        guard !rows.isEmpty else { throw Problem(.notFound) }
        // Somebody with a stolen token must not get a lasting password.
        if rows.text(0, "id") == caller.user { throw Problem.notYourCredentials(.own) }
        if rows.boolean(0, "is_staff") {
            guard rows.boolean(0, "caller_administers") else { throw Problem.notYourCredentials(.administrator) }
            // Administrators give staff roles, too, and must not take over a family's account that way unnoticed. The
            // database records the issue (`lyceum.record_issue_to_family`).
            return rows.boolean(0, "is_family")
        }
        if rows.boolean(0, "is_led_by_caller") { return false }
        if rows.boolean(0, "is_led_by_nobody") {
            guard rows.boolean(0, "caller_heads") else { throw Problem.notYourCredentials(.deputyHead) }
            return true
        }
        throw Problem.notYourCredentials(rows.boolean(0, "is_led") ? .classTeacher : .nobody)
    }

    private static func gate(_ caller: Caller, _ person: String) -> Query {
        visible(.integer(caller.school.id), .text(person), .text(caller.user))
    }

    /// The person, locked, if the caller may see them; who leads the person's students; and the caller's current
    /// permissions, because the token may be outdated.
    private static let visible = Statement(
        """
        SELECT \(CodeHolder.columns),
            lyceum.is_staff($1, u.id) AS is_staff, p.is_family, p.is_led, p.is_led_by_caller,
            p.is_led_by_nobody, n.school_class, n.children,
            c.administers AS caller_administers, c.heads AS caller_heads
        FROM users u
        CROSS JOIN LATERAL (
            \(CodeHolder.students("SELECT x.student_id FROM lyceum.seen_students($1, u.id) x"))
        ) n
        CROSS JOIN LATERAL (
            SELECT count(*) > 0 AS is_family, coalesce(bool_or(t.teacher_id IS NOT NULL), false) AS is_led,
                coalesce(bool_or(t.teacher_id = $3::uuid), false) AS is_led_by_caller,
                coalesce(bool_or(t.teacher_id IS NULL), false) AS is_led_by_nobody
            FROM lyceum.seen_students($1, u.id) s
            LEFT JOIN enrollments e ON e.school_id = $1 AND e.student_id = s.student_id
                AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
            LEFT JOIN class_teachers t ON t.school_id = $1 AND t.class_id = e.class_id
                AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        ) p
        CROSS JOIN LATERAL (\(CodeIssue.standing(of: "$3::uuid"))) c
        WHERE u.school_id = $1 AND u.id = $2::uuid
            AND (c.administers OR c.heads OR lyceum.knows_person($1, $3::uuid, u.id))
        FOR NO KEY UPDATE OF u
        """)
}

extension Access {
    /// The roles that may issue credentials to anybody (A2).
    static let issuers = Access.roles([.administrator, .head, .deputyHead, .classTeacher])
}

/// The request body.
private struct Wishes {
    let reason: String?
    let login: String?

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        reason = reader.reason()
        login = reader.string("login", .optional, maximumLength: 64).value?.lowercased()
        if let login, !LoginName.isValid(login) {
            problems.add(FieldProblem(JSONPointer("login"), "invalid_login"))
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }
}

extension Problem {
    /// Who issues credentials to the person instead.
    enum Issuer {
        case own, administrator, classTeacher, deputyHead, nobody
    }

    static func notYourCredentials(_ issuer: Issuer) -> Problem {
        let detail =
            switch issuer {
            case .own:
                Text(
                    ru: "Себе реквизиты не выдают; вместо этого смените пароль.",
                    en: "Nobody issues credentials to themselves; change your password instead.")
            case .administrator:
                Text(
                    ru: "Сотрудникам реквизиты выдаёт только администратор (A2).",
                    en: "Only an administrator issues credentials to staff (rule A2).")
            case .classTeacher:
                Text(
                    ru: "Реквизиты выдаёт классный руководитель этого класса (A2).",
                    en: "The class teacher of the class issues these credentials (rule A2).")
            case .deputyHead:
                Text(
                    ru: "Классного руководителя нет: реквизиты выдаёт заместитель директора (A2).",
                    en: "There is no class teacher: a deputy head issues these credentials (rule A2).")
            case .nobody:
                Text(
                    ru: "Это не ученик и не представитель, которому открыт дневник (A3).",
                    en: "The person is neither a student nor a guardian with access to the diary (rule A3).")
            }
        return Problem(.notYourCredentials, detail: detail)
    }
}
