import Glibc
import Postgres
import Reactor
import TestSupport
import Testing

/// Writers continue while the server is killed and PostgreSQL is restarted. Afterwards everything acknowledged exists
/// exactly once, with its history, and nothing is half written.
@Suite(.serialized) struct ChaosTests {
    @Test func everythingAcknowledgedIsThereOnce() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(
            on: server, try FaultSchool(database), in: database, readers: 2, writers: 6,
            tally: Tally(serverMayDie: true, limit: 25), patience: 90)
        try load.waitForMore(50, seconds: 60)
        let end = Clock.now + .seconds(Long.isOn ? 30 : 8)
        var faults = 0
        // Each kind of fault happens at least once.
        while Clock.now < end || faults < 5 {
            switch faults % 5 {
            case 0:
                try server.kill()
                try server.start()
            case 1: try database.restart(.immediate)
            case 2:
                // The server starts while its database is down.
                try server.kill()
                try database.stop(.fast)
                let starting = WorkThread { Result { try server.start() } }
                try database.start()
                try starting.join().get()
            case 3: try database.restart(.fast)
            default:
                // Both at once.
                try database.stop(.immediate)
                try server.kill()
                try database.start()
                try server.start()
            }
            faults += 1
            // Each time some requests succeed in between.
            try load.waitForMore(15, seconds: 60)
        }
        try server.waitUntilReady(seconds: 20)
        try load.waitForMore(50, seconds: 60)
        try load.finish(database)
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(faults, load.tally.description)
    }
}
