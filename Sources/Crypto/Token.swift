/// JSON Web Tokens (RFC 7519) in compact form (RFC 7515 section 7.1), signed with HMAC-SHA-256 and nothing else. The
/// payload is opaque here; callers read the claims.
package enum Token {
    /// Longer tokens are refused without reading them.
    package static let maximumLength = 4096

    /// Signs with the first key.
    package static func sign(payload: [UInt8], keys: TokenKeys) throws(CryptoError) -> String {
        let key = keys.keys[0]
        var output = key.header
        output.reserveCapacity(output.count + (payload.count * 4 + 2) / 3 + 44)
        Base64.url.append(payload, to: &output)
        let code = try key.code.authenticate(output)
        output.append(0x2E)
        Base64.url.append(code, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Returns the payload of a correctly signed token, and never that of any other.
    package static func verify(_ token: String, keys: TokenKeys) throws(TokenError) -> [UInt8] {
        guard token.utf8.count <= maximumLength else { throw .malformed }
        let bytes = Array(token.utf8)
        guard let first = bytes.firstIndex(of: 0x2E),
            let second = bytes[(first + 1)...].firstIndex(of: 0x2E),
            !bytes[(second + 1)...].contains(0x2E)
        else { throw .malformed }

        let key = try key(for: bytes[...first], keys)
        guard let signature = Base64.url.decode(bytes[(second + 1)...]) else { throw .malformed }
        let code: [UInt8]
        do { code = try key.code.authenticate(bytes[..<second]) } catch { throw .library(error) }
        guard constantTimeEquals(code, signature) else { throw .badSignature }
        guard let payload = Base64.url.decode(bytes[(first + 1)..<second]), !payload.isEmpty else {
            throw .malformed
        }
        return payload
    }

    /// The encoded form of `{"alg":"HS256","typ":"JWT","kid":"…"}`, followed by a dot.
    static func header(id: String) -> [UInt8] {
        var output: [UInt8] = []
        Base64.url.append(Array(#"{"alg":"HS256","typ":"JWT","kid":"\#(id)"}"#.utf8), to: &output)
        output.append(0x2E)
        return output
    }

    /// Compares with the headers that we write first, and parses only other ones. `encoded` ends with the dot.
    private static func key(for encoded: ArraySlice<UInt8>, _ keys: TokenKeys) throws(TokenError) -> TokenKeys.Key {
        for key in keys.keys where key.header.elementsEqual(encoded) { return key }
        guard let bytes = Base64.url.decode(encoded.dropLast()), let header = TokenHeader(bytes) else {
            throw .malformed
        }
        guard header.algorithm == "HS256" else { throw .wrongAlgorithm }
        guard header.type == nil || header.type == "JWT" else { throw .malformed }
        guard let id = header.keyId, let key = keys.keys.first(where: { $0.id == id }) else { throw .unknownKey }
        return key
    }
}

package enum TokenError: Error, Sendable, Hashable {
    /// Not three parts of base64url with a header object that we accept, or too long.
    case malformed
    /// `kid` is missing or is not the id of one of our keys.
    case unknownKey
    /// `alg` is anything but `HS256`, including `none`.
    case wrongAlgorithm
    case badSignature
    case library(CryptoError)
}
