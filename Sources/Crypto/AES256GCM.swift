/// AES-256-GCM with a random nonce: sealed data can be neither read nor changed without the key.
enum AES256GCM {
    static let keyCount = 32

    /// Returns the nonce, the ciphertext and the tag.
    ///
    /// - Parameter context: is authenticated but not stored; `open` needs the same value.
    static func seal(_ plain: [UInt8], key: [UInt8], context: [UInt8]) throws(CryptoError) -> [UInt8] {
        precondition(key.count == keyCount)
        let nonce = Random.bytes(AESGCM.nonceCount)
        return nonce + (try AESGCM.seal(plain, key: key, nonce: nonce, context: context))
    }

    /// Nil if another key or context was used to seal it, or if it was changed.
    static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        precondition(key.count == keyCount)
        guard sealed.count >= AESGCM.nonceCount else { return nil }
        let nonce = Array(sealed.prefix(AESGCM.nonceCount))
        return AESGCM.open(sealed.dropFirst(AESGCM.nonceCount), key: key, nonce: nonce, context: context)
    }
}
