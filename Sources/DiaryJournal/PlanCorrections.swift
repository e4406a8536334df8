import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Correction sheets (листы корректировки) of the approved plan of a section: which topics are dropped, merged, moved or
/// get other hours, and why (P1). Teachers of the section write them. When a head or deputy head approves one, it changes
/// the plan and stays on record.
package enum PlanCorrections {
    private static let all = "/v1/curriculum-plans/{curriculum_plan_id}/corrections"
    private static let one = "\(all)/{correction_id}"

    package static let routes: [Route<Access, Caller>] = [
        .get(all, "listPlanCorrections", access: CurriculumPlans.readers, list),
        .post(all, "createPlanCorrection", access: CurriculumPlans.writers, create),
        .get(one, "getPlanCorrection", access: CurriculumPlans.readers, show),
        .delete(one, "deletePlanCorrection", access: CurriculumPlans.writers, delete),
        .put("\(one)/approval", "approvePlanCorrection", access: .headsOfSchool, approve),
    ]

    static let changed = ChangedEntity(
        "plan_corrections", access: CurriculumPlans.readers, circles: ["section"],
        rows: { caller, ids in some(.integer(caller.school.id), ids) })

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let plan: [Parameter] = [.integer(caller.school.id), .text(try request.identifier("curriculum_plan_id"))]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: knownPlan, parameters: plan),
            Query(statement: ofPlan, parameters: plan + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: plan + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let row = single(caller, try path(request))
        return try answer(try await caller.results(of: [row])[row])
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let plan = try request.identifier("curriculum_plan_id")
        let body = try CorrectionBody(try await request.json())
        let id = caller.services.newID()
        let school = Parameter.integer(caller.school.id)
        let known = knownPlan(school, .text(plan))
        let insert = insert(school, .text(plan), .text(id), .text(body.reason))
        let items = insertItems(school, .text(plan), .text(id), .text(body.items))
        let row = single(caller, [.text(plan), .text(id)])
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(of: [known, insert, items, row] + work.settling)
            guard try !results[known].isEmpty else { throw Problem(.notFound) }
            try results.check(refusals)
            return try answer(results[row]).created(at: "\(request.head.path)/\(id)", request, caller)
        }
    }

    /// Approving an approved correction again changes nothing.
    @Sendable static func approve(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let path = try path(request)
        let school = Parameter.integer(caller.school.id)
        let lock = Query(statement: lock, parameters: [school] + path + [versions.parameter])
        let row = single(caller, path)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(
            of: [lock, setApproved(school), row])
        try versions.check(results[lock])
        try results.check()
        return try answer(results[row])
    }

    /// Also how a deputy head declines one.
    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let school = Parameter.integer(caller.school.id)
        let lock = Query(statement: lock, parameters: [school] + (try path(request)) + [versions.parameter])
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [lock, remove(school)])
        try versions.check(results[lock])
        try results.check()
        return .empty
    }

    private static let refusals = [
        "plan_correction_items_school_id_topic_id_plan_id_fkey": Refusal.unknown("items"),
        "plan_correction_items_into_fkey": .unknown("items"),
        "plan_correction_items_after_fkey": .unknown("items"),
        "plan_correction_items_topic_key": .taken("items"),
        "plan_correction_items_into": .invalid("items"),
        "plan_correction_items_after": .invalid("items"),
    ]

    private static func path(_ request: Request) throws -> [Parameter] {
        [.text(try request.identifier("curriculum_plan_id")), .text(try request.identifier("correction_id"))]
    }

    private static func answer(_ rows: Rows) throws -> Response {
        // The figures of a correction that is not approved change with the lessons.
        try .record(rows, changesAlone: true)
    }

    // MARK: SQL. `$1` is the school, `$2` the plan, `$3` the correction.

    private static func single(_ caller: Caller, _ path: [Parameter]) -> Query {
        Query(statement: shown, parameters: [.integer(caller.school.id)] + path)
    }

    private static let knownPlan = Statement(
        "SELECT p.id FROM curriculum_plans p WHERE p.school_id = $1 AND p.id = $2::uuid")

    private static func select(_ rows: String) -> String {
        """
        SELECT c.id, c.plan_id, c.reason, \(SharedSQL.person("a", as: "author?")), c.created_at,
            \(SharedSQL.person("u", as: "approved_by?")), c.approved_at, trim_scale(f.hours_before) AS hours_before,
            trim_scale(f.hours_after) AS hours_after, f.lessons_left,
            trim_scale(f.lessons_left - f.hours_after) AS difference,
            (
                SELECT coalesce(json_agg(
                    json_build_object(
                        'kind', i.kind, 'topic_id', i.topic_id, 'topic_title', i.topic_title,
                        'old_hours', trim_scale(i.old_hours), 'hours', trim_scale(i.hours), 'into_id', i.into_id,
                        'after_id', i.after_id
                    ) ORDER BY i.position
                ), '[]')
                FROM plan_correction_items i
                WHERE i.school_id = c.school_id AND i.correction_id = c.id
            ) AS items, c.version
        FROM (\(rows)) c
        LEFT JOIN users a ON a.school_id = c.school_id AND a.id = c.author_id
        LEFT JOIN users u ON u.school_id = c.school_id AND u.id = c.approved_by
        CROSS JOIN LATERAL (
            SELECT c.hours_before, c.hours_after, c.lessons_left WHERE c.approved_at IS NOT NULL
            UNION ALL
            SELECT n.hours_before, n.hours_after, n.lessons_left
            FROM lyceum.correction_figures(c.school_id, c.id) n
            WHERE c.approved_at IS NULL
        ) f
        """
    }

    private static let wanted = "FROM plan_corrections c WHERE c.school_id = $1 AND c.plan_id = $2::uuid"

    /// The newest first: version 7 ids sort by time.
    private static let ofPlan = Statement(
        select("SELECT c.* \(wanted) AND ($3::uuid IS NULL OR c.id < $3::uuid) ORDER BY c.id DESC LIMIT $4::int")
            + " ORDER BY c.id DESC")
    private static let total = Statement("SELECT CASE WHEN $3::boolean THEN (SELECT count(*) \(wanted)) END AS total")
    private static let shown = Statement(select("SELECT c.* \(wanted) AND c.id = $3::uuid"))
    private static let some = Statement(
        select("SELECT c.* FROM plan_corrections c WHERE c.school_id = $1 AND c.id = ANY ($2::uuid[])"))

    private static let insert = Statement(
        """
        INSERT INTO plan_corrections (school_id, id, plan_id, reason)
        SELECT p.school_id, $3::uuid, p.id, $4 FROM curriculum_plans p WHERE p.school_id = $1 AND p.id = $2::uuid
        """)

    private static let insertItems = Statement(
        """
        INSERT INTO plan_correction_items (school_id, correction_id, position, plan_id, kind, topic_id, hours, into_id, after_id)
        SELECT c.school_id, c.id, i.position, c.plan_id, i.item ->> 'kind', (i.item ->> 'topic_id')::uuid,
            (i.item ->> 'hours')::numeric, (i.item ->> 'into_id')::uuid, (i.item ->> 'after_id')::uuid
        FROM plan_corrections c
        CROSS JOIN jsonb_array_elements($4::jsonb) WITH ORDINALITY i (item, position)
        WHERE c.school_id = $1 AND c.plan_id = $2::uuid AND c.id = $3::uuid
        """)

    private static let lock = Statement(
        """
        SELECT c.version,
            \(Setting.changed.set(to: "CASE WHEN $4::int[] IS NULL OR c.version = ANY ($4::int[]) THEN c.id END")) AS _changed
        \(wanted) AND c.id = $3::uuid
        FOR NO KEY UPDATE
        """)

    /// The trigger sets who approved it, and when, and changes the plan.
    private static let setApproved = Statement(
        """
        UPDATE plan_corrections SET approved_at = now()
        WHERE school_id = $1 AND id = \(Setting.changed.value) AND approved_at IS NULL
        """)

    private static let remove = Statement(
        "DELETE FROM plan_corrections WHERE school_id = $1 AND id = \(Setting.changed.value)")
}

/// The body of a new correction; the items as JSON for the statement.
private struct CorrectionBody {
    let reason: String?
    let items: String

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        reason = reader.isMissing("reason") ? nil : reader.reason()
        if reader.isMissing("reason") { reader.add("reason", .required) }
        var writer = JSONWriter()
        writer.beginArray()
        for var item in reader.objects("items", .required, maximumCount: 200).value ?? [] {
            let kind = item.enumeration("kind", of: ["drop", "merge", "hours", "move"]).value
            let ids: [(name: String, presence: Presence)] = [
                ("topic_id", .required), ("into_id", kind == "merge" ? .required : .optional),
                ("after_id", kind == "move" ? .nullable : .optional),
            ]
            writer.beginObject()
            writer.key("kind")
            writer.string(kind ?? "")
            for (name, presence) in ids {
                guard let value = item.uuid(name, presence).value else { continue }
                writer.key(name)
                writer.string(value)
            }
            if let hours = item.decimal(
                "hours", kind == "hours" ? .required : .optional, wholeDigits: 3, fractionDigits: 1
            ).value {
                if Double(hours) ?? 0 <= 0 { item.add("hours", .outOfRange, ["minimum": "0.1", "maximum": "999.9"]) }
                writer.key("hours")
                writer.number(hours)
            }
            let strange = [("into_id", "merge"), ("after_id", "move"), ("hours", "hours")].filter {
                kind != nil && $0.1 != kind && !item.isMissing($0.0)
            }
            for (name, _) in strange {
                problems.add(FieldProblem(item.pointer.appending(name), "exclusive"))
            }
            writer.endObject()
            item.finish()
        }
        writer.endArray()
        items = String(decoding: writer.bytes, as: UTF8.self)
        if problems.isEmpty && items == "[]" {
            problems.add(FieldProblem(reader.pointer.appending("items"), "empty_batch"))
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
    }
}
