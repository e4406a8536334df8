import Diary
import Postgres
import Web

/// P1: subjects and grade levels that are taught without an approved curriculum plan of the school's common base.
enum PlanBase {
    static let report = Report(
        "plan-base",
        title: Text(ru: "Обеспеченность учебными планами", en: "Curriculum plans of the common base"),
        summary: Text(
            ru: "По предметам и параллелям: есть ли утверждённое КТП. Для заместителя директора.",
            en: "By subject and grade level: whether there is an approved curriculum plan. For deputy heads."),
        access: .headsOfSchool,
        parameters: [
            .academicYear,
            ReportParameter(
                "missing", .flag, ru: "Только необеспеченные.", en: "Only those without an approved plan."),
        ],
        paper: Paper(signatures: [Text(ru: "Заместитель директора", en: "Deputy head")])
    ) { input in
        let year = AcademicYearGate.query(input)
        return ReportContent {
            AcademicYearGate.gate(input)
            Facts("academic_year", year, [Column("name", ru: "Учебный год", en: "Academic year")])
            Facts(
                "summary", summary(input.school),
                [
                    Column("courses", .integer, ru: "Предметов в параллелях", en: "Subjects in grade levels"),
                    Column("with_plan", .integer, ru: "Обеспечено", en: "With a plan"),
                    Column("percent", .percent, ru: "Обеспечено, %", en: "With a plan, %"),
                ])
            Table(
                "subjects", subjects(input.school, input["missing"]),
                [
                    Column("subject.name", width: 30, ru: "Предмет", en: "Subject"),
                    Column("grade_level", .integer, ru: "Параллель", en: "Grade level"),
                    Column("sections", .integer, ru: "Страниц журнала", en: "Sections"),
                    Column("own_plans", .integer, ru: "Из них со своим КТП", en: "With a plan of their own"),
                    Column("approved_plans", .integer, ru: "Утверждено КТП", en: "Approved plans"),
                    Column("draft_plans", .integer, ru: "Черновиков", en: "Drafts"),
                    Column("has_plan", .flag, ru: "Обеспечен", en: "Has a plan"),
                ])
        }
    }

    // MARK: SQL. `$1` is the school, `$2` whether only those without a plan are wanted.

    /// Curricular sections: others need no plan of the common base.
    private static let courses = """
        taught AS (
            SELECT s.subject_id, g.grade_level, count(*) AS sections,
                count(*) FILTER (
                    WHERE EXISTS (
                        SELECT FROM curriculum_plans o
                        WHERE o.school_id = $1 AND o.section_id = s.id AND o.state = 'approved'
                    )
                ) AS own_plans
            FROM sections s
            JOIN groups g ON g.school_id = $1 AND g.id = s.group_id AND g.grade_level IS NOT NULL
            WHERE s.school_id = $1 AND s.academic_year_id = \(AcademicYearGate.year) AND s.kind = 'curricular'
            GROUP BY s.subject_id, g.grade_level
        ), plans AS (
            SELECT p.subject_id, p.grade_level, count(*) FILTER (WHERE p.state = 'approved') AS approved,
                count(*) FILTER (WHERE p.state = 'draft') AS drafts
            FROM curriculum_plans p
            WHERE p.school_id = $1 AND p.academic_year_id = \(AcademicYearGate.year) AND p.section_id IS NULL
            GROUP BY p.subject_id, p.grade_level
        ), courses AS (
            SELECT t.*, coalesce(p.approved, 0) AS approved_plans, coalesce(p.drafts, 0) AS draft_plans,
                coalesce(p.approved, 0) > 0 AS has_plan
            FROM taught t
            LEFT JOIN plans p ON p.subject_id = t.subject_id AND p.grade_level = t.grade_level
        )
        """

    private static let summary = Statement(
        """
        WITH \(courses)
        SELECT count(*) AS courses, count(*) FILTER (WHERE c.has_plan) AS with_plan,
            lyceum.percent(count(*) FILTER (WHERE c.has_plan), count(*)) AS percent
        FROM courses c
        """)

    private static let subjects = Statement(
        """
        WITH \(courses)
        SELECT j.id AS "subject.id", j.name AS "subject.name", c.grade_level, c.sections, c.own_plans,
            c.approved_plans, c.draft_plans, c.has_plan,
            '/v1/curriculum-plans?subject_id=' || j.id || '&grade_level=' || c.grade_level || '&academic_year_id='
                || \(AcademicYearGate.year) AS "links.plans"
        FROM courses c
        JOIN subjects j ON j.school_id = $1 AND j.id = c.subject_id
        WHERE NOT (c.has_plan AND coalesce($2::boolean, false))
        ORDER BY j.position, j.name, j.id, c.grade_level
        """)
}
