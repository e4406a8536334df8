/// The content coding `aes128gcm` (RFC 8188), in a single record.
package enum EncryptedContent {
    package static let saltCount = 16
    /// The record size that the header states (section 2.1).
    static let recordSize = 4096
    /// The delimiter of the last record, and the tag.
    static let overhead = 1 + AESGCM.tagCount

    /// - Parameters:
    ///   - secret: the input keying material.
    ///   - salt: random, different for each message.
    ///   - keyID: at most 255 bytes that tell the recipient which key to use.
    ///   - size: the size to pad the content to, so that its length tells nothing.
    package static func encrypt(
        _ content: [UInt8], secret: [UInt8], salt: [UInt8], keyID: [UInt8], paddedTo size: Int = 0
    ) throws(CryptoError) -> [UInt8] {
        precondition(salt.count == saltCount && keyID.count <= 255)
        precondition(max(content.count, size) + overhead <= recordSize, "the content fits into one record")
        let pseudorandom = try HKDF.extract(salt: salt, from: secret)
        let key = try HKDF.expand(pseudorandom, info: Array("Content-Encoding: aes128gcm\0".utf8), count: 16)
        // The sequence number of the only record is zero, so it does not change the nonce.
        let nonce = try HKDF.expand(
            pseudorandom, info: Array("Content-Encoding: nonce\0".utf8), count: AESGCM.nonceCount)
        let padding = [UInt8](repeating: 0, count: max(0, size - content.count))
        let record = try AESGCM.seal(content + [2] + padding, key: key, nonce: nonce, context: [])
        return header(salt, keyID) + record
    }

    private static func header(_ salt: [UInt8], _ keyID: [UInt8]) -> [UInt8] {
        let size = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: recordSize >> $0) }
        return salt + size + [UInt8(keyID.count)] + keyID
    }
}
