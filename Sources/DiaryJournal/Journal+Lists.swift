import Diary
import Postgres

/// The lists of the journal page. `$1` is the school; the parameters after it are those of `Journal.show`.
extension Journal {
    /// M1, M2: the codes that the section allows on the days of the page, for marks of lessons and for final marks.
    static let markCodes = Statement(
        """
        SELECT c.code, t.code_labels ->> c.code AS label, c.code = 'not_assessed' AS finals_only
        FROM sections s
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        JOIN academic_years y ON y.school_id = s.school_id AND y.id = s.academic_year_id
        JOIN school_settings t ON t.school_id = s.school_id
        CROSS JOIN unnest(
            CASE
                WHEN s.grading = 'none' OR lyceum.is_before_marks(g.grade_level, \(to), y.second_half_starts_on) THEN '{}'
                WHEN s.grading = 'pass_fail' THEN '{pass,fail}'
                ELSE '{pass,fail,exempt,owed,not_assessed}'
            END::text[]
        ) WITH ORDINALITY c (code, position)
        WHERE s.school_id = $1 AND s.id = \(section)
        ORDER BY c.position
        """)

    static let attendanceCodes = Statement(
        """
        SELECT code, meaning FROM attendance_codes
        WHERE school_id = $1 AND archived_at IS NULL ORDER BY position, code
        """)

    static let categories = Statement(
        """
        SELECT id, name, coalesce(short_name, left(name, 10)) AS short, weight, is_control
        FROM categories WHERE school_id = $1 AND archived_at IS NULL ORDER BY position, name
        """)

    /// The closing dates and unlocks of a section are read once for all its lessons. The same rules as in
    /// `lyceum.lesson_locks` then apply them to each lesson. `OFFSET 0` makes PostgreSQL compute a result once, however
    /// often it is used.
    static let lessons = Statement(
        """
        WITH closings AS MATERIALIZED (
            SELECT t.starts_on, t.ends_on, t.marks_close_on, NULL::date AS expires_on
            FROM lyceum.section_terms t
            WHERE t.school_id = $1 AND t.section_id = \(section)
            UNION ALL
            SELECT u.starts_on, u.ends_on, NULL, u.expires_on
            FROM unlocks u
            WHERE u.school_id = $1 AND u.section_id = \(section) AND u.revoked_at IS NULL
        )
        SELECT x.id, x.date, x.slot, lyceum.local_moment(x.date, x.starts_at) AS starts_at,
            lyceum.local_moment(x.date, x.ends_at) AS ends_at, r.name AS room, x.state, x.topic, x.plan_topic_id,
            x.no_homework, x.attendance_taken_at, \(SharedSQL.person("t", as: "teacher?")), \(LessonSubstitution.columns),
            x.topic_first_recorded_at, x.homework_first_recorded_at, x.editable_until,
            CASE
                WHEN NOT coalesce(
                    x.teacher_id = $3::uuid
                        OR x.date <@ (SELECT lyceum.taught_days($1, $3::uuid, \(section))),
                    false
                ) THEN 'not_your_lesson'
                ELSE nullif(lyceum.lock_reason(x.state, x.date, x.editable_until, x.today), 'lesson_in_future')
            END AS locked_reason, x.version
        FROM (
            SELECT x.*, d.today,
                (
                    SELECT lyceum.editable_until(
                        x.date, d.edit_window_days, max(c.marks_close_on), max(c.expires_on)
                    )
                    FROM closings c
                    WHERE x.date BETWEEN c.starts_on AND c.ends_on
                ) AS editable_until
            FROM lessons x
            CROSS JOIN (
                SELECT lyceum.today() AS today,
                    (SELECT t.edit_window_days FROM school_settings t WHERE t.school_id = $1) AS edit_window_days
                OFFSET 0
            ) d
            WHERE x.school_id = $1 AND x.section_id = \(section) AND \(isInRange)
                AND (
                    \(changed("lessons"))
                    OR EXISTS (
                        SELECT FROM homework h
                        WHERE h.school_id = x.school_id AND h.lesson_id = x.id AND \(isChanged("h.id", "homework"))
                    )
                )
            OFFSET 0
        ) x
        LEFT JOIN rooms r ON r.school_id = $1 AND r.id = x.room_id
        LEFT JOIN users t ON t.school_id = $1 AND t.id = x.teacher_id
        \(LessonSubstitution.join("x", id: "id"))
        ORDER BY x.date, x.starts_at, x.id
        """)

    /// The students of homework for some; a class teacher sees the own ones, and no homework that is for others only
    /// (A1).
    static let homework = Statement(
        """
        SELECT x.id AS _parent, h.id, h.text, h.due_on, h.asks_submission, to_json(n.students) AS student_ids, h.version
        FROM lessons x
        JOIN homework h ON h.school_id = x.school_id AND h.lesson_id = x.id AND h.deleted_at IS NULL
        LEFT JOIN LATERAL (
            SELECT array_agg(s.student_id ORDER BY s.student_id) AS students
            FROM homework_students s
            WHERE NOT h.for_all AND s.school_id = $1 AND s.homework_id = h.id
                AND \(seen("s.student_id", "x.date <@", reader: "$3"))
        ) n ON NOT h.for_all
        WHERE x.school_id = $1 AND x.section_id = \(section) AND \(isInRange)
            AND (h.for_all OR n.students IS NOT NULL)
            AND (
                \(changed("lessons"))
                OR EXISTS (
                    SELECT FROM homework o
                    WHERE o.school_id = x.school_id AND o.lesson_id = x.id AND \(isChanged("o.id", "homework"))
                )
            )
        ORDER BY x.date, x.starts_at, x.id, h.for_all DESC, h.id
        """)

    static let lineItems = Statement(
        """
        SELECT x.id, x.lesson_id, x.category_id, x.title, x.weight, x.is_default, x.version
        FROM lessons l
        JOIN line_items x ON x.school_id = l.school_id AND x.lesson_id = l.id AND x.deleted_at IS NULL
        WHERE l.school_id = $1 AND l.section_id = \(section) AND l.date BETWEEN \(from) AND \(to) AND \(changed("line_items"))
        ORDER BY l.date, l.starts_at, l.id, x.is_default DESC, x.created_at, x.id
        """)

    /// A class teacher who does not teach this section reads only the own students; a former class teacher reads only
    /// the days in that role. These students are queried once per statement and only for such readers; for other
    /// readers the condition costs one comparison per row. (Subqueries were started for every reader, and their
    /// estimates made the planner read whole tables.)
    ///
    /// - Parameter condition: the left part of a condition on the row's day, completed with the days: `l.date <@`.
    static func seen(_ student: String, _ condition: String, reader: String) -> String {
        func led(today: Bool) -> String { "(SELECT lyceum.led_ids($1, \(reader)::uuid, \(today)))::uuid[]" }
        return """
            (
                \(SectionGate.isReadWhole)
                OR \(student) = ANY (\(led(today: true)))
                OR \(student) = ANY (\(led(today: false)))
                    AND \(condition) lyceum.led_days($1, \(reader)::uuid, \(student))
            )
            """
    }

    private static let membership = "daterange(m.starts_on, m.ends_on, '[]')"
    private static let members = """
        SELECT m.student_id, min(m.starts_on) AS starts_on,
            CASE WHEN bool_or(m.ends_on IS NULL) THEN NULL ELSE max(m.ends_on) END AS ends_on
        FROM sections s
        JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
            AND lyceum.holds_between(m.starts_on, m.ends_on, \(from), \(to))
        WHERE s.school_id = $1 AND s.id = \(section) AND \(seen("m.student_id", "\(membership) * daterange(\(from), \(to), '[]') &&", reader: "$2"))
        GROUP BY m.student_id
        """

    static let students = Statement(
        """
        SELECT u.id, u.last_name, u.first_name, u.middle_name, m.starts_on AS "from", m.ends_on AS "to",
            row_number() OVER (ORDER BY u.last_name, u.first_name, u.middle_name, u.id) AS number
        FROM (\(members)) m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        ORDER BY u.last_name, u.first_name, u.middle_name, u.id
        """)

    /// Columns are sorted before their marks are read: that costs a tenth of sorting the marks.
    static let marks = Statement(
        """
        SELECT x.id, x.line_item_id, x.student_id, lyceum.mark_value(x.kind, x.number, x.code, x.due_on) AS value,
            x.comment, x.version, x.published_at
        FROM (
            SELECT i.id, l.date, row_number() OVER (ORDER BY l.date, l.starts_at, l.id, i.is_default DESC, i.created_at, i.id) AS number
            FROM lessons l
            JOIN line_items i ON i.school_id = l.school_id AND i.lesson_id = l.id AND i.deleted_at IS NULL
            WHERE l.school_id = $1 AND l.section_id = \(section) AND l.date BETWEEN \(from) AND \(to)
        ) i
        JOIN marks x ON x.school_id = $1 AND x.line_item_id = i.id AND \(changed("marks"))
        WHERE \(seen("x.student_id", "i.date <@", reader: "$3"))
        ORDER BY i.number, x.student_id
        """)

    static let attendance = Statement(
        """
        SELECT x.lesson_id, x.student_id, c.code, x.meaning, x.minutes, x.decided_meaning, x.version
        FROM lessons l
        JOIN attendance x ON x.school_id = l.school_id AND x.lesson_id = l.id AND \(changed("attendance"))
        -- OFFSET 0: the codes are read once, and not for each record.
        LEFT JOIN (SELECT c.id, c.code FROM attendance_codes c WHERE c.school_id = $1 OFFSET 0) c ON c.id = x.code_id
        WHERE l.school_id = $1 AND l.section_id = \(section) AND l.date BETWEEN \(from) AND \(to)
            AND \(seen("x.student_id", "l.date <@", reader: "$3"))
        ORDER BY l.date, l.starts_at, l.id, x.student_id
        """)

    private static let dayOfFeedback =
        "coalesce(l.date, (x.created_at AT TIME ZONE \(Setting.timeZone.required))::date)"

    static let feedback = Statement(
        """
        SELECT x.id, x.lesson_id, x.term_id, x.student_id, CASE WHEN x.deleted_at IS NULL THEN x.text END AS text, x.version
        FROM feedback x
        LEFT JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id
        WHERE x.school_id = $1 AND x.section_id = \(section) AND \(changed("feedback"))
            AND \(dayOfFeedback) BETWEEN \(from) AND \(to)
            AND \(seen("x.student_id", "\(dayOfFeedback) <@", reader: "$3"))
        ORDER BY x.created_at, x.id
        """)

    /// M10: final marks follow the student, whichever section gave them. The day of a final mark is the last day of its
    /// term or year.
    private static let dayOfFinal = """
        coalesce(
            (SELECT t.ends_on FROM terms t WHERE t.school_id = $1 AND t.id = x.term_id),
            (SELECT y.ends_on FROM academic_years y WHERE y.school_id = $1 AND y.id = x.academic_year_id)
        )
        """

    static let finals = Statement(
        """
        SELECT x.student_id, x.kind, x.term_id, lyceum.mark_value(x.value_kind, x.number, x.code, x.due_on) AS value,
            x.version
        FROM (
            SELECT DISTINCT s.subject_id, s.academic_year_id, m.student_id
            FROM sections s
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
            WHERE s.school_id = $1 AND s.id = \(section)
        ) m
        JOIN final_marks x ON x.school_id = $1 AND x.student_id = m.student_id AND x.subject_id = m.subject_id
            AND x.academic_year_id = m.academic_year_id AND \(changed("final_marks"))
        WHERE \(seen("x.student_id", "\(dayOfFinal) <@", reader: "$3"))
        ORDER BY x.student_id, x.kind, x.term_id
        """)

    /// M10: marks that students of this section got in other sections of the same subject and year, or in another school.
    /// The other
    /// memberships are materialized first: otherwise the planner's estimates could make PostgreSQL read all lessons of
    /// the other sections for all students.
    static let carriedMarks = Statement(
        """
        WITH own AS MATERIALIZED (\(members)),
        others AS MATERIALIZED (
            SELECT o.id, o.name, o.group_id
            FROM sections s
            JOIN sections o ON o.school_id = s.school_id AND o.academic_year_id = s.academic_year_id
                AND o.subject_id = s.subject_id AND o.id <> s.id
            WHERE s.school_id = $1 AND s.id = \(section)
        ),
        elsewhere AS MATERIALIZED (
            SELECT m.student_id, m.starts_on, m.ends_on, o.id, o.name
            FROM own
            JOIN group_members m ON m.school_id = $1 AND m.student_id = own.student_id
            JOIN others o ON o.group_id = m.group_id
        )
        SELECT k.student_id, l.date, c.id AS "category?.id", c.name AS "category?.name",
            coalesce(c.short_name, left(c.name, 10)) AS "category?.short",
            lyceum.mark_value(k.kind, k.number, k.code, k.due_on) AS value, i.weight, m.name AS section_name, i.id AS _id
        FROM elsewhere m
        JOIN lessons l ON l.school_id = $1 AND l.section_id = m.id AND l.date BETWEEN \(from) AND \(to)
            AND lyceum.holds(m.starts_on, m.ends_on, l.date)
        JOIN line_items i ON i.school_id = $1 AND i.lesson_id = l.id AND i.deleted_at IS NULL
        JOIN marks k ON k.school_id = $1 AND k.line_item_id = i.id AND k.student_id = m.student_id
            AND k.kind IS NOT NULL
        LEFT JOIN categories c ON c.school_id = $1 AND c.id = i.category_id
        WHERE \(seen("m.student_id", "l.date <@", reader: "$2"))
        UNION ALL
        SELECT r.student_id, r.date, c.id, c.name, coalesce(c.short_name, left(c.name, 10)),
            lyceum.mark_value(r.kind, r.number, r.code, NULL), r.weight, r.school_name, r.id
        FROM sections s
        JOIN transferred_marks r ON r.school_id = $1 AND r.academic_year_id = s.academic_year_id
            AND r.subject_id = s.subject_id AND r.kind IS NOT NULL AND r.date BETWEEN \(from) AND \(to)
        JOIN own ON own.student_id = r.student_id
        LEFT JOIN categories c ON c.school_id = $1 AND c.id = r.category_id
        WHERE s.school_id = $1 AND s.id = \(section) AND \(seen("r.student_id", "r.date <@", reader: "$2"))
        ORDER BY student_id, date, _id
        """)
}
