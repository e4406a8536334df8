import Foundation
import Postgres
import TestSupport
import Testing

/// `lyceum migrate` as a person or a program runs it; what it does to a database is tested beside the migrator.
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

    /// As if an older text of the file had been applied.
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
        #expect(status.output.contains("1 pending."))
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
        #expect(up.output.contains("0 applied, 1 files of functions."), "\(up.output)")
        #expect(try migrate("plan").output.contains("Nothing is pending."))
        #expect(try migrate("up").output == "Nothing is pending.\n")
    }

    @Test func functionsOfAnotherProgramAreRefused() throws {
        try age("base/context.sql")
        let command = try Executable.run(["school", "list"], owner: database)
        #expect(command.status == 2)
        #expect(command.errors.contains("not this program's (1 files differ: base/context.sql)"), "\(command.errors)")
        #expect(command.errors.contains("lyceum migrate up"))
    }

    @Test func verifyNamesStrangers() throws {
        #expect(try migrate("verify").status == 0)
        try connection.execute("CREATE FUNCTION lyceum.mine() RETURNS int RETURN 1; DROP VIEW lyceum.lesson_teachers")
        let verify = try migrate("verify")
        #expect(verify.status == 2)
        #expect(verify.errors.contains("the function lyceum.mine() is in the database and in no file"))
        #expect(verify.errors.contains("the view lyceum.lesson_teachers of functions/journal/lesson_teachers.sql"))
    }

    @Test func downSaysThatFunctionsGo() throws {
        let asked = try migrate("down")
        #expect(asked.status == 2)
        #expect(asked.output.contains("Drop all functions, views and triggers"))
        #expect(try migrate("down", "--yes").status == 0)
        #expect(try migrate("status").status == 1)
        #expect(try migrate("up").status == 0)
        #expect(try migrate("verify").status == 0)
    }

    @Test func dumpIsTheSchemaFile() throws {
        let file = try String(contentsOfFile: TestDatabase.migrations + "/schema.sql", encoding: .utf8)
        #expect(try migrate("dump").output == file)
    }

    @Test func databaseOfOtherFilesIsTakenOver() throws {
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
