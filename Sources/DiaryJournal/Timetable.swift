import Diary
import Postgres
import Web

/// The timetable of a class, a teacher, a room or a student, day by day: lessons with their substitutions, and on days
/// for which no lessons have been made yet what the weekly timetable wants (`lyceum.timetable`).
package enum Timetable {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/timetable", "getTimetable", access: .signedIn.programs(.schoolRead), show)
    ]

    static let longestRange = 31
    private static let subjects = ["class_id", "teacher_id", "student_id", "room_id"]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        let given = subjects.compactMap { name in query.identifier(name).map { (name, $0) } }
        if given.count != 1, subjects.filter({ query.text($0) != nil }).count != 1 {
            query.add(
                given.isEmpty ? "class_id" : given[1].0, given.isEmpty ? "required" : "exclusive",
                Text(
                    ru: "Передайте ровно одно: class_id, teacher_id, student_id или room_id.",
                    en: "Give exactly one of class_id, teacher_id, student_id and room_id."))
        }
        try query.finish()
        let (name, id) = given[0]
        let kind = String(name.dropLast(3))
        // A1: a family sees its own student only, and integrations with school.read see no student.
        if caller.isFamilyOnly && kind != "student" { throw Problem(.forbidden) }
        if caller.isIntegration && kind == "student" { throw Problem(.notFound) }
        let school = Parameter.integer(caller.school.id)
        let subject = subject(of: kind)(school, .text(id))
        let days = dates(school, .text(range?.from), .text(range?.to), .text(kind))
        return try await Answer(capacity: 16 * 1024) {
            Gate(subject)
            Object(kind, subject)
            Fields(bounds(.text(range?.from), .text(range?.to)))
            List("days", days) {
                List("lessons", lessons(school, .text(range?.from), .text(range?.to), .text(kind)))
            }
        }.tagged(for: caller)
    }

    private static func subject(of kind: String) -> Statement {
        switch kind {
        case "class": schoolClass
        case "teacher": teacher
        case "room": room
        default: student
        }
    }

    // MARK: SQL. `$1` is the school, `$2` the class, teacher, room or student. The statements after it read the timetable
    // of `shown` only, so nothing is read about a student whom the caller may not see.

    private static let shown = "(SELECT \(Setting.timetableSubject.value))"

    private static let schoolClass = Statement(
        """
        SELECT c.id, c.name, c.grade_level, \(Setting.timetableSubject.set(to: "c.id")) AS _subject
        FROM classes c WHERE c.school_id = $1 AND c.id = $2::uuid
        """)
    private static let room = Statement(
        """
        SELECT r.id, r.name, \(Setting.timetableSubject.set(to: "r.id")) AS _subject
        FROM rooms r WHERE r.school_id = $1 AND r.id = $2::uuid
        """)
    private static let named = """
        u.id, u.last_name, u.first_name, u.middle_name, \(Setting.timetableSubject.set(to: "u.id")) AS _subject
        """
    private static let teacher = Statement(
        """
        SELECT \(named) FROM staff s JOIN users u ON u.school_id = s.school_id AND u.id = s.id
        WHERE s.school_id = $1 AND s.id = $2::uuid
        """)

    /// A1, A4: those who see the student in a list of students.
    private static let student = Statement(
        """
        SELECT \(named) FROM students s JOIN users u ON u.school_id = s.school_id AND u.id = s.id
        WHERE s.school_id = $1 AND s.id = $2::uuid AND (lyceum.sees_profile(s.id) OR lyceum.teaches_student(s.id))
        """)

    /// By default this week. `$1` and `$2` are the days here, and `$2` and `$3` below.
    private static func first(_ parameter: String) -> String {
        "coalesce(\(parameter)::date, date_trunc('week', lyceum.today())::date)"
    }
    private static func last(_ parameter: String) -> String {
        "coalesce(\(parameter)::date, date_trunc('week', lyceum.today())::date + 6)"
    }

    private static let bounds = Statement(#"SELECT \#(first("$1")) AS "from", \#(last("$2")) AS "to""#)

    /// A day of a class or student names the holiday of its grade level, one of a teacher or room that of the school.
    private static let dates = Statement(
        """
        SELECT d.day AS _key, d.day AS date,
            (
                SELECT h.name FROM holidays h
                WHERE h.school_id = $1 AND h.starts_on <= d.day AND h.ends_on >= d.day
                    AND (
                        h.grade_levels IS NULL
                        OR CASE $4
                            WHEN 'class' THEN (SELECT c.grade_level FROM classes c WHERE c.school_id = $1 AND c.id = \(shown))
                            WHEN 'student' THEN lyceum.grade_level_on($1, \(shown), d.day)
                        END = ANY (h.grade_levels)
                    )
                ORDER BY h.grade_levels IS NULL DESC, h.starts_on, h.id
                LIMIT 1
            ) AS holiday
        FROM (
            SELECT g.day::date AS day FROM generate_series(\(first("$2"))::timestamp, \(last("$3"))::timestamp, '1 day') g (day)
        ) d
        ORDER BY d.day
        """)

    private static let lessons = Statement(
        """
        SELECT x.date AS _parent, x.lesson_id, x.timetable_entry_id, x.slot,
            lyceum.local_moment(x.date, x.starts_at) AS starts_at, lyceum.local_moment(x.date, x.ends_at) AS ends_at,
            x.section_id, j.id AS "subject.id", j.name AS "subject.name", \(SharedSQL.person("t", as: "teacher?")),
            r.name AS room, x.state, \(LessonSubstitution.columns)
        FROM lyceum.timetable($1::int, \(first("$2")), \(last("$3")), $4, \(shown)) x
        JOIN sections s ON s.school_id = $1 AND s.id = x.section_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN users t ON t.school_id = $1 AND t.id = x.teacher_id
        LEFT JOIN rooms r ON r.school_id = $1 AND r.id = x.room_id
        \(LessonSubstitution.join("x"))
        ORDER BY x.date, x.starts_at, s.name, x.section_id, x.lesson_id
        """)
}

extension Setting {
    fileprivate static let timetableSubject = Setting("timetable_subject", .uuid)
}
