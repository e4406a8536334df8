import FoundationEssentials
import Postgres
import TestSupport
import Testing

@Suite struct MigratorTests {
    let database: TestDatabase
    let connection: BlockingConnection

    init() throws {
        database = try TestDatabase(.empty)
        connection = try BlockingConnection(url: database.ownerURL)
    }

    static let schools = file(
        1, "schools", up: "CREATE TABLE schools (id int PRIMARY KEY);", down: "DROP TABLE schools;")
    static let marks = file(2, "marks", up: "CREATE TABLE marks (id int PRIMARY KEY);", down: "DROP TABLE marks;")

    static func file(
        _ version: Int, _ name: String, up: String, down: String? = nil, transaction: Bool = true
    ) -> (String, String) {
        (
            "000\(version)_\(name).sql",
            (transaction ? "" : "-- migrate:no-transaction\n") + "-- migrate:up\n\(up)\n"
                + (down.map { "-- migrate:down\n\($0)\n" } ?? "")
        )
    }

    func migrator(
        _ files: (String, String)..., options: Migrator.Options = .init(),
        report: @escaping (Migrator.Event) -> Void = { _ in }
    ) throws -> Migrator {
        let files = try files.map { try MigrationFile(fileName: $0.0, contents: $0.1) }
        return try Migrator(url: database.ownerURL, Migrations(files: files), options: options, report: report)
    }

    func exists(_ relation: String) throws -> Bool {
        try connection.query("SELECT to_regclass($1)", [relation]).first != nil
    }

    func states(_ migrator: Migrator) throws -> [MigrationHistory.State] { try migrator.status().map(\.state) }

    // MARK: Up and down

    @Test func upAppliesPendingFilesOnce() throws {
        let one = try migrator(Self.schools)
        #expect(try states(one) == [.pending])
        #expect(try one.standing() != .current)
        #expect(try one.up().versions == [1])
        let both = try migrator(Self.schools, Self.marks)
        #expect(try states(both) == [.applied, .pending])
        #expect(try both.plan().map(\.fileName) == ["0002_marks.sql"])
        #expect(try both.up().versions == [2])
        #expect(try both.up().versions == [])
        #expect(try both.standing() == .current)
        #expect(try exists("schools") && exists("marks"))
        let entry = try #require(try both.status().first)
        #expect(entry.appliedAt?.hasSuffix("Z") == true)
        #expect((entry.seconds ?? -1) >= 0)
    }

    @Test func upStopsAtATarget() throws {
        #expect(try migrator(Self.schools, Self.marks).up(to: 1).versions == [1])
        #expect(try !exists("marks"))
    }

    @Test func lookingChangesNothing() throws {
        let migrator = try migrator(Self.schools)
        _ = (try migrator.status(), try migrator.plan(), try migrator.verify())
        #expect(try !exists("schema_migrations"))
    }

    @Test func downUndoesTheNewest() throws {
        let migrator = try migrator(Self.schools, Self.marks)
        try migrator.up()
        #expect(try migrator.down() == [2])
        #expect(try exists("schools") && !exists("marks"))
        #expect(try states(migrator) == [.applied, .pending])
        #expect(try migrator.up().versions == [2])
        #expect(try migrator.down(steps: 9) == [2, 1])
        #expect(try !exists("schools"))
        #expect(throws: MigrationError.self) { try migrator.down() }
    }

    @Test func fileWithoutDownStaysAndNothingElseIsUndone() throws {
        let migrator = try migrator(Self.file(1, "schools", up: "CREATE TABLE schools ();"), Self.marks)
        try migrator.up()
        let error = try #require(throws: MigrationError.self) { try migrator.down(steps: 2) }
        guard case .irreversible("0001_schools.sql") = error else { return #expect(Bool(false), "\(error)") }
        #expect(try exists("marks"))
    }

    // MARK: Failures

    @Test func failingFileLeavesNothing() throws {
        let migrator = try migrator(
            Self.schools,
            Self.file(2, "broken", up: "CREATE TABLE half ();\nCREATE TABLE other ();\nSELECT missing_column;"),
            Self.marks3)
        let error = try #require(throws: MigrationError.self) { try migrator.up() }
        guard case .failed("0002_broken.sql", line: 4, let failure) = error else {
            return #expect(Bool(false), "\(error)")
        }
        #expect(failure.sqlState == "42703")
        #expect(try exists("schools"))
        #expect(try !exists("half") && !exists("marks"))
        #expect(try states(migrator) == [.applied, .pending, .pending])
    }

    static let marks3 = file(3, "marks", up: "CREATE TABLE marks ();")

    @Test func deferredConstraintFailsTheFile() throws {
        let migrator = try migrator(
            Self.file(
                1, "late",
                up: """
                    CREATE TABLE a (id int PRIMARY KEY);
                    CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
                    INSERT INTO b VALUES (1);
                    """))
        #expect(throws: MigrationError.self) { try migrator.up() }
        #expect(try !exists("a"))
        #expect(try states(migrator) == [.pending])
    }

    @Test func fileDoesNotReachTheNextOnesSession() throws {
        let migrator = try migrator(
            Self.file(
                1, "settings",
                up: "CREATE SCHEMA x; SET search_path TO x; SET lock_timeout TO 1; SET ROLE lyceum_owner;"),
            Self.file(2, "marks", up: "CREATE TABLE marks ();"))
        try migrator.up()
        #expect(try exists("public.marks"))
    }

    @Test func busyTableGivesUp() throws {
        try connection.execute("CREATE TABLE busy ()")
        let other = try BlockingConnection(url: database.ownerURL)
        try other.execute("BEGIN; LOCK TABLE busy")
        var options = Migrator.Options()
        options.lockTimeout = .milliseconds(50)
        let migrator = try migrator(
            Self.file(1, "busy", up: "CREATE TABLE new ();\nALTER TABLE busy ADD COLUMN a int;"), options: options)
        let error = try #require(throws: MigrationError.self) { try migrator.up() }
        guard case .failed(_, _, let failure) = error else { return #expect(Bool(false), "\(error)") }
        #expect(failure.sqlState == "55P03")
        #expect(error.description.contains("quieter time"))
        #expect(try !exists("new"))
    }

    // MARK: Lock

    @Test func onlyOneMigratorAtATime() throws {
        let other = try BlockingConnection(url: database.ownerURL)
        try other.query("SELECT pg_advisory_lock(x'4C594345'::int, 1)")
        let holder = try other.query("SELECT pg_backend_pid()").first.flatMap { Int($0) }
        var options = Migrator.Options()
        options.patience = .milliseconds(50)
        var waitedFor: [Int?] = []
        let migrator = try migrator(Self.schools, options: options) { event in
            if case .waiting(let holder) = event { waitedFor.append(holder) }
        }
        let error = try #require(throws: MigrationError.self) { try migrator.up() }
        guard case .busy(holder: holder, _) = error else { return #expect(Bool(false), "\(error)") }
        #expect(waitedFor == [holder])
        #expect(try !exists("schools"))

        try other.query("SELECT pg_advisory_unlock_all()")
        #expect(try migrator.up().versions == [1])
    }

    @Test func aWaitingMigratorGoesOnWhenTheOtherIsDone() async throws {
        let url = database.ownerURL
        let migrations = try Migrations(
            files: [Self.schools, Self.marks].map { try MigrationFile(fileName: $0.0, contents: $0.1) })
        let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<3 { group.addTask { try Migrator(url: url, migrations).up().versions } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted() == [1, 2])
    }

    @Test func lockIsFreeAfterwards() throws {
        let migrator = try migrator(Self.schools)
        try migrator.up()
        #expect(
            try connection.query(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ).first == "0")
    }

    // MARK: Checksums and order

    @Test func changedFileIsRefused() throws {
        try migrator(Self.schools).up()
        let migrator = try migrator((Self.schools.0, Self.schools.1 + "-- a word more\n"), Self.marks)
        #expect(try states(migrator) == [.changed, .pending])
        #expect(try migrator.verify().count == 1)
        #expect(throws: MigrationError.self) { try migrator.up() }
        #expect(throws: MigrationError.self) { try migrator.plan() }
        #expect(throws: MigrationError.self) { try migrator.down() }
        #expect(try !exists("marks"))
    }

    @Test(arguments: ["\r\n", "\r"])
    func lineEndingsAreNotAChange(_ ending: String) throws {
        try migrator(Self.schools).up()
        let other =
            "\u{FEFF}"
            + Self.schools.1.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: ending)
        let migrator = try migrator((Self.schools.0, other))
        #expect(try migrator.verify() == [])
        #expect(try migrator.standing() == .current)
    }

    @Test func checksumIsSHA256OfTheFile() throws {
        try migrator(Self.schools).up()
        #expect(
            try connection.query(
                "SELECT checksum = encode(sha256(convert_to($1, 'UTF8')), 'hex') FROM schema_migrations",
                [Self.schools.1]
            ).first == "t")
    }

    @Test func renamedFileIsRefused() throws {
        try migrator(Self.schools).up()
        #expect(try migrator(("0001_school.sql", Self.schools.1)).verify().count == 1)
    }

    @Test func newerDatabaseIsRefused() throws {
        try migrator(Self.schools, Self.marks).up()
        let older = try migrator(Self.schools)
        #expect(try states(older) == [.applied, .missing])
        #expect(throws: MigrationError.self) { try older.up() }
        guard case .newer(let entries) = try older.standing() else { return #expect(Bool(false)) }
        #expect(entries.map(\.version) == [2])
    }

    @Test func outOfOrderIsRefused() throws {
        let migrator = try migrator(Self.schools, Self.marks)
        try migrator.up()
        try connection.execute("DELETE FROM schema_migrations WHERE version = 1")
        let error = try #require(throws: MigrationError.self) { try migrator.up() }
        #expect(error.description.contains("out of order"))
    }

    // MARK: Without a transaction

    static let index = file(
        2, "index", up: "DROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON schools (id);",
        down: "DROP INDEX CONCURRENTLY IF EXISTS i;", transaction: false)

    @Test func concurrentIndexGoesUpAndDown() throws {
        let migrator = try migrator(Self.schools, Self.index)
        try migrator.up()
        #expect(try exists("i"))
        #expect(try migrator.verify() == [])
        try migrator.down()
        #expect(try !exists("i"))
        #expect(try states(migrator) == [.applied, .pending])
    }

    @Test func interruptedFileIsStartedAndRunsAgain() throws {
        let unique = Self.file(
            2, "unique",
            up: "DROP INDEX CONCURRENTLY IF EXISTS u;\n-- twice the same\nCREATE UNIQUE INDEX CONCURRENTLY u ON t (a);",
            down: "DROP INDEX CONCURRENTLY IF EXISTS u;", transaction: false)
        let migrator = try migrator(
            Self.file(1, "t", up: "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1);"), unique)
        let error = try #require(throws: MigrationError.self) { try migrator.up() }
        guard case .interrupted("0002_unique.sql", up: true, line: 5, statement: 2, of: 2, ["u"], let failure) = error
        else {
            return #expect(Bool(false), "\(error)")
        }
        #expect(failure.sqlState == "23505")
        #expect(error.description.contains("DROP INDEX CONCURRENTLY u;"))
        #expect(try states(migrator) == [.applied, .started])
        #expect(try migrator.standing() != .current)

        try connection.execute("DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t)")
        #expect(try migrator.up().versions == [2])
        #expect(try states(migrator) == [.applied, .applied])
        #expect(try connection.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'u'::regclass").first == "t")
    }

    @Test func interruptedFileCanBeUndone() throws {
        let migrator = try migrator(
            Self.schools,
            Self.file(
                2, "two", up: "CREATE TABLE two (); SELECT 1/0;", down: "DROP TABLE two;", transaction: false))
        #expect(throws: MigrationError.self) { try migrator.up() }
        #expect(try exists("two"))
        #expect(try migrator.down() == [2])
        #expect(try !exists("two"))
        #expect(try states(migrator) == [.applied, .pending])
    }

    @Test func concurrentlyInATransactionGetsAdvice() throws {
        let migrator = try migrator(
            Self.schools, Self.file(2, "index", up: "CREATE INDEX CONCURRENTLY i ON schools (id);"))
        let error = try #require(throws: MigrationError.self) { try migrator.up() }
        #expect(error.description.contains("migrate:no-transaction"))
    }

    // MARK: Destructive

    @Test func destructiveFileNeedsTheFlag() throws {
        let drop = Self.file(2, "drop", up: "ALTER TABLE schools DROP COLUMN id;", down: "SELECT 1;")
        try migrator(Self.schools).up()
        let migrator = try migrator(Self.schools, drop)
        #expect(try migrator.plan().flatMap(\.destructive).map(\.what) == ["DROP COLUMN"])
        let error = try #require(throws: MigrationError.self) { try migrator.up() }
        #expect(error.description.contains("--allow-destructive"))
        #expect(try states(migrator) == [.applied, .pending])
        #expect(try migrator.up(allowDestructive: true).versions == [2])
    }

    @Test func newInstallationHasNothingToLose() throws {
        let drop = Self.file(2, "drop", up: "DROP TABLE schools;")
        #expect(try migrator(Self.schools, drop).up().versions == [1, 2])
    }

    // MARK: The migrations of this repository

    @Test func repositorysMigrationsGoUpDownAndUp() throws {
        let migrations = try Migrations.load(directory: TestDatabase.migrations)
        #expect(!migrations.files.isEmpty && !migrations.functions.isEmpty)
        let migrator = try Migrator(url: database.ownerURL, migrations)
        let all = migrations.files.map(\.version)
        #expect(try migrator.up().versions == all)
        #expect(try migrator.down(steps: all.count) == all.reversed())
        let left = """
            SELECT relname FROM pg_class WHERE relnamespace::regnamespace::text IN ('public', 'lyceum')
               AND relkind IN ('r', 'p', 'v', 'm', 'S') AND relname NOT IN ('schema_migrations', 'schema_functions')
            """
        #expect(try connection.query(left).rows == [])
        #expect(try migrator.up().versions == all)
        #expect(try migrator.standing() == .current)
    }
}
