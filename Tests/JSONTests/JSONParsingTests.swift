import JSON
import Testing

/// A text that must be refused, with the reason, the byte and the pointer.
struct BadJSON: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let reason: JSONParseError.Reason
    let offset: Int
    let pointer: String
    var testDescription: String { String(decoding: bytes, as: UTF8.self) }

    init(_ text: String, _ reason: JSONParseError.Reason, at offset: Int, _ pointer: String = "") {
        self.init(Array(text.utf8), reason, at: offset, pointer)
    }

    init(_ bytes: [UInt8], _ reason: JSONParseError.Reason, at offset: Int, _ pointer: String = "") {
        self.bytes = bytes
        self.reason = reason
        self.offset = offset
        self.pointer = pointer
    }
}

@Suite struct JSONParsingTests {
    @Test(arguments: [
        ("null", JSONValue.null), ("true", .bool(true)), (" \t\r\nfalse ", .bool(false)), ("\"\"", .string("")),
        ("0", .number("0")), ("-0", .number("-0")), ("-1.50", .number("-1.50")), ("1e400", .number("1e400")),
        ("1E+2", .number("1E+2")), ("0.1e-7", .number("0.1e-7")),
        ("123456789012345678901234567890", .number("123456789012345678901234567890")),
        ("[]", .array([])), ("[ ]", .array([])), ("{}", .object([])), ("{ }", .object([])),
        ("[1,\"a\" , null]", .array([.number("1"), .string("a"), .null])),
        ("{\"b\":1, \"a\" : [{}]}", .object([("b", .number("1")), ("a", .array([.object([])]))])),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")), (#""\u0041\u00e9\u042F""#, .string("AéЯ")),
        (#""\uD83D\uDE00x""#, .string("😀x")), ("\"Ёлка 🌲 \u{7F}\"", .string("Ёлка 🌲 \u{7F}")),
        (#""\uFFFF\u0001""#, .string("\u{FFFF}\u{1}")),
        ("{\"\":{\"\":1}}", .object([("", .object([("", .number("1"))]))])),
        ("{\"\u{E9}\":1,\"e\u{301}\":2}", .object([("\u{E9}", .number("1")), ("e\u{301}", .number("2"))])),
    ])
    func reads(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }

    static let syntax: [BadJSON] = [
        .init("", .unexpectedEnd, at: 0), .init("  ", .unexpectedEnd, at: 2), .init("nul", .unexpectedEnd, at: 3),
        .init("nulL", .badLiteral, at: 0), .init("True", .unexpectedByte, at: 0), .init("NaN", .unexpectedByte, at: 0),
        .init("truex", .trailingContent, at: 4), .init("1 2", .trailingContent, at: 2),
        .init("{}}", .trailingContent, at: 2), .init("[1]\0", .trailingContent, at: 3),
        .init("[1,]", .unexpectedByte, at: 3, "/1"), .init("[,1]", .unexpectedByte, at: 1, "/0"),
        .init("[1 2]", .unexpectedByte, at: 3), .init("[1", .unexpectedEnd, at: 2),
        .init("[", .unexpectedEnd, at: 1, "/0"),
        .init("[1}", .unexpectedByte, at: 2), .init("{\"a\":1,}", .unexpectedByte, at: 7),
        .init("{,}", .unexpectedByte, at: 1), .init("{\"a\"}", .unexpectedByte, at: 4),
        .init("{\"a\":}", .unexpectedByte, at: 5, "/a"), .init("{a:1}", .unexpectedByte, at: 1),
        .init("{'a':1}", .unexpectedByte, at: 1), .init("{1:1}", .unexpectedByte, at: 1),
        .init("{\"a\" 1}", .unexpectedByte, at: 5), .init("{\"a\":1", .unexpectedEnd, at: 6),
        .init("{", .unexpectedEnd, at: 1), .init("{\"a", .unexpectedEnd, at: 3),
        .init("// x\n1", .unexpectedByte, at: 0),
        .init("[1/**/]", .unexpectedByte, at: 2), .init("\u{A0}1", .unexpectedByte, at: 0),
        .init("\u{C}1", .unexpectedByte, at: 0), .init("]", .unexpectedByte, at: 0),
    ]

    static let numbers: [BadJSON] = [
        .init("01", .badNumber, at: 0), .init("-01", .badNumber, at: 0), .init("-", .unexpectedEnd, at: 1),
        .init("-a", .badNumber, at: 0), .init("+1", .unexpectedByte, at: 0), .init(".5", .unexpectedByte, at: 0),
        .init("1.", .unexpectedEnd, at: 2), .init("[1.]", .badNumber, at: 1, "/0"), .init("1.e1", .badNumber, at: 0),
        .init("1e", .unexpectedEnd, at: 2), .init("1e+", .unexpectedEnd, at: 3),
        .init("[1ee1]", .badNumber, at: 1, "/0"),
        .init("1.2.3", .trailingContent, at: 3), .init("0x1", .trailingContent, at: 1),
        .init("--1", .badNumber, at: 0), .init("-Infinity", .badNumber, at: 0), .init("１", .unexpectedByte, at: 0),
    ]

    static let strings: [BadJSON] = [
        .init("\"abc", .unexpectedEnd, at: 4), .init("\"a\\", .unexpectedEnd, at: 3),
        .init("\"\\u00", .unexpectedEnd, at: 5),
        .init("\"a\\\"", .unexpectedEnd, at: 4), .init(#""\x41""#, .badEscape, at: 1),
        .init(#""\'""#, .badEscape, at: 1),
        .init(#""\u00g0""#, .badEscape, at: 1), .init(#""\U0041""#, .badEscape, at: 1),
        .init(#""\u+041""#, .badEscape, at: 1), .init("\"a\nb\"", .controlCharacter, at: 2),
        .init("\"a\tb\"", .controlCharacter, at: 2), .init("\"0123456789\u{1F}\"", .controlCharacter, at: 11),
        .init(#"{"a":["x\u0000"]}"#, .nullCharacter, at: 8, "/a/0"), .init("[\"a\0\"]", .nullCharacter, at: 3, "/0"),
        .init(#"{"a":{"\u0000":1}}"#, .nullCharacter, at: 7, "/a"), .init(#""\uD800""#, .loneSurrogate, at: 1),
        .init(#""\uDC00""#, .loneSurrogate, at: 1), .init(#""\uDC00\uD800""#, .loneSurrogate, at: 1),
        .init(#""\uDC00\uDC00""#, .loneSurrogate, at: 1),
        .init(#""\uD800\uD800""#, .loneSurrogate, at: 1), .init(#""\uD800x""#, .loneSurrogate, at: 1),
        .init(#""\uD800\n""#, .loneSurrogate, at: 1), .init(#""\uD83D\u0041""#, .loneSurrogate, at: 1),
        .init(#""\uD83D\uDE0""#, .badEscape, at: 7),
    ]

    static let encoding: [BadJSON] = [
        .init([0xEF, 0xBB, 0xBF, 0x31], .byteOrderMark, at: 0), .init([0x22, 0xFF, 0x22], .badUTF8, at: 1),
        .init([0x22, 0x61, 0xC3, 0x22], .badUTF8, at: 2), .init([0x22, 0xC0, 0xAF, 0x22], .badUTF8, at: 1),
        .init([0x22, 0xED, 0xA0, 0x80, 0x22], .badUTF8, at: 1), .init([0x22, 0x80, 0x22], .badUTF8, at: 1),
        .init([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], .badUTF8, at: 1),
        .init([0x22, 0x5C, 0x6E, 0xE2, 0x82, 0x22], .badUTF8, at: 3),
        // An escape inside a character: the two halves are not valid.
        .init([0x22, 0xC3, 0x5C, 0x6E, 0xA9, 0x22], .badUTF8, at: 1), .init([0xFE, 0xFF], .unexpectedByte, at: 0),
        .init([0x31, 0x00], .trailingContent, at: 1),
    ]

    static let keys: [BadJSON] = [
        .init(#"{"a":1,"a":2}"#, .duplicateKey, at: 7, "/a"), .init(#"{"a":1,"\u0061":2}"#, .duplicateKey, at: 7, "/a"),
        .init(#"[{"x":{"b":1,"c":2,"b":3}}]"#, .duplicateKey, at: 19, "/0/x/b"),
        .init(#"{"a/b":{"~":[0,nul]}}"#, .badLiteral, at: 15, "/a~1b/~0/1"),
    ]

    @Test(arguments: syntax + numbers + strings + encoding + keys)
    func refuses(_ bad: BadJSON) {
        do throws(JSONParseError) {
            let value = try JSONValue(parsing: bad.bytes)
            Issue.record("read as \(value)")
        } catch {
            #expect(error.reason == bad.reason)
            #expect(error.offset == bad.offset)
            #expect(error.pointer.text == bad.pointer)
        }
    }

    @Test func findsDuplicatesAmongMany() throws {
        var members = (0..<100).map { "\"k\($0)\":\($0)" }
        let good = Array("{\(members.joined(separator: ","))}".utf8)
        #expect(try JSONValue(parsing: good)["k99"] == .number("99"))
        for name in ["k0", "k15", "k16", "k99"] {
            members.append("\"\(name)\":1")
            let bytes = Array("{\(members.joined(separator: ","))}".utf8)
            #expect(reason(bytes) == .duplicateKey)
            members.removeLast()
        }
    }

    @Test func depth() {
        func nested(_ depth: Int, _ open: String, _ close: String) -> [UInt8] {
            Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
        }
        #expect(reason(nested(64, "[", "]")) == nil)
        #expect(reason(nested(65, "[", "]")) == .tooDeep)
        #expect(reason(nested(65, "{\"a\":", "}")) == .tooDeep)
        #expect(reason(nested(100_000, "[", "")) == .tooDeep)
        #expect(reason(nested(2, "[", "]"), limits: JSONLimits(depth: 1)) == .tooDeep)
        // The depth counts values that are open at the same time, not all of them.
        let wide = Array("[\(Array(repeating: "[]", count: 1000).joined(separator: ","))]".utf8)
        #expect(reason(wide) == nil)
    }

    @Test func size() {
        let text = Array("[1,2,3]".utf8)
        #expect(reason(text, limits: JSONLimits(size: 7)) == nil)
        #expect(reason(text, limits: JSONLimits(size: 6)) == .tooLarge)
        #expect(reason(text, limits: JSONLimits(values: 4)) == nil)
        #expect(reason(text, limits: JSONLimits(values: 3)) == .tooManyValues)
    }

    /// A text cut off anywhere is refused, without reading past its end.
    @Test func refusesEachPrefix() {
        let text = Array(#"{"a":[1.5e3,"x\n\uD83D\uDE00é",true,null,{"b":{}}],"c":-0}"#.utf8)
        #expect(reason(text) == nil)
        for end in text.indices {
            #expect(reason(Array(text[..<end])) != nil, "\(end)")
        }
    }

    private func reason(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) -> JSONParseError.Reason? {
        do throws(JSONParseError) {
            _ = try JSONValue(parsing: bytes, limits: limits)
            return nil
        } catch {
            return error.reason
        }
    }
}
