import JSON
import Postgres
import Reactor
import TestSupport
import Testing
import Web

@testable import Diary

/// The tree of an answer over rows of PostgreSQL: which queries are sent, which gates close it, what is written.
@Suite(.serialized) struct AnswerTests {
    private static let lanes = Task { try await TreeLanes() }

    /// The written answer as text.
    private func text(_ answer: @escaping @Sendable () -> Answer) async throws -> String {
        try await Self.lanes.value.run { lanes, _ in
            let answer = answer()
            let results = Results(answer.queries, try await lanes!.read(Scope(school: 1), answer.queries))
            try answer.check(results)
            return String(decoding: try answer.json(results).bytes, as: UTF8.self)
        }
    }

    /// The code of the problem that the tree's gates throw.
    private func refusal(_ answer: @escaping @Sendable () -> Answer) async throws -> String? {
        do {
            _ = try await text(answer)
            return nil
        } catch let problem as Problem {
            return problem.kind.code
        }
    }

    private static let pupil = Statement("SELECT id, name FROM (VALUES (7, 'Анна')) v (id, name) WHERE id = $1::int")
    private static let lessons = Statement("SELECT n AS id FROM generate_series(1, $1::int) n")
    private static let homework = Statement(
        "SELECT * FROM (VALUES (1, 'read'), (3, 'write'), (3, 'learn')) v (_parent, text)")
    private static let marks = Statement("SELECT * FROM (VALUES (2, 5)) v (_parent, value)")
    private static let authors = Statement("SELECT * FROM (VALUES ('write', 'x'), ('learn', 'y')) v (_parent, name)")
    private static let texts = Statement(
        "SELECT * FROM (VALUES (1, 'read', 'read'), (3, 'write', 'write'), (3, 'learn', 'learn')) v (_parent, _key, text)"
    )
    private static let dates = Statement("SELECT 'a' AS \"from\", 'b' AS \"to\", $1::boolean AS _unseen")

    @Test func writesObjectsFieldsAndListsInTreeOrder() async throws {
        let text = try await text {
            Answer {
                Object("student", Self.pupil(.integer(7)))
                Fields(Self.dates(.boolean(false)))
                List("lessons", Self.lessons(.integer(3))) {
                    List("homework", Self.homework())
                    List("marks", Self.marks())
                }
                Member("count") { writer, results in writer.integer(try results[Self.lessons(.integer(3))].count) }
                List("none", Self.lessons(.integer(0)))
            }
        }
        #expect(
            text == """
                {"student":{"id":7,"name":"Анна"},"from":"a","to":"b","lessons":[\
                {"id":1,"homework":[{"text":"read"}],"marks":[]},\
                {"id":2,"homework":[],"marks":[{"value":5}]},\
                {"id":3,"homework":[{"text":"write"},{"text":"learn"}],"marks":[]}],"count":3,"none":[]}
                """)
    }

    @Test func nestsListsInLists() async throws {
        let text = try await text {
            Answer {
                List("lessons", Self.lessons(.integer(3)), limit: 2) {
                    List("homework", Self.texts()) { List("authors", Self.authors()) }
                }
            }
        }
        #expect(text == #"{"lessons":[{"id":1,"homework":[{"text":"read","authors":[]}]},{"id":2,"homework":[]}]}"#)
    }

    @Test func objectWithoutARowIsNull() async throws {
        let text = try await text {
            Answer {
                Object("student", Self.pupil(.integer(8)))
                Object("year", Self.pupil(.integer(9))) { List("terms", Self.lessons(.integer(1))) }
                Object("other", Self.pupil(.integer(7))) { List("terms", Self.lessons(.integer(1))) }
                Object("section") {
                    Fields(Self.pupil(.integer(7)))
                    List("codes", Self.lessons(.integer(1)))
                }
            }
        }
        #expect(
            text == """
                {"student":null,"year":null,"other":{"id":7,"name":"Анна","terms":[{"id":1}]},\
                "section":{"id":7,"name":"Анна","codes":[{"id":1}]}}
                """)
    }

    @Test func gatesAreCheckedFromTheTopBeforeAnythingIsWritten() async throws {
        #expect(
            try await refusal {
                Answer {
                    // This query has no row to write.
                    Fields(Self.pupil(.integer(8)))
                    Gate(Self.pupil(.integer(8)))
                    Gate(Self.pupil(.integer(9)), else: Problem(.conflict))
                }
            } == "not_found")
        #expect(try await refusal { Answer { Gate(Self.pupil(.integer(8)), else: .invalidToken) } } == "invalid_token")
        #expect(try await refusal { Answer { Gate(Self.pupil(.integer(7))) } } == nil)
        #expect(
            try await refusal {
                Answer { Object("student") { Gate(Self.pupil(.integer(8))) } }
            } == "not_found")
        #expect(
            try await refusal {
                Answer {
                } untagged: {
                    Gate(Self.pupil(.integer(8)))
                }
            } == "not_found")
    }

    @Test func aColumnCanCloseTheGate() async throws {
        #expect(try await refusal { Answer { Gate(Self.dates(.boolean(true)), unless: "_unseen") } } == "not_found")
        #expect(try await refusal { Answer { Gate(Self.dates(.boolean(false)), unless: "_unseen") } } == nil)
        #expect(try await refusal { Answer { Gate(Self.dates(.null), unless: "_unseen") } } == nil)
    }

    @Test(arguments: [(7, "conflict"), (8, "not_found")])
    func gatesCanUseResultsOfGatesAbove(_ id: Int, _ code: String) async throws {
        #expect(
            try await refusal {
                let pupil = Self.pupil(.integer(id))
                return Answer {
                    Silent(pupil)
                    Gate(Self.lessons(.integer(0))) { Problem(try $0[pupil].isEmpty ? .notFound : .conflict) }
                }
            } == code)
    }

    @Test func repeatedQueriesAreSentOnce() {
        let pupil = Self.pupil(.integer(7))
        let answer = Answer {
            Gate(pupil)
            Object("student", pupil)
            Silent(Self.marks())
            List("lessons", Self.lessons(.integer(3))) { List("homework", Self.homework()) }
            // Other parameters make another query.
            Object("other", Self.pupil(.integer(8))) { Fields(Self.dates(.null)) }
        } untagged: {
            Fields(Self.pupil(.integer(7)))
        }
        #expect(
            answer.queries == [
                pupil, Self.marks(), Self.lessons(.integer(3)), Self.homework(), Self.pupil(.integer(8)),
                Self.dates(.null),
            ])
    }

    @Test(arguments: [true, false]) func partsCanBeConditional(_ isAsked: Bool) async throws {
        let text = try await text {
            Answer {
                if isAsked { List("lessons", Self.lessons(.integer(1))) }
                if isAsked { Fields(Self.dates(.null)) } else { Silent(Self.pupil(.integer(7))) }
            }
        }
        #expect(text == (isAsked ? #"{"lessons":[{"id":1}],"from":"a","to":"b"}"# : "{}"))
    }

    // MARK: Results

    /// The results of a transaction with these queries, read by `body`.
    private func results<Value: Sendable>(
        of queries: @escaping @Sendable () -> [Query], _ body: @escaping @Sendable (Results) throws -> Value
    ) async throws -> Value {
        try await Self.lanes.value.run { lanes, _ in
            try body(try await Work.segment(lanes!, Scope(school: 1)).results(of: queries()))
        }
    }

    @Test func queriesAfterARefusalThrowIt() async throws {
        let quotient = Statement("SELECT 1 / $1::int AS quotient")
        let read = try await results(of: { [Self.pupil(.integer(7)), quotient(.integer(0)), Self.marks()] }) {
            results in
            func state(_ query: Query) -> String? {
                do throws(PostgresError) {
                    return "\(try results[query].count)"
                } catch {
                    if case .refused(let refusal) = error { return refusal.sqlState }
                    return nil
                }
            }
            return [state(Self.pupil(.integer(7))), state(quotient(.integer(0))), state(Self.marks())]
        }
        #expect(read == ["1", "22012", "22012"])
    }

    @Test func resultsAreFoundByParametersAndTheFirstCounts() async throws {
        let next = Statement(
            """
            SELECT set_config(
                'test.number', (coalesce(nullif(current_setting('test.number', true), ''), '0')::int + 1)::text, true
            ) AS number, $1::int AS step
            """)
        let read = try await results(of: { [next(.integer(0)), next(.integer(0)), next(.integer(10))] }) {
            [try $0[next(.integer(0))].integer(0, "number"), try $0[next(.integer(10))].integer(0, "number")]
        }
        #expect(read == [1, 3])
    }
}

/// Lanes with their own database.
private final class TreeLanes: @unchecked Sendable {
    private let core: Core
    private let database: TestDatabase
    private var lanes: Lanes!

    init() async throws {
        core = try Core(index: 0)
        database = try TestDatabase(.migrated)
        let offload = try Offload(name: "offload", threads: 1, limit: 10)
        let configuration = Lanes.Configuration(url: try ConnectionURL(database.ownerURL))
        await run { _, core in self.lanes = Lanes(configuration, offload: offload, on: core) { _ in } }
    }

    func run<Value: Sendable>(
        _ body: @Sendable (Lanes?, isolated Core) async throws -> Value
    ) async rethrows -> Value {
        try await on(core, body)
    }

    private func on<Value: Sendable>(
        _ core: isolated Core, _ body: @Sendable (Lanes?, isolated Core) async throws -> Value
    ) async rethrows -> Value {
        try await body(lanes, core)
    }
}
