import Diary
import Postgres

/// The day of a teacher, of a class teacher and of a head.
extension MyDay {
    /// A4: the lessons in which the person may write on this day, and those of the own sections that another teacher
    /// holds.
    static let teaching = Statement(
        """
        SELECT l.id, l.slot, lyceum.local_moment(l.date, l.starts_at) AS starts_at,
            lyceum.local_moment(l.date, l.ends_at) AS ends_at, l.state, s.id AS "section.id", s.name AS "section.name",
            j.id AS "subject.id", j.name AS "subject.name", g.id AS "group.id", g.name AS "group.name", r.name AS room,
            \(SharedSQL.person("t", as: "teacher?")), l.topic, \(LessonSubstitution.columns),
            \(UnfinishedLessons.missing("l"))
        FROM (
            SELECT DISTINCT t.lesson_id
            FROM lyceum.lesson_teachers t
            WHERE t.school_id = $1 AND t.teacher_id = $2::uuid AND t.date = \(day)
        ) o
        JOIN lessons l ON l.school_id = $1 AND l.id = o.lesson_id
        \(UnfinishedLessons.ofSection)
        JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
        LEFT JOIN rooms r ON r.school_id = $1 AND r.id = l.room_id
        LEFT JOIN users t ON t.school_id = $1 AND t.id = l.teacher_id
        \(LessonSubstitution.join("l", id: "id"))
        ORDER BY l.starts_at, l.id
        """)

    /// Lessons of the two weeks before this day in which the person still has something to write, newest first.
    static let unfinished = Statement(
        """
        SELECT x.id, x.date, x.slot, x.section_id AS "section.id", x.section AS "section.name", x.missing
        FROM (
            SELECT l.id, l.date, l.slot, l.starts_at, s.id AS section_id, s.name AS section,
                \(UnfinishedLessons.missing("l"))
            FROM lessons l
            \(UnfinishedLessons.ofSection)
            WHERE l.school_id = $1 AND l.teacher_id = $2::uuid AND l.date BETWEEN \(day) - 14 AND \(day) - 1
        ) x
        WHERE x.missing::text <> '[]'
        ORDER BY x.date DESC, x.starts_at DESC, x.id
        LIMIT 100
        """)

    /// The classes that the person leads on this day, with the rolls of its lessons.
    static let classes = Statement(
        """
        SELECT c.id, c.name, c.grade_level, n.students, n.lessons, n.rolls
        FROM class_teachers t
        JOIN classes c ON c.school_id = t.school_id AND c.id = t.class_id
        CROSS JOIN LATERAL (
            SELECT
                (
                    SELECT count(*) FROM enrollments e
                    WHERE e.school_id = $1 AND e.class_id = c.id AND lyceum.holds(e.starts_on, e.ends_on, \(day))
                ) AS students,
                count(*) FILTER (WHERE l.state <> 'cancelled') AS lessons,
                count(*) FILTER (WHERE l.attendance_taken_at IS NOT NULL) AS rolls
            FROM groups g
            JOIN sections s ON s.school_id = g.school_id AND s.group_id = g.id
            JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.date = \(day)
            WHERE g.school_id = $1 AND g.class_id = c.id
        ) n
        WHERE t.school_id = $1 AND t.teacher_id = $2::uuid AND lyceum.holds(t.starts_on, t.ends_on, \(day))
            AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        ORDER BY c.grade_level, c.name, c.id
        """)

    /// T2: students of these classes who missed a lesson on this day, by what counts.
    static let absent = Statement(
        """
        SELECT c.id AS _parent, \(SharedSQL.person("u", as: "student")), a.lessons, a.first_slot, a.meanings
        FROM class_teachers t
        JOIN classes c ON c.school_id = t.school_id AND c.id = t.class_id
        JOIN enrollments e ON e.school_id = c.school_id AND e.class_id = c.id
            AND lyceum.holds(e.starts_on, e.ends_on, \(day))
        JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id
        CROSS JOIN LATERAL (
            SELECT count(*) AS lessons, min(x.slot) AS first_slot,
                to_json(array_agg(DISTINCT x.meaning ORDER BY x.meaning)) AS meanings
            FROM (
                SELECT l.slot, lyceum.counted_meaning(a.meaning, a.decided_meaning) AS meaning
                FROM group_members m
                JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                CROSS JOIN LATERAL (
                    -- OFFSET 0: otherwise PostgreSQL could begin with all records of the student, or of the school.
                    SELECT l.id, l.slot
                    FROM lessons l
                    WHERE l.school_id = $1 AND l.section_id = s.id AND l.date = \(day) AND l.state <> 'cancelled'
                    OFFSET 0
                ) l
                JOIN attendance a ON a.school_id = $1 AND a.lesson_id = l.id AND a.student_id = m.student_id
                WHERE m.school_id = $1 AND m.student_id = e.student_id AND lyceum.holds(m.starts_on, m.ends_on, \(day))
            ) x
            WHERE x.meaning IS NOT NULL AND x.meaning <> 'late'
        ) a
        WHERE t.school_id = $1 AND t.teacher_id = $2::uuid AND lyceum.holds(t.starts_on, t.ends_on, \(day))
            AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today()) AND a.lessons > 0
        ORDER BY c.grade_level, c.name, c.id, u.last_name, u.first_name, u.id
        """)

    /// L4: how the diary of the whole school is kept on this day.
    static let ofSchool = Statement(
        """
        SELECT count(*) AS lessons, count(*) FILTER (WHERE x.is_due) AS due,
            count(*) FILTER (WHERE x.missing::jsonb ? 'attendance') AS without_attendance,
            count(*) FILTER (WHERE x.missing::jsonb ? 'topic') AS without_topic,
            count(*) FILTER (WHERE x.missing::jsonb ? 'homework') AS without_homework,
            count(DISTINCT x.teacher_id) FILTER (WHERE x.is_due) AS teachers,
            count(DISTINCT x.teacher_id) FILTER (WHERE x.missing::text <> '[]') AS teachers_unfinished
        FROM (
            SELECT l.teacher_id, lyceum.is_due(l.state, l.date, l.ends_at) AS is_due, \(UnfinishedLessons.missing("l"))
            FROM lessons l
            \(UnfinishedLessons.ofSection)
            WHERE l.school_id = $1 AND l.date = \(day) AND l.state <> 'cancelled'
        ) x
        """)
}
