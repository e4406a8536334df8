import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Reports that take longer than a request may: a person orders one, the background makes it, and its result is kept
/// for a day (docs/decisions/0066). Only that person sees the job.
package enum ReportJobs {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/report-jobs", "listReportJobs", access: .signedIn, list),
        .post("/v1/report-jobs", "createReportJob", access: .signedIn, create),
        .get("/v1/report-jobs/{report_job_id}", "getReportJob", access: .signedIn, show),
        .delete("/v1/report-jobs/{report_job_id}", "deleteReportJob", access: .signedIn, delete),
        .get("/v1/report-jobs/{report_job_id}/result", "getReportJobResult", access: .signedIn, result),
    ]

    // MARK: Jobs

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        return try await ListAnswer(request, caller, page).read(
            own(caller, jobs, .text(page.after?[0]), .integer(page.limit + 1)),
            key: ["id"],
            total: own(caller, total, .boolean(page.wantsTotal)))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let rows = try await caller.read(own(caller, job, .text(try request.identifier("report_job_id"))))
        guard !rows[0].isEmpty else { throw Problem(.notFound) }
        return .json(.object(rows[0]))
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let body = try NewReportJob(try await request.json())
        let order = try body.order(caller, request.language)
        // What is refused now need not be refused later.
        do { try await ReportReading.check(order) } catch let problem as Problem { throw problem.ofParameters }
        return try await Idempotency.run(request, caller) { work in
            let id = caller.services.newID()
            let made = own(caller, job, .text(id))
            let results = try await work.results(
                of: [
                    insert(
                        .integer(caller.school.id), .text(id), .text(caller.user), .text(caller.client),
                        caller.client == nil ? .null : .text(caller.session), .text(order.report.name),
                        .text(order.form.rawValue), .text(body.parametersText),
                        .text(order.input.language.rawValue)),
                    begin(.integer(caller.school.id), .text(id)),
                    made,
                ] + work.settling)
            try results.check()
            var response = Response.json(.object(try results[made]), status: .created)
            response.headers.append(("Location", "/v1/report-jobs/\(id)"))
            return response
        }
    }

    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let gone = try await caller.services.lanes.write(
            caller.scope, [own(caller, remove, .text(try request.identifier("report_job_id")))])[0]
        guard gone.affected == 1 else { throw Problem(.notFound) }
        return .empty
    }

    // MARK: The result

    @Sendable static func result(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier("report_job_id")
        let rows = try await caller.read(own(caller, finished, .text(id)))[0]
        guard !rows.isEmpty else { throw Problem(.notFound) }
        switch rows.text(0, "state") {
        case "done": break
        case "failed": throw Problem(.reportFailed)
        default: throw Problem(.reportNotReady, headers: [("Retry-After", "2")])
        }
        let order = try StoredReportJob(rows).order(caller)
        // Whoever has lost a class since then gets nothing (A3). The gates say so with the usual problems; many reports
        // have none and choose their rows by the reader.
        try await ReportReading.check(order)
        guard rows.boolean(0, "is_current") else { throw Problem(.reportOutdated) }
        let found = try await caller.services.lanes.readLong(caller.scope, [own(caller, content, .text(id))])[0]
        guard !found.isEmpty else { throw Problem(.notFound) }
        try await caller.recordReadings(of: found.texts("profiles"))
        return order.response(found.bytes(0, "content") ?? [], caller.services.area(PaperServices.self))
    }

    // MARK: SQL. `$1` is the school, `$2` the person.

    /// A query for the caller's own jobs. An app of others sees what was ordered through it (A6).
    private static func own(_ caller: Caller, _ statement: Statement, _ more: Parameter...) -> Query {
        let person: [Parameter] = [.integer(caller.school.id), .text(caller.user), .text(caller.client)]
        return Query(statement: statement, parameters: person + more)
    }

    private static let isOwn = """
        j.school_id = $1 AND j.person_id = $2::uuid AND ($3::uuid IS NULL OR j.client_id = $3::uuid)
            AND j.expires_at > now()
        """

    private static let columns = """
        j.id, j.report, j.format, j.parameters, j.language, j.state, j.progress, j.problem,
            CASE WHEN j.state = 'done' THEN '/v1/report-jobs/' || j.id || '/result' END AS result,
            j.created_at, j.started_at, j.ended_at, j.expires_at
        """

    private static let jobs = Statement(
        """
        SELECT \(columns) FROM report_jobs j
        WHERE \(isOwn) AND ($4::uuid IS NULL OR j.id < $4::uuid)
        ORDER BY j.id DESC
        LIMIT $5::int
        """)
    private static let total = Statement(
        "SELECT CASE WHEN $4::boolean THEN (SELECT count(*) FROM report_jobs j WHERE \(isOwn)) END AS total")
    private static let job = Statement("SELECT \(columns) FROM report_jobs j WHERE \(isOwn) AND j.id = $4::uuid")
    private static let finished = Statement(
        """
        SELECT j.report, j.format, j.parameters, j.language, j.state,
            j.state = 'done' AND j.standing = lyceum.standing(j.school_id, j.person_id) AS is_current
        FROM report_jobs j WHERE \(isOwn) AND j.id = $4::uuid
        """)

    private static let insert = Statement(
        """
        INSERT INTO report_jobs (
            school_id, id, person_id, client_id, session_id, report, format, parameters, language
        ) VALUES ($1, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6, $7, $8::jsonb, $9)
        """)
    private static let begin = Statement(
        "INSERT INTO pending (school_id, kind, id, due_at) VALUES ($1, 'make_report', $2::uuid, now())")
    private static let remove = Statement("DELETE FROM report_jobs j WHERE \(isOwn) AND j.id = $4::uuid")
    private static let content = Statement(
        """
        SELECT r.content, to_json(r.profiles) AS profiles
        FROM report_jobs j
        JOIN report_results r ON r.school_id = $1 AND r.job_id = j.id
        WHERE \(isOwn) AND j.id = $4::uuid
        """)
}
