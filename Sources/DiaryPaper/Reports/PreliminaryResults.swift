import Diary
import Postgres
import Web

/// The final marks that a term would end with if it ended today (M6, M7): for the weeks before its end. A final mark that
/// has been given stands.
enum PreliminaryResults {
    static let report = Report(
        "preliminary-results",
        title: Text(ru: "Предварительные итоги", en: "Preliminary results"),
        summary: Text(
            ru: "Ожидаемые итоговые отметки класса по текущим средним баллам: кто в зоне риска и чего не хватает. Для "
                + "классного руководителя и заместителя директора.",
            en:
                "The final marks that a class can expect from the averages so far: who is at risk, and what is missing. "
                + "For class teachers and deputy heads."),
        access: .roles([.head, .deputyHead, .classTeacher]), parameters: [.ofClass, .term],
        paper: Paper(.landscape, signatures: [SharedColumns.classTeacher, SharedColumns.deputyHead])
    ) { input in
        let schoolClass = ClassGate.open(input.caller, input.required("class_id"))
        let school = input.school
        return ReportContent {
            Gate(schoolClass)
            ReportPeriod.gate(input)
            Facts("class", schoolClass, [Column("name", ru: "Класс", en: "Class")])
            ReportPeriod.facts(input)
            Facts(
                "totals", totals(school),
                [
                    Column("days_left", .integer, ru: "Дней до конца периода", en: "Days until the term ends"),
                    Column("students", .integer, ru: "Учеников", en: "Students"),
                    Column("at_risk", .integer, ru: "Ожидаются неуспевающими", en: "Expected to fail"),
                    Column("below_norm", .integer, ru: "Не хватает отметок", en: "With too few marks"),
                ])
            Pivot(
                "students", students(school),
                before: [.number, Column("", .shortPerson, ru: "Ученик", en: "Student")],
                across: Pivot.Across("subjects", subjects(school), label: "_label", width: 6),
                cells: Pivot.Cells(cells(school), value: "expected", .mark),
                after: [
                    Column("result", width: 14, words: ClassResults.resultWords, ru: "Ожидается", en: "Expected"),
                    Column("below_norm", .integer, ru: "Мало отметок", en: "Too few marks"),
                ])
            Table(
                "risks", title: Text(ru: "На что обратить внимание", en: "What needs attention"), risks(school),
                [
                    Column("student", .shortPerson, ru: "Ученик", en: "Student"),
                    Column("subject.name", ru: "Предмет", en: "Subject"),
                    Column("reason", width: 24, words: reasons, ru: "Почему", en: "Why"),
                    Column("average", .decimal(2), ru: "Средний балл", en: "Average"),
                    Column("expected", .mark, ru: "Ожидается", en: "Expected"),
                    Column("marks", .integer, ru: "Отметок", en: "Marks"),
                    Column("minimum", .integer, ru: "Норма", en: "Minimum"),
                    Column("missed_percent", .percent, ru: "Пропущено, %", en: "Missed, %"),
                ])
        }
    }

    private static let reasons = [
        "failing": Text(ru: "ожидается «2»", en: "expected to fail"),
        "not_assessed": Text(ru: "нет отметок", en: "no marks"),
        "below_norm": Text(ru: "отметок меньше нормы", en: "fewer marks than the minimum"),
        "only_three": Text(ru: "единственная «3»", en: "the only 3"),
        "only_four": Text(ru: "единственная «4»", en: "the only 4"),
    ]

    // MARK: SQL. `$1` is the school.

    private static let term = ReportPeriod.term
    private static let year = ReportPeriod.year

    /// Members of the class on the last day of the term so far, and what each of them has in each subject. `expected` is
    /// the final mark that was given, else what the average is rounded to, else `not_assessed`.
    private static let bases = """
        period AS MATERIALIZED (
            SELECT t.id, t.ends_on, least(t.ends_on, greatest(t.starts_on, lyceum.today())) AS day
            FROM terms t
            JOIN academic_years y ON y.school_id = $1 AND y.id = t.academic_year_id
            JOIN classes c ON c.school_id = $1 AND c.id = \(ClassGate.schoolClass)
            WHERE t.school_id = $1 AND t.id = \(term)
                AND NOT lyceum.is_before_marks(c.grade_level, t.ends_on, y.second_half_starts_on)
        ), members AS MATERIALIZED (
            SELECT e.student_id
            FROM period p
            JOIN enrollments e ON e.school_id = $1 AND e.class_id = \(ClassGate.schoolClass)
                AND lyceum.holds_between(e.starts_on, e.ends_on, p.day, p.day)
        ), learned AS MATERIALIZED (
            SELECT DISTINCT m.student_id, s.subject_id
            FROM period p
            CROSS JOIN members m
            JOIN group_members g ON g.school_id = $1 AND g.student_id = m.student_id
                AND lyceum.holds_between(g.starts_on, g.ends_on, p.day, p.day)
            JOIN sections s ON s.school_id = $1 AND s.group_id = g.group_id AND s.academic_year_id = \(year)
                AND s.grading = 'marks'
        ), found AS MATERIALIZED (
            -- By itself: joined, it would be called for each student.
            SELECT j.subject_id, b.*
            FROM (SELECT DISTINCT l.subject_id FROM learned l) j
            CROSS JOIN LATERAL lyceum.final_bases(
                $1, \(year), j.subject_id, \(term), ARRAY(SELECT m.student_id FROM members m),
                \(ClassGate.isPublishedOnly)
            ) b
        ), bases AS MATERIALIZED (
            SELECT l.student_id, l.subject_id, b.marks, b.minimum, b.weighted, b.weight, b.lessons, b.missed, f.id AS final_id,
                CASE WHEN f.id IS NOT NULL THEN f.number ELSE x.number END AS number,
                CASE WHEN f.id IS NOT NULL THEN f.code WHEN x.number IS NULL THEN 'not_assessed' END AS code
            FROM found b
            JOIN learned l ON l.subject_id = b.subject_id AND l.student_id = b.student_id
            LEFT JOIN school_settings c ON c.school_id = $1
            CROSS JOIN LATERAL (
                SELECT lyceum.rounded_average(b.weighted, b.weight, coalesce(c.rounding_threshold, 0.60)) AS number
            ) x
            LEFT JOIN final_marks f ON f.school_id = $1 AND f.student_id = b.student_id AND f.subject_id = b.subject_id
                AND f.academic_year_id = \(year) AND f.kind = 'term' AND f.term_id = \(term) AND f.value_kind IS NOT NULL
                AND f.code IS DISTINCT FROM 'owed' AND (NOT \(ClassGate.isPublishedOnly) OR f.published_at <= now())
        ), ends AS MATERIALIZED (
            SELECT n.*, lyceum.result_of(n.n5, n.n4, n.n3, n.failed, 0) AS result,
                CASE WHEN n.n4 = 1 AND n.n3 + n.failed = 0 THEN n.four END AS only_four,
                CASE WHEN n.n3 = 1 AND n.failed = 0 THEN n.three END AS only_three
            FROM (
                SELECT b.student_id, count(*) FILTER (WHERE b.number = 5) AS n5, count(*) FILTER (WHERE b.number = 4) AS n4,
                    count(*) FILTER (WHERE b.number = 3) AS n3,
                    count(*) FILTER (WHERE b.number < 3 OR b.code IN ('fail', 'not_assessed')) AS failed,
                    count(*) FILTER (WHERE b.final_id IS NULL AND b.marks < b.minimum) AS below_norm,
                    (array_agg(b.subject_id) FILTER (WHERE b.number = 4))[1] AS four,
                    (array_agg(b.subject_id) FILTER (WHERE b.number = 3))[1] AS three
                FROM bases b
                GROUP BY b.student_id
            ) n
        )
        """

    private static let expected = """
        lyceum.mark_value(CASE WHEN b.number IS NULL THEN 'code' ELSE 'number' END, b.number, b.code, NULL) AS expected,
            b.final_id IS NOT NULL AS is_given, lyceum.shown_average(b.weighted, b.weight) AS average,
            b.weighted AS weighted_sum, b.weight AS weight_sum, b.marks, b.minimum, b.lessons, b.missed AS lessons_missed
        """

    private static let totals = Statement(
        """
        WITH \(bases)
        SELECT p.ends_on, greatest(0, p.ends_on - lyceum.today()) AS days_left,
            (SELECT count(*) FROM members) AS students,
            (SELECT count(*) FROM ends e WHERE e.result = 'failing') AS at_risk,
            (SELECT count(*) FROM ends e WHERE e.below_norm > 0) AS below_norm,
            (SELECT count(*) FROM bases b WHERE b.final_id IS NULL) AS finals_missing
        FROM period p
        """)

    private static let subjects = Statement(
        """
        WITH \(bases)
        SELECT j.id, j.name, coalesce(j.short_name, j.name) AS _label
        FROM (SELECT DISTINCT b.subject_id FROM bases b) b
        JOIN subjects j ON j.school_id = $1 AND j.id = b.subject_id
        ORDER BY j.position, j.name, j.id
        """)

    private static let students = Statement(
        """
        WITH \(bases)
        SELECT u.id, u.last_name, u.first_name, u.middle_name, e.result, coalesce(e.below_norm, 0) AS below_norm,
            '/v1/students/' || u.id || '/averages' AS "links.averages"
        FROM members m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        LEFT JOIN ends e ON e.student_id = m.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private static let cells = Statement(
        """
        WITH \(bases)
        SELECT b.student_id AS _parent, b.subject_id AS _across, b.subject_id, \(expected)
        FROM bases b
        JOIN users u ON u.school_id = $1 AND u.id = b.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private static let risks = Statement(
        """
        WITH \(bases)
        SELECT \(SharedSQL.person("u", as: "student")), j.id AS "subject.id", j.name AS "subject.name", r.reason, \(expected),
            lyceum.percent(b.missed, b.lessons) AS missed_percent
        FROM bases b
        JOIN ends e ON e.student_id = b.student_id
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN b.number < 3 OR b.code = 'fail' THEN 'failing'
                WHEN b.code = 'not_assessed' THEN 'not_assessed'
                WHEN b.final_id IS NULL AND b.marks < b.minimum THEN 'below_norm'
                WHEN e.only_three = b.subject_id THEN 'only_three'
                WHEN e.only_four = b.subject_id THEN 'only_four'
            END AS reason
        ) r
        JOIN users u ON u.school_id = $1 AND u.id = b.student_id
        JOIN subjects j ON j.school_id = $1 AND j.id = b.subject_id
        WHERE r.reason IS NOT NULL
        ORDER BY array_position(ARRAY['failing', 'not_assessed', 'below_norm', 'only_three', 'only_four'], r.reason),
            u.last_name, u.first_name, u.id, j.position, j.name
        """)
}
