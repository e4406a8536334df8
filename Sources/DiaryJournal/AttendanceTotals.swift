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
        let schoolClass = ClassGate.open(caller, try request.identifier("class_id"))
        return try await Answer(capacity: 16 * 1024) {
            Gate(schoolClass)
            Object("class", schoolClass)
            Fields(ClassGate.dates(caller, from: range?.from, to: range?.to))
            List("students", students(.integer(caller.school.id)))
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

    // MARK: The class. `$1` is the school.

    /// A student's lessons while the student was in the class.
    private static let students = Statement(
        """
        WITH members AS MATERIALIZED (
            SELECT e.student_id, bool_and(NOT e.in_class_group) AS at_home
            FROM enrollments e
            WHERE e.school_id = $1 AND e.class_id = \(ClassGate.schoolClass)
                AND lyceum.holds_between(
                    e.starts_on, e.ends_on, (SELECT \(Setting.from.value)), (SELECT \(Setting.to.value)))
            GROUP BY e.student_id
        )
        SELECT u.id, u.last_name, u.first_name, u.middle_name, m.at_home, t.days AS "days.count",
            t.missed_days AS "days.missed", t.absent_days AS "days.absent", t.ill_days AS "days.ill",
            t.excused_days AS "days.excused", t.unexcused_days AS "days.unexcused", t.lessons AS "lessons.count",
            t.missed AS "lessons.missed", t.absent AS "lessons.absent", t.ill AS "lessons.ill",
            t.excused AS "lessons.excused", t.unexcused AS "lessons.unexcused", t.late AS "lessons.late",
            t.unknown AS "lessons.unknown"
        FROM members m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        JOIN lyceum.attendance_totals(
            $1, ARRAY(SELECT m.student_id FROM members m), (SELECT \(Setting.from.value)), (SELECT \(Setting.to.value)),
            \(ClassGate.schoolClass)
        ) t ON t.student_id = m.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)
}
