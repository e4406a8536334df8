import JSON
import Reactor
import TestSupport
import Testing

@testable import Postgres

/// A connection answers a statement in text the first time and then in binary if that is cheaper. The difference must
/// not be visible.
@Suite struct BinaryFormTests {
    let fixture: LanesFixture

    struct Answer: Equatable {
        var json: String
        var text: String?
        var integer: Int?
        var boolean: Bool
    }

    private static let id = "'018f0000-0000-7000-8000-00000000000a'::uuid AS id"

    init() async throws { fixture = try await LanesFixture.shared.value }

    /// The results of a statement that runs twice, and whether they were binary.
    private func twice(_ sql: String) async throws -> [(answer: Answer, isBinary: Bool)] {
        let statement = Statement(sql)
        return try await fixture.run { lanes, _ in
            var answers: [(Answer, Bool)] = []
            for _ in 0..<2 {
                let rows = try await lanes.read(.test, [statement()])[0]
                var writer = JSONWriter()
                writer.object(rows, row: 0)
                let answer = Answer(
                    json: String(decoding: writer.bytes, as: UTF8.self), text: rows.text(0, "value"),
                    integer: rows.integer(0, "value"), boolean: rows.boolean(0, "value"))
                answers.append((answer, rows.isBinary))
            }
            return answers
        }
    }

    @Test(arguments: [
        "true", "false", "NULL::boolean", "0::smallint", "'-32768'::smallint", "32767::smallint", "2147483647",
        "-2147483648", "9223372036854775807", "'-9223372036854775808'::bigint", "10::bigint", "-1", "NULL::int",
        "'Ёж \"quoted\" \\ \u{1}'::text", "''::text", "NULL::text", "'x'::varchar", "'{\"a\": [1, null]}'::json",
        "'Infinity'::text", "NULL::json",
        "gen_random_uuid() IS NULL", "'00000000-0000-0000-0000-000000000000'::uuid",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid", "'01234567-89ab-cdef-fedc-ba9876543210'::uuid", "NULL::uuid",
        "'2000-01-01'::date", "'1999-12-31'::date", "'2000-02-29'::date", "'2024-02-29'::date", "'2100-03-01'::date",
        "'1900-02-28'::date", "'0001-01-01'::date", "'0001-12-31 BC'::date", "'0044-03-15 BC'::date",
        "'4714-11-24 BC'::date", "'9999-12-31'::date", "'10000-01-01'::date", "'5874897-12-31'::date",
        "'infinity'::date", "'-infinity'::date", "NULL::date",
        "'2026-09-01 08:30:00+00'::timestamptz", "'2026-09-01 08:30:00.12+03'::timestamptz",
        "'2026-09-01 08:30:00.000001+00'::timestamptz", "'2026-09-01 23:59:59.999999+00'::timestamptz",
        "'1999-12-31 23:59:59.5+00'::timestamptz", "'1969-07-20 20:17:40+00'::timestamptz",
        "'2000-01-01 00:00:00+00'::timestamptz", "'0001-01-01 00:00:00+00'::timestamptz",
        "'0044-03-15 12:00:00+00 BC'::timestamptz", "'4714-11-24 00:00:00+00 BC'::timestamptz",
        "'10000-01-01 00:00:00+00'::timestamptz", "'294276-12-31 23:59:59.999999+00'::timestamptz",
        "'infinity'::timestamptz", "'-infinity'::timestamptz", "NULL::timestamptz",
    ]) func bothFormatsAreTheSame(expression: String) async throws {
        let answers = try await twice("SELECT \(expression) AS value, \(Self.id)")
        #expect(answers.map { $0.isBinary } == [false, true])
        #expect(answers[0].answer == answers[1].answer)
    }

    /// Every day of four hundred years, after which the calendar repeats, and some days before and after.
    @Test func everyDayIsTheSame() async throws {
        let days = Statement(
            """
            SELECT d::date AS value, d AT TIME ZONE 'UTC' AS moment, \(Self.id)
            FROM generate_series('1899-12-25'::timestamp, '2300-01-05', '1 day') d
            """)
        let texts = try await fixture.run { lanes, _ in
            var texts: [[String?]] = []
            for _ in 0..<2 {
                let rows = try await lanes.read(.test, [days()])[0]
                texts.append((0..<rows.count).flatMap { [rows.text($0, "value"), rows.text($0, "moment")] })
            }
            return texts
        }
        #expect(texts[0].count > 290_000)
        #expect(texts[0] == texts[1])
    }

    /// One type without a binary form, or too many texts, keeps the whole statement in text.
    @Test(arguments: [
        "4.50::numeric AS value, \(id)", "'{\"a\":1}'::jsonb AS value, \(id)", "'{1,2}'::int[] AS value, \(id)",
        "'08:30'::time AS value, \(id)", "'\\x00ff'::bytea AS value, \(id)", "1.5::float8 AS value, \(id)",
        "1 AS value, 'no identifier' AS text", "'a' AS value, 'b' AS b, 'c' AS c, 'd' AS d, 'e' AS e, \(id)",
    ]) func whatDoesNotPayStaysInText(columns: String) async throws {
        let answers = try await twice("SELECT \(columns)")
        #expect(answers.map { $0.isBinary } == [false, false])
        #expect(answers[0].answer == answers[1].answer)
    }

    /// One of two statements may have been prepared anew and then uses the other format.
    @Test func childrenFindParentsOfTheOtherFormat() async throws {
        let parents = Statement("SELECT \(Self.id)")
        let one = Statement("SELECT '018f0000-0000-7000-8000-00000000000a'::uuid AS _parent, 1 AS number")
        let two = Statement("SELECT '018f0000-0000-7000-8000-00000000000a'::uuid AS _parent, 2 AS number")
        let made = try await fixture.run { lanes, _ in
            _ = try await lanes.read(.test, [parents(), one()])
            var made: [String] = []
            for queries in [[parents(), two()], [parents(), one()]] {
                let rows = try await lanes.read(.test, queries)
                var writer = JSONWriter()
                writer.beginObject()
                writer.list(RowList("parents", rows[0], [RowList("children", rows[1])]))
                writer.endObject()
                made.append("\(rows.map { $0.isBinary }) " + String(decoding: writer.bytes, as: UTF8.self))
            }
            return made
        }
        let json = #"{"parents":[{"id":"018f0000-0000-7000-8000-00000000000a","children":[{"number":N}]}]}"#
        #expect(
            made == [
                "[true, false] " + json.replacing("N", with: "2"), "[true, true] " + json.replacing("N", with: "1"),
            ])
    }
}
