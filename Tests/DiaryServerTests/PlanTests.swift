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
                "auto_explain.log_analyze = on", "auto_explain.log_timing = off",
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
        "final_marks", "final_mark_history", "substitutions", "homework_students", "homework_completions", "changes",
        "audit_log",
    ]

    /// How many rows of a growing table one node of a plan may read: a year of one student or section has fewer, the
    /// school's term has more.
    static let mostRows = 3000

    struct Case: Sendable, CustomTestStringConvertible {
        let login: String
        let path: String
        /// For reads about a class or the school.
        var mostRows = PlanTests.mostRows
        var testDescription: String { "\(login) \(path)" }
    }

    static let cases = [
        Case(login: "parent", path: "/v1/students/{child}/diary"),
        Case(login: "teacher", path: "/v1/students/{child}/diary"),
        Case(login: "parent", path: "/v1/students/{child}/marks"),
        Case(login: "parent", path: "/v1/students/{child}/homework"),
        Case(login: "parent", path: "/v1/students/{child}/feedback"),
        Case(login: "parent", path: "/v1/students/{child}/conduct-notes"),
        Case(login: "parent", path: "/v1/students/{child}/acknowledgements"),
        Case(login: "teacher", path: "/v1/students/{child}/acknowledgements?open=true"),
        Case(login: "parent", path: "/v1/students/{child}/owed"),
        Case(login: "teacher", path: "/v1/sections/{section}/owed"),
        Case(login: "parent", path: "/v1/students/{child}/changes?since={cursor}"),
        Case(login: "parent", path: "/v1/me"),
        Case(login: "parent", path: "/v1/me/day"),
        Case(login: "teacher", path: "/v1/me/day"),
        Case(login: "deputy", path: "/v1/me/day"),
        Case(login: "teacher", path: "/v1/sections/{section}/journal"),
        Case(login: "deputy", path: "/v1/sections/{section}/journal"),
        Case(login: "teacher", path: "/v1/sections/{section}/finals"),
        Case(login: "parent", path: "/v1/students/{child}/finals"),
        // The class average stands on all marks of the class.
        Case(login: "parent", path: "/v1/students/{child}/averages", mostRows: 20_000),
        Case(login: "parent", path: "/v1/students/{child}/goals?subject_id={subject}&target=5"),
        Case(login: "deputy", path: "/v1/unfinished-lessons?from=2025-11-10&to=2025-11-19"),
        Case(login: "deputy", path: "/v1/lessons?from=2025-11-10&to=2025-11-16"),
        Case(login: "teacher", path: "/v1/lessons?section_id={section}"),
        Case(login: "deputy", path: "/v1/substitutions?date=2025-11-19"),
        Case(login: "parent", path: "/v1/timetable?student_id={child}&from=2025-11-10&to=2025-11-16"),
        Case(login: "parent", path: "/v1/timetable?student_id={child}&from=2025-12-08&to=2025-12-14"),
        Case(login: "deputy", path: "/v1/timetable?class_id={class}&from=2025-12-08&to=2025-12-14"),
        Case(login: "deputy", path: "/v1/timetable?room_id={room}&from=2025-11-10&to=2025-11-16"),
        Case(login: "parent", path: "/v1/students/{child}/attendance"),
        Case(login: "parent", path: "/v1/students/{child}/attendance?from=2025-09-01&to=2025-11-19"),
        Case(login: "teacher", path: "/v1/classes/{class}/attendance?date=2025-11-19"),
        // All lessons of a class, and all absences from them.
        Case(login: "teacher", path: "/v1/classes/{class}/attendance-totals"),
        Case(login: "parent", path: "/v1/students/{child}/plans"),
        Case(login: "teacher", path: "/v1/sections/{section}/plan"),
        Case(login: "parent", path: "/v1/students/{child}/debts"),
        Case(login: "deputy", path: "/v1/debts"),
        Case(login: "deputy", path: "/v1/students/{child}/transfer-sheet"),
        Case(login: "deputy", path: "/v1/control-works?from=2025-11-10&to=2025-11-16"),
        Case(login: "deputy", path: "/v1/lessons?class_id={class}"),
        Case(login: "deputy", path: "/v1/lessons/{lesson}/substitutes"),
    ]

    @Test(arguments: cases) func hotReadsUseIndexes(_ read: Case) throws {
        var path = read.path.replacing("{child}", with: ids.child).replacing("{section}", with: ids.section)
            .replacing("{class}", with: ids.class7A).replacing("{lesson}", with: ids.lesson)
            .replacing("{subject}", with: ids.rows["{marked_subject_id}"] ?? "")
            .replacing("{room}", with: ids.rows["{room_id}"] ?? "")
        if path.contains("{cursor}") {
            let feed = try server.client(read.login).get("/v1/students/\(ids.child)/changes").json
            path = path.replacing("{cursor}", with: feed["cursor"]?.string ?? "")
        }
        try expectIndexes(mostRows: read.mostRows) {
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
        #expect(Self.scans("Seq Scan on lessons l  (cost=0.00..1.00 rows=1 width=4)") == ["lessons"])
        #expect(Self.scans("Index Scan using lessons_pkey on lessons l\nSeq Scan on rooms r") == [])
    }

    @Test func aScanOfTheWholeSchoolIsFound() throws {
        let plan = """
            ->  Nested Loop  (cost=1.00..2.00 rows=9 width=4) (actual rows=9000 loops=1)
                  ->  Index Scan using lessons_by_date on lessons l  (cost=1.00..2.00 rows=9 width=4) (actual rows=200 loops=10)
                        Index Cond: (school_id = $1)
                        Rows Removed by Filter: 150
                  ->  Index Scan using rooms_pkey on rooms r  (cost=1.00..2.00 rows=9 width=4) (actual rows=1 loops=9000)
            """
        #expect(Self.reads(plan).map(\.table) == ["lessons"])
        #expect(Self.reads(plan).map(\.rows) == [3500])
    }

    private func expectIndexes(mostRows: Int = PlanTests.mostRows, _ act: () throws -> Void) throws {
        let before = Set(warnings.all)
        try act()
        let plans = warnings.all.filter { !before.contains($0) && $0.contains("plan:") }
        #expect(!plans.isEmpty, "auto_explain sent no plan")
        for plan in plans {
            let large = Self.reads(plan).filter { $0.rows > mostRows }
            if !Self.scans(plan).isEmpty || !large.isEmpty {
                Issue.record("\(large.map { "\($0.rows) rows of \($0.table)" }) \(plan.prefix(4000))")
            }
        }
    }

    /// The growing tables that a plan reads from the beginning to the end.
    private static func scans(_ plan: String) -> [String] {
        let lines = plan.split(separator: "\n")
        return growing.filter { table in
            lines.contains { $0.contains("Seq Scan on \(table) ") || $0.hasSuffix("Seq Scan on \(table)") }
        }
    }

    /// How many rows of growing tables the nodes of a plan read, with those that a filter removed.
    private static func reads(_ plan: String) -> [(table: String, rows: Int)] {
        var reads: [(table: String, rows: Int)] = []
        var loops = 0
        for line in plan.split(separator: "\n") {
            if let node = line.firstMatch(of: /\(actual rows=(\d+) loops=(\d+)\)/) {
                loops = 0
                guard let table = growing.first(where: { line.contains(" on \($0) ") }) else { continue }
                loops = Int(node.2)!
                reads.append((table, Int(node.1)! * loops))
            } else if loops > 0, let removed = line.firstMatch(of: /Rows Removed by Filter: (\d+)/) {
                reads[reads.count - 1].rows += Int(removed.1)! * loops
            }
        }
        return reads
    }
}
