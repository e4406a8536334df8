import Postgres

extension ImportDeclaration {
    static let classes = ImportDeclaration(
        fileNames: ["Классы"],
        keys: [["external_id"], ["name"]],
        needs: [.staff],
        columns: [
            ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
            ImportColumn("name", ["Класс", "Название"], .text(maximum: 20), isRequired: true, example: "7А"),
            ImportColumn("grade_level", ["Параллель"], .integer(1...11), example: "7"),
            ImportColumn("letter", ["Литера", "Буква"], .text(maximum: 10), example: "А"),
            ImportColumn("profile", ["Профиль"], .text(maximum: 200), example: ""),
            ImportColumn("class_teacher", ["Классный руководитель"], .text(maximum: 100), example: "S-17"),
            ImportColumn("class_teacher_from", ["Классный руководитель с", "Руководит с"], .date, example: ""),
        ])
}

extension ImportStatements {
    /// A class is matched by its external id, else by its name in the current year.
    static let classes = ImportStatements(
        examine: Statement(
            """
            SELECT f.line, f.field, f.code, f.said, f.known, f.other
            FROM (
                SELECT w.line, 'name' AS field, 'no_academic_year' AS code, NULL AS said, NULL AS known, NULL AS other
                FROM (\(wantedClasses)) w WHERE w.year_id IS NULL
                UNION ALL
                SELECT w.line, 'grade_level', 'fixed_field', w.grade_level_now::text, NULL, NULL
                FROM (\(wantedClasses)) w WHERE w.grade_level <> w.grade_level_now
                UNION ALL
                SELECT w.line, 'external_id', 'already_exists', c.name, NULL, NULL
                FROM (\(wantedClasses)) w
                JOIN classes c ON c.school_id = $1 AND c.external_id = w.external_id AND c.id IS DISTINCT FROM w.id_now
                UNION ALL
                SELECT w.line, 'name', 'already_exists', c.name, NULL, NULL
                FROM (\(wantedClasses)) w
                JOIN classes c ON c.school_id = $1 AND c.academic_year_id = w.year_id AND c.id <> w.id_now
                    AND \(className("c.name")) = \(className("w.key"))
                UNION ALL
                \(findings(
                    wantedClassTeachers,
                    [
                        ("w.teacher_id IS NULL", "class_teacher", "unknown_teacher", "w.class_teacher"),
                        (
                            "w.first_day NOT BETWEEN w.year_starts_on AND w.year_ends_on", "class_teacher_from",
                            "outside_year", "w.year_starts_on || ' … ' || w.year_ends_on"
                        ),
                        (
                            "w.teacher_id <> w.teacher_now AND coalesce(w.class_teacher_from <= w.since, true)",
                            "class_teacher", "teacher_change_needs_date", .known("w.name_now")
                        ),
                        (
                            "w.teacher_id = w.teacher_now AND w.class_teacher_from IS NULL AND w.last_day < lyceum.today()",
                            "class_teacher", "teaching_over", "w.class_teacher"
                        ),
                    ]))
                UNION ALL
                SELECT w.line, 'class_teacher', 'needs_teacher', NULL, NULL, NULL
                FROM (\(wantedClasses)) w WHERE w.class_teacher IS NULL AND w.class_teacher_from IS NOT NULL
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
        follow: [
            // A new class teacher ends the term of the old one on the day before.
            Statement(
                """
                UPDATE class_teachers t SET ends_on = w.class_teacher_from - 1
                FROM (\(wantedClassTeachers)) w
                WHERE t.school_id = $1 AND t.id = w.id_now AND w.teacher_now <> w.teacher_id
                RETURNING w.key
                """),
            Statement(
                """
                WITH w AS MATERIALIZED (\(wantedClassTeachers)), done AS (
                    INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
                    SELECT $1, w.other_id, w.class_id, w.teacher_id, w.first_day
                    FROM w
                    WHERE w.id_now IS NULL
                    RETURNING id
                )
                SELECT w.key FROM w JOIN done ON done.id = w.other_id
                """),
        ])

    /// Rows with the last class teacher whose term has not ended when the new one begins.
    private static let wantedClassTeachers = """
        SELECT w.line, w.key, w.other_id, w.class_teacher, w.class_teacher_from, w.year_starts_on, w.year_ends_on,
            coalesce(w.id_now, w.id) AS class_id, coalesce(w.class_teacher_from, w.year_starts_on) AS first_day,
            f.id AS teacher_id, t.id AS id_now, t.teacher_id AS teacher_now, t.starts_on AS since,
            t.ends_on AS last_day, concat_ws(' ', n.last_name, n.first_name, n.middle_name) AS name_now
        FROM (\(wantedClasses)) w
        LEFT JOIN users u ON u.school_id = $1 AND u.external_id = w.class_teacher
        LEFT JOIN staff f ON f.school_id = $1 AND f.id = u.id
        LEFT JOIN LATERAL (
            SELECT t.id, t.teacher_id, t.starts_on, t.ends_on FROM class_teachers t
            WHERE t.school_id = $1 AND t.class_id = coalesce(w.id_now, w.id) AND NOT t.acting
                AND lyceum.lasts(t.ends_on, coalesce(w.class_teacher_from, w.year_starts_on))
            ORDER BY t.starts_on DESC
            LIMIT 1
        ) t ON true
        LEFT JOIN users n ON n.school_id = $1 AND n.id = t.teacher_id
        WHERE w.class_teacher IS NOT NULL
        """

    private static let wantedClasses = """
        SELECT r.line, r.id, r.other_id, r.name AS key, r.grade_level, r.letter, r.profile, r.external_id,
            r.class_teacher, r.class_teacher_from, y.id AS year_id, y.starts_on AS year_starts_on,
            y.ends_on AS year_ends_on, c.id AS id_now, c.grade_level AS grade_level_now
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
