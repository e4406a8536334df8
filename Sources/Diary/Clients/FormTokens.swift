import Crypto
import HTTP1
import JSON
import Reactor
import Web

/// Guards the sign-in form against being sent by another site: what is signed in the form has to fit a cookie that only the
/// browser which was shown the form has, and the very parameters of the request.
struct FormTokens: Sendable {
    /// Seconds for which a form may lie open.
    static let lifetime = 3600

    private let keys: [HMACSHA256]
    private static let cookieBytes = 32

    init(_ keys: TokenKeys) throws { self.keys = try keys.derived(for: "lyceum sign-in form") }

    /// The browser's own value: as it sent it, or a new one.
    static func cookie(of request: Request, isSecure: Bool) -> (value: String, isNew: Bool) {
        for field in request.head.values(of: "Cookie") {
            for pair in field.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
                guard parts.count == 2, parts[0] == cookieName(isSecure), parts[1].utf8.count == 43,
                    Base64.url.decode(String(parts[1])) != nil
                else { continue }
                return (String(parts[1]), false)
            }
        }
        return (Base64.url.encode(Random.bytes(cookieBytes)), true)
    }

    /// Gone with the browser's session. The prefix keeps other hosts of the domain from setting one (RFC 6265bis).
    static func field(_ value: String, isSecure: Bool) -> String {
        "\(cookieName(isSecure))=\(value); Path=/;\(isSecure ? " Secure;" : "") HttpOnly; SameSite=Lax"
    }

    private static func cookieName(_ isSecure: Bool) -> String { isSecure ? "__Host-lyceum-form" : "lyceum-form" }

    func make(_ cookie: String, _ parameters: [(name: String, value: String)]) throws -> String {
        let expiry = Clock.wall.seconds + Self.lifetime
        return "\(expiry).\(Base64.url.encode(try keys[0].authenticate(Self.message(expiry, cookie, parameters))))"
    }

    func isValid(_ token: String, _ cookie: String, _ parameters: [(name: String, value: String)]) throws -> Bool {
        let parts = token.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let expiry = Int(parts[0]), expiry > Clock.wall.seconds,
            let code = Base64.url.decode(String(parts[1]))
        else { return false }
        let message = Self.message(expiry, cookie, parameters)
        return try keys.contains { constantTimeEquals(try $0.authenticate(message), code) }
    }

    /// JSON, so that no two lists of texts are written alike.
    private static func message(
        _ expiry: Int, _ cookie: String, _ parameters: [(name: String, value: String)]
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        writer.integer(expiry)
        writer.string(cookie)
        for (name, value) in parameters {
            writer.string(name)
            writer.string(value)
        }
        writer.endArray()
        return writer.bytes
    }
}
