import Diary
import Postgres
import Web

/// A class's day, for its class teacher and the administration (T2): who is missing since when, whose roll was not taken
/// yet, what families have written, and the counts for the canteen.
package enum ClassAttendance {
    package static let routes: [Route<Access, Caller>] = [
        .get(
            "/v1/classes/{class_id}/attendance", "getClassAttendance",
            access: .roles([.head, .deputyHead, .classTeacher]), show),
        .put(
            "/v1/classes/{class_id}/attendance", "putClassAttendance", access: .roles([.classTeacher]),
            ClassAttendanceBatch.apply),
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let date = query.date("date")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let schoolClass = ClassGate.open(caller, try request.identifier("class_id"), on: date)
        return try await Answer(capacity: 32 * 1024) {
            Gate(schoolClass)
            Object("class", schoolClass)
            Fields(day(school))
            Object("counts", counts(school))
            List("lessons", lessons(school))
            List("students", students(school)) {
                List("lessons", records(school))
                List("notes", notes(school))
            }
        }.tagged(for: caller)
    }

    // MARK: SQL. `$1` is the school.

    private static let schoolClass = ClassGate.schoolClass
    private static let date = ClassGate.day
    private static let pupils = ClassGate.students

    private static let day = Statement("SELECT \(date) AS date WHERE $1::int IS NOT NULL")

    /// The lessons of the class's students, also those of its parts and of single students, with the cancelled ones.
    static let lessonsOfDay = """
        FROM lessons l
        JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
        WHERE l.school_id = $1 AND l.date = \(date)
            AND l.section_id IN (
                SELECT o.id
                FROM group_members m
                JOIN sections o ON o.school_id = m.school_id AND o.group_id = m.group_id
                WHERE m.school_id = $1 AND m.student_id = ANY (\(pupils))
                    AND lyceum.holds_between(m.starts_on, m.ends_on, \(date), \(date))
            )
        """

    private static let lessons = Statement(
        """
        SELECT l.id, l.slot, lyceum.local_moment(l.date, l.starts_at) AS starts_at,
            lyceum.local_moment(l.date, l.ends_at) AS ends_at, l.state, l.section_id,
            j.id AS "subject.id", j.name AS "subject.name", g.id AS "group.id", g.name AS "group.name",
            l.attendance_taken_at
        FROM (SELECT l.*, s.subject_id, s.group_id \(lessonsOfDay)) l
        JOIN subjects j ON j.school_id = $1 AND j.id = l.subject_id
        JOIN groups g ON g.school_id = $1 AND g.id = l.group_id
        ORDER BY l.starts_at, g.name, l.id
        """)

    private static let attended = "lyceum.attended_lessons($1, \(pupils), \(date), \(date))"

    /// Where each student is, as far as it is known: by the last lesson that says so, else by the class teacher's word.
    private static let whereabouts = """
        SELECT p.id, p.number, d.meaning, d.reason, d.note_id, coalesce(d.explains_only, false) AS explains_only,
            coalesce(d.version, 0) AS version, NOT e.in_class_group AS at_home,
            CASE
                WHEN k.status IN ('present', 'late') OR k.status IS NULL AND d.meaning = 'present' THEN 'present'
                WHEN k.status IS NOT NULL OR d.meaning IS NOT NULL THEN 'missing'
            END AS status,
            CASE WHEN k.status IS NULL THEN d.meaning ELSE k.meaning END AS counts_as
        FROM unnest(\(pupils)) WITH ORDINALITY p (id, number)
        JOIN enrollments e ON e.school_id = $1 AND e.student_id = p.id AND e.class_id = \(schoolClass)
            AND lyceum.holds_between(e.starts_on, e.ends_on, \(date), \(date))
        LEFT JOIN attendance_days d ON d.school_id = $1 AND d.student_id = p.id AND d.date = \(date)
        LEFT JOIN (
            SELECT DISTINCT ON (l.student_id) l.student_id, l.status, l.meaning
            FROM \(attended) l
            WHERE l.status IS NOT NULL
            ORDER BY l.student_id, l.starts_at DESC, l.lesson_id DESC
        ) k ON k.student_id = p.id
        """

    private static let counts = Statement(
        """
        SELECT count(*) AS students, count(*) FILTER (WHERE w.at_home) AS at_home,
            count(*) FILTER (WHERE NOT w.at_home AND w.status = 'present') AS present,
            count(*) FILTER (WHERE NOT w.at_home AND w.status = 'missing') AS missing,
            count(*) FILTER (WHERE NOT w.at_home AND w.status IS NULL) AS unknown,
            \(meanings.map {
                "count(*) FILTER (WHERE NOT w.at_home AND w.status = 'missing' AND w.counts_as = '\($0)') AS \"meanings.\($0)\""
            }.joined(separator: ", "))
        FROM (\(whereabouts)) w
        """)

    private static let meanings = ["absent", "ill", "excused", "unexcused"]

    private static let students = Statement(
        """
        SELECT u.id, u.last_name, u.first_name, u.middle_name, w.at_home, w.status,
            nullif(w.counts_as, 'present') AS counts_as, w.meaning AS "day.meaning", w.reason AS "day.reason",
            w.note_id AS "day.note_id", w.explains_only AS "day.explains_only", w.version AS "day.version"
        FROM (\(whereabouts)) w
        JOIN users u ON u.school_id = $1 AND u.id = w.id
        ORDER BY w.number
        """)

    private static let records = Statement(
        """
        SELECT l.student_id AS _parent, l.lesson_id, l.status, l.meaning AS counts_as, c.code, a.meaning, a.minutes,
            CASE WHEN a.meaning IS NOT NULL THEN a.first_recorded_at END AS recorded_at, a.decided_meaning,
            a.decided_minutes, a.decided_reason, coalesce(a.decided_by_day, false) AS decided_by_day,
            coalesce(a.version, 0) AS version
        FROM unnest(\(pupils)) WITH ORDINALITY p (id, number)
        JOIN \(attended) l ON l.student_id = p.id
        LEFT JOIN attendance a ON a.school_id = $1 AND a.id = l.attendance_id
        LEFT JOIN attendance_codes c ON c.school_id = $1 AND c.id = a.code_id
        ORDER BY p.number, l.starts_at, l.lesson_id
        """)

    private static let notes = Statement(
        """
        SELECT n.student_id AS _parent, n.id, n.starts_on, n.ends_on, n.reason, n.document, n.state, n.meaning,
            n.by_family, n.version
        FROM unnest(\(pupils)) WITH ORDINALITY p (id, number)
        JOIN absence_notes n ON n.school_id = $1 AND n.student_id = p.id AND \(date) BETWEEN n.starts_on AND n.ends_on
        ORDER BY p.number, n.id
        """)
}
