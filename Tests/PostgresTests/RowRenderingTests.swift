import JSON
import Reactor
import TestSupport
import Testing

@testable import Postgres

@Suite struct RowRenderingTests {
    let fixture: LanesFixture

    struct Stop: Error {}

    init() async throws { fixture = try await LanesFixture.shared.value }

    /// The rows of the statements rendered as text.
    private func render(
        _ statements: String..., body: @escaping @Sendable (inout JSONWriter, [Rows]) -> Void
    ) async throws -> String {
        let queries = statements.map { Statement($0) }
        return try await fixture.run { lanes, _ in
            let rows = try await lanes.read(.test, queries.map { $0() })
            var writer = JSONWriter()
            body(&writer, rows)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }

    /// The first row of one statement as an object.
    private func object(_ sql: String) async throws -> String {
        try await render(sql) { writer, rows in writer.object(rows[0], row: 0) }
    }

    @Test func aliasesAreKeys() async throws {
        #expect(try await object("SELECT 1 AS a, 'x' AS \"with \"\"quotes\"\"\"") == #"{"a":1,"with \"quotes\"":"x"}"#)
    }

    @Test func dottedAliasesNest() async throws {
        #expect(
            try await object(
                """
                SELECT 1 AS id, 2 AS "subject.id", 'Химия' AS "subject.name", 3 AS "room.id", 4 AS last
                """) == #"{"id":1,"subject":{"id":2,"name":"Химия"},"room":{"id":3},"last":4}"#)
    }

    @Test func optionalObjectIsNullWithItsFirstColumn() async throws {
        #expect(
            try await object(
                """
                SELECT NULL::int AS "room?.id", 'lost' AS "room?.name", 5 AS "term?.id", NULL::text AS "term?.name",
                       NULL::int AS "last?.id"
                """) == #"{"room":null,"term":{"id":5,"name":null},"last":null}"#)
    }

    /// Text of every length around that of a word, clean and with each escaped byte at each place, and rows larger than
    /// the room that is reserved at once.
    @Test func textIsEscapedWhereverItStands() async throws {
        for special in ["", "\"", "\\", "\n", "\u{1}", "ё", "\u{7f}"] {
            for length in [0, 1, 7, 8, 9, 15, 16, 17, 1000, 5000] {
                let clean = String(repeating: "x", count: length)
                let places = length < 100 ? Array(0...length) : [0, length / 2, length - 1, length]
                let texts = places.map { String(clean.prefix($0)) + special + String(clean.dropFirst($0)) }
                let statement = Statement(
                    "SELECT " + texts.indices.map { "$\($0 + 1)::text AS c\($0)" }.joined(separator: ", "))
                let made = try await fixture.run { lanes, _ in
                    let rows = try await lanes.read(
                        .test, [Query(statement: statement, parameters: texts.map { .text($0) })])
                    var writer = JSONWriter()
                    writer.object(rows[0], row: 0)
                    return writer.bytes
                }
                guard case .object(let members) = try JSONValue(parsing: made) else { throw Stop() }
                let values = members.map { if case .string(let text) = $0.value { text } else { "-" } }
                #expect(members.map { $0.key } == texts.indices.map { "c\($0)" })
                #expect(values == texts)
            }
        }
    }

    @Test func underscoredColumnsAreHidden() async throws {
        #expect(
            try await object(#"SELECT 1 AS _first, 2 AS "a.b", 3 AS _middle, 4 AS "a.c", 5 AS _last"#)
                == #"{"a":{"b":2,"c":4}}"#)
        #expect(try await object("SELECT 1 AS _only") == "{}")
    }

    @Test(arguments: [
        ("true", "true"), ("false", "false"), ("NULL::boolean", "null"), ("1::smallint", "1"),
        ("-2147483648", "-2147483648"), ("9223372036854775807", "9223372036854775807"), ("4.50::numeric", "4.50"),
        ("'NaN'::numeric", "null"), ("'Infinity'::numeric", "null"), ("'-Infinity'::numeric", "null"),
        ("'NaN'::float8", "null"), ("'Infinity'::float8", "null"), ("'-Infinity'::float8", "null"),
        ("'-Infinity'::float4", "null"), ("1e300::float8", "1e+300"), ("-0.5::float4", "-0.5"),
        ("'{\"a\": [1, null]}'::json", #"{"a": [1, null]}"#), ("'{\"a\":1}'::jsonb", #"{"a": 1}"#),
        ("'null'::json", "null"), ("NULL::json", "null"), ("'\"Infinity\"'::json", #""Infinity""#),
        ("''::text", #""""#), ("NULL::text", "null"), ("'Ёж'::text", #""Ёж""#),
        (#"E'quo"te back\\slash'"#, #""quo\"te back\\slash""#),
        (#"E'\t\n\r\b\f\x01\x7F'"#, #""\t\n\r\b\f\u0001"# + "\u{7F}\""), ("'</script>'", #""</script>""#),
        ("'2026-09-01'::date", #""2026-09-01""#), ("'08:30'::time", #""08:30:00""#),
        ("'018f0000-0000-7000-8000-00000000000a'::uuid", #""018f0000-0000-7000-8000-00000000000a""#),
        ("'2026-09-01 08:30:00+00'::timestamptz", #""2026-09-01T08:30:00Z""#),
        ("'2026-09-01 08:30:00+03'::timestamptz", #""2026-09-01T05:30:00Z""#),
        ("'2026-09-01 08:30:00.120+00'::timestamptz", #""2026-09-01T08:30:00.12Z""#),
        ("'2026-09-01 08:30:00.000001+00'::timestamptz", #""2026-09-01T08:30:00.000001Z""#),
        ("'infinity'::timestamptz", #""infinity""#), ("'-infinity'::timestamptz", #""-infinity""#),
        ("NULL::timestamptz", "null"), ("'{1,2}'::int[]", #""{1,2}""#),
    ]) func valuesBecomeJSON(expression: String, expected: String) async throws {
        #expect(try await object("SELECT \(expression) AS value") == #"{"value":\#(expected)}"#)
    }

    @Test func listsAndSingleObjects() async throws {
        let text = try await render(
            "SELECT n AS id FROM generate_series(1, 3) n", "SELECT 1 AS id WHERE false", "SELECT 7 AS id, 8 AS other"
        ) { writer, rows in
            writer.beginObject()
            writer.list(RowList("items", rows[0]))
            writer.list(RowList("none", rows[1]))
            writer.object("one", rows[2])
            writer.object("nobody", rows[1])
            writer.fields(rows[2], row: 0)
            writer.endObject()
        }
        #expect(
            text
                == #"{"items":[{"id":1},{"id":2},{"id":3}],"none":[],"one":{"id":7,"other":8},"nobody":null,"id":7,"other":8}"#
        )
    }

    @Test func childrenJoinTheirParents() async throws {
        let text = try await render(
            "SELECT id FROM unnest(ARRAY['a', 'b', 'c', 'd']) id",
            """
            SELECT * FROM (VALUES ('a', 'a1'), ('a', 'a2'), ('c', 'c1'), ('d', 'd1')) v (_parent, id)
            """,
            """
            SELECT * FROM (VALUES ('a2', 1), ('a2', 2), ('c1', 3)) v (_parent, grade)
            """,
            """
            SELECT * FROM (VALUES ('b', 'x'), ('d', 'y')) v (_parent, note)
            """
        ) { writer, rows in
            writer.beginObject()
            writer.list(
                RowList(
                    "lessons", rows[0],
                    [RowList("items", rows[1], [RowList("marks", rows[2])]), RowList("notes", rows[3])]))
            writer.endObject()
        }
        #expect(
            text == """
                {"lessons":[\
                {"id":"a","items":[{"id":"a1","marks":[]},{"id":"a2","marks":[{"grade":1},{"grade":2}]}],"notes":[]},\
                {"id":"b","items":[],"notes":[{"note":"x"}]},\
                {"id":"c","items":[{"id":"c1","marks":[{"grade":3}]}],"notes":[]},\
                {"id":"d","items":[{"id":"d1","marks":[]}],"notes":[{"note":"y"}]}]}
                """)
    }

    @Test func hiddenKeyComesBeforeTheID() async throws {
        let text = try await render(
            "SELECT * FROM (VALUES (1, 'k1'), (1, 'k2')) v (id, _key)",
            "SELECT * FROM (VALUES ('k2', 5)) v (_parent, grade)"
        ) { writer, rows in
            writer.beginObject()
            writer.list(RowList("items", rows[0], [RowList("marks", rows[1])]))
            writer.endObject()
        }
        #expect(text == #"{"items":[{"id":1,"marks":[]},{"id":1,"marks":[{"grade":5}]}]}"#)
    }

    @Test func limitEndsTheParentsNotTheChildren() async throws {
        let text = try await render(
            "SELECT n AS id FROM generate_series(1, 3) n",
            "SELECT * FROM (VALUES (1, 1), (1, 2), (2, 3), (3, 4)) v (_parent, grade)"
        ) { writer, rows in
            writer.beginObject()
            writer.list(RowList("items", rows[0], [RowList("marks", rows[1])], limit: 2))
            writer.endObject()
        }
        #expect(
            text == #"{"items":[{"id":1,"marks":[{"grade":1},{"grade":2}]},{"id":2,"marks":[{"grade":3}]}]}"#)
    }

    @Test func valuesAreReadByName() async throws {
        let statement = Statement(
            #"SELECT 5 AS number, 'x' AS "a.b", true AS yes, false AS no, NULL::int AS none, NULL::boolean AS unknown"#)
        let read = try await fixture.run { lanes, _ in
            let rows = try await lanes.read(.test, [statement()])[0]
            return [
                "\(rows.count)", "\(rows.isEmpty)", "\(rows.integer(0, "number") ?? -1)", rows.text(0, "a.b") ?? "-",
                "\(rows.boolean(0, "yes"))", "\(rows.boolean(0, "no"))", "\(rows.integer(0, "none") ?? -1)",
                "\(rows.boolean(0, "unknown"))", "\(rows.isNull(0, 4))", "\(rows.isNull(0, 0))",
            ]
        }
        #expect(read == ["1", "false", "5", "x", "true", "false", "-1", "false", "true", "false"])
    }
}
