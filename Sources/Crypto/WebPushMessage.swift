/// A push message that only its subscription can read (RFC 8291).
package enum WebPushMessage {
    package static let authCount = 16
    /// Push services accept bodies of 4096 bytes (RFC 8030 section 7.2). The header and the tag need some of them.
    package static let longestContent =
        4096 - EncryptedContent.saltCount - 5 - P256.pointCount - EncryptedContent.overhead

    /// - Parameters:
    ///   - recipient: `p256dh` of the subscription.
    ///   - auth: the subscription's authentication secret.
    ///   - size: the size to pad the content to.
    package static func encrypt(
        _ content: [UInt8], for recipient: P256.PublicKey, auth: [UInt8], paddedTo size: Int
    ) throws -> [UInt8] {
        try encrypt(
            content, for: recipient, auth: auth, paddedTo: size, sender: P256.PrivateKey.make(),
            salt: Random.bytes(EncryptedContent.saltCount))
    }

    /// - Parameters:
    ///   - sender: a key for this message alone.
    ///   - salt: random.
    static func encrypt(
        _ content: [UInt8], for recipient: P256.PublicKey, auth: [UInt8], paddedTo size: Int = 0,
        sender: P256.PrivateKey, salt: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        let point = sender.publicKey.bytes
        let key = try HKDF.extract(salt: auth, from: sender.sharedSecret(with: recipient))
        let secret = try HKDF.expand(key, info: Array("WebPush: info\0".utf8) + recipient.bytes + point, count: 32)
        return try EncryptedContent.encrypt(content, secret: secret, salt: salt, keyID: point, paddedTo: size)
    }
}
