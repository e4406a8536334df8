import Diary

/// Names of files in an archive: small Latin letters, digits and hyphens, which every system can write and type.
struct ArchiveNames {
    private var taken: Set<String> = []

    /// A path from these parts that no other document has.
    mutating func path(_ parts: String...) -> String {
        let path = parts.joined(separator: "/")
        var free = path
        var number = 2
        while !taken.insert(free).inserted {
            free = "\(path)-\(number)"
            number += 1
        }
        return free
    }

    /// `Алгебра 7А` becomes `algebra-7a`.
    static func latin(_ text: String) -> String {
        var words: [String] = [""]
        for character in text.lowercased() {
            if let letters = Latin.letters[character] {
                words[words.count - 1] += letters
            } else if character.isASCII, character.isLetter || character.isNumber {
                words[words.count - 1].append(character)
            } else if !"ьъ".contains(character), !words[words.count - 1].isEmpty {
                words.append("")
            }
        }
        let name = words.filter { !$0.isEmpty }.joined(separator: "-")
        return name.isEmpty ? "unnamed" : String(name.prefix(80))
    }
}
