import DiaryServer
import DiaryTalk
import DiaryTestSupport
import Postgres
import TestSupport
import TestTools
import Testing

/// A step of the timeline with more notifications than fit into one page.
@Suite struct EventStepTests {
    @Test func manyNotificationsAtOnceComeOnceEach() async throws {
        let server = try await EventRoom.server(cores: 1) { $0.events.page = 50 }
        let room = try EventRoom(server)
        let child = room.ids.others[0]
        let family = try [room.student(child)] + room.guardians(of: child).map { try room.guardian($0) }
        #expect(family.count > 1)
        let readers = try family.map { try room.stream($0) }
        let count = 1000
        // One of them is for the student alone, so that the others end at odd places of the pages.
        try tell(room, child, count)
        for (index, reader) in readers.enumerated() {
            var seen: Set<String> = []
            for _ in 0..<(index == 0 ? count : count - 1) {
                let id = try reader.notification(seconds: 30)
                #expect(seen.insert(id).inserted, "\(id) came twice")
            }
        }
        let last = try room.tell(child)
        for reader in readers { #expect(try reader.notification() == last) }
    }

    /// What a reader does not take is not read from the database, except for what fits into the socket.
    @Test func nothingIsReadAheadOfTheReader() async throws {
        let server = try await EventRoom.server(cores: 1) { configuration in
            configuration.events.page = 500
            configuration.admin = RunningServer.Configuration.Admin(host: "127.0.0.1", port: 0)
        }
        let room = try EventRoom(server)
        let child = room.ids.others[0]
        let stuck = try EventReader(port: server.port, token: room.student(child).token, receiveBuffer: 2048)
        #expect(try stuck.next()?.name == "ready")
        func events() throws -> Double {
            let admin = TestClient(port: try #require(server.server.adminPort))
            return try MetricsText(try admin.get("/metrics").text).values("lyceum_events_total").reduce(0, +)
        }
        #expect(try events() == 0)
        try tell(room, child, 40_000)
        #expect(try await eventually { try events() > 0 })
        #expect(try events() < 30_000)
    }

    private func tell(_ room: EventRoom, _ child: String, _ count: Int) throws {
        try room.owner.execute(
            """
            INSERT INTO notifications (school_id, student_id, person_id, kind, entity, entity_id)
            SELECT \(room.ids.school), '\(child)', CASE n WHEN 1 THEN '\(child)'::uuid END, 'feedback', 'feedback', gen_random_uuid()
            FROM generate_series(1, \(count)) n
            """)
    }
}
