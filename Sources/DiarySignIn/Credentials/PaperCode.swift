import Crypto

/// Random characters that people copy from paper: of an alphabet without those that are taken for one another (I, L, O, 0,
/// 1), 4.9 bits each.
struct PaperCode: Sendable, Equatable {
    let characters: [UInt8]

    private static let alphabet = Array("ABCDEFGHJKMNPQRSTUVWXYZ23456789".utf8)

    /// A new one.
    init(length: Int) {
        // Bytes past the last whole multiple of the alphabet would make its first characters likelier.
        let bound = 256 / Self.alphabet.count * Self.alphabet.count
        var characters: [UInt8] = []
        while characters.count < length {
            for byte in Random.bytes(length) where Int(byte) < bound && characters.count < length {
                characters.append(Self.alphabet[Int(byte) % Self.alphabet.count])
            }
        }
        self.characters = characters
    }

    /// What a person typed: small letters, dashes and spaces do not matter, and Cyrillic letters stand for those they look
    /// like, because keyboards are left in that layout. Nil when it can't be a code.
    init?(_ typed: String, length: Int) {
        var characters: [UInt8] = []
        for typed in typed.uppercased() where !Self.separators.contains(typed) {
            guard let byte = (Self.twins[typed] ?? typed).asciiValue, Self.alphabet.contains(byte),
                characters.count < length
            else { return nil }
            characters.append(byte)
        }
        guard characters.count == length else { return nil }
        self.characters = characters
    }

    private static let separators = Set<Character>("- \u{A0}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}")
    private static let twins: [Character: Character] = [
        "А": "A", "В": "B", "Е": "E", "З": "3", "К": "K", "М": "M", "Н": "H", "Р": "P", "С": "C", "Т": "T", "У": "Y",
        "Х": "X",
    ]

    /// In groups of four: `XXXX-XXXX-XXXX`.
    var shown: String {
        stride(from: 0, to: characters.count, by: 4)
            .map { String(decoding: characters[$0..<min($0 + 4, characters.count)], as: UTF8.self) }
            .joined(separator: "-")
    }
}
