import JSON
import Testing

/// Thousands of generated texts instead of single cases.
@Suite struct JSONTextTests {
    // MARK: UTF-8

    /// Ill-formed by the table of Unicode section 3.9, with the byte at which this is detected.
    @Test(
        arguments: [
            ("continuation alone", [0x80], 0), ("continuation behind ASCII", [0x61, 0xBF], 1),
            ("two bytes cut", [0xC3], 0), ("three bytes cut to one", [0xE2], 0),
            ("three bytes cut to two", [0xE2, 0x82], 0),
            ("four bytes cut to three", [0xF0, 0x9F, 0x98], 0),
            ("start instead of continuation", [0xC3, 0xC3, 0xA9], 0),
            ("overlong NUL", [0xC0, 0x80], 0), ("overlong slash", [0xC0, 0xAF], 0), ("overlong DEL", [0xC1, 0xBF], 0),
            ("overlong in three", [0xE0, 0x9F, 0xBF], 0), ("overlong in four", [0xF0, 0x8F, 0xBF, 0xBF], 0),
            ("first surrogate", [0xED, 0xA0, 0x80], 0), ("last surrogate", [0xED, 0xBF, 0xBF], 0),
            ("surrogate pair", [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], 0),
            ("beyond U+10FFFF", [0xF4, 0x90, 0x80, 0x80], 0),
            ("five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80], 0), ("six bytes", [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], 0),
            ("FE", [0xFE], 0), ("FF", [0xFF], 0), ("Latin-1", [0x63, 0x61, 0x66, 0xE9], 3),
        ] as [(String, [UInt8], Int)])
    func refusesIllFormed(_ name: String, _ bytes: [UInt8], _ offset: Int) {
        for padding in [0, 1, 7, 8, 9, 63] {
            let text = [UInt8](repeating: 0x20, count: padding)
            for (before, after) in [([UInt8](), [UInt8]()), (Array(#"\n"#.utf8), Array(#"\t"#.utf8))] {
                let whole = [0x22] + text + before + bytes + after + text + [0x22]
                #expect(error(whole)?.reason == .badUTF8)
                #expect(error(whole)?.offset == 1 + padding + before.count + offset)
                // Also as a name.
                #expect(error([0x7B] + whole + Array(":1}".utf8))?.reason == .badUTF8)
            }
        }
    }

    @Test(arguments: [
        0x01, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x10FFFF,
    ])
    func readsTheEdgesOfUTF8(_ value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        let units = String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return #"\u"# + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }.joined()
        #expect(try JSONValue(parsing: Array("\"\(units)\"".utf8)) == .string(String(scalar)))
        if value >= 0x20 {
            #expect(try JSONValue(parsing: Array("\"\(String(scalar))\"".utf8)) == .string(String(scalar)))
        }
    }

    /// U+FEFF is a byte order mark only before a text, where it is refused (RFC 8259 section 8.1).
    @Test func byteOrderMarks() {
        #expect(error(Array("\u{FEFF}[]".utf8))?.reason == .byteOrderMark)
        #expect(error(Array("\u{FEFF}".utf8))?.reason == .byteOrderMark)
        #expect(error(Array(" \u{FEFF}[]".utf8))?.reason == .unexpectedByte)
        #expect(error([0xFF, 0xFE, 0x5B, 0, 0x5D, 0])?.reason == .unexpectedByte)
        #expect(error([0, 0x5B, 0, 0x5D])?.reason == .unexpectedByte)
        #expect(error(Array("[\"\u{FEFF}\"]".utf8)) == nil)
    }

    // MARK: Bytes

    /// Every byte, alone and at each place of a text, is accepted or refused according to RFC 8259.
    @Test func everyByteAlone() {
        for byte in UInt8.min...UInt8.max {
            #expect((error([byte]) == nil) == (0x30...0x39).contains(byte), "\(byte)")
            let inString = error([0x22, byte, 0x22]) == nil
            #expect(inString == (byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5C), "\(byte)")
            let escaped = error([0x22, 0x5C, byte, 0x22]) == nil
            #expect(escaped == Array(#""\/bfnrt"#.utf8).contains(byte), "\(byte)")
            let asSpace = error([byte, 0x31]) == nil
            #expect(asSpace == ([0x20, 0x09, 0x0A, 0x0D, 0x2D] + Array(0x31...0x39)).contains(byte), "\(byte)")
        }
    }

    @Test func controlsAreEscapedInTexts() {
        for byte in UInt8(1)..<0x20 {
            #expect(error([0x22, byte, 0x22])?.reason == .controlCharacter)
            #expect(
                error([0x5B] + [UInt8](repeating: 0x20, count: 20) + [0x22, 0x61, byte])?.reason == .controlCharacter)
        }
        #expect(error([0x22, 0, 0x22])?.reason == .nullCharacter)
    }

    // MARK: Numbers

    @Test(arguments: [
        "0", "-0", "0.0", "-0.0e-0", "1e0", "1E+99999", "9007199254740993", "1.7976931348623157e309", "-5e-324",
        String(repeating: "9", count: 10_000), "0." + String(repeating: "0", count: 10_000) + "1",
        "1e" + String(repeating: "9", count: 10_000),
    ])
    func numbersKeepTheirLiteral(_ literal: String) throws {
        #expect(try JSONValue(parsing: Array(literal.utf8)) == .number(literal))
        #expect(try JSONValue(parsing: Array("[\(literal)]".utf8)) == .array([.number(literal)]))
        // A field for an integer reports that the number is not one, or is out of range.
        let problems = FieldProblems()
        let value = FieldParsing.integer(.number(literal), in: 0...9, JSONPointer("n"), problems)
        #expect((value == nil) == !problems.isEmpty)
    }

    // MARK: Structure

    /// Depth 64 is accepted in any mixture of arrays and objects. One more is refused before anything inside it is
    /// read.
    @Test func depthCountsBoth() {
        for pattern in 0..<8 {
            func nested(_ depth: Int) -> [UInt8] {
                let isArray = (0..<depth).map { pattern >> ($0 % 3) & 1 == 0 }
                let open = isArray.map { $0 ? "[" : "{\"a\":" }.joined()
                return Array((open + "1" + isArray.reversed().map { $0 ? "]" : "}" }.joined()).utf8)
            }
            #expect(error(nested(64)) == nil)
            #expect(error(nested(65))?.reason == .tooDeep)
            #expect(error(nested(10_000))?.reason == .tooDeep)
        }
    }

    /// A truncated, doubled or changed text never traps, and the error's offset is inside it.
    @Test func mutationsNeverTrap() {
        let text = Array(#" {"a" : [1.5e3, "x\n\uD83D\uDE00é", true, null, {"b":{}}], "c":-0, "": "\u0041" } "#.utf8)
        #expect(error(text) == nil)
        for index in text.indices {
            for byte in Array(#"{}[],:"\u0e.- tfn"#.utf8) + [0, 0x1F, 0x80, 0xC3, 0xED, 0xF4, 0xFF] {
                var changed = text
                changed[index] = byte
                if let error = error(changed) { #expect(error.offset <= changed.count) }
                changed.remove(at: index)
                if let error = error(changed) { #expect(error.offset <= changed.count) }
                changed.insert(contentsOf: [byte, byte], at: index)
                if let error = error(changed) { #expect(error.offset <= changed.count) }
            }
        }
    }

    /// The parser reads back what the writer writes.
    @Test func writingAndReadingAgree() throws {
        var random = SplitMix(state: 42)
        for _ in 0..<500 {
            let value = JSONValue.random(depth: 5, using: &random)
            var writer = JSONWriter()
            writer.value(value)
            #expect(try JSONValue(parsing: writer.bytes) == value)
        }
    }

    private func error(_ bytes: [UInt8]) -> JSONParseError? {
        do throws(JSONParseError) {
            _ = try JSONValue(parsing: bytes)
            return nil
        } catch {
            return error
        }
    }
}

/// Gives the same numbers in each run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension JSONValue {
    fileprivate static func random(depth: Int, using random: inout SplitMix) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2:
            return .number(
                "\(Int.random(in: -9999...9999, using: &random)).\(Int.random(in: 0...99, using: &random))e-7")
        case 3: return .string(text(using: &random))
        case 4:
            return .array(
                (0..<Int.random(in: 0..<6, using: &random)).map { _ in .random(depth: depth - 1, using: &random) })
        default:
            let count = Int.random(in: 0..<25, using: &random)
            return .object(
                (0..<count).map { ("\($0)" + text(using: &random), .random(depth: depth - 2, using: &random)) })
        }
    }

    private static func text(using random: inout SplitMix) -> String {
        let alphabet = Array("ab\"\\/\u{1}\u{8}\u{C}\n\r\t\u{1F}\u{7F}é\u{301}Я€\u{FFFF}😀".unicodeScalars)
        return String(
            String.UnicodeScalarView(
                (0..<Int.random(in: 0..<20, using: &random)).map { _ in alphabet.randomElement(using: &random)! }))
    }
}
