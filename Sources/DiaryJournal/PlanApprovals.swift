import Diary
import HTTP1
import JSON
import Postgres
import Web

/// A deputy head or head approves a plan; teachers copy an approved one into their section, where it stays approved (P1).
/// The audit log records both.
package enum PlanApprovals {
    package static let routes: [Route<Access, Caller>] = [
        .put("/v1/curriculum-plans/{curriculum_plan_id}/approval", "approveCurriculumPlan", access: .headsOfSchool) {
            try await decide("approved", $0, $1)
        },
        .delete(
            "/v1/curriculum-plans/{curriculum_plan_id}/approval", "withdrawCurriculumPlanApproval",
            access: .headsOfSchool
        ) { try await decide("draft", $0, $1) },
        .post(
            "/v1/curriculum-plans/{curriculum_plan_id}/copies", "copyCurriculumPlan", access: CurriculumPlans.writers,
            copy),
    ]

    /// Approving an approved plan changes nothing, and neither does withdrawing an approval that does not exist.
    private static func decide(_ state: String, _ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = Parameter.text(try request.identifier("curriculum_plan_id"))
        let school = Parameter.integer(caller.school.id)
        let (lock, row) = (lock(school, id, versions.parameter), one(school, id))
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(
            of: [lock, change(school, .text(state)), row])
        try results.check()
        try versions.check(results[lock])
        return try .record(results[row])
    }

    @Sendable static func copy(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let plan = try request.identifier("curriculum_plan_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let section = reader.uuid("section_id").value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let id = caller.services.newID()
        let school = Parameter.integer(caller.school.id)
        let copied = copied(school, .text(plan), .text(section), .text(id))
        let row = one(school, .null)
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(of: [copied, row] + work.settling)
            try results.check(["curriculum_plans_one_per_section": .taken("section_id")])
            let rows = try results[copied]
            guard !rows.isEmpty else { throw Problem(.notFound) }
            guard let copy = rows.text(0, "id") else { throw Refusal.unknown("section_id").problem }
            let (response, path) = (try Response.record(results[row]), "/v1/curriculum-plans/\(copy)")
            return copy == id
                ? response.created(at: path, request, caller) : response.located(at: path, request, caller)
        }
    }

    // MARK: SQL. `$1` is the school.

    private static let lock = Statement(
        """
        SELECT p.version,
            \(Setting.changed.set(to: "CASE WHEN $3::int[] IS NULL OR p.version = ANY ($3::int[]) THEN p.id END")) AS _changed
        FROM curriculum_plans p
        WHERE p.school_id = $1 AND p.id = $2::uuid
        FOR NO KEY UPDATE
        """)

    /// The trigger sets who approved it, and when. Withdrawing leaves an archived plan archived.
    private static let change = Statement(
        """
        UPDATE curriculum_plans SET state = $2
        WHERE school_id = $1 AND id = \(Setting.changed.value) AND state <> $2 AND ($2 = 'approved' OR state = 'approved')
        """)

    private static let copied = Statement(
        """
        SELECT c.id, \(Setting.changed.set(to: "c.id")) AS _changed
        FROM curriculum_plans p
        CROSS JOIN LATERAL (SELECT lyceum.copy_plan(p.id, $3::uuid, $4::uuid) AS id OFFSET 0) c
        WHERE p.school_id = $1 AND p.id = $2::uuid
        """)

    /// The plan `$2`; null: the one in the setting.
    private static let one = Statement(
        """
        SELECT p.id, p.section_id, p.copied_from_id, p.title, p.state, \(SharedSQL.person("u", as: "approved_by?")), p.approved_at, p.version
        FROM curriculum_plans p
        LEFT JOIN users u ON u.school_id = p.school_id AND u.id = p.approved_by
        WHERE p.school_id = $1 AND p.id = coalesce($2::uuid, \(Setting.changed.value))
        """)
}
