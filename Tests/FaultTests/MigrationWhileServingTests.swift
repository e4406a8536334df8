import Postgres
import Testing

/// The schema changes under a running server, so that statements prepared before no longer fit.
@Suite(.serialized) struct MigrationWhileServingTests {
    @Test func requestsGoOnWithoutErrors() throws {
        let database = try PrivatePostgres()
        let server = try LyceumServer(database.serverURL)
        try server.waitUntilReady(seconds: 20)
        let load = try Load(on: server, try FaultSchool(database), in: database)
        try load.waitForMore(50, seconds: 60)
        let owner = try database.owner()
        // Each change affects the results of several statements of one request.
        for (text, integer) in [("varchar(9000)", "bigint"), ("text", "integer"), ("varchar(9000)", "bigint")] {
            var refusal = ""
            try eventually("the tables are altered: \(refusal)", seconds: 30) {
                do {
                    try owner.transaction {
                        try owner.execute(
                            """
                            SET LOCAL lock_timeout = '1500ms';
                            LOCK TABLE sections, categories, line_items, homework;
                            ALTER TABLE categories ALTER COLUMN short_name TYPE \(text);
                            ALTER TABLE line_items ALTER COLUMN version TYPE \(integer);
                            ALTER TABLE homework ALTER COLUMN text TYPE \(text);
                            """)
                    }
                    return true
                } catch {
                    refusal = "\(error)"
                    return false
                }
            }
            try load.waitForMore(40, seconds: 60)
        }
        try load.finish(database)
        #expect(load.tally.harmed == 0, "\(load.tally.description)")
        #expect(server.unforeseen.isEmpty, "\(server.unforeseen)")
        print(load.tally.description)
    }
}
