import Postgres
import Testing

/// PostgreSQL stops answering, as behind a network that drops everything.
@Suite(.serialized) struct SilenceTests {
    @Test func aStoppedDatabaseIsA503InBoundedTimeAndLateAnswersReachNobodyElse() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(
            on: server, try FaultSchool(database), in: database, tally: Tally(limit: 25), patience: 90)
        try load.waitForMore(50, seconds: 60)

        for _ in 0..<(Long.isOn ? 3 : 1) {
            database.pause()
            let refused = load.tally.unavailable
            try eventually("requests end", seconds: 30) { load.tally.unavailable > refused + 10 }
            try eventually("/readyz says why", seconds: 30) {
                let answer = try server.client().send("GET", "/readyz")
                return answer.status == 503 && answer.code == "database_unavailable"
            }
            #expect(try server.client().send("GET", "/livez").status == 200)
            database.resume()
            try server.waitUntilReady(seconds: 20)
            try load.waitForMore(30, seconds: 60)
        }
        try load.finish(database)
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }
}
