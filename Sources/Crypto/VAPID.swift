/// Identifies the server to push services (RFC 8292).
package struct VAPID: Sendable {
    /// `push.subject`: a `mailto:` or `https:` address that operators of push services can write to.
    package let subject: String
    private let key: P256.PrivateKey

    package init(_ key: P256.PrivateKey, subject: String) {
        self.key = key
        self.subject = subject
    }

    /// What apps need to subscribe, the `applicationServerKey` of the Push API: base64url.
    package var publicKey: String { Base64.url.encode(key.publicKey.bytes) }

    /// The value of `Authorization` (section 3).
    ///
    /// - Parameters:
    ///   - audience: the origin of the push service, such as `https://push.example.net`.
    ///   - expiry: seconds since 1970, at most 24 hours ahead.
    package func authorization(audience: String, expiry: Int) throws(CryptoError) -> String {
        let claims = #"{"aud":"\#(Self.escaped(audience))","exp":\#(expiry),"sub":"\#(Self.escaped(subject))"}"#
        let message =
            Base64.url.encode(Array(#"{"typ":"JWT","alg":"ES256"}"#.utf8)) + "." + Base64.url.encode(Array(claims.utf8))
        let signature = try key.sign(Array(message.utf8))
        return "vapid t=\(message).\(Base64.url.encode(signature)), k=\(publicKey)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}
