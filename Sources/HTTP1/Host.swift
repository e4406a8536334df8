/// `uri-host [ ":" port ]` (RFC 9110 section 7.2, RFC 3986 section 3.2.2). User information and empty hosts are
/// refused.
enum Host {
    static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard !range.isEmpty else { return false }
        var index = range.lowerBound
        if bytes[index] == 0x5B {
            index += 1
            let start = index
            while index < range.upperBound, isLiteral(bytes[index]) { index += 1 }
            guard index > start, index < range.upperBound, bytes[index] == 0x5D else { return false }
            index += 1
        } else {
            while index < range.upperBound, bytes[index] != Bytes.colon {
                if bytes[index] == 0x25 {
                    guard index + 2 < range.upperBound, Bytes.hexValue(bytes[index + 1]) != nil,
                        Bytes.hexValue(bytes[index + 2]) != nil
                    else { return false }
                    index += 3
                } else {
                    guard isName(bytes[index]) else { return false }
                    index += 1
                }
            }
            guard index > range.lowerBound else { return false }
        }
        guard index < range.upperBound else { return true }
        guard bytes[index] == Bytes.colon, range.upperBound - index <= 6 else { return false }
        for position in index + 1..<range.upperBound where !Bytes.isDigit(bytes[position]) { return false }
        return true
    }

    /// The bytes inside brackets: IPv6, possibly with an embedded IPv4 address. Zone ids and IPvFuture are refused.
    private static func isLiteral(_ byte: UInt8) -> Bool {
        Bytes.hexValue(byte) != nil || byte == Bytes.colon || byte == 0x2E
    }

    /// unreserved and sub-delims: the bytes of a reg-name other than percent triplets.
    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x2D, 0x2E, 0x5F, 0x7E: true
        // The comma is left out of sub-delims: it would let through two Host fields joined by a proxy.
        case 0x21, 0x24, 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B, 0x3B, 0x3D: true
        default: false
        }
    }
}
