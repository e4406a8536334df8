import Crypto
import Diary
import DiaryPaper
import DiaryServer
import DiaryTestSupport
import JSON
import Postgres
import Reactor
import TestSupport
import TestTools
import Testing
import Web

/// Reports that the background makes: the order, the result, and who gets it.
@Suite(.serialized) struct ReportJobTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient
    /// The background of another process: the server itself has none.
    let loop: BackgroundLoop

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        loop = try Self.loop(server)
        try server.owner().query("DELETE FROM report_jobs")
    }

    private static func loop(_ server: TestServer) throws -> BackgroundLoop {
        var url = try ConnectionURL(server.database.serverURL)
        url["options"] = "-c lyceum.today=\(TestServer.today)"
        let settings = Services.Settings(
            database: url, tokenKeys: try TokenKeys(configuration: TestServer.keys))
        var configuration = Background.Configuration(
            work: [.makeReports(try TestServer.paper(), settings), .forgetReportJobs])
        configuration.rhythm = 0.1
        return try BackgroundLoop(configuration, url.text, LogSink())
    }

    private func order(_ format: String = "csv", _ more: String = "") -> String {
        """
        {"report": "class-register", "format": "\(format)", "parameters": {"class_id": "\(ids.class7A)"}\(more)}
        """
    }

    private func create(_ client: TestClient, _ body: String) throws -> String {
        let made = try client.post("/v1/report-jobs", json: body)
        try #require(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"]?.string)
        #expect(made["Location"] == "/v1/report-jobs/\(id)" && made.json["state"]?.string == "waiting")
        return id
    }

    private func end(of id: String, _ client: TestClient) async throws -> JSONValue {
        var job = JSONValue.null
        _ = try await eventually {
            job = try client.get("/v1/report-jobs/\(id)").json
            return ["done", "failed"].contains(job["state"]?.string)
        }
        return job
    }

    @Test(arguments: ["json", "csv", "xlsx", "html", "pdf"])
    func theResultIsTheReport(_ format: String) async throws {
        let id = try create(teacher, order(format))
        let job = try await end(of: id, teacher)
        #expect(job["state"]?.string == "done" && job["progress"]?.int == 100, "\(job)")
        #expect(job["result"]?.string == "/v1/report-jobs/\(id)/result")
        let result = try teacher.get("/v1/report-jobs/\(id)/result")
        let direct = try teacher.get("/v1/reports/class-register?class_id=\(ids.class7A)&format=\(format)")
        #expect(result["Content-Type"] == direct["Content-Type"])
        #expect(
            result["Content-Disposition"]
                == (format == "json" ? "attachment; filename=\"class-register.json\"" : direct["Content-Disposition"]))
        // The moment of printing differs.
        if format == "csv" { #expect(result.body == direct.body) }
        #expect(abs(result.body.count - direct.body.count) < 200)
        await loop.end()
    }

    /// K2: a report that shows profiles is recorded whenever its result is fetched.
    @Test func k2_theReadingOfProfilesIsRecorded() async throws {
        let deputy = try server.client("deputy")
        let owner = try server.owner()
        let readings = "SELECT count(*) FROM audit_log WHERE school_id = $1 AND entity = 'students' AND action = 'read'"
        let before = Int(try owner.query(readings, [String(ids.school)]).first ?? "") ?? -1
        let id = try create(deputy, #"{"report": "movement", "format": "csv", "parameters": {}}"#)
        let job = try await end(of: id, deputy)
        #expect(job["state"]?.string == "done", "\(job)")
        func more() throws -> Int { Int(try owner.query(readings, [String(ids.school)]).first ?? "")! - before }
        #expect(try more() == 0)
        #expect(try deputy.get("/v1/report-jobs/\(id)/result").status == 200)
        let once = try more()
        #expect(once > 100)
        #expect(try deputy.get("/v1/report-jobs/\(id)/result").status == 200)
        #expect(try more() == 2 * once)
        await loop.end()
    }

    @Test func ordersAreReadLikeRequests() async throws {
        func refused(_ body: String) throws -> (Int, String?, String?) {
            let answer = try teacher.post("/v1/report-jobs", json: body)
            return (answer.status, answer.code, answer.json["errors"]?[0]?["pointer"]?.string)
        }
        #expect(try refused(#"{"report": "nothing", "format": "pdf"}"#) == (422, "validation_failed", "/report"))
        #expect(
            try refused(#"{"report": "class-register", "format": "pdf"}"#) == (
                422, "validation_failed", "/parameters/class_id"
            ))
        #expect(
            try refused(#"{"report": "class-register", "format": "pdf", "parameters": {"class_id": "7А"}}"#)
                == (422, "validation_failed", "/parameters/class_id"))
        #expect(
            try refused(order("csv", #", "colour": "red""#)) == (422, "validation_failed", "/colour"))
        #expect(
            try refused(#"{"report": "class-register", "format": "pdf", "parameters": {"class_id": []}}"#)
                == (422, "validation_failed", "/parameters/class_id"))
        #expect(
            try refused(order().replacing("}}", with: #", "table": "zzz"}}"#)) == (
                422, "validation_failed", "/parameters/table"
            ))
        #expect(
            try refused(
                #"{"report": "attendance", "format": "csv", "parameters": {"class_id": "\#(ids.class7A)", "term_id": "\#(DemoSchoolIDs.nothing)"}}"#
            )
                == (422, "validation_failed", "/parameters/term_id"))
        #expect(try refused(#"{"report": "plan-base", "format": "pdf"}"#).0 == 403)
        // A foreign class is not there (A1).
        #expect(
            try refused(
                #"{"report": "class-register", "format": "pdf", "parameters": {"class_id": "\#(ids.otherClass)"}}"#
            ).0
                == 404)
        await loop.end()
    }

    @Test func nobodyElseSeesTheJob() async throws {
        let id = try create(teacher, order())
        for login in ["head", "deputy", "admin", "parent"] {
            let other = try server.client(login)
            #expect(try other.get("/v1/report-jobs/\(id)").status == 404)
            #expect(try other.get("/v1/report-jobs/\(id)/result").status == 404)
            #expect(try other.delete("/v1/report-jobs/\(id)").status == 404)
            #expect(try other.get("/v1/report-jobs").json["items"]?.array.isEmpty == true)
        }
        #expect(try teacher.get("/v1/report-jobs").json["items"]?.array.count == 1)
        // Row-level security hides it from statements in the name of others, too.
        let connection = try server.connection()
        try connection.execute("SELECT set_config('lyceum.school_id', '\(ids.school)', false)")
        let deputy = try #require(
            try server.owner().query(
                "SELECT id FROM users WHERE login = 'deputy' AND school_id = $1", ["\(ids.school)"]
            ).first)
        try connection.execute("SELECT set_config('lyceum.user_id', '\(deputy)', false)")
        #expect(try connection.query("SELECT count(*) FROM report_jobs").first == "0")
        await loop.end()
    }

    /// A3: the rights are those at the time of making and of fetching.
    @Test func whoLostTheClassGetsNothing() async throws {
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '\(TestServer.today)'")
        let done = try create(teacher, order())
        #expect(try await end(of: done, teacher)["state"]?.string == "done")
        await loop.end()
        let waiting = try create(teacher, order())
        let leads = try owner.query(
            "SELECT id, ends_on FROM class_teachers WHERE school_id = $1 AND class_id = $2 AND starts_on <= lyceum.today() AND coalesce(ends_on, 'infinity') >= lyceum.today()",
            ["\(ids.school)", ids.class7A]
        ).rows
        let lead = try #require(leads.first?[0])
        try owner.query(
            "UPDATE class_teachers SET ends_on = lyceum.today() - 1 WHERE school_id = $1 AND id = $2",
            ["\(ids.school)", lead])
        defer {
            _ = try? owner.query(
                "UPDATE class_teachers SET ends_on = $3 WHERE school_id = $1 AND id = $2",
                ["\(ids.school)", lead, leads[0][1]])
        }
        // The token still has the role; the class is gone.
        #expect(try teacher.get("/v1/report-jobs/\(done)/result").status == 404)
        let second = try Self.loop(server)
        let job = try await end(of: waiting, teacher)
        #expect(job["state"]?.string == "failed", "\(job)")
        #expect(["forbidden", "not_found"].contains(job["problem"]?["code"]?.string))
        #expect(job["problem"]?["instance"]?.string == "/v1/report-jobs/\(waiting)")
        let result = try teacher.get("/v1/report-jobs/\(waiting)/result")
        #expect(result.status == 409 && result.code == "report_failed")
        await second.end()
    }

    /// A3: a report without a gate chooses its rows by the reader; it is given out only to a reader with the same rights.
    @Test func A3_aResultIsForTheRightsItWasMadeWith() async throws {
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '\(TestServer.today)'; SET lyceum.school_id = '\(ids.school)'")
        let deputy = try server.client("deputy")
        let user = try #require(
            try owner.query("SELECT id FROM users WHERE login = 'deputy' AND school_id = $1", ["\(ids.school)"]).first)
        let id = try create(deputy, #"{"report": "anomalies", "format": "json", "parameters": {}}"#)
        #expect(try await end(of: id, deputy)["state"]?.string == "done")
        #expect(try deputy.get("/v1/report-jobs/\(id)/result").status == 200)
        let role = [String(ids.school), user]
        try owner.query("DELETE FROM user_roles WHERE school_id = $1 AND user_id = $2 AND role = 'deputy_head'", role)
        defer {
            _ = try? owner.query(
                "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, 'deputy_head') ON CONFLICT DO NOTHING",
                role)
        }
        let teacher = try server.session(of: user, school: ids.school, roles: ["teacher"])
        let refused = try teacher.get("/v1/report-jobs/\(id)/result")
        #expect(refused.status == 409 && refused.code == "report_outdated", "\(refused.text)")
        await loop.end()
    }

    /// M12: what is held back after the making is in no result that a family fetches.
    @Test func M12_aMarkHeldBackSinceIsInNoResult() async throws {
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '\(TestServer.today)'; SET lyceum.school_id = '\(ids.school)'")
        let parent = try server.client("parent")
        let child = try #require(try parent.get("/v1/me").json["children"]?[0]?["id"]?.string)
        let id = try create(
            parent, #"{"report": "student-progress", "format": "json", "parameters": {"student_id": "\#(child)"}}"#)
        #expect(try await end(of: id, parent)["state"]?.string == "done")
        #expect(try parent.get("/v1/report-jobs/\(id)/result").status == 200)
        let held = try #require(
            try owner.query(
                """
                UPDATE marks SET published_at = now() + interval '1 day'
                WHERE school_id = $1 AND id = (
                    SELECT id FROM marks WHERE school_id = $1 AND student_id = $2 AND number IS NOT NULL LIMIT 1
                )
                RETURNING id
                """, ["\(ids.school)", child]
            ).first)
        defer {
            _ = try? owner.query(
                "UPDATE marks SET published_at = now() WHERE school_id = $1 AND id = $2", ["\(ids.school)", held])
        }
        #expect(try parent.get("/v1/report-jobs/\(id)/result").code == "report_outdated")
        await loop.end()
    }

    @Test func aPersonHasThreeAtATime() async throws {
        await loop.end()
        for _ in 1...3 { _ = try create(teacher, order()) }
        let fourth = try teacher.post("/v1/report-jobs", json: order())
        #expect(fourth.status == 429 && fourth.code == "too_many_report_jobs")
        // The bound is each person's own.
        _ = try create(try server.client("deputy"), order())
        let id = try #require(try teacher.get("/v1/report-jobs").json["items"]?[0]?["id"]?.string)
        #expect(try teacher.get("/v1/report-jobs/\(id)/result").code == "report_not_ready")
        #expect(try teacher.delete("/v1/report-jobs/\(id)").status == 204)
        #expect(try teacher.get("/v1/report-jobs/\(id)").status == 404)
        _ = try create(teacher, order())
    }

    @Test func aRepeatedOrderIsOneJob() async throws {
        await loop.end()
        let key = [("Idempotency-Key", "order-1")]
        let first = try teacher.post("/v1/report-jobs", json: order(), headers: key)
        let second = try teacher.post("/v1/report-jobs", json: order(), headers: key)
        #expect(first.status == 201 && first.json["id"] == second.json["id"])
        #expect(second["Location"] == first["Location"])
        #expect(try teacher.get("/v1/report-jobs").json["items"]?.array.count == 1)
    }

    /// A process that died left the job running and its lease behind; another takes over when the lease ends. One that
    /// ends its process each time is given up.
    @Test func aJobSurvivesItsProcess() async throws {
        await loop.end()
        let owner = try server.owner()
        let id = try create(teacher, order())
        let fatal = try create(teacher, order())
        try owner.query(
            "UPDATE report_jobs SET state = 'running', progress = 50, starts = CASE id WHEN $1::uuid THEN 1 ELSE 3 END",
            [id])
        try owner.query(
            "UPDATE pending SET lease = gen_random_uuid(), attempts = 1, due_at = now() - interval '1 second' WHERE kind = 'make_report'"
        )
        let loops = try [Self.loop(server), Self.loop(server)]
        #expect(try await end(of: id, teacher)["state"]?.string == "done")
        let job = try await end(of: fatal, teacher)
        #expect(job["state"]?.string == "failed" && job["problem"]?["code"]?.string == "report_failed", "\(job)")
        #expect(try owner.query("SELECT count(*) FROM pending WHERE kind = 'make_report'").first == "0")
        for loop in loops { await loop.end() }
    }

    /// K1.
    @Test func aDayAfterTheEndItIsGone() async throws {
        let id = try create(teacher, order())
        _ = try await end(of: id, teacher)
        let owner = try server.owner()
        #expect(
            try owner.query("SELECT expires_at - ended_at = interval '1 day' FROM report_jobs WHERE id = $1", [id])
                .first
                == "t")
        try owner.query("UPDATE report_jobs SET expires_at = now() - interval '1 second' WHERE id = $1", [id])
        #expect(try teacher.get("/v1/report-jobs/\(id)").status == 404)
        #expect(try teacher.get("/v1/report-jobs/\(id)/result").status == 404)
        await loop.end()
    }

    @Test func aDeletedJobIsNotMade() async throws {
        await loop.end()
        let id = try create(teacher, order())
        #expect(try teacher.delete("/v1/report-jobs/\(id)").status == 204)
        let other = try Self.loop(server)
        let owner = try server.owner()
        #expect(
            await eventually {
                (try? owner.query("SELECT count(*) FROM pending WHERE kind = 'make_report'").first) == "0"
            })
        #expect(try owner.query("SELECT count(*) FROM report_results").first == "0")
        await other.end()
    }
}
