import Postgres
import TestSupport
import Testing

@Suite struct BlockingConnectionTests {
    let database: TestDatabase
    let connection: BlockingConnection

    init() throws {
        database = try TestDatabase(.empty)
        connection = try BlockingConnection(url: database.ownerURL)
    }

    @Test func returnsColumnsRowsAndNulls() throws {
        let answer = try connection.query(
            "SELECT $1::text AS name, $2::int AS grade, $3::text AS none", ["Пушкин \\ 'x'", "7", nil])
        #expect(answer.columns == ["name", "grade", "none"])
        #expect(answer.rows == [["Пушкин \\ 'x'", "7", nil]])
    }

    @Test func runsAScript() throws {
        try connection.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2); SELECT 1;")
        #expect(try connection.query("DELETE FROM t").affected == 2)
    }

    @Test func saysWhoItIs() throws {
        #expect(try connection.query("SHOW application_name").first == "lyceum")
        #expect(try connection.query("SHOW client_encoding").first == "UTF8")
    }

    @Test func failureNamesStateConstraintAndTable() throws {
        try connection.execute(
            "CREATE TABLE pupils (id int CONSTRAINT pupils_id_key UNIQUE); INSERT INTO pupils VALUES (1)")
        let failure = try #require(throws: BlockingConnection.Failure.self) {
            try connection.query("INSERT INTO pupils VALUES (1)")
        }
        #expect(failure.sqlState == "23505")
        #expect(failure.constraint == "pupils_id_key")
        #expect(failure.table == "pupils")
        #expect(failure.detail?.contains("(id)=(1)") == true)
    }

    @Test func transactionCommitsOrRollsBack() throws {
        struct Stop: Error {}
        try connection.execute("CREATE TABLE t (a int)")
        try connection.transaction { try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (2)")
                throw Stop()
            }
        }
        #expect(try connection.query("SELECT a FROM t").rows == [["1"]])
    }

    @Test func swallowedErrorIsNotACommit() throws {
        try connection.execute("CREATE TABLE t (a int)")
        let failure = try #require(throws: BlockingConnection.Failure.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (1)")
                try? connection.execute("SELECT 1/0")
            }
        }
        #expect(failure.sqlState == "25P02")
        #expect(try connection.query("SELECT a FROM t").rows.isEmpty)
    }

    @Test func nulByteIsRefused() {
        #expect(throws: BlockingConnection.Failure.self) { try connection.execute("SELECT 1;\0 DROP TABLE t") }
        #expect(throws: BlockingConnection.Failure.self) { try connection.query("SELECT $1::text", ["a\0b"]) }
    }

    @Test(arguments: ["COPY t FROM STDIN", "COPY t TO STDOUT"])
    func copyInAScriptLeavesTheConnectionUsable(_ statement: String) throws {
        try connection.execute("CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 10000)")
        #expect(throws: BlockingConnection.Failure.self) { try connection.execute(statement) }
        #expect(throws: BlockingConnection.Failure.self) { try connection.query(statement) }
        #expect(try connection.query("SELECT count(*) FROM t").first == "10000")
    }

    @Test func unreadableURLIsNotRepeated() throws {
        let failure = try #require(throws: BlockingConnection.Failure.self) {
            try BlockingConnection(url: "postgresql://user:sEcReT@[host/database")
        }
        #expect(!failure.description.contains("sEcReT"))
    }

    @Test func unreachableServerIsNamed() throws {
        let failure = try #require(throws: BlockingConnection.Failure.self) {
            try BlockingConnection(url: "postgresql://u:sEcReT@/d?host=/nowhere")
        }
        #expect(failure.sqlState == nil)
        #expect(failure.message.contains("/nowhere"))
        #expect(!failure.description.contains("sEcReT"))
    }
}

@Suite struct CopyTests {
    let database: TestDatabase
    let connection: BlockingConnection

    init() throws {
        database = try TestDatabase(.empty)
        connection = try BlockingConnection(url: database.ownerURL)
    }

    /// Texts that have a meaning in COPY's text format, or look as if they had one.
    static let awkward = [
        "", "\\", "\\N", "\\.", "\\n", "a\tb", "a\nb", "a\rb", "a\r\nb", "\t", "\n", "\\\\t", "tab\\\there", "null",
        "NULL",
        "кириллица Ёё", "🇷🇺\u{301}", "\u{1}\u{8}\u{B}\u{C}\u{1B}\u{7F}", "'\"$$;--/*", "  spaces  ", "\u{FEFF}bom",
        String(repeating: "длинно\t", count: 50_000),
    ]

    @Test func escapesSurviveTheRoundTrip() throws {
        try connection.execute("CREATE TABLE t (n int, a text, b text)")
        let count = try connection.copyIn("COPY t (n, a, b) FROM STDIN") { writer in
            for (index, text) in Self.awkward.enumerated() {
                writer.field(index)
                writer.field(text)
                writer.field(index % 2 == 0 ? text : nil)
                try writer.endRow()
            }
        }
        #expect(count == Self.awkward.count)
        let rows = try connection.query("SELECT a, b FROM t ORDER BY n").rows
        #expect(rows.map { Array(($0[0] ?? "").utf8) } == Self.awkward.map { Array($0.utf8) })
        for (index, row) in rows.enumerated() { #expect((row[1] == nil) == (index % 2 == 1)) }
    }

    @Test func numbersAndTruths() throws {
        let numbers = [0, 1, -1, 9, 10, -10, 99, 100, 12345, .max, .min]
        try connection.execute("CREATE TABLE t (n int8, b bool, d date)")
        try connection.copyIn("COPY t FROM STDIN") { writer in
            for number in numbers {
                writer.field(number)
                writer.field(number > 0)
                writer.field(raw: { $0.append(contentsOf: "2024-09-01".utf8) })
                try writer.endRow()
            }
            writer.field(Int?.none)
            writer.null()
            writer.null()
            try writer.endRow()
        }
        let rows = try connection.query("SELECT n, b, d FROM t").rows
        #expect(rows.dropLast().map { $0[0] } == numbers.map { String($0) })
        #expect(rows.dropLast().map { $0[1] } == numbers.map { $0 > 0 ? "t" : "f" })
        #expect(rows.first?[2] == "2024-09-01")
        #expect(rows.last == [nil, nil, nil])
    }

    @Test func manyRowsGoInSeveralBuffers() throws {
        try connection.execute("CREATE TABLE t (n int, name text)")
        let count = try connection.copyIn("COPY t FROM STDIN") { writer in
            for number in 0..<200_000 {
                writer.field(number)
                writer.field("ученик")
                try writer.endRow()
            }
        }
        #expect(count == 200_000)
        #expect(try connection.query("SELECT count(*), sum(n) FROM t").rows == [["200000", "19999900000"]])
    }

    @Test func thrownErrorLoadsNothing() throws {
        struct Stop: Error {}
        try connection.execute("CREATE TABLE t (n int)")
        #expect(throws: Stop.self) {
            try connection.copyIn("COPY t FROM STDIN") { writer in
                writer.field(1)
                try writer.endRow()
                throw Stop()
            }
        }
        #expect(try connection.query("SELECT count(*) FROM t").first == "0")
    }

    @Test func badRowIsTheServersFailure() throws {
        try connection.execute("CREATE TABLE t (n int)")
        let failure = try #require(throws: BlockingConnection.Failure.self) {
            try connection.copyIn("COPY t FROM STDIN") { writer in
                writer.field("seven")
                try writer.endRow()
            }
        }
        #expect(failure.sqlState == "22P02")
        #expect(try connection.query("SELECT count(*) FROM t").first == "0")
    }

    @Test func copyOutGivesRows() throws {
        var lines: [String] = []
        let count = try connection.copyOut("COPY (SELECT n, NULL FROM generate_series(1, 3) n) TO STDOUT") { row in
            lines.append(String(decoding: row.bytes, as: UTF8.self))
        }
        #expect(count == 3)
        #expect(lines == ["1\t\\N\n", "2\t\\N\n", "3\t\\N\n"])
    }

    @Test func copyOutCanBeStopped() throws {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try connection.copyOut("COPY (SELECT generate_series(1, 100000000)) TO STDOUT") { _ in throw Stop() }
        }
        #expect(try connection.query("SELECT 1").first == "1")
    }
}

extension RawSpan {
    /// The bytes as an array; a test may copy.
    fileprivate var bytes: [UInt8] { byteOffsets.map { unsafeLoad(fromByteOffset: $0, as: UInt8.self) } }
}

@Suite struct ConnectionURLTests {
    @Test func partsAreReplaced() throws {
        var url = try ConnectionURL("postgresql://owner:p%40ss@db.school:5433/lyceum?sslmode=require")
        #expect(url["host"] == "db.school")
        #expect(url["password"] == "p@ss")
        url["dbname"] = "другая база"
        url["user"] = "lyceum_server"
        url["password"] = nil
        let again = try ConnectionURL(url.text)
        #expect(again["dbname"] == "другая база")
        #expect(again["user"] == "lyceum_server")
        #expect(again["port"] == "5433")
        #expect(again["password"] == nil)
    }

    @Test(arguments: ["postgresql://u:sEcReT@h/d", "host=h dbname=d user=u password=sEcReT"])
    func maskedHidesThePassword(_ text: String) throws {
        let masked = try ConnectionURL(text).masked
        #expect(!masked.contains("sEcReT"))
        #expect(masked.contains("host=h"))
    }
}
