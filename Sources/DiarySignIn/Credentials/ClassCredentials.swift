import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Issues codes for a class in one transaction: to its students, their guardians with access, or both (A2).
package enum ClassCredentials {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/classes/{class_id}/credentials", "issueClassCredentials", access: .issuers.ownApps, issue)
    ]

    @Sendable static func issue(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let form = try CodeForm(&query, request)
        try query.finish()
        let id = try request.identifier("class_id")
        let order = try Order(try await request.json())
        return try await caller.services.signIn.printing.reserving(form) {
            try await caller.services.lanes.transaction(caller.scope) { transaction in
                let issue = try await issue(id, order, caller, transaction)
                guard form != .json else { return issue.answer }
                let school = try await transaction.run([CredentialSlips.school(caller), CredentialSlips.patience])[0]
                return try await issue.slips(school).response(form, .ok, request, caller)
            }
        }
    }

    private static func issue(
        _ id: String, _ order: Order, _ caller: Caller, _ transaction: Transaction
    ) async throws -> ClassIssue {
        let school = Parameter.integer(caller.school.id)
        let found = try await transaction.run([gate(school, .text(id), .text(caller.user))])[0]
        guard !found.isEmpty else { throw Problem(.notFound) }
        if !found.boolean(0, "is_led_by_caller") {
            guard !found.boolean(0, "is_led") else { throw Problem.notYourCredentials(.classTeacher) }
            guard found.boolean(0, "caller_heads") else { throw Problem.notYourCredentials(.deputyHead) }
            guard order.reason != nil else { throw Problem.missingReason }
        }
        // A fixed order of locks: two classes' lists may contain the same person.
        let group: [Parameter] = [
            school, .text(id), .boolean(order.includes(.students)), .boolean(order.includes(.guardians)),
        ]
        _ = try await transaction.run([Query(statement: lock, parameters: group)])
        let rows = try await transaction.run([Query(statement: people, parameters: group)])[0]
        let all = (0..<rows.count).map { row in
            Candidate(
                holder: CodeHolder(rows, row: row), students: rows.text(row, "student_ids")!,
                isGuardian: rows.boolean(row, "is_guardian"), isStaff: rows.boolean(row, "is_staff"))
        }
        let chosen = all.filter { $0.obstacle == nil }
        let issued = try await CodeIssue.run(chosen.map { $0.holder }, reason: order.reason, caller, transaction)

        return ClassIssue(schoolClass: found, candidates: all, chosen: chosen, codes: issued)
    }

    private static let gate = Statement(
        """
        SELECT c.id, c.name, c.grade_level, t.is_led, t.is_led_by_caller, s.heads AS caller_heads
        FROM classes c
        CROSS JOIN LATERAL (
            SELECT count(*) > 0 AS is_led, coalesce(bool_or(t.teacher_id = $3::uuid), false) AS is_led_by_caller
            FROM class_teachers t
            WHERE t.school_id = c.school_id AND t.class_id = c.id
                AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        ) t
        CROSS JOIN LATERAL (\(CodeIssue.standing(of: "$3::uuid"))) s
        WHERE c.school_id = $1 AND c.id = $2::uuid
        """)

    /// The class's students today, and their guardians with access today (A3), as pairs of person and student.
    private static let members = """
        SELECT e.student_id AS user_id, e.student_id, false AS is_guardian
        FROM enrollments e
        WHERE $3::boolean AND e.school_id = $1 AND e.class_id = $2::uuid
            AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        UNION ALL
        SELECT g.guardian_id, g.student_id, true
        FROM enrollments e
        JOIN guardianships g ON g.school_id = e.school_id AND g.student_id = e.student_id AND g.access = 'full'
            AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
        WHERE $4::boolean AND e.school_id = $1 AND e.class_id = $2::uuid
            AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        """

    private static let lock = Statement(
        """
        SELECT u.id FROM users u
        WHERE u.school_id = $1 AND u.id IN (SELECT m.user_id FROM (\(members)) m)
        ORDER BY u.id
        FOR NO KEY UPDATE OF u
        """)

    private static let people = Statement(
        """
        SELECT \(CodeHolder.columns), to_json(m.student_ids) AS student_ids, m.is_guardian,
            lyceum.is_staff($1, u.id) AS is_staff, n.school_class, n.children
        FROM (
            SELECT m.user_id, array_agg(m.student_id ORDER BY m.student_id) AS student_ids,
                bool_or(m.is_guardian) AS is_guardian
            FROM (\(members)) m
            GROUP BY m.user_id
        ) m
        JOIN users u ON u.school_id = $1 AND u.id = m.user_id
        CROSS JOIN LATERAL (\(CodeHolder.students("SELECT unnest(m.student_ids)"))) n
        ORDER BY m.is_guardian, u.last_name, u.first_name, u.id
        """)
}

/// The request body.
private struct Order {
    enum Group: String, CaseIterable {
        case students, guardians, both
    }

    private let group: Group?
    let reason: String?

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        group = reader.enumeration("for", Group.self).value
        reason = reader.reason()
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }

    func includes(_ group: Group) -> Bool { self.group == .both || self.group == group }
}

/// The codes of a class, and who got none.
private struct ClassIssue {
    /// The row of `gate`.
    let schoolClass: Rows
    let candidates: [Candidate]
    let chosen: [Candidate]
    /// Of the chosen ones.
    let codes: [IssuedCode]

    private var leftOut: [(candidate: Candidate, reason: String)] {
        candidates.compactMap { candidate in candidate.obstacle.map { (candidate, $0) } }
    }

    func slips(_ school: Rows) -> CredentialSlips {
        CredentialSlips(
            codes, school: school, schoolClass: schoolClass.text(0, "name"),
            leftOut: leftOut.map { ($0.candidate.holder, $0.reason) })
    }

    var answer: Response {
        var writer = JSONWriter(reservingCapacity: 16 * 1024)
        writer.beginObject()
        writer.key("class")
        writer.beginObject()
        writer.key("id")
        writer.string(schoolClass.text(0, "id")!)
        writer.key("name")
        writer.string(schoolClass.text(0, "name")!)
        writer.key("grade_level")
        writer.integer(schoolClass.integer(0, "grade_level")!)
        writer.endObject()
        writer.key("items")
        writer.beginArray()
        for (candidate, code) in zip(chosen, codes) {
            writer.beginObject()
            code.write(to: &writer)
            candidate.write(to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.key("skipped")
        writer.beginArray()
        for (candidate, reason) in leftOut {
            writer.beginObject()
            candidate.holder.write(to: &writer)
            candidate.write(to: &writer)
            writer.key("reason")
            writer.string(reason)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return CredentialSlips.negotiated(.json(writer))
    }
}

/// A student of the class, or a guardian of one.
private struct Candidate {
    let holder: CodeHolder
    /// The guardian's students, or the student itself. A JSON array.
    let students: String
    let isGuardian: Bool
    let isStaff: Bool

    /// The reason why this list issues no code for the person; a reset is done for one person at a time.
    var obstacle: String? {
        if isStaff { return "staff" }
        if holder.isClosed { return "closed" }
        return holder.isActive ? "activated" : nil
    }

    func write(to writer: inout JSONWriter) {
        writer.key("as")
        writer.string(isGuardian ? "guardian" : "student")
        writer.key("student_ids")
        writer.raw(Array(students.utf8))
    }
}
