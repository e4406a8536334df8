import COpenSSL

/// AES-256-GCM (NIST SP 800-38D): sealed data can be neither read nor changed without the key.
enum AES256GCM {
    static let keyCount = 32
    private static let nonceCount = 12
    private static let tagCount = 16

    /// Returns a random nonce, the ciphertext and the tag.
    ///
    /// - Parameter context: is authenticated but not stored; `open` needs the same value.
    static func seal(_ plain: [UInt8], key: [UInt8], context: [UInt8]) throws(CryptoError) -> [UInt8] {
        precondition(key.count == keyCount)
        let nonce = Random.bytes(nonceCount)
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: tagCount)
        try OpenSSL.call("EVP_EncryptFinal_ex") {
            guard let cipher = unsafe EVP_CIPHER_CTX_new() else { return false }
            defer { unsafe EVP_CIPHER_CTX_free(cipher) }
            var count: CInt = 0
            return unsafe EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(cipher, nil, &count, context, CInt(context.count)) == 1
                && EVP_EncryptUpdate(cipher, &sealed, &count, plain, CInt(plain.count)) == 1
                && EVP_EncryptFinal_ex(cipher, nil, &count) == 1
                && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, CInt(tagCount), &tag) == 1
        }
        return nonce + sealed + tag
    }

    /// Nil if another key or context was used to seal it, or if it was changed.
    static func open(_ sealed: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        precondition(key.count == keyCount)
        guard sealed.count >= nonceCount + tagCount else { return nil }
        let nonce = Array(sealed[..<nonceCount])
        let body = Array(sealed[nonceCount..<sealed.count - tagCount])
        var tag = Array(sealed[(sealed.count - tagCount)...])
        var plain = [UInt8](repeating: 0, count: body.count)
        ERR_clear_error()
        guard let cipher = unsafe EVP_CIPHER_CTX_new() else { return nil }
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        var count: CInt = 0
        let isWhole =
            unsafe EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_DecryptUpdate(cipher, nil, &count, context, CInt(context.count)) == 1
            && EVP_DecryptUpdate(cipher, &plain, &count, body, CInt(body.count)) == 1
            && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, CInt(tagCount), &tag) == 1
            && EVP_DecryptFinal_ex(cipher, nil, &count) == 1
        return isWhole ? plain : nil
    }
}
