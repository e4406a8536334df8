import COpenSSL

/// Password hashes with scrypt (RFC 7914), stored as `$scrypt$ln=15,r=8,p=1$salt$hash` in base64 without padding.
///
/// One hash takes 32 MiB and tens of milliseconds of processor time: callers keep it off the event loop and limit how
/// many run at once.
package enum PasswordHash {
    package struct Parameters: Sendable, Hashable {
        /// log2 of the cost N.
        package let logN: Int
        /// Block size.
        package let r: Int
        /// Parallelism.
        package let p: Int

        package static let current = Parameters(logN: 15, r: 8, p: 1)

        package init(logN: Int, r: Int, p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }
    }

    package struct Verification: Sendable, Hashable {
        package let matches: Bool
        /// The stored hash was made with other parameters than `current`. Only meaningful if the password matches.
        package let needsRehash: Bool
    }

    /// OpenSSL's default limit is 32 MiB, slightly less than N = 2^15 and r = 8 need.
    private static let maximumMemory: UInt64 = 64 * 1024 * 1024

    /// Verified against if the login does not exist, so that the answer takes as long as for a wrong password. The hash
    /// is 32 fixed bytes; no password is known that gives them.
    package static let dummy = "$scrypt$ln=15,r=8,p=1$bHljZXVtLWR1bW15LXNhbA$" + String(repeating: "A", count: 43)

    package static func make(_ password: String) throws(PasswordHashError) -> String {
        let salt = Random.bytes(16)
        let parameters = Parameters.current
        let hash = try derive(Array(password.utf8), salt: salt, parameters, count: 32)
        return "$scrypt$ln=\(parameters.logN),r=\(parameters.r),p=\(parameters.p)"
            + "$\(Base64.standard.encode(salt))$\(Base64.standard.encode(hash))"
    }

    package static func verify(
        _ password: String, against stored: String
    ) throws(PasswordHashError) -> Verification {
        let stored = try StoredPasswordHash(stored)
        let hash = try derive(
            Array(password.utf8), salt: stored.salt, stored.parameters, count: stored.hash.count)
        return Verification(
            matches: constantTimeEquals(hash, stored.hash), needsRehash: stored.parameters != .current)
    }

    /// scrypt itself. The caller limits the parameters; memory is limited here.
    static func derive(
        _ password: [UInt8], salt: [UInt8], _ parameters: Parameters, count: Int
    ) throws(PasswordHashError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        do throws(CryptoError) {
            try OpenSSL.call("EVP_PBE_scrypt") {
                unsafe password.withUnsafeBytes { password in
                    unsafe salt.withUnsafeBufferPointer { salt in
                        unsafe output.withUnsafeMutableBufferPointer { output in
                            unsafe EVP_PBE_scrypt(
                                password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count,
                                salt.baseAddress, salt.count, 1 << UInt64(parameters.logN), UInt64(parameters.r),
                                UInt64(parameters.p), maximumMemory, output.baseAddress, output.count) == 1
                        }
                    }
                }
            }
        } catch {
            throw .library(error)
        }
        return output
    }
}

package enum PasswordHashError: Error, Sendable, Hashable {
    /// The stored text is not a scrypt hash in this form, or its parameters are out of range.
    case malformed
    case library(CryptoError)
}
