/// HKDF with SHA-256 (RFC 5869).
enum HKDF {
    /// - Parameter salt: no salt is the same as one of zeros.
    static func extract(salt: [UInt8], from secret: [UInt8]) throws(CryptoError) -> [UInt8] {
        let salt = salt.isEmpty ? [UInt8](repeating: 0, count: HMACSHA256.byteCount) : salt
        return try HMACSHA256(key: salt).authenticate(secret)
    }

    /// - Parameter count: at most 255 times 32 bytes.
    static func expand(_ key: [UInt8], info: [UInt8], count: Int) throws(CryptoError) -> [UInt8] {
        precondition((0...255 * HMACSHA256.byteCount).contains(count))
        let code = try HMACSHA256(key: key)
        var output: [UInt8] = []
        var block: [UInt8] = []
        var number: UInt8 = 0
        while output.count < count {
            number += 1
            block = try code.authenticate(block + info + [number])
            output += block
        }
        return Array(output.prefix(count))
    }
}
