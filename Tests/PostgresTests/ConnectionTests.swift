import Reactor
import Synchronization
import TestSupport
import TestTools
import Testing

@testable import Postgres

@Suite struct ConnectionTests {
    let fixture: LanesFixture
    let owner: BlockingConnection

    init() async throws {
        fixture = try await LanesFixture.shared.value
        owner = try fixture.blocking()
    }

    /// Runs a body with a connection without lanes, and therefore without their prefix.
    func connected<Value: Sendable>(
        _ body: @Sendable (Connection, isolated Core) async throws -> Value
    ) async throws -> Value {
        let url = try ConnectionURL(fixture.url)
        let offload = try Offload(name: "offload", threads: 1, limit: 10)
        // Its own core, because some bodies block it.
        let core = try Core(index: 0)
        defer { core.stop() }
        return try await core.run { core in
            let connector = Connector(
                url, options: "", offload: offload, poller: core.poller, deadlines: core.deadlines)
            return try await body(try await connector.connect(timeout: .seconds(20)), core)
        }
    }

    @Test func prefixDoesNotReachTheNextSegment() async throws {
        let settings = Statement(
            """
            SELECT coalesce(current_setting('lyceum.school_id', true), '') AS school,
                   coalesce(current_setting('lyceum.user_id', true), '') AS user,
                   current_setting('statement_timeout') AS timeout
            """)
        let seen = try await connected { connection, _ in
            var seen: [[String?]] = []
            for prefix in [[Scope(school: 7, user: "u", timeout: 1234).forReading], []] {
                let outcome = try await connection.run(prefix + [settings()], timeout: .seconds(20), mayRepeat: true)
                let rows = outcome.rows.last!
                seen.append([rows.text(0, "school"), rows.text(0, "user"), rows.text(0, "timeout")])
            }
            return seen
        }
        #expect(seen == [["7", "u", "1234ms"], ["", "", "0"]])
    }

    /// A NOTICE is none.
    @Test func aWarningIsToldWithItsLane() async throws {
        let url = try ConnectionURL(fixture.url)
        let offload = try Offload(name: "offload", threads: 1, limit: 10)
        let core = try Core(index: 0)
        defer { core.stop() }
        let warnings = Mutex<[String]>([])
        let notice = Statement("DO $$ BEGIN RAISE NOTICE 'nothing'; END $$")
        let warning = Statement("SET CONSTRAINTS ALL IMMEDIATE")
        try await core.run { core in
            let lanes = Lanes(Lanes.Configuration(url: url), offload: offload, on: core) { event in
                if case .warning(let lane, let reason) = event { warnings.withLock { $0.append("\(lane): \(reason)") } }
            }
            defer { lanes.close() }
            while lanes.trouble != nil { await core.sleep(.milliseconds(5)) }
            _ = try await lanes.write(Scope(school: 0), [notice(), warning()])
            // Inside a transaction block there is no reason for one.
            try await lanes.transaction(Scope(school: 0)) { _ = try await $0.run([warning()]) }
        }
        #expect(
            warnings.withLock { $0 } == ["write: 25P01 SET CONSTRAINTS can only be used in transaction blocks"])
    }

    @Test func statementSurvivesErrorsBeforeIt() async throws {
        let broken = Statement("SELECT 1 / $1::int AS result")
        let good = Statement("SELECT $1::int AS value")
        let values = try await connected { connection, core in
            // All at once. The good statement is prepared in a segment whose first statement fails.
            let tasks = (0..<3).map { number in
                Task {
                    _ = core
                    let outcome = try await connection.run(
                        [broken(.integer(number)), good(.integer(number))], timeout: .seconds(20), mayRepeat: true)
                    return outcome.refusal?.sqlState ?? "\(outcome.rows[1].integer(0, "value")!)"
                }
            }
            var values: [String] = []
            for task in tasks { values.append(try await task.value) }
            return values
        }
        #expect(values == ["22012", "1", "2"])
    }

    @Test func statementThatCannotBePreparedIsRefusedEachTime() async throws {
        let wrong = Statement("SELECT * FROM no_such_table")
        let good = Statement("SELECT 1 AS one")
        let states = try await connected { connection, core in
            let tasks = (0..<3).map { number in
                Task {
                    _ = core
                    let queries = number == 1 ? [good()] : [good(), wrong()]
                    return try await connection.run(queries, timeout: .seconds(20), mayRepeat: true).refusal?.sqlState
                }
            }
            var states: [String?] = []
            for task in tasks { states.append(try await task.value) }
            return states
        }
        #expect(states == ["42P01", nil, "42P01"])
    }

    @Test func tableThatComesLaterIsFound() async throws {
        let select = Statement("SELECT count(*) AS count FROM comes_later")
        let url = fixture.url
        let (before, after) = try await connected { connection, _ in
            let before = try await connection.run([select()], timeout: .seconds(20), mayRepeat: true).refusal?.sqlState
            try BlockingConnection(url: url).execute("CREATE TABLE comes_later (a int)")
            let outcome = try await connection.run([select()], timeout: .seconds(20), mayRepeat: true)
            return (before, try outcome.get()[0].integer(0, "count"))
        }
        #expect(before == "42P01")
        #expect(after == 0)
    }

    @Test func stalePlanIsPreparedAnew() async throws {
        try owner.execute("CREATE TABLE changing (id int, note text); INSERT INTO changing VALUES (1, '7')")
        let select = Statement("SELECT * FROM changing")
        let update = Statement("UPDATE changing SET id = id RETURNING *")
        let url = fixture.url
        let seen = try await connected { connection, _ in
            let changer = try BlockingConnection(url: url)
            var seen: [String] = []
            for change in [
                "", "ALTER TABLE changing ADD COLUMN more boolean DEFAULT true",
                "ALTER TABLE changing DROP COLUMN note; ALTER TABLE changing ADD COLUMN note int DEFAULT 8",
                "ALTER TABLE changing ALTER COLUMN note TYPE text",
            ] {
                if !change.isEmpty { try changer.execute(change) }
                for statement in [select, update] {
                    let rows = try await connection.run([statement()], timeout: .seconds(20), mayRepeat: true).get()[0]
                    seen.append(rows.shape.names.map { "\($0)=\(rows.text(0, $0) ?? "null")" }.joined(separator: " "))
                }
            }
            return seen
        }
        let expected = [
            "id=1 note=7", "id=1 note=7 more=t", "id=1 more=t note=8", "id=1 more=t note=8",
        ]
        #expect(seen == expected.flatMap { [$0, $0] })
    }

    @Test func stalePlanIsNotRepeatedUnasked() async throws {
        try owner.execute("CREATE TABLE changing_once (id int)")
        let select = Statement("SELECT * FROM changing_once")
        let url = fixture.url
        let states = try await connected { connection, _ in
            var states: [String?] = []
            for change in ["", "ALTER TABLE changing_once ADD COLUMN more int", ""] {
                if !change.isEmpty { try BlockingConnection(url: url).execute(change) }
                let outcome = try await connection.run([select()], timeout: .seconds(20), mayRepeat: false)
                states.append(outcome.refusal?.sqlState)
            }
            return states
        }
        #expect(states == [nil, "0A000", nil])
    }

    @Test func waiterThatGaveUpLeavesTheConnectionInStep() async throws {
        // Ended from inside the body, because the test's own connection cannot get in there.
        try owner.query("SELECT pg_advisory_lock(4203)")
        let patience = Statement("SELECT set_config('lock_timeout', '60s', true)")
        let wait = Statement("SELECT pg_advisory_xact_lock_shared(4203)")
        let echo = Statement("SELECT $1::int AS value")
        let url = fixture.url
        let (late, next) = try await connected { connection, _ in
            let late = await failure {
                _ = try await connection.run([patience(), wait()], timeout: .milliseconds(1), mayRepeat: true)
            }
            try BlockingConnection(url: url).query(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = 4203 AND granted AND locktype = 'advisory'"
            )
            let outcome = try await connection.run([echo(.integer(2))], timeout: .seconds(20), mayRepeat: true)
            return (late, try outcome.get()[0].integer(0, "value"))
        }
        #expect(late == "outcome unknown")
        #expect(next == 2)
    }

    /// If the result and the end of the wait are seen in the same turn of the loop, the result counts.
    @Test func answerThatCameIsNotForgottenAtTheDeadline() async throws {
        let echo = Statement("SELECT 'answered in time' AS text")
        let url = fixture.url
        let outcome = try await connected { connection, core in
            let waiter = Task {
                _ = core
                return await failure {
                    _ = try await connection.run([echo()], timeout: .milliseconds(1), mayRepeat: false)
                }
            }
            let blocker = Task {
                _ = core
                let observer = try BlockingConnection(url: url)
                let end = Clock.now + .seconds(20)
                while Clock.now < end {
                    let answered = try observer.query(
                        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND query LIKE '%answered in time%'"
                    ).first
                    if answered != "0" { break }
                }
            }
            try await blocker.value
            return await waiter.value
        }
        #expect(outcome == "nothing")
    }

    @Test func closedConnectionSendsNothing() async throws {
        let one = Statement("SELECT 1 AS one")
        let (failed, reasons) = try await connected { connection, _ in
            var reasons: [String] = []
            connection.onClose = { reasons.append($0) }
            connection.close("enough")
            connection.close("more than enough")
            let failed = await failure { _ = try await connection.run([one()], timeout: .seconds(20), mayRepeat: true) }
            return (failed, reasons)
        }
        #expect(failed == "unavailable")
        #expect(reasons == ["enough"])
    }

    @Test func largeQueriesAndAnswersPass() async throws {
        let echo = Statement("SELECT $1::text AS text")
        let large = String(repeating: "Пушкин ", count: 200_000)
        let isSame = try await connected { connection, core in
            let tasks = (0..<3).map { number in
                Task {
                    _ = core
                    let text = large + "\(number)"
                    let rows = try await connection.run([echo(.text(text))], timeout: .seconds(20), mayRepeat: true)
                        .get()
                    return rows[0].text(0, "text") == text
                }
            }
            var isSame: [Bool] = []
            for task in tasks { isSame.append(try await task.value) }
            return isSame
        }
        #expect(isSame == [true, true, true])
    }

    @Test func wrongAddressIsUnavailable() async throws {
        let offload = try Offload(name: "offload", threads: 1, limit: 10)
        for address in [
            "postgresql:///x?host=/nowhere", "postgresql://127.0.0.1:1/x", "postgresql://no-such-host.invalid/x",
        ] {
            let url = try ConnectionURL(address)
            let failed = await fixture.core.run { core in
                let connector = Connector(
                    url, options: "", offload: offload, poller: core.poller, deadlines: core.deadlines)
                return await failure { _ = try await connector.connect(timeout: .seconds(20)) }
            }
            #expect(failed == "unavailable", "\(address)")
        }
    }
}
