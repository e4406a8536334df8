import Diary
import Postgres
import Web

/// What happened to a student in a week, in one answer (C3, S5.3): what became visible in these days, what was missed, and
/// what is due. The family reads it at the end of the week.
///
/// A week is one of ISO 8601, from Monday to Sunday, at the school. Records belong to the week in which they were published
/// or changed: a mark for last week's work that is written today is news today.
package enum StudentDigest {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/digest", "getStudentDigest", access: .readersOfAttendance, show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let day = query.date("week")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        let homework = homework(school)
        return try await Answer(capacity: 8 * 1024) {
            Gate(student)
            Gate(StudentGate.allDays())
            Object("student", student)
            Fields(week(.text(day)))
            Silent(StudentYear.ofDay(school))
            Object("term", term(school))
            List("subjects", subjects(school)) {
                List("marks", marks(school))
            }
            Object("attendance", attendance(school))
            List("absences", absences(school)) {
                List("lessons", missedLessons(school))
            }
            Object("homework", homeworkCounts(school)) {
                List("items", homework)
            }
            List("owed", owed(school))
            List("debts", debts(school))
            List("finals", finals(school))
            List("feedback", feedback(school))
            List("conduct_notes", conductNotes(school))
            List("announcements", announcements(school))
        }.tagged(for: caller)
    }

    /// The week with the day, by default this one.
    private static let week = Statement(
        """
        SELECT w.monday AS "from", w.monday + 6 AS "to", \(Setting.from.set(to: "w.monday")) AS _from,
            \(Setting.to.set(to: "(w.monday + 6)")) AS _to
        FROM (SELECT date_trunc('week', coalesce($1::date, lyceum.today()))::date AS monday) w
        """)

    // MARK: SQL. `$1` is the school.

    private static let student = StudentGate.student
    private static let from = "(SELECT \(Setting.from.required))"
    private static let to = "(SELECT \(Setting.to.required))"
    private static let order = "j.position, j.name, j.id"

    /// The moments at which the week begins and ends at the school.
    private static func midnight(_ day: String) -> String {
        "(SELECT (\(day))::timestamp AT TIME ZONE \(Setting.timeZone.required))"
    }
    private static let begin = midnight(Setting.from.required)
    private static let end = midnight("\(Setting.to.required) + 1")

    /// M12: the family learnt of the row `x` in the week, or of a change of it.
    private static func isNews(_ x: String) -> String {
        """
        \(x).published_at <= now() AND \(x).published_at < \(end)
            AND (\(x).published_at >= \(begin) OR \(x).changed_at >= \(begin) AND \(x).changed_at < \(end))
        """
    }

    /// The term of the student that had begun last in that week.
    private static let period = """
        SELECT t.id, t.name, t.starts_on, t.ends_on
        FROM terms t
        WHERE t.school_id = $1 AND t.academic_year_id = \(StudentYear.year)
            AND \(StudentYear.gradeLevel) = ANY (t.grade_levels) AND t.starts_on <= \(to)
        ORDER BY t.starts_on DESC
        LIMIT 1
        """

    private static let term = Statement(period)

    /// The averages of the whole term as they are now, and those of the class (A1).
    private static let subjects = Statement(
        """
        WITH \(AverageSQL.compared(periods: period))
        SELECT j.id, j.name, lyceum.shown_average(a.weighted, a.weight) AS average,
            lyceum.shown_average(a.total, a.numbers) AS plain_average,
            CASE WHEN c.students >= 5 THEN round(c.average, 2) END AS class_average
        FROM (\(StudentYear.subjects)) s
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN averages a ON a.student_id = \(student) AND a.subject_id = j.id
        LEFT JOIN classes c ON c.subject_id = j.id
        ORDER BY \(order)
        """)

    private static let marks = Statement(
        """
        SELECT j.id AS _parent, k.id, l.id AS "lesson.id", l.date AS "lesson.date",
            c.id AS "category?.id", c.name AS "category?.name", coalesce(c.short_name, left(c.name, 10)) AS "category?.short",
            i.title, i.weight, lyceum.mark_value(k.kind, k.number, k.code, k.due_on) AS value, k.comment,
            k.published_at < \(begin) AS changed, k.version
        FROM marks k
        JOIN line_items i ON i.school_id = $1 AND i.id = k.line_item_id AND i.deleted_at IS NULL
        JOIN lessons l ON l.school_id = $1 AND l.id = i.lesson_id
        JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN categories c ON c.school_id = $1 AND c.id = i.category_id
        WHERE k.school_id = $1 AND k.student_id = \(student) AND k.kind IS NOT NULL AND \(isNews("k"))
            AND s.subject_id IN (\(StudentYear.subjects))
        ORDER BY \(order), l.date, l.starts_at, i.is_default DESC, i.created_at, k.id
        """)

    private static let attended = """
        WITH attended AS MATERIALIZED (
            SELECT l.* FROM lyceum.attended_lessons($1, ARRAY[\(student)], \(from), \(to)) l
        ), \(AttendanceTotals.days)
        """

    private static let attendance = Statement("\(attended) \(AttendanceTotals.total)")

    /// Days with a missed lesson or a delay (T3).
    private static let absences = Statement(
        """
        \(attended)
        SELECT d.date AS _key, d.date, d.is_missed AS missed, d.meaning
        FROM days d
        WHERE EXISTS (SELECT FROM attended l WHERE l.date = d.date AND l.status IN ('missed', 'late'))
        ORDER BY d.date
        """)

    private static let missedLessons = Statement(
        """
        \(attended)
        SELECT l.date AS _parent, l.lesson_id, j.id AS "subject.id", j.name AS "subject.name", l.status, l.meaning,
            l.minutes
        FROM days d
        JOIN attended l ON l.date = d.date AND l.status IN ('missed', 'late')
        JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        ORDER BY l.date, l.starts_at, l.lesson_id
        """)

    /// What was due in the week (H2).
    private static let dueHomework = """
        SELECT DISTINCT h.id, h.lesson_id, s.subject_id, h.text, h.due_on,
            CASE WHEN d.homework_id IS NOT NULL THEN 'done' WHEN h.due_on < lyceum.today() THEN 'overdue' ELSE 'not_done' END
                AS status
        FROM group_members m
        JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
        JOIN homework h ON h.school_id = s.school_id AND h.section_id = s.id AND h.deleted_at IS NULL
            AND h.due_on BETWEEN \(from) AND \(to)
        JOIN lessons l ON l.school_id = h.school_id AND l.id = h.lesson_id AND lyceum.holds(m.starts_on, m.ends_on, l.date)
        LEFT JOIN homework_completions d ON d.school_id = $1 AND d.homework_id = h.id AND d.student_id = \(student)
        WHERE m.school_id = $1 AND m.student_id = \(student)
            AND (
                h.for_all
                OR EXISTS (
                    SELECT FROM homework_students o
                    WHERE o.school_id = $1 AND o.homework_id = h.id AND o.student_id = \(student)
                )
            )
        """

    private static let homeworkCounts = Statement(
        """
        SELECT \(["done", "not_done", "overdue"].map { "count(*) FILTER (WHERE h.status = '\($0)') AS \($0)" }
            .joined(separator: ", "))
        FROM (\(dueHomework)) h
        """)

    private static let homework = Statement(
        """
        SELECT h.id, h.lesson_id, j.id AS "subject.id", j.name AS "subject.name", h.text, h.due_on, h.status
        FROM (\(dueHomework)) h
        JOIN subjects j ON j.school_id = $1 AND j.id = h.subject_id
        ORDER BY h.due_on, \(order), h.id
        """)

    /// M4: works that the student owes now.
    private static let owed = Statement(
        """
        SELECT k.id AS mark_id, j.id AS "subject.id", j.name AS "subject.name", i.title, l.date AS "lesson.date",
            l.id AS "lesson.id", k.due_on, k.due_on < lyceum.today() AS overdue
        FROM marks k
        JOIN line_items i ON i.school_id = $1 AND i.id = k.line_item_id AND i.deleted_at IS NULL
        JOIN lessons l ON l.school_id = $1 AND l.id = i.lesson_id
        JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        WHERE k.school_id = $1 AND k.student_id = \(student) AND k.code = 'owed' AND k.published_at <= now()
        ORDER BY k.due_on, \(order), k.id
        """)

    /// M13: debts that are open now, and those that were settled in the week.
    private static let debts = Statement(
        """
        SELECT d.id, j.id AS "subject.id", j.name AS "subject.name", d.state, d.opened_on, d.settled_on,
            a.held_on AS next_attempt_on
        FROM debts d
        JOIN subjects j ON j.school_id = $1 AND j.id = d.subject_id
        LEFT JOIN LATERAL (
            SELECT min(a.held_on) AS held_on
            FROM debt_attempts a
            WHERE a.school_id = $1 AND a.debt_id = d.id AND a.result IS NULL AND d.state = 'open'
        ) a ON true
        WHERE d.school_id = $1 AND d.student_id = \(student) AND d.published_at <= now()
            AND (d.state = 'open' OR d.state = 'settled' AND d.settled_on BETWEEN \(from) AND \(to))
        ORDER BY d.opened_on, \(order), d.id
        """)

    private static let finals = Statement(
        """
        SELECT x.id, j.id AS "subject.id", j.name AS "subject.name", x.kind, x.term_id,
            lyceum.mark_value(x.value_kind, x.number, x.code, x.due_on) AS value, x.published_at < \(begin) AS changed,
            x.version
        FROM final_marks x
        JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
        WHERE x.school_id = $1 AND x.student_id = \(student) AND x.value_kind IS NOT NULL AND \(isNews("x"))
        ORDER BY \(order), array_position(ARRAY['term', 'year', 'exam', 'final'], x.kind), x.id
        """)

    private static let feedback = Statement(
        """
        SELECT f.id, j.id AS "subject.id", j.name AS "subject.name", f.lesson_id, f.term_id, f.text,
            \(SharedSQL.person("u", as: "author?")), f.published_at < \(begin) AS changed, f.version
        FROM feedback f
        JOIN sections s ON s.school_id = $1 AND s.id = f.section_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN users u ON u.school_id = $1 AND u.id = f.author_id
        WHERE f.school_id = $1 AND f.student_id = \(student) AND f.deleted_at IS NULL AND \(isNews("f"))
        ORDER BY f.published_at, f.id
        """)

    private static let conductNotes = Statement(
        """
        SELECT n.id, n.date, n.kind, n.text, \(SharedSQL.person("u", as: "author?")),
            n.published_at < \(begin) AS changed, n.version
        FROM conduct_notes n
        LEFT JOIN users u ON u.school_id = $1 AND u.id = n.author_id
        WHERE n.school_id = $1 AND n.student_id = \(student) AND n.deleted_at IS NULL AND \(isNews("n"))
        ORDER BY n.date, n.id
        """)

    /// C2: announcements to the student, who reads them alone, or to the guardians.
    private static let announcements = Statement(
        """
        SELECT a.id, a.title, a.asks_acknowledgement, a.starts_at
        FROM announcements a
        WHERE a.school_id = $1 AND a.starts_at >= \(begin) AND a.starts_at < \(end) AND a.starts_at <= now()
            AND a.withdrawn_at IS NULL
            AND a.audience && ARRAY(
                SELECT CASE WHEN \(student) = lyceum.current_user_id() THEN 'students/' ELSE 'guardians/' END || d.place
                FROM lyceum.pupil_addresses($1, \(student)) d
            )
        ORDER BY a.starts_at, a.id
        """)
}
