import DiaryTestSupport
import FoundationEssentials
import Postgres
import TestSupport
import Testing
import Web

@testable import Diary

/// Each refusal code of a database rule has a problem in both languages and a row in the contract (`ContractTests`).
@Suite(.serialized) struct RefusalCodesTests {
    /// These codes are not problems: a dry run rolls itself back, and the others are reported as an invalid body before
    /// codes are read.
    static let signals: Set<String> = ["dry_run", "duplicate_item", "unknown_reference", "only_when_late"]

    @Test func everyMessageOfARuleIsAProblem() throws {
        let messages = try Self.functions().flatMap { text in
            text.matches(of: /errcode = (?:'LY...'|lyceum\.refusal_state\([^)]*\)),\s*message = '([^']*)'/).map {
                String($0.1)
            }
        }
        #expect(messages.count > 30)
        Self.expectKinds(messages)
    }

    /// Functions that return a refusal, and statements that give one to an item.
    @Test func everyRefusalIsAProblem() throws {
        var codes: [String] = []
        for text in try Self.functions() {
            for function in text.split(separator: "create or replace ") {
                guard function.contains(/^function lyceum\.(\w+_refusals?|lock_reason)\(/) else { continue }
                codes += function.matches(of: /\b(?:then|return) '([^']*)'/).map { String($0.1) }
            }
        }
        #expect(codes.count > 20)
        let ofFunctions = codes.count
        for text in try Self.sources() where text.contains("AS _refusal") {
            codes += text.matches(of: /\bTHEN '([a-z]+(?:_[a-z]+)+)'/).map { String($0.1) }
        }
        #expect(codes.count > ofFunctions + 10)
        Self.expectKinds(codes)
    }

    /// One page lists all SQLSTATEs of the rules.
    @Test func decisionPageListsEveryState() throws {
        let page = try String(
            contentsOfFile: TestDatabase.repository + "/docs/decisions/0010-rules-in-sql.md", encoding: .utf8)
        let states = Set(try Self.functions().flatMap { $0.matches(of: /'(LY[A-Z][0-9]{2})'/).map { String($0.1) } })
        #expect(states.count > 10)
        for state in states { #expect(page.contains("| `\(state)` |"), "\(state)") }
    }

    // MARK: Through the API. LessonsTests has lesson_has_records.

    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    private func row(_ query: String) throws -> [String] {
        try #require(server.owner().query(query, [String(ids.school)]).rows.first).map { $0 ?? "" }
    }

    @Test func l1HolidayOnLessons() throws {
        let lesson = try row(
            """
            SELECT s.academic_year_id, l.date FROM lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            WHERE l.school_id = $1 AND l.state = 'planned' ORDER BY l.date DESC LIMIT 1
            """)
        let answer = try server.client("deputy").post(
            "/v1/holidays",
            json: #"""
                {"academic_year_id": "\#(lesson[0])", "name": "x", "starts_on": "\#(lesson[1])", "ends_on": "\#(lesson[1])"}
                """#)
        #expect(answer.status == 409, "\(answer.text)")
        #expect(answer.code == "lesson_on_holiday")
    }

    @Test func l1YearMayNotExcludeItsLessons() throws {
        let year = try row(
            """
            WITH late AS (
                INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at)
                SELECT y.school_id, gen_random_uuid(), s.id, y.ends_on - 3, 12, '20:00', '20:45'
                FROM academic_years y
                JOIN sections s ON s.school_id = y.school_id AND s.academic_year_id = y.id
                WHERE y.school_id = $1 AND y.state = 'open'
                LIMIT 1
            )
            SELECT y.id, y.ends_on - 5 FROM academic_years y WHERE y.school_id = $1 AND y.state = 'open'
            """)
        let answer = try server.client("deputy").patch(
            "/v1/academic-years/\(year[0])", json: #"{"ends_on": "\#(year[1])"}"#, headers: [("If-Match", "*")])
        #expect(answer.status == 409, "\(answer.text)")
        #expect(answer.code == "lesson_outside_year")
    }

    @Test func l1MemberMayNotHaveTwoLessonsAtOnce() throws {
        let member = try row(
            """
            SELECT s.group_id, m.student_id
            FROM lessons l
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id AND g.kind = 'cross'
            JOIN lessons o ON o.school_id = l.school_id AND o.date = l.date AND o.state = 'planned'
                AND o.starts_at < l.ends_at AND o.ends_at > l.starts_at AND o.section_id <> l.section_id
            JOIN sections os ON os.school_id = o.school_id AND os.id = o.section_id
            JOIN group_members m ON m.school_id = os.school_id AND m.group_id = os.group_id AND m.ends_on IS NULL
            WHERE l.school_id = $1 AND l.state = 'planned' AND l.date > '\(TestServer.today)'
                AND NOT EXISTS (
                    SELECT FROM group_members x
                    WHERE x.school_id = m.school_id AND x.group_id = s.group_id AND x.student_id = m.student_id)
            ORDER BY l.date LIMIT 1
            """)
        let answer = try server.client("deputy").post(
            "/v1/groups/\(member[0])/members",
            json: #"{"student_id": "\#(member[1])", "starts_on": "\#(TestServer.today)"}"#)
        #expect(answer.status == 409, "\(answer.text)")
        #expect(answer.code == "student_overlap")
    }

    // MARK: Support

    private static func expectKinds(_ codes: [String]) {
        for code in Set(codes).subtracting(signals).sorted() {
            #expect(ProblemKind.all[code] != nil, "\(code) has no ProblemKind")
        }
    }

    private static func functions() throws -> [String] {
        try texts(below: TestDatabase.migrations, named: ".sql").filter { !$0.hasPrefix("-- What Migrations/ makes") }
    }

    private static func sources() throws -> [String] {
        try texts(below: TestDatabase.repository + "/Sources", named: ".swift")
    }

    private static func texts(below directory: String, named suffix: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory).filter { $0.hasSuffix(suffix) }
            .map { try String(contentsOfFile: directory + "/" + $0, encoding: .utf8) }
    }
}
