/// A second reader of RFC 8259, as simple as possible: it works on Unicode scalars and ignores speed and messages. Like
/// the server it is stricter than the grammar: no BOM, no duplicate names in an object, no U+0000, no lone surrogates,
/// a depth of 64.
struct StrictJSON {
    private struct Refused: Error {}

    private var rest: ArraySlice<Unicode.Scalar>

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        var reader = StrictJSON(rest: Array(text.unicodeScalars)[...])
        do {
            try reader.value(depth: 0)
            return reader.rest.isEmpty
        } catch {
            return false
        }
    }

    private mutating func value(depth: Int) throws {
        space()
        switch rest.first {
        case "{":
            try list(closedBy: "}", depth: depth + 1)
        case "[":
            try list(closedBy: "]", depth: depth + 1)
        case "\"":
            _ = try string()
        case "t", "f", "n":
            guard let word = ["true", "false", "null"].first(where: { rest.starts(with: $0.unicodeScalars) }) else {
                throw Refused()
            }
            rest = rest.dropFirst(word.count)
        default:
            try number()
        }
        space()
    }

    private mutating func list(closedBy end: Unicode.Scalar, depth: Int) throws {
        guard depth <= 64 else { throw Refused() }
        rest = rest.dropFirst()
        space()
        if take(end) { return }
        var names: Set<[Unicode.Scalar]> = []
        repeat {
            if end == "}" {
                space()
                guard names.insert(try string()).inserted else { throw Refused() }
                space()
                guard take(":") else { throw Refused() }
            }
            try value(depth: depth)
        } while take(",")
        guard take(end) else { throw Refused() }
    }

    private mutating func string() throws -> [Unicode.Scalar] {
        guard take("\"") else { throw Refused() }
        var text: [Unicode.Scalar] = []
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return text
            case "\\": text.append(try escape())
            case _ where scalar.value < 0x20: throw Refused()
            default: text.append(scalar)
            }
        }
        throw Refused()
    }

    private mutating func escape() throws -> Unicode.Scalar {
        switch rest.popFirst() {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u":
            var units = [try unit()]
            if units[0] & 0xFC00 == 0xD800, take("\\"), take("u") { units.append(try unit()) }
            guard let text = String(validating: units, as: UTF16.self), text.unicodeScalars.count == 1,
                let scalar = text.unicodeScalars.first, scalar.value > 0
            else { throw Refused() }
            return scalar
        default: throw Refused()
        }
    }

    private mutating func unit() throws -> UInt16 {
        let digits = rest.prefix(4)
        rest = rest.dropFirst(4)
        guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.properties.isASCIIHexDigit }) else {
            throw Refused()
        }
        return UInt16(String(String.UnicodeScalarView(digits)), radix: 16)!
    }

    private mutating func number() throws {
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
    }

    private mutating func digits() throws {
        let count = rest.prefix { ("0"..."9").contains($0) }.count
        guard count > 0 else { throw Refused() }
        rest = rest.dropFirst(count)
    }

    private mutating func space() {
        rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest = rest.dropFirst()
        return true
    }
}
