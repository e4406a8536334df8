import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Changes of contacts that a guardian proposes: of a child, or of the guardian's own. Nothing of it is true before the
/// class teacher, or somebody else who maintains the child's profile, accepts it. Nobody else sees it, and other
/// guardians least of all (A3).
package enum ProfileProposals {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/profile-proposals", "listProfileProposals", access: readers, list),
        .post("/v1/profile-proposals", "createProfileProposal", access: .roles([.guardian]), create),
        .get("/v1/profile-proposals/{profile_proposal_id}", "getProfileProposal", access: readers, show),
        .patch("/v1/profile-proposals/{profile_proposal_id}", "updateProfileProposal", access: readers, update),
    ]

    private static let readers = Access.roles([.administrator, .head, .deputyHead, .classTeacher, .guardian])

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(query.identifier("student_id")),
            .text(query.option("state", of: ["open", "accepted", "declined", "withdrawn"])),
        ]
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        return try await ListAnswer(request, caller, page).read(
            Query(statement: proposals, parameters: filters + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("profile_proposal_id")
        let row = one(.integer(caller.school.id), .text(id))
        guard !caller.isFamilyOnly else { return try answer(try await caller.results(of: [row])[row]) }
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [row, reading(.text(id))])
        return try answer(try results[row])
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let body = try Self.body(try await request.json())
        let id = caller.services.newID()
        let school = Parameter.integer(caller.school.id)
        let insert = insert(
            school, .text(id), .text(body.student), .text(body.about), .text(body.fields), .text(body.comment))
        let row = one(school, .text(id))
        return try await Idempotency.run(request, caller, keeper: { one(school, .text($0)) }) { work in
            let results = try await work.results(of: [insert, row] + work.settling)
            if results.refusal?.constraint == "profile_proposals_open" { throw Problem(.alreadyExists) }
            return try answer(try results[row]).created(at: "/v1/profile-proposals/\(id)", request, caller)
        }
    }

    /// The author withdraws an open proposal; those who maintain the profile accept or decline it.
    @Sendable static func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try request.identifier("profile_proposal_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let state = reader.enumeration("state", of: ["accepted", "declined", "withdrawn"]).value
        let answer = reader.writtenText("answer", .nullable, maximum: 1000).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let school = Parameter.integer(caller.school.id)
        let lock = lock(school, .text(id), versions.parameter)
        let row = one(school, .text(id))
        let queries =
            [lock, decide(school, .text(state), .text(answer))]
            + (caller.isFamilyOnly ? [] : [reading(.text(id))]) + [row]
        return try await Idempotency.run(request, caller, keeper: { one(school, .text($0)) }) { work in
            let results = try await work.results(of: queries + work.settling)
            try versions.check(results[lock])
            return try self.answer(try results[row])
        }
    }

    private static func answer(_ rows: Rows) throws -> Response {
        // `current` changes with the profile, not with the proposal.
        try .record(rows, changesAlone: true)
    }

    // MARK: The body

    private struct Body {
        let student: String?
        let about: String?
        let fields: String
        let comment: String?
    }

    private static let contacts = [
        ResourceField("email", .text(maximum: 200)).nullable,
        ResourceField("phone", .text(maximum: 50)).nullable,
        ResourceField("other_phones", .texts(maximumCount: 5, maximum: 50)).initially("[]"),
        ResourceField("address", .text(maximum: 500)).nullable,
    ]
    private static let workplace = ResourceField("workplace", .text(maximum: 200)).nullable

    private static func body(_ json: JSONValue) throws -> Body {
        let problems = FieldProblems()
        var reader = ObjectReader(json, problems: problems)
        let student = reader.uuid("student_id").value
        let about = reader.enumeration("about", of: ["student", "guardian"]).value
        let comment = reader.writtenText("comment", .nullable, maximum: 1000).value
        var writer = JSONWriter()
        writer.beginObject()
        if var fields = reader.object("fields").value {
            for field in about == "student" ? contacts : contacts + [workplace] {
                field.copy(from: &fields, to: &writer, isNew: false)
            }
            fields.finish()
        }
        writer.endObject()
        reader.finish()
        let text = String(decoding: writer.bytes, as: UTF8.self)
        if problems.isEmpty && text == "{}" { problems.add(FieldProblem(JSONPointer("fields"), "empty_object")) }
        if let problem = Problem(problems) { throw problem }
        return Body(student: student, about: about, fields: text, comment: comment)
    }

    // MARK: SQL. `$1` is the school, `$2` the proposal.

    private static let isSeen = """
        (
            p.proposed_by = lyceum.current_user_id()
                AND lyceum.represents(p.school_id, lyceum.current_user_id(), p.student_id)
            OR lyceum.keeps_student(p.student_id)
        )
        """
    private static let wanted = """
        FROM profile_proposals p
        WHERE p.school_id = $1 AND ($2::uuid IS NULL OR p.student_id = $2::uuid)
            AND ($3::text IS NULL OR p.state = $3::text) AND \(isSeen)
        """

    private static func select(_ rows: String, and more: String = "") -> String {
        """
        SELECT p.id, \(SharedSQL.person("s", as: "student")), p.about,
            to_json(ARRAY(SELECT k FROM jsonb_object_keys(p.fields) k ORDER BY k)) AS names, \(more) p.state,
            \(SharedSQL.person("a", as: "proposed_by")), p.proposed_at,
            \(SharedSQL.person("d", as: "decided_by?")), p.decided_at, p.version
        FROM (\(rows)) p
        JOIN users s ON s.school_id = p.school_id AND s.id = p.student_id
        JOIN users a ON a.school_id = p.school_id AND a.id = p.proposed_by
        LEFT JOIN users d ON d.school_id = p.school_id AND d.id = p.decided_by
        """
    }

    /// The newest first: version 7 ids sort by time. Without the values: reading those is recorded (K2).
    private static let proposals = Statement(
        select("SELECT p.* \(wanted) AND ($4::uuid IS NULL OR p.id < $4::uuid) ORDER BY p.id DESC LIMIT $5::int")
            + " ORDER BY p.id DESC")
    private static let total = Statement("SELECT CASE WHEN $4::boolean THEN (SELECT count(*) \(wanted)) END AS total")

    private static let one = Statement(
        select(
            "SELECT p.* FROM profile_proposals p WHERE p.school_id = $1 AND p.id = $2::uuid AND \(isSeen)",
            and: """
                p.fields::json AS fields,
                (
                    SELECT json_object_agg(k, c.profile -> k ORDER BY k)
                    FROM jsonb_object_keys(p.fields) k
                    CROSS JOIN (
                        SELECT to_jsonb(t) FROM students t
                        WHERE p.about = 'student' AND t.school_id = p.school_id AND t.id = p.student_id
                        UNION ALL
                        SELECT to_jsonb(g) FROM guardians g
                        WHERE p.about = 'guardian' AND g.school_id = p.school_id AND g.id = p.proposed_by
                    ) c (profile)
                ) AS current, p.comment, p.answer,
                """))

    private static let reading = Statement("SELECT lyceum.record_proposal_reading($1::uuid)")

    private static let insert = Statement(
        """
        INSERT INTO profile_proposals (school_id, id, student_id, about, fields, comment)
        SELECT s.school_id, $2::uuid, s.id, $4, $5::jsonb, $6
        FROM students s
        WHERE s.school_id = $1 AND s.id = $3::uuid AND lyceum.represents($1, lyceum.current_user_id(), s.id)
        """)

    private static let lock = Statement(
        """
        SELECT p.version,
            CASE WHEN $3::int[] IS NULL OR p.version = ANY ($3::int[]) THEN \(Setting.changed.set(to: "p.id")) END AS _changed
        FROM profile_proposals p
        WHERE p.school_id = $1 AND p.id = $2::uuid AND \(isSeen)
        FOR NO KEY UPDATE
        """)
    private static let decide = Statement(
        """
        UPDATE profile_proposals SET state = $2, answer = $3
        WHERE school_id = $1 AND id = \(Setting.changed.value)
        """)
}
