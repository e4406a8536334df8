import Crypto

/// Random characters that people copy from paper. The alphabet omits characters that look alike (I, L, O, 0, 1); each
/// character has 4.9 bits of entropy.
struct PaperCode: Sendable, Equatable {
    let characters: [UInt8]

    private static let alphabet = Array("ABCDEFGHJKMNPQRSTUVWXYZ23456789".utf8)

    init(length: Int) {
        // Bytes beyond the last multiple of the alphabet's size would favour its first characters.
        let bound = 256 / Self.alphabet.count * Self.alphabet.count
        var characters: [UInt8] = []
        while characters.count < length {
            for byte in Random.bytes(length) where Int(byte) < bound && characters.count < length {
                characters.append(Self.alphabet[Int(byte) % Self.alphabet.count])
            }
        }
        self.characters = characters
    }

    /// Parses typed text. Ignores case, dashes and spaces, and accepts Cyrillic letters for the Latin ones that they
    /// look like, because people leave the keyboard in that layout. Nil when it cannot be a code.
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

    /// Groups of four: `XXXX-XXXX-XXXX`.
    var shown: String {
        stride(from: 0, to: characters.count, by: 4)
            .map { String(decoding: characters[$0..<min($0 + 4, characters.count)], as: UTF8.self) }
            .joined(separator: "-")
    }
}
