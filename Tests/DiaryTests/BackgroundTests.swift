import Diary
import DiaryTestSupport
import Glibc
import Postgres
import Reactor
import Synchronization
import TestSupport
import TestTools
import Testing
import Web

/// The loop over `pending`: which pieces are taken, by which process, and how they end. Each test has its own database
/// and kinds of work that write one row per run.
@Suite struct BackgroundTests {
    @Test func singlePieceIsDoneOnceForItsSchoolAndDeleted() async throws {
        let room = try await BackgroundRoom(schools: 2)
        let loop = try room.loop([room.counting("count")])
        try room.add("count", school: 1)
        try room.add("count", school: 2)
        #expect(try await eventually { try room.pieces() == [] })
        #expect(try room.effects() == ["1", "2"])
        await loop.end()
        // The row has no user, but the school's scope and the attempt's id, so that it can be traced.
        #expect(try room.owner.query("SELECT count(DISTINCT request_id) FROM effects").first == "2")
    }

    @Test func recurringWorkIsPlannedOncePerSchoolAndRepeats() async throws {
        let room = try await BackgroundRoom(schools: 3)
        let hourly = room.counting("count", .every(seconds: 3600))
        let loops = [try room.loop([hourly]), try room.loop([hourly])]
        #expect(try await eventually { try room.pieces().count == 3 })
        // The first runs are spread over the hour.
        #expect(
            try room.owner.query(
                "SELECT bool_and(due_at BETWEEN now() - interval '1 minute' AND now() + interval '1 hour') FROM pending"
            ).first == "t")
        try room.owner.execute("UPDATE pending SET due_at = now() - interval '1 minute'")
        #expect(try await eventually { try room.effects() == ["1", "2", "3"] })
        #expect(
            try await eventually {
                try room.owner.query(
                    """
                    SELECT count(*) FROM pending WHERE lease IS NULL AND attempts = 0
                        AND due_at BETWEEN now() + interval '50 minutes' AND now() + interval '70 minutes'
                    """
                ).first == "3"
            })
        for loop in loops { await loop.end() }
    }

    @Test func twoLoopsShareWorkWithoutRepetition() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let loops = [
            try room.loop([room.counting("count", sleep: 0.002)]),
            try room.loop([room.counting("count", sleep: 0.002)]),
        ]
        try room.owner.execute(
            "INSERT INTO pending (school_id, kind, id, due_at) SELECT 1, 'count', gen_random_uuid(), now() FROM generate_series(1, 300)"
        )
        #expect(try await eventually { try room.pieces() == [] })
        #expect(try room.owner.query("SELECT count(*) || ' ' || count(DISTINCT id) FROM effects").first == "300 300")
        let taken = [
            await loops[0].value("lyceum_background_taken_total"),
            await loops[1].value("lyceum_background_taken_total"),
        ]
        #expect(taken.reduce(0, +) == 300)
        #expect(taken.allSatisfy { $0 > 20 }, "\(taken)")
        for loop in loops { await loop.end() }
    }

    @Test func unfinishedWorkContinuesUntilDone() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let work = BackgroundWork("count", .onDemand) { attempt in
            let rows = try await attempt.run([BackgroundRoom.effect(attempt.piece), BackgroundRoom.effectsSoFar()])
            return rows[1].integer(0, "count") == 5 ? .done : .more
        }
        let loop = try room.loop([work])
        try room.add("count")
        #expect(try await eventually { try room.pieces() == [] })
        #expect(try room.effects().count == 5)
        #expect(await loop.value("lyceum_background_ended_total", ["result": "continued"]) == 4)
        #expect(await loop.value("lyceum_background_ended_total", ["result": "done"]) == 1)
        await loop.end()
    }

    @Test func failingPieceBacksOffAndIsFinallyGivenUp() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let loop = try room.loop([
            BackgroundWork("fail", .onDemand, attempts: 3) { attempt in
                _ = try await attempt.run([BackgroundRoom.effect(attempt.piece), BackgroundRoom.nonsense()])
                return .done
            }
        ])
        try room.add("fail")
        for (attempt, range) in [
            (1, "5 seconds' AND now() + interval '10 seconds"), (2, "10 seconds' AND now() + interval '20 seconds"),
        ] {
            #expect(
                try await eventually {
                    try room.owner.query(
                        """
                        SELECT attempts || ' ' || failure FROM pending
                        WHERE lease IS NULL AND parked_at IS NULL AND due_at BETWEEN now() - interval '1 second' + interval '\(range)'
                        """
                    ).first == "\(attempt) 22012"
                })
            try room.owner.execute("UPDATE pending SET due_at = now()")
        }
        #expect(try await eventually { try room.owner.query("SELECT parked_at IS NOT NULL FROM pending").first == "t" })
        #expect(try room.owner.query("SELECT attempts || ' ' || failure FROM pending").first == "3 22012")
        // Every attempt was rolled back. The parked piece is not taken again but stays visible.
        #expect(try room.effects() == [])
        #expect(await loop.value("lyceum_background_ended_total", ["result": "failed"]) == 2)
        #expect(await loop.value("lyceum_background_ended_total", ["result": "given_up"]) == 1)
        #expect(await eventually { await loop.value("lyceum_background_parked") == 1 })
        #expect(await loop.value("lyceum_background_taken_total") == 3)
        await loop.end()
        let lines = try room.log()
        #expect(lines.count { $0.contains("\"background work failed\"") } == 2, "\(lines)")
        let last = try #require(lines.first { $0.contains("background work given up") })
        #expect(last.contains("\"kind\":\"fail\",\"school\":1") && last.contains("\"code\":\"22012\""), "\(last)")
    }

    @Test func recurringPieceThatIsGivenUpWaitsForItsNextRun() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let loop = try room.loop([
            BackgroundWork("fail", .every(seconds: 3600), attempts: 1) { attempt in
                _ = try await attempt.run([BackgroundRoom.nonsense()])
                return .done
            }
        ])
        #expect(try await eventually { try room.pieces().count == 1 })
        try room.owner.execute("UPDATE pending SET due_at = now()")
        #expect(
            try await eventually {
                try room.owner.query(
                    """
                    SELECT attempts || failure FROM pending
                    WHERE lease IS NULL AND parked_at IS NULL AND due_at > now() + interval '59 minutes'
                    """
                ).first == "022012"
            })
        #expect(await eventually { await loop.value("lyceum_background_failing") == 1 })
        await loop.end()
    }

    @Test func onlyTheLeaseHolderEndsAPiece() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let gate = Barrier()
        let slow = BackgroundWork(
            "count", .onDemand,
            effect: { _, _ in
                guard gate.isFirst else { return }
                await gate.pass()
            }, { attempt, _ in try await BackgroundRoom.count(attempt) })
        let first = try room.loop([slow])
        try room.add("count")
        #expect(await eventually { gate.isReached })
        let lease = try room.owner.query("SELECT lease FROM pending").first
        // As if the first loop had been stopped for longer than its lease.
        try room.owner.execute("UPDATE pending SET due_at = now()")
        let second = try room.loop([slow])
        #expect(try await eventually { try room.pieces() == [] })
        gate.open()
        #expect(await eventually { await first.value("lyceum_background_ended_total", ["result": "lost"]) == 1 })
        #expect(try room.effects() == ["1"])
        #expect(try room.owner.query("SELECT request_id <> $1 FROM effects", [lease]).first == "t")
        for loop in [first, second] { await loop.end() }
    }

    @Test func effectIsRepeatedWithTheSameIDAfterAFailure() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let ids = Mutex<[String]>([])
        let loop = try room.loop([
            BackgroundWork(
                "send", .onDemand, effect: { piece, _ in ids.withLock { $0.append(piece.id) } },
                { attempt, _ in
                    if ids.withLock({ $0.count }) == 1 { _ = try await attempt.run([BackgroundRoom.nonsense()]) }
                    return try await BackgroundRoom.count(attempt)
                })
        ])
        let id = try room.add("send")
        #expect(try await eventually { try room.owner.query("SELECT failure FROM pending").first == "22012" })
        try room.owner.execute("UPDATE pending SET due_at = now()")
        #expect(try await eventually { try room.pieces() == [] })
        #expect(ids.withLock { $0 } == [id, id])
        #expect(try room.effects() == ["1"])
        await loop.end()
    }

    @Test func statementIsCancelledAtTheDeadline() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let loop = try room.loop([
            BackgroundWork("slow", .onDemand, deadline: 1) { attempt in
                _ = try await attempt.run([BackgroundRoom.effect(attempt.piece), BackgroundRoom.sleep(.text("30"))])
                return .done
            }
        ])
        try room.add("slow")
        #expect(try await eventually { try room.owner.query("SELECT failure FROM pending").first == "deadline" })
        #expect(try room.effects() == [])
        await loop.end()
    }

    @Test func pieceThatCrashesItsWorkersIsGivenUpUntried() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let loop = try room.loop([room.counting("count")])
        // The piece was taken ten times, and its last lease has expired.
        try room.add("count", attempts: 10)
        #expect(
            try await eventually {
                try room.owner.query("SELECT failure FROM pending WHERE parked_at IS NOT NULL").first == "abandoned"
            })
        #expect(try room.effects() == [])
        await loop.end()
    }

    @Test func unknownKindsAreIgnored() async throws {
        let room = try await BackgroundRoom(schools: 1)
        try room.add("count")
        try room.add("unknown")
        let loop = try room.loop([room.counting("count")])
        #expect(try await eventually { try room.pieces() == ["unknown"] })
        #expect(try room.owner.query("SELECT attempts FROM pending").first == "0")
        await loop.end()
    }

    @Test func drainingTakesNoNewPiecesAndFinishesRunningOnes() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let gate = Barrier()
        let loop = try room.loop(
            [
                BackgroundWork(
                    "count", .onDemand, effect: { _, _ in await gate.pass() },
                    { attempt, _ in try await BackgroundRoom.count(attempt) })
            ], concurrency: 1)
        try room.add("count")
        #expect(await eventually { gate.isReached })
        await loop.background.read { background, _ in background.drain() }
        try room.add("count")
        #expect(await !loop.isIdle)
        gate.open()
        #expect(await eventually { await loop.isIdle })
        #expect(try room.effects() == ["1"])
        #expect(try room.pieces() == ["count"])
        #expect(await loop.value("lyceum_background_taken_total") == 1)
        await loop.end()
    }

    @Test func abortedPieceIsRolledBackAndDueAfterItsLease() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let loop = try room.loop([
            BackgroundWork("slow", .onDemand) { attempt in
                _ = try await attempt.run([BackgroundRoom.effect(attempt.piece), BackgroundRoom.sleep(.text("30"))])
                return .done
            }
        ])
        try room.add("slow")
        let superuser = try BlockingConnection(url: room.database.superuserURL)
        #expect(
            try await eventually {
                try superuser.query(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'
                    """
                ).first == "1"
            })
        await loop.background.read { background, _ in background.close() }
        #expect(await eventually { await loop.isIdle })
        #expect(try room.owner.query("SELECT lease IS NOT NULL AND due_at > now() FROM pending").first == "t")
        #expect(try room.effects() == [])
        await loop.end()
    }

    @Test func theLoopStaysOnItsCore() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let cores = Mutex<[Int?]>([])
        let loop = try room.loop([
            BackgroundWork(
                "count", .onDemand, effect: { _, _ in cores.withLock { $0.append(Core.current?.index) } },
                { attempt, _ in
                    cores.withLock { $0.append(Core.current?.index) }
                    let progress = try await BackgroundRoom.count(attempt)
                    cores.withLock { $0.append(Core.current?.index) }
                    return progress
                })
        ])
        try room.add("count")
        #expect(try await eventually { try room.pieces() == [] })
        #expect(cores.withLock { $0 } == [loop.core.index, loop.core.index, loop.core.index])
        await loop.end()
    }
}

/// Statements that add pieces for what is new, and work that waits for other servers.
@Suite struct BackgroundWakeTests {
    /// A function that adds a piece for each row of `news` that has no effect yet.
    private static let function = """
        CREATE TABLE news (school_id integer NOT NULL, id uuid NOT NULL DEFAULT gen_random_uuid());
        CREATE FUNCTION lyceum.wake_count() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
        AS $$
            INSERT INTO public.pending (school_id, kind, id, due_at)
            SELECT n.school_id, 'count', n.id, now() FROM public.news n
            WHERE NOT EXISTS (SELECT FROM public.effects e WHERE e.id = n.id)
                AND current_setting('lyceum.school_id') = '-1'
            ON CONFLICT DO NOTHING
        $$;
        GRANT EXECUTE ON FUNCTION lyceum.wake_count() TO lyceum_app;
        """
    private static let statement = Statement("SELECT lyceum.wake_count()")
    private static let failing = Statement("SELECT lyceum.there_is_no_such_function()")

    @Test func statementsAddThePiecesOfAllSchools() async throws {
        let room = try await BackgroundRoom(schools: 2)
        try room.owner.execute(Self.function)
        let loops = [
            try room.loop([room.counting("count")], wake: [Self.statement]),
            try room.loop([room.counting("count")], wake: [Self.statement]),
        ]
        try room.owner.execute("INSERT INTO news (school_id) SELECT 1 + n % 2 FROM generate_series(1, 40) n")
        // A statement that began before a piece ended adds it once more.
        let done = "SELECT count(DISTINCT id) FROM effects"
        #expect(try await eventually { try room.owner.query(done).first == "40" })
        #expect(try await eventually { try room.pieces() == [] })
        for loop in loops { await loop.end() }
    }

    /// Others need not wait for the next look.
    @Test func wakingLooksAtOnce() async throws {
        let room = try await BackgroundRoom(schools: 1)
        try room.owner.execute(Self.function)
        let loop = try room.loop([room.counting("count")], rhythm: 3600, wake: [Self.statement])
        // The first look.
        #expect(await eventually { await loop.isIdle })
        try room.owner.execute("INSERT INTO news (school_id) VALUES (1)")
        #expect(
            try await eventually {
                await loop.background.read { background, _ in background.wake() }
                // A statement that began before the piece ended adds it once more.
                return try Set(room.effects()) == ["1"]
            })
        await loop.end()
    }

    @Test func aStatementThatFailsStopsNoOtherWork() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let loop = try room.loop([room.counting("count")], wake: [Self.failing])
        try room.add("count")
        #expect(try await eventually { try room.effects() == ["1"] })
        await loop.end()
        #expect(try room.log().contains { $0.contains("cannot be woken") && $0.contains("42883") })
    }

    /// Pieces that wait for slow servers take no place of others.
    @Test func slowEffectsLeaveRoomForOtherWork() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let gate = Barrier()
        let sending = BackgroundWork(
            "send", .onDemand, effect: { _, _ in await gate.pass() },
            { attempt, _ in try await BackgroundRoom.count(attempt) })
        let loop = try room.loop([sending, room.counting("count")], concurrency: 1)
        try room.add("send")
        #expect(await eventually { gate.isReached })
        try room.add("count")
        #expect(try await eventually { try room.effects() == ["1"] })
        #expect(try room.pieces() == ["send"])
        gate.open()
        #expect(try await eventually { try room.pieces() == [] })
        await loop.end()
    }

    @Test func aPieceMayAskToBeRepeatedLater() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let loop = try room.loop([
            BackgroundWork(
                "send", .onDemand, attempts: 2, effect: { piece, _ in piece.id },
                { attempt, id in
                    let rows = try await attempt.run([
                        BackgroundRoom.effect(attempt.piece), BackgroundRoom.effectsSoFar(),
                    ])
                    #expect(id == attempt.piece.id)
                    return rows[1].integer(0, "count")! < 4 ? .again(seconds: 3600) : .done
                })
        ])
        try room.add("send")
        for count in 1...3 {
            #expect(
                try await eventually {
                    try room.owner.query(
                        """
                        SELECT (SELECT count(*) FROM effects) || ' ' || attempts || ' ' || coalesce(failure, 'none') FROM pending
                        WHERE lease IS NULL AND due_at BETWEEN now() + interval '59 minutes' AND now() + interval '61 minutes'
                        """
                    ).first == "\(count) 0 none"
                })
            try room.owner.execute("UPDATE pending SET due_at = now()")
        }
        #expect(try await eventually { try room.pieces() == [] })
        #expect(await loop.value("lyceum_background_ended_total", ["result": "postponed"]) == 3)
        await loop.end()
    }
}

/// The table `pending` under row-level security.
@Suite struct PendingTableTests {
    @Test func requestsSeeAndChangeOnlyPiecesOfTheirSchool() async throws {
        let room = try await BackgroundRoom(schools: 2)
        try room.add("count", school: 1)
        try room.add("count", school: 2)
        let server = try BlockingConnection(url: room.database.serverURL)
        func inSchool(_ school: String, _ statement: String) throws -> BlockingConnection.Answer {
            try server.transaction {
                try server.query("SELECT set_config('lyceum.school_id', $1, true)", [school])
                return try server.query(statement)
            }
        }
        for (school, rows) in [("", 0), ("0", 0), ("1", 1), ("2", 1), ("-1", 2)] {
            #expect(try inSchool(school, "SELECT FROM pending").rows.count == rows, "\(school)")
            #expect(try inSchool(school, "UPDATE pending SET attempts = 0").affected == rows, "\(school)")
        }
        let insert = "INSERT INTO pending (school_id, kind, id, due_at) VALUES (2, 'count', gen_random_uuid(), now())"
        #expect(throws: BlockingConnection.Failure.self) { try inSchool("1", insert) }
        #expect(try inSchool("2", insert).affected == 1)
        for forbidden in ["UPDATE pending SET kind = 'x'", "UPDATE pending SET school_id = 1", "TRUNCATE pending"] {
            #expect(throws: BlockingConnection.Failure.self) { try inSchool("-1", forbidden) }
        }
        #expect(try inSchool("1", "DELETE FROM pending").affected == 1)
        #expect(try room.pieces().count == 2)
    }

    @Test func itRefusesPersonalData() async throws {
        let room = try await BackgroundRoom(schools: 1)
        for (column, value) in [("kind", "Anna Petrova"), ("failure", "key (phone)=(+7900)")] {
            #expect(throws: BlockingConnection.Failure.self) {
                try room.owner.query(
                    "INSERT INTO pending (school_id, due_at, \(column == "kind" ? "kind" : "kind, failure")) VALUES (1, now(), \(column == "kind" ? "$1" : "'x', $1"))",
                    [value])
            }
        }
    }
}

/// Blocks the first visitor until it is opened.
final class Barrier: Sendable {
    private let state = Mutex((visits: 0, isOpen: false))

    var isFirst: Bool { state.withLock { $0.visits == 0 } }
    var isReached: Bool { state.withLock { $0.visits > 0 } }

    func open() { state.withLock { $0.isOpen = true } }

    func pass() async {
        state.withLock { $0.visits += 1 }
        while !state.withLock({ $0.isOpen }) { await Core.current!.sleep(1_000_000) }
    }
}
