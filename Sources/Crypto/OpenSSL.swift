import COpenSSL

/// Calls libcrypto with an empty error queue and turns a failure into an error with the function's name.
enum OpenSSL {
    /// Without clearing the queue, an earlier error of this thread would be taken for this call's.
    @inline(__always)
    static func call(_ function: String, _ body: () -> Bool) throws(CryptoError) {
        ERR_clear_error()
        guard body() else { throw CryptoError(function: function, code: UInt(ERR_get_error())) }
    }
}
