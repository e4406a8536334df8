/// Keys that sign archives with HMAC-SHA-256. The first one signs, all verify. The codes are made with the keys as they
/// are, so that `openssl` can check them.
package struct ArchiveKeys: Sendable {
    private let keys: TokenKeys

    /// - Parameter keys: in the same form as the token keys, but different keys.
    package init(_ keys: TokenKeys) { self.keys = keys }

    /// The id of the key that signs.
    package var id: String { keys.keys[0].id }

    package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try keys.keys[0].code.authenticate(message)
    }

    /// - Returns: nil if there is no key with this id.
    package func isSignature(_ code: [UInt8], of message: [UInt8], key id: String) throws(CryptoError) -> Bool? {
        guard let key = keys.keys.first(where: { $0.id == id }) else { return nil }
        return constantTimeEquals(try key.code.authenticate(message), code)
    }
}
