import Diary
import Postgres
import Web

/// A student's homework by the day on which it is due, for the family and those who see the diary (H2).
package enum StudentHomework {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/homework", "getStudentHomework", access: .readersOfMarks, show)
    ]

    static let longestRange = 42

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        let subject = query.identifier("subject_id")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        let days = days(school, .text(range?.from), .text(range?.to))
        // A former class teacher sees homework of lessons on the days in that role (A3).
        let statements = StudentGate.isDated(for: caller) ? seen : all
        let parameters: [Parameter] = [school, .text(subject)]
        return try await Answer(capacity: 8 * 1024) {
            Gate(student)
            Object("student", student)
            Fields(days)
            List("overdue", Query(statement: statements.overdue, parameters: parameters))
            List("days", Query(statement: statements.dates, parameters: parameters)) {
                List("homework", Query(statement: statements.due, parameters: parameters))
            }
        }.tagged(for: caller)
    }

    /// By default from today until the end of the next week. `next_day` is the student's next day with lessons.
    private static let days = Statement(
        """
        SELECT r.first AS "from", r.last AS "to", lyceum.today() AS today,
            (
                SELECT min(n.date)
                FROM group_members m
                JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                CROSS JOIN LATERAL (
                    SELECT l.date FROM lessons l
                    WHERE l.school_id = $1 AND l.section_id = s.id AND l.date > lyceum.today() AND l.state <> 'cancelled'
                        AND lyceum.lasts(m.ends_on, l.date) AND l.date >= m.starts_on
                    ORDER BY l.date LIMIT 1
                ) n
                WHERE m.school_id = $1 AND m.student_id = \(StudentGate.student) AND lyceum.lasts(m.ends_on, lyceum.today())
            ) AS next_day,
            \(Setting.from.set(to: "r.first")) AS _from, \(Setting.to.set(to: "r.last")) AS _to
        FROM (
            SELECT coalesce($2::date, lyceum.today()) AS first,
                coalesce($3::date, date_trunc('week', lyceum.today())::date + 13) AS last
        ) r
        """)

    private static let all = HomeworkStatements(andSeen: "")
    private static let seen = HomeworkStatements(andSeen: "AND l.date <@ \(StudentGate.days)")
}

/// `$1` is the school, `$2` a subject.
private struct HomeworkStatements: Sendable {
    let overdue: Statement
    let dates: Statement
    let due: Statement

    /// - Parameter seen: an additional condition for callers who do not see all days.
    init(andSeen seen: String) {
        let first = "(SELECT \(Setting.from.required))"
        let last = "(SELECT \(Setting.to.required))"
        // What nobody has done in two weeks will not be done after them.
        overdue = Statement(
            Self.select(
                "h.due_on BETWEEN lyceum.today() - 14 AND lyceum.today() - 1 AND d.homework_id IS NULL \(seen)"))
        dates = Statement(
            """
            SELECT DISTINCT h.due_on AS date, h.due_on AS _key \(Self.of("h.due_on BETWEEN \(first) AND \(last) \(seen)"))
            ORDER BY h.due_on
            """
        )
        due = Statement(Self.select("h.due_on BETWEEN \(first) AND \(last) \(seen)"))
    }

    /// The requested days are compared separately, so that PostgreSQL uses them in the index on a section's homework.
    private static func of(_ condition: String) -> String {
        """
        FROM group_members m
        JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
        JOIN homework h ON h.school_id = s.school_id AND h.section_id = s.id AND h.deleted_at IS NULL
        JOIN lessons l ON l.school_id = h.school_id AND l.id = h.lesson_id
            AND lyceum.holds(m.starts_on, m.ends_on, l.date)
        LEFT JOIN homework_completions d ON d.school_id = $1 AND d.homework_id = h.id
            AND d.student_id = \(StudentGate.student)
        WHERE m.school_id = $1 AND m.student_id = \(StudentGate.student) AND ($2::uuid IS NULL OR s.subject_id = $2::uuid)
            AND (
                h.for_all
                OR EXISTS (
                    SELECT FROM homework_students o
                    WHERE o.school_id = $1 AND o.homework_id = h.id AND o.student_id = \(StudentGate.student)
                )
            )
            AND \(condition)
        """
    }

    private static func select(_ condition: String) -> String {
        """
        SELECT x._parent, x.id, x.lesson_id, x.set_on, j.id AS "subject.id", j.name AS "subject.name", x.text, x.due_on,
            x.for_all, x.asks_submission, x.done_at IS NOT NULL AS done, x.done_at,
            x.done_at IS NULL AND x.due_on < lyceum.today() AS overdue
        FROM (
            SELECT DISTINCT h.due_on AS _parent, h.id, h.lesson_id, l.date AS set_on, s.subject_id, h.text, h.due_on,
                h.for_all, h.asks_submission, d.done_at
            \(of(condition))
        ) x
        JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
        ORDER BY x.due_on, j.name, x.id
        """
    }
}
