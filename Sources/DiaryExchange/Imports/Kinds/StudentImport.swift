extension ImportDeclaration {
    static let students = ImportDeclaration(
        fileNames: ["Ученики", "Обучающиеся"],
        keys: [["external_id"]],
        needs: [.classes],
        firesJoins: true,
        columns: person("1024", "Ковалёв", "Артём", "Сергеевич") + [
            ImportColumn("birth_date", ["Дата рождения"], .date, example: "14.03.2013"),
            ImportColumn(
                "sex", ["Пол"],
                .word([("male", ["М", "Муж", "Мужской"]), ("female", ["Ж", "Жен", "Женский"])]), example: "М"),
            ImportColumn("personal_file", ["Личное дело", "Номер личного дела"], .text(maximum: 50), example: "К-112"),
        ] + contacts("", "+7 900 000-10-24") + [
            ImportColumn("address", ["Адрес"], .text(maximum: 500), example: "ул. Мира, 5, кв. 12"),
            ImportColumn("class", ["Класс"], .text(maximum: 20), example: "7А"),
            ImportColumn("enrolled_on", ["Зачислен", "Дата зачисления"], .date, example: ""),
            ImportColumn("subgroups", ["Подгруппы"], .externalIDs(maximum: 20), example: ""),
        ])
}

extension ImportStatements {
    static let students = people(
        .students, without: ["class", "enrolled_on", "subgroups"],
        isCurrent: """
            (
                NOT EXISTS (SELECT FROM enrollments e WHERE e.school_id = $1 AND e.student_id = k.id)
                OR EXISTS (
                    SELECT FROM enrollments e
                    WHERE e.school_id = $1 AND e.student_id = k.id
                        AND lyceum.lasts(e.ends_on, lyceum.today())
                )
            )
            """,
        findings: """
            SELECT w.line,
                CASE w.code WHEN 'outside_year' THEN 'enrolled_on' ELSE 'class' END, w.code,
                CASE w.code
                    WHEN 'outside_year' THEN w.year_starts_on || ' … ' || w.year_ends_on
                    WHEN 'unknown_class' THEN w.class
                END,
                CASE w.code WHEN 'class_change_needs_date' THEN w.class_now END, NULL
            FROM (
                SELECT w.*, CASE
                    WHEN w.year_starts_on IS NULL THEN 'no_academic_year'
                    WHEN w.class_id IS NULL THEN 'unknown_class'
                    WHEN w.starts_on NOT BETWEEN w.year_starts_on AND w.year_ends_on THEN 'outside_year'
                    WHEN w.class_id_now <> w.class_id AND w.starts_on <= w.starts_on_now THEN 'class_change_needs_date'
                END AS code
                FROM (\(wantedEnrollments)) w
            ) w
            WHERE w.code IS NOT NULL
            UNION ALL
            SELECT r.line, 'enrolled_on', 'needs_class', NULL, NULL, NULL
            FROM \(rows(.students)) WHERE r.enrolled_on IS NOT NULL AND r.class IS NULL
            UNION ALL
            SELECT r.line, 'subgroups', 'needs_class', NULL, NULL, NULL
            FROM \(rows(.students)) WHERE r.subgroups IS NOT NULL AND r.class IS NULL
            UNION ALL
            -- L5: a change into a class with subgroups names them, or says that there are none.
            SELECT w.line, 'subgroups', 'subgroups_not_named', NULL, g.names, NULL
            FROM (\(wantedEnrollments)) w
            CROSS JOIN LATERAL (
                SELECT string_agg(g.name, ', ' ORDER BY g.name) AS names FROM groups g
                WHERE g.school_id = $1 AND g.class_id = w.class_id AND g.kind = 'part' AND g.archived_at IS NULL
            ) g
            WHERE w.class_id_now <> w.class_id AND w.starts_on > w.starts_on_now AND w.subgroups IS NULL
                AND g.names IS NOT NULL
            UNION ALL
            SELECT w.line, 'subgroups', 'unknown_group', w.said, NULL, NULL
            FROM (\(wantedSubgroups)) w WHERE w.class_id IS NOT NULL AND w.group_id IS NULL
            UNION ALL
            SELECT r.line, 'birth_date', 'in_the_future', NULL, NULL, NULL
            FROM \(rows(.students)) WHERE r.birth_date > lyceum.today()
            """,
        follow: [
            // A change of class ends the old enrollment on the day before. The new one has its remaining days. The change
            // is recorded, so that it can be undone (L5).
            """
            WITH w AS MATERIALIZED (
                SELECT w.* FROM (\(wantedEnrollments)) w
                WHERE w.class_id_now <> w.class_id AND w.starts_on > w.starts_on_now
            ),
            ended AS (
                UPDATE enrollments e SET ends_on = w.starts_on - 1
                FROM w
                WHERE e.school_id = $1 AND e.id = w.id_now
                RETURNING e.id
            ),
            joined AS (
                INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on, ends_on, in_class_group, end_reason)
                SELECT $1, w.id, w.student_id, w.class_id, w.starts_on, w.ends_on_now, w.in_class_group_now, w.end_reason_now
                FROM ended e JOIN w ON w.id_now = e.id
                RETURNING id
            ),
            changed AS (
                INSERT INTO class_changes (school_id, enrollment_id, left_id, starts_on, ends_on, end_reason)
                SELECT $1, w.id, w.id_now, w.starts_on, w.ends_on_now, w.end_reason_now
                FROM joined j JOIN w ON w.id = j.id
                RETURNING enrollment_id
            )
            SELECT w.key FROM changed c JOIN w ON w.id = c.enrollment_id
            """,
            """
            WITH done AS (
                INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
                SELECT $1, w.id, w.student_id, w.class_id, w.starts_on
                FROM (\(wantedEnrollments)) w
                WHERE w.class_id IS NOT NULL AND w.id_now IS NULL
                RETURNING student_id
            )
            SELECT u.external_id AS key FROM done JOIN users u ON u.school_id = $1 AND u.id = done.student_id
            """,
            // The subgroups of an enrollment that this import has made.
            """
            WITH w AS MATERIALIZED (\(wantedSubgroups)), done AS (
                INSERT INTO group_members (school_id, id, group_id, student_id, starts_on, ends_on)
                SELECT $1, w.member_id, w.group_id, e.student_id, e.starts_on, e.ends_on
                FROM w
                JOIN enrollments e ON e.school_id = $1 AND e.id = w.id AND e.changed_xid = pg_current_xact_id()
                RETURNING id
            )
            SELECT w.key FROM done JOIN w ON w.member_id = done.id
            """,
        ],
        // A membership of the class's own group has the id of its enrollment.
        verify: examine(
            overlaps(
                of: "SELECT e.line, e.key, e.id_now AS member_now FROM (\(wantedEnrollments)) e", field: "class",
                name: "w.key"),
            recordedDays(of: leftClasses, field: "enrolled_on")))

    /// A row for each subgroup of the class that a row names, by its name or external id. «Нет» names none.
    private static let wantedSubgroups = """
        SELECT DISTINCT ON (w.line, coalesce(g.id, i.id)) w.line, w.key, w.id, w.class_id, i.id AS member_id,
            i.external_id AS said, g.id AS group_id
        FROM (\(wantedEnrollments)) w
        CROSS JOIN LATERAL jsonb_to_recordset(coalesce(w.subgroups, '[]')) AS i (id uuid, external_id text)
        LEFT JOIN LATERAL (
            SELECT g.id FROM groups g
            WHERE g.school_id = $1 AND g.class_id = w.class_id AND g.kind = 'part' AND g.archived_at IS NULL
                AND (g.external_id = i.external_id OR \(plain("g.name")) = \(plain("i.external_id")))
            ORDER BY (g.external_id = i.external_id) IS TRUE DESC, g.id
            LIMIT 1
        ) g ON true
        WHERE \(plain("i.external_id")) NOT IN ('нет', 'none')
        ORDER BY w.line, coalesce(g.id, i.id), i.id
        """

    /// Enrollments that the import has ended, with the groups of their class and all other groups of the student.
    private static let leftClasses = """
        SELECT w.line, e.student_id, e.ends_on, ARRAY(
            SELECT g.id FROM groups g WHERE g.school_id = $1 AND g.class_id = e.class_id
            UNION
            SELECT m.group_id FROM group_members m WHERE m.school_id = $1 AND m.student_id = e.student_id
        ) AS group_ids
        FROM (\(wantedEnrollments)) w
        JOIN enrollments e ON e.school_id = $1 AND e.student_id = w.student_id AND e.ends_on = w.starts_on - 1
            AND e.changed_xid = pg_current_xact_id()
        """

    /// Rows with the last enrollment that has not ended when the new one begins.
    private static let wantedEnrollments = """
        SELECT r.line, r.external_id AS key, r.class, r.subgroups, r.other_id AS id, s.id AS student_id, c.id AS class_id,
            coalesce(r.enrolled_on, y.starts_on) AS starts_on, y.starts_on AS year_starts_on, y.ends_on AS year_ends_on,
            e.id AS id_now, e.class_id AS class_id_now, e.starts_on AS starts_on_now, e.ends_on AS ends_on_now,
            e.end_reason AS end_reason_now, e.in_class_group AS in_class_group_now, k.name AS class_now
        FROM \(rows(.students))
        LEFT JOIN \(currentYear) y ON true
        LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
        LEFT JOIN students s ON s.school_id = $1 AND s.id = u.id
        LEFT JOIN LATERAL (
            SELECT c.id FROM classes c
            WHERE c.school_id = $1 AND c.academic_year_id = y.id AND c.archived_at IS NULL
                AND \(className("c.name")) = \(className("r.class"))
            ORDER BY c.name = r.class DESC, c.id
            LIMIT 1
        ) c ON true
        LEFT JOIN LATERAL (
            SELECT e.id, e.class_id, e.starts_on, e.ends_on, e.end_reason, e.in_class_group FROM enrollments e
            WHERE e.school_id = $1 AND e.student_id = s.id
                AND lyceum.lasts(e.ends_on, coalesce(r.enrolled_on, y.starts_on))
            ORDER BY e.starts_on DESC
            LIMIT 1
        ) e ON true
        LEFT JOIN classes k ON k.school_id = $1 AND k.id = e.class_id
        WHERE r.class IS NOT NULL
        """
}
