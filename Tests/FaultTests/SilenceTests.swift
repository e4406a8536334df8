import Postgres
import Testing

/// PostgreSQL stops where it stands, as behind a network that drops everything.
@Suite(.serialized) struct SilenceTests {
    @Test func aStoppedDatabaseIsA503InBoundedTimeAndLateAnswersReachNobodyElse() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(
            on: server, try FaultSchool(database), in: database, tally: Tally(limit: 25), patience: 90)
        try load.waitForMore(50, seconds: 30)

        for _ in 0..<2 {
            database.pause()
            let refused = load.tally.unavailable
            try eventually("requests end", seconds: 30) { load.tally.unavailable > refused + 10 }
            #expect(try server.client().send("GET", "/livez").status == 200)
            database.resume()
            try server.waitUntilReady(seconds: 20)
            try load.waitForMore(30, seconds: 30)
        }
        try load.finish(database)
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }

    @Test func readyzSaysSoWhileTheDatabaseIsSilent() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(on: server, try FaultSchool(database), in: database, tally: Tally(limit: 25))
        try load.waitForMore(20, seconds: 30)
        database.pause()
        try eventually("/readyz is 503", seconds: 30) {
            let answer = try server.client().send("GET", "/readyz")
            return answer.status == 503 && answer.code == "database_unavailable"
        }
        database.resume()
        try server.waitUntilReady(seconds: 20)
        try load.finish(database)
    }
}
