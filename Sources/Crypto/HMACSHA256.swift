import COpenSSL

/// HMAC-SHA-256 (RFC 2104) under one key.
///
/// The key is hashed into a template context once; each message uses a copy of it. Cores may share one key: several
/// threads may copy an OpenSSL context as long as none changes it.
package final class HMACSHA256: Sendable {
    package static let byteCount = 32

    private let template: Template

    package init(key: [UInt8]) throws(CryptoError) {
        template = try Template(key: key)
    }

    package func authenticate(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try authenticate(message[...])
    }

    package func authenticate(_ message: ArraySlice<UInt8>) throws(CryptoError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: HMACSHA256.byteCount)
        try OpenSSL.call("EVP_MAC_final") {
            guard let context = unsafe EVP_MAC_CTX_dup(template.context) else { return false }
            defer { unsafe EVP_MAC_CTX_free(context) }
            let updated = unsafe message.withUnsafeBufferPointer {
                unsafe EVP_MAC_update(context, $0.baseAddress, $0.count) == 1
            }
            return unsafe updated
                && code.withUnsafeMutableBufferPointer {
                    unsafe EVP_MAC_final(context, $0.baseAddress, nil, $0.count) == 1
                }
        }
        return code
    }
}

/// Owns the keyed context, which never changes after `init`.
@safe private final class Template: @unchecked Sendable {
    let context: OpaquePointer

    init(key: [UInt8]) throws(CryptoError) {
        var made: OpaquePointer?
        try OpenSSL.call("EVP_MAC_init") {
            guard let mac = unsafe EVP_MAC_fetch(nil, "HMAC", nil) else { return false }
            defer { unsafe EVP_MAC_free(mac) }
            guard let context = unsafe EVP_MAC_CTX_new(mac) else { return false }
            unsafe made = unsafe context
            var digest = Array("SHA256\0".utf8).map { CChar(bitPattern: $0) }
            return unsafe digest.withUnsafeMutableBufferPointer { digest in
                let parameters = unsafe [
                    OSSL_PARAM_construct_utf8_string("digest", digest.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                return unsafe key.withUnsafeBufferPointer {
                    unsafe EVP_MAC_init(context, $0.baseAddress, $0.count, parameters) == 1
                }
            }
        }
        unsafe context = unsafe made!
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }
}
