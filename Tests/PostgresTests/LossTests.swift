import Glibc
import Reactor
import Synchronization
import TestSupport
import TestTools
import Testing

@testable import Postgres

/// Connections that are lost, hang or have grown too large. Others must not be affected.
@Suite(.serialized) struct LossTests {
    static let one = Statement("SELECT 1 AS one")

    @Test func lostReadIsAskedAgain() async throws {
        let fixture = try await LanesFixture({ $0.readers = 1 })
        let blocker = try fixture.blocking()
        try blocker.query("SELECT pg_advisory_lock(4401)")
        let wait = QueueTests.wait(4401, "asked_again")
        async let outcomes = fixture.run { lanes, core in
            let tasks = (0..<5).map { number in
                Task {
                    _ = core
                    return await failure {
                        _ = try await lanes.read(.test, [number == 0 ? wait() : Self.one()])
                    }
                }
            }
            var outcomes: [String] = []
            for task in tasks { outcomes.append(await task.value) }
            return outcomes
        }
        let pids = try await fixture.running("asked_again")
        try fixture.terminate("asked_again")
        try await fixture.gone(pids)
        try await fixture.running("asked_again")
        try blocker.query("SELECT pg_advisory_unlock(4401)")
        #expect(await outcomes == Array(repeating: "nothing", count: 5))
    }

    /// A stopped backend keeps its connection and does not answer, like a network that drops everything.
    @Test func stoppedBackendIsReplaced() async throws {
        let fixture = try await LanesFixture({ $0.writers = 1 })
        let pid = Statement("SELECT pg_backend_pid() AS pid")
        let scope = Scope(school: 1, timeout: 100)
        let stopped = try #require(
            try await fixture.run { lanes, _ in try await lanes.write(.test, [pid()])[0].integer(0, "pid") })
        #expect(kill(pid_t(stopped), SIGSTOP) == 0)
        defer { kill(pid_t(stopped), SIGCONT) }
        let first = await fixture.run { lanes, _ in await failure { _ = try await lanes.write(scope, [Self.one()]) } }
        #expect(first == "outcome unknown")
        // By then another connection serves, long before this one counts as dead.
        let next = try await fixture.run { lanes, _ in try await lanes.write(.test, [pid()])[0].integer(0, "pid") }
        #expect(next != nil && next != stopped)
    }

    @Test func connectionThatNeverAnswersIsClosed() async throws {
        let reason = try await ConnectionTests().connected { connection, core in
            let pid = Statement("SELECT pg_backend_pid() AS pid")
            let stopped = try await connection.run([pid()], timeout: .seconds(20), mayRepeat: false).get()[0]
                .integer(0, "pid")!
            kill(pid_t(stopped), SIGSTOP)
            defer { kill(pid_t(stopped), SIGCONT) }
            var reason: String?
            let closed = Suspension()
            connection.onClose = {
                reason = $0
                closed.resume()
            }
            let waiting = Task {
                _ = core
                return await failure {
                    _ = try await connection.run([Self.one()], timeout: .milliseconds(100), mayRepeat: false)
                }
            }
            await closed.wait(on: core.poller)
            _ = await waiting.value
            return reason
        }
        #expect(reason == "no answer from the database")
    }

    /// The bound depends on what is in flight: twenty statements with a long timeout each may take long.
    @Test func boundFollowsTheStatementTimeout() async throws {
        let limits = try await LanesFixture.shared.value.run { _, core in
            try [100, 60_000].map { milliseconds in
                try Segment(
                    Array(repeating: Self.one(), count: 20), hidden: 0, patience: .milliseconds(milliseconds + 2000),
                    statementTimeout: .milliseconds(milliseconds), repeats: 0, deadlines: core.deadlines, timing: nil
                ).longest
            }
        }
        #expect(limits == [.milliseconds(7100), .milliseconds(20 * 60_000 + 5000)])
    }

    @Test func closingEndsConnectionsBeingMade() async throws {
        let database = try TestDatabase(.migrated)
        let core = try Core(index: 0)
        let offload = try Offload(name: "offload", threads: 1, limit: 10)
        let url = try ConnectionURL(database.ownerURL)
        let counted = Mutex(0)
        await core.run { core in
            let lanes = Lanes(Lanes.Configuration(url: url), offload: offload, on: core) { event in
                if case .connected = event { counted.withLock { $0 += 1 } }
            }
            lanes.close()
        }
        let observer = try BlockingConnection(url: database.ownerURL)
        // Each comes and goes at once.
        var quiet = 0
        #expect(
            try await eventually {
                let open = try observer.query(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """
                ).first
                quiet = open == "0" ? quiet + 1 : 0
                return quiet > 50
            })
        #expect(counted.withLock { $0 } == 0)
    }

    @Test func writerThatOnlyReadsIsReplaced() async throws {
        let fixture = try await LanesFixture({ $0.writers = 1 })
        let owner = try fixture.blocking()
        try owner.execute("CREATE TABLE written (a int)")
        let insert = Statement("INSERT INTO written VALUES (1)")
        let turn = Statement("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        let refused = await fixture.run { lanes, _ in
            _ = await failure { _ = try await lanes.write(.test, [turn()]) }
            return await failure { _ = try await lanes.write(.test, [insert()]) }
        }
        #expect(refused == "refused 25006")
        #expect(
            await eventually {
                await fixture.run { lanes, _ in await failure { _ = try await lanes.write(.test, [insert()]) } }
                    == "nothing"
            })
    }

    @Test func tooManyConnectionsAreWaitedOut() async throws {
        let fixture = try await LanesFixture()
        let owner = try fixture.blocking()
        let database = try #require(try owner.query("SELECT current_database()").first)
        try owner.execute("ALTER DATABASE \(database) CONNECTION LIMIT 0")
        try owner.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """)
        #expect(await eventually { await fixture.trouble?.contains("too many connections") == true })
        // The trouble is that of one lane; another may not have noticed yet that its connections are gone.
        #expect(
            await eventually {
                await fixture.run { lanes, _ in lanes.statistics.allSatisfy { $0.connections == 0 } }
            })
        let failed = await fixture.run { lanes, _ in
            await failure { _ = try await lanes.write(.test, [Self.one()]) }
        }
        #expect(failed == "unavailable")
        try owner.execute("ALTER DATABASE \(database) CONNECTION LIMIT -1")
        try await fixture.recovered()
    }

    // MARK: Size

    /// The buffers of both sockets are full in both directions: neither side may wait for the other to read first.
    @Test func largeValuesPassBesideSmallOnes() async throws {
        let fixture = try await LanesFixture({ $0.writers = 1 })
        let large = Statement("SELECT length($1::text) AS length, repeat('я', 10 << 20) AS text")
        let echo = Statement("SELECT $1::int AS value")
        func pass() async throws -> [Int] {
            try await fixture.run { lanes, core in
                let text = String(repeating: "x", count: 5 << 20)
                let tasks = (0..<12).map { number in
                    Task {
                        _ = core
                        if number % 4 == 1 {
                            let rows = try await lanes.write(.test, [large(.text(text))])[0]
                            return rows.integer(0, "length")! + rows.text(0, "text")!.utf8.count
                        }
                        return try await lanes.write(.test, [echo(.integer(number))])[0].integer(0, "value")!
                    }
                }
                var values: [Int] = []
                for task in tasks { values.append(try await task.value) }
                return values
            }
        }
        let pid = Statement("SELECT pg_backend_pid() AS pid")
        func backend() async throws -> Int? {
            try await fixture.run { lanes, _ in try await lanes.write(.test, [pid()])[0].integer(0, "pid") }
        }
        let expected = (0..<12).map { $0 % 4 == 1 ? 25 << 20 : $0 }
        let first = try await backend()
        #expect(try await pass() == expected)
        // libpq does not shrink its buffers, so such a connection is replaced.
        #expect(try await backend() != first)
        func settled() async -> Int {
            _ = await eventually {
                await fixture.run { lanes, _ in lanes.statistics[1].connections == 1 && lanes.trouble == nil }
            }
            return residentBytes()
        }
        #expect(try await pass() == expected)
        let before = await settled()
        for _ in 0..<3 { #expect(try await pass() == expected) }
        // Three passes carry 225 MiB. The allocator may keep part of one.
        #expect(await eventually { await settled() < before + (64 << 20) })
        #expect(await fixture.run { lanes, _ in lanes.statistics[1].lost } == 0)
    }
}

/// Resident memory of this process (proc(5), statm).
private func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, 256, file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (Int(text.split(separator: " ")[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
}
