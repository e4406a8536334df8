import Glibc
import Postgres
import Testing

/// SIGTERM while the server is in use.
@Suite(.serialized) struct ShutdownTests {
    @Test func requestsInFlightFinishAndNothingAcknowledgedIsLost() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL, grace: 10)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(
            on: server, try FaultSchool(database), in: database, tally: Tally(serverMayDie: true))
        try load.waitForMore(50, seconds: 60)
        for _ in 0..<3 {
            server.signal(SIGTERM)
            let status = try server.end(seconds: 12)
            #expect(status == 0, "\(server.log.suffix(3000))")
            #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
            #expect(server.log.contains("\"clean\":\"true\""), "\(server.log)")
            try server.start()
            try load.waitForMore(30, seconds: 60)
        }
        try load.finish(database)
        // Every write that was done was also answered.
        #expect(load.tally.count("unknown, had landed") == 0, "\(load.tally.description)")
        print(load.tally.description)
    }
}
