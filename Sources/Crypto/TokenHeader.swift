/// The JOSE header of a token (RFC 7515 section 4.1). The parser accepts only one flat object with the string members
/// `alg`, `typ` and `kid`, each at most once and without escapes. It refuses `crit`, `jku`, `jwk` and the like, because
/// they name things that must not be fetched or trusted.
struct TokenHeader {
    private(set) var algorithm: String?
    private(set) var type: String?
    private(set) var keyId: String?

    init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard reader.take(0x7B) else { return nil }
        repeat {
            guard let name = reader.string(), reader.take(0x3A), let value = reader.string() else { return nil }
            switch name {
            case "alg" where algorithm == nil: algorithm = value
            case "typ" where type == nil: type = value
            case "kid" where keyId == nil: keyId = value
            default: return nil
            }
        } while reader.take(0x2C)
        guard reader.take(0x7D), reader.isAtEnd else { return nil }
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool {
            mutating get {
                skipSpace()
                return index == bytes.count
            }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            skipSpace()
            guard index < bytes.count, bytes[index] == byte else { return false }
            index += 1
            return true
        }

        /// Printable ASCII between quotes. A backslash is refused.
        mutating func string() -> String? {
            guard take(0x22) else { return nil }
            let start = index
            while index < bytes.count, bytes[index] != 0x22 {
                guard (0x20...0x7E).contains(bytes[index]), bytes[index] != 0x5C else { return nil }
                index += 1
            }
            guard index < bytes.count else { return nil }
            index += 1
            return String(decoding: bytes[start..<index - 1], as: UTF8.self)
        }

        private mutating func skipSpace() {
            while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
        }
    }
}
