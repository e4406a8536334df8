import COpenSSL

/// Random bytes from OpenSSL's generator, fit for keys and tokens.
package enum Random {
    /// Stops the process when there is no entropy: it could not make any secret.
    package static func bytes(_ count: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        fill(&result)
        return result
    }

    static func fill(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        do throws(CryptoError) {
            try OpenSSL.call("RAND_bytes") {
                unsafe bytes.withUnsafeMutableBufferPointer {
                    unsafe RAND_bytes($0.baseAddress, CInt($0.count)) == 1
                }
            }
        } catch {
            fatalError("no random bytes: OpenSSL error \(error.code)")
        }
    }
}
