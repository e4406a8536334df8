import Diary
import Postgres
import Web

/// Lessons on their dates, made from the timetable (`LessonGeneration`) or by hand. What is recorded at a lesson is
/// written in the journal.
package enum Lessons {
    package static let routes: [Route<Access, Caller>] = [.get("/v1/lessons", "listLessons", access: readers, list)]

    private static let readers = Access.staff.programs(.schoolRead, .journalRead)

    package static let resource = Resource(
        path: "lessons",
        noun: "Lesson",
        readers: readers,
        without: [.list],
        fields: [
            ResourceField("section_id", .identifier).fixed,
            ResourceField("date", .date),
            ResourceField("bell_schedule_id", .identifier),
            ResourceField("slot", .integer(0...15)),
            ResourceField("starts_at", .time).readOnly.selected(as: "lyceum.local_moment(t.date, t.starts_at)"),
            ResourceField("ends_at", .time).readOnly.selected(as: "lyceum.local_moment(t.date, t.ends_at)"),
            ResourceField("room_id", .identifier).nullable,
            ResourceField("teacher_id", .identifier).nullable,
            ResourceField("state", .word(["planned", "held", "cancelled"])).initially("\"planned\""),
            ResourceField("topic", .text(maximum: 1000)).readOnly,
            ResourceField("plan_topic_id", .identifier).readOnly,
            ResourceField("suggested_topic", .text(maximum: 1000)).readOnly.selected(as: suggestedTopic),
            ResourceField("timetable_entry_id", .identifier).readOnly,
            .externalID,
        ],
        order: ["date", "slot"],
        refusals: [
            "lessons_bell_slot": Refusal(
                field: "slot", code: "unknown_reference", ru: "В расписании звонков такого урока нет.",
                en: "The bell schedule has no such slot."),
            "lessons_teacher_no_overlap": Refusal(
                .conflict, field: "teacher_id", code: "teacher_overlap", ru: "У учителя в это время другой урок.",
                en: "The teacher has another lesson at that time."),
            "lessons_room_no_overlap": Refusal(
                .conflict, field: "room_id", code: "room_overlap", ru: "Кабинет в это время занят.",
                en: "The room is taken at that time."),
            "lessons_section_no_overlap": Refusal(
                .conflict, field: "slot", code: "section_overlap", ru: "В этом журнале в это время уже есть урок.",
                en: "The section already has a lesson at that time."),
        ])

    /// L3, for a lesson without a topic.
    private static let suggestedTopic = """
        (
            SELECT json_build_object('plan_topic_id', p.id, 'title', p.title, 'homework', p.homework)
            FROM plan_topics p
            WHERE t.plan_topic_id IS NULL AND t.topic IS NULL AND p.school_id = t.school_id
                AND p.id = lyceum.next_topic(t.school_id, t.section_id)
        )
        """

    // MARK: The list

    private static let longestRange = 366

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(query.identifier("section_id")), .text(query.identifier("class_id")),
            .text(query.identifier("teacher_id")), .text(query.identifier("room_id")), .text(range?.from),
            .text(range?.to), .text(query.option("state", of: ["planned", "held", "cancelled"])),
            Pull.ids(&query), Pull.externalID(&query),
        ]
        let since = try Pull.since(&query)
        let conditions = filters + [since?.since ?? .null]
        let page = Page(&query, keys: [.date, .integer, .identifier] + Pull.keys)
        let pull = Pull(&query, page, behind: 3, filters: conditions, since: since)
        try query.finish()
        let position = (0..<3).map { Parameter.text(page.after?[$0]) } + [.integer(page.limit + 1)]
        let statements = [(1, ofSection), (2, ofClass), (3, ofTeacher)].first { filters[$0.0] != .null }?.1 ?? ofSchool
        return try await ListAnswer(request, caller, page).read(
            Query(statement: statements.list, parameters: conditions + position), key: ["date", "slot", "id"],
            total: Query(statement: statements.total, parameters: conditions + [.boolean(page.wantsTotal)]), pull: pull)
    }

    private static let ofSection = LessonStatements(of: "t.section_id = $2::uuid")
    private static let ofClass = LessonStatements(
        of: """
            t.section_id = ANY (
                ARRAY(
                    SELECT s.id FROM groups g JOIN sections s ON s.school_id = g.school_id AND s.group_id = g.id
                    WHERE g.school_id = $1 AND g.class_id = $3::uuid
                )
            )
            """)
    private static let ofTeacher = LessonStatements(of: "t.teacher_id = $4::uuid")
    private static let ofSchool = LessonStatements(of: "true")
}

/// The statements of the list. PostgreSQL makes one plan for all parameters, and finds the index for a condition only if it
/// always holds: so there is one statement for each filter that narrows the list most.
private struct LessonStatements: Sendable {
    let list: Statement
    let total: Statement

    /// - Parameter condition: the filter that is given.
    init(of condition: String) {
        let wanted = """
            FROM lessons t
            WHERE t.school_id = $1 AND \(condition)
                AND ($2::uuid IS NULL OR t.section_id = $2::uuid)
                AND (
                    $3::uuid IS NULL
                    OR t.section_id IN (
                        SELECT s.id FROM groups g JOIN sections s ON s.school_id = g.school_id AND s.group_id = g.id
                        WHERE g.school_id = $1 AND g.class_id = $3::uuid
                    )
                )
                AND ($4::uuid IS NULL OR t.teacher_id = $4::uuid)
                AND ($5::uuid IS NULL OR t.room_id = $5::uuid)
                -- Only with subqueries PostgreSQL looks for the days in an index.
                AND t.date BETWEEN (SELECT coalesce($6::date, '-infinity')) AND (SELECT coalesce($7::date, 'infinity'))
                AND ($8::text IS NULL OR t.state = $8::text)
                AND \(Pull.ids(9, of: "t")) AND \(Pull.externalID(10, "t.external_id"))
                AND \(Pull.since(11, of: "t", "lessons"))
            """
        list = Statement(
            """
            SELECT l.id, l.section_id AS "section.id", s.name AS "section.name", l.date, l.slot,
                lyceum.local_moment(l.date, l.starts_at) AS starts_at, lyceum.local_moment(l.date, l.ends_at) AS ends_at,
                r.id AS "room?.id", r.name AS "room?.name", \(SharedSQL.person("u", as: "teacher?")), l.state, l.topic,
                l.timetable_entry_id, l.external_id, l.version
            FROM (
                SELECT t.* \(wanted)
                    AND ($12::date IS NULL OR (t.date, t.slot, t.id) > ($12::date, $13::int, $14::uuid))
                ORDER BY t.date, t.slot, t.id
                LIMIT $15::int
            ) l
            JOIN sections s ON s.school_id = $1 AND s.id = l.section_id
            LEFT JOIN rooms r ON r.school_id = $1 AND r.id = l.room_id
            LEFT JOIN users u ON u.school_id = $1 AND u.id = l.teacher_id
            ORDER BY l.date, l.slot, l.id
            """)
        total = Statement("SELECT CASE WHEN $12::boolean THEN (SELECT count(*) \(wanted)) END AS total")
    }
}
