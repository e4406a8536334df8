import Postgres
import TestSupport
import Testing

/// Functions, views and triggers are applied again when their files have changed.
@Suite struct FunctionMigrationTests {
    let database: TestDatabase
    let connection: BlockingConnection

    init() throws {
        database = try TestDatabase(.empty)
        connection = try BlockingConnection(url: database.ownerURL)
    }

    static let base = (
        "0001_base.sql",
        """
        -- migrate:up
        create schema lyceum;
        create function lyceum.word() returns text return 'x';
        create table t (a int, b text default lyceum.word());
        -- migrate:down
        drop table t; drop function lyceum.word(); drop schema lyceum;
        """
    )
    static let more = (
        "0002_more.sql",
        "-- migrate:up\nalter table t add column c int;\n-- migrate:down\nalter table t drop column c;"
    )
    static let passing = """
        create or replace function lyceum.z() returns trigger language plpgsql as $$ begin return new; end $$;

        """
    static let one = ("one.sql", "create or replace function lyceum.one() returns int return 1;\n")

    func migrator(
        _ functions: [(String, String)], of files: [(String, String)] = [base], options: Migrator.Options = .init()
    ) throws -> Migrator {
        try Migrator(
            url: database.ownerURL,
            Migrations(
                files: files.map { try MigrationFile(fileName: $0.0, contents: $0.1) },
                functions: functions.map { try FunctionFile(path: $0.0, contents: $0.1) }),
            options: options)
    }

    func value(_ expression: String) throws -> String? { try connection.query("SELECT \(expression)").first }

    // MARK: Up

    @Test func functionsAreAppliedWithTheLastFileAndAgainWhenTheyChange() throws {
        #expect(try migrator([Self.one]).up() == Migrator.Outcome(versions: [1], functions: ["one.sql"]))
        #expect(try value("lyceum.one()") == "1")
        #expect(try migrator([Self.one]).up() == Migrator.Outcome())
        let changed = ("one.sql", "create or replace function lyceum.one() returns int return 2;\n")
        let migrator = try migrator([changed])
        #expect(try migrator.functionStatus().map(\.state) == [.changed])
        #expect(try migrator.verify() == [])
        guard case .functions(let open) = try migrator.standing() else { return #expect(Bool(false)) }
        #expect(open.map(\.path) == ["one.sql"])
        #expect(try migrator.up().functions == ["one.sql"])
        #expect(try value("lyceum.one()") == "2")
        #expect(try migrator.standing() == .current)
    }

    @Test func filesNeedNoOrder() throws {
        let functions = [
            ("a.sql", "create or replace trigger r before insert on t for each row execute function lyceum.z();"),
            ("b.sql", "create or replace view lyceum.v with (security_invoker = true) as select lyceum.two() as n;"),
            ("c.sql", "create or replace function lyceum.two() returns int return lyceum.one() + 1;"),
            Self.one,
            ("z.sql", Self.passing),
        ]
        #expect(try migrator(functions).up().functions.count == 5)
        #expect(try value("n FROM lyceum.v") == "2")
        #expect(try migrator(functions).verify() == [])
    }

    @Test func functionsWaitForTheNewestTables() throws {
        let reads = ("c.sql", "create or replace function lyceum.c() returns bigint return (select sum(c) from t);")
        let migrator = try migrator([reads], of: [Self.base, Self.more])
        #expect(try migrator.up(to: 1).functions == [])
        #expect(try migrator.functionStatus().map(\.state) == [.new])
        #expect(try migrator.up() == Migrator.Outcome(versions: [2], functions: ["c.sql"]))
    }

    @Test func failingFunctionTakesTheNumberedFileBack() throws {
        try migrator([Self.one]).up()
        let wrong = (
            "one.sql",
            """
            create or replace function lyceum.one() returns int return 2;

            -- what
            create or replace function lyceum.wrong() returns int
                return (select d from t);
            """
        )
        let error = try #require(throws: MigrationError.self) {
            try migrator([wrong], of: [Self.base, Self.more]).up()
        }
        guard case .functions("functions/one.sql", line: 5, with: "0002_more.sql", let failure) = error else {
            return #expect(Bool(false), "\(error)")
        }
        #expect(failure.sqlState == "42703")
        #expect(try value("lyceum.one()") == "1")
        #expect(try migrator([Self.one]).standing() == .current)
    }

    @Test func fileWithoutATransactionIsFollowedByTheFunctions() throws {
        let index = (
            "0002_index.sql",
            "-- migrate:no-transaction\n-- migrate:up\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);"
        )
        #expect(
            try migrator([Self.one], of: [Self.base, index]).up()
                == Migrator.Outcome(versions: [1, 2], functions: ["one.sql"]))
        #expect(try value("lyceum.one()") == "1")
    }

    @Test func busyTableLeavesTheOldTrigger() throws {
        let trigger =
            Self.passing + "create or replace trigger r before insert on t for each row execute function lyceum.z();"
        try migrator([("z.sql", trigger)]).up()
        let other = try BlockingConnection(url: database.ownerURL)
        try other.execute("BEGIN; INSERT INTO t VALUES (1)")
        var options = Migrator.Options()
        options.lockTimeout = .milliseconds(50)
        let changed = trigger.replacing("before insert", with: "after insert")
        let error = try #require(throws: MigrationError.self) {
            try migrator([("z.sql", changed)], options: options).up()
        }
        #expect(error.description.contains("quieter time"))
        try other.execute("ROLLBACK")
        #expect(try migrator([("z.sql", trigger)]).standing() == .current)
    }

    // MARK: Removed objects

    @Test func objectsWithoutAFileAreDropped() throws {
        let view = ("v.sql", "create or replace view lyceum.v as select lyceum.one() as n;")
        try migrator([Self.one, view]).up()
        let moved = ("else.sql", Self.one.1)
        let migrator = try migrator([moved])
        #expect(try migrator.functionStatus().map(\.state) == [.new, .removed, .removed])
        #expect(try migrator.up().functions == ["else.sql", "one.sql", "v.sql"])
        #expect(try value("to_regclass('lyceum.v')") == nil)
        #expect(try value("lyceum.one()") == "1")
        #expect(try migrator.verify() == [])
        #expect(try migrator.standing() == .current)
    }

    /// Otherwise the later text would win, or the earlier one when a retry changes the order.
    @Test func oneSignatureHasOneText() throws {
        let twice = ("one.sql", Self.one.1 + "create or replace function lyceum.one() returns int return 2;\n")
        let error = #expect(throws: MigrationError.self) { try migrator([twice]).up() }
        #expect(error?.description.contains("2 times") == true, "\(String(describing: error))")
        #expect(try value("to_regclass('public.t')") == nil)
        let overloaded = (
            "one.sql", Self.one.1 + "create or replace function lyceum.one(a int) returns int return 2;\n"
        )
        try migrator([overloaded]).up()
    }

    @Test func changedSignatureNeedsADrop() throws {
        try migrator([Self.one]).up()
        let other = ("one.sql", "create or replace function lyceum.one(p_a int) returns int return p_a;")
        let error = try #require(throws: MigrationError.self) { try migrator([other]).up() }
        #expect(error.description.contains("DROP FUNCTION IF EXISTS"), "\(error)")
        #expect(try value("lyceum.one()") == "1")
        let result = ("one.sql", "create or replace function lyceum.one() returns text return 'a';")
        let refused = try #require(throws: MigrationError.self) { try migrator([result]).up() }
        #expect(refused.description.contains("numbered file"), "\(refused)")

        let drop = ("0002_drop.sql", "-- migrate:up\ndrop function if exists lyceum.one();\n-- migrate:down\nselect 1;")
        try migrator([other], of: [Self.base, drop]).up()
        #expect(try value("lyceum.one(5)") == "5")
        // In a new database the function does not exist when the numbered file runs.
        let empty = try TestDatabase(.empty)
        try Migrator(
            url: empty.ownerURL,
            Migrations(
                files: [Self.base, drop].map { try MigrationFile(fileName: $0.0, contents: $0.1) },
                functions: [FunctionFile(path: other.0, contents: other.1)])
        ).up()
    }

    @Test func numberedFileMayDropAViewThatStandsInItsWay() throws {
        let view = ("v.sql", "create or replace view lyceum.v as select a from t;")
        try migrator([view]).up()
        let alter = (
            "0002_alter.sql", "-- migrate:up\ndrop view if exists lyceum.v;\nalter table t alter column a type bigint;"
        )
        #expect(try migrator([view], of: [Self.base, alter]).up(allowDestructive: true).functions == ["v.sql"])
        #expect(try value("pg_typeof(a) FROM (SELECT a FROM lyceum.v UNION ALL SELECT 1) x LIMIT 1") == "bigint")
    }

    // MARK: Verify

    @Test func strangersAndGapsAreReported() throws {
        let trigger = (
            "z.sql",
            Self.passing + "create or replace trigger r before insert on t for each row execute function lyceum.z();"
        )
        let migrator = try migrator([Self.one, trigger])
        try migrator.up()
        try connection.execute(
            """
            CREATE FUNCTION lyceum.mine() RETURNS int RETURN 1;
            CREATE FUNCTION lyceum.one(a int) RETURNS int RETURN 1;
            CREATE TRIGGER other AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION lyceum.z();
            CREATE VIEW somebodys AS SELECT 1;
            DROP TRIGGER r ON t
            """)
        let problems = try migrator.verify()
        #expect(problems.count == 4, "\(problems)")
        for name in ["lyceum.mine()", "lyceum.one(a integer)", "other ON public.t", "trigger r on public.t"] {
            #expect(problems.contains { $0.contains(name) }, "\(name)")
        }
        #expect(try migrator.functionStatus().map(\.state) == [.applied, .incomplete])
        guard case .functions = try migrator.standing() else { return #expect(Bool(false)) }
        try connection.execute("DROP FUNCTION lyceum.one(int)")
        #expect(try migrator.up().functions == ["z.sql"])
        #expect(try migrator.standing() == .current)
    }

    // MARK: Plan

    @Test func planShowsTheDifference() throws {
        let lines = (1...9).map { "-- \($0)\n" }.joined()
        try migrator([("one.sql", lines + Self.one.1)]).up()
        let changed = lines + Self.one.1.replacing("return 1", with: "return 2")
        let difference = try #require(try migrator([("one.sql", changed)]).planFunctions().first?.difference)
        let body = difference.split(separator: "\n").dropFirst()
        #expect(difference.hasPrefix("--- functions/one.sql (applied 2"))
        #expect(
            body.joined(separator: "\n") == """
                +++ functions/one.sql
                @@ -7,4 +7,4 @@
                 -- 7
                 -- 8
                 -- 9
                -create or replace function lyceum.one() returns int return 1;
                +create or replace function lyceum.one() returns int return 2;
                """)
    }

    @Test func planShowsAddedAndRemovedFiles() throws {
        let new = try migrator([Self.one]).planFunctions()
        #expect(new.first?.difference.contains("\n@@ -0,0 +1,1 @@\n+create") == true)
        try migrator([Self.one]).up()
        let removed = try migrator([]).planFunctions()
        #expect(removed.first?.difference.contains("\n@@ -1,1 +0,0 @@\n-create") == true)
    }

    // MARK: Down

    /// Functions belong to the newest tables and never meet older ones.
    @Test func downTakesAllFunctionsAway() throws {
        let functions = [
            ("c.sql", "create or replace function lyceum.c() returns bigint return (select sum(c) from t);"),
            ("v.sql", "create or replace view lyceum.v as select c, lyceum.c() as s from t;"),
            Self.one,
        ]
        let newer = try migrator(functions, of: [Self.base, Self.more])
        try newer.up()
        #expect(try newer.down(allowDestructive: true) == [2])
        #expect(try value("to_regclass('lyceum.v')") == nil)
        #expect(try value("to_regproc('lyceum.one')") == nil)
        #expect(try value("lyceum.word()") == "x")
        #expect(try newer.functionStatus().map(\.state) == [.new, .new, .new])

        // The older program continues with its own functions.
        let older = try migrator([Self.one])
        guard case .functions = try older.standing() else { return #expect(Bool(false)) }
        #expect(try older.up() == Migrator.Outcome(versions: [], functions: ["one.sql"]))
        #expect(try older.standing() == .current)
        #expect(try older.verify() == [])
        #expect(try newer.up() == Migrator.Outcome(versions: [2], functions: ["c.sql", "v.sql"]))
    }

    @Test func failingDownLeavesFunctions() throws {
        let wrong = (Self.more.0, "-- migrate:up\nselect 1;\n-- migrate:down\nselect 1/0;")
        let migrator = try migrator([Self.one], of: [Self.base, wrong])
        try migrator.up()
        #expect(throws: MigrationError.self) { try migrator.down(allowDestructive: true) }
        #expect(try value("lyceum.one()") == "1")
        #expect(try migrator.standing() == .current)
    }
}
