import FoundationEssentials
import Postgres
import TestSupport
import Testing

/// The schema of this checkout: the files, schema.sql, and databases that were made by other files.
@Suite struct SchemaTests {
    let migrations: Migrations

    init() throws { migrations = try Migrations.load(directory: TestDatabase.migrations) }

    func migrator(_ database: TestDatabase, _ migrations: Migrations? = nil) throws -> Migrator {
        try Migrator(url: database.ownerURL, migrations ?? self.migrations)
    }

    /// After a change of the schema run `lyceum migrate dump > Migrations/schema.sql`.
    @Test func schemaFileMatchesTheMigrations() throws {
        let database = try TestDatabase(.shipped)
        let dumped = try migrator(database).dump().split(separator: "\n")
        let committed = try #require(migrations.schema).split(separator: "\n")
        #expect(dumped.difference(from: committed).map { "\($0)" } == [])
    }

    /// An older program does not know the kinds of work of a file that was reverted.
    @Test func revertedFilesLeaveNoBackgroundWork() throws {
        let database = try TestDatabase(.shipped)
        let owner = try BlockingConnection(url: database.ownerURL)
        let released = 22
        let later = [
            "forget_notifications", "tell_debts", "write_week_digests", "forget_messages", "forget_threads",
            "begin_announcement", "webhook_changes", "webhook_delivery", "forget_webhook_deliveries", "plan_push",
            "plan_mail", "send_push", "send_mail", "send_email_code", "forget_deliveries", "forget_email_codes",
            "forget_push_subscriptions",
        ]
        try owner.execute("INSERT INTO schools (code, name, time_zone) VALUES ('one', 'One', 'Asia/Omsk')")
        try owner.query(
            "INSERT INTO pending (school_id, kind, due_at) SELECT min(id), k, now() FROM schools, unnest($1::text[]) k GROUP BY k",
            ["{forget_sessions,\(later.joined(separator: ","))}"])
        let steps = migrations.files.count { $0.version > released }
        _ = try migrator(database).down(steps: steps, allowDestructive: true)
        #expect(try owner.query("SELECT kind FROM pending").rows.map { $0[0] } == ["forget_sessions"])
    }

    @Test(arguments: [
        "ALTER TABLE rooms ADD COLUMN extra int", "ALTER TABLE rooms ALTER COLUMN capacity SET NOT NULL",
        "DROP INDEX rooms_external_id", "GRANT TRUNCATE ON rooms TO lyceum_app", "GRANT SELECT (id) ON rooms TO PUBLIC",
        "ALTER TABLE rooms DISABLE ROW LEVEL SECURITY", "ALTER POLICY tenant ON rooms USING (true)",
        "ALTER TABLE rooms ADD CONSTRAINT x CHECK (capacity > 0)", "COMMENT ON COLUMN rooms.name IS 'x'",
        "CREATE TRIGGER x AFTER INSERT ON rooms FOR EACH ROW EXECUTE FUNCTION lyceum.audit()",
        "ALTER FUNCTION lyceum.audit() SECURITY INVOKER", "GRANT EXECUTE ON FUNCTION lyceum.audit() TO lyceum_app",
        "CREATE STATISTICS x ON id, name FROM rooms", "ALTER VIEW staff_profiles SET (security_invoker = false)",
        "CREATE OR REPLACE FUNCTION lyceum.today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE RETURN '2000-01-01'::date",
        "ALTER TABLE student_photos ALTER COLUMN content SET STORAGE MAIN", "ALTER TABLE rooms DROP COLUMN building",
        "COMMENT ON COLLATION lyceum.names IS 'x'",
    ])
    func dumpSeesTheChange(_ change: String) throws {
        let database = try TestDatabase(.shipped)
        try BlockingConnection(url: database.ownerURL).execute(change)
        #expect(try migrator(database).dump() != migrations.schema)
    }

    @Test func verifyFindsNothing() throws {
        let database = try TestDatabase(.shipped)
        #expect(try migrator(database).verify() == [])
    }

    // MARK: Installed files

    /// Whether `serve` takes the database for one with these files, without asking the migrator.
    func isApplied(_ database: TestDatabase) throws -> Bool {
        let connection = try BlockingConnection(url: database.ownerURL)
        return try InstalledSchema(directory: TestDatabase.migrations).isApplied(connection) {
            try connection.query("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", [$0]).first ?? ""
        }
    }

    @Test func installedFilesAreRecognized() throws {
        let database = try TestDatabase(.shipped)
        try BlockingConnection(url: database.ownerURL).execute("CREATE VIEW somebody AS SELECT 1 AS one")
        #expect(try isApplied(database))
        #expect(try migrator(database).standing() == .current)
    }

    @Test(arguments: [
        "UPDATE schema_migrations SET checksum = 'x' WHERE version = 3",
        "UPDATE schema_migrations SET name = 'x' WHERE version = 3",
        "UPDATE schema_migrations SET applied_at = NULL WHERE version = 3",
        "DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)",
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (1000, 'x', 'x', now())",
        "UPDATE schema_functions SET source = source || '-- older' WHERE path = 'base/context.sql'",
        "DELETE FROM schema_functions WHERE path = 'base/context.sql'",
        "INSERT INTO schema_functions VALUES ('x.sql', 'CREATE OR REPLACE FUNCTION x() RETURNS int RETURN 1', now())",
        "DROP FUNCTION lyceum.current_school CASCADE", "DROP VIEW staff_profiles CASCADE",
        "DROP TRIGGER version ON rooms", "DROP TABLE schema_functions", "DROP TABLE schema_migrations",
    ])
    func otherSchemaIsNotRecognized(_ change: String) throws {
        let database = try TestDatabase(.shipped)
        try BlockingConnection(url: database.ownerURL).execute(change)
        #expect(try !isApplied(database))
        #expect(try migrator(database).standing() != .current)
    }

    // MARK: Baseline

    /// A database as if other files had made the same tables and other functions.
    func madeByOthers() throws -> TestDatabase {
        let database = try TestDatabase(.shipped)
        try BlockingConnection(url: database.ownerURL).execute(
            """
            DROP TABLE schema_functions;
            UPDATE schema_migrations SET name = 'early_' || name, checksum = 'other';
            INSERT INTO schema_migrations (version, name, checksum, applied_at) SELECT 100 + n, 'n' || n, 'x', now()
            FROM generate_series(1, 20) n;
            CREATE FUNCTION lyceum.early() RETURNS int RETURN 1;
            CREATE OR REPLACE FUNCTION lyceum.current_school() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE RETURN 5;
            INSERT INTO schools (code, name) VALUES ('kept', 'Kept')
            """)
        return database
    }

    @Test func baselineTakesOverADatabaseOfOtherFiles() throws {
        let database = try madeByOthers()
        let connection = try BlockingConnection(url: database.ownerURL)
        let migrator = try migrator(database)
        let problems = try migrator.verify()
        #expect(problems.count == 1 && problems[0].contains("lyceum migrate baseline"), "\(problems)")
        guard case .different = try migrator.standing() else { return #expect(Bool(false)) }
        let refused = try #require(throws: MigrationError.self) { try migrator.up() }
        #expect(refused.description.contains("lyceum migrate baseline"))

        try migrator.baseline()
        #expect(try migrator.standing() == .current)
        #expect(try migrator.verify() == [])
        #expect(try connection.query("SELECT to_regproc('lyceum.early')").first == nil)
        #expect(try connection.query("SELECT lyceum.current_school()").first == nil)
        #expect(try connection.query("SELECT code FROM schools").rows == [["kept"]])
        #expect(throws: MigrationError.self) { try migrator.baseline() }
    }

    /// Files newer than the state of the database are run in the same transaction.
    @Test func baselineRunsTheFilesAfterItsOwn() throws {
        let database = try TestDatabase(.empty)
        let connection = try BlockingConnection(url: database.ownerURL)
        try migrator(database).up(to: 7)
        try connection.execute("UPDATE schema_migrations SET name = 'early_' || name; DROP TABLE schema_functions")
        #expect(throws: MigrationError.self) { try migrator(database).baseline(at: 6) }
        #expect(throws: MigrationError.self) { try migrator(database).baseline() }
        #expect(throws: MigrationError.self) { try migrator(database).baseline(at: 1000) }
        // A later file drops a table.
        let refused = try #require(throws: MigrationError.self) { try migrator(database).baseline(at: 7) }
        #expect(refused.description.contains("--allow-destructive"))
        try migrator(database).baseline(at: 7, allowDestructive: true)
        #expect(try migrator(database).standing() == .current)
        #expect(try migrator(database).verify() == [])
        #expect(try migrator(database).dump() == migrations.schema)
    }

    @Test func baselineRefusesAnotherSchemaAndChangesNothing() throws {
        let database = try madeByOthers()
        let connection = try BlockingConnection(url: database.ownerURL)
        try connection.execute("CREATE INDEX strange ON rooms (school_id, capacity)")
        let error = try #require(throws: MigrationError.self) { try migrator(database).baseline() }
        #expect(error.description.contains("+CREATE INDEX strange"), "\(error)")
        #expect(try connection.query("SELECT lyceum.early()").first == "1")
        #expect(try connection.query("SELECT count(*) FROM schema_migrations WHERE checksum = 'x'").first == "20")
    }

    @Test func emptyDatabaseHasNoBaseline() throws {
        let database = try TestDatabase(.empty)
        let error = try #require(throws: MigrationError.self) { try migrator(database).baseline() }
        #expect(error.description.contains("lyceum migrate up"))
    }

    // MARK: Repair

    @Test func repairAcceptsAChangedCommentAndRestoresFunctions() throws {
        let database = try TestDatabase(.shipped)
        let connection = try BlockingConnection(url: database.ownerURL)
        try connection.execute(
            """
            UPDATE schema_migrations SET checksum = 'mended' WHERE version = 2;
            CREATE OR REPLACE FUNCTION lyceum.current_school() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE RETURN 5
            """)
        let migrator = try migrator(database)
        #expect(throws: MigrationError.self) { try migrator.up() }
        #expect(try migrator.repair() == [migrations.files[1].fileName])
        #expect(try migrator.standing() == .current)
        #expect(try connection.query("SELECT lyceum.current_school()").first == nil)
        #expect(try migrator.repair() == [])
    }

    @Test func repairRefusesOtherChanges() throws {
        let database = try TestDatabase(.shipped)
        let connection = try BlockingConnection(url: database.ownerURL)
        try connection.execute(
            "UPDATE schema_migrations SET checksum = 'other' WHERE version = 2; ALTER TABLE users ADD COLUMN x int")
        let error = try #require(throws: MigrationError.self) { try migrator(database).repair() }
        guard case .otherSchema = error else { return #expect(Bool(false), "\(error)") }
        #expect(try migrator(database).status()[1].state == .changed)

        try connection.execute("DELETE FROM schema_migrations WHERE version = \(migrations.files.count)")
        let pending = try #require(throws: MigrationError.self) { try migrator(database).repair() }
        guard case .notToAdopt = pending else { return #expect(Bool(false), "\(pending)") }
    }
}
