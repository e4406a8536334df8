import Reactor
import Synchronization
import TestSupport
import TestTools
import Testing

@testable import Postgres

/// The schema changes under prepared statements: every request still gets a correct answer.
@Suite(.serialized) struct SchemaChangeTests {
    /// A change, and what readers must have seen before the next one.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String

        init(_ name: String, _ sql: String) {
            testDescription = name
            self.sql = sql
        }
    }

    static let changes = [
        Change("column added", "ALTER TABLE changing ADD COLUMN more int DEFAULT 5"),
        Change(
            "column dropped, another added under its name",
            "ALTER TABLE changing DROP COLUMN note; ALTER TABLE changing ADD COLUMN note text DEFAULT 'right'"),
        Change("type changed", "ALTER TABLE changing ALTER COLUMN note TYPE text"),
        Change(
            "type of a parameter changed",
            "ALTER TABLE changing DROP COLUMN code; ALTER TABLE changing ADD COLUMN code text DEFAULT '7'"),
        Change(
            "function replaced", "CREATE OR REPLACE FUNCTION noted() RETURNS text LANGUAGE sql AS $$ SELECT 'right' $$"),
        Change(
            "function of another type",
            """
            BEGIN; DROP FUNCTION noted();
            CREATE FUNCTION noted() RETURNS varchar(5) LANGUAGE sql AS $$ SELECT 'right'::varchar(5) $$; COMMIT
            """),
        Change(
            "table renamed, another in its place",
            "BEGIN; ALTER TABLE changing RENAME TO changed; ALTER TABLE successor RENAME TO changing; COMMIT"),
    ]

    @Test(arguments: changes) func everybodyIsAnswered(_ change: Change) async throws {
        let fixture = try await Self.fixture()
        try await underLoad(fixture) {
            try fixture.blocking().execute(change.sql)
        }
    }

    /// As `DISCARD ALL` or a careless tool would do.
    @Test func statementsAreDeallocated() async throws {
        let fixture = try await Self.fixture()
        let deallocate = Statement("DEALLOCATE ALL")
        try await underLoad(fixture) {
            try await fixture.run { lanes, _ in
                for _ in 0..<3 {
                    _ = try await lanes.read(.test, [deallocate()])
                    _ = try await lanes.write(.test, [deallocate()])
                    // Its own COMMIT is among the deallocated statements.
                    _ = await failure { try await lanes.transaction(.test) { _ = try await $0.run([deallocate()]) } }
                }
            }
        }
    }

    private static func fixture() async throws -> LanesFixture {
        let fixture = try await LanesFixture({
            $0.writers = 1
            $0.leased = 1
            $0.queueTimeout = 30_000
        })
        try fixture.blocking().execute(
            """
            CREATE TABLE changing (id int PRIMARY KEY, code int, note varchar(8));
            INSERT INTO changing VALUES (1, 7, 'right');
            -- Filled before the change: a snapshot from before its rows finds none.
            CREATE TABLE successor AS SELECT *, 1 AS extra FROM changing;
            CREATE FUNCTION noted() RETURNS text LANGUAGE sql AS $$ SELECT 'right' $$
            """)
        return fixture
    }

    /// Twenty readers, five writers and five transactions run until the change is done and each has been answered
    /// again.
    private func underLoad(_ fixture: LanesFixture, _ change: @Sendable () async throws -> Void) async throws {
        let watch = Watch()
        let (all, byCode, function) = (
            Statement("SELECT * FROM changing WHERE id = $1::int"),
            Statement("SELECT note FROM changing WHERE code = $1"),
            Statement("SELECT noted() AS note")
        )
        let touch = Statement("UPDATE changing SET id = id WHERE id = $1::int RETURNING *")
        async let load: Void = fixture.run { lanes, core in
            let tasks = (0..<30).map { number in
                Task {
                    _ = core
                    while !watch.state.withLock({ $0.isOver }) {
                        let failed = await failure {
                            let reads = [all(.integer(1)), byCode(.text("7")), function()]
                            let rows: [Rows]
                            switch number {
                            case 0..<10: rows = try await lanes.read(.test, reads)
                            case 10..<20: rows = try await lanes.read(.test, [byCode(.text("7"))])
                            case 20..<25: rows = try await lanes.write(.test, [touch(.integer(1))] + reads)
                            default:
                                rows = try await lanes.transaction(.test) { transaction in
                                    let before = try await transaction.run([touch(.integer(1))])
                                    return try await before + transaction.run(reads)
                                }
                            }
                            for rows in rows where rows.count != 1 || rows.text(0, "note") != "right" {
                                watch.state.withLock { $0.wrong.append("\(number): \(rows.count) rows") }
                            }
                        }
                        if failed != "nothing" { watch.state.withLock { $0.wrong.append("\(number): \(failed)") } }
                        watch.state.withLock { $0.answers[number] += 1 }
                    }
                }
            }
            for task in tasks { await task.value }
        }
        let begun = await watch.answered(times: 3)
        let changed: Result<Void, any Error>
        do { changed = .success(try await change()) } catch { changed = .failure(error) }
        let went = await watch.answered(times: 3)
        watch.state.withLock { $0.isOver = true }
        await load
        try changed.get()
        #expect(begun && went)
        #expect(watch.state.withLock { $0.wrong } == [])
    }

    /// What the clients have seen.
    private final class Watch: Sendable {
        let state = Mutex<(answers: [Int], wrong: [String], isOver: Bool)>((Array(repeating: 0, count: 30), [], false))

        /// Waits until each client has been answered `times` more times.
        func answered(times: Int) async -> Bool {
            let before = state.withLock { $0.answers }
            return await eventually {
                state.withLock { now in zip(before, now.answers).allSatisfy { $1 >= $0 + times } }
            }
        }
    }
}
