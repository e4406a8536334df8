/// Base32 without padding (RFC 4648 section 6), the form in which authenticator apps take secrets.
package enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count * 8 + 4) / 5)
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            word = word << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                output.append(alphabet[Int(word >> bits & 31)])
            }
        }
        if bits > 0 { output.append(alphabet[Int(word << (5 - bits) & 31)]) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Nil for anything that `encode` cannot have returned: lower case, padding, or unused bits that are not zero.
    package static func decode(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for byte in text.utf8 {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            word = word << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        guard bits < 5, word & ((1 << bits) - 1) == 0 else { return nil }
        return output
    }
}
