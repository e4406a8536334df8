import Crypto

/// A token that names a row before the school is known: `<kind>_<school>_<id>`, followed by `_<secret>` unless it is a
/// client's id. The school is only a hint until the secret's hash has matched under that school's policy.
package struct OpaqueToken: Sendable {
    package enum Kind: String, Sendable {
        case refresh = "r"
        /// Public, has no secret.
        case client = "c"
        case clientSecret = "s"
        case authorizationCode = "a"
        case calendarLink = "k"
        /// A link that ends mail; its secret is a signature.
        case emailLink = "u"
    }

    private let kind: Kind
    package let school: Int
    /// A lower-case canonical UUID.
    package let id: String
    /// Empty in a client's id.
    package let secret: [UInt8]

    private static let secretBytes = 32

    package init(_ kind: Kind, school: Int, id: String, secret: [UInt8] = []) {
        self.kind = kind
        self.school = school
        self.id = id
        self.secret = secret
    }

    /// A new secret for the row.
    package static func make(_ kind: Kind, school: Int, id: String) -> OpaqueToken {
        OpaqueToken(kind, school: school, id: id, secret: Random.bytes(secretBytes))
    }

    /// Parses a token; nil when it is not one of this kind.
    package init?(_ text: String, _ kind: Kind) {
        guard text.utf8.count <= 200 else { return nil }
        let parts = text.split(separator: "_", maxSplits: 3, omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == (kind == .client ? 3 : 4), parts[0] == kind.rawValue, let school = Int(parts[1]),
            (1...Int(Int32.max)).contains(school), String(school) == parts[1], parts[2].utf8.count == 32,
            Hexadecimal.decode(parts[2]) != nil
        else { return nil }
        var id = ""
        for (index, character) in parts[2].lowercased().enumerated() {
            if [8, 12, 16, 20].contains(index) { id.append("-") }
            id.append(character)
        }
        var secret: [UInt8] = []
        if kind != .client {
            guard let decoded = Base64.url.decode(parts[3]), !decoded.isEmpty else { return nil }
            secret = decoded
        }
        self.init(kind, school: school, id: id, secret: secret)
    }

    /// Confidential, except for a client's id.
    package var text: String {
        let name = "\(kind.rawValue)_\(school)_\(id.split(separator: "-").joined())"
        return secret.isEmpty ? name : "\(name)_\(Base64.url.encode(secret))"
    }

    /// The hash that the database keeps: SHA-256 is enough for a fully random secret.
    package func hash() throws(CryptoError) -> [UInt8] { try SHA256.hash(secret) }
}

/// Keeps the token out of log lines and crash reports.
extension OpaqueToken: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(kind.rawValue)_\(school)_***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
