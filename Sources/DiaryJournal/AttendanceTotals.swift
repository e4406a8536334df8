import Diary
import Postgres
import Web

/// How much each student of a class missed, for the class teacher and the administration (T3).
package enum AttendanceTotals {
    package static let routes: [Route<Access, Caller>] = [
        .get(
            "/v1/classes/{class_id}/attendance-totals", "listAttendanceTotals",
            access: .roles([.head, .deputyHead, .classTeacher]), list)
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: StudentAttendance.longestRange)
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let id = try request.identifier("class_id")
        let schoolClass = gate(school, .text(id), .boolean(caller.readsAll), caller.person)
        let days = dates(school, .text(id), .text(range?.from), .text(range?.to))
        return try await Answer(capacity: 16 * 1024) {
            Gate(schoolClass)
            Object("class", schoolClass)
            Fields(days)
            List("students", students(school, .text(id), .boolean(caller.readsAll), caller.person))
        }.tagged(for: caller)
    }

    // MARK: SQL that a student's attendance shares. `attended` has rows of `lyceum.attended_lessons`.

    /// Lessons that are over, or known to be missed or not before their end.
    static let counts = "(l.is_over OR l.status IS NOT NULL)"

    private static let meanings = ["absent", "ill", "excused", "unexcused"]

    /// Counts of lessons, as members of `lessons`.
    static let lessons = """
        count(*) FILTER (WHERE \(counts)) AS "lessons.count", \(missed("l.status = 'missed'", "l.meaning", "lessons")),
            count(*) FILTER (WHERE l.status = 'late') AS "lessons.late",
            count(*) FILTER (WHERE l.is_over AND l.status IS NULL) AS "lessons.unknown"
        """

    private static func missed(_ condition: String, _ meaning: String, _ name: String) -> String {
        (["count(*) FILTER (WHERE \(condition)) AS \"\(name).missed\""]
            + meanings.map { "count(*) FILTER (WHERE \(condition) AND \(meaning) = '\($0)') AS \"\(name).\($0)\"" })
            .joined(separator: ", ")
    }

    /// T3: a day is missed if all its lessons are missed. It counts as what most of them count as; of two equally frequent
    /// meanings, the first of unexcused, ill, excused, absent. A day on which no lesson is over yet is left out.
    static let days = """
        days AS MATERIALIZED (
            SELECT l.student_id, l.date, bool_and(coalesce(l.status = 'missed', false)) AS is_missed,
                CASE WHEN bool_and(coalesce(l.status = 'missed', false))
                    THEN mode() WITHIN GROUP (ORDER BY l.meaning DESC) END AS meaning
            FROM attended l
            GROUP BY l.student_id, l.date
            HAVING bool_or(\(counts))
        )
        """

    private static let countedDays =
        "count(d.date) AS \"days.count\", \(missed("d.is_missed", "d.meaning", "days"))"

    /// One row for all students of `attended`.
    static let total = """
        SELECT d.*, l.*
        FROM (SELECT \(countedDays) FROM days d) d
        CROSS JOIN (SELECT \(lessons) FROM attended l) l
        """

    // MARK: The class. `$1` is the school, `$2` the class.

    private static let gate = Statement(
        """
        SELECT c.id, c.name, c.grade_level FROM classes c
        WHERE c.school_id = $1 AND c.id = $2::uuid AND ($3::boolean OR \(ClassAttendance.leads))
        """)

    /// By default the academic year of the class up to today.
    private static let dates = Statement(
        """
        SELECT d.first AS "from", d.last AS "to", \(Setting.from.set(to: "d.first")) AS _from,
            \(Setting.to.set(to: "d.last")) AS _to
        FROM (
            SELECT coalesce($3::date, y.starts_on) AS first,
                coalesce($4::date, greatest(y.starts_on, least(y.ends_on, lyceum.today()))) AS last
            FROM classes c
            JOIN academic_years y ON y.school_id = c.school_id AND y.id = c.academic_year_id
            WHERE c.school_id = $1 AND c.id = $2::uuid
        ) d
        """)

    /// A student's lessons while the student was in the class.
    private static let students = Statement(
        """
        WITH members AS MATERIALIZED (
            SELECT e.student_id, range_agg(daterange(e.starts_on, e.ends_on, '[]')) AS held,
                bool_and(NOT e.in_class_group) AS at_home
            FROM enrollments e
            WHERE e.school_id = $1 AND e.class_id = $2::uuid
                AND lyceum.holds_between(
                    e.starts_on, e.ends_on, (SELECT \(Setting.from.value)), (SELECT \(Setting.to.value)))
                AND EXISTS (
                    SELECT FROM classes c
                    WHERE c.school_id = $1 AND c.id = e.class_id AND ($3::boolean OR \(ClassAttendance.leads))
                )
            GROUP BY e.student_id
        ), attended AS MATERIALIZED (
            SELECT l.*
            FROM lyceum.attended_lessons(
                $1, ARRAY(SELECT m.student_id FROM members m), (SELECT \(Setting.from.value)), (SELECT \(Setting.to.value))
            ) l
            JOIN members m ON m.student_id = l.student_id AND l.date <@ m.held
        ), \(days)
        SELECT u.id, u.last_name, u.first_name, u.middle_name, m.at_home, d.*, l.*
        FROM members m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        JOIN (
            SELECT m.student_id AS _days_of, \(countedDays)
            FROM members m LEFT JOIN days d ON d.student_id = m.student_id
            GROUP BY m.student_id
        ) d ON d._days_of = m.student_id
        JOIN (
            SELECT m.student_id AS _lessons_of, \(lessons)
            FROM members m LEFT JOIN attended l ON l.student_id = m.student_id
            GROUP BY m.student_id
        ) l ON l._lessons_of = m.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)
}
