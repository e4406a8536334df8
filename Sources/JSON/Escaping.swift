/// Finds the bytes of a text that JSON must escape, eight at a time (RFC 8259 section 7).
///
/// Unlike everything else here it is public: functions that are only `package` are not inlined into other modules.
public enum Escaping {
    /// Sets the high bit of each byte that is below 0x20, a quotation mark or a backslash. Bytes above the first such
    /// byte may be marked wrongly, because the subtraction borrows from them.
    @inlinable @inline(__always)
    public static func marks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ (ones &* 0x22)
        let slashes = word ^ (ones &* 0x5C)
        let controls = (word &- ones &* 0x20) & ~word
        return (controls | ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)) & highs
    }

    @inlinable @inline(__always)
    public static func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }

    /// The letter after the backslash for a byte that has a short form. Nil if it needs `u00` and two digits.
    package static func letter(for byte: UInt8) -> UInt8? {
        switch byte {
        case 0x22, 0x5C: byte
        case 0x08: 0x62
        case 0x09: 0x74
        case 0x0A: 0x6E
        case 0x0C: 0x66
        case 0x0D: 0x72
        default: nil
        }
    }

    /// The first index from `start` on that needs an escape, or the count.
    @inline(__always)
    static func firstIndex(in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        let raw = bytes.bytes
        while index &+ 8 <= count {
            // Bounds are checked; "unsafe" here only means that the type is read from raw bytes.
            let found = marks(UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)))
            if found != 0 { return index &+ found.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < count {
            if needsEscape(bytes[index]) { return index }
            index &+= 1
        }
        return count
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
