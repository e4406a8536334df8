import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Reports about threads. While one is open, the head may read the thread; each reading is in the audit log.
package enum ThreadReports {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/threads/{thread_id}/report", "reportThread", access: .signedIn, create),
        .get("/v1/reported-threads", "listReportedThreads", access: .roles([.head]), list),
        .put("/v1/reported-threads/{thread_report_id}/closure", "closeReportedThread", access: .roles([.head]), close),
    ]

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let thread = try request.identifier("thread_id")
        let reason = try text("reason", of: try await request.json())
        let id = caller.services.newID()
        let school = Parameter.integer(caller.school.id)
        let insert = insert(school, .text(id), .text(thread), .text(reason))
        let row = own(school, caller.person, .text(id))
        return try await Idempotency.run(request, caller, keeper: { own(school, caller.person, .text($0)) }) { work in
            let results = try await work.results(of: [insert, row] + work.settling)
            if results.refusal?.constraint == "thread_reports_open" { throw Problem(.alreadyExists) }
            return .json(.object(try results[row]), status: .created)
        }
    }

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filters: [Parameter] = [.integer(caller.school.id), .text(query.option("state", of: ["open", "closed"]))]
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        return try await ListAnswer(request, caller, page).read(
            Query(statement: reports, parameters: filters + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func close(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("thread_report_id")
        let note = try text("note", of: try await request.json())
        let (closing, row) = (closing(.text(id), .text(note)), one(.integer(caller.school.id), .text(id)))
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [closing, row])
        guard try results[closing].boolean(0, "done") else { throw Problem(.notFound) }
        return .json(.object(try results[row]))
    }

    private static func text(_ name: String, of json: JSONValue) throws -> String {
        let problems = FieldProblems()
        var reader = ObjectReader(json, problems: problems)
        let text = reader.writtenText(name, maximum: 1000).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        return text ?? ""
    }

    // MARK: SQL. `$1` is the school.

    private static let insert = Statement(
        "INSERT INTO thread_reports (school_id, id, thread_id, reason) VALUES ($1, $2::uuid, $3::uuid, $4)")

    /// For the person who reported.
    private static let own = Statement(
        """
        SELECT r.id, r.thread_id, r.reason, r.reported_at
        FROM thread_reports r
        WHERE r.school_id = $1 AND r.id = $3::uuid AND r.reported_by = $2::uuid
            AND lyceum.reads_thread($1, r.thread_id, $2::uuid)
        """)

    private static func select(_ rows: String) -> String {
        """
        SELECT r.id, r.thread_id, t.subject, \(SharedSQL.person("s", as: "student?")), r.reason,
            \(SharedSQL.person("a", as: "reported_by")), r.reported_at, \(SharedSQL.person("c", as: "closed_by?")),
            r.closed_at, r.note
        FROM (\(rows)) r
        JOIN threads t ON t.school_id = r.school_id AND t.id = r.thread_id
        JOIN users a ON a.school_id = r.school_id AND a.id = r.reported_by
        LEFT JOIN users s ON s.school_id = t.school_id AND s.id = t.student_id
        LEFT JOIN users c ON c.school_id = r.school_id AND c.id = r.closed_by
        """
    }

    /// A3: no reports about an own child.
    private static let wanted = """
        FROM thread_reports r
        WHERE r.school_id = $1 AND ($2::text IS NULL OR (r.closed_at IS NULL) = ($2::text = 'open'))
            AND lyceum.handles_report(r.school_id, r.thread_id, lyceum.current_user_id())
        """

    /// The newest first: version 7 ids sort by time.
    private static let reports = Statement(
        select("SELECT r.* \(wanted) AND ($3::uuid IS NULL OR r.id < $3::uuid) ORDER BY r.id DESC LIMIT $4::int")
            + " ORDER BY r.id DESC")
    private static let total = Statement("SELECT CASE WHEN $3::boolean THEN (SELECT count(*) \(wanted)) END AS total")
    private static let one = Statement(
        select("SELECT r.* FROM thread_reports r WHERE r.school_id = $1 AND r.id = $2::uuid"))
    private static let closing = Statement("SELECT lyceum.close_thread_report($1::uuid, $2) AS done")
}
