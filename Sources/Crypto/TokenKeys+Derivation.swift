extension TokenKeys {
    /// Keys for another purpose, derived from each key in the same order. A signature made for one purpose is invalid
    /// for another (NIST SP 800-108 in its simplest form: HMAC of the purpose).
    package func derived(for purpose: String) throws(CryptoError) -> [HMACSHA256] {
        var derived: [HMACSHA256] = []
        for key in keys { derived.append(try HMACSHA256(key: key.code.authenticate(Array(purpose.utf8)))) }
        return derived
    }
}
