import COpenSSL

/// The curve P-256 (FIPS 186-5), which RFC 8291 and RFC 8292 use. Points have the uncompressed form of SEC 1 section
/// 2.3.3, scalars are big-endian.
package enum P256 {
    package static let scalarCount = 32
    package static let pointCount = 65

    package enum KeyError: Error, Sendable, Hashable {
        /// Not a point of the curve in uncompressed form.
        case notAPoint
        /// Not a number from 1 to the order of the curve less one, in 32 bytes.
        case notAScalar
        case library(CryptoError)
    }

    /// A point of the curve.
    @safe package final class PublicKey: @unchecked Sendable {
        package let bytes: [UInt8]
        fileprivate let key: OpaquePointer

        package init(_ bytes: [UInt8]) throws(KeyError) {
            guard bytes.count == pointCount, bytes[0] == 4, let key = unsafe P256.key(point: bytes) else {
                throw .notAPoint
            }
            self.bytes = bytes
            unsafe self.key = unsafe key
        }

        deinit { unsafe EVP_PKEY_free(key) }

        /// Whether the private key of this public key made the signature (r, then s) of the message.
        package func verifies(_ signature: [UInt8], of message: [UInt8]) throws(CryptoError) -> Bool {
            guard signature.count == 2 * scalarCount, let encoded = P256.encoded(signature) else { return false }
            var answer: CInt = -1
            try OpenSSL.call("EVP_DigestVerify") {
                guard let context = unsafe EVP_MD_CTX_new() else { return false }
                defer { unsafe EVP_MD_CTX_free(context) }
                guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
                answer = unsafe EVP_DigestVerify(context, encoded, encoded.count, message, message.count)
                return answer >= 0
            }
            return answer == 1
        }
    }

    /// A number and the point that belongs to it.
    @safe package final class PrivateKey: @unchecked Sendable {
        package let bytes: [UInt8]
        package let publicKey: PublicKey
        private let key: OpaquePointer

        package init(_ bytes: [UInt8]) throws(KeyError) {
            guard bytes.count == scalarCount, let point = P256.point(of: bytes),
                let key = unsafe P256.key(point: point, scalar: bytes)
            else { throw .notAScalar }
            self.bytes = bytes
            publicKey = try PublicKey(point)
            unsafe self.key = unsafe key
        }

        deinit { unsafe EVP_PKEY_free(key) }

        /// A new random key.
        package static func make() throws(KeyError) -> PrivateKey {
            // A random number of 32 bytes is too large once in about 2^32 attempts.
            for _ in 0..<8 {
                do { return try PrivateKey(Random.bytes(scalarCount)) } catch .notAScalar { continue }
            }
            throw .library(CryptoError(function: "RAND_bytes", code: 0))
        }

        /// The secret of a Diffie-Hellman exchange: the x coordinate of the common point (SEC 1 section 3.3.1).
        package func sharedSecret(with other: PublicKey) throws(CryptoError) -> [UInt8] {
            var secret = [UInt8](repeating: 0, count: scalarCount)
            try OpenSSL.call("EVP_PKEY_derive") {
                guard let context = unsafe EVP_PKEY_CTX_new(key, nil) else { return false }
                defer { unsafe EVP_PKEY_CTX_free(context) }
                var count = secret.count
                return unsafe EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, other.key) == 1
                    && EVP_PKEY_derive(context, &secret, &count) == 1 && count == scalarCount
            }
            return secret
        }

        /// The signature ECDSA with SHA-256: r, then s (RFC 7518 section 3.4).
        package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
            var encoded = [UInt8](repeating: 0, count: 80)
            var count = encoded.count
            try OpenSSL.call("EVP_DigestSign") {
                guard let context = unsafe EVP_MD_CTX_new() else { return false }
                defer { unsafe EVP_MD_CTX_free(context) }
                return unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1
                    && EVP_DigestSign(context, &encoded, &count, message, message.count) == 1
            }
            var signature = [UInt8](repeating: 0, count: 2 * scalarCount)
            try OpenSSL.call("d2i_ECDSA_SIG") {
                unsafe encoded.withUnsafeBufferPointer { encoded in
                    var position = encoded.baseAddress
                    guard let numbers = unsafe d2i_ECDSA_SIG(nil, &position, count) else { return false }
                    defer { unsafe ECDSA_SIG_free(numbers) }
                    return unsafe signature.withUnsafeMutableBufferPointer { output in
                        unsafe BN_bn2binpad(ECDSA_SIG_get0_r(numbers), output.baseAddress, 32) == 32
                            && BN_bn2binpad(ECDSA_SIG_get0_s(numbers), output.baseAddress! + 32, 32) == 32
                    }
                }
            }
            return signature
        }
    }

    // MARK: OpenSSL

    /// The point that belongs to a scalar; nil if the scalar is zero or not below the order of the curve.
    private static func point(of scalar: [UInt8]) -> [UInt8]? {
        ERR_clear_error()
        guard let group = unsafe EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) else { return nil }
        defer { unsafe EC_GROUP_free(group) }
        guard let number = unsafe BN_bin2bn(scalar, CInt(scalar.count), nil) else { return nil }
        defer { unsafe BN_clear_free(number) }
        guard unsafe BN_is_zero(number) == 0, unsafe BN_cmp(number, EC_GROUP_get0_order(group)) < 0,
            let point = unsafe EC_POINT_new(group)
        else { return nil }
        defer { unsafe EC_POINT_free(point) }
        var bytes = [UInt8](repeating: 0, count: pointCount)
        let isDone =
            unsafe EC_POINT_mul(group, point, number, nil, nil, nil) == 1
            && EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &bytes, bytes.count, nil) == pointCount
        return isDone ? bytes : nil
    }

    /// The caller frees it. Nil if the point is not on the curve.
    private static func key(point: [UInt8], scalar: [UInt8]? = nil) -> OpaquePointer? {
        let encoded = scalar.map { privateStart + $0 + privateMiddle + point } ?? publicStart + point
        ERR_clear_error()
        return unsafe encoded.withUnsafeBufferPointer { encoded in
            var position = encoded.baseAddress
            return unsafe scalar == nil
                ? d2i_PUBKEY(nil, &position, encoded.count)
                : d2i_PrivateKey(EVP_PKEY_EC, nil, &position, encoded.count)
        }
    }

    /// What stands before the point in a SubjectPublicKeyInfo of this curve (RFC 5480, DER).
    private static let publicStart: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
        0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ]
    /// What stands before the scalar, and between it and the point, in an ECPrivateKey (RFC 5915, DER).
    private static let privateStart: [UInt8] = [0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20]
    private static let privateMiddle: [UInt8] = [
        0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0xA1, 0x44, 0x03, 0x42, 0x00,
    ]

    /// A signature in the form of OpenSSL (DER).
    private static func encoded(_ signature: [UInt8]) -> [UInt8]? {
        guard let numbers = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(numbers) }
        let halves = [Array(signature.prefix(scalarCount)), Array(signature.suffix(scalarCount))]
        guard
            unsafe ECDSA_SIG_set0(
                numbers, BN_bin2bn(halves[0], CInt(scalarCount), nil), BN_bin2bn(halves[1], CInt(scalarCount), nil))
                == 1
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: 80)
        let count = unsafe bytes.withUnsafeMutableBufferPointer { output in
            var position = output.baseAddress
            return unsafe i2d_ECDSA_SIG(numbers, &position)
        }
        return count > 0 ? Array(bytes.prefix(Int(count))) : nil
    }
}
