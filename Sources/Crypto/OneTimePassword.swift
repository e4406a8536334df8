/// Time-based one-time passwords (RFC 6238, on top of RFC 4226): HMAC-SHA-1, six digits, a step of 30 seconds counted
/// from 1970. Every authenticator app supports these parameters.
package struct OneTimePassword: Sendable {
    package static let digits = 6
    /// Seconds.
    package static let period = 30
    /// RFC 4226, section 4, R6 recommends 160 bits.
    package static let secretCount = 20

    private let secret: [UInt8]

    package init(secret: [UInt8]) { self.secret = secret }

    /// - Parameter seconds: since 1970.
    package static func step(at seconds: Int) -> Int { seconds / period }

    package func code(step: Int) throws(CryptoError) -> String {
        try code(count: UInt64(clamping: step), digits: Self.digits)
    }

    /// Finds the step whose code this is: the current one, or one step before or after it for clocks that are off (RFC
    /// 6238 section 5.2).
    ///
    /// - Parameter last: the last accepted step. Codes of this step and of earlier ones are already used.
    /// - Returns: nil if the code belongs to none of these steps or was already used.
    package func step(of code: String, at seconds: Int, after last: Int?) throws(CryptoError) -> Int? {
        let now = Self.step(at: seconds)
        let typed = Array(code.utf8)
        var found: Int?
        for step in now - 1...now + 1 where constantTimeEquals(typed, Array(try self.code(step: step).utf8)) {
            // Two of the three steps may have the same code. Taking the later one leaves no step in which it could be
            // used again.
            found = step
        }
        guard let found, found > last ?? -1 else { return nil }
        return found
    }

    /// RFC 4226 section 5.3: the low four bits of the last byte are the offset of the 31 bits to take.
    func code(count: UInt64, digits: Int) throws(CryptoError) -> String {
        let message = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> UInt64($0)) }
        let hash = try HMACSHA1.authenticate(message, key: secret)
        let offset = Int(hash[hash.count - 1] & 0x0F)
        let word = hash[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let modulus = (0..<digits).reduce(UInt32(1)) { modulus, _ in modulus * 10 }
        let text = String(word % modulus)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// The secret in the form that people type into an app.
    package var text: String { Base32.encode(secret) }

    /// The content of the QR code. The app shows issuer and account.
    package func uri(issuer: String, account: String) -> String {
        let issuer = Self.escaped(issuer)
        return "otpauth://totp/\(issuer):\(Self.escaped(account))?secret=\(text)&issuer=\(issuer)"
            + "&algorithm=SHA1&digits=\(Self.digits)&period=\(Self.period)"
    }

    /// Percent-encodes all but unreserved characters (RFC 3986 section 2.3).
    private static func escaped(_ text: String) -> String {
        var output: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: output.append(byte)
            default: output += Array("%\(Hexadecimal.encode([byte]).uppercased())".utf8)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
