import Diary
import Postgres
import Web

/// «Отчёт учителя-предметника»: the final marks of a teacher's sections, by section and term.
enum SectionResults {
    static let report = Report(
        "section-results",
        title: Text(ru: "Отчёт учителя-предметника", en: "Results of a teacher's sections"),
        summary: Text(
            ru:
                "Итоговые отметки на страницах журнала учителя по периодам: успеваемость, качество, СОУ, выполнение КТП. "
                + "Для учителя и администрации.",
            en:
                "The final marks of a teacher's sections by term: achievement, quality, level of learning, and coverage "
                + "of the plan. For the teacher and the administration."),
        access: .readersOfJournals,
        parameters: [
            ReportParameter(
                "teacher_id", .identifier, ru: "Учитель; по умолчанию сам запросивший.",
                en: "The teacher; the caller by default."),
            ReportParameter(
                "section_id", .identifier, ru: "Только эта страница журнала.", en: "Only this section."),
            .academicYear,
        ],
        paper: Paper(.landscape, signatures: [SharedColumns.teacher, SharedColumns.deputyHead])
    ) { input in
        let teacher = teacher(
            input.school, input["teacher_id"], input.caller.person, .boolean(input.caller.readsAll))
        let year = AcademicYearGate.query(input)
        return ReportContent {
            Gate(teacher)
            AcademicYearGate.gate(input)
            Facts("teacher", teacher, [Column("", .person, ru: "Учитель", en: "Teacher")])
            Facts("academic_year", year, [Column("name", ru: "Учебный год", en: "Academic year")])
            Table(
                "sections", rows(input.school, input["section_id"]),
                [
                    Column("section.name", width: 24, ru: "Предмет", en: "Section"),
                    Column("group.name", width: 14, ru: "Класс, группа", en: "Group"),
                    Column("_period", width: 12, words: SharedColumns.kinds, ru: "Период", en: "Period"),
                    Column("members", .integer, ru: "Учеников", en: "Students"),
                ] + SharedColumns.counts + SharedColumns.rates + [
                    Column("coverage_percent", .percent, ru: "Выполнение КТП, %", en: "Coverage, %")
                ])
        }
    }

    // MARK: SQL. `$1` is the school.

    /// Teachers read about themselves, heads and deputy heads about all.
    private static let teacher = Statement(
        """
        SELECT u.id, u.last_name, u.first_name, u.middle_name, \(Setting.reportTeacher.set(to: "u.id")) AS _teacher
        FROM staff s
        JOIN users u ON u.school_id = $1 AND u.id = s.id
        WHERE s.school_id = $1 AND s.id = coalesce($2::uuid, $3::uuid) AND ($4::boolean OR s.id = $3::uuid)
        """)

    /// Terms that have begun, and the year once it has marks. P2 counts to the last day of the term, or to today.
    private static let rows = Statement(
        """
        WITH taught AS MATERIALIZED (
            SELECT DISTINCT s.id, s.name, s.subject_id, s.group_id
            FROM section_teachers t
            JOIN sections s ON s.school_id = $1 AND s.id = t.section_id AND s.academic_year_id = \(AcademicYearGate.year)
                AND s.grading = 'marks'
            WHERE t.school_id = $1 AND t.teacher_id = (SELECT \(Setting.reportTeacher.value))
                AND ($2::uuid IS NULL OR s.id = $2::uuid)
        ), counted AS MATERIALIZED (
            SELECT s.section_id, s.kind, s.term_id, count(*) AS members, count(s.final_mark_id) AS finals,
                \(SharedColumns.countsOfSeats)
            FROM lyceum.seats($1, \(AcademicYearGate.year), NULL, NULL, NULL, ARRAY(SELECT t.id FROM taught t), false) s
            GROUP BY s.section_id, s.kind, s.term_id
        )
        SELECT t.id AS "section.id", t.name AS "section.name", j.id AS "subject.id", j.name AS "subject.name",
            g.id AS "group.id", g.name AS "group.name", n.kind, p.id AS "term?.id", p.name AS "term?.name",
            coalesce(p.name, 'year') AS _period, n.members, n.n5, n.n4, n.n3, n.n2, n.n1, n.not_assessed, n.exempt,
            n.pass_fail, n.missing, r.*,
            lyceum.percent((1000 * c.given)::bigint, (1000 * c.planned)::bigint) AS coverage_percent,
            '/v1/sections/' || t.id || '/journal' || coalesce('?term_id=' || p.id, '') AS "links.journal"
        FROM counted n
        JOIN taught t ON t.id = n.section_id
        JOIN subjects j ON j.school_id = $1 AND j.id = t.subject_id
        JOIN groups g ON g.school_id = $1 AND g.id = t.group_id
        JOIN academic_years y ON y.school_id = $1 AND y.id = \(AcademicYearGate.year)
        LEFT JOIN terms p ON p.school_id = $1 AND p.id = n.term_id
        \(SharedColumns.ratesOfCounts)
        LEFT JOIN LATERAL (
            SELECT sum(least(x.hours, x.held)) AS given, sum(x.planned_hours) AS planned
            FROM lyceum.plan_progress(
                $1, t.id, lyceum.section_plan($1, t.id), least(coalesce(p.ends_on, y.ends_on), lyceum.today())
            ) x
        ) c ON true
        WHERE p.starts_on <= lyceum.today() OR n.kind = 'year' AND n.finals > 0
        ORDER BY j.position, j.name, j.id, g.grade_level, g.name, t.id, n.kind, p.starts_on
        """)
}

extension Setting {
    fileprivate static let reportTeacher = Setting("report_teacher", .uuid)
}
