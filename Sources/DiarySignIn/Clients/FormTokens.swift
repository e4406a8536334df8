import Crypto
import HTTP1
import JSON
import Web

/// Protects the forms of the sign-in page against submission by another site. The form's token is signed together with
/// a cookie, which only the browser that was shown the form has, and with the parameters of the request. The token also
/// carries the progress of the sign-in, so that no form contains a password.
struct FormTokens: Sendable {
    private let keys: [HMACSHA256]
    private static let cookieBytes = 32

    init(_ keys: TokenKeys) throws { self.keys = try keys.derived(for: "lyceum sign-in form") }

    /// - Parameters:
    ///   - moment: seconds since 1970.
    ///   - content: carried by the token; the browser can read it but not change it.
    func make(
        _ content: [UInt8], lifetime: Int, at moment: Int, _ cookie: String,
        _ parameters: [(name: String, value: String)]
    ) throws -> String {
        let expiry = moment + lifetime
        let code = try keys[0].authenticate(Self.message(expiry, content, cookie, parameters))
        return "\(expiry).\(Base64.url.encode(content)).\(Base64.url.encode(code))"
    }

    /// The token's content; nil unless the server made the token for this browser and these parameters, and it has not
    /// expired.
    func content(
        of token: String, at moment: Int, _ cookie: String, _ parameters: [(name: String, value: String)]
    ) throws -> [UInt8]? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let expiry = Int(parts[0]), expiry > moment,
            let content = Base64.url.decode(String(parts[1])), let code = Base64.url.decode(String(parts[2]))
        else { return nil }
        let message = Self.message(expiry, content, cookie, parameters)
        let isOurs = try keys.contains { constantTimeEquals(try $0.authenticate(message), code) }
        return isOurs ? content : nil
    }

    /// JSON, so that two different lists never have the same encoding.
    private static func message(
        _ expiry: Int, _ content: [UInt8], _ cookie: String, _ parameters: [(name: String, value: String)]
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        writer.integer(expiry)
        writer.string(Base64.url.encode(content))
        writer.string(cookie)
        for (name, value) in parameters {
            writer.string(name)
            writer.string(value)
        }
        writer.endArray()
        return writer.bytes
    }
}

/// The cookie that belongs to the form.
extension FormTokens {
    /// The cookie that the browser sent, or a new one.
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

    /// The cookie ends with the browser's session. The prefix keeps other hosts of the domain from setting one (RFC
    /// 6265bis).
    static func field(_ value: String, isSecure: Bool) -> String {
        "\(cookieName(isSecure))=\(value); Path=/;\(isSecure ? " Secure;" : "") HttpOnly; SameSite=Lax"
    }

    private static func cookieName(_ isSecure: Bool) -> String { isSecure ? "__Host-lyceum-form" : "lyceum-form" }
}
