import DiaryServer
import Postgres
import TestSupport
import Testing

/// The server refuses to start with a database role that bypasses row-level security.
@Suite struct StartChecksTests {
    let database: TestDatabase

    init() throws { database = try TestDatabase(.shipped) }

    @Test func ownSessionIsAccepted() throws {
        try StartChecks.ownSession(BlockingConnection(url: database.serverURL), url: database.serverURL)
    }

    @Test func serversRoleIsAccepted() throws {
        try StartChecks.rowSecurity(BlockingConnection(url: database.serverURL))
    }

    @Test func aSuperuserIsRefused() throws {
        let failure = #expect(throws: StartChecks.Failure.self) {
            try StartChecks.rowSecurity(BlockingConnection(url: database.superuserURL))
        }
        #expect(failure?.description.contains("Row-level security does not bind") == true)
    }

    @Test func ownerIsRefused() throws {
        #expect(throws: StartChecks.Failure.self) {
            try StartChecks.rowSecurity(BlockingConnection(url: database.ownerURL))
        }
    }

    @Test func aTableWithoutRowSecurityIsRefused() throws {
        try BlockingConnection(url: database.ownerURL).execute("ALTER TABLE marks DISABLE ROW LEVEL SECURITY")
        let failure = #expect(throws: StartChecks.Failure.self) {
            try StartChecks.rowSecurity(BlockingConnection(url: database.serverURL))
        }
        #expect(failure?.description.contains("marks") == true)
    }

    @Test func aRoleThatMakesTablesIsRefused() throws {
        let server = try BlockingConnection(url: database.serverURL)
        try StartChecks.temporaryTables(server)
        let superuser = try BlockingConnection(url: database.superuserURL)
        for role in ["PUBLIC", "lyceum_app"] {
            try superuser.execute("GRANT TEMPORARY ON DATABASE \(database.name) TO \(role)")
            let failure = #expect(throws: StartChecks.Failure.self) { try StartChecks.temporaryTables(server) }
            #expect(failure?.description.contains("REVOKE TEMPORARY ON DATABASE \(database.name) FROM") == true)
            try superuser.execute("REVOKE TEMPORARY ON DATABASE \(database.name) FROM \(role)")
        }
    }

    @Test func anEmptyDatabaseIsRefused() throws {
        let empty = try TestDatabase(.empty)
        #expect(throws: StartChecks.Failure.self) {
            try StartChecks.rowSecurity(BlockingConnection(url: empty.ownerURL))
        }
    }
}
