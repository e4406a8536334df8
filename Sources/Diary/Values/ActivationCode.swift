import Crypto

/// A one-time code that a person types from paper (A2): `K7DM-PX4R-9HTA`, 53 bits.
enum ActivationCode {
    /// Characters that are not taken for another, on paper or by ear: no 0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B,
    /// U and V.
    static let alphabet = Array("34679ACDEFGHJKMNPRTWXY")
    private static let length = 12
    private static let group = 4

    static func make() -> String {
        var characters: [Character] = []
        while characters.count < length {
            // A multiple of the alphabet, so that all characters are as likely.
            for byte in Random.bytes(length) where Int(byte) < 256 / alphabet.count * alphabet.count {
                characters.append(alphabet[Int(byte) % alphabet.count])
            }
        }
        return stride(from: 0, to: length, by: group)
            .map { String(characters[$0..<$0 + group]) }.joined(separator: "-")
    }

    /// What was typed, with or without hyphens and spaces, in whichever case; Cyrillic letters that look like those of the
    /// alphabet stand for them, because keyboards are left in that layout.
    static func canonical(_ typed: String) -> String {
        String(typed.uppercased().compactMap { separators.contains($0) ? nil : twins[$0] ?? $0 })
    }

    private static let separators = Set<Character>("- \u{A0}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}")
    private static let twins: [Character: Character] = [
        "А": "A", "Е": "E", "З": "3", "К": "K", "М": "M", "Н": "H", "Р": "P", "С": "C", "Т": "T", "У": "Y", "Х": "X",
    ]
}

/// What is stored of codes: an HMAC, so that whoever has the table alone cannot try them, and a code can still be found.
package struct ActivationCodes: Sendable {
    private let keys: [HMACSHA256]

    package init(_ keys: TokenKeys) throws {
        self.keys = try keys.derived(for: "lyceum activation code")
    }

    /// Of a new code, under the key that signs now.
    func hash(_ code: String, school: Int) throws -> [UInt8] { try hash(code, school, keys[0]) }

    /// Of a code that was typed, under each key: it may have been made before the keys changed.
    func hashes(_ typed: String, school: Int) throws -> [[UInt8]] { try keys.map { try hash(typed, school, $0) } }

    private func hash(_ code: String, _ school: Int, _ key: HMACSHA256) throws -> [UInt8] {
        try key.authenticate(Array("\(school):\(ActivationCode.canonical(code))".utf8))
    }
}
