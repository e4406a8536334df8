import Foundation
import Glibc
import Postgres
import TestSupport
import TestTools
import Testing

/// `lyceum migrate` as a person or a program runs it; the migrator has tests of its own.
@Suite struct MigrateCommandTests {
    let database: TestDatabase
    let connection: BlockingConnection

    init() throws {
        database = try TestDatabase(.shipped)
        connection = try BlockingConnection(url: database.ownerURL)
    }

    func migrate(_ arguments: String...) throws -> Executable.Outcome {
        try Executable.run(["migrate"] + arguments, owner: database)
    }

    /// Simulates that an older text of the file was applied.
    func age(_ path: String) throws {
        let changed = try connection.query(
            """
            UPDATE schema_functions
               SET source = replace(source, 'current_setting(''lyceum.school_id''', 'older(''x''')
             WHERE path = $1
            """, [path])
        #expect(changed.affected == 1)
    }

    @Test func functionsThatChangedArePending() throws {
        #expect(try migrate("status").status == 0)
        try age("base/context.sql")
        let status = try migrate("status")
        #expect(status.status == 1)
        #expect(status.output.contains("changed  functions/base/context.sql"))
        #expect(status.output.hasSuffix("1 pending (exit code 1): run `lyceum migrate up`.\n"), "\(status.output)")
        let functions = try migrate("status", "--json").json["functions"] as? [[String: Any]] ?? []
        #expect(functions.count { $0["state"] as? String == "changed" } == 1)
        #expect(functions.count { $0["state"] as? String == "applied" } == functions.count - 1)

        let plan = try migrate("plan")
        #expect(plan.status == 0)
        #expect(plan.output.contains("\n-    return nullif(older('x', true), '')::integer;\n"), "\(plan.output)")
        #expect(plan.output.contains("\n+    return nullif(current_setting('lyceum.school_id', true), '')::integer;\n"))
        let planned = try migrate("plan", "--json").json["functions"] as? [[String: Any]] ?? []
        #expect(planned.first?["path"] as? String == "base/context.sql")

        let up = try migrate("up")
        #expect(up.status == 0)
        #expect(up.output.contains("Applied: 1 file of functions."), "\(up.output)")
        #expect(try migrate("plan").output.contains("Nothing is pending."))
        #expect(try migrate("up").output == "Nothing is pending.\n")
    }

    @Test func functionsOfAnotherProgramAreRefused() throws {
        try age("base/context.sql")
        let command = try Executable.run(["school", "list"], owner: database)
        #expect(command.status == 2)
        #expect(
            command.errors.contains("not those of this program (files that differ: 1, base/context.sql)"),
            "\(command.errors)")
        #expect(command.errors.contains("lyceum migrate up"))
    }

    @Test func verifyNamesUnknownFunctions() throws {
        #expect(try migrate("verify").status == 0)
        try connection.execute("CREATE FUNCTION lyceum.mine() RETURNS int RETURN 1; DROP VIEW lyceum.lesson_teachers")
        let verify = try migrate("verify")
        #expect(verify.status == 2)
        #expect(verify.errors.contains("the function lyceum.mine() is in the database but in no file"))
        #expect(verify.errors.contains("the view lyceum.lesson_teachers of functions/journal/lesson_teachers.sql"))
    }

    @Test func downSaysWhatItDrops() throws {
        // Down to before 0014, which drops tables in both directions.
        let steps = try #require(try connection.query("SELECT count(*) - 13 FROM schema_migrations").first)
        let refused = try migrate("down", "--steps", steps, "--yes")
        #expect(refused.status == 2)
        #expect(
            refused.errors.contains("0014_changes.sql, line ") && refused.errors.contains("DROP TABLE"),
            "\(refused.errors)")
        #expect(refused.errors.contains("--allow-destructive"))
        let asked = try migrate("down", "--steps", steps, "--allow-destructive")
        #expect(asked.status == 2)
        #expect(asked.output.contains("Drop all functions, views and triggers"))
        #expect(asked.errors.contains("add --yes"))
        #expect(try migrate("status").status == 0)
        #expect(try migrate("down", "--steps", steps, "--yes", "--allow-destructive").status == 0)
        #expect(try migrate("status").status == 1)
        // 0014 drops a table again.
        #expect(try migrate("up").status == 2)
        #expect(try migrate("up", "--allow-destructive").status == 0)
        #expect(try migrate("verify").status == 0)
    }

    @Test func downOfSeveralStepsNeedsAFlag() throws {
        let refused = try migrate("down", "--steps", "3", "--yes")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("Undoing 3 migrations loses data"), "\(refused.errors)")
        let many = try migrate("down", "--steps", "99", "--yes", "--allow-destructive")
        #expect(many.status == 2)
        #expect(many.errors.contains("Can't undo 99 migrations"), "\(many.errors)")
        #expect(try migrate("status").status == 0)
    }

    @Test func unknownVersionsAreRefused() throws {
        for command in ["up", "plan"] {
            let outcome = try migrate(command, "--to", "99")
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("There is no migration 99"), "\(outcome.errors)")
        }
        #expect(try migrate("up", "--to", "3").output == "Nothing is pending up to 0003.\n")
    }

    @Test func aFileWithoutADownPartIsNamed() throws {
        let files = try Files()
        let name = try files.add("CREATE TABLE x (a int);", down: nil)
        #expect(try files.migrate(["plan"], database).output.contains("can't be undone"))
        #expect(try files.migrate(["up"], database).status == 0)
        let last = try files.add("CREATE TABLE y (a int);", down: "DROP TABLE y;")
        #expect(try files.migrate(["up"], database).status == 0)
        let down = try files.migrate(["down", "--steps", "2", "--yes", "--allow-destructive"], database)
        #expect(down.status == 2)
        #expect(
            down.errors.contains("\(name) can't be undone: it has no statements under -- migrate:down"),
            "\(down.errors)")
        #expect(down.errors.contains("--steps 1"))
        try files.remove(last)
        let status = try files.migrate(["status"], database)
        #expect(status.status == 2)
        #expect(status.output.hasSuffix("The files and the database disagree (exit code 2).\n"), "\(status.output)")
        #expect(status.errors.contains("is applied, but its file is missing"), "\(status.errors)")
        #expect(try files.migrate(["status", "--json"], database).json["state"] as? String == "mismatch")
    }

    /// Otherwise PostgreSQL would continue with the statement and keep its locks.
    @Test(arguments: [
        (SIGINT, "migrate:up", 130 as Int32), (SIGTERM, "migrate:up", 143), (SIGINT, "migrate:no-transaction", 130),
    ])
    func aStoppedMigrationSaysWhatIsLeft(_ signal: Int32, _ kind: String, _ status: Int32) async throws {
        let files = try Files()
        let quick = try files.add("CREATE TABLE quick (a int);", down: "DROP TABLE quick;")
        let slow = try files.add(
            "CREATE TABLE slow (a int);\nSELECT pg_sleep(600);", down: "DROP TABLE slow;",
            isTransactional: kind == "migrate:up")
        let last = try files.add("CREATE TABLE last (a int);", down: "DROP TABLE last;")
        let running = try files.start(["up"], database)
        let sleeping = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(600)%'
                AND pid <> pg_backend_pid()
            """
        #expect(try await eventually { try connection.query(sleeping).first == "1" })
        running.signal(signal)
        let outcome = running.outcome()
        #expect(outcome.status == status, "\(outcome.errors)")
        #expect(outcome.errors.contains("Applied: \(quick)."), "\(outcome.errors)")
        #expect(outcome.errors.contains("Pending: \(slow), \(last)."), "\(outcome.errors)")
        #expect(outcome.errors.contains("To go on, run `lyceum migrate up`."))
        #expect(try connection.query(sleeping).first == "0")
        let tables = try connection.query(
            "SELECT to_regclass('quick') IS NOT NULL, to_regclass('slow') IS NOT NULL, to_regclass('last') IS NOT NULL"
        ).rows[0]
        #expect(tables == ["t", kind == "migrate:up" ? "f" : "t", "f"])
        if kind == "migrate:up" {
            #expect(outcome.errors.contains("\(slow) was not applied: nothing of it was changed."), "\(outcome.errors)")
        } else {
            #expect(outcome.errors.contains("statement 2 of 2 failed"), "\(outcome.errors)")
            #expect(outcome.errors.contains("statements 1 to 1 are in effect"), "\(outcome.errors)")
        }
        #expect(try files.migrate(["status"], database).status == 1)
    }

    /// The message names the role that lacks a privilege, and the grant.
    @Test func missingPrivilegesAreNamed() throws {
        func run(_ arguments: String...) throws -> Executable.Outcome {
            try Executable.run(
                arguments,
                environment: [
                    "LYCEUM_OWNER_DATABASE_URL": database.serverURL,
                    "LYCEUM_RESOURCES_DIRECTORY": TestDatabase.repository,
                ])
        }
        let school = try run("school", "create", "a", "--name", "А", "--time-zone", "Europe/Moscow")
        #expect(school.status == 3)
        #expect(school.errors.contains("lyceum_server lacks INSERT on the table schools"), "\(school.errors)")
        #expect(school.errors.contains("GRANT INSERT ON TABLE schools TO lyceum_server;"), "\(school.errors)")
        #expect(school.errors.contains("LYCEUM_OWNER_DATABASE_URL"), "\(school.errors)")
        try age("base/context.sql")
        let up = try run("migrate", "up")
        #expect(up.status == 3)
        #expect(up.errors.contains("lyceum_server"), "\(up.errors)")
        #expect(up.errors.contains("roles.sql") || up.errors.contains("LYCEUM_OWNER_DATABASE_URL"), "\(up.errors)")
    }

    /// `serve` refuses a role that may create tables, so no message may suggest to let the server's role.
    @Test func serversRoleIsNotToCreateTables() throws {
        let empty = try TestDatabase(.empty)
        let up = try Executable.run(
            ["migrate", "up"],
            environment: [
                "LYCEUM_OWNER_DATABASE_URL": empty.serverURL, "LYCEUM_RESOURCES_DIRECTORY": TestDatabase.repository,
            ])
        #expect(up.status == 3)
        #expect(up.errors.contains("lacks CREATE on the schema public. Connect as the role that owns"), "\(up.errors)")
        #expect(up.errors.contains("LYCEUM_OWNER_DATABASE_URL"), "\(up.errors)")
        #expect(!up.errors.contains("GRANT CREATE"), "\(up.errors)")
    }

    @Test func dumpIsTheSchemaFile() throws {
        let file = try String(contentsOfFile: TestDatabase.migrations + "/schema.sql", encoding: .utf8)
        #expect(try migrate("dump").output == file)
    }

    @Test func databaseOfOtherFilesIsAdopted() throws {
        try connection.execute("UPDATE schema_migrations SET name = 'early_' || name; DROP TABLE schema_functions")
        let status = try migrate("status")
        #expect(status.status == 2)
        #expect(status.errors.contains("lyceum migrate baseline"))
        let baseline = try migrate("baseline")
        #expect(baseline.status == 0, "\(baseline.errors)")
        #expect(try migrate("status").status == 0)
        #expect(try migrate("baseline").status == 2)
        #expect(try migrate("repair").status == 0)
    }
}

/// A copy of the program's migrations, to which tests add files.
private struct Files {
    private let directory: URL

    init() throws {
        directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lyceum-migrations-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: URL(filePath: TestDatabase.migrations), to: directory.appending(path: "Migrations"))
    }

    /// - Returns: the file's name, with the next free number.
    func add(_ up: String, down: String?, isTransactional: Bool = true) throws -> String {
        let folder = directory.appending(path: "Migrations")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.first?.isNumber == true
        }
        let name = String(String(10_001 + files.count).suffix(4)) + "_test.sql"
        let text =
            (isTransactional ? "" : "-- migrate:no-transaction\n") + "-- migrate:up\n\(up)\n"
            + (down.map { "-- migrate:down\n\($0)\n" } ?? "")
        try Data(text.utf8).write(to: folder.appending(path: name))
        return name
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(at: directory.appending(path: "Migrations/" + name))
    }

    func migrate(_ arguments: [String], _ database: TestDatabase) throws -> Executable.Outcome {
        try start(arguments, database).outcome()
    }

    func start(_ arguments: [String], _ database: TestDatabase) throws -> Executable.Running {
        try Executable.start(
            ["migrate"] + arguments,
            environment: [
                "LYCEUM_OWNER_DATABASE_URL": database.ownerURL, "LYCEUM_RESOURCES_DIRECTORY": directory.path,
            ])
    }
}
