/// Keys for secrets that the server has to read again, so that it cannot keep them as hashes. The first one seals, all open.
package struct SealingKeys: Sendable {
    private let keys: [(id: String, bytes: [UInt8])]

    /// - Parameter keys: in the form of token keys, and other ones than those. What encrypts is the first block of
    ///   HKDF-Expand of each (RFC 5869 section 2.3; 3.3 for keys that are random already).
    package init(_ keys: TokenKeys) throws(CryptoError) {
        var derived: [(id: String, bytes: [UInt8])] = []
        for key in keys.keys {
            derived.append((key.id, try key.code.authenticate(Array("lyceum sealed secret".utf8) + [1])))
        }
        self.keys = derived
    }

    /// `id:base64url`, where the id is the key's.
    ///
    /// - Parameter context: whose it is and what for; what was sealed for one is nothing for another.
    package func seal(_ secret: [UInt8], for context: String) throws(CryptoError) -> String {
        let sealed = try AES256GCM.seal(secret, key: keys[0].bytes, context: Array(context.utf8))
        return "\(keys[0].id):\(Base64.url.encode(sealed))"
    }

    /// - Returns: the secret, and whether it is to be sealed anew because another key is the first one by now; nil when its
    ///   key is not there, or when it is not what was sealed.
    package func open(_ sealed: String, for context: String) -> (secret: [UInt8], isOld: Bool)? {
        let parts = sealed.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let key = keys.first(where: { $0.id == parts[0] }),
            let bytes = Base64.url.decode(String(parts[1])),
            let secret = AES256GCM.open(bytes, key: key.bytes, context: Array(context.utf8))
        else { return nil }
        return (secret, key.id != keys[0].id)
    }
}
