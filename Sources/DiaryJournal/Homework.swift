import Diary
import JSON
import Postgres
import Web

/// One homework: for the families whose children have it, and for those who read the journal of its section. Families
/// mark it as done (H2). It is written in the journal (`HomeworkBatch`).
package enum Homework {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/homework/{homework_id}", "getHomework", access: .readersOfMarks.programs(.journalRead), show),
        .get(
            "/v1/homework/{homework_id}/completions", "listHomeworkCompletions",
            access: .readersOfJournals.programs(.journalRead), completions),
        .put("/v1/homework/{homework_id}/completion", "markHomeworkDone", access: family, markDone),
        .delete("/v1/homework/{homework_id}/completion", "markHomeworkOpen", access: family, markOpen),
    ]

    private static let family = Access.roles([.guardian, .student])

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let parameters = parameters(caller, try request.identifier("homework_id"))
        let row = Query(statement: one, parameters: parameters)
        return try await Answer {
            Gate(row)
            Fields(row)
            List("children", Query(statement: children, parameters: [parameters[0], parameters[1], parameters[3]]))
        }.tagged(for: caller)
    }

    @Sendable static func completions(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.text, .text, .identifier])
        try query.finish()
        let parameters = parameters(caller, try request.identifier("homework_id"))
        let position = (0..<3).map { Parameter.text(page.after?[$0]) } + [.integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: gate, parameters: parameters),
            Query(statement: marked, parameters: parameters + position),
            key: ["_last_name", "_first_name", "_id"],
            total: Query(statement: total, parameters: parameters + [.boolean(page.wantsTotal)]))
    }

    // MARK: Completion

    @Sendable static func markDone(_ request: Request, _ caller: Caller) async throws -> Response {
        let completion = try completion(request, caller)
        let row = Query(statement: done, parameters: completion)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(
            of: [Query(statement: mark, parameters: completion), row])
        let rows = try results[row]
        guard !rows.isEmpty else { throw Problem(.notFound) }
        return .json(.object(rows))
    }

    /// Doing it again changes nothing.
    @Sendable static func markOpen(_ request: Request, _ caller: Caller) async throws -> Response {
        let completion = try completion(request, caller)
        let gate = Query(statement: own, parameters: completion)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(
            of: [gate, Query(statement: unmark, parameters: completion)])
        guard try !results[gate].isEmpty else { throw Problem(.notFound) }
        return .empty
    }

    /// The school, the homework, the student and the caller. A student may leave `student_id` out.
    private static func completion(_ request: Request, _ caller: Caller) throws -> [Parameter] {
        var query = try QueryReader(request)
        var student = query.identifier("student_id")
        if student == nil && query.text("student_id") == nil {
            if caller.roles.contains(.student) {
                student = caller.user
            } else {
                query.add(
                    "student_id", "required", Text(ru: "Укажите, за кого из детей.", en: "Say which of the children."))
            }
        }
        try query.finish()
        return [
            .integer(caller.school.id), .text(try request.identifier("homework_id")), .text(student), caller.person,
        ]
    }

    private static let own = Statement(
        """
        SELECT h.id FROM homework h
        WHERE h.school_id = $1 AND h.id = $2::uuid AND lyceum.sees_student($1, $4::uuid, $3::uuid)
            AND lyceum.is_set_for($1, h.id, $3::uuid)
        """)
    private static let mark = Statement(
        """
        INSERT INTO homework_completions (school_id, homework_id, student_id)
        SELECT $1, $2::uuid, $3::uuid
        WHERE lyceum.sees_student($1, $4::uuid, $3::uuid) AND lyceum.is_set_for($1, $2::uuid, $3::uuid)
        ON CONFLICT DO NOTHING
        """)
    private static let unmark = Statement(
        """
        DELETE FROM homework_completions
        WHERE school_id = $1 AND homework_id = $2::uuid AND student_id = $3::uuid
            AND lyceum.sees_student($1, $4::uuid, $3::uuid)
        """)
    private static let done = Statement(
        """
        SELECT d.homework_id, d.student_id, true AS done, d.done_at
        FROM homework_completions d
        WHERE d.school_id = $1 AND d.homework_id = $2::uuid AND d.student_id = $3::uuid
            AND lyceum.sees_student($1, $4::uuid, $3::uuid) AND lyceum.is_set_for($1, $2::uuid, $3::uuid)
        """)

    // MARK: SQL. `$1` is the school, `$2` the homework, `$3` whether the reader reads all, `$4` the reader.

    private static func parameters(_ caller: Caller, _ id: String) -> [Parameter] {
        [.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person]
    }

    /// The reader's own children, or the reader, among those who have the homework (A1).
    private static let children = Statement(
        """
        SELECT u.id, u.last_name, u.first_name, u.middle_name, d.done_at IS NOT NULL AS done, d.done_at
        FROM lyceum.seen_students($1, $3::uuid) v
        JOIN users u ON u.school_id = $1 AND u.id = v.student_id
        LEFT JOIN homework_completions d ON d.school_id = $1 AND d.homework_id = $2::uuid AND d.student_id = v.student_id
        WHERE lyceum.is_set_for($1, $2::uuid, v.student_id)
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private static let one = Statement(
        """
        SELECT h.id, h.section_id, l.id AS "lesson.id", l.date AS "lesson.date", j.id AS "subject.id",
            j.name AS "subject.name", h.text, h.due_on, h.for_all, h.asks_submission,
            h.first_recorded_at AS set_at, h.version
        FROM homework h
        JOIN lessons l ON l.school_id = h.school_id AND l.id = h.lesson_id
        JOIN sections s ON s.school_id = h.school_id AND s.id = h.section_id
        JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
        WHERE h.school_id = $1 AND h.id = $2::uuid AND h.deleted_at IS NULL
            AND (
                $3::boolean
                OR lyceum.reads_section($1, $4::uuid, h.section_id)
                OR EXISTS (
                    SELECT FROM lyceum.seen_students($1, $4::uuid) v WHERE lyceum.is_set_for($1, h.id, v.student_id)
                )
                OR EXISTS (
                    SELECT FROM lyceum.led_pupils($1, $4::uuid) p
                    WHERE l.date <@ p.days AND lyceum.is_set_for($1, h.id, p.student_id)
                )
            )
        """)

    /// Members of the group on the lesson's date who have the homework. A class teacher reads the own students.
    private static let students = """
        FROM homework h
        JOIN lessons l ON l.school_id = h.school_id AND l.id = h.lesson_id
        JOIN sections s ON s.school_id = h.school_id AND s.id = h.section_id
        CROSS JOIN LATERAL (
            SELECT $3::boolean OR lyceum.reads_section($1, $4::uuid, h.section_id) AS whole OFFSET 0
        ) r
        JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
            AND lyceum.holds(m.starts_on, m.ends_on, l.date)
        WHERE h.school_id = $1 AND h.id = $2::uuid AND h.deleted_at IS NULL
            AND (
                h.for_all
                OR EXISTS (
                    SELECT FROM homework_students o
                    WHERE o.school_id = $1 AND o.homework_id = h.id AND o.student_id = m.student_id
                )
            )
            AND (r.whole OR coalesce(l.date <@ lyceum.led_days($1, $4::uuid, m.student_id), false))
        """

    private static let gate = Statement("SELECT m.student_id \(students) LIMIT 1")

    private static let marked = Statement(
        """
        SELECT \(SharedSQL.person("u", as: "student")), d.done_at IS NOT NULL AS done, d.done_at,
            CASE WHEN d.done_by = u.id THEN 'student' WHEN d.done_by IS NOT NULL THEN 'guardian' END AS done_by,
            u.last_name AS _last_name, u.first_name AS _first_name, u.id AS _id
        FROM (SELECT DISTINCT m.student_id \(students)) m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        LEFT JOIN homework_completions d ON d.school_id = $1 AND d.homework_id = $2::uuid AND d.student_id = m.student_id
        WHERE $5::text IS NULL OR (u.last_name, u.first_name, u.id) > ($5::text, $6::text, $7::uuid)
        ORDER BY u.last_name, u.first_name, u.id
        LIMIT $8::int
        """)

    private static let total = Statement(
        "SELECT CASE WHEN $5::boolean THEN (SELECT count(DISTINCT m.student_id) \(students)) END AS total")
}
