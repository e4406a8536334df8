import Diary
import Postgres

/// The student and the guardian's children: this day and the next one with lessons.
extension MyDay {
    /// A1, A3: the person, if a student, and the children under a guardianship with access today. `next_on` is the next
    /// day on which the student has lessons, within two weeks.
    static let students = Statement(
        """
        WITH own AS (
            SELECT s.id, NULL::text AS relation
            FROM students s
            WHERE s.school_id = $1 AND s.id = $2::uuid
            UNION ALL
            SELECT g.student_id, g.relation
            FROM guardianships g
            WHERE g.school_id = $1 AND g.guardian_id = $2::uuid AND g.access = 'full'
                AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
        ),
        ordered AS MATERIALIZED (
            SELECT o.id, o.relation, u.last_name, u.first_name, u.middle_name, c.id AS class_id, c.name AS class,
                c.grade_level, n.next_on,
                row_number() OVER (ORDER BY c.grade_level DESC NULLS LAST, u.last_name, u.first_name, o.id) AS number
            FROM own o
            JOIN users u ON u.school_id = $1 AND u.id = o.id
            LEFT JOIN enrollments e ON e.school_id = $1 AND e.student_id = o.id
                AND lyceum.holds_between(e.starts_on, e.ends_on, \(day), \(day))
            LEFT JOIN classes c ON c.school_id = $1 AND c.id = e.class_id
            CROSS JOIN LATERAL (
                SELECT min(l.date) AS next_on
                FROM group_members m
                JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id
                    AND l.date BETWEEN \(day) + 1 AND \(day) + 14 AND lyceum.holds(m.starts_on, m.ends_on, l.date)
                    AND l.state <> 'cancelled'
                WHERE m.school_id = $1 AND m.student_id = o.id
                    AND lyceum.holds_between(m.starts_on, m.ends_on, \(day) + 1, \(day) + 14)
            ) n
        ),
        kept AS MATERIALIZED (
            SELECT \(Setting.dayStudents.set(to: "array_agg(id ORDER BY number)")),
                \(Setting.dayNext.set(text: "array_agg(next_on ORDER BY number)::text"))
            FROM ordered
        )
        SELECT o.id, o.last_name, o.first_name, o.middle_name, o.relation, o.class_id AS "class?.id", o.class AS "class?.name",
            o.grade_level AS "class?.grade_level", o.next_on
        FROM kept
        CROSS JOIN ordered o
        ORDER BY o.number
        """)

    private static let shown = """
        unnest(\(Setting.dayStudents.value), nullif(\(Setting.dayNext.text), '')::date[])
                WITH ORDINALITY p (id, next_on, number)
        """

    static let studentLessons = Statement(
        """
        SELECT p.id AS _parent, l.id, l.date, l.slot, lyceum.local_moment(l.date, l.starts_at) AS starts_at,
            lyceum.local_moment(l.date, l.ends_at) AS ends_at, l.state, l.section_id, j.id AS "subject.id",
            j.name AS "subject.name", \(SharedSQL.person("t", as: "teacher?")), r.name AS room, l.topic,
            \(LessonSubstitution.columns), lyceum.counted_meaning(a.meaning, a.decided_meaning) AS attendance
        FROM \(shown)
        JOIN group_members m ON m.school_id = $1 AND m.student_id = p.id
            AND lyceum.holds_between(m.starts_on, m.ends_on, \(day), coalesce(p.next_on, \(day)))
        JOIN sections s ON s.school_id = $1 AND s.group_id = m.group_id
        JOIN lessons l ON l.school_id = $1 AND l.section_id = s.id AND l.date IN (\(day), p.next_on)
            AND lyceum.holds(m.starts_on, m.ends_on, l.date)
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN users t ON t.school_id = $1 AND t.id = l.teacher_id
        LEFT JOIN rooms r ON r.school_id = $1 AND r.id = l.room_id
        \(LessonSubstitution.join("l", id: "id"))
        LEFT JOIN attendance a ON a.school_id = $1 AND a.lesson_id = l.id AND a.student_id = p.id
        ORDER BY p.number, l.date, l.starts_at, l.id
        """)

    /// H2: what is due on these days, and what was due in the week before and is not done.
    static let studentHomework = Statement(
        """
        SELECT p.id AS _parent, h.id, h.lesson_id, j.id AS "subject.id", j.name AS "subject.name", h.text, h.due_on,
            d.homework_id IS NOT NULL AS done, h.due_on < lyceum.today() AND d.homework_id IS NULL AS overdue
        FROM \(shown)
        JOIN group_members m ON m.school_id = $1 AND m.student_id = p.id
        JOIN sections s ON s.school_id = $1 AND s.group_id = m.group_id
        JOIN homework h ON h.school_id = $1 AND h.section_id = s.id AND h.deleted_at IS NULL
            AND h.due_on BETWEEN \(day) - 7 AND coalesce(p.next_on, \(day))
            AND (
                h.for_all
                OR (
                    -- No EXISTS: it could read the homework for some of the whole school into a hash table.
                    SELECT true FROM homework_students hs
                    WHERE hs.school_id = $1 AND hs.homework_id = h.id AND hs.student_id = p.id
                )
            )
        JOIN lessons l ON l.school_id = $1 AND l.id = h.lesson_id AND lyceum.holds(m.starts_on, m.ends_on, l.date)
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        -- OFFSET 0, for the same reason.
        LEFT JOIN LATERAL (
            SELECT d.homework_id
            FROM homework_completions d
            WHERE d.school_id = $1 AND d.homework_id = h.id AND d.student_id = p.id
            OFFSET 0
        ) d ON true
        WHERE h.due_on >= \(day) OR d.homework_id IS NULL
        ORDER BY p.number, h.due_on, j.name, h.id
        """)

    /// What is new is what was recorded, or published (M12), on this day and on the two days before.
    private static func isNew(_ moment: String) -> String {
        """
        \(moment) >= (\(day) - 2)::timestamp AT TIME ZONE \(Setting.timeZone.required)
            AND \(moment) < (\(day) + 1)::timestamp AT TIME ZONE \(Setting.timeZone.required)
        """
    }

    static let studentMarks = Statement(
        """
        SELECT p.id AS _parent, k.id, k.line_item_id, l.section_id, l.id AS "lesson.id", l.date AS "lesson.date",
            j.id AS "subject.id", j.name AS "subject.name", c.id AS "category?.id", c.name AS "category?.name",
            coalesce(c.short_name, left(c.name, 10)) AS "category?.short", i.title, i.weight,
            lyceum.mark_value(k.kind, k.number, k.code, k.due_on) AS value, k.comment, k.version,
            k.changed_at AS recorded_at
        FROM \(shown)
        JOIN marks k ON k.school_id = $1 AND k.student_id = p.id AND k.kind IS NOT NULL AND k.published_at <= now()
            AND \(isNew("greatest(k.changed_at, k.published_at)"))
        JOIN line_items i ON i.school_id = $1 AND i.id = k.line_item_id AND i.deleted_at IS NULL
        JOIN lessons l ON l.school_id = $1 AND l.id = i.lesson_id
        JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN categories c ON c.school_id = $1 AND c.id = i.category_id
        ORDER BY p.number, k.changed_at DESC, k.id
        """)

    static let studentFeedback = Statement(
        """
        SELECT p.id AS _parent, f.id, f.lesson_id, f.text, \(SharedSQL.person("u", as: "author?")), f.created_at
        FROM \(shown)
        JOIN feedback f ON f.school_id = $1 AND f.student_id = p.id AND f.deleted_at IS NULL
            AND f.published_at <= now() AND \(isNew("greatest(f.created_at, f.published_at)"))
        LEFT JOIN users u ON u.school_id = $1 AND u.id = f.author_id
        ORDER BY p.number, f.created_at DESC, f.id
        """)

    static let studentConductNotes = Statement(
        """
        SELECT p.id AS _parent, n.id, n.date, n.kind, n.text, n.version, \(SharedSQL.person("u", as: "author?"))
        FROM \(shown)
        JOIN conduct_notes n ON n.school_id = $1 AND n.student_id = p.id AND n.deleted_at IS NULL
            AND n.published_at <= now() AND n.date BETWEEN \(day) - 2 AND \(day)
        LEFT JOIN users u ON u.school_id = $1 AND u.id = n.author_id
        ORDER BY p.number, n.date DESC, n.id
        """)
}

extension Setting {
    fileprivate static let dayStudents = Setting("day_students", .uuids)
    /// The students' next days with lessons, as an array of dates.
    fileprivate static let dayNext = Setting("day_next", .text)
}
