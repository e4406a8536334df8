import Postgres

/// What a student brings from another school (M10): final marks, and current marks of the running term.
extension ImportDeclaration {
    static let finals = ImportDeclaration(
        fileNames: ["Отметки", "Итоговые отметки"],
        needs: [.subjects, .students],
        firesJoins: true,
        columns: [
            ImportColumn("student", ["Ученик", "Код ученика"], .text(maximum: 100), isRequired: true, example: "1024"),
            ImportColumn("subject", ["Предмет"], .text(maximum: 100), isRequired: true, example: "Математика"),
            ImportColumn("academic_year", ["Учебный год"], .text(maximum: 50), example: ""),
            ImportColumn(
                "kind", ["Вид", "Вид отметки"],
                .word([
                    ("current", ["Текущая"]), ("quarter", ["Четвертная", "Четверть"]),
                    ("trimester", ["Триместровая", "Триместр"]), ("semester", ["Полугодовая", "Полугодие"]),
                    ("year", ["Годовая", "Год"]), ("exam", ["Экзаменационная", "Экзамен"]),
                    ("final", ["Итоговая", "Итог"]),
                ]), isRequired: true, example: "Годовая"),
            ImportColumn("number", ["Номер периода", "Номер"], .integer(1...6), example: ""),
            ImportColumn("date", ["Дата"], .date, example: ""),
            ImportColumn("work", ["Вид работы"], .text(maximum: 100), example: ""),
            ImportColumn(
                "value", ["Отметка"],
                .word([
                    ("5", ["Отлично"]), ("4", ["Хорошо"]), ("3", ["Удовлетворительно"]), ("2", ["Неудовлетворительно"]),
                    ("1", ["Единица"]), ("pass", ["зач", "Зачёт", "Зачтено"]),
                    ("fail", ["незач", "Незачёт", "Не зачтено"]), ("exempt", ["осв", "Освобождён", "Освобождена"]),
                    ("not_assessed", ["н/а", "Не аттестован", "Не аттестована"]), ("none", ["Нет"]),
                ]), isRequired: true, example: "4"),
            ImportColumn("weight", ["Вес"], .weight, example: ""),
            ImportColumn("school", ["Школа", "Прежняя школа"], .text(maximum: 200), example: ""),
        ])
}

extension ImportStatements {
    /// A final mark is matched by student, subject, year, kind and term. A current mark is matched by student, subject,
    /// date and kind of work; the second one with the same values is the second mark of the day.
    static let finals = ImportStatements(
        examine: examine(
            findings(
                wantedFinals,
                [
                    ("w.student_id IS NULL", "student", "unknown_child", "w.student"),
                    ("w.subject_id IS NULL", "subject", "unknown_subject", "w.subject"),
                    ("w.year_id IS NULL AND w.academic_year IS NULL", "academic_year", "no_academic_year", nil),
                    (
                        "w.year_id IS NULL AND w.academic_year IS NOT NULL", "academic_year", "unknown_year",
                        "w.academic_year"
                    ),
                    ("w.is_term AND w.number IS NULL", "number", "required", nil),
                    ("w.is_term AND w.number IS NOT NULL AND w.term_id IS NULL", "number", "unknown_term", nil),
                    ("w.is_current AND w.date IS NULL", "date", "required", nil),
                    ("w.is_current AND w.school IS NULL", "school", "required", nil),
                    ("w.is_current AND w.date > lyceum.today()", "date", "in_the_future", nil),
                    (
                        "w.is_current AND w.date NOT BETWEEN w.year_starts_on AND w.year_ends_on", "date",
                        "outside_year", .said("w.year_starts_on || ' … ' || w.year_ends_on")
                    ),
                    ("w.is_current AND w.code = 'not_assessed'", "value", "value_not_allowed", nil),
                    ("w.has_own_final", "value", "own_final", nil),
                    ("NOT w.is_current AND w.line > w.first_line", "student", "repeated", .row("w.first_line")),
                    ("w.refusal = 'not_a_member'", "student", "not_enrolled", nil),
                    ("w.refusal = 'edit_window_closed'", "date", "edit_window_closed", nil),
                    ("w.refusal = 'marks_not_allowed'", "value", "marks_not_allowed", nil),
                    ("w.refusal = 'value_not_allowed'", "value", "value_not_allowed", nil),
                ])),
        // A file has the marks of some students. It leaves out nothing that the school knows.
        compare: Statement("SELECT 0 AS known, 0 AS missing WHERE $1::int IS NOT NULL AND $2::jsonb IS NOT NULL"),
        update: [
            Statement(
                """
                UPDATE transferred_marks k
                SET kind = w.value_kind, number = w.value_number, code = w.code, weight = coalesce(w.weight, k.weight),
                    school_name = coalesce(w.school, k.school_name), category_id = w.category_id
                FROM (\(wantedFinals)) w
                WHERE k.school_id = $1 AND k.id = w.mark_now
                    AND (k.kind, k.number, k.code, k.weight, k.school_name, k.category_id) IS DISTINCT FROM (
                        w.value_kind, w.value_number, w.code, coalesce(w.weight, k.weight),
                        coalesce(w.school, k.school_name), w.category_id
                    )
                RETURNING w.line::text AS key
                """),
            Statement(
                """
                UPDATE final_marks x
                SET value_kind = w.value_kind, number = w.value_number, code = w.code, due_on = NULL, source = 'transferred'
                FROM (\(wantedFinals)) w
                WHERE x.school_id = $1 AND x.id = w.final_now
                    AND (x.value_kind, x.number, x.code) IS DISTINCT FROM (w.value_kind, w.value_number, w.code)
                RETURNING w.line::text AS key
                """),
        ],
        insert: Statement(
            """
            WITH w AS MATERIALIZED (
                SELECT w.* FROM (\(wantedFinals)) w
                WHERE w.mark_now IS NULL AND w.final_now IS NULL AND w.value_kind IS NOT NULL
            ),
            marks AS (
                INSERT INTO transferred_marks (
                    school_id, id, student_id, subject_id, academic_year_id, date, work, ordinal, category_id, kind, number,
                    code, weight, school_name
                )
                SELECT $1, w.id, w.student_id, w.subject_id, w.year_id, w.date, w.work, w.ordinal, w.category_id,
                    w.value_kind, w.value_number, w.code, coalesce(w.weight, 1), w.school
                FROM w
                WHERE w.is_current
                RETURNING id
            ),
            finals AS (
                INSERT INTO final_marks (
                    school_id, id, student_id, subject_id, academic_year_id, kind, term_id, value_kind, number, code, source
                )
                SELECT $1, w.id, w.student_id, w.subject_id, w.year_id, w.final_kind, w.term_id, w.value_kind,
                    w.value_number, w.code, 'transferred'
                FROM w
                WHERE NOT w.is_current
                RETURNING id
            )
            SELECT w.line::text AS key
            FROM w
            JOIN (SELECT m.id FROM marks m UNION ALL SELECT f.id FROM finals f) d ON d.id = w.id
            """),
        follow: [])

    private static let wantedFinals = """
        SELECT w.*, m.id AS mark_now, f.id AS final_now, f.source = 'own' AND f.value_kind IS NOT NULL AS has_own_final,
            min(w.line) OVER (PARTITION BY w.student_id, w.subject_id, w.year_id, w.kind, w.term_id) AS first_line,
            CASE
                WHEN w.student_id IS NULL OR w.subject_id IS NULL OR w.year_id IS NULL THEN NULL
                WHEN NOT w.is_current THEN
                    lyceum.final_refusal(
                        $1, w.student_id, w.year_id, w.final_kind, w.term_id, NULL, 'transferred', w.value_kind,
                        w.value_number, w.code
                    )
                WHEN w.date BETWEEN w.year_starts_on AND w.year_ends_on AND w.date <= lyceum.today() THEN
                    lyceum.transferred_mark_refusal(
                        $1, w.student_id, w.year_id, w.date, w.value_kind, w.value_number, w.code
                    )
            END AS refusal
        FROM (
            SELECT r.line, r.id, r.student, r.subject, r.academic_year, r.kind, r.number, r.date, r.work, r.weight,
                r.school, s.id AS student_id, j.id AS subject_id, y.id AS year_id, y.starts_on AS year_starts_on,
                y.ends_on AS year_ends_on, t.id AS term_id, c.id AS category_id,
                r.kind = 'current' AS is_current, r.kind IN ('quarter', 'trimester', 'semester') AS is_term,
                CASE WHEN r.kind IN ('quarter', 'trimester', 'semester') THEN 'term' ELSE r.kind END AS final_kind,
                CASE WHEN r.value IN ('1', '2', '3', '4', '5') THEN 'number' WHEN r.value <> 'none' THEN 'code' END
                    AS value_kind,
                CASE WHEN r.value IN ('1', '2', '3', '4', '5') THEN r.value::smallint END AS value_number,
                CASE WHEN r.value NOT IN ('1', '2', '3', '4', '5', 'none') THEN r.value END AS code,
                row_number() OVER (PARTITION BY s.id, j.id, r.kind, r.date, r.work ORDER BY r.line) AS ordinal
            FROM \(rows(.finals))
            LEFT JOIN users u ON u.school_id = $1 AND u.external_id = r.student
            LEFT JOIN students s ON s.school_id = $1 AND s.id = u.id
            LEFT JOIN LATERAL (
                SELECT j.id FROM subjects j
                WHERE j.school_id = $1 AND j.archived_at IS NULL
                    AND (j.external_id = r.subject OR \(plain("j.name")) = \(plain("r.subject")))
                ORDER BY (j.external_id = r.subject) IS TRUE DESC, j.id
                LIMIT 1
            ) j ON true
            LEFT JOIN LATERAL (
                SELECT y.id, y.starts_on, y.ends_on FROM academic_years y
                WHERE y.school_id = $1 AND (
                    CASE
                        WHEN r.academic_year IS NULL THEN y.id = (SELECT n.id FROM \(currentYear) n)
                        ELSE \(plain("y.name")) = \(plain("r.academic_year"))
                    END
                )
                LIMIT 1
            ) y ON true
            LEFT JOIN LATERAL (
                SELECT t.id FROM terms t
                WHERE t.school_id = $1 AND t.academic_year_id = y.id AND t.kind = r.kind AND t.ordinal = r.number
                    AND (
                        lyceum.grade_level_in($1, s.id, y.id) IS NULL
                        OR lyceum.grade_level_in($1, s.id, y.id) = ANY (t.grade_levels)
                    )
                ORDER BY t.starts_on, t.id
                LIMIT 1
            ) t ON true
            LEFT JOIN LATERAL (
                SELECT c.id FROM categories c
                WHERE c.school_id = $1 AND c.archived_at IS NULL AND \(plain("c.name")) = \(plain("r.work"))
                ORDER BY c.id
                LIMIT 1
            ) c ON r.kind = 'current'
        ) w
        LEFT JOIN transferred_marks m ON w.is_current AND m.school_id = $1 AND m.student_id = w.student_id
            AND m.subject_id = w.subject_id AND m.date = w.date AND m.work IS NOT DISTINCT FROM w.work
            AND m.ordinal = w.ordinal
        LEFT JOIN final_marks f ON NOT w.is_current AND f.school_id = $1 AND f.student_id = w.student_id
            AND f.subject_id = w.subject_id AND f.academic_year_id = w.year_id AND f.kind = w.final_kind
            AND f.term_id IS NOT DISTINCT FROM w.term_id
        """
}
