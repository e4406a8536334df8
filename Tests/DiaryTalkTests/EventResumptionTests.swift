import DiaryTestSupport
import Glibc
import Postgres
import Reactor
import Synchronization
import TestSupport
import TestTools
import Testing

/// A stream that breaks again and again, while transactions commit in another order than they began.
@Suite struct EventResumptionTests {
    /// What the writers have committed.
    private final class Told: Sendable {
        let ids = Mutex<Set<String>>([])
        let writers = Mutex<Int>(0)
    }

    @Test func randomBreaksLoseNothingAndRepeatNothing() async throws {
        let first = try await EventRoom.server()
        // Another process: its dispatcher looks at other moments.
        let second = try await TestServer(over: first.database)
        let room = try EventRoom(first)
        let (school, child) = (room.ids.school, room.ids.others[0])
        let guardian = try room.guardian(try #require(try room.guardians(of: child).first))
        let told = Told()
        told.writers.withLock { $0 = 4 }
        let writing = (0..<4).map { number in
            Task { try await threads.run { try Self.write(first, child, school, told, number) } }
        }
        var seen: Set<String> = []
        var cursor: String?
        var breaks = 0
        var isOver = false
        while !isOver {
            // Checked before reading: what is read afterwards is the rest.
            let areDone = told.writers.withLock { $0 == 0 }
            let port = Bool.random() ? first.port : second.port
            let reader = try EventReader(port: port, token: guardian.token, after: cursor)
            #expect(reader.status == 200)
            _ = try reader.next()
            cursor = reader.lastEventID
            for _ in 0..<(areDone ? 500 : Int.random(in: 0...5)) {
                do {
                    let id = try reader.notification(seconds: areDone ? 3 : 0.5)
                    #expect(seen.insert(id).inserted, "\(id) came twice, after \(breaks) breaks")
                    cursor = reader.lastEventID
                } catch EventReader.Failure.hung {
                    isOver = areDone
                    break
                }
            }
            reader.reset()
            breaks += 1
        }
        for task in writing { try await task.value }
        let committed = told.ids.withLock { $0 }
        #expect(committed.subtracting(seen) == [] && seen.subtracting(committed) == [])
        #expect(committed.count > 100 && breaks > 10)
        print("\(committed.count) notifications, \(breaks) breaks")
    }

    /// Transactions of some length, of which one in ten is rolled back.
    private static func write(
        _ server: TestServer, _ child: String, _ school: Int, _ told: Told, _ number: Int
    ) throws {
        defer { told.writers.withLock { $0 -= 1 } }
        let connection = try server.owner()
        for round in 0..<200 {
            try connection.execute("BEGIN")
            var ids: [String] = []
            for _ in 0..<Int.random(in: 1...4) {
                ids += try connection.query(
                    """
                    INSERT INTO notifications (school_id, student_id, kind, entity, entity_id)
                    VALUES ($1, $2, 'feedback', 'feedback', gen_random_uuid()) RETURNING id
                    """, [String(school), child]
                ).rows.compactMap { $0[0] }
                // Makes transactions overlap.
                usleep(.random(in: 0...20_000))
            }
            if (round + number) % 10 == 9 {
                try connection.execute("ROLLBACK")
            } else {
                try connection.execute("COMMIT")
                told.ids.withLock { $0.formUnion(ids) }
            }
        }
    }
}
