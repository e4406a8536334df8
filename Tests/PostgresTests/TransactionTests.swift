import Reactor
import Synchronization
import TestSupport
import TestTools
import Testing

@testable import Postgres

@Suite struct TransactionTests {
    let fixture: LanesFixture
    let owner: BlockingConnection

    struct Stop: Error {}

    init() async throws {
        fixture = try await LanesFixture.shared.value
        owner = try fixture.blocking()
    }

    private func table(_ name: String) throws -> (insert: Statement, count: () throws -> String?) {
        try owner.execute("CREATE TABLE \(name) (a int PRIMARY KEY)")
        return (
            Statement("INSERT INTO \(name) VALUES ($1::int) RETURNING a"),
            { try self.owner.query("SELECT count(*) FROM \(name)").first }
        )
    }

    @Test func commits() async throws {
        let (insert, count) = try table("committed")
        let value = try await fixture.run { lanes, core in
            try await lanes.transaction(.test) { transaction in
                let first = try await transaction.run([insert(.integer(1))])
                let second = try await transaction.run([insert(.integer(2)), insert(.integer(3))])
                return [first.count, second.count, core.isCurrent ? 1 : 0]
            }
        }
        #expect(value == [1, 2, 1])
        #expect(try count() == "3")
    }

    @Test func scopeHoldsThroughTheTransaction() async throws {
        let school = Statement("SELECT current_setting('lyceum.school_id') AS school")
        let seen = try await fixture.run { lanes, _ in
            try await lanes.transaction(Scope(school: 9)) { transaction in
                var seen: [String?] = []
                for _ in 0..<3 { seen.append(try await transaction.run([school()])[0].text(0, "school")) }
                return seen
            }
        }
        #expect(seen == ["9", "9", "9"])
    }

    @Test func thrownErrorRollsBack() async throws {
        let (insert, count) = try table("rolled_back")
        let failed = await fixture.run { lanes, _ in
            await failure {
                try await lanes.transaction(.test) { transaction in
                    _ = try await transaction.run([insert(.integer(1))])
                    throw Stop()
                }
            }
        }
        #expect(failed == "Stop()")
        #expect(try count() == "0")
    }

    @Test func nothingDoneIsNothingSent() async throws {
        let value = try await fixture.run { lanes, _ in try await lanes.transaction(.test) { _ in 5 } }
        #expect(value == 5)
        let failed = await fixture.run { lanes, _ in
            await failure { try await lanes.transaction(.test) { _ in throw Stop() } }
        }
        #expect(failed == "Stop()")
    }

    @Test func failedTransactionIsNotCommitted() async throws {
        let (insert, count) = try table("swallowed")
        let failed = await fixture.run { lanes, _ in
            await failure {
                try await lanes.transaction(.test) { transaction in
                    _ = try await transaction.run([insert(.integer(1))])
                    // The body ignores the refusal and continues.
                    let outcome = try await transaction.attempt([insert(.integer(2)), insert(.integer(1))])
                    #expect(outcome.rows.count == 1)
                    #expect(outcome.refusal?.sqlState == "23505")
                }
            }
        }
        #expect(failed == "refused 23505")
        #expect(try count() == "0")
    }

    @Test func refusalRollsBackAndReachesTheCaller() async throws {
        let (insert, count) = try table("refused")
        let failed = await fixture.run { lanes, _ in
            await failure {
                try await lanes.transaction(.test) { transaction in
                    _ = try await transaction.run([insert(.integer(1))])
                    _ = try await transaction.run([insert(.integer(1))])
                }
            }
        }
        #expect(failed == "refused 23505")
        #expect(try count() == "0")
    }

    @Test func firstSegmentKeepsWhatCameBeforeTheRefusal() async throws {
        let (insert, count) = try table("first_refused")
        let rows = await fixture.run { lanes, _ in
            let kept = Mutex<[Int?]>([])
            _ = await failure {
                try await lanes.transaction(.test) { transaction in
                    let outcome = try await transaction.attempt([insert(.integer(4)), insert(.integer(4))])
                    kept.withLock { $0 = outcome.rows.map { $0.integer(0, "a") } }
                    throw Stop()
                }
            }
            return kept.withLock { $0 }
        }
        #expect(rows == [4])
        #expect(try count() == "0")
    }

    @Test func deferredConstraintFailsAtTheCommit() async throws {
        try owner.execute("CREATE TABLE deferred (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        let insert = Statement("INSERT INTO deferred VALUES (1)")
        let (failed, after) = await fixture.run { lanes, _ in
            let twice = await failure {
                try await lanes.transaction(.test) { _ = try await $0.run([insert(), insert()]) }
            }
            return (twice, await failure { try await lanes.transaction(.test) { _ = try await $0.run([insert()]) } })
        }
        #expect(failed == "refused 23505")
        #expect(after == "nothing")
    }

    @Test func savepointSurvivesARefusal() async throws {
        let (insert, count) = try table("savepoint")
        let save = Statement("SAVEPOINT item")
        let back = Statement("ROLLBACK TO SAVEPOINT item")
        try await fixture.run { lanes, _ in
            try await lanes.transaction(.test) { transaction in
                _ = try await transaction.run([insert(.integer(1)), save()])
                let outcome = try await transaction.attempt([insert(.integer(1))])
                #expect(outcome.refusal != nil)
                _ = try await transaction.run([back(), insert(.integer(2))])
            }
        }
        #expect(try count() == "2")
    }

    @Test func stalePlanAtTheBeginningIsPreparedAnew() async throws {
        let fixture = try await LanesFixture({ $0.leased = 1 })
        let changer = try fixture.blocking()
        try changer.execute("CREATE TABLE changing (a int)")
        let insert = Statement("INSERT INTO changing VALUES (1) RETURNING *")
        for change in ["", "ALTER TABLE changing ADD COLUMN b int"] {
            if !change.isEmpty { try changer.execute(change) }
            try await fixture.run { lanes, _ in
                try await lanes.transaction(.test) { _ = try await $0.run([insert()]) }
            }
        }
        #expect(try changer.query("SELECT count(*) FROM changing").first == "2")
    }

    @Test func connectionComesBackAfterEveryError() async throws {
        let fixture = try await LanesFixture({ $0.leased = 1 })
        let wrong = Statement("SELECT 1 / 0")
        let sleep = Statement("SELECT pg_sleep(60)")
        let one = Statement("SELECT 1 AS one")
        let outcomes = await fixture.run { lanes, _ in
            var outcomes: [String] = []
            for _ in 0..<3 {
                outcomes.append(
                    await failure { try await lanes.transaction(.test) { _ = try await $0.run([wrong()]) } })
                outcomes.append(await failure { try await lanes.transaction(.test) { _ in throw Stop() } })
                outcomes.append(
                    await failure {
                        try await lanes.transaction(Scope(school: 1, timeout: 50)) { _ = try await $0.run([sleep()]) }
                    })
                outcomes.append(await failure { try await lanes.transaction(.test) { _ = try await $0.run([one()]) } })
            }
            return outcomes
        }
        #expect(outcomes == (0..<3).flatMap { _ in ["refused 22012", "Stop()", "refused 57014", "nothing"] })
    }

    @Test func killedConnectionIsReplaced() async throws {
        let fixture = try await LanesFixture({ $0.leased = 1 })
        let sleep = Statement("SELECT pg_sleep(60), 'leased and killed' AS text")
        let one = Statement("SELECT 1 AS one")
        async let failed = fixture.run { lanes, _ in
            await failure { try await lanes.transaction(.test) { _ = try await $0.run([sleep()]) } }
        }
        try await fixture.running("leased and killed")
        try fixture.terminate("leased and killed")
        #expect(await failed == "outcome unknown")
        try await fixture.recovered()
        let after = await fixture.run { lanes, _ in
            await failure { try await lanes.transaction(.test) { _ = try await $0.run([one()]) } }
        }
        #expect(after == "nothing")
    }

    @Test func killedAtTheCommitIsAnUnknownOutcome() async throws {
        let fixture = try await LanesFixture({ $0.leased = 1 })
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
            await failure { try await lanes.transaction(.test) { _ = try await $0.run([insert()]) } }
        }
        try await fixture.running("COMMIT")
        try fixture.terminate("COMMIT")
        #expect(await failed == "outcome unknown")
        try await fixture.recovered()
    }

    @Test func stalePlanInTheMiddleBeginsAnew() async throws {
        let fixture = try await LanesFixture({ $0.leased = 1 })
        let changer = try fixture.blocking()
        try changer.execute("CREATE TABLE first_seen (a int); CREATE TABLE then_changed (a int)")
        let first = Statement("INSERT INTO first_seen VALUES (1)")
        let second = Statement("INSERT INTO then_changed VALUES (1) RETURNING *")
        let runs = Mutex(0)
        for change in ["", "ALTER TABLE then_changed ADD COLUMN b int"] {
            if !change.isEmpty { try changer.execute(change) }
            try await fixture.run { lanes, _ in
                try await lanes.transaction(.test) { transaction in
                    runs.withLock { $0 += 1 }
                    _ = try await transaction.run([first()])
                    _ = try await transaction.run([second()])
                }
            }
        }
        #expect(runs.withLock { $0 } == 3)
        #expect(try changer.query("SELECT count(*) FROM first_seen").first == "2")
        #expect(try changer.query("SELECT count(*) FROM then_changed").first == "2")
    }

    /// Two transactions wait for each other. PostgreSQL ends one, which then runs once more.
    @Test func deadlockIsRunOnceMore() async throws {
        let fixture = try await LanesFixture({ $0.leased = 2 })
        let owner = try fixture.blocking()
        try owner.execute(
            "CREATE TABLE crossing (a int PRIMARY KEY, n int); INSERT INTO crossing VALUES (1, 0), (2, 0)")
        let patience = Statement("SELECT set_config('lock_timeout', '60s', true)")
        let add = Statement("UPDATE crossing SET n = n + 1 WHERE a = $1::int")
        let runs = Mutex(0)
        let firstHasARow = Hold()
        let secondHasARow = Hold()
        let done = Hold()
        let outcomes = await fixture.run { lanes, core in
            let tasks = [[1, 2], [2, 1]].map { order in
                Task {
                    _ = core
                    return await failure {
                        defer { done.end() }
                        try await lanes.transaction(.test) { transaction in
                            let run = runs.withLock { runs in
                                runs += 1
                                return runs
                            }
                            // Otherwise it could take its first row again before the other one wakes up, and they would
                            // deadlock once more.
                            if run == 3 { await done.wait() }
                            _ = try await transaction.run([patience(), add(.integer(order[0]))])
                            // Both have their first row before either asks for the other's.
                            if run == 1 {
                                firstHasARow.end()
                                await secondHasARow.wait()
                            } else if run == 2 {
                                secondHasARow.end()
                                await firstHasARow.wait()
                            }
                            _ = try await transaction.run([add(.integer(order[1]))])
                        }
                    }
                }
            }
            var outcomes: [String] = []
            for task in tasks { outcomes.append(await task.value) }
            return outcomes
        }
        #expect(outcomes == ["nothing", "nothing"])
        #expect(runs.withLock { $0 } == 3)
        #expect(try owner.query("SELECT n FROM crossing").rows == [["2"], ["2"]])
    }

    // MARK: Leasing

    /// Lets transactions keep their connection until the test has seen enough.
    final class Hold: Sendable {
        private let state = Mutex<(isOver: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

        var holders: Int { state.withLock { $0.waiting.count } }

        func wait() async {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if !state.isOver { state.waiting.append(continuation) }
                    return state.isOver
                }
                if isOver { continuation.resume() }
            }
        }

        func end() {
            let waiting = state.withLock { state in
                defer { state = (true, []) }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    @Test func waitersAreServedInTheOrderOfAsking() async throws {
        let fixture = try await LanesFixture({
            $0.leased = 1
            $0.queueTimeout = 60_000
        })
        let hold = Hold()
        let order = try await fixture.run { lanes, core in
            let order = Mutex<[Int]>([])
            let holder = Task {
                _ = core
                try await lanes.transaction(.test) { _ in await hold.wait() }
            }
            let waiters = (0..<5).map { number in
                Task {
                    _ = core
                    try await lanes.transaction(.test) { _ in order.withLock { $0.append(number) } }
                }
            }
            // Queued on the core after them: when this runs, all of them wait.
            let ending = Task {
                _ = core
                hold.end()
            }
            await ending.value
            try await holder.value
            for waiter in waiters { try await waiter.value }
            return order.withLock { $0 }
        }
        #expect(order == [0, 1, 2, 3, 4])
    }

    @Test func waitingHasAnEnd() async throws {
        let fixture = try await LanesFixture({
            $0.leased = 1
            $0.queueTimeout = 20
        })
        let hold = Hold()
        let (waiting, after) = try await fixture.run { lanes, core in
            let holder = Task {
                _ = core
                try await lanes.transaction(.test) { _ in await hold.wait() }
            }
            let waiter = Task {
                _ = core
                return await failure { try await lanes.transaction(.test) { _ in } }
            }
            let waiting = await waiter.value
            hold.end()
            try await holder.value
            return (waiting, await failure { try await lanes.transaction(.test) { _ in } })
        }
        #expect(waiting == "overloaded")
        #expect(after == "nothing")
    }

    @Test func tooManyWaitersAreRefused() async throws {
        let fixture = try await LanesFixture({
            $0.leased = 1
            $0.queue = 2
            $0.queueTimeout = 60_000
        })
        let hold = Hold()
        let outcomes = try await fixture.run { lanes, core in
            let holder = Task {
                _ = core
                try await lanes.transaction(.test) { _ in await hold.wait() }
            }
            let waiters = (0..<4).map { _ in
                Task {
                    _ = core
                    return await failure { try await lanes.transaction(.test) { _ in } }
                }
            }
            let ending = Task {
                _ = core
                hold.end()
            }
            await ending.value
            try await holder.value
            var outcomes: [String] = []
            for waiter in waiters { outcomes.append(await waiter.value) }
            return outcomes
        }
        #expect(outcomes == ["nothing", "nothing", "overloaded", "overloaded"])
    }

    /// A connection that dies while idle must not stay, with its descriptor, behind newer ones.
    @Test func deadConnectionsDoNotPileUp() async throws {
        let fixture = try await LanesFixture({ $0.leased = 2 })
        let observer = try fixture.blocking()
        var killed: [String] = []
        for round in 0..<5 {
            // 1 reader, 2 writers, 2 leased: all connect, and reconnect, by themselves.
            #expect(
                try await eventually {
                    let alive = try observer.query(
                        """
                        SELECT pid FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'
                        """
                    ).rows.compactMap { $0[0] }.filter { !killed.contains($0) }
                    let open = await fixture.run { lanes, _ in lanes.leased.idle.count { $0.isOpen } }
                    return alive.count == 5 && open == 2
                })
            if round == 4 { break }
            killed += try observer.query(
                """
                WITH lanes AS MATERIALIZED (
                    SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid())
                SELECT pid FROM lanes WHERE pg_terminate_backend(pid)
                """
            ).rows.compactMap { $0[0] }
        }
        #expect(killed.count == 20)
        #expect(await fixture.run { lanes, _ in lanes.leased.idle.count } == 2)
    }
}
