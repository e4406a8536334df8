import Crypto

/// Opaque one-time tokens that renew a session: `r_<school>_<session>_<secret>`.
///
/// The secret is a generation and an HMAC of school, session and generation. So the server can give the same successor again
/// to a phone that lost the first answer, knows a spent token from a guess, and keeps only hashes of what is valid.
package struct RefreshTokens: Sendable {
    struct Parsed {
        let school: Int
        let session: String
        let secret: [UInt8]
        let hash: [UInt8]
    }

    private let keys: [HMACSHA256]

    package init(_ keys: TokenKeys) throws {
        self.keys = try keys.derived(for: "lyceum refresh token")
    }

    /// The token of a session's generation under the key that signs now, and its hash.
    func make(school: Int, session: String, generation: Int) throws -> (token: String, hash: [UInt8]) {
        let secret = try secret(school, session, generation, keys[0])
        return (text(school, session, secret), try SHA256.hash(secret))
    }

    /// The token of a generation whose hash is known, whichever of the keys made it.
    func again(school: Int, session: String, generation: Int, hash: [UInt8]) throws -> String? {
        for key in keys {
            let secret = try secret(school, session, generation, key)
            if constantTimeEquals(try SHA256.hash(secret), hash) { return text(school, session, secret) }
        }
        return nil
    }

    /// Whether the server made this token, at whatever time: then it was spent, not guessed.
    func isOurs(_ token: Parsed) throws -> Bool {
        let generation = token.secret.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        for key in keys {
            let made = try secret(token.school, token.session, generation, key)
            if constantTimeEquals(made, token.secret) { return true }
        }
        return false
    }

    /// Takes a token apart. The school is only a hint until the hash has matched under that school's policy.
    func parse(_ text: String) -> Parsed? {
        guard let token = OpaqueToken(text, .refresh), token.secret.count == 4 + HMACSHA256.byteCount,
            let hash = try? token.hash()
        else { return nil }
        return Parsed(school: token.school, session: token.id, secret: token.secret, hash: hash)
    }

    private func secret(_ school: Int, _ session: String, _ generation: Int, _ key: HMACSHA256) throws -> [UInt8] {
        let count = UInt32(truncatingIfNeeded: generation)
        let prefix = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
        return prefix + (try key.authenticate(Array("\(school):\(session):\(count)".utf8)))
    }

    private func text(_ school: Int, _ session: String, _ secret: [UInt8]) -> String {
        OpaqueToken(.refresh, school: school, id: session, secret: secret).text
    }
}
