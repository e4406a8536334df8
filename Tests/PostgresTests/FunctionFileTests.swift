import FoundationEssentials
import Postgres
import Testing

@Suite struct FunctionFileTests {
    @Test(arguments: [
        "create or replace function lyceum.f() returns int language sql as $$ select 1 $$;",
        "CREATE OR REPLACE PROCEDURE lyceum.p() LANGUAGE sql AS $$ $$;",
        "create or replace view staff_profiles as select 1; grant select on staff_profiles to lyceum_app;",
        "create or replace trigger t after update of a on x for each row execute function lyceum.f();",
        "drop trigger if exists t on x; create constraint trigger t after insert on x execute function lyceum.f();",
        "create or replace function lyceum.f() returns int return 1; comment on function lyceum.f() is 'x';",
    ])
    func functionsViewsAndTriggersAreAccepted(_ contents: String) throws {
        #expect(try FunctionFile(path: "area/subject.sql", contents: contents).fileName == "functions/area/subject.sql")
    }

    @Test(arguments: [
        "create function lyceum.f() returns int language sql as $$ select 1 $$;": "CREATE OR REPLACE FUNCTION",
        "create view v as select 1;": "CREATE OR REPLACE VIEW",
        "create trigger t before insert on x execute function lyceum.f();": "CREATE OR REPLACE TRIGGER",
        "create table x ();": "numbered file",
        "update x set a = 1;": "numbered file",
        "drop function lyceum.f();": "numbered file",
        "-- nothing": "defines nothing",
        "create or replace view v as select 1; create or replace view v as select 2;": "twice",
        "create or replace function lyceum.f() returns int language sql as $$ select 1": "unterminated",
    ])
    func otherContentsAreRefused(_ contents: String, _ reason: String) throws {
        let error = try #require(throws: MigrationError.self) { try FunctionFile(path: "a.sql", contents: contents) }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func aNameHasOneFile() throws {
        let one = "create or replace function lyceum.f() returns int return 1;"
        let files = try ["a.sql", "b.sql"].map { try FunctionFile(path: $0, contents: one) }
        let error = try #require(throws: MigrationError.self) { try Migrations(files: [], functions: files) }
        #expect(error.description.contains("functions/a.sql"))
    }

    @Test func foldersAreRead() throws {
        let path = FileManager.default.temporaryDirectory.path + "/lyceum-functions-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for (name, text) in [
            ("0001_a.sql", "-- migrate:up\nSELECT 1;"), ("schema.sql", "-- dump"), ("functions/README.md", "x"),
            ("functions/b.sql", "create or replace function lyceum.b() returns int return 1;"),
            ("functions/a/c.sql", "create or replace function lyceum.c() returns int return 1;"),
        ] {
            let file = URL(filePath: path + "/" + name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let migrations = try Migrations.load(directory: path)
        #expect(migrations.files.map(\.version) == [1])
        #expect(migrations.functions.map(\.path) == ["a/c.sql", "b.sql"])
        #expect(migrations.schema == "-- dump")
    }
}
