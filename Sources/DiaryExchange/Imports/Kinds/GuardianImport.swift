extension ImportDeclaration {
    static let guardians = ImportDeclaration(
        fileNames: ["Родители", "Представители", "Законные представители"],
        keys: [["external_id"]],
        needs: [.students, .staff],
        firesJoins: true,
        columns: person("G-2048", "Ковалёва", "Ольга", "Викторовна")
            + contacts("kovaleva@example.org", "+7 900 000-20-48") + [
                ImportColumn("address", ["Адрес"], .text(maximum: 500), example: "ул. Мира, 5, кв. 12"),
                ImportColumn("workplace", ["Место работы"], .text(maximum: 200), example: ""),
                ImportColumn(
                    "children", ["Дети", "Ребёнок", "Коды детей"], .externalIDs(maximum: 20), example: "1024"),
                ImportColumn(
                    "relation", ["Кем приходится", "Родство"],
                    .word([
                        ("mother", ["Мать", "Мама"]), ("father", ["Отец", "Папа"]),
                        ("legal_guardian", ["Опекун", "Законный представитель"]), ("organisation", ["Организация"]),
                    ]), example: "Мать"),
                ImportColumn(
                    "access", ["Доступ"], .word([("full", ["Полный", "Есть"]), ("none", ["Нет", "Закрыт"])]),
                    example: ""),
            ])
}

extension ImportStatements {
    static let guardians = people(
        .guardians, without: ["children", "relation", "access"],
        isCurrent: """
            (
                NOT EXISTS (SELECT FROM guardianships g WHERE g.school_id = $1 AND g.guardian_id = k.id)
                OR EXISTS (
                    SELECT
                    FROM guardianships g
                    JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id
                    WHERE g.school_id = $1 AND g.guardian_id = k.id
                        AND lyceum.lasts(g.ends_on, lyceum.today())
                        AND lyceum.lasts(e.ends_on, lyceum.today())
                )
            )
            """,
        findings: """
            SELECT w.line,
                CASE w.code WHEN 'required' THEN 'relation' WHEN 'access_closed' THEN 'access' ELSE 'children' END,
                w.code, w.child, NULL, NULL
            FROM (
                SELECT w.*, CASE
                    WHEN w.student_id IS NULL THEN 'unknown_child'
                    WHEN w.child = w.key THEN 'self'
                    WHEN lyceum.is_own_guardian(w.guardian_id) AND (
                        w.id_now IS NULL
                        OR (coalesce(w.relation, w.relation_now), coalesce(w.access, w.access_now))
                            <> (w.relation_now, w.access_now)
                        OR w.access = 'none' AND w.is_open
                    ) THEN 'own_guardianship'
                    WHEN w.is_over THEN 'guardianship_over'
                    WHEN w.access_now = 'none' AND w.access = 'full' THEN 'access_closed'
                    WHEN w.id_now IS NULL AND w.relation IS NULL THEN 'required'
                END AS code
                FROM (\(wantedGuardianships)) w
            ) w
            WHERE w.code IS NOT NULL
            """,
        follow: [
            """
            UPDATE guardianships g
            SET relation = CASE WHEN g.id = w.id_now THEN coalesce(w.relation, g.relation) ELSE g.relation END,
                access = coalesce(w.access, g.access)
            FROM (\(wantedGuardianships)) w
            WHERE g.school_id = $1 AND g.guardian_id = w.guardian_id AND g.student_id = w.student_id
                AND (
                    g.id = w.id_now
                        AND (g.relation, g.access) <> (coalesce(w.relation, g.relation), coalesce(w.access, g.access))
                    OR w.access = 'none' AND g.access <> 'none' AND lyceum.lasts(g.ends_on, lyceum.today())
                )
            RETURNING w.key
            """,
            """
            WITH done AS (
                INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on)
                SELECT $1, w.id, w.guardian_id, w.student_id, w.relation, coalesce(w.access, 'full'), lyceum.today()
                FROM (\(wantedGuardianships)) w
                WHERE w.id_now IS NULL
                RETURNING guardian_id
            )
            SELECT u.external_id AS key FROM done JOIN users u ON u.school_id = $1 AND u.id = done.guardian_id
            """,
        ])

    /// A row for each student, with the guardianship between the two that covers today, or else the last one. A file
    /// that closes the access closes every guardianship that has not ended.
    private static let wantedGuardianships = """
        SELECT r.line, r.external_id AS key, i.id, i.external_id AS child, r.relation, r.access,
            u.id AS guardian_id, s.id AS student_id, g.id AS id_now, g.relation AS relation_now,
            g.access AS access_now,
            g.ends_on < lyceum.today() AS is_over,
            EXISTS (
                SELECT FROM guardianships o
                WHERE o.school_id = $1 AND o.guardian_id = u.id AND o.student_id = s.id AND o.access <> 'none'
                    AND lyceum.lasts(o.ends_on, lyceum.today())
            ) AS is_open
        FROM \(rows(.guardians))
        CROSS JOIN LATERAL jsonb_to_recordset(coalesce(r.children, '[]')) AS i (id uuid, external_id text)
        LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.external_id
        LEFT JOIN users c ON c.school_id = $1 AND c.external_id = i.external_id
        LEFT JOIN students s ON s.school_id = $1 AND s.id = c.id
        LEFT JOIN LATERAL (
            SELECT g.id, g.relation, g.access, g.ends_on FROM guardianships g
            WHERE g.school_id = $1 AND g.guardian_id = u.id AND g.student_id = s.id
            ORDER BY lyceum.holds(g.starts_on, g.ends_on, lyceum.today()) DESC, g.starts_on DESC
            LIMIT 1
        ) g ON true
        """
}
