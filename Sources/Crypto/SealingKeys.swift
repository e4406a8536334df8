/// Keys for secrets that the server has to read back and so cannot store as hashes. The first key seals, all keys open.
package struct SealingKeys: Sendable {
    private let keys: [(id: String, bytes: [UInt8])]

    /// - Parameter keys: in the same form as the token keys, but different keys. Each encryption key is the first block
    ///   of HKDF-Expand of one of them (RFC 5869 section 2.3; section 3.3 allows this for keys that are already
    ///   random).
    package init(_ keys: TokenKeys) throws(CryptoError) {
        var derived: [(id: String, bytes: [UInt8])] = []
        for key in keys.keys {
            derived.append((key.id, try key.code.authenticate(Array("lyceum sealed secret".utf8) + [1])))
        }
        self.keys = derived
    }

    /// Returns `id:base64url`, where the id is that of the key.
    ///
    /// - Parameter context: the owner and the purpose of the secret. `open` fails with any other context.
    package func seal(_ secret: [UInt8], for context: String) throws(CryptoError) -> String {
        let sealed = try AES256GCM.seal(secret, key: keys[0].bytes, context: Array(context.utf8))
        return "\(keys[0].id):\(Base64.url.encode(sealed))"
    }

    /// - Returns: the secret, and whether it should be sealed again because its key is no longer the first one. Nil if
    ///   the key is missing, the context differs or the text was changed.
    package func open(_ sealed: String, for context: String) -> (secret: [UInt8], isOld: Bool)? {
        let parts = sealed.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let key = keys.first(where: { $0.id == parts[0] }),
            let bytes = Base64.url.decode(String(parts[1])),
            let secret = AES256GCM.open(bytes, key: key.bytes, context: Array(context.utf8))
        else { return nil }
        return (secret, key.id != keys[0].id)
    }
}
