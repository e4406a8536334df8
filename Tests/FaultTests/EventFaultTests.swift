import Glibc
import JSON
import Postgres
import TestSupport
import Testing

/// PostgreSQL and the server are killed while a student's stream of events is open; the student gets every notification
/// that was committed, once.
@Suite(.serialized) struct EventFaultTests {
    @Test func nothingIsMissedOrComesTwiceWhenPostgreSQLOrTheServerIsKilled() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        var stream = Stream(server, try server.signIn("student"))
        try stream.follow(seconds: 1)
        var committed: Set<String> = []
        func write(_ connection: BlockingConnection) throws -> String {
            try connection.query(
                """
                INSERT INTO notifications (school_id, student_id, kind, entity, entity_id)
                SELECT school_id, id, 'feedback', 'feedback', gen_random_uuid() FROM users WHERE login = 'student' RETURNING id
                """
            ).first!
        }
        for round in 0..<(Long.isOn ? 30 : 6) {
            let writers = try (0..<3).map { _ in try database.owner() }
            // One transaction is lost in the crash, others have a number, write nothing and are rolled back. PostgreSQL
            // uses all these numbers again.
            try writers[0].execute("BEGIN")
            _ = try write(writers[0])
            committed.insert(try write(writers[1]))
            try stream.follow(seconds: 1)
            for _ in 0..<20 {
                try writers[2].execute("BEGIN; SELECT pg_current_xact_id(); ROLLBACK")
            }
            try writers[1].execute("BEGIN")
            let late = try write(writers[1])
            if round % 2 == 0 { try stream.follow(seconds: 0.7) }
            if round % 3 == 2 {
                try server.kill()
                try writers[1].execute("COMMIT")
                committed.insert(late)
                try server.start()
            } else {
                try database.stop(.immediate)
                try database.start()
            }
            try server.waitUntilReady(seconds: 20)
            let owner = try database.owner()
            for _ in 0..<8 { committed.insert(try write(owner)) }
            try eventually("all notifications of round \(round) arrive", seconds: 20) {
                try stream.follow(seconds: 0.5)
                return committed.isSubset(of: stream.received)
            }
        }
        try stream.follow(seconds: 1)
        #expect(stream.received.sorted() == committed.sorted())
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print("\(committed.count) notifications committed, \(stream.received.count) received, \(stream.breaks) breaks")
    }

    @Test func sigtermEndsOpenStreamsAtOnce() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL, grace: 20)
        try server.waitUntilReady(seconds: 20)
        let token = try server.signIn("student")
        let readers = try (0..<8).map { _ in try EventReader(port: server.port, token: token) }
        for reader in readers { #expect(try reader.next()?.name == "ready") }
        server.signal(SIGTERM)
        for reader in readers {
            // The last chunk has arrived.
            #expect(try reader.next(seconds: 3) == nil)
            #expect((500...5000).contains(reader.retry ?? 0))
        }
        #expect(try server.end(seconds: 5) == 0)
        #expect(server.log.contains("\"clean\":\"true\""), "\(server.log)")
    }

    /// Connects again with the last id whenever its stream has ended.
    private struct Stream {
        let server: LyceumServer
        let token: String
        private var reader: EventReader?
        private var cursor: String?
        private(set) var received: [String] = []
        private(set) var breaks = 0

        init(_ server: LyceumServer, _ token: String) {
            self.server = server
            self.token = token
        }

        /// Reads until nothing comes for a while, or the stream ends.
        mutating func follow(seconds: Double) throws {
            if reader == nil {
                guard let made = try? EventReader(port: server.port, token: token, after: cursor), made.status == 200
                else {
                    return
                }
                reader = made
            }
            do {
                while let event = try reader?.next(seconds: seconds) {
                    cursor = event.id
                    if event.name == "notification" {
                        received.append(try JSONValue(parsing: Array(event.data.utf8))["id"]?.string ?? "")
                    }
                }
            } catch EventReader.Failure.hung {
                return
            } catch is EventReader.Failure {}
            breaks += 1
            reader = nil
        }
    }
}
