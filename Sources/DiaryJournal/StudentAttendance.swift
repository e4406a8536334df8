import Diary
import Postgres
import Web

/// A student's attendance as it counts (T2, T3, T4): totals of days and lessons, by subject, and each day.
package enum StudentAttendance {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/attendance", "getStudentAttendance", access: .readersOfMarks, show)
    ]

    static let longestRange = 366

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        let days = dates(school, .text(range?.from), .text(range?.to))
        let isDated = StudentGate.isDated(for: caller)
        let statements = isDated ? seen : all
        return try await Answer(capacity: 16 * 1024) {
            Gate(student)
            Object("student", student)
            Fields(days)
            Object("totals", statements.totals(school))
            List("subjects", statements.subjects(school))
            List("days", statements.days(school)) {
                List("lessons", statements.lessons(school))
            }
        }.tagged(for: caller)
    }

    /// By default the academic year up to today.
    private static let dates = Statement(
        """
        SELECT d.first AS "from", d.last AS "to", \(Setting.from.set(to: "d.first")) AS _from,
            \(Setting.to.set(to: "d.last")) AS _to
        FROM (
            SELECT coalesce($2::date, least(y.starts_on, lyceum.today()), lyceum.today()) AS first,
                coalesce($3::date, lyceum.today()) AS last
            FROM (SELECT 1) o
            LEFT JOIN academic_years y ON y.school_id = $1 AND y.id = \(SharedSQL.currentYear)
        ) d
        """)

    private static let all = Statements(andSeen: "")
    private static let seen = Statements(andSeen: "WHERE l.date <@ \(StudentGate.days)")
}

/// The statements after the gate. `$1` is the school.
private struct Statements: Sendable {
    let totals: Statement
    let subjects: Statement
    let days: Statement
    let lessons: Statement

    /// - Parameter seen: an additional condition for callers who do not see all days.
    init(andSeen seen: String) {
        let attended = """
            WITH attended AS MATERIALIZED (
                SELECT l.*
                FROM lyceum.attended_lessons(
                    $1, ARRAY[\(StudentGate.student)], (SELECT \(Setting.from.required)), (SELECT \(Setting.to.required))
                ) l
                \(seen)
            )
            """
        totals = Statement("\(attended), \(AttendanceTotals.days) \(AttendanceTotals.total)")
        subjects = Statement(
            """
            \(attended)
            SELECT j.id AS "subject.id", j.name AS "subject.name", \(AttendanceTotals.lessons)
            FROM attended l
            JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
            JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
            GROUP BY j.id, j.name
            HAVING count(*) FILTER (WHERE \(AttendanceTotals.counts)) > 0
            ORDER BY j.name, j.id
            """)
        days = Statement(
            """
            \(attended), \(AttendanceTotals.days)
            SELECT d.date AS _key, d.date, d.is_missed AS missed, d.meaning,
                w.meaning AS "word?.meaning", w.reason AS "word?.reason", w.note_id AS "word?.note_id"
            FROM days d
            LEFT JOIN attendance_days w ON w.school_id = $1 AND w.student_id = d.student_id AND w.date = d.date
            ORDER BY d.date
            """)
        lessons = Statement(
            """
            \(attended), \(AttendanceTotals.days)
            SELECT l.date AS _parent, l.lesson_id, j.id AS "subject.id", j.name AS "subject.name", l.status, l.meaning,
                l.minutes
            FROM days d
            JOIN attended l ON l.date = d.date
            JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
            JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
            ORDER BY l.date, l.starts_at, l.lesson_id
            """)
    }
}
