import Diary
import Postgres
import Web

/// «Выполнение программы»: P2 for each section of an academic year, up to a day. Teachers see their own sections.
enum PlanCoverage {
    static let report = Report(
        "plan-coverage",
        title: Text(ru: "Выполнение программы", en: "Plan coverage"),
        summary: Text(
            ru: "Часы тем, данных на уроках, к запланированным на день, по страницам журнала. Учителю — свои, "
                + "заместителю директора — все.",
            en: "Hours of topics given in lessons against those planned to date, by section. Teachers get their own "
                + "sections, deputy heads all."),
        access: .roles([.head, .deputyHead, .teacher]),
        parameters: [
            .academicYear,
            ReportParameter(
                "date", .date, ru: "День; по умолчанию сегодня.", en: "The day; today by default, and at most."),
            ReportParameter("teacher_id", .identifier, ru: "Страницы этого учителя.", en: "Sections of this teacher."),
            ReportParameter("class_id", .identifier, ru: "Страницы этого класса.", en: "Sections of this class."),
        ],
        paper: Paper(.landscape, signatures: [Text(ru: "Заместитель директора", en: "Deputy head")])
    ) { input in
        let caller = input.caller
        let scope = [
            input.school, input["date"], caller.readsAll ? .text(nil) : caller.person, input["teacher_id"],
            input["class_id"],
        ]
        let year = AcademicYearGate.query(input)
        return ReportContent {
            AcademicYearGate.gate(input)
            Facts("academic_year", year, [Column("name", ru: "Учебный год", en: "Academic year")])
            Facts("as_of", day(input.school, input["date"]), [Column("date", .date, ru: "На день", en: "As of")])
            Table(
                "sections", Query(statement: sections, parameters: scope),
                total: Query(statement: total, parameters: scope),
                [
                    .number, Column("_name", width: 30, ru: "Страница журнала", en: "Section"),
                    Column("_teacher", .shortPerson, ru: "Учитель", en: "Teacher"),
                    Column("hours", .decimal(1), ru: "Часов в КТП", en: "Hours of the plan"),
                    Column("planned_hours", .decimal(1), ru: "По плану", en: "Planned"),
                    Column("given_hours", .decimal(1), ru: "Дано", en: "Given"),
                    Column("behind_hours", .decimal(1), ru: "Отстаёт", en: "Behind"),
                    Column("percent", .percent, ru: "Выполнено, %", en: "Coverage, %"),
                    Column("due_lessons", .integer, ru: "Уроков", en: "Due lessons"),
                    Column("held_lessons", .integer, ru: "Проведено", en: "Held"),
                    Column("without_plan_topic", .integer, ru: "Без темы КТП", en: "Without a plan topic"),
                ])
        }
    }

    // MARK: SQL. `$1` is the school, `$2` the day, `$3` the teacher whose sections the caller reads, NULL for all; `$4`
    // and `$5` are the teacher and the class that were asked for.

    private static let day = Statement(
        """
        SELECT least(coalesce($2::date, lyceum.today()), lyceum.today(), y.ends_on) AS date
        FROM academic_years y
        WHERE y.school_id = $1 AND y.id = \(AcademicYearGate.year)
        """)

    private static let covered = """
        day AS MATERIALIZED (
            SELECT y.starts_on, least(coalesce($2::date, lyceum.today()), lyceum.today(), y.ends_on) AS date
            FROM academic_years y
            WHERE y.school_id = $1 AND y.id = \(AcademicYearGate.year)
        ), lessons_of_sections AS MATERIALIZED (
            SELECT l.section_id, count(*) FILTER (WHERE l.state <> 'cancelled') AS due,
                count(*) FILTER (WHERE l.state = 'held') AS held,
                count(*) FILTER (WHERE l.state = 'held' AND l.plan_topic_id IS NULL) AS without_topic
            FROM day d
            JOIN lessons l ON l.school_id = $1 AND l.date BETWEEN d.starts_on AND d.date
                AND lyceum.is_over(l.date, l.ends_at)
            GROUP BY l.section_id
        ), coverage AS MATERIALIZED (
            SELECT c.* FROM day d CROSS JOIN LATERAL lyceum.plan_coverage($1, \(AcademicYearGate.year), d.date) c
        ), rows AS MATERIALIZED (
            SELECT s.id, s.name, s.kind, v.teacher_id, c.plan_id, c.hours, c.planned_hours, c.given_hours,
                coalesce(l.due, 0) AS due_lessons, coalesce(l.held, 0) AS held_lessons,
                coalesce(l.without_topic, 0) AS without_plan_topic
            FROM coverage c
            CROSS JOIN day d
            JOIN sections s ON s.school_id = $1 AND s.id = c.section_id
            JOIN groups g ON g.school_id = $1 AND g.id = s.group_id
            LEFT JOIN lyceum.lead_teachers($1, d.date) v ON v.section_id = s.id
            LEFT JOIN lessons_of_sections l ON l.section_id = s.id
            WHERE ($4::uuid IS NULL OR v.teacher_id = $4::uuid) AND ($5::uuid IS NULL OR g.class_id = $5::uuid)
                AND (
                    $3::uuid IS NULL
                    OR EXISTS (
                        SELECT FROM section_teachers o
                        WHERE o.school_id = $1 AND o.section_id = s.id AND o.teacher_id = $3::uuid
                    )
                )
        )
        """

    private static let sections = Statement(
        """
        WITH \(covered)
        SELECT r.id AS "section.id", r.name AS "section.name", r.kind AS "section.kind",
            \(SharedSQL.person("u", as: "teacher?")), p.id AS "plan?.id", p.title AS "plan?.title",
            trim_scale(r.hours) AS hours, trim_scale(r.planned_hours) AS planned_hours,
            trim_scale(r.given_hours) AS given_hours,
            trim_scale(greatest(0, r.planned_hours - r.given_hours)) AS behind_hours,
            lyceum.percent_of(r.given_hours, r.planned_hours) AS percent, r.due_lessons, r.held_lessons,
            r.without_plan_topic, '/v1/sections/' || r.id || '/plan' AS "links.plan", r.name AS _name,
            u.last_name AS "_teacher.last_name", u.first_name AS "_teacher.first_name",
            u.middle_name AS "_teacher.middle_name"
        FROM rows r
        LEFT JOIN curriculum_plans p ON p.school_id = $1 AND p.id = r.plan_id
        LEFT JOIN users u ON u.school_id = $1 AND u.id = r.teacher_id
        ORDER BY r.plan_id IS NULL, r.name, r.id
        """)

    private static let total = Statement(
        """
        WITH \(covered)
        SELECT count(*) AS sections, count(*) FILTER (WHERE r.plan_id IS NULL) AS without_plan,
            trim_scale(coalesce(sum(r.hours), 0)) AS hours,
            trim_scale(coalesce(sum(r.planned_hours), 0)) AS planned_hours,
            trim_scale(coalesce(sum(r.given_hours), 0)) AS given_hours,
            trim_scale(coalesce(sum(greatest(0, r.planned_hours - r.given_hours)), 0)) AS behind_hours,
            lyceum.percent_of(sum(r.given_hours), sum(r.planned_hours)) AS percent,
            coalesce(sum(r.due_lessons), 0) AS due_lessons, coalesce(sum(r.held_lessons), 0) AS held_lessons,
            coalesce(sum(r.without_plan_topic), 0) AS without_plan_topic, 'Всего' AS _name,
            NULL AS "_teacher.last_name", NULL AS "_teacher.first_name", NULL AS "_teacher.middle_name"
        FROM rows r
        """)
}
