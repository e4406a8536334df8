/// OpenSSL failed where only a lack of memory or entropy, or a broken installation, makes it fail.
package struct CryptoError: Error, Sendable, Hashable {
    /// The OpenSSL function that failed.
    package let function: String
    /// OpenSSL's packed error code, 0 if it gave none. Safe to log: it contains no data.
    package let code: UInt

    package init(function: String, code: UInt) {
        self.function = function
        self.code = code
    }
}
