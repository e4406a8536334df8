import Glibc
import JSON
import Reactor
import Synchronization
import TestSupport
import TestTools
import Testing

@testable import Postgres

/// A core with lanes to a database. It lives as long as the process, because objects on a core's thread cannot be taken
/// away.
final class LanesFixture: @unchecked Sendable {
    let core: Core
    /// The database owner's URL, to prepare what the lanes will find.
    let url: String
    private let database: TestDatabase?
    private var lanes: Lanes!

    private static let all = Mutex<[LanesFixture]>([])

    /// For tests that leave the connections unchanged.
    static let shared = Task { try await LanesFixture() }

    init(_ change: @Sendable (inout Lanes.Pool) -> Void = { _ in }, url: String? = nil) async throws {
        core = try Core(index: 0)
        database = url == nil ? try TestDatabase(.migrated) : nil
        self.url = url ?? database!.ownerURL
        let offload = try Offload(name: "offload", threads: 1, limit: 100)
        var pool = Lanes.Pool()
        pool.queueTimeout = 60_000
        change(&pool)
        let made = Lanes.Configuration(url: try ConnectionURL(self.url), pool: pool)
        await core.run { core in self.lanes = Lanes(made, offload: offload, on: core) { _ in } }
        Self.all.withLock { $0.append(self) }
        try await recovered()
    }

    var trouble: String? {
        get async { await core.run { _ in self.lanes.trouble } }
    }

    /// Waits until the lanes can serve.
    func recovered() async throws {
        try #require(await eventually { await self.trouble == nil })
    }

    /// Runs a body with the lanes on their core.
    func run<Value: Sendable>(
        _ body: @Sendable (Lanes, isolated Core) async throws -> Value
    ) async rethrows -> Value {
        try await core.run { core in try await body(self.lanes, core) }
    }

    /// A blocking connection for the test.
    func blocking() throws -> BlockingConnection { try BlockingConnection(url: url) }

    /// Waits until that many statements containing the text run or wait. Returns their backends.
    @discardableResult
    func running(_ text: String, count: Int = 1) async throws -> [String] {
        let connection = try BlockingConnection(url: url)
        var pids: [String] = []
        try #require(
            await eventually {
                pids = try connection.query(
                    """
                    SELECT pid FROM pg_stat_activity
                    WHERE state = 'active' AND query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()
                    """, [text]
                ).rows.compactMap { $0[0] }
                return pids.count == count
            })
        return pids
    }

    /// Waits until these backends have ended.
    func gone(_ pids: [String]) async throws {
        let connection = try BlockingConnection(url: url)
        try #require(
            await eventually {
                try connection.query(
                    "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1::int[])",
                    ["{\(pids.joined(separator: ","))}"]
                ).first == "0"
            })
    }

    /// Terminates the backends that run a statement containing the text.
    func terminate(_ text: String) throws {
        try blocking().query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE state = 'active' AND query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()
            """, [text])
    }
}

extension Core {
    func run<Value: Sendable>(
        _ body: @Sendable (isolated Core) async throws -> Value
    ) async rethrows -> Value {
        try await body(self)
    }
}

/// How a body failed: `refused 23505`, `unavailable` …; "nothing" if it did not.
func failure(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return "nothing"
    } catch let error as PostgresError {
        switch error {
        case .refused(let error): return "refused \(error.sqlState)"
        case .unavailable: return "unavailable"
        case .overloaded: return "overloaded"
        case .outcomeUnknown: return "outcome unknown"
        case .nullCharacter: return "null character"
        }
    } catch {
        return "\(error)"
    }
}

extension Scope {
    static let test = Scope(school: 1, timeout: 60_000)
}

@Suite struct LanesTests {
    let fixture: LanesFixture
    let owner: BlockingConnection

    init() async throws {
        fixture = try await LanesFixture.shared.value
        owner = try fixture.blocking()
    }

    // MARK: Segments

    @Test func writesAllOrNothing() async throws {
        try owner.execute("CREATE TABLE whole (a int PRIMARY KEY)")
        let insert = Statement("INSERT INTO whole VALUES ($1::int)")
        let failed = await fixture.run { lanes, _ in
            await failure { _ = try await lanes.write(.test, [insert(.integer(1)), insert(.integer(1))]) }
        }
        #expect(failed == "refused 23505")
        #expect(try owner.query("SELECT count(*) FROM whole").first == "0")
        let affected = try await fixture.run { lanes, _ in
            try await lanes.write(.test, [insert(.integer(1)), insert(.integer(2))]).map { $0.affected }
        }
        #expect(affected == [1, 1])
        #expect(try owner.query("SELECT count(*) FROM whole").first == "2")
    }

    @Test func fiftyAtOnceFailEachForItself() async throws {
        try owner.execute("CREATE TABLE fifty (a int PRIMARY KEY, b text)")
        let insert = Statement("INSERT INTO fifty VALUES ($1::int, $2::text) RETURNING a")
        let outcomes = await fixture.run { lanes, core in
            var tasks: [Task<String, Never>] = []
            for number in 0..<50 {
                tasks.append(
                    Task {
                        _ = core
                        return await failure {
                            var queries = [insert(.integer(number), .text("first"))]
                            if number % 10 == 3 { queries.append(insert(.integer(number), .text("again"))) }
                            let rows = try await lanes.write(.test, queries)
                            if rows[0].integer(0, "a") != number { throw PostgresError.overloaded }
                        }
                    })
            }
            var outcomes: [String] = []
            for task in tasks { outcomes.append(await task.value) }
            return outcomes
        }
        #expect(outcomes == (0..<50).map { $0 % 10 == 3 ? "refused 23505" : "nothing" })
        #expect(try owner.query("SELECT count(*) FROM fifty").first == "45")
    }

    @Test func attemptKeepsWhatCameBeforeTheRefusal() async throws {
        try owner.execute("CREATE TABLE attempted (a int PRIMARY KEY)")
        let insert = Statement("INSERT INTO attempted VALUES ($1::int) RETURNING a")
        let (rows, state, constraint, table) = try await fixture.run { lanes, _ in
            let outcome = try await lanes.attempt(
                .test, [insert(.integer(7)), insert(.integer(8)), insert(.integer(7)), insert(.integer(9))])
            let rows = outcome.rows.map { $0.integer(0, "a") }
            return (rows, outcome.refusal?.sqlState, outcome.refusal?.constraint, outcome.refusal?.table)
        }
        #expect(rows == [7, 8])
        #expect(state == "23505")
        #expect(constraint == "attempted_pkey")
        #expect(table == "attempted")
        #expect(try owner.query("SELECT count(*) FROM attempted").first == "0")
        let isWhole = try await fixture.run { lanes, _ in
            let outcome = try await lanes.attempt(.test, [insert(.integer(7))])
            return outcome.refusal == nil && outcome.rows.count == 1
        }
        #expect(isWhole)
    }

    @Test func deferredConstraintFailsAtTheCommit() async throws {
        try owner.execute(
            """
            CREATE TABLE late (a int, CONSTRAINT late_a_key UNIQUE (a) DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO late VALUES (1)
            """)
        let insert = Statement("INSERT INTO late VALUES ($1::int) RETURNING a")
        let (answered, constraint, neighbour) = try await fixture.run { lanes, core in
            let before = Task {
                _ = core
                return try await lanes.write(.test, [insert(.integer(2))]).count
            }
            let outcome = try await lanes.attempt(.test, [insert(.integer(1))])
            return (outcome.rows.count, outcome.refusal?.constraint, try await before.value)
        }
        #expect(answered == 1)
        #expect(constraint == "late_a_key")
        #expect(neighbour == 1)
        #expect(try owner.query("SELECT a FROM late ORDER BY a").rows == [["1"], ["2"]])
        let failed = await fixture.run { lanes, _ in
            await failure { _ = try await lanes.write(.test, [insert(.integer(2))]) }
        }
        #expect(failed == "refused 23505")
    }

    @Test func nothingIsSentWithANullCharacter() async throws {
        let echo = Statement("SELECT $1::text AS text")
        let (failed, after) = try await fixture.run { lanes, _ in
            let failed = await failure { _ = try await lanes.read(.test, [echo(.text("a\0b"))]) }
            return (failed, try await lanes.read(.test, [echo(.text("ab"))])[0].text(0, "text"))
        }
        #expect(failed == "null character")
        #expect(after == "ab")
    }

    // MARK: Reading

    @Test func oneSegmentIsOneSnapshot() async throws {
        try owner.execute("CREATE TABLE snapshot (a int)")
        try owner.query("SELECT pg_advisory_lock(4201)")
        let patience = Statement("SELECT set_config('lock_timeout', '60s', true) AS patience")
        let count = Statement("SELECT count(*) AS count FROM snapshot")
        let wait = Statement("SELECT 'snapshot waits' AS text FROM pg_advisory_xact_lock_shared(4201)")
        let fixture = fixture
        async let counts = fixture.run { lanes, _ in
            let rows = try await lanes.read(.test, [patience(), count(), wait(), count()])
            return [rows[1].integer(0, "count"), rows[3].integer(0, "count")]
        }
        try await fixture.running("snapshot waits")
        try owner.query("INSERT INTO snapshot VALUES (1)")
        try owner.query("SELECT pg_advisory_unlock(4201)")
        #expect(try await counts == [0, 0])
        let later = try await fixture.run { lanes, _ in
            try await lanes.read(.test, [count()])[0].integer(0, "count")
        }
        #expect(later == 1)
    }

    @Test func readingCannotWrite() async throws {
        try owner.execute("CREATE TABLE readonly (a int)")
        let insert = Statement("INSERT INTO readonly VALUES (1)")
        let failed = await fixture.run { lanes, _ in
            await failure { _ = try await lanes.read(.test, [insert()]) }
        }
        #expect(failed == "refused 25006")
    }

    @Test func scopeIsWhatTheSegmentReads() async throws {
        let settings = Statement(
            """
            SELECT current_setting('lyceum.school_id') AS school, current_setting('lyceum.user_id') AS user,
                   current_setting('lyceum.time_zone') AS zone, current_setting('lyceum.request_id') AS request,
                   current_setting('TimeZone') AS session_zone
            """)
        let seen = try await fixture.run { lanes, core in
            // Pipelined, so that each follows another on one connection.
            let tasks = (1...5).map { school in
                Task {
                    _ = core
                    let scope = Scope(
                        school: school, user: "user \(school)", timeZone: "Asia/Omsk", requestID: "request-\(school)")
                    let rows = try await lanes.read(scope, [settings()])[0]
                    return ["school", "user", "zone", "request", "session_zone"].map { rows.text(0, $0) ?? "-" }
                }
            }
            var seen: [[String]] = []
            for task in tasks { seen.append(try await task.value) }
            return seen
        }
        #expect(seen == (1...5).map { ["\($0)", "user \($0)", "Asia/Omsk", "request-\($0)", "UTC"] })
    }

    // MARK: Limits

    @Test func statementTimeoutEndsItsSegmentOnly() async throws {
        let fixture = try await LanesFixture({ $0.writers = 1 })
        let sleep = Statement("SELECT pg_sleep(60)")
        let limit = Statement("SELECT current_setting('statement_timeout') AS limit")
        let (slow, neighbour) = try await fixture.run { lanes, core in
            let slow = Task {
                _ = core
                return await failure { _ = try await lanes.write(Scope(school: 1, timeout: 50), [sleep()]) }
            }
            let neighbour = Task {
                _ = core
                return try await lanes.write(.test, [limit()])[0].text(0, "limit")
            }
            return (await slow.value, try await neighbour.value)
        }
        #expect(slow == "refused 57014")
        #expect(neighbour == "1min")
    }

    @Test func tooManyWaitingAreRefused() async throws {
        let fixture = try await LanesFixture({
            $0.writers = 1
            $0.window = 1
            $0.queue = 1
        })
        let blocker = try fixture.blocking()
        try blocker.query("SELECT pg_advisory_lock(4202)")
        let wait = Statement(
            "SELECT set_config('lock_timeout', '60s', true), pg_advisory_xact_lock_shared(4202) IS NULL AS crowd")
        async let waiting = fixture.run { lanes, core in
            let tasks = (0..<4).map { _ in
                Task {
                    _ = core
                    return await failure { _ = try await lanes.write(.test, [wait()]) }
                }
            }
            var outcomes: [String] = []
            for task in tasks { outcomes.append(await task.value) }
            return outcomes
        }
        try await fixture.running("AS crowd")
        try blocker.query("SELECT pg_advisory_unlock(4202)")
        #expect(await waiting == ["nothing", "nothing", "overloaded", "overloaded"])
    }

    // MARK: Losses

    @Test func killedBackendIsReplaced() async throws {
        let fixture = try await LanesFixture()
        let sleep = Statement("SELECT pg_sleep(60), 'to be killed' AS text")
        for isRead in [true, false] {
            async let failed = fixture.run { lanes, _ in
                await failure {
                    _ = isRead ? try await lanes.read(.test, [sleep()]) : try await lanes.write(.test, [sleep()])
                }
            }
            // A read is repeated once, and not more often.
            for _ in 0..<(isRead ? 2 : 1) {
                let pids = try await fixture.running("to be killed")
                try fixture.terminate("to be killed")
                try await fixture.gone(pids)
            }
            #expect(await failed == (isRead ? "unavailable" : "outcome unknown"))
        }
        try await fixture.recovered()
        let one = Statement("SELECT 1 AS one")
        let values = try await fixture.run { lanes, _ in
            [
                try await lanes.read(.test, [one()])[0].integer(0, "one"),
                try await lanes.write(.test, [one()])[0].integer(0, "one"),
            ]
        }
        #expect(values == [1, 1])
    }

    @Test func killedAtTheCommitIsAnUnknownOutcome() async throws {
        let fixture = try await LanesFixture()
        try fixture.blocking().execute(
            """
            CREATE TABLE slow_commit (a int);
            CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON slow_commit DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION slow_commit()
            """)
        let insert = Statement("INSERT INTO slow_commit VALUES (1)")
        async let failed = fixture.run { lanes, _ in
            await failure { _ = try await lanes.write(.test, [insert()]) }
        }
        // During the commit the backend still shows the statement before it.
        let observer = try fixture.blocking()
        #expect(
            try await eventually {
                try observer.query(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
                ).first == "1"
            })
        try fixture.terminate("INTO slow_commit")
        #expect(await failed == "outcome unknown")
    }

    @Test func allSegmentsOnAKilledConnectionFail() async throws {
        let fixture = try await LanesFixture({ $0.writers = 1 })
        let sleep = Statement("SELECT pg_sleep(60), 'with company' AS text")
        async let outcomes = fixture.run { lanes, core in
            let tasks = (0..<5).map { _ in
                Task {
                    _ = core
                    return await failure { _ = try await lanes.write(.test, [sleep()]) }
                }
            }
            var outcomes: [String] = []
            for task in tasks { outcomes.append(await task.value) }
            return outcomes
        }
        try await fixture.running("with company")
        try fixture.terminate("with company")
        #expect(await outcomes == Array(repeating: "outcome unknown", count: 5))
        try await fixture.recovered()
    }

    @Test func databaseMayGoAndComeBack() async throws {
        let cluster = try OwnCluster()
        try await cluster.start()
        let fixture = try await LanesFixture(url: cluster.url)
        let one = Statement("SELECT 1 AS one")
        let read = { @Sendable in
            await fixture.run { lanes, _ in await failure { _ = try await lanes.read(.test, [one()]) } }
        }
        #expect(await read() == "nothing")
        try await cluster.stop()
        #expect(await eventually { await fixture.trouble != nil })
        #expect(await read() == "unavailable")
        try await cluster.start()
        try await fixture.recovered()
        #expect(await read() == "nothing")
    }
}

/// A PostgreSQL of this test in a directory of its own, which may be stopped.
private final class OwnCluster: Sendable {
    struct NoDirectory: Error {}

    let directory: String
    var url: String { "postgresql:///postgres?host=\(directory)&user=postgres" }
    private static let threads = try! Offload(name: "cluster", threads: 1, limit: 10)

    init() throws {
        var template = Array("/tmp/lyceum-cluster.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw NoDirectory() }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = Self.shell("postgres_stop '\(directory)'; rm -rf '\(directory)'") }

    func start() async throws {
        try await run("postgres_directory '\(directory)' && postgres_start '\(directory)' '\(directory)' fsync=off")
    }

    func stop() async throws { try await run("postgres_stop '\(directory)'") }

    private func run(_ command: String) async throws {
        try #require(try await Self.threads.run { Self.shell(command) } == 0)
    }

    private static func shell(_ command: String) -> Int32 {
        let script = "source '\(TestDatabase.repository)/script/lib.sh' && \(command)"
        var process = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = []
        for argument in ["bash", "-c", script] { arguments.append(strdup(argument)) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        guard posix_spawnp(&process, "bash", nil, nil, arguments, environ) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status
    }
}
