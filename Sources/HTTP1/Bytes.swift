/// Byte tests for the parser, eight bytes at a time where that is faster.
enum Bytes {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let comma: UInt8 = 0x2C
    static let slash: UInt8 = 0x2F
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B
    static let equals: UInt8 = 0x3D
    static let question: UInt8 = 0x3F
    static let backslash: UInt8 = 0x5C
    static let delete: UInt8 = 0x7F

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ offset: Int) -> UInt64 {
        // Bounds are checked; "unsafe" here only means that the type is read from raw bytes.
        UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// A word with the high bit set in each zero byte up to and including the first one.
    @inline(__always)
    private static func zeroes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    @inline(__always)
    static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        let pattern = ones &* UInt64(byte)
        while index &+ 8 <= bytes.count {
            let found = zeroes(word(bytes, index) ^ pattern)
            if found != 0 { return index &+ found.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < bytes.count {
            if bytes[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Whether every byte is allowed in a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5).
    @inline(__always)
    static func isFieldValue(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index &+ 8 <= range.upperBound {
            let word = word(bytes, index)
            let controls = (word &- ones &* 0x20) & ~word & highs
            if controls | zeroes(word ^ (ones &* UInt64(delete))) != 0 {
                for position in index..<index &+ 8 where !isFieldValueByte(bytes[position]) { return false }
            }
            index &+= 8
        }
        while index < range.upperBound {
            if !isFieldValueByte(bytes[index]) { return false }
            index &+= 1
        }
        return true
    }

    @inline(__always)
    static func isFieldValueByte(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != delete : byte == tab
    }

    /// tchar of RFC 9110 section 5.6.2, as a 128-bit set.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        // ! # $ % & ' * + - . 0-9
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        // A-Z ^ _ ` a-z | ~
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
        if byte < 128 { return high >> UInt64(byte & 63) & 1 == 1 }
        return false
    }

    /// The bytes allowed in a request target: VCHAR without `"`, `#`, `<`, `>` and `\`. RFC 3986 would have clients
    /// encode some others too, but browsers send them in queries, so they are accepted.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0xAFFF_FFF2_0000_0000
        let high: UInt64 = 0x7FFF_FFFF_EFFF_FFFF
        if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
        if byte < 128 { return high >> UInt64(byte & 63) & 1 == 1 }
        return false
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 0x30 }
        let lower = byte | 0x20
        return lower &- 0x61 < 6 ? lower &- 0x61 &+ 10 : nil
    }

    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// Compares ASCII text case-insensitively.
    @inline(__always)
    static func equal(_ bytes: Span<UInt8>, _ range: Range<Int>, ignoringCase text: String) -> Bool {
        let other = text.utf8.span
        guard range.count == other.count else { return false }
        for index in other.indices
        where lowercased(bytes[range.lowerBound &+ index]) != lowercased(other[index]) { return false }
        return true
    }

    /// The range without spaces and tabs (OWS) at its ends.
    @inline(__always)
    static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper, bytes[lower] == space || bytes[lower] == tab { lower &+= 1 }
        while upper > lower, bytes[upper &- 1] == space || bytes[upper &- 1] == tab { upper &-= 1 }
        return lower..<upper
    }

    /// Calls `body` with each trimmed, non-empty element of a comma-separated list (RFC 9110 section 5.6.1).
    static func elements(
        of bytes: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) throws(ParseError) -> Void
    ) throws(ParseError) {
        var start = range.lowerBound
        while start <= range.upperBound {
            var end = start
            while end < range.upperBound, bytes[end] != comma { end &+= 1 }
            let element = trimmed(bytes, start..<end)
            if !element.isEmpty { try body(element) }
            start = end &+ 1
        }
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func append(copying span: Span<UInt8>) {
        append(addingCapacity: span.count) { $0.append(copying: span) }
    }
}

extension OutputSpan<UInt8> {
    /// The standard library has no bulk copy between spans yet. The optimizer vectorizes this loop; measured as fast as
    /// copying words by hand.
    @inline(__always)
    mutating func append(copying span: Span<UInt8>) {
        let count = span.count
        var index = 0
        while index < count {
            append(span[index])
            index &+= 1
        }
    }
}
