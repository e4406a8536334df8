import Diary

/// Makes logins from names: `kovaleva.anna`, and for a namesake `kovaleva.anna2`.
enum LoginName {
    private static let longestPart = 24

    /// The login for the first person of a name.
    static func base(last: String, first: String) -> String {
        let parts = [last, first].map { latin($0).prefix(longestPart) }.filter { !$0.isEmpty }
        return parts.isEmpty ? "user" : parts.joined(separator: ".")
    }

    /// The first free login; adds it to `taken`.
    static func free(_ base: String, _ taken: inout Set<String>) -> String {
        var login = base
        var number = 2
        while !taken.insert(login).inserted {
            login = base + String(number)
            number += 1
        }
        return login
    }

    /// Whether a login is valid: 3 to 64 Latin letters, digits and `.`, `_`, `-`, `@`, beginning with a letter or
    /// digit.
    static func isValid(_ login: String) -> Bool {
        let bytes = login.utf8
        return (3...64).contains(bytes.count) && isAlphanumeric(bytes.first!)
            && bytes.allSatisfy { isAlphanumeric($0) || "._-@".utf8.contains($0) }
    }

    /// Transliterates to the letters a to z; drops characters that have no such letter.
    static func latin(_ text: String) -> String {
        text.lowercased().reduce(into: "") { result, character in
            if let letters = Latin.letters[character] {
                result += letters
            } else if character.isASCII, character.isLetter {
                result.append(character)
            }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
