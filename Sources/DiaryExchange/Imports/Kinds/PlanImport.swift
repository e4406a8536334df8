import Postgres

extension ImportDeclaration {
    static let plans = ImportDeclaration(
        fileNames: ["КТП", "Планы"],
        keys: [["topic_id"]],
        needs: [.subjects],
        columns: [
            ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
            ImportColumn("subject", ["Предмет"], .text(maximum: 100), isRequired: true, example: "Математика"),
            ImportColumn("grade_level", ["Параллель", "Класс"], .integer(1...11), isRequired: true, example: "7"),
            ImportColumn("title", ["Название", "Название плана"], .text(maximum: 200), example: ""),
            ImportColumn("unit", ["Раздел"], .text(maximum: 300), example: "Степени"),
            ImportColumn(
                "topic", ["Тема", "Тема урока"], .text(maximum: 500), isRequired: true,
                example: "Степень с натуральным показателем"),
            ImportColumn("hours", ["Часов", "Часы"], .hours, example: "2"),
            ImportColumn("week", ["Неделя"], .integer(1...45), example: "1"),
            ImportColumn("homework", ["Домашнее задание", "ДЗ"], .text(maximum: 1000), example: ""),
            ImportColumn("is_control", ["Контрольная", "Контрольная работа"], .flag, example: "Нет"),
            ImportColumn("topic_id", ["Код темы"], .text(maximum: 100), example: ""),
        ])
}

extension ImportStatements {
    /// P1: plans of the common base. A row is a topic. A plan is matched by its external id, else by subject, grade
    /// level and title; a topic by its external id, else by its number in the plan. Only drafts can be changed. Topics
    /// that a file leaves out move behind those in the file.
    ///
    /// A partial file does not set numbers: a topic is matched by its external id, else by its title, and keeps its
    /// place; new topics come last.
    static let plans = ImportStatements(
        examine: examine(
            findings(
                wantedTopics,
                [
                    ("w.year_id IS NULL", "subject", "no_academic_year", nil),
                    ("w.subject_id IS NULL", "subject", "unknown_subject", "w.subject"),
                    ("w.matches > 1", "title", "ambiguous", nil),
                    ("w.state = 'archived'", "external_id", "archived", nil),
                    ("w.subject_id <> w.subject_id_now", "subject", "fixed_field", "w.title_now"),
                    ("w.grade_level <> w.grade_level_now", "grade_level", "fixed_field", "w.grade_level_now::text"),
                    ("w.differs", "title", "differs", .row("w.first_line")),
                    ("w.lacks_code", "external_id", "lacks_code", nil),
                    ("w.state = 'approved' AND w.changes", "topic", "plan_approved", "w.title_now"),
                    ("w.topic_matches > 1", "topic", "ambiguous", nil),
                    ("w.line > w.topic_line", "topic", "repeated", .row("w.topic_line")),
                ]),
            """
            SELECT w.line, 'external_id', 'already_exists', p.title, NULL, NULL
            FROM (\(wantedTopics)) w
            JOIN curriculum_plans p ON p.school_id = $1 AND p.external_id = w.external_id AND p.id IS DISTINCT FROM w.id_now
            """,
            """
            SELECT w.line, 'topic_id', 'already_exists', t.title, NULL, NULL
            FROM (\(wantedTopics)) w
            JOIN plan_topics t ON t.school_id = $1 AND t.external_id = w.topic_id AND t.id IS DISTINCT FROM w.topic_now
            """),
        // A file must have all topics of its plans; other plans are not compared.
        compare: Statement(
            """
            WITH w AS MATERIALIZED (\(wantedTopics))
            SELECT count(*) AS known, count(*) FILTER (WHERE t.id NOT IN (
                    SELECT w.topic_now FROM w WHERE w.topic_now IS NOT NULL
                )) AS missing
            FROM plan_topics t
            WHERE t.school_id = $1 AND t.plan_id IN (SELECT w.id_now FROM w)
            """),
        update: [
            Statement(
                """
                INSERT INTO curriculum_plans (school_id, id, academic_year_id, subject_id, grade_level, title, external_id)
                SELECT $1, w.plan_id, w.year_id, w.subject_id, w.grade_level,
                    coalesce(w.title, w.subject_name || ', ' || w.grade_level || ' класс'), w.external_id
                FROM (\(wantedTopics)) w
                WHERE w.id_now IS NULL AND w.line = w.first_line
                """),
            Statement(
                """
                UPDATE curriculum_plans p
                SET title = coalesce(w.title, p.title), external_id = coalesce(w.external_id, p.external_id)
                FROM (\(wantedTopics)) w
                WHERE p.school_id = $1 AND p.id = w.id_now AND w.line = w.first_line
                    AND (p.title, p.external_id) IS DISTINCT FROM
                        (coalesce(w.title, p.title), coalesce(w.external_id, p.external_id))
                RETURNING w.line::text AS key
                """),
            Statement(
                """
                INSERT INTO plan_units (school_id, id, plan_id, position, title)
                SELECT $1, w.unit_id, w.plan_id, row_number() OVER (PARTITION BY w.plan_id ORDER BY w.line) + (
                        SELECT coalesce(max(u.position), 0) FROM plan_units u
                        WHERE u.school_id = $1 AND u.plan_id = w.plan_id
                    ), w.unit
                FROM (\(wantedTopics)) w
                WHERE w.state = 'draft' AND w.unit_now IS NULL AND w.line = w.unit_line
                """),
            // The order in which the file first names them, followed by those that it does not name.
            Statement(
                """
                WITH w AS MATERIALIZED (\(wantedTopics))
                UPDATE plan_units u SET position = o.position
                FROM (
                    SELECT u.id, row_number() OVER (PARTITION BY u.plan_id ORDER BY n.unit_line, u.position) AS position
                    FROM plan_units u
                    LEFT JOIN (SELECT DISTINCT w.unit_id, w.unit_line FROM w WHERE w.unit IS NOT NULL) n
                        ON n.unit_id = u.id
                    WHERE u.school_id = $1 AND u.plan_id IN (SELECT w.plan_id FROM w WHERE w.state = 'draft')
                        AND NOT \(isPartial)
                ) o
                WHERE u.school_id = $1 AND u.id = o.id AND u.position <> o.position
                """),
            // Topics take the numbers of their rows; those that the file leaves out follow.
            Statement(
                """
                WITH w AS MATERIALIZED (SELECT w.* FROM (\(wantedTopics)) w WHERE w.state = 'draft')
                UPDATE plan_topics t
                SET (unit_id, position, title, hours, planned_week, homework, is_control, external_id) =
                    (SELECT o.unit_id, o.position, o.title, o.hours, o.week, o.homework, o.is_control, o.topic_id)
                FROM (
                    SELECT w.line, w.topic_now AS id, w.number AS position, w.topic AS title, w.unit_id,
                        w.hours_wanted AS hours, w.week_wanted AS week, w.homework_wanted AS homework,
                        w.control_wanted AS is_control, w.topic_id_wanted AS topic_id
                    FROM w
                    WHERE w.topic_now IS NOT NULL
                    UNION ALL
                    SELECT NULL, t.id, p.topics + row_number() OVER (PARTITION BY t.plan_id ORDER BY t.position),
                        t.title, t.unit_id, t.hours, t.planned_week, t.homework, t.is_control, t.external_id
                    FROM plan_topics t
                    JOIN (SELECT DISTINCT w.plan_id, w.topics FROM w) p ON p.plan_id = t.plan_id
                    WHERE t.school_id = $1 AND NOT EXISTS (SELECT FROM w WHERE w.topic_now = t.id) AND NOT \(isPartial)
                ) o
                WHERE t.school_id = $1 AND t.id = o.id
                    AND (t.unit_id, t.position, t.title, t.hours, t.planned_week, t.homework, t.is_control, t.external_id)
                        IS DISTINCT FROM
                        (o.unit_id, o.position, o.title, o.hours, o.week, o.homework, o.is_control, o.topic_id)
                RETURNING o.line::text AS key
                """),
        ],
        insert: Statement(
            """
            WITH w AS MATERIALIZED (\(wantedTopics)), done AS (
                INSERT INTO plan_topics (
                    school_id, id, plan_id, unit_id, position, title, hours, planned_week, homework, is_control,
                    external_id
                )
                SELECT $1, w.id, w.plan_id, CASE WHEN w.unit IS NOT NULL THEN w.unit_id END, w.number, w.topic,
                    coalesce(w.hours, 1), w.week, w.homework, coalesce(w.is_control, false), w.topic_id
                FROM w
                -- The others have taken their numbers already.
                WHERE w.state = 'draft' AND NOT EXISTS (
                    SELECT FROM plan_topics t
                    WHERE t.school_id = $1 AND t.plan_id = w.plan_id AND t.position = w.number
                )
                RETURNING id
            )
            SELECT w.line::text AS key FROM done JOIN w ON w.id = done.id
            """),
        follow: [])

    /// Rows with their plan and topic, and the values that an empty cell keeps.
    private static let wantedTopics = """
        WITH r AS MATERIALIZED (
            SELECT r.*, \(plain("r.subject")) AS subject_key, \(plain("r.title")) AS title_key,
                \(plain("r.unit")) AS unit_key, \(plain("r.topic")) AS topic_key
            FROM \(rows(.plans))
        ),
        y AS MATERIALIZED (SELECT y.* FROM \(currentYear) y),
        j AS MATERIALIZED (
            SELECT k.id, k.name, k.external_id, \(plain("k.name")) AS key
            FROM subjects k WHERE k.school_id = $1 AND k.archived_at IS NULL
        ),
        i AS MATERIALIZED (
            SELECT r.*, y.id AS year_id, j.id AS subject_id, j.name AS subject_name
            FROM r
            LEFT JOIN y ON true
            LEFT JOIN LATERAL (
                SELECT j.id, j.name FROM j
                WHERE j.external_id = r.subject OR j.key = r.subject_key
                ORDER BY (j.external_id = r.subject) IS TRUE DESC, j.id
                LIMIT 1
            ) j ON true
        ),
        m AS MATERIALIZED (
            SELECT i.*, p.id AS id_now, p.state, p.matches, p.title AS title_now, p.external_id AS external_id_now,
                p.subject_id AS subject_id_now, p.grade_level AS grade_level_now,
                coalesce(p.id, first_value(i.other_id) OVER same) AS plan_id, first_value(i.line) OVER same AS first_line,
                row_number() OVER same AS row_number,
                count(*) OVER (same ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS topics,
                i.subject_id <> first_value(i.subject_id) OVER same
                    OR i.grade_level <> first_value(i.grade_level) OVER same
                    OR i.title IS NOT NULL AND i.title IS DISTINCT FROM first_value(i.title) OVER same AS differs,
                i.external_id IS NULL AND i.subject_id IS NOT NULL AND count(i.external_id)
                    OVER (PARTITION BY i.subject_id, i.grade_level, coalesce(i.title_key, '')) > 0 AS lacks_code
            FROM i
            LEFT JOIN LATERAL (
                SELECT p.*, CASE
                        WHEN (p.external_id = i.external_id) IS TRUE THEN 1
                        WHEN p.state = 'draft' THEN count(*) FILTER (WHERE p.state = 'draft') OVER ()
                        ELSE count(*) OVER ()
                    END AS matches
                FROM curriculum_plans p
                WHERE p.school_id = $1 AND p.academic_year_id = i.year_id AND p.section_id IS NULL AND (
                    p.external_id = i.external_id
                    OR p.state <> 'archived' AND p.subject_id = i.subject_id AND p.grade_level = i.grade_level
                        AND (i.title IS NULL OR \(plain("p.title")) = i.title_key)
                        AND (i.external_id IS NULL OR p.external_id IS NULL)
                )
                ORDER BY (p.external_id = i.external_id) IS TRUE DESC, p.state = 'draft' DESC, p.id
                LIMIT 1
            ) p ON true
            WINDOW same AS (
                PARTITION BY coalesce(
                    'x' || i.external_id, i.subject_id || ' ' || i.grade_level || ' ' || coalesce(i.title_key, ''),
                    'l' || i.line
                )
                ORDER BY i.line
            )
        ),
        o AS MATERIALIZED (
            SELECT t.*, row_number() OVER (PARTITION BY t.plan_id ORDER BY t.position) AS rank,
                max(t.position) OVER (PARTITION BY t.plan_id) AS last,
                row_number() OVER (PARTITION BY t.plan_id, t.key ORDER BY t.position) AS twin,
                count(*) OVER (PARTITION BY t.plan_id, t.key) AS twins
            FROM (
                SELECT t.*, \(plain("t.title")) AS key
                FROM plan_topics t
                WHERE t.school_id = $1 AND t.plan_id IN (SELECT m.id_now FROM m)
            ) t
        ),
        u AS MATERIALIZED (
            SELECT DISTINCT ON (u.plan_id, \(plain("u.title"))) u.id, u.plan_id, \(plain("u.title")) AS key
            FROM plan_units u
            WHERE u.school_id = $1 AND u.plan_id IN (SELECT m.id_now FROM m)
            ORDER BY u.plan_id, \(plain("u.title")), u.position
        )
        SELECT w.*, w.topic_now IS NULL OR w.title_differs
                OR (w.old_title, w.old_hours, w.old_week, w.old_homework, w.old_control, w.old_topic_id, w.old_unit,
                    w.old_position)
                    IS DISTINCT FROM (w.topic, w.hours_wanted, w.week_wanted, w.homework_wanted, w.control_wanted,
                        w.topic_id_wanted, w.unit_id, w.number) AS changes
        FROM (
            SELECT m.*, CASE
                    WHEN \(isPartial) THEN coalesce(
                        t.position,
                        coalesce(l.last, 0) + count(*) FILTER (WHERE t.id IS NULL) OVER (PARTITION BY m.plan_id ORDER BY m.line)
                    )
                    ELSE m.row_number
                END AS number, s.twins AS topic_matches,
                CASE
                    WHEN \(isPartial) AND t.id IS NOT NULL THEN first_value(m.line) OVER (PARTITION BY t.id ORDER BY m.line)
                END AS topic_line,
                t.id AS topic_now, t.title AS old_title, t.hours AS old_hours, t.planned_week AS old_week,
                t.homework AS old_homework, t.is_control AS old_control, t.external_id AS old_topic_id,
                t.unit_id AS old_unit, t.position AS old_position, coalesce(m.hours, t.hours) AS hours_wanted,
                coalesce(m.week, t.planned_week) AS week_wanted, coalesce(m.homework, t.homework) AS homework_wanted,
                coalesce(m.is_control, t.is_control) AS control_wanted,
                coalesce(m.topic_id, t.external_id) AS topic_id_wanted, u.id AS unit_now,
                CASE WHEN m.unit IS NULL THEN t.unit_id ELSE coalesce(u.id, first_value(m.third_id) OVER part) END
                    AS unit_id,
                CASE WHEN m.unit IS NOT NULL THEN first_value(m.line) OVER part END AS unit_line,
                m.title <> m.title_now OR m.external_id IS DISTINCT FROM m.external_id_now
                    AND m.external_id IS NOT NULL AS title_differs
            FROM m
            LEFT JOIN o x ON x.plan_id = m.id_now AND x.external_id = m.topic_id
            LEFT JOIN o s ON \(isPartial) AND s.plan_id = m.id_now AND s.key = m.topic_key AND s.twin = 1
                AND m.topic_id IS NULL
            LEFT JOIN o l ON l.plan_id = m.id_now AND l.rank = 1
            LEFT JOIN o n ON NOT \(isPartial) AND n.plan_id = m.id_now AND n.rank = m.row_number AND x.id IS NULL AND (
                n.external_id IS NULL
                OR m.topic_id IS NULL AND n.external_id NOT IN (SELECT r.topic_id FROM r WHERE r.topic_id IS NOT NULL)
            )
            LEFT JOIN o t ON t.id = coalesce(x.id, s.id, n.id)
            LEFT JOIN u ON u.plan_id = m.id_now AND u.key = m.unit_key
            WINDOW part AS (PARTITION BY m.plan_id, m.unit_key ORDER BY m.line)
        ) w
        """
}
