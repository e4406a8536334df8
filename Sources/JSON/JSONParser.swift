/// A recursive descent parser for one text. `JSONLimits.depth` limits the recursion.
struct JSONParser {
    private let limits: JSONLimits
    private var index = 0
    private var depth = 0
    private var values = 0

    init(limits: JSONLimits) { self.limits = limits }

    mutating func document(_ bytes: Span<UInt8>) throws(JSONParseError) -> JSONValue {
        guard bytes.count <= limits.size else { throw JSONParseError(.tooLarge, at: limits.size) }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw JSONParseError(.byteOrderMark, at: 0)
        }
        skipSpace(bytes)
        let value = try value(bytes)
        skipSpace(bytes)
        guard index == bytes.count else { throw JSONParseError(.trailingContent, at: index) }
        return value
    }

    /// Reads the value at `index`, where whitespace has been skipped.
    private mutating func value(_ bytes: Span<UInt8>) throws(JSONParseError) -> JSONValue {
        guard index < bytes.count else { throw JSONParseError(.unexpectedEnd, at: index) }
        values += 1
        guard values <= limits.values else { throw JSONParseError(.tooManyValues, at: index) }
        switch bytes[index] {
        case 0x22: return .string(try string(bytes))
        case 0x7B: return try object(bytes)
        case 0x5B: return try array(bytes)
        case 0x2D, 0x30...0x39: return .number(try number(bytes))
        case 0x74:
            try literal("true", bytes)
            return .bool(true)
        case 0x66:
            try literal("false", bytes)
            return .bool(false)
        case 0x6E:
            try literal("null", bytes)
            return .null
        default: throw JSONParseError(.unexpectedByte, at: index)
        }
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(JSONParseError) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var members: [(key: String, value: JSONValue)] = []
        var names = NameSet()
        skipSpace(bytes)
        if take(0x7D, bytes) { return .object(members) }
        while true {
            let start = index
            guard index < bytes.count else { throw JSONParseError(.unexpectedEnd, at: index) }
            guard bytes[index] == 0x22 else { throw JSONParseError(.unexpectedByte, at: index) }
            let name = try string(bytes)
            guard names.insert(name, into: members) else {
                throw JSONParseError(.duplicateKey, at: start).inside(name)
            }
            skipSpace(bytes)
            try expect(0x3A, bytes)
            skipSpace(bytes)
            do throws(JSONParseError) {
                members.append((name, try value(bytes)))
            } catch {
                throw error.inside(name)
            }
            skipSpace(bytes)
            if take(0x7D, bytes) { return .object(members) }
            try expect(0x2C, bytes)
            skipSpace(bytes)
        }
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSONParseError) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var items: [JSONValue] = []
        skipSpace(bytes)
        if take(0x5D, bytes) { return .array(items) }
        while true {
            do throws(JSONParseError) {
                items.append(try value(bytes))
            } catch {
                throw error.inside(String(items.count))
            }
            skipSpace(bytes)
            if take(0x5D, bytes) { return .array(items) }
            try expect(0x2C, bytes)
            skipSpace(bytes)
        }
    }

    /// [ "-" ] int [ frac ] [ exp ] (RFC 8259 section 6).
    private mutating func number(_ bytes: Span<UInt8>) throws(JSONParseError) -> String {
        let start = index
        if bytes[index] == 0x2D { index += 1 }
        if index < bytes.count, bytes[index] == 0x30 {
            index += 1
            if index < bytes.count, isDigit(bytes[index]) { throw JSONParseError(.badNumber, at: start) }
        } else {
            try digits(bytes, of: start)
        }
        if take(0x2E, bytes) { try digits(bytes, of: start) }
        if index < bytes.count, bytes[index] | 0x20 == 0x65 {
            index += 1
            if index < bytes.count, bytes[index] == 0x2B || bytes[index] == 0x2D { index += 1 }
            try digits(bytes, of: start)
        }
        return text(bytes.extracting(start..<index))
    }

    private mutating func digits(_ bytes: Span<UInt8>, of start: Int) throws(JSONParseError) {
        let first = index
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        guard index > first else {
            throw index < bytes.count
                ? JSONParseError(.badNumber, at: start) : JSONParseError(.unexpectedEnd, at: index)
        }
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(JSONParseError) -> String {
        index += 1
        let start = index
        index = Escaping.firstIndex(in: bytes, from: index)
        guard index < bytes.count, bytes[index] == 0x22 else {
            return try JSONStringDecoder.decode(bytes, from: start, firstEscape: index, end: &index)
        }
        let content = start..<index
        index += 1
        do {
            return String(copying: try UTF8Span(validating: bytes.extracting(content)))
        } catch {
            throw JSONParseError(.badUTF8, at: start + error.byteOffsets.lowerBound)
        }
    }

    private mutating func literal(_ text: String, _ bytes: Span<UInt8>) throws(JSONParseError) {
        let start = index
        for byte in text.utf8 {
            guard index < bytes.count else { throw JSONParseError(.unexpectedEnd, at: index) }
            guard bytes[index] == byte else { throw JSONParseError(.badLiteral, at: start) }
            index += 1
        }
    }

    // MARK: Steps

    private mutating func enter() throws(JSONParseError) {
        depth += 1
        guard depth <= limits.depth else { throw JSONParseError(.tooDeep, at: index) }
        index += 1
    }

    @inline(__always)
    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index &+= 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ bytes: Span<UInt8>) throws(JSONParseError) {
        guard index < bytes.count else { throw JSONParseError(.unexpectedEnd, at: index) }
        guard bytes[index] == byte else { throw JSONParseError(.unexpectedByte, at: index) }
        index += 1
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    private func text(_ ascii: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        copy.append(copying: ascii)
        return String(decoding: copy, as: UTF8.self)
    }
}

/// The names of an object. Up to 16 are compared one by one; a set keeps larger objects linear.
private struct NameSet {
    private var set: Set<[UInt8]> = []

    mutating func insert(_ name: String, into members: [(key: String, value: JSONValue)]) -> Bool {
        if members.count < 16 {
            return !members.contains { identical($0.key, name) }
        }
        if set.isEmpty { set = Set(members.map { Array($0.key.utf8) }) }
        return set.insert(Array(name.utf8)).inserted
    }
}
