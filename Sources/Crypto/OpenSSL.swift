import COpenSSL

/// Calls into libcrypto with a clean error queue before and a named error after.
enum OpenSSL {
    /// Errors of earlier calls on this thread would otherwise be taken for this one's.
    @inline(__always)
    static func call(_ function: String, _ body: () -> Bool) throws(CryptoError) {
        ERR_clear_error()
        guard body() else { throw CryptoError(function: function, code: UInt(ERR_get_error())) }
    }
}
