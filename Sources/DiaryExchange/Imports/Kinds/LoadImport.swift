import Postgres

extension ImportDeclaration {
    static let load = ImportDeclaration(
        fileNames: ["Нагрузка"],
        needs: [.subjects, .classes, .groups, .staff],
        columns: [
            ImportColumn("external_id", externalID, .text(maximum: 100), example: ""),
            ImportColumn("subject", ["Предмет"], .text(maximum: 100), isRequired: true, example: "Математика"),
            ImportColumn("class", ["Класс"], .text(maximum: 20), example: "7А"),
            ImportColumn("group", ["Группа"], .text(maximum: 100), example: ""),
            ImportColumn(
                "kind", ["Вид", "Вид занятий"],
                .word([
                    ("curricular", ["Урок", "Обязательный"]), ("elective", ["Электив", "Факультатив", "По выбору"]),
                    ("extracurricular", ["Внеурочная", "Внеурочное занятие", "Кружок"]),
                ]), example: "Урок"),
            ImportColumn(
                "grading", ["Оценивание"],
                .word([
                    ("marks", ["Отметки", "Отметка"]), ("pass_fail", ["Зачёт", "Зачёт и незачёт"]),
                    ("none", ["Без отметок", "Безотметочное"]),
                ]), example: "Отметки"),
            ImportColumn("name", ["Название", "Страница журнала"], .text(maximum: 200), example: ""),
            ImportColumn("hours_per_week", ["Часов в неделю", "Часы"], .hours, example: "5"),
            ImportColumn("teacher", ["Учитель", "Код учителя"], .text(maximum: 100), example: "S-17"),
            ImportColumn(
                "teacher_role", ["Роль", "Роль учителя"],
                .word([("lead", ["Ведущий", "Основной"]), ("co", ["Второй", "Со-учитель"])]), example: ""),
            ImportColumn("teacher_from", ["С", "Учитель с"], .date, example: ""),
            ImportColumn("teacher_to", ["По", "Учитель по"], .date, example: ""),
        ])
}

extension ImportStatements {
    /// A section is matched by its external id, else by subject, group and kind. It may have several rows, each with
    /// one teacher. Present teachers stay; a new lead ends the term of the old one on the day before the row's first
    /// day.
    static let load = ImportStatements(
        examine: examine(
            findings(
                wantedSections,
                taughtFaults + [
                    ("w.class IS NULL AND w.\"group\" IS NULL AND w.id_now IS NULL", "class", "required", nil),
                    ("w.matches > 1", "subject", "ambiguous", nil),
                    ("w.subject_id <> w.subject_id_now", "subject", "fixed_field", .known("w.name_now")),
                    (
                        "w.group_id <> w.group_id_now", "CASE WHEN w.\"group\" IS NULL THEN 'class' ELSE 'group' END",
                        "fixed_field", .known("w.name_now")
                    ),
                    ("w.differs", "subject", "differs", .row("w.first_line")),
                    ("w.lacks_code", "external_id", "lacks_code", nil),
                    // M1: grade 1 has no marks.
                    (
                        "w.grade_level = 1 AND w.grading <> 'none' AND w.grading IS DISTINCT FROM w.grading_now",
                        "grading", "marks_not_allowed", nil
                    ),
                    (
                        """
                        w.grading <> w.grading_now AND (
                            EXISTS (
                                SELECT FROM line_items i
                                WHERE i.school_id = $1 AND i.section_id = w.id_now AND EXISTS (
                                    SELECT FROM marks m
                                    WHERE m.school_id = $1 AND m.line_item_id = i.id AND m.kind IS NOT NULL
                                    OFFSET 0
                                )
                            )
                            OR EXISTS (
                                SELECT FROM final_marks f
                                WHERE f.school_id = $1 AND f.section_id = w.id_now AND f.value_kind IS NOT NULL
                            )
                        )
                        """, "grading", "has_marks", nil
                    ),
                    (
                        "w.teacher IS NULL AND num_nonnulls(w.teacher_role, w.teacher_from, w.teacher_to) > 0",
                        "teacher", "needs_teacher", nil
                    ),
                    (
                        "w.teacher_from NOT BETWEEN w.year_starts_on AND w.year_ends_on", "teacher_from",
                        "outside_year", .said(years)
                    ),
                    (
                        "w.teacher_to NOT BETWEEN w.year_starts_on AND w.year_ends_on", "teacher_to", "outside_year",
                        .said(years)
                    ),
                ]),
            """
            SELECT w.line, 'external_id', 'already_exists', NULL, s.name, NULL
            FROM (\(wantedSections)) w
            JOIN sections s ON s.school_id = $1 AND s.external_id = w.external_id AND s.id IS DISTINCT FROM w.id_now
            """,
            findings(
                wantedTeachers,
                [
                    ("w.teacher_id IS NULL", "teacher", "unknown_teacher", "w.teacher"),
                    ("w.teacher_role <> w.role_now", "teacher_role", "fixed_field", "w.role_now"),
                    ("w.is_over", "teacher", "teaching_over", "w.teacher"),
                    ("w.last_day < w.first_day", "teacher_to", "before_start", nil),
                    (
                        "w.lead_now IS NOT NULL AND w.teacher_to IS NULL AND coalesce(w.teacher_from <= w.lead_since, true)",
                        "teacher", "teacher_change_needs_date", .known("w.lead_name")
                    ),
                    (
                        "w.lead_now IS NOT NULL AND w.teacher_to IS NOT NULL", "teacher", "lead_overlap",
                        .known("w.lead_name")
                    ),
                    (
                        "w.teacher_id IS NOT NULL AND w.overlaps_line IS NOT NULL", "teacher", "repeated",
                        .row("w.overlaps_line")
                    ),
                    (
                        "w.teacher_id IS NOT NULL AND w.overlaps_line IS NULL AND w.leads_line IS NOT NULL", "teacher",
                        "lead_overlap", .row("w.leads_line")
                    ),
                ])),
        compare: Statement(
            """
            SELECT count(*) AS known,
                count(*) FILTER (
                    WHERE k.id NOT IN (SELECT w.id_now FROM (\(wantedSections)) w WHERE w.id_now IS NOT NULL)
                ) AS missing
            FROM sections k
            WHERE k.school_id = $1 AND k.external_id IS NOT NULL AND k.archived_at IS NULL
                AND k.academic_year_id = (SELECT y.id FROM \(currentYear) y)
            """),
        update: [
            Statement(
                """
                UPDATE sections s
                SET (kind, grading, name, hours_per_week, external_id) = (SELECT \(section))
                FROM (\(wantedSections)) w
                WHERE s.school_id = $1 AND s.id = w.id_now AND w.line = w.first_line
                    AND (s.kind, s.grading, s.name, s.hours_per_week, s.external_id) IS DISTINCT FROM (\(section))
                RETURNING w.line::text AS key
                """)
        ],
        insert: Statement(
            """
            WITH w AS MATERIALIZED (\(wantedSections)), done AS (
                INSERT INTO sections (
                    school_id, id, academic_year_id, subject_id, group_id, kind, grading, name, hours_per_week,
                    external_id
                )
                SELECT $1, w.section_id, w.year_id, w.subject_id, w.group_id, coalesce(w.kind, 'curricular'),
                    coalesce(w.grading, CASE w.grade_level WHEN 1 THEN 'none' ELSE 'marks' END),
                    coalesce(w.name, w.subject_name || ' ' || w.group_name), w.hours_per_week, w.external_id
                FROM w
                WHERE w.id_now IS NULL AND w.line = w.first_line
                RETURNING id
            )
            SELECT w.line::text AS key FROM w JOIN done ON done.id = w.section_id
            """),
        follow: [
            Statement(
                """
                UPDATE section_teachers t SET ends_on = w.teacher_to
                FROM (\(wantedTeachers)) w
                WHERE t.school_id = $1 AND t.id = w.teaching_now AND t.ends_on IS DISTINCT FROM w.teacher_to
                    AND w.teacher_to IS NOT NULL
                RETURNING w.line::text AS key
                """),
            // A new lead ends the term of the old one on the day before.
            Statement(
                """
                UPDATE section_teachers t SET ends_on = w.teacher_from - 1
                FROM (\(wantedTeachers)) w
                WHERE t.school_id = $1 AND t.id = w.lead_now
                RETURNING w.line::text AS key
                """),
            Statement(
                """
                WITH w AS MATERIALIZED (\(wantedTeachers)), done AS (
                    INSERT INTO section_teachers (school_id, id, section_id, teacher_id, role, starts_on, ends_on)
                    SELECT $1, w.other_id, w.section_id, w.teacher_id, w.role_wanted, w.first_day, w.last_day
                    FROM w
                    WHERE w.teaching_now IS NULL
                    RETURNING id
                )
                SELECT w.line::text AS key FROM w JOIN done ON done.id = w.other_id
                """),
        ])

    private static let years = "w.year_starts_on || ' … ' || w.year_ends_on"

    /// The values that a row gives the section `s`.
    private static let section = """
        coalesce(w.kind, s.kind), coalesce(w.grading, s.grading), coalesce(w.name, s.name),
            coalesce(w.hours_per_week, s.hours_per_week), coalesce(w.external_id, s.external_id)
        """

    private static let wantedSections = """
        WITH r AS MATERIALIZED (
            SELECT r.*, r.line::text AS place, \(taughtKeys) FROM \(rows(.load))
        ),
        \(taught("r"))
        SELECT r.*, y.id AS year_id, y.starts_on AS year_starts_on, y.ends_on AS year_ends_on, q.subject_id, q.class_id,
            q.group_id, q.named_group_id, q.group_matches, q.subject_name, h.name AS group_name, h.grade_level,
            k.id AS id_now, k.subject_id AS subject_id_now, k.group_id AS group_id_now, k.grading AS grading_now,
            k.name AS name_now, k.matches, first_value(r.line) OVER same AS first_line,
            coalesce(k.id, first_value(r.id) OVER same) AS section_id,
            q.subject_id <> first_value(q.subject_id) OVER same OR q.group_id <> first_value(q.group_id) OVER same
                OR r.kind IS NOT NULL AND r.kind IS DISTINCT FROM first_value(r.kind) OVER same
                OR r.grading IS NOT NULL AND r.grading IS DISTINCT FROM first_value(r.grading) OVER same
                OR r.name IS NOT NULL AND r.name IS DISTINCT FROM first_value(r.name) OVER same
                OR r.hours_per_week IS NOT NULL
                    AND r.hours_per_week IS DISTINCT FROM first_value(r.hours_per_week) OVER same AS differs,
            r.external_id IS NULL AND q.subject_id IS NOT NULL AND q.group_id IS NOT NULL AND count(r.external_id)
                OVER (PARTITION BY q.subject_id, q.group_id, coalesce(r.kind, 'curricular')) > 0 AS lacks_code
        FROM r
        JOIN q ON q.place = r.place
        LEFT JOIN y ON true
        LEFT JOIN LATERAL (
            SELECT k.*, CASE WHEN (k.external_id = r.external_id) IS TRUE THEN 1 ELSE count(*) OVER () END AS matches
            FROM sections k
            WHERE k.school_id = $1 AND k.academic_year_id = y.id AND k.archived_at IS NULL
                AND (
                    k.external_id = r.external_id
                    OR k.subject_id = q.subject_id AND k.group_id = q.group_id
                        AND k.kind = coalesce(r.kind, 'curricular')
                        AND (r.external_id IS NULL OR k.external_id IS NULL)
                )
            ORDER BY (k.external_id = r.external_id) IS TRUE DESC, k.id
            LIMIT 1
        ) k ON true
        LEFT JOIN groups h ON h.school_id = $1 AND h.id = coalesce(k.group_id, q.group_id)
        WINDOW same AS (
            PARTITION BY coalesce(
                'x' || r.external_id,
                'n' || q.subject_id || q.group_id || coalesce(r.kind, 'curricular'), 'l' || r.line
            )
            ORDER BY r.line
        )
        """

    /// Rows with a teacher, and the assignment that they change: the one that begins on the same day, else the last one
    /// that overlaps; and the other lead that the row replaces.
    private static let wantedTeachers = """
        SELECT w.*,
            CASE
                WHEN max(coalesce(w.last_day, 'infinity')) OVER (same ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                    >= w.first_day THEN lag(w.line) OVER same
            END AS overlaps_line,
            CASE
                WHEN w.role_wanted = 'lead' AND max(coalesce(w.last_day, 'infinity'))
                        OVER (leads ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) >= w.first_day
                    THEN lag(w.line) OVER leads
            END AS leads_line
        FROM (
            SELECT w.*, f.id AS teacher_id, t.id AS teaching_now, t.role AS role_now,
                coalesce(w.teacher_role, t.role, 'lead') AS role_wanted, coalesce(w.teacher_to, t.ends_on) AS last_day,
                coalesce(t.starts_on, w.teacher_from, w.year_starts_on) AS first_day,
                t.ends_on < lyceum.today() AND w.teacher_from IS NULL AND w.teacher_to IS DISTINCT FROM t.ends_on
                    AS is_over,
                l.id AS lead_now, l.starts_on AS lead_since,
                concat_ws(' ', n.last_name, n.first_name, n.middle_name) AS lead_name
            FROM (\(wantedSections)) w
            LEFT JOIN users u ON u.school_id = $1 AND u.external_id = w.teacher
            LEFT JOIN staff f ON f.school_id = $1 AND f.id = u.id
            LEFT JOIN LATERAL (
                SELECT t.id, t.role, t.starts_on, t.ends_on FROM section_teachers t
                WHERE t.school_id = $1 AND t.section_id = w.section_id AND t.teacher_id = f.id
                    AND (w.teacher_from IS NULL OR t.ends_on IS NULL OR t.ends_on >= w.teacher_from)
                    AND (w.teacher_to IS NULL OR t.starts_on <= w.teacher_to)
                ORDER BY (t.starts_on = w.teacher_from) IS TRUE DESC, t.starts_on DESC
                LIMIT 1
            ) t ON true
            LEFT JOIN LATERAL (
                SELECT l.id, l.starts_on, l.teacher_id FROM section_teachers l
                WHERE l.school_id = $1 AND l.section_id = w.section_id AND l.role = 'lead' AND l.teacher_id <> f.id
                    AND t.id IS NULL AND coalesce(w.teacher_role, 'lead') = 'lead'
                    AND lyceum.lasts(l.ends_on, coalesce(w.teacher_from, w.year_starts_on))
                    AND (w.teacher_to IS NULL OR l.starts_on <= w.teacher_to)
                ORDER BY l.starts_on DESC
                LIMIT 1
            ) l ON true
            LEFT JOIN users n ON n.school_id = $1 AND n.id = l.teacher_id
            WHERE w.teacher IS NOT NULL
        ) w
        WINDOW same AS (PARTITION BY w.section_id, w.teacher_id ORDER BY w.first_day, w.line),
            leads AS (PARTITION BY w.section_id, w.role_wanted ORDER BY w.first_day, w.line)
        """
}
