/// OpenSSL refused what must not fail: no memory, no entropy, a broken installation.
package struct CryptoError: Error, Sendable, Hashable {
    /// The OpenSSL function.
    package let function: String
    /// OpenSSL's packed error code, 0 when it gave none. For the log; it holds no data.
    package let code: UInt

    package init(function: String, code: UInt) {
        self.function = function
        self.code = code
    }
}
