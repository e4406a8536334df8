import Diary
import Postgres
import Web

/// «Отчёт классного руководителя»: how the students of a class ended a term or the year.
enum ClassResults {
    static let report = Report(
        "class-results",
        title: Text(ru: "Отчёт классного руководителя", en: "Results of a class"),
        summary: Text(
            ru:
                "Итоги класса за период или год: отличники, хорошисты, неуспевающие, результаты по предметам, пропуски, "
                + "подтверждённые профили и активированные родители. Для классного руководителя и администрации.",
            en: "How a class ended a term or the year: groups of students, results by subject, absences, confirmed "
                + "profiles and activated guardians. For the class teacher and the administration."),
        access: .roles([.head, .deputyHead, .classTeacher]), parameters: [.ofClass] + ResultPeriod.parameters,
        paper: Paper(.landscape, signatures: [SharedColumns.classTeacher, SharedColumns.deputyHead])
    ) { input in
        let schoolClass = ClassGate.open(input.caller, input.required("class_id"))
        let school = input.school
        return ReportContent {
            Gate(schoolClass)
            ResultPeriod.gate(input)
            Facts("class", schoolClass, [Column("name", ru: "Класс", en: "Class")])
            ResultPeriod.facts(input)
            Facts("totals", totals(school), totalColumns)
            Chart(
                .bars, title: Text(ru: "Качество знаний по предметам, %", en: "Quality by subject, %"),
                subjects(school),
                label: Column("subject.name", ru: "Предмет", en: "Subject"),
                values: SharedColumns.rates.filter { $0.key == "quality_percent" }, ends: 0...100)
            Table(
                "groups", groups(school),
                [
                    Column("group", width: 26, words: resultWords, ru: "Группа", en: "Group"),
                    Column("students", .integer, ru: "Учеников", en: "Students"),
                    Column("names", width: 90, ru: "Кто", en: "Who"),
                ])
            Table(
                "subjects", title: Text(ru: "По предметам", en: "By subject"), subjects(school),
                [Column("subject.name", width: 30, ru: "Предмет", en: "Subject")] + SharedColumns.counts
                    + SharedColumns.rates)
            Table(
                "students", title: Text(ru: "Ученики", en: "Students"), students(school),
                [
                    .number, Column("", .person, ru: "Ученик", en: "Student"),
                    Column("result", width: 18, words: resultWords, ru: "Итог", en: "Result"),
                ] + SharedColumns.counts.filter { !["exempt"].contains($0.key) } + [
                    Column("average", .decimal(2), ru: "Средний балл", en: "Average"),
                    Column("days_missed", .integer, ru: "Пропущено дней", en: "Days missed"),
                    Column("lessons_missed", .integer, ru: "Пропущено уроков", en: "Lessons missed"),
                    Column("without_reason", .integer, ru: "Без причины", en: "Without a reason"),
                ])
        }
    }

    static let resultWords = [
        "excellent": Text(ru: "Отличники", en: "Excellent"), "good": Text(ru: "Хорошисты", en: "Good"),
        "one_four": Text(ru: "С одной «4»", en: "With one 4"), "satisfactory": Text(ru: "С «3»", en: "Satisfactory"),
        "one_three": Text(ru: "С одной «3»", en: "With one 3"), "failing": Text(ru: "Неуспевающие", en: "Failing"),
        "not_assessed": Text(ru: "Не аттестованы", en: "Not assessed"),
        "incomplete": Text(ru: "Нет всех отметок", en: "Incomplete"),
    ]

    private static let totalColumns = [
        Column("members", .integer, ru: "Учеников", en: "Students"),
        Column("assessed", .integer, ru: "Аттестовано", en: "Assessed"),
        Column("achievement_percent", .percent, ru: "Успеваемость, %", en: "Achievement, %"),
        Column("quality_percent", .percent, ru: "Качество знаний, %", en: "Quality, %"),
        Column("lessons_missed", .integer, ru: "Пропущено уроков", en: "Lessons missed"),
        Column("without_reason", .integer, ru: "Из них без причины", en: "Of them without a reason"),
        Column("profiles_confirmed_percent", .percent, ru: "Профили подтверждены, %", en: "Profiles confirmed, %"),
        Column("guardians_activated_percent", .percent, ru: "Родители активированы, %", en: "Guardians activated, %"),
    ]

    // MARK: SQL. `$1` is the school.

    private static let results = """
        results AS MATERIALIZED (
            SELECT *
            FROM lyceum.student_results(
                $1, \(ResultPeriod.year), \(ResultPeriod.kind), \(ResultPeriod.term), \(ClassGate.schoolClass),
                \(ClassGate.isPublishedOnly)
            )
        )
        """

    /// The members on the last day of the period, and what they missed in it.
    private static let members = """
        members AS MATERIALIZED (
            SELECT e.student_id
            FROM enrollments e
            WHERE e.school_id = $1 AND e.class_id = \(ClassGate.schoolClass)
                AND lyceum.holds_between(e.starts_on, e.ends_on, \(ResultPeriod.last), \(ResultPeriod.last))
        ), missed AS MATERIALIZED (
            SELECT a.*, a.absent + a.unexcused AS without_reason
            FROM lyceum.attendance_totals(
                $1, ARRAY(SELECT m.student_id FROM members m), \(ResultPeriod.first), \(ResultPeriod.last),
                \(ClassGate.schoolClass)
            ) a
        )
        """

    private static let totals = Statement(
        """
        WITH \(results), \(members), counted AS (
            SELECT count(r.result) FILTER (WHERE r.result <> 'incomplete') AS assessed,
                count(*) FILTER (WHERE r.result = 'excellent') AS excellent,
                count(*) FILTER (WHERE r.result = 'good') AS good, count(r.only_four) AS one_four,
                count(*) FILTER (WHERE r.result = 'satisfactory') AS satisfactory, count(r.only_three) AS one_three,
                count(*) FILTER (WHERE r.result = 'failing') AS failing,
                count(*) FILTER (WHERE r.not_assessed > 0) AS not_assessed,
                count(*) FILTER (WHERE r.result = 'incomplete') AS incomplete
            FROM results r
        ), absences AS (
            SELECT coalesce(sum(m.missed_days), 0) AS days_missed, coalesce(sum(m.missed), 0) AS lessons_missed,
                coalesce(sum(m.ill), 0) AS lessons_ill, coalesce(sum(m.without_reason), 0) AS without_reason
            FROM missed m
        ), profiles AS (
            SELECT count(*) AS members,
                count(*) FILTER (WHERE s.profile_confirmed_on >= y.starts_on) AS profiles_confirmed
            FROM members m
            JOIN students s ON s.school_id = $1 AND s.id = m.student_id
            JOIN academic_years y ON y.school_id = $1 AND y.id = \(ResultPeriod.year)
        ), families AS (
            SELECT count(*) AS guardians, count(u.activated_at) AS guardians_activated
            FROM (
                SELECT DISTINCT g.guardian_id
                FROM members m
                JOIN guardianships g ON g.school_id = $1 AND g.student_id = m.student_id AND g.access = 'full'
                    AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
            ) g
            JOIN users u ON u.school_id = $1 AND u.id = g.guardian_id
        )
        SELECT p.members, c.*, lyceum.percent(c.assessed - c.failing, c.assessed) AS achievement_percent,
            lyceum.percent(c.excellent + c.good, c.assessed) AS quality_percent, a.*, p.profiles_confirmed,
            lyceum.percent(p.profiles_confirmed, p.members) AS profiles_confirmed_percent, f.guardians,
            f.guardians_activated, lyceum.percent(f.guardians_activated, f.guardians) AS guardians_activated_percent
        FROM counted c
        CROSS JOIN absences a
        CROSS JOIN profiles p
        CROSS JOIN families f
        """)

    private static let groups = Statement(
        """
        WITH \(results)
        SELECT g.name AS "group", count(r.student_id) AS students, string_agg(
            concat_ws(' ', u.last_name, u.first_name) || coalesce(' (' || j.name || ')', ''), ', '
            ORDER BY u.last_name, u.first_name, u.id
        ) FILTER (WHERE u.id IS NOT NULL) AS names
        FROM unnest(ARRAY[
            'excellent', 'good', 'one_four', 'satisfactory', 'one_three', 'failing', 'not_assessed', 'incomplete'
        ]) WITH ORDINALITY g (name, position)
        LEFT JOIN results r ON CASE g.name
            WHEN 'one_four' THEN r.only_four IS NOT NULL
            WHEN 'one_three' THEN r.only_three IS NOT NULL
            WHEN 'not_assessed' THEN r.not_assessed > 0
            ELSE r.result = g.name
        END
        LEFT JOIN users u ON u.school_id = $1 AND u.id = r.student_id
        LEFT JOIN subjects j ON j.school_id = $1
            AND j.id = CASE g.name WHEN 'one_four' THEN r.only_four WHEN 'one_three' THEN r.only_three END
        GROUP BY g.name, g.position
        ORDER BY g.position
        """)

    private static let subjects = Statement(
        """
        SELECT j.id AS "subject.id", j.name AS "subject.name", n.n5, n.n4, n.n3, n.n2, n.n1, n.not_assessed, n.exempt,
            n.pass_fail, n.missing, r.*
        FROM (
            SELECT s.subject_id, \(SharedColumns.countsOfSeats)
            FROM lyceum.seats(
                $1, \(ResultPeriod.year), \(ResultPeriod.kind), \(ResultPeriod.term), \(ClassGate.schoolClass), NULL,
                \(ClassGate.isPublishedOnly)
            ) s
            WHERE s.is_first
            GROUP BY s.subject_id
        ) n
        JOIN subjects j ON j.school_id = $1 AND j.id = n.subject_id
        \(SharedColumns.ratesOfCounts)
        ORDER BY j.position, j.name, j.id
        """)

    private static let students = Statement(
        """
        WITH \(results), \(members)
        SELECT u.id, u.last_name, u.first_name, u.middle_name, r.result, coalesce(r.n5, 0) AS n5, coalesce(r.n4, 0) AS n4,
            coalesce(r.n3, 0) AS n3, coalesce(r.n2, 0) AS n2, coalesce(r.n1, 0) AS n1,
            coalesce(r.not_assessed, 0) AS not_assessed, coalesce(r.missing, 0) AS missing,
            lyceum.shown_average(5 * r.n5 + 4 * r.n4 + 3 * r.n3 + 2 * r.n2 + r.n1, r.n5 + r.n4 + r.n3 + r.n2 + r.n1)
                AS average,
            a.missed_days AS days_missed, a.missed AS lessons_missed, a.ill AS lessons_ill, a.without_reason,
            '/v1/students/' || u.id || '/finals?academic_year_id=' || \(ResultPeriod.year) AS "links.finals"
        FROM members m
        JOIN users u ON u.school_id = $1 AND u.id = m.student_id
        LEFT JOIN results r ON r.student_id = m.student_id
        LEFT JOIN missed a ON a.student_id = m.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)
}
