import Diary
import JSON
import Postgres
import Web

/// The plan that a section follows, with what was given of it (P1, L3), and its coverage (P2). All staff read them.
package enum SectionPlans {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/sections/{section_id}/plan", "getSectionPlan", access: CurriculumPlans.readers, show),
        .get("/v1/sections/{section_id}/coverage", "getSectionCoverage", access: CurriculumPlans.readers, coverage),
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let date = query.date("date")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let section = section(school, .text(try request.identifier("section_id")), .text(date))
        return try await Answer(capacity: 32 * 1024) {
            Gate(section)
            Object("section", section)
            Object("plan", plan(school))
            Object("progress", progress(school))
            Object("next_topic", nextTopic(school))
            List("units", units(school))
            List("topics", topics(school)) {
                List("lessons", lessons(school))
            }
        }.tagged(for: caller)
    }

    @Sendable static func coverage(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let date = query.date("date")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let section = section(school, .text(try request.identifier("section_id")), .text(date))
        return try await Answer {
            Gate(section)
            Object("section", section)
            Fields(covered(school))
        }.tagged(for: caller)
    }

    // MARK: SQL. `$1` is the school.

    private static let (id, planned, day) = (
        Setting.section.value, Setting.plan.value, Setting.day.value
    )

    /// Section, plan and day become settings. The day is today by default, and today at most: nobody knows what will be
    /// given.
    private static let section = Statement(
        """
        SELECT s.id, s.name, j.id AS "subject.id", j.name AS "subject.name", s.academic_year_id,
            \(Setting.section.set(to: "s.id")) AS _section,
            \(Setting.plan.set(to: "lyceum.section_plan(s.school_id, s.id)")) AS _plan,
            \(Setting.day.set(to: "least(coalesce($3::date, lyceum.today()), lyceum.today())")) AS _day
        FROM sections s
        JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
        WHERE s.school_id = $1 AND s.id = $2::uuid
        """)

    private static let plan = Statement(
        """
        SELECT p.id, p.title, p.state, p.section_id IS NOT NULL AS is_own, p.copied_from_id, p.approved_at, p.version
        FROM curriculum_plans p
        WHERE p.school_id = $1 AND p.id = \(planned)
        """)

    /// P2. `percent` is exact until it is rounded half up to one digit; null if nothing is planned to date.
    private static let figures = """
        SELECT coalesce(sum(x.hours), 0) AS hours, coalesce(sum(least(x.hours, x.held)), 0) AS given,
            coalesce(sum(x.planned_hours), 0) AS planned,
            coalesce(sum(greatest(0, x.planned_hours - least(x.hours, x.held))), 0) AS behind
        FROM lyceum.plan_progress($1, \(id), \(planned), \(day)) x
        """
    private static let percent = "trim_scale(round(f.given * 100 / nullif(f.planned, 0), 1))"

    private static let progress = Statement(
        """
        SELECT \(day) AS date, trim_scale(f.hours) AS hours, trim_scale(f.given) AS given_hours,
            trim_scale(f.planned) AS planned_hours, trim_scale(f.behind) AS behind_hours, \(percent) AS percent,
            trim_scale(r.hours) AS hours_left, n.lessons AS lessons_left, trim_scale(n.lessons - r.hours) AS difference
        FROM (\(figures)) f
        CROSS JOIN (
            SELECT coalesce(sum(t.hours_left), 0) AS hours
            FROM lyceum.topics_left($1, \(id), \(planned), lyceum.today()) t
        ) r
        CROSS JOIN (SELECT count(*) AS lessons FROM lyceum.lessons_left($1, \(id), lyceum.today()) l) n
        WHERE \(planned) IS NOT NULL
        """)

    private static let covered = Statement(
        """
        SELECT \(planned) AS plan_id, \(day) AS date, trim_scale(f.given) AS given_hours,
            trim_scale(f.planned) AS planned_hours, \(percent) AS percent, trim_scale(f.hours) AS hours,
            l.due AS due_lessons, l.held AS held_lessons, l.without_topic AS held_without_topic
        FROM (\(figures)) f
        CROSS JOIN (
            SELECT count(*) FILTER (WHERE l.state <> 'cancelled') AS due,
                count(*) FILTER (WHERE l.state = 'held') AS held,
                count(*) FILTER (WHERE l.state = 'held' AND l.plan_topic_id IS NULL) AS without_topic
            FROM lessons l
            WHERE l.school_id = $1 AND l.section_id = \(id) AND l.date <= \(day)
                AND lyceum.is_over(l.date, l.ends_at)
        ) l
        """)

    private static let nextTopic = Statement(
        """
        SELECT t.id, t.title, t.homework
        FROM plan_topics t
        WHERE t.school_id = $1 AND t.id = lyceum.next_topic($1, \(id))
        """)

    private static let units = Statement(
        """
        SELECT u.id, u.title
        FROM plan_units u
        WHERE u.school_id = $1 AND u.plan_id = \(planned)
        ORDER BY u.position
        """)

    private static let topics = Statement(
        """
        SELECT t.id, t.unit_id, t.title, trim_scale(t.hours) AS hours, t.planned_week, t.planned_on, t.homework,
            t.is_control, least(t.hours, x.held) AS given_hours, trim_scale(x.planned_hours) AS planned_hours,
            trim_scale(greatest(0, x.planned_hours - least(t.hours, x.held))) AS behind_hours
        FROM lyceum.plan_progress($1, \(id), \(planned), \(day)) x
        JOIN plan_topics t ON t.school_id = $1 AND t.id = x.topic_id
        ORDER BY t.position
        """)

    private static let lessons = Statement(
        """
        SELECT l.id, l.date, l.slot, l.state, l.topic, t.id AS _parent
        FROM lessons l
        JOIN plan_topics t ON t.school_id = l.school_id AND l.plan_topic_id IN (t.id, t.source_id)
        WHERE l.school_id = $1 AND l.section_id = \(id) AND l.plan_topic_id IS NOT NULL AND l.state <> 'cancelled'
            AND t.plan_id = \(planned) AND t.correction_id IS NULL
        ORDER BY t.position, l.date, l.starts_at
        """)
}

extension Setting {
    fileprivate static let section = Setting("section_of_plan", .uuid)
    fileprivate static let plan = Setting("section_plan", .uuid)
    fileprivate static let day = Setting("plan_day", .date)
}
