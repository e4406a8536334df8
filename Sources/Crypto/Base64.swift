/// Base64, by default without padding (RFC 4648 sections 4 and 5). Decoding is strict: no whitespace, no `=`, unused bits zero, so
/// that each byte string has exactly one spelling.
package struct Base64: Sendable {
    /// The alphabet with `-` and `_`.
    package static let url = Base64(last: "-_")
    /// The alphabet with `+` and `/`, as in PHC strings.
    package static let standard = Base64(last: "+/")

    private let alphabet: [UInt8]
    /// The value of each byte, 0xFF for those outside the alphabet.
    private let values: [UInt8]

    private init(last: String) {
        alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(last)".utf8)
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        self.values = values
    }

    package func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count * 4 + 2) / 3)
        append(bytes, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// With `=` up to a multiple of four characters, for formats that demand it.
    package func padded(_ bytes: [UInt8]) -> String {
        encode(bytes) + String(repeating: "=", count: (3 - bytes.count % 3) % 3)
    }

    func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        var index = 0
        while index + 3 <= bytes.count {
            let word = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            output.append(alphabet[Int(word >> 18)])
            output.append(alphabet[Int(word >> 12 & 63)])
            output.append(alphabet[Int(word >> 6 & 63)])
            output.append(alphabet[Int(word & 63)])
            index += 3
        }
        switch bytes.count - index {
        case 1:
            output.append(alphabet[Int(bytes[index] >> 2)])
            output.append(alphabet[Int(bytes[index] << 4 & 63)])
        case 2:
            let word = UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
            output.append(alphabet[Int(word >> 10)])
            output.append(alphabet[Int(word >> 4 & 63)])
            output.append(alphabet[Int(word << 2 & 63)])
        default: break
        }
    }

    package func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8)[...])
    }

    package func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(text.count * 3 / 4)
        var word: UInt32 = 0
        var bits = 0
        for byte in text {
            let value = values[Int(byte)]
            guard value != 0xFF else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                output.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        guard word & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
        return output
    }
}
