import Postgres

extension ImportKind {
    static let classColumns = [
        ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
        ImportColumn("name", ["Класс", "Название"], .text(maximum: 20), isRequired: true, example: "7А"),
        ImportColumn("grade_level", ["Параллель"], .integer(1...11), example: "7"),
        ImportColumn("letter", ["Литера", "Буква"], .text(maximum: 10), example: "А"),
        ImportColumn("profile", ["Профиль"], .text(maximum: 200), example: ""),
    ]
}

extension ImportStatements {
    /// A class is known by its external id, else by its name in the current year.
    static let classes = ImportStatements(
        examine: Statement(
            """
            SELECT f.line, f.field, f.code, f.argument
            FROM (
                SELECT w.line, 'name' AS field, 'no_academic_year' AS code, NULL AS argument
                FROM (\(wantedClasses)) w WHERE w.year_id IS NULL
                UNION ALL
                SELECT w.line, 'grade_level', 'fixed_field', w.grade_level_now::text
                FROM (\(wantedClasses)) w WHERE w.grade_level <> w.grade_level_now
                UNION ALL
                SELECT w.line, 'external_id', 'already_exists', c.name
                FROM (\(wantedClasses)) w
                JOIN classes c ON c.school_id = $1 AND c.external_id = w.external_id AND c.id IS DISTINCT FROM w.id_now
                UNION ALL
                SELECT w.line, 'name', 'already_exists', c.name
                FROM (\(wantedClasses)) w
                JOIN classes c ON c.school_id = $1 AND c.academic_year_id = w.year_id AND c.id <> w.id_now
                    AND \(className("c.name")) = \(className("w.key"))
            ) f
            ORDER BY f.line
            """),
        compare: Statement(
            """
            SELECT count(*) AS known,
                count(*) FILTER (
                    WHERE k.id NOT IN (SELECT w.id_now FROM (\(wantedClasses)) w WHERE w.id_now IS NOT NULL)
                ) AS missing
            FROM classes k
            WHERE k.school_id = $1 AND k.external_id IS NOT NULL AND k.archived_at IS NULL
                AND k.academic_year_id = (SELECT y.id FROM \(currentYear) y)
            """),
        update: [
            Statement(
                """
                UPDATE classes c
                SET name = w.key, letter = w.letter, profile = coalesce(w.profile, c.profile),
                    external_id = coalesce(w.external_id, c.external_id)
                FROM (\(wantedClasses)) w
                WHERE c.school_id = $1 AND c.id = w.id_now
                    AND (c.name, c.letter, c.profile, c.external_id) IS DISTINCT FROM
                        (w.key, w.letter, coalesce(w.profile, c.profile), coalesce(w.external_id, c.external_id))
                RETURNING w.key
                """)
        ],
        insert: Statement(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name, profile, external_id)
            SELECT $1, w.id, w.year_id, w.grade_level, w.letter, w.key, w.profile, w.external_id
            FROM (\(wantedClasses)) w
            WHERE w.id_now IS NULL
            RETURNING name AS key
            """),
        follow: [])

    private static let wantedClasses = """
        SELECT r.line, r.id, r.name AS key, r.grade_level, r.letter, r.profile, r.external_id, y.id AS year_id,
            c.id AS id_now, c.grade_level AS grade_level_now
        FROM \(rows(.classes))
        LEFT JOIN \(currentYear) y ON true
        LEFT JOIN LATERAL (
            SELECT c.id, c.grade_level FROM classes c
            WHERE c.school_id = $1 AND c.academic_year_id = y.id
                AND (c.external_id = r.external_id OR \(className("c.name")) = \(className("r.name")))
            ORDER BY (c.external_id = r.external_id) IS TRUE DESC, c.name = r.name DESC, c.id
            LIMIT 1
        ) c ON true
        """
}
