import Diary
import Postgres
import Web

/// Curriculum plans (КТП) with their units and topics: the common base of the school, and the plans of sections (P1).
/// All staff read them. Authors, teachers of the section and managers write them; a trigger checks it.
package enum CurriculumPlans {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/curriculum-plans", "listCurriculumPlans", access: readers, list)
    ]

    static let readers = Access.staff.programs(.schoolRead, .journalRead)
    static let writers = Access.roles([.administrator, .head, .deputyHead, .teacher])

    package static let resource = Resource(
        path: "curriculum-plans",
        noun: "CurriculumPlan",
        readers: readers,
        writers: writers,
        without: [.list],
        fields: [
            ResourceField("academic_year_id", .identifier).fixed,
            ResourceField("subject_id", .identifier).fixed,
            ResourceField("grade_level", .integer(1...11)).fixed,
            ResourceField("section_id", .identifier).nullable.fixed,
            ResourceField("title", .text(maximum: 200)),
            ResourceField("state", .word(["draft", "approved", "archived"])).initially("\"draft\""),
            ResourceField("copied_from_id", .identifier).readOnly,
            ResourceField("author_id", .identifier).readOnly,
            ResourceField("approved_by", .identifier).readOnly,
            ResourceField("approved_at", .text(maximum: 40)).readOnly,
            .externalID,
            ResourceField("units", .rows(unit, maximum: 100)).initially("[]").selected(as: units),
            ResourceField("topics", .rows(topic, maximum: 500)).initially("[]").selected(as: topics),
        ],
        order: ["grade_level", "title"],
        summary: ["academic_year_id", "subject_id", "grade_level", "section_id", "title", "state", "external_id"],
        children: [content],
        refusals: [
            "curriculum_plans_one_per_section": .taken("section_id"),
            "curriculum_plans_approval": .invalid("state"),
            "plan_units_pkey": .taken("units"), "plan_topics_pkey": .taken("topics"),
            "plan_topics_external_id": .taken("topics"), "plan_topics_hours": .invalid("topics"),
            "plan_topics_school_id_unit_id_plan_id_fkey": .unknown("topics"),
            "plan_units_used": Refusal(
                .conflict, field: "units", code: "in_use", ru: "В разделе, которого нет в списке, есть темы.",
                en: "A unit that the list leaves out has topics."),
            "lessons_school_id_plan_topic_id_fkey": Refusal(
                .conflict, field: "topics", code: "in_use",
                ru: "К теме, которой нет в списке, относятся уроки; такую тему исключает лист корректировки.",
                en: "Lessons point to a topic that the list leaves out; a correction drops such a topic."),
        ])

    private static let unit = [ResourceField("id", .identifier), ResourceField("title", .text(maximum: 300))]

    private static let topic = [
        ResourceField("id", .identifier),
        ResourceField("unit_id", .identifier).nullable,
        ResourceField("title", .text(maximum: 500)),
        ResourceField("hours", .decimal(wholeDigits: 3, fractionDigits: 1)).initially("1"),
        ResourceField("planned_week", .integer(1...45)).nullable,
        ResourceField("planned_on", .date).nullable,
        ResourceField("homework", .text(maximum: 1000)).nullable,
        ResourceField("is_control", .boolean).initially("false"),
        .externalID,
    ]

    private static let units = """
        (
            SELECT coalesce(json_agg(json_build_object('id', u.id, 'title', u.title) ORDER BY u.position), '[]')
            FROM plan_units u
            WHERE u.school_id = t.school_id AND u.plan_id = t.id
        )
        """

    /// Without those that a correction has dropped.
    private static let topics = """
        (
            SELECT coalesce(
                json_agg(
                    json_build_object(
                        'id', p.id, 'unit_id', p.unit_id, 'title', p.title, 'hours', trim_scale(p.hours),
                        'planned_week', p.planned_week, 'planned_on', p.planned_on, 'homework', p.homework,
                        'is_control', p.is_control, 'external_id', p.external_id
                    ) ORDER BY p.position
                ), '[]')
            FROM plan_topics p
            WHERE p.school_id = t.school_id AND p.plan_id = t.id AND p.correction_id IS NULL
        )
        """

    private static let content = Statement(
        """
        SELECT lyceum.write_plan_content(p.id, $2::jsonb -> 'units', $2::jsonb -> 'topics')
        FROM curriculum_plans p
        WHERE p.school_id = $1 AND p.id = \(Setting.changed.value) AND $2::jsonb ?| ARRAY['units', 'topics']
        """)

    // MARK: The list

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(query.identifier("academic_year_id")),
            .text(query.identifier("subject_id")), .text(query.identifier("section_id")),
            .text(query.identifier("author_id")),
            .text(query.option("grade_level", of: (1...11).map { String($0) })),
            .text(query.option("state", of: ["draft", "approved", "archived"])),
            .text(query.option("kind", of: ["base", "section"])),
            Pull.ids(&query), Pull.externalID(&query),
        ]
        let since = try Pull.since(&query)
        let conditions = filters + [since?.since ?? .null]
        let page = Page(&query, keys: [.integer, .text, .identifier] + Pull.keys)
        let pull = Pull(&query, page, behind: 3, filters: conditions, since: since)
        try query.finish()
        let position = (0..<3).map { Parameter.text(page.after?[$0]) } + [.integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            Query(statement: plans, parameters: conditions + position), key: ["grade_level", "title", "id"],
            total: Query(statement: total, parameters: conditions + [.boolean(page.wantsTotal)]), pull: pull)
    }

    private static let wanted = """
        FROM curriculum_plans t
        WHERE t.school_id = $1
            AND t.academic_year_id = coalesce($2::uuid, \(SharedSQL.currentYear))
            AND ($3::uuid IS NULL OR t.subject_id = $3::uuid)
            AND ($4::uuid IS NULL OR t.section_id = $4::uuid)
            AND ($5::uuid IS NULL OR t.author_id = $5::uuid)
            AND ($6::text IS NULL OR t.grade_level = $6::text::int)
            AND ($7::text IS NULL OR t.state = $7::text)
            AND ($8::text IS NULL OR ($8::text = 'section') = (t.section_id IS NOT NULL))
            AND \(Pull.ids(9, of: "t")) AND \(Pull.externalID(10, "t.external_id"))
            AND \(Pull.since(11, of: "t", "curriculum_plans"))
        """

    private static let plans = Statement(
        """
        SELECT p.id, p.academic_year_id, j.id AS "subject.id", j.name AS "subject.name", p.grade_level,
            s.id AS "section?.id", s.name AS "section?.name", p.title, p.state, p.copied_from_id,
            \(SharedSQL.person("u", as: "author?")), p.approved_at,
            (
                SELECT coalesce(trim_scale(sum(o.hours)), 0) FROM plan_topics o
                WHERE o.school_id = $1 AND o.plan_id = p.id AND o.correction_id IS NULL
            ) AS hours,
            p.external_id, p.version
        FROM (
            SELECT t.* \(wanted)
                AND ($12::int IS NULL OR (t.grade_level, t.title, t.id) > ($12::int, $13::text, $14::uuid))
            ORDER BY t.grade_level, t.title, t.id
            LIMIT $15::int
        ) p
        JOIN subjects j ON j.school_id = $1 AND j.id = p.subject_id
        LEFT JOIN sections s ON s.school_id = $1 AND s.id = p.section_id
        LEFT JOIN users u ON u.school_id = $1 AND u.id = p.author_id
        ORDER BY p.grade_level, p.title, p.id
        """)

    private static let total = Statement("SELECT CASE WHEN $12::boolean THEN (SELECT count(*) \(wanted)) END AS total")
}
