import COpenSSL

/// HMAC-SHA-1 (RFC 2104), which one-time passwords are defined with (RFC 4226). The known attacks on SHA-1 do not
/// affect HMAC.
enum HMACSHA1 {
    static func authenticate(_ message: [UInt8], key: [UInt8]) throws(CryptoError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: SHA1.byteCount)
        try OpenSSL.call("HMAC") {
            unsafe code.withUnsafeMutableBufferPointer { code in
                unsafe message.withUnsafeBufferPointer { message in
                    unsafe key.withUnsafeBufferPointer { key in
                        unsafe HMAC(
                            EVP_sha1(), key.baseAddress, CInt(key.count), message.baseAddress, message.count,
                            code.baseAddress, nil) != nil
                    }
                }
            }
        }
        return code
    }
}
