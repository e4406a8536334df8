/// Logins: what people type beside their password.
package enum LoginNames {
    /// What the schema takes, and what can be typed and read aloud: 1 to 64 characters without spaces.
    package static func isLogin(_ text: String) -> Bool {
        (1...64).contains(text.unicodeScalars.count)
            && !text.unicodeScalars.contains {
                $0.properties.isWhitespace || $0.value < 0x20 || (0x7F...0x9F).contains($0.value)
            }
    }

    /// `ivanova-mp` for Мария Петровна Иванова: last name and initials in Latin letters.
    static func made(lastName: String, firstName: String, middleName: String?) -> String {
        let name = latin(lastName)
        let initials =
            latin(String(firstName.prefix(1))).prefix(1) + latin(String((middleName ?? "").prefix(1))).prefix(1)
        let parts = [String(name.prefix(40)), String(initials)].filter { !$0.isEmpty }
        return parts.isEmpty ? "user" : parts.joined(separator: "-")
    }

    private static func latin(_ text: String) -> String {
        text.lowercased().reduce(into: "") { latin, character in
            if let letters = letters[character] {
                latin += letters
            } else if character.isASCII, character.isLetter || character.isNumber {
                latin.append(character)
            }
        }
    }

    private static let letters: [Character: String] = [
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
        "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
        "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
        "я": "ya",
    ]
}
