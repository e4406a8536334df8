import COpenSSL

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    package static let byteCount = 32

    package static func hash(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        try OpenSSL.call("EVP_Digest") {
            unsafe digest.withUnsafeMutableBufferPointer { digest in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    unsafe EVP_Digest(bytes.baseAddress, bytes.count, digest.baseAddress, nil, EVP_sha256(), nil) == 1
                }
            }
        }
        return digest
    }
}

extension SHA256 {
    /// The hash of what comes in pieces.
    @safe package struct Stream: ~Copyable {
        private let context: OpaquePointer

        package init() throws(CryptoError) {
            var made: OpaquePointer?
            try OpenSSL.call("EVP_DigestInit_ex") {
                unsafe made = unsafe EVP_MD_CTX_new()
                if unsafe EVP_DigestInit_ex(made, EVP_sha256(), nil) == 1 { return true }
                unsafe EVP_MD_CTX_free(made)
                return false
            }
            unsafe context = unsafe made!
        }

        deinit { unsafe EVP_MD_CTX_free(context) }

        package func add(_ bytes: [UInt8]) throws(CryptoError) {
            try OpenSSL.call("EVP_DigestUpdate") {
                unsafe bytes.withUnsafeBufferPointer {
                    unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1
                }
            }
        }

        /// To be called once, at the end.
        package func hash() throws(CryptoError) -> [UInt8] {
            var digest = [UInt8](repeating: 0, count: byteCount)
            try OpenSSL.call("EVP_DigestFinal_ex") {
                unsafe digest.withUnsafeMutableBufferPointer {
                    unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil) == 1
                }
            }
            return digest
        }
    }
}
