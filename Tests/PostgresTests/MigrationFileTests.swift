import FoundationEssentials
import Postgres
import Testing

@Suite struct MigrationFileTests {
    func file(_ contents: String, name: String = "0001_schools.sql") throws -> MigrationFile {
        try MigrationFile(fileName: name, contents: contents)
    }

    @Test func partsAreSeparated() throws {
        let file = try file("-- Why.\n\n-- migrate:up\nCREATE TABLE t ();\n-- migrate:down\nDROP TABLE t;\n")
        #expect(file.version == 1)
        #expect(file.name == "schools")
        #expect(file.isTransactional)
        #expect(file.up == "CREATE TABLE t ();")
        #expect(file.down == "DROP TABLE t;\n")
    }

    @Test func emptyDownCannotBeUndone() throws {
        #expect(try file("-- migrate:up\nSELECT 1;\n").down == nil)
        #expect(try file("-- migrate:up\nSELECT 1;\n-- migrate:down\n-- not possible\n").down == nil)
    }

    @Test func noTransaction() throws {
        #expect(try !file("-- migrate:no-transaction\n-- migrate:up\nSELECT 1;").isTransactional)
    }

    @Test(arguments: [
        "SELECT 1;", "", "-- migrate:up\n", "-- migrate:up\n-- nothing\n", "SELECT 1;\n-- migrate:up\nSELECT 1;",
        "-- migrate:down\nSELECT 1;", "-- migrate:up\nSELECT 1;\n-- migrate:up\nSELECT 1;",
        "-- migrate:up\nSELECT 1;\n-- migrate:no-transaction\n", "-- migrate:upp\nSELECT 1;",
        "-- migrate:up\nSELECT 'open;", "-- migrate:up\nSELECT $a$ open $b$;", "-- migrate:up\n/* /* */ SELECT 1;",
        "-- migrate:up\nBEGIN;\nSELECT 1;\nCOMMIT;", "-- migrate:up\nSELECT 1;\ncommit;",
        "-- migrate:up\nSTART TRANSACTION;", "-- migrate:up\nROLLBACK;", "-- migrate:up\nSELECT 1;\0",
    ])
    func wrongFilesAreRefused(_ contents: String) {
        #expect(throws: MigrationError.self) { try file(contents) }
    }

    @Test(arguments: [
        "1_a.sql", "00001_a.sql", "0000_a.sql", "0001-a.sql", "0001_.sql", "0001_A.sql", "0001_a b.sql", "x.sql",
    ])
    func wrongNamesAreRefused(_ name: String) {
        #expect(throws: MigrationError.self) { try file("-- migrate:up\nSELECT 1;", name: name) }
    }

    @Test(arguments: [
        "DROP TABLE a": "DROP TABLE", "drop table if exists a, b": "DROP TABLE", "DROP SCHEMA x": "DROP SCHEMA",
        "ALTER TABLE a DROP COLUMN b": "DROP COLUMN", "ALTER TABLE a DROP b": "DROP COLUMN",
        "ALTER TABLE a ADD c int, DROP IF EXISTS b": "DROP COLUMN", "TRUNCATE a": "TRUNCATE",
        "DELETE FROM a": "DELETE without WHERE", "/* x */ delete\nfrom a -- where": "DELETE without WHERE",
        "WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x WHERE true": "DELETE without WHERE",
        "ALTER TABLE a ALTER COLUMN b TYPE text": "ALTER COLUMN … TYPE",
        "ALTER TABLE a ALTER b SET DATA TYPE text": "ALTER COLUMN … TYPE",
        "DO $$ BEGIN IF true THEN DROP TABLE a; END IF; END $$": "DROP TABLE",
        "DROP TYPE t CASCADE": "DROP TYPE … CASCADE",
    ])
    func destructiveStatementsAreSeen(_ statement: String, _ what: String) throws {
        let file = try file("-- migrate:up\nSELECT 1;\n\(statement);\n")
        #expect(file.destructive.map(\.what) == [what])
        #expect(file.destructive.first?.line == 3)
    }

    @Test(arguments: [
        "DELETE FROM a WHERE b", "DELETE FROM a USING c WHERE a.x = c.x", "SELECT 'DROP TABLE a'",
        "-- TRUNCATE a\nSELECT 1",
        "CREATE TABLE a (b int REFERENCES c ON DELETE CASCADE)",
        "CREATE TRIGGER t BEFORE TRUNCATE ON a EXECUTE FUNCTION f()",
        "GRANT DELETE, TRUNCATE ON a TO b", "ALTER TABLE a DROP CONSTRAINT b", "ALTER TABLE a ALTER b DROP NOT NULL",
        "ALTER TABLE a ALTER b DROP DEFAULT", "DROP INDEX i", "DROP TRIGGER t ON a", "DROP FUNCTION f()",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM a $$",
        "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC DELETE FROM a; DELETE FROM b; END",
        "ALTER TYPE t ADD VALUE 'x'", "COMMENT ON COLUMN a.b IS 'DELETE FROM'", "CREATE TYPE t AS (a int)",
        #"SELECT "truncate" FROM a"#,
    ])
    func harmlessStatementsAreNot(_ statement: String) throws {
        #expect(try file("-- migrate:up\n\(statement);\n").destructive.isEmpty)
    }

    @Suite struct Directories {
        let path: String

        init() throws {
            path = FileManager.default.temporaryDirectory.path + "/lyceum-migrations-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        func write(_ names: String...) throws {
            for name in names {
                try Data("-- migrate:up\nSELECT 1;\n".utf8).write(to: URL(filePath: path + "/" + name))
            }
        }

        @Test func filesComeInOrder() throws {
            defer { try? FileManager.default.removeItem(atPath: path) }
            try write("0002_b.sql", "0001_a.sql", "0003_c.sql", "README.md")
            #expect(try MigrationFile.load(directory: path).map(\.version) == [1, 2, 3])
        }

        @Test func gapIsRefused() throws {
            defer { try? FileManager.default.removeItem(atPath: path) }
            try write("0001_a.sql", "0003_c.sql")
            let error = try #require(throws: MigrationError.self) { try MigrationFile.load(directory: path) }
            guard case .gap(after: 1, next: "0003_c.sql") = error else { return #expect(Bool(false), "\(error)") }
        }

        @Test func firstIsOne() throws {
            defer { try? FileManager.default.removeItem(atPath: path) }
            try write("0002_a.sql")
            #expect(throws: MigrationError.self) { try MigrationFile.load(directory: path) }
        }

        @Test func duplicateIsRefused() throws {
            defer { try? FileManager.default.removeItem(atPath: path) }
            try write("0001_a.sql", "0001_b.sql")
            let error = try #require(throws: MigrationError.self) { try MigrationFile.load(directory: path) }
            guard case .duplicate = error else { return #expect(Bool(false), "\(error)") }
        }

        @Test func newMakesTheNextFile() throws {
            defer { try? FileManager.default.removeItem(atPath: path) }
            try write("0001_a.sql")
            #expect(try MigrationFile.create(name: "marks", directory: path) == path + "/0002_marks.sql")
            // The template does nothing yet, so it is refused until somebody fills it in.
            #expect(throws: MigrationError.self) { try MigrationFile.load(directory: path) }
            #expect(throws: MigrationError.self) { try MigrationFile.create(name: "No Good", directory: path) }
        }

        @Test func missingDirectoryIsNamed() throws {
            defer { try? FileManager.default.removeItem(atPath: path) }
            let error = try #require(throws: MigrationError.self) { try MigrationFile.load(directory: path + "/x") }
            #expect(error.description.contains(path))
        }
    }
}
