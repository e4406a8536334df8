import Diary
import Postgres
import Web

/// The results of the school by class, grade level, subject and teacher, with the terms of a year side by side, and how
/// those of the whole school go from term to term.
enum SchoolResults {
    static let report = Report(
        "school-results",
        title: Text(ru: "Результаты школы", en: "Results of the school"),
        summary: Text(
            ru: "Успеваемость, качество и СОУ по классам, параллелям, предметам и учителям за периоды года. Для "
                + "заместителя директора.",
            en:
                "Achievement, quality and level of learning by class, grade level, subject and teacher over the terms of "
                + "a year. For deputy heads."),
        access: .headsOfSchool,
        parameters: [
            .academicYear,
            ReportParameter(
                "by", .option(["class", "grade_level", "subject", "teacher"]),
                ru: "Только этот разрез; по умолчанию все.",
                en: "Only rows of this kind; all by default."),
        ],
        paper: Paper(.landscape, signatures: [SharedColumns.deputyHead])
    ) { input in
        let school = input.school
        return ReportContent {
            AcademicYearGate.gate(input)
            Facts(
                "academic_year", AcademicYearGate.query(input),
                [Column("name", ru: "Учебный год", en: "Academic year")])
            charts(school, input["by"])
            Pivot(
                "rows", rows(school, input["by"]), key: "_key",
                before: [
                    Column("by", width: 12, words: dimensions, ru: "Разрез", en: "By"),
                    Column("name", width: 30, ru: "Название", en: "Name"),
                ],
                across: Pivot.Across(
                    "columns", columns(school), key: "_id", label: "_label", group: "_period", width: 6, words: words),
                cells: Pivot.Cells(cells(school, input["by"]), .decimal(1)))
            Table(
                "dynamics", title: Text(ru: "Динамика по периодам", en: "Term by term"), dynamics(school),
                [period, Column("students", .integer, ru: "Учеников", en: "Students")] + SharedColumns.rates)
        }
    }

    private static let period = Column(
        "_period", words: ["year": Text(ru: "год", en: "year")], ru: "Период", en: "Period")

    /// Quarters, trimesters and semesters are of different grade levels, so each kind has its own lines.
    private static func charts(_ school: Parameter, _ by: Parameter) -> [ReportPart] {
        let percentages = SharedColumns.rates.filter { ["achievement_percent", "quality_percent"].contains($0.key) }
        let average = SharedColumns.rates.filter { $0.key == "average" }
        let lines = kinds.flatMap { kind, name in
            [
                ReportPart.chart(
                    Chart(
                        .lines,
                        title: Text(
                            ru: "Успеваемость и качество по \(name[.russian]), %",
                            en: "Achievement and quality by \(name[.english]), %"),
                        dynamics(school), only: ("_kind", kind), label: period, values: percentages, ends: 0...100)),
                ReportPart.chart(
                    Chart(
                        .lines,
                        title: Text(ru: "Средний балл по \(name[.russian])", en: "Average by \(name[.english])"),
                        dynamics(school), only: ("_kind", kind), label: period, values: average, ends: 2...5)),
            ]
        }
        let classes = Chart(
            .bars,
            title: Text(
                ru: "Качество знаний по классам за последний период с итогами, %",
                en: "Quality by class in the last term with final marks, %"),
            cells(school, by), only: ("_is_bar", "t"), label: Column("_name", ru: "Класс", en: "Class"),
            values: [Column("value", .percent, ru: "Качество, %", en: "Quality, %")], ends: 0...100)
        return [.chart(classes)] + lines
    }

    private static let kinds = [
        ("quarter", Text(ru: "четвертям", en: "quarter")), ("trimester", Text(ru: "триместрам", en: "trimester")),
        ("semester", Text(ru: "полугодиям", en: "semester")),
    ]

    private static let dimensions = [
        "class": Text(ru: "Класс", en: "Class"), "grade_level": Text(ru: "Параллель", en: "Grade level"),
        "subject": Text(ru: "Предмет", en: "Subject"), "teacher": Text(ru: "Учитель", en: "Teacher"),
    ]

    private static let words = [
        "achievement_percent": Text(ru: "успев.", en: "achiev."),
        "quality_percent": Text(ru: "качество", en: "quality"), "learning_percent": Text(ru: "СОУ", en: "learning"),
        "year": Text(ru: "год", en: "year"),
    ]

    // MARK: SQL. `$1` is the school, `$2` the kind of rows or NULL.

    private static let year = AcademicYearGate.year

    /// Terms that have ended, and the year once it has marks.
    private static let periods = """
        periods AS MATERIALIZED (
            SELECT t.id::text AS id, 'term' AS kind, t.id AS term_id, t.name, t.starts_on, t.kind AS term_kind
            FROM terms t
            WHERE t.school_id = $1 AND t.academic_year_id = \(year) AND t.ends_on < lyceum.today()
            UNION ALL
            SELECT 'year', 'year', NULL, 'year', NULL, NULL
            WHERE EXISTS (
                SELECT FROM final_marks f
                WHERE f.school_id = $1 AND f.academic_year_id = \(year) AND f.kind = 'year' AND f.value_kind IS NOT NULL
            )
        )
        """

    private static let students = """
        seats AS MATERIALIZED (
            SELECT p.id AS period, coalesce(t.ends_on, y.ends_on) AS last, s.student_id, s.class_id, s.grade_level, s.section_id,
                s.subject_id, s.final_mark_id, s.number, s.code, s.is_first
            FROM lyceum.seats($1, \(year), NULL, NULL, NULL, NULL, false) s
            JOIN periods p ON p.id = coalesce(s.term_id::text, 'year')
            JOIN academic_years y ON y.school_id = $1 AND y.id = \(year)
            LEFT JOIN terms t ON t.school_id = $1 AND t.id = s.term_id
        ), students AS MATERIALIZED (
            SELECT s.period, s.class_id, s.grade_level, \(SharedColumns.countsOfSeats),
                lyceum.result_of(
                    count(*) FILTER (WHERE s.number = 5), count(*) FILTER (WHERE s.number = 4),
                    count(*) FILTER (WHERE s.number = 3),
                    count(*) FILTER (WHERE s.number < 3 OR s.code IN ('fail', 'not_assessed')),
                    count(*) FILTER (WHERE s.final_mark_id IS NULL)
                ) AS result
            FROM seats s
            WHERE s.is_first
            GROUP BY s.period, s.student_id, s.class_id, s.grade_level
        )
        """

    /// Counts of several students and of all their marks.
    private static let together = """
        count(*) AS students, count(*) FILTER (WHERE s.result <> 'incomplete') AS assessed,
            count(*) FILTER (WHERE s.result = 'failing') AS failing,
            count(*) FILTER (WHERE s.result IN ('excellent', 'good')) AS good,
            sum(s.n5)::bigint AS n5, sum(s.n4)::bigint AS n4, sum(s.n3)::bigint AS n3, sum(s.n2)::bigint AS n2,
            sum(s.n1)::bigint AS n1, sum(s.not_assessed)::bigint AS not_assessed
        """

    /// The figures of these counts: achievement and quality are of students, learning and the average of marks.
    private static let ofStudents = """
        lyceum.percent(n.assessed - n.failing, n.assessed) AS achievement_percent,
            lyceum.percent(n.good, n.assessed) AS quality_percent, r.learning_percent
        """

    /// By class and grade level achievement and quality are of students, and learning is of marks; by subject and teacher
    /// all are of marks. A section counts for who leads it on the last day of the period.
    private static let figures = """
        \(students), leads AS MATERIALIZED (
            SELECT DISTINCT k.period, k.section_id, t.teacher_id
            FROM (SELECT DISTINCT s.period, s.last, s.section_id FROM seats s) k
            JOIN section_teachers t ON t.school_id = $1 AND t.section_id = k.section_id AND t.role = 'lead'
                AND lyceum.holds_between(t.starts_on, t.ends_on, k.last, k.last)
        ), counted AS (
            SELECT 'subject ' || s.subject_id AS key, s.period, \(SharedColumns.countsOfSeats)
            FROM seats s
            WHERE s.is_first
            GROUP BY s.subject_id, s.period
            UNION ALL
            SELECT 'teacher ' || l.teacher_id, s.period, \(SharedColumns.countsOfSeats)
            FROM seats s
            JOIN leads l ON l.period = s.period AND l.section_id = s.section_id
            GROUP BY l.teacher_id, s.period
        ), figures AS MATERIALIZED (
            SELECT n.key, n.period, r.assessed, r.achievement_percent, r.quality_percent, r.learning_percent
            FROM counted n
            \(SharedColumns.ratesOfCounts)
            UNION ALL
            SELECT n.key, n.period, n.assessed, \(ofStudents)
            FROM (
                SELECT coalesce('class ' || s.class_id, 'grade_level ' || s.grade_level) AS key, s.period, \(together)
                FROM students s
                GROUP BY GROUPING SETS ((s.class_id, s.period), (s.grade_level, s.period))
            ) n
            \(SharedColumns.ratesOfCounts)
        )
        """

    /// What is taught in the year, without what has no marks.
    private static let keys = """
        keys AS MATERIALIZED (
            SELECT 'class' AS by, 'class ' || c.id AS _key, c.id, c.name, 1 AS place, c.grade_level::integer AS position
            FROM classes c
            WHERE c.school_id = $1 AND c.academic_year_id = \(year) AND c.grade_level > 1
            UNION ALL
            SELECT DISTINCT 'grade_level', 'grade_level ' || c.grade_level, NULL::uuid, c.grade_level::text, 2,
                c.grade_level::integer
            FROM classes c
            WHERE c.school_id = $1 AND c.academic_year_id = \(year) AND c.grade_level > 1
            UNION ALL
            SELECT DISTINCT 'subject', 'subject ' || j.id, j.id, j.name, 3, j.position::integer
            FROM sections s
            JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
            WHERE s.school_id = $1 AND s.academic_year_id = \(year) AND s.grading = 'marks'
            UNION ALL
            SELECT DISTINCT 'teacher', 'teacher ' || u.id, u.id, concat_ws(' ', u.last_name, u.first_name, u.middle_name), 4, 0
            FROM sections s
            JOIN section_teachers t ON t.school_id = $1 AND t.section_id = s.id AND t.role = 'lead'
            JOIN users u ON u.school_id = $1 AND u.id = t.teacher_id
            WHERE s.school_id = $1 AND s.academic_year_id = \(year) AND s.grading = 'marks'
        )
        """

    private static let order = "k.place, k.position, k.name, k._key"

    private static let rows = Statement(
        """
        WITH \(keys)
        SELECT k._key, k.by, k.id, k.name,
            CASE k.by
                WHEN 'class' THEN '/v1/reports/class-results?class_id=' || k.id
                WHEN 'teacher' THEN '/v1/reports/section-results?teacher_id=' || k.id || '&academic_year_id=' || \(year)
            END AS "links.report"
        FROM keys k
        WHERE $2::text IS NULL OR k.by = $2
        ORDER BY \(order)
        """)

    private static let columns = Statement(
        """
        WITH \(periods)
        SELECT p.id || ' ' || f.name AS _id, p.kind, p.term_id AS "term?.id", CASE p.kind WHEN 'term' THEN p.name END
            AS "term?.name", f.name AS figure, f.name AS _label, p.name AS _period
        FROM periods p
        CROSS JOIN unnest(ARRAY['achievement_percent', 'quality_percent', 'learning_percent']) WITH ORDINALITY
            f (name, position)
        ORDER BY p.term_kind, p.starts_on, f.position
        """)

    /// `_is_bar`: the quality of a class in the last of its terms that has results.
    private static let cells = Statement(
        """
        WITH \(periods), \(figures), \(keys)
        SELECT k._key AS _parent, p.id || ' ' || v.name AS _across, p.kind, p.term_id, v.name AS figure, v.value, f.assessed,
            k.name AS _name, k.by = 'class' AND v.name = 'quality_percent' AND p.kind = 'term'
                AND row_number() OVER (PARTITION BY k._key, p.kind, v.name ORDER BY p.starts_on DESC) = 1 AS _is_bar
        FROM keys k
        JOIN figures f ON f.key = k._key
        JOIN periods p ON p.id = f.period
        CROSS JOIN LATERAL (
            VALUES ('achievement_percent', f.achievement_percent), ('quality_percent', f.quality_percent),
                ('learning_percent', f.learning_percent)
        ) v (name, value)
        WHERE v.value IS NOT NULL AND ($2::text IS NULL OR k.by = $2)
        ORDER BY \(order), p.term_kind, p.starts_on
        """)

    private static let dynamics = Statement(
        """
        WITH \(periods), \(students)
        SELECT p.kind, p.term_id AS "term?.id", CASE p.kind WHEN 'term' THEN p.name END AS "term?.name",
            p.term_kind AS "term?.kind", p.term_kind AS _kind, p.name AS _period, coalesce(n.students, 0) AS students,
            coalesce(n.assessed, 0) AS assessed, \(ofStudents), r.average
        FROM periods p
        LEFT JOIN (
            SELECT s.period, \(together)
            FROM students s
            GROUP BY s.period
        ) n ON n.period = p.id
        \(SharedColumns.ratesOfCounts)
        ORDER BY p.term_kind, p.starts_on
        """)
}
