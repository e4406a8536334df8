import Diary
import Postgres
import Web

/// One student's days as the family sees them: a whole screen in one request and one round trip.
package enum StudentDiary {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/diary", "getStudentDiary", access: .readersOfMarks, show)
    ]

    static let longestRange = 42

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        try query.finish()
        let id = try request.identifier("student_id")
        let school = Parameter.integer(caller.school.id)
        let student = StudentGate.open(caller, id)
        let days = (StudentGate.isDated(for: caller) ? seenDates : dates)(.text(range?.from), .text(range?.to))
        return try await Answer(capacity: 16 * 1024) {
            Gate(student)
            Gate(days, unless: "_unseen")
            Object("student", student)
            Fields(days)
            List("lessons", lessons(school)) {
                List("homework", homework(school))
                List("marks", marks(school))
                List("feedback", lessonFeedback(school))
            }
            List("moved_lessons", movedLessons(school))
            List("homework_due", homeworkDue(school))
            List("feedback", feedback(school))
            List("conduct_notes", conductNotes(school))
            List("holidays", holidays(school))
        }.tagged(
            for: caller,
            // The answer is not kept for callers who see only some days.
            StudentGate.isDated(for: caller)
                ? nil
                : Keeping(
                    "getStudentDiary", .student(id), [range?.from, range?.to],
                    standing: StudentStanding.statement(school, .text(id))))
    }

    /// The requested days, by default this week from Monday to Sunday; stored in settings for the statements that
    /// follow.
    private static let dates = Statement(
        """
        SELECT r.first AS "from", r.last AS "to",
            \(kept), false AS _unseen
        FROM (
            SELECT coalesce($1::date, date_trunc('week', lyceum.today())::date) AS first,
                coalesce($2::date, date_trunc('week', lyceum.today())::date + 6) AS last
        ) r
        """)

    /// The same, cut to the last period visible to the caller that overlaps the requested days. The default is the last
    /// visible week. Without a visible day the range is empty.
    private static let seenDates = Statement(
        """
        SELECT r.first AS "from", r.last AS "to",
            \(kept), r.unseen AS _unseen
        FROM (
            SELECT CASE WHEN d.days IS NULL THEN a.last + 1 ELSE greatest(a.first, lower(d.days)) END AS first,
                CASE WHEN d.days IS NULL THEN a.last ELSE least(a.last, upper(d.days) - 1) END AS last,
                d.days IS NULL AS unseen
            FROM (
                SELECT coalesce($1::date, w.monday) AS first, coalesce($2::date, w.monday + 6) AS last
                FROM (
                    SELECT date_trunc('week', least(lyceum.today(), upper(\(StudentGate.days)) - 1))::date AS monday
                ) w
            ) a
            LEFT JOIN unnest(\(StudentGate.days)) AS d (days) ON d.days && daterange(a.first, a.last, '[]')
            ORDER BY d.days DESC NULLS LAST
            LIMIT 1
        ) r
        """)

    private static let kept = """
        \(Setting.from.set(to: "r.first")) AS _from, \(Setting.to.set(to: "r.last")) AS _to
        """

    private static let from = "(SELECT \(Setting.from.required))"
    private static let to = "(SELECT \(Setting.to.required))"
    private static let student = StudentGate.student

    /// Lessons of the groups that the student was a member of on that day. The requested days are compared separately,
    /// not inside `greatest(…)`: only then PostgreSQL uses them in the index on the lessons of a section. Memberships
    /// outside these days are filtered first: a student collects many in eleven years.
    ///
    /// The statements that follow read data of these lessons, in the same order: `studied`.
    private static let lessons = Statement(
        """
        WITH studied AS MATERIALIZED (
            SELECT l.id, l.date, l.slot, l.starts_at, l.ends_at, l.state, l.section_id, l.teacher_id, l.room_id, l.topic,
                l.no_homework, l.substitution_id, s.subject_id, m.student_id
            FROM group_members m
            JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
            JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.date BETWEEN \(from) AND \(to)
                AND lyceum.holds(m.starts_on, m.ends_on, l.date)
            WHERE m.school_id = $1 AND m.student_id = \(student)
                AND lyceum.holds_between(m.starts_on, m.ends_on, \(from), \(to))
            ORDER BY l.date, l.starts_at, l.id
        ),
        kept AS MATERIALIZED (SELECT \(Setting.lessons.set(to: "array_agg(id)")) FROM studied)
        SELECT l.id, l.date, l.slot,
            lyceum.local_moment(l.date, l.starts_at) AS starts_at, lyceum.local_moment(l.date, l.ends_at) AS ends_at,
            l.state, l.section_id, j.id AS "subject.id", j.name AS "subject.name",
            \(SharedSQL.person("t", as: "teacher?")),
            r.name AS room, l.topic, l.no_homework, \(LessonSubstitution.columns),
            a.counted AS "attendance?.meaning", a.minutes AS "attendance?.minutes", a.label AS "attendance?.label"
        FROM kept
        CROSS JOIN studied l
        JOIN subjects j ON j.school_id = $1 AND j.id = l.subject_id
        LEFT JOIN users t ON t.school_id = $1 AND t.id = l.teacher_id
        LEFT JOIN rooms r ON r.school_id = $1 AND r.id = l.room_id
        \(LessonSubstitution.join("l", id: "id"))
        LEFT JOIN LATERAL (
            SELECT lyceum.counted_meaning(x.meaning, x.decided_meaning) AS counted,
                CASE WHEN x.decided_meaning IS NULL THEN x.minutes ELSE x.decided_minutes END AS minutes,
                (
                    SELECT c.code
                    FROM attendance_codes c
                    WHERE c.school_id = x.school_id
                        AND c.meaning = lyceum.counted_meaning(x.meaning, x.decided_meaning)
                        AND (c.id = x.code_id OR c.is_default)
                    ORDER BY c.id = x.code_id DESC NULLS LAST
                    LIMIT 1
                ) AS label
            FROM attendance x
            WHERE x.school_id = $1 AND x.lesson_id = l.id AND x.student_id = l.student_id
        ) a ON true
        ORDER BY l.date, l.starts_at, l.id
        """)

    /// Lessons of these days that were moved to another day, which may be outside the range.
    private static let movedLessons = Statement(
        """
        SELECT x.lesson_id, j.id AS "subject.id", j.name AS "subject.name", x.old_date, x.old_slot, x.date, x.slot
        FROM substitutions x
        JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id
        JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
        JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
        WHERE x.school_id = $1 AND x.cancelled_at IS NULL AND x.kind = 'move' AND x.old_date BETWEEN \(from) AND \(to)
            AND x.old_date <> x.date
            AND EXISTS (
                SELECT FROM group_members m
                WHERE m.school_id = $1 AND m.group_id = s.group_id AND m.student_id = \(student)
                    AND lyceum.holds(m.starts_on, m.ends_on, x.old_date)
            )
        ORDER BY x.old_date, x.old_slot, x.id
        """)

    private static let studied = """
        FROM unnest(\(Setting.lessons.value)) WITH ORDINALITY l (id, number)
        """

    private static let forThePupil = """
        h.deleted_at IS NULL
            AND (
                h.for_all
                OR EXISTS (
                    SELECT FROM homework_students hs
                    WHERE hs.school_id = h.school_id AND hs.homework_id = h.id AND hs.student_id = \(student)
                )
            )
        """
    /// A join, because an EXISTS would read all completions of the school into a hash table.
    private static let completion = """
        LEFT JOIN homework_completions d ON d.school_id = $1 AND d.homework_id = h.id AND d.student_id = \(student)
        """
    private static let done = "d.homework_id IS NOT NULL AS done"

    private static let homework = Statement(
        """
        SELECT h.lesson_id AS _parent, h.id, h.text, h.due_on, h.asks_submission, \(done)
        \(studied)
        JOIN homework h ON h.school_id = $1 AND h.lesson_id = l.id AND \(forThePupil)
        \(completion)
        ORDER BY l.number, h.id
        """)

    private static let marks = Statement(
        """
        SELECT l.id AS _parent, k.id, k.line_item_id,
            c.id AS "category?.id", c.name AS "category?.name", coalesce(c.short_name, left(c.name, 10)) AS "category?.short",
            i.title, i.weight, lyceum.mark_value(k.kind, k.number, k.code, k.due_on) AS value, k.comment, k.version,
            k.changed_at AS recorded_at
        \(studied)
        JOIN line_items i ON i.school_id = $1 AND i.lesson_id = l.id AND i.deleted_at IS NULL
        JOIN marks k ON k.school_id = $1 AND k.line_item_id = i.id AND k.student_id = \(student)
            AND k.kind IS NOT NULL AND k.published_at <= now()
        LEFT JOIN categories c ON c.school_id = $1 AND c.id = i.category_id
        ORDER BY l.number, i.is_default DESC, i.created_at, k.id
        """)

    private static let written = """
        f.id, f.text, f.version, \(SharedSQL.person("u", as: "author?")), f.created_at
        """

    private static let lessonFeedback = Statement(
        """
        SELECT l.id AS _parent, \(written)
        \(studied)
        JOIN feedback f ON f.school_id = $1 AND f.lesson_id = l.id AND f.student_id = \(student)
            AND f.deleted_at IS NULL AND f.published_at <= now()
        LEFT JOIN users u ON u.school_id = $1 AND u.id = f.author_id
        ORDER BY l.number, f.id
        """)

    private static let homeworkDue = Statement(
        """
        SELECT h.id, h.lesson_id, j.id AS "subject.id", j.name AS "subject.name", h.text, h.due_on, h.asks_submission,
            \(done)
        FROM group_members m
        JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
        JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
        JOIN homework h ON h.school_id = s.school_id AND h.section_id = s.id AND h.due_on BETWEEN \(from) AND \(to)
            AND \(forThePupil)
        JOIN lessons l ON l.school_id = h.school_id AND l.id = h.lesson_id
            AND lyceum.holds(m.starts_on, m.ends_on, l.date)
        \(completion)
        WHERE m.school_id = $1 AND m.student_id = \(student)
        ORDER BY h.due_on, j.name, h.id
        """)

    private static let feedback = Statement(
        """
        SELECT \(written)
        FROM feedback f
        LEFT JOIN users u ON u.school_id = f.school_id AND u.id = f.author_id
        WHERE f.school_id = $1 AND f.student_id = \(student) AND f.lesson_id IS NULL AND f.deleted_at IS NULL
            AND f.published_at <= now()
            AND (f.created_at AT TIME ZONE \(Setting.timeZone.required))::date BETWEEN \(from) AND \(to)
        ORDER BY f.created_at, f.id
        """)

    private static let conductNotes = Statement(
        """
        SELECT n.id, n.date, n.kind, n.text, n.version, \(SharedSQL.person("u", as: "author?"))
        FROM conduct_notes n
        LEFT JOIN users u ON u.school_id = n.school_id AND u.id = n.author_id
        WHERE n.school_id = $1 AND n.student_id = \(student) AND n.date BETWEEN \(from) AND \(to)
            AND n.deleted_at IS NULL AND n.published_at <= now()
        ORDER BY n.date, n.id
        """)

    private static let holidays = Statement(
        """
        SELECT o.name, o.starts_on, o.ends_on
        FROM holidays o
        WHERE o.school_id = $1 AND o.starts_on <= \(to) AND o.ends_on >= \(from)
            AND (o.grade_levels IS NULL OR lyceum.grade_level_on($1, \(student), \(to)) = ANY (o.grade_levels))
            AND \(student) IS NOT NULL
        ORDER BY o.starts_on, o.id
        """)
}

extension Setting {
    /// The lessons of the answer, in the order of the answer.
    fileprivate static let lessons = Setting("lessons", .uuids)
}
