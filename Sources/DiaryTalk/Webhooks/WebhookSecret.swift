import Crypto
import Diary

/// The key that signs the deliveries of one webhook (Standard Webhooks 1.0, symmetric signatures). The server needs it
/// at each delivery, so it is encrypted and not hashed, as second factors are (docs/decisions/0022).
struct WebhookSecret {
    private let key: [UInt8]

    /// A new one. The standard asks for 24 to 64 bytes.
    init() { key = Random.bytes(32) }

    /// The form for the receiver.
    var text: String { "whsec_" + Base64.standard.padded(key) }

    /// `v1,` and the signature of `id.timestamp.content`.
    func signature(_ id: String, _ timestamp: Int, _ content: [UInt8]) throws -> String {
        let code = try HMACSHA256(key: key).authenticate(Array("\(id).\(timestamp).".utf8) + content)
        return "v1," + Base64.standard.padded(code)
    }

    // MARK: Stored

    func sealed(_ keys: SealingKeys, school: Int, webhook: String) throws -> String {
        try keys.seal(key, for: Self.context(school, webhook))
    }

    /// Nil if none of the keys opens it.
    init?(sealed: String, _ keys: SealingKeys, school: Int, webhook: String) {
        guard let opened = keys.open(sealed, for: Self.context(school, webhook)) else { return nil }
        key = opened.secret
    }

    private static func context(_ school: Int, _ webhook: String) -> String { "webhook \(school) \(webhook)" }
}
