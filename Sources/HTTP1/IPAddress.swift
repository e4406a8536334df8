/// An IPv4 or IPv6 address in 128 bits. IPv4 is stored as `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2), so that both
/// forms in which a dual-stack socket reports a peer are equal.
package struct IPAddress: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads text without brackets, port or zone; nil for anything but an address. IPv4 needs four decimal parts
    /// without leading zeros (RFC 3986 section 3.2.2), which some programs read as octal.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 45 else { return nil }
        if bytes.contains(Bytes.colon) {
            guard let groups = Self.groups(bytes[...]) else { return nil }
            high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
            low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
        } else {
            guard let number = Self.dotted(bytes[...]) else { return nil }
            high = 0
            low = 0xFFFF_0000_0000 | UInt64(number)
        }
    }

    /// The address with all but the first bits set to zero.
    package func prefix(_ bits: Int) -> IPAddress {
        IPAddress(
            high: bits >= 64 ? high : bits == 0 ? 0 : high & (UInt64.max << UInt64(64 - bits)),
            low: bits >= 128 ? low : bits <= 64 ? 0 : low & (UInt64.max << UInt64(128 - bits)))
    }

    private static func dotted(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(Bytes.isDigit), part.count == 1 || part.first != 0x30
            else { return nil }
            let value = part.reduce(0) { $0 * 10 + UInt32($1 - 0x30) }
            guard value <= 255 else { return nil }
            number = number << 8 | value
        }
        return number
    }

    /// The eight groups of an IPv6 address (RFC 4291 section 2.2).
    private static func groups(_ bytes: ArraySlice<UInt8>) -> [UInt16]? {
        var before: [UInt16] = []
        var after: [UInt16]?
        var rest = bytes
        if rest.starts(with: [Bytes.colon, Bytes.colon]) {
            rest = rest.dropFirst(2)
            after = []
        }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: Bytes.colon) ?? rest.endIndex
            let part = rest[..<end]
            var found: [UInt16] = []
            if end == rest.endIndex && part.contains(0x2E) {
                guard let number = dotted(part) else { return nil }
                found = [UInt16(number >> 16), UInt16(truncatingIfNeeded: number)]
            } else {
                guard (1...4).contains(part.count) else { return nil }
                var value: UInt16 = 0
                for byte in part {
                    guard let digit = Bytes.hexValue(byte) else { return nil }
                    value = value << 4 | UInt16(digit)
                }
                found = [value]
            }
            if after == nil { before += found } else { after! += found }
            rest = rest[end...]
            guard rest.popFirst() != nil else { break }
            if rest.first == Bytes.colon {
                guard after == nil else { return nil }
                after = []
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        let count = before.count + (after?.count ?? 0)
        guard after == nil ? count == 8 : count <= 7 else { return nil }
        return before + Array(repeating: 0, count: 8 - count) + (after ?? [])
    }
}

/// The canonical text: IPv4 with dots, IPv6 as RFC 5952 recommends.
extension IPAddress: CustomStringConvertible {
    package var description: String {
        if isIPv4 { return [24, 16, 8, 0].map { String(low >> $0 & 0xFF) }.joined(separator: ".") }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16))
        }
        // The longest run of at least two zero groups; the first one if there are several.
        var gap = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(gap.count, 1) { gap = start..<index }
            start = index + 1
        }
        let text = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        return gap.isEmpty ? text(0..<8) : text(0..<gap.lowerBound) + "::" + text(gap.upperBound..<8)
    }
}
