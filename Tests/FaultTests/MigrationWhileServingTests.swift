import Postgres
import Testing

/// The schema changes under a running server: statements that were prepared before no longer fit.
@Suite(.serialized) struct MigrationWhileServingTests {
    @Test func requestsGoOnWithoutErrors() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(on: server, try FaultSchool(database), in: database)
        try load.waitForMore(50, seconds: 30)
        let owner = try database.owner()
        // Each changes the result of several statements of one request. A lock is not waited for: load would queue behind it.
        for type in ["varchar(9000)", "text", "varchar(9000)"] {
            try eventually("the tables are altered", seconds: 30) {
                try? owner.execute(
                    """
                    BEGIN; SET LOCAL lock_timeout = '200ms';
                    ALTER TABLE idempotency_keys ALTER COLUMN body TYPE bytea, ALTER COLUMN owner TYPE \(type);
                    ALTER TABLE line_items ALTER COLUMN title TYPE \(type);
                    ALTER TABLE marks ALTER COLUMN comment TYPE \(type);
                    ALTER TABLE lessons ALTER COLUMN topic TYPE \(type);
                    ALTER TABLE homework ALTER COLUMN text TYPE \(type);
                    COMMIT
                    """)
            }
            try load.waitForMore(40, seconds: 30)
        }
        try load.finish(database)
        #expect(load.tally.unavailable == 0, "\(load.tally.description)")
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }
}
