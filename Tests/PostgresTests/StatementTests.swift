import Reactor
import TestSupport
import Testing

@testable import Postgres

@Suite struct StatementTests {
    let fixture: LanesFixture

    init() async throws { fixture = try await LanesFixture.shared.value }

    /// The single value that a statement returns as `value`; nil for NULL.
    private func value(_ sql: String, _ parameters: Parameter...) async throws -> String? {
        let statement = Statement(sql)
        let parameters = parameters
        return try await fixture.run { lanes, _ in
            try await lanes.read(.test, [statement(parameters)])[0].text(0, "value")
        }
    }

    @Test(arguments: [
        "", " ", "a", "Ёжик", "\u{1F600}", "'; DROP TABLE marks; --", "a\"b\\c{d},e", "NULL", "line\nfeed\ttab\r",
        "\u{1}\u{7F}", String(repeating: "я", count: 100_000),
    ]) func textComesBack(text: String) async throws {
        #expect(try await value("SELECT $1::text AS value", .text(text)) == text)
    }

    @Test func nullIsNotAnEmptyText() async throws {
        #expect(try await value("SELECT $1::text AS value", .null) == nil)
        #expect(try await value("SELECT $1::text AS value", .text(String?.none)) == nil)
        #expect(try await value("SELECT $1::text AS value", .integer(Int?.none)) == nil)
        #expect(try await value("SELECT $1::text AS value", .boolean(Bool?.none)) == nil)
        #expect(try await value("SELECT ($1::text = '')::text AS value", .text("")) == "true")
    }

    @Test(arguments: [0, 1, -1, Int.max, Int.min]) func integersComeBack(number: Int) async throws {
        #expect(try await value("SELECT $1::bigint AS value", .integer(number)) == "\(number)")
    }

    @Test func booleans() async throws {
        #expect(try await value("SELECT $1::boolean AS value", .boolean(true)) == "t")
        #expect(try await value("SELECT $1::boolean AS value", .boolean(false)) == "f")
    }

    @Test func arraysKeepEveryElement() async throws {
        let texts: [String?] = [
            "plain", "", nil, "NULL", "quo\"te", "back\\slash", "com,ma", "{brace}", " space ", "Ёлка", "a\nb", "'",
        ]
        let statement = Statement("SELECT unnest($1::text[]) AS value")
        let back = try await fixture.run { lanes, _ in
            let rows = try await lanes.read(.test, [statement(.texts(texts))])[0]
            return (0..<rows.count).map { rows.text($0, "value") }
        }
        #expect(back == texts)
        #expect(try await value("SELECT cardinality($1::text[]) AS value", .texts([])) == "0")
        #expect(try await value("SELECT $1::int[] AS value", .integers([1, nil, -3])) == "{1,NULL,-3}")
        #expect(try await value("SELECT $1::boolean[] AS value", .booleans([true, nil, false])) == "{t,NULL,f}")
    }

    @Test func bytesComeBack() async throws {
        let bytes = (0...255).map { UInt8($0) }
        let statement = Statement(
            "SELECT $1::bytea AS value, length($1::bytea) AS length, ''::bytea AS empty, NULL::bytea AS none")
        let (back, length, empty, none) = try await fixture.run { lanes, _ in
            let rows = try await lanes.read(.test, [statement(.bytes(bytes))])[0]
            return (rows.bytes(0, "value"), rows.integer(0, "length"), rows.bytes(0, "empty"), rows.bytes(0, "none"))
        }
        #expect(back == bytes)
        #expect(length == 256)
        #expect(empty == [])
        #expect(none == nil)
        #expect(try await value("SELECT length($1::bytea) AS value", .bytes([])) == "0")
    }

    @Test(arguments: [Parameter.text("\0"), .text("a\0"), .texts(["a", "b\0c"])]) func nullCharacterIsRefused(
        parameter: Parameter
    ) async throws {
        let statement = Statement("SELECT $1::text AS value")
        let failed = await fixture.run { lanes, _ in
            await failure { _ = try await lanes.read(.test, [statement(parameter)]) }
        }
        #expect(failed == "null character")
    }

    @Test func manyParametersKeepTheirPlaces() async throws {
        let sql = "SELECT concat_ws(',', " + (1...50).map { "$\($0)::text" }.joined(separator: ", ") + ") AS value"
        let statement = Statement(sql)
        let parameters = (1...50).map { $0 % 7 == 0 ? Parameter.null : .integer($0) }
        let back = try await fixture.run { lanes, _ in
            try await lanes.read(.test, [statement(parameters)])[0].text(0, "value")
        }
        #expect(back == (1...50).filter { $0 % 7 != 0 }.map { "\($0)" }.joined(separator: ","))
    }

    @Test func noTwoStatementsAreOne() {
        #expect(Statement("SELECT 1").id != Statement("SELECT 1").id)
    }
}
