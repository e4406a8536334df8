import Crypto

/// A2: the one-time code with which a person opens an account. It is shown once and kept as a hash.
///
/// Twelve characters of an alphabet without those that are taken for one another (I, L, O, 0, 1): 59 bits of chance.
package struct ActivationCode: Sendable, Equatable {
    private let characters: [UInt8]

    private static let alphabet = Array("ABCDEFGHJKMNPQRSTUVWXYZ23456789".utf8)
    private static let length = 12

    /// A new one.
    package init() {
        // Bytes past the last whole multiple of the alphabet would make its first characters likelier.
        let bound = 256 / Self.alphabet.count * Self.alphabet.count
        var characters: [UInt8] = []
        while characters.count < Self.length {
            for byte in Random.bytes(Self.length) where Int(byte) < bound && characters.count < Self.length {
                characters.append(Self.alphabet[Int(byte) % Self.alphabet.count])
            }
        }
        self.characters = characters
    }

    /// What a person typed: small letters, dashes and spaces do not matter, and Cyrillic letters stand for those they look
    /// like, because keyboards are left in that layout. Nil when it can't be a code.
    package init?(_ typed: String) {
        var characters: [UInt8] = []
        for typed in typed.uppercased() where !Self.separators.contains(typed) {
            guard let byte = (Self.twins[typed] ?? typed).asciiValue, Self.alphabet.contains(byte),
                characters.count < Self.length
            else { return nil }
            characters.append(byte)
        }
        guard characters.count == Self.length else { return nil }
        self.characters = characters
    }

    private static let separators = Set<Character>("- \u{A0}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}")
    private static let twins: [Character: Character] = [
        "А": "A", "В": "B", "Е": "E", "З": "3", "К": "K", "М": "M", "Н": "H", "Р": "P", "С": "C", "Т": "T", "У": "Y",
        "Х": "X",
    ]

    /// `XXXX-XXXX-XXXX`, for the person alone.
    package var shown: String {
        stride(from: 0, to: Self.length, by: 4)
            .map { String(decoding: characters[$0..<$0 + 4], as: UTF8.self) }
            .joined(separator: "-")
    }

    /// What `activation_codes.code_hash` holds: SHA-256, bound to the school.
    package func hash(school code: String) throws(CryptoError) -> [UInt8] {
        try SHA256.hash(Array("activation\n\(code)\n".utf8) + characters)
    }
}

/// A log line or a crash report must not show it.
extension ActivationCode: CustomStringConvertible, CustomReflectable {
    package var description: String { "ActivationCode(***)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
