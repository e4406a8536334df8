import DiaryTestSupport
import HTTP1
import Postgres
import Reactor
import TestSupport
import TestTools
import Testing
import Web

@testable import Diary

/// The problem for each database error. It contains no text from PostgreSQL.
@Suite(.serialized) struct DatabaseProblemsTests {
    /// SQLSTATE, the problem's code, and the seconds of Retry-After; nil means a bare 500, logged in full.
    static let states: [(String, String?, String?)] = [
        ("57014", "timeout", "2"),
        ("55P03", "write_contention", "1"),
        ("40001", "write_contention", "1"),
        ("40P01", "write_contention", "1"),
        ("57P03", "database_unavailable", "2"),
        ("08006", "database_unavailable", "2"),
        ("08P01", "database_unavailable", "2"),
        ("25006", "database_unavailable", "2"),
        ("53000", "database_unavailable", "5"),
        ("53100", "database_unavailable", "5"),
        ("53200", "database_unavailable", "5"),
        ("53300", "database_unavailable", "5"),
        ("53400", "database_unavailable", "5"),
        ("26000", "database_unavailable", "2"),
        ("22003", "conflict", nil),
        ("LYA00", "invalid_token", nil),
        ("LYM01", nil, nil),
        ("XX000", nil, nil),
        ("XX001", nil, nil),
        ("42601", nil, nil),
        ("23514", nil, nil),
    ]

    @Test(arguments: states) func refusals(_ state: String, _ code: String?, _ retry: String?) async throws {
        let error = try await Self.lanes().refusal(state)
        let problem = DatabaseProblems.problem(for: error)
        #expect(problem?.kind.code == code)
        #expect(problem?.headers.first { $0.name == "Retry-After" }?.value == retry)
        #expect(problem?.detail == nil && problem?.items.isEmpty != false)
    }

    /// The message of a rule's SQLSTATE is the problem's code. An unknown code is a defect of the server: a bare 500.
    @Test(arguments: [
        ("LYL01", "student_overlap"), ("LYL01", "lesson_on_holiday"), ("LYL01", "lesson_outside_year"),
        ("LYL02", "lesson_has_records"), ("LYL02", "not_movable"), ("LYM05", "version_not_writable"),
        ("LYM01", "marks_not_allowed"), ("LYZ99", "stale_version"), ("LYM01", "no_such_code"), ("LYM01", "Marks"),
    ])
    func rulesReturnTheirCode(_ state: String, _ message: String) async throws {
        let error = try await Self.lanes().refusal(state, message)
        #expect(DatabaseProblems.problem(for: error)?.kind.code == ProblemKind.all[message]?.code)
    }

    static let others: [(PostgresError, String)] = [
        (.unavailable(reason: "secret words"), "database_unavailable"), (.overloaded, "overloaded"),
        (.outcomeUnknown(reason: "secret words"), "outcome_unknown"), (.nullCharacter, "malformed_request"),
    ]

    @Test func neverSent() throws {
        for (error, code) in Self.others {
            let problem = try #require(DatabaseProblems.problem(for: error))
            #expect(problem.kind.code == code)
            #expect(problem.detail == nil)
            if problem.kind.status.code == 503 { #expect(problem.headers.contains { $0.name == "Retry-After" }) }
        }
    }

    // MARK: Support

    /// Lanes to a database with a function that raises a given error.
    private final class Raising: @unchecked Sendable {
        let core: Core
        private let database: TestDatabase
        private var lanes: Lanes!

        init() async throws {
            core = try Core(index: 0)
            database = try TestDatabase(.migrated)
            try BlockingConnection(url: database.ownerURL).execute(
                """
                CREATE FUNCTION raise_state(state text, words text) RETURNS int LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = words; END $$
                """)
            let offload = try Offload(name: "offload", threads: 1, limit: 10)
            let configuration = Lanes.Configuration(url: try ConnectionURL(database.ownerURL))
            await run { core in self.lanes = Lanes(configuration, offload: offload, on: core) { _ in } }
        }

        func refusal(_ state: String, _ message: String = "secret words") async throws -> PostgresError {
            try await run { _ in
                do throws(PostgresError) {
                    _ = try await self.lanes.read(Scope(school: 1), [Self.raise(.text(state), .text(message))])
                } catch {
                    return error
                }
                throw TestFailure("no error was raised")
            }
        }

        private static let raise = Statement("SELECT raise_state($1, $2)")

        private func run<Value: Sendable>(
            _ body: @Sendable (isolated Core) async throws -> Value
        ) async rethrows -> Value {
            try await body(core)
        }
    }

    private static let shared = Task { try await Raising() }
    private static func lanes() async throws -> Raising { try await shared.value }
}
