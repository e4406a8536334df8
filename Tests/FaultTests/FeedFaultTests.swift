import Glibc
import JSON
import Postgres
import Testing

/// PostgreSQL and the server are killed while a program follows a feed; it still gets every change that was committed.
@Suite(.serialized) struct FeedFaultTests {
    @Test func nothingIsMissedWhenPostgreSQLOrTheServerIsKilled() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let client = server.client()
        client.token = try server.signIn("head")
        var cursor = try #require(try client.send("GET", "/v1/changes").json["cursor"]?.string)
        var received: Set<String> = []
        var committed: Set<String> = []
        /// Reads pages until there are no more, or the server does not answer.
        func poll() throws {
            while true {
                guard let answer = try? client.send("GET", "/v1/changes?limit=5&since=\(cursor)"), answer.status == 200,
                    let next = answer.json["cursor"]?.string
                else { return }
                cursor = next
                for item in answer.json["items"]?.array ?? [] { received.insert(item["id"]?.string ?? "") }
                if answer.json["has_more"]?.bool != true { return }
            }
        }
        func write(_ connection: BlockingConnection, _ name: String) throws -> String {
            try connection.query(
                """
                INSERT INTO rooms (school_id, id, name)
                SELECT id, gen_random_uuid(), $1 FROM schools WHERE code = 'lyceum29' RETURNING id
                """, [name]
            ).first!
        }
        for round in 0..<(Long.isOn ? 30 : 6) {
            let writers = try (0..<3).map { _ in try database.owner() }
            // One transaction is lost in the crash, others have a number, write nothing and are rolled back. PostgreSQL
            // uses all these numbers again.
            try writers[0].execute("BEGIN")
            _ = try write(writers[0], "Потеряно \(round)")
            committed.insert(try write(writers[1], "Кабинет \(round)"))
            try poll()
            for _ in 0..<20 {
                try writers[2].execute("BEGIN; SELECT pg_current_xact_id(); ROLLBACK")
            }
            try writers[1].execute("BEGIN")
            let late = try write(writers[1], "Поздно \(round)")
            try poll()
            if round % 3 == 2 {
                try server.kill()
                try writers[1].execute("COMMIT")
                committed.insert(late)
                try server.start()
            } else {
                try database.stop(.immediate)
                try poll()
                try database.start()
            }
            try server.waitUntilReady(seconds: 20)
            let owner = try database.owner()
            for number in 0..<8 { committed.insert(try write(owner, "После \(round).\(number)")) }
            try eventually("all changes of round \(round) arrive", seconds: 20) {
                try poll()
                return committed.isSubset(of: received)
            }
        }
        let there = try database.owner().query("SELECT id FROM rooms WHERE name ~ '^(Кабинет|Поздно|После|Потеряно) '")
            .rows.compactMap { $0[0] }
        #expect(Set(there) == committed)
        #expect(received.isSuperset(of: committed))
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print("\(committed.count) changes committed, \(received.count) received")
    }
}
