/// A block of addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3), such as `10.0.0.0/8` or `fd00::/8`, or one
/// address.
package struct AddressBlock: Sendable, Hashable {
    private let start: IPAddress
    private let bits: Int

    /// Nil for any other text, and for a block with bits set after its prefix, which is usually a mistake.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        let isIPv4 = !parts[0].utf8.contains(Bytes.colon)
        var bits = isIPv4 ? 32 : 128
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy(Bytes.isDigit), let number = Int(parts[1]),
                number <= bits, digits.count == 1 || digits.first != 0x30
            else { return nil }
            bits = number
        }
        self.bits = isIPv4 ? bits + 96 : bits
        start = address
        guard address.prefix(self.bits) == address else { return nil }
    }

    package func contains(_ address: IPAddress) -> Bool { address.prefix(bits) == start }
}
