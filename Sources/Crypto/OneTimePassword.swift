/// One-time passwords by time (RFC 6238) over those by count (RFC 4226): HMAC-SHA-1, six digits, a step of 30 seconds from
/// 1970, which is what every authenticator app takes.
package struct OneTimePassword: Sendable {
    package static let digits = 6
    /// Seconds.
    package static let period = 30
    /// RFC 4226, section 4, R6 recommends 160 bits.
    package static let secretCount = 20

    private let secret: [UInt8]

    package init(secret: [UInt8]) { self.secret = secret }

    /// The step that a moment (seconds since 1970) falls into.
    package static func step(at seconds: Int) -> Int { seconds / period }

    package func code(step: Int) throws(CryptoError) -> String {
        try code(count: UInt64(clamping: step), digits: Self.digits)
    }

    /// Which step a code is of: that of the moment, or one to either side for clocks that go wrong (RFC 6238, section 5.2).
    ///
    /// - Parameter last: the last step that was accepted; it and those before it are spent.
    /// - Returns: nil when the code is of none of them, or no code.
    package func step(of code: String, at seconds: Int, after last: Int?) throws(CryptoError) -> Int? {
        let now = Self.step(at: seconds)
        let typed = Array(code.utf8)
        var found: Int?
        for step in now - 1...now + 1 where constantTimeEquals(typed, Array(try self.code(step: step).utf8)) {
            // Two steps of three may have the same code: the later one leaves nothing to use again.
            found = step
        }
        guard let found, found > last ?? -1 else { return nil }
        return found
    }

    /// RFC 4226, section 5.3: the low four bits of the last byte say where 31 bits are taken.
    func code(count: UInt64, digits: Int) throws(CryptoError) -> String {
        let message = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> UInt64($0)) }
        let hash = try HMACSHA1.authenticate(message, key: secret)
        let offset = Int(hash[hash.count - 1] & 0x0F)
        let word = hash[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let modulus = (0..<digits).reduce(UInt32(1)) { modulus, _ in modulus * 10 }
        let text = String(word % modulus)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// The secret as people type it into an app.
    package var text: String { Base32.encode(secret) }

    /// What a QR code of the secret holds. The app shows issuer and account.
    package func uri(issuer: String, account: String) -> String {
        let issuer = Self.escaped(issuer)
        return "otpauth://totp/\(issuer):\(Self.escaped(account))?secret=\(text)&issuer=\(issuer)"
            + "&algorithm=SHA1&digits=\(Self.digits)&period=\(Self.period)"
    }

    /// All but unreserved characters (RFC 3986, section 2.3) in per cent.
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
