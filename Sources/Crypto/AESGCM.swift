import COpenSSL

/// AES-GCM (NIST SP 800-38D) with a key of 16 or 32 bytes. Under one key, no nonce is ever used twice.
enum AESGCM {
    static let nonceCount = 12
    static let tagCount = 16

    /// Returns the ciphertext and the tag.
    ///
    /// - Parameter context: is authenticated but is not part of the result; `open` needs the same value.
    static func seal(
        _ plain: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        precondition([16, 32].contains(key.count) && nonce.count == nonceCount)
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: tagCount)
        try OpenSSL.call("EVP_EncryptFinal_ex") {
            guard let cipher = unsafe EVP_CIPHER_CTX_new() else { return false }
            defer { unsafe EVP_CIPHER_CTX_free(cipher) }
            var count: CInt = 0
            return unsafe EVP_EncryptInit_ex(cipher, kind(of: key), nil, key, nonce) == 1
                && EVP_EncryptUpdate(cipher, nil, &count, context, CInt(context.count)) == 1
                && EVP_EncryptUpdate(cipher, &sealed, &count, plain, CInt(plain.count)) == 1
                && EVP_EncryptFinal_ex(cipher, nil, &count) == 1
                && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, CInt(tagCount), &tag) == 1
        }
        return sealed + tag
    }

    /// Nil if another key, nonce or context was used to seal it, or if it was changed.
    static func open(_ sealed: ArraySlice<UInt8>, key: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8]? {
        precondition([16, 32].contains(key.count) && nonce.count == nonceCount)
        guard sealed.count >= tagCount else { return nil }
        let body = Array(sealed.dropLast(tagCount))
        var tag = Array(sealed.suffix(tagCount))
        var plain = [UInt8](repeating: 0, count: body.count)
        ERR_clear_error()
        guard let cipher = unsafe EVP_CIPHER_CTX_new() else { return nil }
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        var count: CInt = 0
        let isWhole =
            unsafe EVP_DecryptInit_ex(cipher, kind(of: key), nil, key, nonce) == 1
            && EVP_DecryptUpdate(cipher, nil, &count, context, CInt(context.count)) == 1
            && EVP_DecryptUpdate(cipher, &plain, &count, body, CInt(body.count)) == 1
            && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, CInt(tagCount), &tag) == 1
            && EVP_DecryptFinal_ex(cipher, nil, &count) == 1
        return isWhole ? plain : nil
    }

    private static func kind(of key: [UInt8]) -> OpaquePointer? {
        unsafe key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
    }
}
