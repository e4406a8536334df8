import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// The plans of the statements that a school's day consists of. PostgreSQL's module auto_explain sends each plan with
/// the answer, as a warning; the server prepares its statements, so plans are forced to be generic.
@Suite(.serialized) struct PlanTests {
    let server: TestServer
    let warnings: Warnings
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self) {
            let server = try await TestServer()
            let superuser = try BlockingConnection(url: server.database.superuserURL)
            for setting in [
                "session_preload_libraries = auto_explain", "auto_explain.log_min_duration = 0",
                "auto_explain.log_level = warning", "auto_explain.log_nested_statements = on",
                "plan_cache_mode = force_generic_plan",
            ] {
                try superuser.execute("ALTER ROLE lyceum_server IN DATABASE \(server.database.name) SET \(setting)")
            }
            return try await TestServer(over: server.database)
        }
        warnings = server.warnings
        ids = try DemoSchoolIDs(server)
    }

    /// Tables that grow each day.
    static let growing = [
        "lessons", "line_items", "marks", "mark_history", "attendance", "attendance_history", "homework", "feedback",
        "final_marks", "changes", "audit_log",
    ]

    struct Case: Sendable, CustomTestStringConvertible {
        let login: String
        let path: String
        var testDescription: String { "\(login) \(path)" }
    }

    static let cases = [
        Case(login: "parent", path: "/v1/students/{child}/diary"),
        Case(login: "teacher", path: "/v1/students/{child}/diary"),
        Case(login: "parent", path: "/v1/students/{child}/marks"),
        Case(login: "parent", path: "/v1/students/{child}/changes?since={cursor}"),
        Case(login: "parent", path: "/v1/me"),
        Case(login: "parent", path: "/v1/me/day"),
        Case(login: "teacher", path: "/v1/me/day"),
        Case(login: "deputy", path: "/v1/me/day"),
        Case(login: "teacher", path: "/v1/sections/{section}/journal"),
        Case(login: "deputy", path: "/v1/sections/{section}/journal"),
        Case(login: "deputy", path: "/v1/unfinished-lessons?from=2025-11-10&to=2025-11-19"),
        Case(login: "deputy", path: "/v1/lessons?from=2025-11-10&to=2025-11-16"),
        Case(login: "teacher", path: "/v1/lessons?section_id={section}"),
    ]

    @Test(arguments: cases) func hotReadsUseIndexes(_ read: Case) throws {
        var path = read.path.replacing("{child}", with: ids.child).replacing("{section}", with: ids.section)
        if path.contains("{cursor}") {
            let feed = try server.client(read.login).get("/v1/students/\(ids.child)/changes").json
            path = path.replacing("{cursor}", with: feed["cursor"]?.string ?? "")
        }
        try expectIndexes {
            let answer = try server.client(read.login).get(path)
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test func journalBatchUsesIndexes() throws {
        let marks = ids.others.prefix(20).map {
            """
            {"lesson_id": "\(ids.lesson)", "student_id": "\($0)", "value": {"kind": "number", "number": 4}, "version": 0}
            """
        }
        try expectIndexes {
            let answer = try server.client("teacher").patch(
                "/v1/sections/\(ids.section)/journal?partial=true",
                json: #"{"marks": [\#(marks.joined(separator: ","))]}"#)
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    /// Shows that the tests above can fail.
    @Test func aSequentialScanIsFound() throws {
        #expect(Self.scans(["Seq Scan on lessons l  (cost=0.00..1.00 rows=1 width=4)"]) == ["lessons"])
        #expect(Self.scans(["Index Scan using lessons_pkey on lessons l", "Seq Scan on rooms r"]) == [])
    }

    private func expectIndexes(_ act: () throws -> Void) throws {
        let before = Set(warnings.all)
        try act()
        let plans = warnings.all.filter { !before.contains($0) && $0.contains("plan:") }
        #expect(!plans.isEmpty, "auto_explain sent no plan")
        for plan in plans where !Self.scans([plan]).isEmpty {
            Issue.record("\(plan.prefix(4000))")
        }
    }

    /// The growing tables that a plan reads from the beginning to the end.
    private static func scans(_ plans: [String]) -> [String] {
        let lines = plans.flatMap { $0.split(separator: "\n") }
        return growing.filter { table in
            lines.contains { $0.contains("Seq Scan on \(table) ") || $0.hasSuffix("Seq Scan on \(table)") }
        }
    }
}
