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
