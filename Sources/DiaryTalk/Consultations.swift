import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Questions to the administrators (C4). Everybody may ask; the asker and the administrators see a consultation.
package enum Consultations {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/consultations", "listConsultations", access: .signedIn, list),
        .post("/v1/consultations", "createConsultation", access: .signedIn, create),
        .get("/v1/consultations/{consultation_id}", "getConsultation", access: .signedIn, show),
        .patch("/v1/consultations/{consultation_id}", "updateConsultation", access: .signedIn, update),
    ]

    static let categories = ["access", "profile", "records", "timetable", "usage", "other"]
    static let longestText = 4000

    /// Administrators get all, the others their own: the longest waiting first.
    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isMine = query.flag("mine")
        let state = query.option("state", of: ["open", "in_progress", "answered", "closed"])
        let overdue = query.option("overdue", of: ["true", "false"])
        let filters: [Parameter] = [
            .integer(caller.school.id), caller.person, .text(state), .text(query.option("category", of: categories)),
            .text(query.identifier("assigned_to_id")), .text(overdue),
        ]
        let page = Page(&query, keys: [.largeInteger, .identifier])
        try query.finish()
        let isQueue = state == "open" || state == "in_progress" || overdue == "true"
        let statements = !caller.roles.contains(.administrator) || isMine ? own : isQueue ? queue : all
        return try await ListAnswer(request, caller, page).read(
            Query(
                statement: statements.page,
                parameters: filters + [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]),
            without: ["order_start"], key: ["order_start", "id"],
            total: Query(statement: statements.total, parameters: filters + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let row = one(caller, try request.identifier("consultation_id"))
        return try answer(try await caller.results(of: [row])[row])
    }

    /// Everybody asks in their own name. An administrator also writes down what somebody asks at the desk.
    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let category = reader.enumeration("category", of: categories).value
        let subject = reader.writtenText("subject", maximum: 200).value
        let text = reader.writtenText("text", maximum: longestText).value
        let phone = reader.writtenText("phone", .nullable, maximum: 50).value
        let person = reader.uuid("person_id", .nullable).value
        let visitor = reader.writtenText("visitor_name", .nullable, maximum: 200).value
        if person != nil, visitor != nil { problems.add(FieldProblem(JSONPointer("visitor_name"), "exclusive")) }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let isAtDesk = person != nil || visitor != nil
        let (id, question) = (caller.services.newID(), caller.services.newID())
        let school = Parameter.integer(caller.school.id)
        let insert = insert(
            school, .text(id), .text(category), .text(subject), .text(phone), .text(person), .text(visitor),
            .boolean(isAtDesk))
        let message = ConsultationMessages.insert(school, .text(question), .text(id), .text("question"), .text(text))
        let row = one(caller, id)
        return try await Idempotency.run(request, caller, keeper: { one(caller, $0) }) { work in
            let results = try await work.results(of: [insert, message, row] + work.settling)
            try checkLimit(results)
            try results.check(refusals)
            return try answer(try results[row]).created(at: "/v1/consultations/\(id)", request, caller)
        }
    }

    /// The asker closes it. An administrator takes it, gives it back, hands it to another one, sorts it, and closes it
    /// after the answer.
    @Sendable static func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try request.identifier("consultation_id")
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let state = reader.enumeration("state", of: ["open", "in_progress", "closed"], .optional).value
        let category = reader.enumeration("category", of: categories, .optional).value
        let assigned = reader.uuid("assigned_to_id", .nullable)
        let phone = reader.writtenText("phone", .nullable, maximum: 50)
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let lock = lock(.integer(caller.school.id), .text(id), caller.person, versions.parameter)
        let change = change(
            .integer(caller.school.id), .text(state), .text(category), .boolean(!assigned.isAbsent),
            .text(assigned.value), .boolean(!phone.isAbsent), .text(phone.value))
        let row = one(caller, id)
        return try await Idempotency.run(request, caller, keeper: { one(caller, $0) }) { work in
            let results = try await work.results(of: [lock, change, row] + work.settling)
            try results.check(refusals)
            try versions.check(results[lock])
            return try answer(try results[row])
        }
    }

    static func checkLimit(_ results: Results) throws {
        guard results.refusal?.sqlState == "LYQ05" else { return }
        throw Problem(.tooManyQuestions, headers: [("Retry-After", "3600")])
    }

    private static let refusals = [
        "consultations_school_id_asker_id_fkey": Refusal.unknown("person_id"),
        "consultations_assignee": Refusal(
            field: "assigned_to_id", code: "not_an_administrator", ru: "Это не системный администратор.",
            en: "This person is not an administrator."),
    ]

    /// The waiting time changes without a new version.
    private static func answer(_ rows: Rows) throws -> Response { try .record(rows, changesAlone: true) }

    // MARK: SQL. `$1` is the school.

    /// `p` is the person.
    static func isSeen(by p: String) -> String { "(c.asker_id = \(p) OR lyceum.has_role('administrator'))" }

    private static func one(_ caller: Caller, _ id: String) -> Query {
        one(.integer(caller.school.id), .text(id), caller.person)
    }

    /// In working days. A consultation that nobody answered counts until it was closed.
    private static let waiting = """
        CROSS JOIN LATERAL (
            SELECT lyceum.working_day(
                    $1, lyceum.local_day(c.waiting_since),
                    coalesce((SELECT t.consultation_days FROM school_settings t WHERE t.school_id = $1), 3)
                ) AS due_on,
                lyceum.working_days(
                    $1, lyceum.local_day(c.waiting_since),
                    coalesce(lyceum.local_day(coalesce(c.answered_at, c.closed_at)), lyceum.today())
                ) AS days
            OFFSET 0
        ) w
        """

    private static func select(_ rows: String, and more: String = "") -> String {
        """
        SELECT c.id, c.category, c.subject, c.state, \(SharedSQL.person("a", as: "asker?")), c.visitor_name, c.phone,
            \(SharedSQL.person("d", as: "recorded_by?")), \(SharedSQL.person("t", as: "assigned_to?")), c.opened_at,
            c.waiting_since, c.answered_at, c.closed_at, w.days AS waiting_days, w.due_on,
            c.state IN ('open', 'in_progress') AND w.due_on < lyceum.today() AS is_overdue, \(more) c.version
        FROM (\(rows)) c
        \(waiting)
        LEFT JOIN users a ON a.school_id = $1 AND a.id = c.asker_id
        LEFT JOIN users d ON d.school_id = $1 AND d.id = c.recorded_by
        LEFT JOIN users t ON t.school_id = $1 AND t.id = c.assigned_to
        """
    }

    private static let own = lists("c.asker_id = $2::uuid")
    private static let ofAdministrators = "$2::uuid IS NOT NULL AND (SELECT lyceum.has_role('administrator'))"
    private static let all = lists(ofAdministrators)
    /// The same, with the condition of an index.
    private static let queue = lists("\(ofAdministrators) AND c.state IN ('open', 'in_progress')")

    private static func lists(_ condition: String) -> (page: Statement, total: Statement) {
        let wanted = """
            FROM consultations c
            WHERE c.school_id = $1 AND \(condition)
                AND ($3::text IS NULL OR c.state = $3::text) AND ($4::text IS NULL OR c.category = $4::text)
                AND ($5::uuid IS NULL OR c.assigned_to = $5::uuid)
                AND (
                    $6::text IS NULL
                    OR (c.state IN ('open', 'in_progress') AND c.waiting_since < (SELECT lyceum.overdue_before($1)))
                        = $6::boolean
                )
            """
        let rows = """
            SELECT c.*, lyceum.microseconds(c.waiting_since) AS order_start
            \(wanted)
                AND ($7::bigint IS NULL OR (c.waiting_since, c.id) > (lyceum.from_microseconds($7::bigint), $8::uuid))
            ORDER BY c.waiting_since, c.id LIMIT $9::int
            """
        return (
            Statement(select(rows, and: "c.order_start,") + " ORDER BY c.waiting_since, c.id"),
            Statement("SELECT CASE WHEN $7::boolean THEN (SELECT count(*) \(wanted)) END AS total")
        )
    }

    private static let one = Statement(
        select(
            """
            SELECT c.*
            FROM consultations c
            WHERE c.school_id = $1 AND c.id = $2::uuid AND \(isSeen(by: "$3::uuid"))
            """,
            and: """
                (
                    SELECT json_agg(
                        json_build_object('state', h.state, 'assigned_to_id', h.assigned_to, 'changed_by_id', h.changed_by,
                            'changed_at', lyceum.moment(h.changed_at))
                        ORDER BY h.version
                    )
                    FROM consultation_history h
                    WHERE h.school_id = $1 AND h.consultation_id = c.id
                ) AS history,
                """))

    /// For the queue of administrators; others see theirs in a list.
    static let changed = ChangedEntity(
        "consultations", access: .administrators, circles: [],
        rows: { caller, ids in some(.integer(caller.school.id), ids) })

    private static let some = Statement(
        select(
            """
            SELECT c.*
            FROM consultations c
            WHERE c.school_id = $1 AND c.id = ANY ($2::uuid[]) AND (SELECT lyceum.has_role('administrator'))
            """))

    private static let insert = Statement(
        """
        INSERT INTO consultations (school_id, id, category, subject, phone, asker_id, visitor_name, recorded_by)
        VALUES ($1, $2::uuid, $3, $4, $5,
            CASE WHEN $8::boolean THEN $6::uuid ELSE lyceum.current_user_id() END, $7,
            CASE WHEN $8::boolean THEN lyceum.current_user_id() END)
        """)

    private static let lock = Statement(
        """
        SELECT c.version,
            CASE WHEN $4::int[] IS NULL OR c.version = ANY ($4::int[]) THEN \(Setting.changed.set(to: "c.id")) END AS _changed
        FROM consultations c
        WHERE c.school_id = $1 AND c.id = $2::uuid AND \(isSeen(by: "$3::uuid"))
        FOR NO KEY UPDATE
        """)
    private static let change = Statement(
        """
        UPDATE consultations
        SET state = coalesce($2, state), category = coalesce($3, category),
            assigned_to = CASE WHEN $4::boolean THEN $5::uuid ELSE assigned_to END,
            phone = CASE WHEN $6::boolean THEN $7 ELSE phone END
        WHERE school_id = $1 AND id = \(Setting.changed.value)
        """)
}
