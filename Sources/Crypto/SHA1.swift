import COpenSSL

/// SHA-1 (FIPS 180-4), only for published lists that use it. Not for anything that has to resist an attacker.
package enum SHA1 {
    package static let byteCount = 20

    package static func hash(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        try OpenSSL.call("EVP_Digest") {
            unsafe digest.withUnsafeMutableBufferPointer { digest in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    unsafe EVP_Digest(bytes.baseAddress, bytes.count, digest.baseAddress, nil, EVP_sha1(), nil) == 1
                }
            }
        }
        return digest
    }
}
