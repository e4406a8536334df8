import Crypto
import Diary

/// Opaque one-time tokens that renew a session: `r_<school>_<session>_<secret>`.
///
/// The secret is a generation and an HMAC of school, session and generation. So the server can repeat the successor for
/// a phone that lost the first answer, can tell a spent token from a guess, and stores only hashes of valid tokens.
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

    /// The token of a session's generation, signed with the current key, and its hash.
    func make(school: Int, session: String, generation: Int) throws -> (token: String, hash: [UInt8]) {
        let secret = try secret(school, session, generation, keys[0])
        return (text(school, session, secret), try SHA256.hash(secret))
    }

    /// The token of a generation whose hash is known, signed with whichever key fits the hash.
    func again(school: Int, session: String, generation: Int, hash: [UInt8]) throws -> String? {
        for key in keys {
            let secret = try secret(school, session, generation, key)
            if constantTimeEquals(try SHA256.hash(secret), hash) { return text(school, session, secret) }
        }
        return nil
    }

    /// Whether the server made this token at any time: such a token is spent, not guessed.
    func isOurs(_ token: Parsed) throws -> Bool {
        let generation = token.secret.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        for key in keys {
            let made = try secret(token.school, token.session, generation, key)
            if constantTimeEquals(made, token.secret) { return true }
        }
        return false
    }

    /// Parses a token. The school is only a hint until the hash has matched under that school's policy.
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
