import Diary
import DiaryTestSupport
import Postgres
import Reactor
import Synchronization
import TestTools
import Testing

/// How the places of a loop are shared: between kinds of work, between the servers to which pieces send, and between what
/// is urgent and what is not.
@Suite struct BackgroundSharingTests {
    private static func sending(_ name: String, _ gate: Barrier? = nil) -> BackgroundWork {
        BackgroundWork(
            name, .onDemand, effect: { _, _ in await gate?.pass() },
            { attempt, _ in try await BackgroundRoom.count(attempt) })
    }

    /// Adds pieces that have been due for so many seconds.
    private func add(
        _ kind: String, _ count: Int, to room: BackgroundRoom, late: Int, urgent: Bool = false, target: Int? = nil
    ) throws {
        try room.owner.query(
            """
            INSERT INTO pending (school_id, kind, id, due_at, is_urgent, target)
            SELECT 1, $1, gen_random_uuid(), now() - $2::int * interval '1 second', $3, $4
            FROM generate_series(1, $5::int)
            """, [kind, "\(late)", "\(urgent)", target.map { "\($0)" }, "\(count)"])
    }

    @Test func aKindThatHangsLeavesRoomForOtherKinds() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let gate = Barrier()
        let loop = try room.loop([Self.sending("slow", gate), Self.sending("quick")])
        for _ in 1...40 { try room.add("slow") }
        #expect(await eventually { gate.isReached })
        try room.add("quick")
        #expect(try await eventually { try room.effects() == ["1"] })
        #expect(try room.pieces() == [String](repeating: "slow", count: 40))
        gate.open()
        #expect(try await eventually { try room.pieces() == [] })
        await loop.end()
    }

    @Test func aServerThatHangsLeavesRoomForOthersOfTheKind() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let gate = Barrier()
        let slow = Mutex<Set<String>>([])
        let work = BackgroundWork(
            "send", .onDemand,
            effect: { piece, _ in
                if slow.withLock({ $0.contains(piece.id) }) { await gate.pass() }
            }, { attempt, _ in try await BackgroundRoom.count(attempt) })
        try add("send", 400, to: room, late: 60, target: 7)
        let ids = try room.owner.query("SELECT id FROM pending").rows.compactMap { $0[0] }
        slow.withLock { $0 = Set(ids) }
        try add("send", 3, to: room, late: 0, target: 8)
        try add("send", 1, to: room, late: 0)
        let loop = try room.loop([work])
        #expect(try await eventually { try room.effects().count == 4 })
        #expect(try room.pieces().count == 400)
        gate.open()
        #expect(try await eventually { try room.pieces() == [] })
        await loop.end()
    }

    @Test func whatIsUrgentIsTakenFirst() async throws {
        let room = try await BackgroundRoom(schools: 1)
        try add("count", 50, to: room, late: 600)
        try add("count", 1, to: room, late: 0, urgent: true)
        let urgent = try room.owner.query("SELECT id FROM pending WHERE is_urgent").first!
        let order = Mutex<[String]>([])
        let work = BackgroundWork("count", .onDemand) { attempt in
            order.withLock { $0.append(attempt.piece.id) }
            return .done
        }
        let loop = try room.loop([work], concurrency: 1)
        #expect(try await eventually { try room.pieces() == [] })
        #expect(order.withLock { $0.first } == urgent)
        await loop.end()
    }

    @Test func anEffectPastItsDeadlineHasFailed() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let work = BackgroundWork(
            "send", .onDemand, deadline: 1,
            effect: { piece, _ in
                _ = await eventually { Clock.now > piece.end }
            }, { _, _ in .done })
        let loop = try room.loop([work])
        try room.add("send")
        #expect(try await eventually { try room.owner.query("SELECT failure FROM pending").first == "deadline" })
        #expect(await loop.value("lyceum_background_ended_total", ["result": "failed"]) == 1)
        #expect(await loop.value("lyceum_background_ended_total", ["result": "done"]) == 0)
        await loop.end()
    }

    /// The other statement would be rolled back if they shared a transaction.
    @Test func aWakingStatementThatFailsDoesNotStopTheOthers() async throws {
        let room = try await BackgroundRoom(schools: 1)
        let waking = Statement(
            """
            INSERT INTO pending (school_id, kind, id, due_at)
            SELECT 1, 'count', '00000000-0000-0000-0000-000000000001', now() ON CONFLICT DO NOTHING
            """)
        let loop = try room.loop(
            [room.counting("count")], wake: [Statement("SELECT lyceum.there_is_no_such_function()"), waking])
        #expect(try await eventually { try room.effects().first == "1" })
        await loop.end()
        #expect(try room.log().contains { $0.contains("cannot be woken") && $0.contains("42883") })
    }
}
