import Postgres
import Testing

/// PostgreSQL is restarted, and some of its sessions are killed, while the server is in use.
@Suite(.serialized) struct RestartTests {
    @Test(arguments: [PrivatePostgres.Stop.fast, .immediate])
    func aRestartIsA503AndThenItGoesOn(_ mode: PrivatePostgres.Stop) throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let school = try FaultSchool(database)
        let load = try Load(on: server, school, in: database)
        try load.waitForMore(50, seconds: 60)

        try database.stop(mode)
        try eventually("/readyz says why", seconds: 5) {
            let answer = try server.client().send("GET", "/readyz")
            return answer.status == 503 && answer.code == "database_unavailable" && answer.retryAfter != nil
        }
        #expect(try server.client().send("GET", "/livez").status == 200)
        let refused = load.tally.unavailable
        try eventually("requests are refused at once", seconds: 5) { load.tally.unavailable > refused + 20 }

        try database.start()
        // At most 5 to 7.5 seconds pass between two attempts.
        try server.waitUntilReady(seconds: 20)
        try load.waitForMore(50, seconds: 60)
        try load.finish(database)
        #expect(try server.isAlive)
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }

    @Test func killedSessionsComeBack() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let school = try FaultSchool(database)
        let load = try Load(on: server, school, in: database)
        try load.waitForMore(50, seconds: 60)
        let superuser = try database.superuser()
        var killed = 0
        for _ in 0..<20 {
            // One at a time, of any lane.
            killed += try superuser.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE usename = 'lyceum_server' AND backend_type = 'client backend' ORDER BY random() LIMIT 1
                """
            ).rows.count
            try load.waitForMore(2, seconds: 60)
        }
        #expect(killed == 20)
        try server.waitUntilReady(seconds: 20)
        try load.waitForMore(50, seconds: 60)
        try load.finish(database)
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }
}
