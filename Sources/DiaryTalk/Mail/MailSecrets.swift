import Crypto
import Diary

/// Codes that confirm an address, and the links of one-click unsubscription. Both are computed from an id with the
/// token keys, so the database contains nothing with which either could be made.
struct MailSecrets: Sendable {
    private let codes: [HMACSHA256]
    private let links: [HMACSHA256]

    init(_ keys: TokenKeys) throws(CryptoError) {
        codes = try keys.derived(for: "lyceum email code")
        links = try keys.derived(for: "lyceum email link")
    }

    /// Eight digits.
    func code(of id: String) throws(CryptoError) -> String { try Self.code(codes[0], id) }

    /// Blanks and hyphens do not count.
    func isCode(_ text: String, of id: String) throws(CryptoError) -> Bool {
        let typed = Array(text.utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "-") })
        for key in codes where constantTimeEquals(typed, Array(try Self.code(key, id).utf8)) { return true }
        return false
    }

    /// - Parameter id: of the confirmed address.
    func link(school: Int, id: String) throws(CryptoError) -> OpaqueToken {
        OpaqueToken(.emailLink, school: school, id: id, secret: try links[0].authenticate(Self.content(school, id)))
    }

    func isLink(_ token: OpaqueToken) throws(CryptoError) -> Bool {
        for key in links
        where constantTimeEquals(token.secret, try key.authenticate(Self.content(token.school, token.id))) {
            return true
        }
        return false
    }

    private static func code(_ key: HMACSHA256, _ id: String) throws(CryptoError) -> String {
        let number = try key.authenticate(Array(id.utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let digits = String(number % 100_000_000)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }

    private static func content(_ school: Int, _ id: String) -> [UInt8] { Array("\(school) \(id)".utf8) }
}
