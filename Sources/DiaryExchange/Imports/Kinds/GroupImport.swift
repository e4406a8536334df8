import Postgres

extension ImportDeclaration {
    static let groups = ImportDeclaration(
        fileNames: ["Группы", "Подгруппы"],
        needs: [.classes, .students],
        columns: [
            ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
            ImportColumn(
                "name", ["Группа", "Название"], .text(maximum: 100), isRequired: true, example: "Английский, 1"),
            ImportColumn(
                "kind", ["Вид", "Вид группы"],
                .word([
                    ("part", ["Часть класса", "Часть"]), ("cross", ["Из разных классов", "Сводная"]),
                    ("individual", ["Индивидуальная"]),
                ]), example: "Часть класса"),
            ImportColumn("class", ["Класс"], .text(maximum: 20), example: "7А"),
            ImportColumn("grade_level", ["Параллель"], .integer(1...11), example: ""),
            ImportColumn(
                "members", ["Ученики", "Коды учеников", "Состав"], .externalIDs(maximum: 200), example: "1024"),
            ImportColumn("starts_on", ["С", "Дата начала"], .date, example: ""),
            ImportColumn("ends_on", ["По", "Дата окончания"], .date, example: ""),
        ])
}

extension ImportStatements {
    /// A group is matched by its external id, else by its name within the class that the row names. It may have several
    /// rows, each with students of its own. Present members stay; an import ends a membership only where a row gives
    /// its last day.
    static let groups = ImportStatements(
        examine: examine(
            findings(
                wantedGroups,
                [
                    ("w.year_id IS NULL", "name", "no_academic_year", nil),
                    ("w.class IS NOT NULL AND w.class_id IS NULL", "class", "unknown_class", "w.class"),
                    ("w.matches > 1", "name", "ambiguous", nil),
                    ("w.kind <> w.kind_now", "kind", "fixed_field", "w.kind_now"),
                    ("w.class_id <> w.class_id_now", "class", "fixed_field", .known("w.class_now")),
                    (
                        "w.id_now IS NULL AND (w.kind_wanted = 'part') <> (w.class IS NOT NULL)", "class",
                        "part_of_a_class", nil
                    ),
                    ("w.differs", "name", "differs", .row("w.first_line")),
                    ("w.lacks_code", "external_id", "lacks_code", nil),
                    (
                        "w.members IS NULL AND (w.starts_on IS NOT NULL OR w.ends_on IS NOT NULL)", "members",
                        "needs_members", nil
                    ),
                    (
                        "w.starts_on NOT BETWEEN w.year_starts_on AND w.year_ends_on", "starts_on", "outside_year",
                        .said(years)
                    ),
                    (
                        "w.ends_on NOT BETWEEN w.year_starts_on AND w.year_ends_on", "ends_on", "outside_year",
                        .said(years)
                    ),
                ]),
            """
            SELECT w.line, 'external_id', 'already_exists', NULL, g.name, NULL
            FROM (\(wantedGroups)) w
            JOIN groups g ON g.school_id = $1 AND g.external_id = w.external_id AND g.id IS DISTINCT FROM w.id_now
            """,
            findings(
                wantedMembers,
                [
                    ("w.student_id IS NULL", "members", "unknown_child", "w.pupil"),
                    ("w.is_outside", "members", "not_in_class", "w.pupil"),
                    ("w.is_over", "members", "membership_over", "w.pupil"),
                    ("w.last_day < w.first_day", "ends_on", "before_start", nil),
                    (
                        "w.student_id IS NOT NULL AND w.overlaps_line IS NOT NULL", "members", "repeated",
                        .row("w.overlaps_line")
                    ),
                ])),
        compare: Statement(
            """
            SELECT count(*) AS known,
                count(*) FILTER (
                    WHERE k.id NOT IN (SELECT w.id_now FROM (\(wantedGroups)) w WHERE w.id_now IS NOT NULL)
                ) AS missing
            FROM groups k
            WHERE k.school_id = $1 AND k.external_id IS NOT NULL AND k.archived_at IS NULL AND k.kind <> 'class'
                AND k.academic_year_id = (SELECT y.id FROM \(currentYear) y)
            """),
        update: [
            Statement(
                """
                UPDATE groups g
                SET name = w.name, external_id = coalesce(w.external_id, g.external_id),
                    grade_level = coalesce(w.grade_level, g.grade_level)
                FROM (\(wantedGroups)) w
                WHERE g.school_id = $1 AND g.id = w.id_now AND w.line = w.first_line
                    AND (g.name, g.external_id, g.grade_level) IS DISTINCT FROM
                        (w.name, coalesce(w.external_id, g.external_id), coalesce(w.grade_level, g.grade_level))
                RETURNING w.line::text AS key
                """)
        ],
        insert: Statement(
            """
            WITH w AS MATERIALIZED (\(wantedGroups)), done AS (
                INSERT INTO groups (school_id, id, academic_year_id, kind, name, grade_level, class_id, external_id)
                SELECT $1, w.group_id, w.year_id, w.kind_wanted, w.name, coalesce(w.grade_level, w.class_grade_level),
                    w.class_id, w.external_id
                FROM w
                WHERE w.id_now IS NULL AND w.line = w.first_line
                RETURNING id
            )
            SELECT w.line::text AS key FROM w JOIN done ON done.id = w.group_id
            """),
        follow: [
            Statement(
                """
                UPDATE group_members m SET ends_on = w.ends_on
                FROM (\(wantedMembers)) w
                WHERE m.school_id = $1 AND m.id = w.member_now AND m.ends_on IS DISTINCT FROM w.ends_on
                    AND w.ends_on IS NOT NULL
                RETURNING w.line::text AS key
                """),
            Statement(
                """
                WITH w AS MATERIALIZED (\(wantedMembers)), done AS (
                    INSERT INTO group_members (school_id, id, group_id, student_id, starts_on, ends_on)
                    SELECT $1, w.member_id, w.group_id, w.student_id, w.first_day, w.last_day
                    FROM w
                    WHERE w.member_now IS NULL
                    RETURNING id
                )
                SELECT w.line::text AS key FROM w JOIN done ON done.id = w.member_id
                """),
        ],
        verify: examine(
            overlaps(of: wantedMembers, field: "members", name: "w.pupil"),
            recordedDays(
                of: """
                    SELECT w.line, m.student_id, ARRAY[m.group_id] AS group_ids, m.ends_on
                    FROM (\(wantedMembers)) w
                    JOIN group_members m ON m.school_id = $1 AND m.id = w.member_now
                        AND m.changed_xid = pg_current_xact_id() AND m.ends_on IS NOT NULL
                    """, field: "ends_on")))

    private static let years = "w.year_starts_on || ' … ' || w.year_ends_on"

    private static let wantedGroups = """
        WITH r AS MATERIALIZED (
            SELECT r.*, \(plain("r.name")) AS key, \(className("r.class")) AS class_key FROM \(rows(.groups))
        ),
        y AS MATERIALIZED (SELECT y.* FROM \(currentYear) y),
        c AS MATERIALIZED (
            SELECT DISTINCT ON (\(className("k.name"))) \(className("k.name")) AS key, k.id, k.grade_level
            FROM classes k JOIN y ON y.id = k.academic_year_id
            WHERE k.school_id = $1 AND k.archived_at IS NULL
            ORDER BY \(className("k.name")), k.id
        ),
        g AS MATERIALIZED (
            SELECT k.id, k.kind, k.class_id, k.external_id, \(plain("k.name")) AS key
            FROM groups k JOIN y ON y.id = k.academic_year_id
            WHERE k.school_id = $1 AND k.kind <> 'class' AND k.archived_at IS NULL
        )
        SELECT r.*, y.id AS year_id, y.starts_on AS year_starts_on, y.ends_on AS year_ends_on, c.id AS class_id,
            c.grade_level AS class_grade_level, g.id AS id_now, g.kind AS kind_now, g.class_id AS class_id_now,
            k.name AS class_now, g.matches, first_value(r.line) OVER same AS first_line,
            coalesce(g.id, first_value(r.id) OVER same) AS group_id,
            coalesce(g.class_id, first_value(c.id) OVER same) AS part_of,
            coalesce(
                g.kind, first_value(coalesce(r.kind, CASE WHEN r.class IS NULL THEN 'cross' ELSE 'part' END)) OVER same
            ) AS kind_wanted,
            r.key <> first_value(r.key) OVER same
                OR r.kind IS NOT NULL AND r.kind IS DISTINCT FROM first_value(r.kind) OVER same
                OR r.class IS NOT NULL AND r.class_key IS DISTINCT FROM first_value(r.class_key) OVER same
                OR r.grade_level IS NOT NULL AND r.grade_level IS DISTINCT FROM first_value(r.grade_level) OVER same
                AS differs,
            r.external_id IS NULL
                AND count(r.external_id) OVER (PARTITION BY r.key, coalesce(r.class_key, '')) > 0 AS lacks_code
        FROM r
        LEFT JOIN y ON true
        LEFT JOIN c ON c.key = r.class_key
        LEFT JOIN LATERAL (
            SELECT g.id, g.kind, g.class_id,
                CASE WHEN (g.external_id = r.external_id) IS TRUE THEN 1 ELSE count(*) OVER () END AS matches
            FROM g
            WHERE g.external_id = r.external_id
                OR g.key = r.key AND (r.external_id IS NULL OR g.external_id IS NULL)
                    AND (r.class IS NULL OR g.class_id = c.id)
            ORDER BY (g.external_id = r.external_id) IS TRUE DESC, g.id
            LIMIT 1
        ) g ON true
        LEFT JOIN classes k ON k.school_id = $1 AND k.id = g.class_id
        WINDOW same AS (
            PARTITION BY coalesce('x' || r.external_id, 'n' || r.key || ' ' || coalesce(r.class_key, '')) ORDER BY r.line
        )
        """

    /// A row for each student, with the membership that it changes: the one that begins on the same day, else the last
    /// one that overlaps and has begun. A new membership in a part of a class lasts as long as the enrollment, if the row has no last
    /// day.
    private static let wantedMembers = """
        SELECT w.*,
            CASE
                WHEN max(coalesce(w.last_day, 'infinity')) OVER (same ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                    >= w.first_day THEN lag(w.line) OVER same
            END AS overlaps_line
        FROM (
            SELECT w.*, i.id AS member_id, i.external_id AS pupil, s.id AS student_id, m.id AS member_now, d.first_day,
                d.last_day, m.ends_on < lyceum.today() AND w.starts_on IS NULL AND w.ends_on IS DISTINCT FROM m.ends_on
                    AS is_over,
                -- L5, for new members and for those who stay longer.
                CASE
                    WHEN s.id IS NULL OR w.part_of IS NULL OR m.ends_on >= d.last_day
                        OR (m.id IS NOT NULL AND m.ends_on IS NULL) OR d.last_day < d.first_day THEN false
                    ELSE NOT d.class_days @> daterange(d.first_day, d.last_day, '[]')
                END AS is_outside
            FROM (\(wantedGroups)) w
            CROSS JOIN LATERAL jsonb_to_recordset(coalesce(w.members, '[]')) AS i (id uuid, external_id text)
            LEFT JOIN users u ON u.school_id = $1 AND u.external_id = i.external_id
            LEFT JOIN students s ON s.school_id = $1 AND s.id = u.id
            LEFT JOIN LATERAL (
                SELECT e.starts_on
                FROM enrollments e
                WHERE e.school_id = $1 AND e.student_id = s.id
                    AND e.starts_on <= w.year_ends_on AND coalesce(e.ends_on, 'infinity') >= w.year_starts_on
                    AND (w.starts_on IS NULL OR w.starts_on BETWEEN e.starts_on AND coalesce(e.ends_on, 'infinity'))
                ORDER BY e.starts_on DESC
                LIMIT 1
            ) e ON true
            LEFT JOIN LATERAL (
                SELECT m.id, m.starts_on, m.ends_on FROM group_members m
                WHERE m.school_id = $1 AND m.group_id = w.id_now AND m.student_id = s.id
                    AND (w.starts_on IS NULL OR m.ends_on IS NULL OR m.ends_on >= w.starts_on)
                    AND (w.ends_on IS NULL OR m.starts_on <= w.ends_on)
                    -- A membership that begins later is another one: the new one ends before it.
                    AND (
                        w.starts_on IS NULL OR w.ends_on IS NOT NULL
                        OR m.starts_on <= greatest(w.starts_on, lyceum.today())
                    )
                ORDER BY (m.starts_on = w.starts_on) IS TRUE DESC,
                    w.starts_on IS NULL AND m.starts_on > lyceum.today(), m.starts_on DESC
                LIMIT 1
            ) m ON true
            LEFT JOIN LATERAL (
                SELECT min(n.starts_on) - 1 AS last_day FROM group_members n
                WHERE n.school_id = $1 AND n.group_id = w.id_now AND n.student_id = s.id AND n.starts_on > w.starts_on
            ) n ON w.ends_on IS NULL
            CROSS JOIN LATERAL (
                SELECT c.class_days, c.first_day,
                    CASE
                        WHEN m.id IS NOT NULL OR w.ends_on IS NOT NULL THEN coalesce(w.ends_on, m.ends_on)
                        ELSE least(
                            n.last_day,
                            (SELECT upper(r.days) - 1 FROM unnest(c.class_days) AS r (days) WHERE r.days @> c.first_day)
                        )
                    END AS last_day
                FROM (
                    SELECT lyceum.class_days($1, s.id, w.part_of) AS class_days,
                        coalesce(m.starts_on, w.starts_on, greatest(w.year_starts_on, e.starts_on)) AS first_day
                    OFFSET 0
                ) c
            ) d
        ) w
        WINDOW same AS (PARTITION BY w.group_id, w.student_id ORDER BY w.first_day, w.line)
        """
}
