import Testing

/// A key of truth.json: how the tables answer it (`$1` is today, `$2` the academic year), and a change of the tables that
/// makes it untrue (`$1` is the truth about the year).
struct DemoTruthQuery: CustomTestStringConvertible, Sendable {
    let key: String
    let sql: String
    let change: String

    var testDescription: String { key }
    var isOfSchool: Bool { key == "families" }

    static let all = [
        DemoTruthQuery(
            key: "wrote_nothing",
            sql: """
                \(due)
                SELECT coalesce(jsonb_agg(teacher_id ORDER BY teacher_id), '[]') FROM (
                    SELECT teacher_id FROM due GROUP BY teacher_id
                    HAVING bool_and(lacks_topic AND lacks_roll AND (lacks_homework OR NOT counts_homework))
                ) t
                """,
            change: """
                UPDATE lessons SET topic = 'Вилка', topic_first_recorded_at = now()
                WHERE id = (
                    SELECT id FROM lessons WHERE teacher_id = ($1::jsonb #>> '{wrote_nothing,0}')::uuid ORDER BY date LIMIT 1)
                """),
        DemoTruthQuery(
            key: "kept_badly",
            sql: """
                \(due)
                SELECT coalesce(jsonb_agg(teacher_id ORDER BY teacher_id), '[]') FROM (
                    SELECT teacher_id FROM due GROUP BY teacher_id
                    HAVING NOT bool_and(lacks_topic AND lacks_roll AND (lacks_homework OR NOT counts_homework))
                        AND count(*) FILTER (WHERE NOT lacks_topic) * 10 < count(*) * 7
                ) t
                """,
            change: """
                UPDATE lessons SET topic = coalesce(topic, 'Повторение') WHERE teacher_id = ($1::jsonb #>> '{kept_badly,0}')::uuid
                """),
        DemoTruthQuery(
            key: "teachers",
            sql: """
                \(due)
                SELECT jsonb_agg(t ORDER BY teacher_id) FROM (
                    SELECT teacher_id, count(*) AS due_lessons,
                        count(*) FILTER (WHERE counts_homework) AS homework_lessons,
                        coalesce(jsonb_agg(id ORDER BY id) FILTER (WHERE lacks_topic), '[]') AS without_topic,
                        coalesce(jsonb_agg(id ORDER BY id) FILTER (WHERE lacks_homework), '[]') AS without_homework,
                        coalesce(jsonb_agg(id ORDER BY id) FILTER (WHERE lacks_roll), '[]') AS without_roll,
                        count(DISTINCT date) AS days,
                        count(DISTINCT date) - count(DISTINCT date) FILTER (WHERE NOT is_complete) AS complete_days
                    FROM due GROUP BY teacher_id
                ) t
                """,
            change: "UPDATE lessons SET topic = NULL \(oneLesson)"),
        DemoTruthQuery(
            key: "classes",
            sql: """
                \(due)
                SELECT jsonb_agg(t ORDER BY class_id) FROM (
                    SELECT c.id AS class_id, count(d.id) AS due_lessons,
                        count(*) FILTER (WHERE counts_homework) AS homework_lessons,
                        count(*) FILTER (WHERE lacks_topic) AS without_topic,
                        count(*) FILTER (WHERE lacks_homework) AS without_homework,
                        count(*) FILTER (WHERE lacks_roll) AS without_roll
                    FROM classes c LEFT JOIN due d ON d.class_id = c.id WHERE c.academic_year_id = $2 GROUP BY c.id
                ) t
                """,
            change: "UPDATE lessons SET attendance_taken_at = NULL \(oneLesson)"),
        DemoTruthQuery(
            key: "section_terms",
            sql: """
                \(seats)
                SELECT coalesce(jsonb_agg(t ORDER BY section_id, term_id), '[]') FROM (
                    SELECT section_id, term_id, count(*) AS students,
                        coalesce(jsonb_agg(student_id ORDER BY student_id) FILTER (WHERE marks = 0), '[]') AS without_mark,
                        coalesce(jsonb_agg(student_id ORDER BY student_id) FILTER (WHERE marks = 1), '[]') AS with_one_mark,
                        coalesce(jsonb_agg(student_id ORDER BY student_id) FILTER (WHERE code = 'not_assessed'), '[]')
                            AS not_assessed,
                        coalesce(jsonb_agg(student_id ORDER BY student_id) FILTER (WHERE lacks_final), '[]')
                            AS missing_finals,
                        coalesce(
                            jsonb_agg(
                                jsonb_build_object('final_mark_id', final_mark_id, 'student_id', student_id,
                                    'number', number, 'average', average::text)
                                ORDER BY final_mark_id
                            ) FILTER (WHERE abs(number - average) >= 1), '[]') AS far_from_average
                    FROM seats GROUP BY section_id, term_id
                    HAVING bool_or(
                        coalesce(marks < 2, false) OR lacks_final OR coalesce(code = 'not_assessed', false)
                        OR coalesce(abs(number - average) >= 1, false))
                ) t
                """,
            change: "DELETE FROM final_marks \(oneFinal)"),
        DemoTruthQuery(
            key: "sparse_sections",
            sql: """
                \(seats), sparse AS (
                    SELECT s.section_id, s.term_id, count(*) AS students, sum(s.marks) AS marks, n.norm, l.due AS due_lessons,
                        l.made + w.wanted AS lessons
                    FROM seats s
                    JOIN sections c ON c.id = s.section_id AND c.grading = 'marks'
                    JOIN terms t ON t.id = s.term_id
                    CROSS JOIN LATERAL (
                        SELECT (
                            CASE t.kind WHEN 'semester' THEN '{5,8,11}' ELSE '{3,5,7}' END::integer[]
                        )[least(3, greatest(1, floor(c.hours_per_week)::integer))] AS norm
                    ) n
                    CROSS JOIN LATERAL (
                        SELECT count(*) AS made, count(*) FILTER (WHERE l.date < $1) AS due, max(l.timetable_date) AS last
                        FROM lessons l
                        WHERE l.section_id = c.id AND l.state <> 'cancelled' AND l.date BETWEEN t.starts_on AND t.ends_on
                    ) l
                    CROSS JOIN LATERAL (
                        SELECT count(*) AS wanted
                        FROM lyceum.timetabled_lessons(
                            c.school_id, greatest($1::date, coalesce(l.last + 1, t.starts_on)), t.ends_on, ARRAY[c.id])
                        WHERE t.ends_on > $1
                    ) w
                    GROUP BY s.section_id, s.term_id, n.norm, l.due, l.made, w.wanted
                )
                SELECT coalesce(jsonb_agg(s ORDER BY section_id, term_id), '[]')
                FROM sparse s
                WHERE norm * due_lessons >= lessons AND marks * 10 * lessons < 7 * norm * due_lessons * students
                """,
            change: """
                UPDATE lessons SET state = 'cancelled'
                WHERE section_id = ($1::jsonb #>> '{sparse_sections,0,section_id}')::uuid AND state = 'held'
                """),
        DemoTruthQuery(
            key: "class_terms",
            sql: """
                \(results)
                SELECT jsonb_agg(t ORDER BY class_id, term_id) FROM (
                    SELECT class_id, term_id, count(*) FILTER (WHERE is_assessed) AS assessed,
                        coalesce(jsonb_agg(student_id ORDER BY student_id) FILTER (WHERE is_failing), '[]') AS failing,
                        coalesce(jsonb_agg(student_id ORDER BY student_id) FILTER (WHERE is_incomplete), '[]') AS incomplete
                    FROM results GROUP BY class_id, term_id
                ) t
                """,
            change: "DELETE FROM final_marks \(oneFinal)"),
        DemoTruthQuery(
            key: "classes_at_risk",
            sql: """
                \(results)
                SELECT coalesce(jsonb_agg(t ORDER BY class_id, term_id), '[]') FROM (
                    SELECT class_id, term_id FROM results GROUP BY class_id, term_id
                    HAVING count(*) FILTER (WHERE is_failing) * 4 > count(*) FILTER (WHERE is_assessed)
                ) t
                """,
            change: """
                UPDATE final_marks f SET number = 3
                FROM sections s
                JOIN groups g ON g.id = s.group_id
                WHERE s.id = f.section_id AND f.number = 2
                    AND g.class_id = ($1::jsonb #>> '{classes_at_risk,0,class_id}')::uuid
                """),
        DemoTruthQuery(
            key: "illness_waves", sql: illness,
            change: """
                DELETE FROM attendance WHERE id = (
                    SELECT id FROM attendance WHERE lesson_id = ($1::jsonb #>> '{illness_waves,0,lessons,0}')::uuid
                        AND student_id = ANY (
                            SELECT jsonb_array_elements_text($1::jsonb #> '{illness_waves,0,days,0,students}')::uuid)
                    LIMIT 1)
                """),
        DemoTruthQuery(
            key: "control_work_breaches",
            sql: """
                SELECT coalesce(jsonb_agg(t ORDER BY line_item_id), '[]') FROM (
                    SELECT i.id AS line_item_id, l.id AS lesson_id, l.section_id, l.date,
                        (SELECT jsonb_agg(DISTINCT r ->> 'code' ORDER BY r ->> 'code') FROM jsonb_array_elements(w.reasons) r)
                            AS reasons
                    FROM line_items i
                    JOIN categories c ON c.id = i.category_id AND c.is_control
                    JOIN lessons l ON l.id = i.lesson_id AND l.state <> 'cancelled'
                    JOIN sections s ON s.id = l.section_id AND s.academic_year_id = $2
                    CROSS JOIN LATERAL (SELECT lyceum.control_work_reasons(i.school_id, i.lesson_id) AS reasons OFFSET 0) w
                    WHERE i.deleted_at IS NULL AND w.reasons IS NOT NULL AND $1::date IS NOT NULL
                ) t
                """,
            change: """
                UPDATE line_items SET deleted_at = now()
                WHERE id = ($1::jsonb #>> '{control_work_breaches,0,line_item_id}')::uuid
                """),
        DemoTruthQuery(
            key: "marks_with_absence",
            sql: """
                SELECT coalesce(jsonb_agg(t ORDER BY mark_id), '[]') FROM (
                    SELECT k.id AS mark_id, l.id AS lesson_id, k.student_id,
                        EXISTS (SELECT FROM mark_history h WHERE h.mark_id = k.id AND h.old_code = 'owed') AS made_up
                    FROM marks k
                    JOIN line_items i ON i.id = k.line_item_id
                    JOIN lessons l ON l.id = i.lesson_id AND l.date < $1
                    JOIN sections s ON s.id = l.section_id AND s.academic_year_id = $2
                    JOIN attendance a ON a.lesson_id = l.id AND a.student_id = k.student_id AND a.meaning <> 'late'
                    WHERE k.kind = 'number' OR k.code IN ('pass', 'fail')
                ) t
                """,
            change: "DELETE FROM marks WHERE id = ($1::jsonb #>> '{marks_with_absence,0,mark_id}')::uuid"),
        DemoTruthQuery(
            key: "late_entries",
            sql: """
                WITH lesson AS (
                    SELECT l.*, (l.date + 1)::timestamp AT TIME ZONE z.time_zone AS next_day
                    FROM lessons l
                    JOIN schools z ON z.id = l.school_id
                    JOIN sections s ON s.id = l.section_id AND s.academic_year_id = $2
                    WHERE l.date < $1
                )
                SELECT jsonb_build_object(
                    'topics', (
                        SELECT coalesce(jsonb_agg(id ORDER BY id), '[]') FROM lesson
                        WHERE topic_first_recorded_at >= next_day),
                    'marks', (
                        SELECT coalesce(jsonb_agg(k.id ORDER BY k.id), '[]')
                        FROM marks k
                        JOIN line_items i ON i.id = k.line_item_id
                        JOIN lesson l ON l.id = i.lesson_id
                        WHERE k.first_recorded_at >= l.next_day))
                """,
            change: """
                UPDATE marks SET first_recorded_at = first_recorded_at - interval '20 days'
                WHERE id = ($1::jsonb #>> '{late_entries,marks,0}')::uuid
                """),
        DemoTruthQuery(
            key: "families",
            sql: """
                SELECT jsonb_build_object(
                    'guardians_with_access', count(*),
                    'never_activated', coalesce(jsonb_agg(u.id ORDER BY u.id) FILTER (WHERE u.state <> 'active'), '[]'))
                FROM users u
                WHERE EXISTS (
                    SELECT
                    FROM guardianships g
                    JOIN enrollments e ON e.student_id = g.student_id AND lyceum.holds(e.starts_on, e.ends_on, $1)
                    WHERE g.guardian_id = u.id AND g.access = 'full' AND lyceum.holds(g.starts_on, g.ends_on, $1))
                """,
            change: """
                UPDATE guardianships SET access = 'none', basis = 'Решение суда'
                WHERE guardian_id = ($1::jsonb #>> '{families,never_activated,0}')::uuid
                """),
    ]

    private static let oneLesson = """
        WHERE id = (SELECT id FROM lessons WHERE state = 'held' AND topic IS NOT NULL AND attendance_taken_at IS NOT NULL LIMIT 1)
        """
    private static let oneFinal = """
        WHERE id = (SELECT id FROM final_marks WHERE kind = 'term' AND value_kind = 'number' LIMIT 1)
        """

    /// L4: lessons that were due, and what they lack.
    private static let due = """
        WITH due AS (
            SELECT d.*, NOT (lacks_topic OR lacks_homework OR lacks_roll)
                AND (topic_first_recorded_at AT TIME ZONE time_zone)::date <= date
                AND (attendance_taken_at AT TIME ZONE time_zone)::date <= date
                AND (NOT counts_homework OR (homework_first_recorded_at AT TIME ZONE time_zone)::date <= date) AS is_complete
            FROM (
                SELECT l.*, g.class_id, z.time_zone, l.topic IS NULL AS lacks_topic,
                    l.attendance_taken_at IS NULL AS lacks_roll,
                    h.counts AS counts_homework,
                    h.counts AND NOT l.no_homework AND NOT EXISTS (SELECT FROM homework h WHERE h.lesson_id = l.id)
                        AS lacks_homework
                FROM lessons l
                JOIN schools z ON z.id = l.school_id
                JOIN sections s ON s.id = l.section_id AND s.academic_year_id = $2
                JOIN groups g ON g.id = s.group_id
                CROSS JOIN LATERAL (
                    SELECT g.grade_level IS DISTINCT FROM 1 AND s.grading <> 'none'
                        AND NOT EXISTS (
                            SELECT FROM line_items i
                            JOIN categories c ON c.id = i.category_id AND c.is_control
                            WHERE i.lesson_id = l.id
                        ) AS counts
                ) h
                WHERE l.state <> 'cancelled' AND l.date < $1
            ) d
        )
        """

    /// Students of a section at the end of a term or yesterday, with marks of the subject in the term (M10) and final.
    private static let seats = """
        WITH members AS (
            SELECT s.id AS section_id, s.subject_id, s.grading, t.id AS term_id, t.ends_on < $1 AS is_over, m.student_id
            FROM sections s
            JOIN groups g ON g.id = s.group_id
            JOIN academic_years y ON y.id = s.academic_year_id
            JOIN terms t ON t.academic_year_id = y.id AND g.grade_level = ANY (t.grade_levels) AND t.starts_on < $1
            JOIN group_members m ON m.group_id = g.id
                AND lyceum.holds(m.starts_on, m.ends_on, least(t.ends_on, $1::date - 1))
            WHERE s.academic_year_id = $2 AND s.grading <> 'none'
                AND NOT lyceum.is_before_marks(g.grade_level, t.ends_on, y.second_half_starts_on)
        ), counts AS (
            SELECT k.student_id, s.subject_id, t.id AS term_id, count(*)
            FROM marks k
            JOIN line_items i ON i.id = k.line_item_id
            JOIN lessons l ON l.id = i.lesson_id
            JOIN sections s ON s.id = l.section_id AND s.academic_year_id = $2
            JOIN groups g ON g.id = s.group_id
            JOIN terms t ON t.academic_year_id = s.academic_year_id AND g.grade_level = ANY (t.grade_levels)
                AND l.date BETWEEN t.starts_on AND t.ends_on
            WHERE k.kind = 'number'
            GROUP BY k.student_id, s.subject_id, t.id
        ), seats AS (
            SELECT m.section_id, m.term_id, m.student_id,
                CASE WHEN m.grading = 'marks' THEN coalesce(c.count, 0) END AS marks,
                f.id AS final_mark_id, f.number, f.code, f.average_at_the_time AS average,
                m.is_over AND f.value_kind IS NULL AS lacks_final
            FROM members m
            LEFT JOIN counts c ON c.student_id = m.student_id AND c.subject_id = m.subject_id AND c.term_id = m.term_id
            LEFT JOIN final_marks f ON f.kind = 'term' AND f.student_id = m.student_id AND f.subject_id = m.subject_id
                AND f.term_id = m.term_id
        )
        """

    /// The students of each class in the terms that have ended.
    private static let results = """
        \(seats), results AS (
            SELECT r.*, NOT is_incomplete AND has_final AS is_assessed,
                NOT is_incomplete AND has_final AND has_failed AS is_failing
            FROM (
                SELECT c.id AS class_id, t.id AS term_id, e.student_id,
                    EXISTS (
                        SELECT FROM seats s WHERE s.student_id = e.student_id AND s.term_id = t.id AND s.lacks_final
                    ) AS is_incomplete,
                    f.has_final, f.has_failed
                FROM classes c
                JOIN academic_years y ON y.id = c.academic_year_id
                JOIN terms t ON t.academic_year_id = y.id AND c.grade_level = ANY (t.grade_levels) AND t.ends_on < $1
                JOIN enrollments e ON e.class_id = c.id AND lyceum.holds(e.starts_on, e.ends_on, t.ends_on)
                CROSS JOIN LATERAL (
                    SELECT count(*) > 0 AS has_final,
                        coalesce(bool_or(f.number <= 2 OR f.code IN ('fail', 'not_assessed')), false) AS has_failed
                    FROM final_marks f
                    WHERE f.kind = 'term' AND f.student_id = e.student_id AND f.term_id = t.id AND f.value_kind IS NOT NULL
                ) f
                WHERE c.academic_year_id = $2
                    AND NOT lyceum.is_before_marks(c.grade_level, t.ends_on, y.second_half_starts_on)
            ) r
        )
        """

    /// T3: days on which a third of a class missed all lessons whose roll was taken.
    private static let illness = """
        WITH seats AS (
            SELECT l.date, l.id AS lesson_id, m.student_id, a.id IS NOT NULL AS is_missed
            FROM lessons l
            JOIN sections s ON s.id = l.section_id AND s.academic_year_id = $2
            JOIN group_members m ON m.group_id = s.group_id AND lyceum.holds(m.starts_on, m.ends_on, l.date)
            LEFT JOIN attendance a ON a.lesson_id = l.id AND a.student_id = m.student_id AND a.meaning <> 'late'
            WHERE l.state <> 'cancelled' AND l.date < $1 AND l.attendance_taken_at IS NOT NULL
        ), away AS (
            SELECT date, student_id, array_agg(lesson_id) AS lessons FROM seats GROUP BY date, student_id HAVING bool_and(is_missed)
        ), days AS (
            SELECT c.id AS class_id, d.date, count(*) AS members, array_agg(a.student_id) FILTER (WHERE a.date = d.date) AS students
            FROM classes c
            CROSS JOIN (SELECT DISTINCT date FROM seats) d
            JOIN group_members m ON m.group_id = c.group_id AND lyceum.holds(m.starts_on, m.ends_on, d.date)
            LEFT JOIN away a ON a.student_id = m.student_id AND a.date = d.date
            WHERE c.academic_year_id = $2
            GROUP BY c.id, d.date
            HAVING count(a.student_id) > 0 AND count(a.student_id) * 3 >= count(*)
        ), waves AS (
            SELECT d.*, count(*) FILTER (WHERE d.gap IS NULL OR d.gap > 4) OVER (PARTITION BY class_id ORDER BY date) AS wave
            FROM (SELECT d.*, date - lag(date) OVER (PARTITION BY class_id ORDER BY date) AS gap FROM days d) d
        ), missed AS (
            SELECT w.class_id, w.wave, w.date, a.student_id, lesson_id
            FROM waves w
            JOIN away a ON a.date = w.date AND a.student_id = ANY (w.students)
            CROSS JOIN unnest(a.lessons) AS lesson_id
        )
        SELECT coalesce(jsonb_agg(t ORDER BY class_id, "from"), '[]') FROM (
            SELECT class_id, min(date) AS "from", max(date) AS "to",
                jsonb_agg(
                    jsonb_build_object('date', date, 'members', members,
                        'students', (SELECT jsonb_agg(s ORDER BY s) FROM unnest(students) s))
                    ORDER BY date) AS days,
                (
                    SELECT jsonb_agg(DISTINCT student_id ORDER BY student_id) FROM missed m
                    WHERE m.class_id = w.class_id AND m.wave = w.wave
                ) AS students,
                (
                    SELECT jsonb_agg(DISTINCT lesson_id ORDER BY lesson_id) FROM missed m
                    WHERE m.class_id = w.class_id AND m.wave = w.wave
                ) AS lessons,
                (SELECT count(*) FROM missed m WHERE m.class_id = w.class_id AND m.wave = w.wave) AS absences
            FROM waves w
            GROUP BY class_id, wave
        ) t
        """
}
