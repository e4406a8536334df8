import Reactor
import Synchronization
import TestSupport
import Testing

@testable import Postgres

/// The queue behind the window of a shared connection, and its effect on the reported times.
@Suite(.serialized) struct QueueTests {
    static let one = Statement("SELECT 1 AS one")

    /// Waits for a lock that the test holds, with a name by which the test finds the statement.
    static func wait(_ lock: Int, _ name: String) -> Statement {
        Statement(
            """
            SELECT set_config('lock_timeout', '60s', true), pg_advisory_xact_lock_shared(\(lock)) IS NULL AS \(name)
            """)
    }

    @Test func waitingIsInTheOrderOfAsking() async throws {
        let fixture = try await LanesFixture({
            $0.readers = 1
            $0.window = 1
        })
        // Each number once when its task asks, and once when it is answered.
        let events = Mutex<[Int]>([])
        let tasks = await fixture.run { _, core in
            (0..<20).map { number in
                // As tasks of requests do. Without the preference a task resumes on the runtime's pool before it returns
                // to the core, and so in any order.
                Task(executorPreference: core.executor) { @Sendable in
                    try await fixture.run { lanes, _ in
                        events.withLock { $0.append(number) }
                        _ = try await lanes.read(.test, [Self.one()])
                        events.withLock { $0.append(number) }
                    }
                }
            }
        }
        for task in tasks { try await task.value }
        let order = events.withLock { $0 }
        let asked = Array(order.prefix(20))
        #expect(asked.sorted() == Array(0..<20))
        #expect(order == asked + asked)
    }

    @Test func windowIsAllThatIsSent() async throws {
        let fixture = try await LanesFixture({
            $0.writers = 1
            $0.window = 3
            $0.queueTimeout = 60_000
        })
        let blocker = try fixture.blocking()
        try blocker.query("SELECT pg_advisory_lock(4301)")
        let wait = Self.wait(4301, "window_waits")
        async let outcomes = fixture.run { lanes, core in
            let tasks = (0..<10).map { _ in
                Task {
                    _ = core
                    return await failure { _ = try await lanes.write(.test, [wait()]) }
                }
            }
            var outcomes: [String] = []
            for task in tasks { outcomes.append(await task.value) }
            return outcomes
        }
        try await fixture.running("window_waits")
        let statistics = await fixture.run { lanes, _ in lanes.statistics[1] }
        #expect(statistics.inFlight == 3)
        #expect(statistics.waiting == 7)
        try blocker.query("SELECT pg_advisory_unlock(4301)")
        #expect(await outcomes == Array(repeating: "nothing", count: 10))
        let after = await fixture.run { lanes, _ in lanes.statistics[1] }
        #expect(after.inFlight == 0 && after.waiting == 0 && after.segments == 10 && after.refused == 0)
    }

    @Test func waitingHasAnEnd() async throws {
        let fixture = try await LanesFixture({
            $0.writers = 1
            $0.window = 1
            $0.queueTimeout = 50
        })
        let blocker = try fixture.blocking()
        try blocker.query("SELECT pg_advisory_lock(4302)")
        let wait = Self.wait(4302, "end_waits")
        async let first = fixture.run { lanes, _ in await failure { _ = try await lanes.write(.test, [wait()]) } }
        try await fixture.running("end_waits")
        // The lock keeps the first one running longer than the other.
        let second = await fixture.run { lanes, _ in
            await failure { _ = try await lanes.write(.test, [Self.one()]) }
        }
        #expect(second == "overloaded")
        try blocker.query("SELECT pg_advisory_unlock(4302)")
        #expect(await first == "nothing")
        #expect(await fixture.run { lanes, _ in lanes.statistics[1].refused } == 1)
    }

    /// A request that could only wait in vain is refused at once.
    @Test func hopelessWaitIsRefusedAtOnce() async throws {
        let fixture = try await LanesFixture({
            $0.writers = 1
            $0.window = 1
            $0.queueTimeout = 300
        })
        let slow = Statement("SELECT pg_sleep(2)")
        let (third, waited) = await fixture.run { lanes, core in
            // The lane learns that segments take a while: its mean is now an eighth of two seconds.
            _ = await failure { _ = try await lanes.write(.test, [slow()]) }
            let busy = Task {
                _ = core
                return await failure { _ = try await lanes.write(.test, [slow()]) }
            }
            let second = Task {
                _ = core
                return await failure { _ = try await lanes.write(.test, [Self.one()]) }
            }
            let third = Task {
                _ = core
                let failed = await failure { _ = try await lanes.write(.test, [Self.one()]) }
                return (failed, lanes.statistics[1].waiting)
            }
            let result = await third.value
            _ = await second.value
            _ = await busy.value
            return result
        }
        #expect(third == "overloaded")
        // It was refused while the one before it was still waiting.
        #expect(waited == 1)
    }

    /// Nobody knows at first that it is slow: a window of segments may be behind it, but no more after that.
    @Test func slowStatementHoldsUpAWindowAtMost() async throws {
        let fixture = try await LanesFixture({ $0.readers = 2 })
        let slow = Statement("SELECT pg_sleep(2), 'holds nobody up' AS text")
        let order = Mutex<[String]>([])
        async let held: Void = fixture.run { lanes, _ in
            _ = try? await lanes.read(.test, [slow()])
            order.withLock { $0.append("slow") }
        }
        try await fixture.running("holds nobody up")
        await fixture.run { lanes, core in
            let tasks = (0..<100).map { _ in
                Task {
                    _ = core
                    let failed = await failure { _ = try await lanes.read(.test, [Self.one()]) }
                    order.withLock { $0.append(failed) }
                }
            }
            for task in tasks { await task.value }
        }
        await held
        let told = order.withLock { $0 }
        #expect(told.count == 101 && told.allSatisfy { $0 == "nothing" || $0 == "slow" })
        #expect(told.firstIndex(of: "slow") ?? 0 > 100 - 8)
    }

    @Test func waitingSegmentsSurviveALostConnection() async throws {
        let fixture = try await LanesFixture({
            $0.writers = 1
            $0.window = 2
            $0.queueTimeout = 30_000
        })
        let sleep = Statement("SELECT pg_sleep(60), 'lost with one in the line' AS text")
        async let outcomes = fixture.run { lanes, core in
            let tasks = (0..<5).map { number in
                Task {
                    _ = core
                    return await failure {
                        _ = try await lanes.write(.test, [number < 2 ? sleep() : Self.one()])
                    }
                }
            }
            var outcomes: [String] = []
            for task in tasks { outcomes.append(await task.value) }
            return outcomes
        }
        try await fixture.running("lost with one in the line")
        try fixture.terminate("lost with one in the line")
        #expect(await outcomes == ["outcome unknown", "outcome unknown", "nothing", "nothing", "nothing"])
        let statistics = await fixture.run { lanes, _ in lanes.statistics[1] }
        #expect(statistics.lost == 1 && statistics.connections == 1)
    }

    @Test func timesAreReported() async throws {
        let fixture = try await LanesFixture({
            $0.readers = 1
            $0.leased = 1
            $0.window = 2
        })
        let sleep = Statement("SELECT pg_sleep(0.1)")
        let timings = try await fixture.run { lanes, core in
            // One runs alone, one waits in the window behind it, one in the queue behind both.
            let reads = (0..<3).map { _ in
                Task {
                    _ = core
                    var scope = Scope.test
                    scope.timing = RequestTiming()
                    _ = try await lanes.read(scope, [sleep()])
                    return scope.timing!
                }
            }
            // In a transaction the times of its segments add up; the second one waits for the lease.
            let transactions = (0..<2).map { _ in
                Task {
                    _ = core
                    var scope = Scope.test
                    scope.timing = RequestTiming()
                    try await lanes.transaction(scope) { transaction in
                        _ = try await transaction.run([sleep()])
                        _ = try await transaction.run([sleep()])
                    }
                    return scope.timing!
                }
            }
            var timings: [[UInt64]] = []
            for task in reads + transactions {
                let timing = try await task.value
                timings.append([timing.queue / 1_000_000, timing.database / 1_000_000])
            }
            return timings
        }
        // Milliseconds, at least; a slow machine may add to them.
        for (timing, least) in zip(timings, [[0, 100], [100, 100], [200, 100], [0, 200], [200, 200]]) {
            // The end of one may be noticed late, which then counts as waiting of the next one.
            #expect(timing[0] >= least[0] && timing[0] + timing[1] >= least[0] + least[1], "\(timings)")
        }
        // A request with nobody before it did not wait.
        #expect(timings[0][0] < 100 && timings[3][0] < 100, "\(timings)")
        let statistics = await fixture.run { lanes, _ in lanes.statistics }
        #expect(statistics[0].busy >= 300_000_000)
        #expect(statistics[0].segments == 3)
        #expect(statistics[2].segments == 6)
        #expect(statistics[2].busy >= 400_000_000)
    }

    @Test func awayIsNotOverloaded() async throws {
        let fixture = try await LanesFixture({ $0.queueTimeout = 60_000 })
        let (read, lease) = await fixture.run { lanes, core in
            lanes.close()
            return (
                await failure { _ = try await lanes.read(.test, [Self.one()]) },
                await failure { try await lanes.transaction(.test) { _ in } }
            )
        }
        #expect(read == "unavailable")
        #expect(lease == "unavailable")
    }
}
