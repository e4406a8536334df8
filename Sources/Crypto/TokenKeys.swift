/// The keys that sign access tokens. The first one signs; the others are still accepted, for rotation.
package struct TokenKeys: Sendable {
    struct Key: Sendable {
        let id: String
        /// `base64url(header).`, the same for every token signed with this key.
        let header: [UInt8]
        let code: HMACSHA256
    }

    let keys: [Key]

    /// The ids of all keys; the first is the one that signs.
    package var ids: [String] { keys.map(\.id) }

    /// - Parameter keys: ids (1 to 64 of A-Z a-z 0-9 . _ -) and secrets of at least 32 bytes.
    package init(_ keys: [(id: String, bytes: [UInt8])]) throws(TokenKeysError) {
        guard !keys.isEmpty else { throw .noKeys }
        var result: [Key] = []
        for (position, (id, bytes)) in keys.enumerated() {
            guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy(TokenKeys.mayStandInId) else {
                throw .badId(position: position + 1)
            }
            guard bytes.count >= 32 else { throw .tooShort(id: id) }
            guard !result.contains(where: { $0.id == id }) else { throw .repeatedId(id) }
            let code: HMACSHA256
            do { code = try HMACSHA256(key: bytes) } catch { throw .library(error) }
            result.append(Key(id: id, header: Token.header(id: id), code: code))
        }
        self.keys = result
    }

    /// Reads configuration text: `id:base64url` pairs separated by commas, with optional whitespace around them. Errors
    /// never repeat key material.
    package init(configuration text: String) throws(TokenKeysError) {
        var keys: [(id: String, bytes: [UInt8])] = []
        for (position, entry) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let entry = entry.drop(while: \.isWhitespace)
            let end = entry.lastIndex { !$0.isWhitespace }.map { entry.index(after: $0) } ?? entry.startIndex
            let parts = entry[..<end].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                if text.allSatisfy(\.isWhitespace) { throw .noKeys }
                throw .badEntry(position: position + 1)
            }
            let id = String(parts[0])
            guard id.utf8.allSatisfy(TokenKeys.mayStandInId), !id.isEmpty else { throw .badId(position: position + 1) }
            guard let bytes = Base64.url.decode(String(parts[1])) else { throw .badEncoding(id: id) }
            keys.append((id, bytes))
        }
        try self.init(keys)
    }

    private static func mayStandInId(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}

/// Why a set of keys can't be used. Positions start at 1.
package enum TokenKeysError: Error, Sendable, Hashable, CustomStringConvertible {
    case noKeys
    case badEntry(position: Int)
    case badId(position: Int)
    case badEncoding(id: String)
    case tooShort(id: String)
    case repeatedId(String)
    case library(CryptoError)

    package var description: String {
        switch self {
        case .noKeys: "there is no key; give at least one as id:base64url"
        case .badEntry(let position): "key \(position) is not of the form id:base64url"
        case .badId(let position): "the id of key \(position) is not 1 to 64 of A-Z a-z 0-9 . _ -"
        case .badEncoding(let id): "key \(id) is not base64url without padding"
        case .tooShort(let id): "key \(id) has fewer than 32 bytes"
        case .repeatedId(let id): "key \(id) is given twice"
        case .library(let error): "OpenSSL refused a key in \(error.function) (\(error.code))"
        }
    }
}
