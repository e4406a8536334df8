import Diary
import JSON
import Postgres
import Web

/// Moves the planned dates of the topics that a section still has to give, after lessons were lost (P1): they are laid on
/// the lessons that are left, in their order. Hours that no longer fit need a correction (`PlanCorrections`).
package enum PlanShift {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/sections/{section_id}/plan/shift", "shiftSectionPlan", access: CurriculumPlans.writers, shift)
    ]

    @Sendable static func shift(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isDry = query.flag("dry_run")
        try query.finish()
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let from = reader.date("from", .optional).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let school = Parameter.integer(caller.school.id)
        let gate = gate(school, .text(try request.identifier("section_id")), .text(from))
        let (figures, topics) = (figures(school), topics(school))
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(
                of: [gate, figures, topics] + (isDry ? [] : [move(school)]) + work.settling)
            try check(results[gate])
            try results.check()
            var writer = JSONWriter(reservingCapacity: 16 * 1024)
            writer.beginObject()
            writer.key("dry_run")
            writer.boolean(isDry)
            writer.fields(try results[figures], row: 0)
            writer.list(RowList("topics", try results[topics]))
            writer.endObject()
            return .json(writer)
        }
    }

    private static func check(_ rows: Rows) throws {
        guard !rows.isEmpty else { throw Problem(.notFound) }
        guard rows.boolean(0, "may") else { throw Problem(.notYourPlan) }
        guard rows.text(0, "_plan") != nil else { throw Problem(.noSectionPlan) }
        guard rows.boolean(0, "in_year") else {
            throw Refusal(
                field: "from", code: "outside_year", ru: "День вне учебного года журнала.",
                en: "The day is outside the section's academic year."
            ).problem
        }
    }

    // MARK: SQL. `$1` is the school.

    private static let (section, plan, from) = (Setting.shifted.value, Setting.plan.value, Setting.from.value)

    /// Locks the plan, so that nobody changes it in the meantime. `$3` is the first day, by default today.
    private static let gate = Statement(
        """
        SELECT lyceum.writes_plan(s.school_id, s.id, NULL) AS may,
            f.day BETWEEN y.starts_on AND y.ends_on AS in_year,
            \(Setting.shifted.set(to: "s.id")) AS _section,
            \(Setting.plan.set(
                to: """
                    CASE
                        WHEN lyceum.writes_plan(s.school_id, s.id, NULL) AND f.day BETWEEN y.starts_on AND y.ends_on THEN p.id
                    END
                    """)) AS _open,
            p.id::text AS _plan, \(Setting.from.set(to: "f.day")) AS _from
        FROM sections s
        JOIN academic_years y ON y.school_id = s.school_id AND y.id = s.academic_year_id
        CROSS JOIN LATERAL (
            SELECT coalesce($3::date, greatest(lyceum.today(), y.starts_on)) AS day OFFSET 0
        ) f
        LEFT JOIN LATERAL (
            SELECT p.id FROM curriculum_plans p
            WHERE p.school_id = s.school_id AND p.section_id = s.id AND p.state <> 'archived'
            FOR NO KEY UPDATE
        ) p ON true
        WHERE s.school_id = $1 AND s.id = $2::uuid
        """)

    private static let figures = Statement(
        """
        SELECT \(from) AS "from", trim_scale(t.hours) AS hours_left, n.lessons AS lessons_left,
            trim_scale(n.lessons - t.hours) AS difference
        FROM (
            SELECT coalesce(sum(t.hours_left), 0) AS hours FROM lyceum.topics_left($1, \(section), \(plan), \(from)) t
        ) t
        CROSS JOIN (SELECT count(*) AS lessons FROM lyceum.lessons_left($1, \(section), \(from)) l) n
        """)

    private static let topics = Statement(
        """
        SELECT t.id, t.title, trim_scale(x.hours_left) AS hours_left, t.planned_week AS old_planned_week,
            t.planned_on AS old_planned_on, x.planned_week, x.planned_on
        FROM lyceum.shifted_topics($1, \(section), \(plan), \(from)) x
        JOIN plan_topics t ON t.school_id = $1 AND t.id = x.topic_id
        ORDER BY x.position
        """)

    private static let move = Statement(
        """
        UPDATE plan_topics t SET planned_week = x.planned_week, planned_on = x.planned_on
        FROM lyceum.shifted_topics($1, \(section), \(plan), \(from)) x
        WHERE t.school_id = $1 AND t.id = x.topic_id
            AND (t.planned_week, t.planned_on) IS DISTINCT FROM (x.planned_week, x.planned_on)
        """)
}

extension Setting {
    fileprivate static let shifted = Setting("shifted_section", .uuid)
    fileprivate static let plan = Setting("shifted_plan", .uuid)
}
