/// How much room the text of a head needs, counted in characters.
enum HeadText {
    static func longestWord(of text: String) -> Int {
        text.split(whereSeparator: \.isWhitespace).map(\.count).max() ?? 0
    }

    /// The lines that the text takes in bold letters.
    static func lines(_ text: String, _ width: Double) -> Int {
        let room = max(width / 1.15, 1)
        var lines = 1
        var used = 0.0
        for word in text.split(whereSeparator: { $0.isWhitespace || $0 == "-" }) {
            let length = Double(word.count)
            if used > 0, used + 1 + length > room {
                lines += 1
                used = 0
            }
            used += (used > 0 ? 1 : 0) + length
            // A word that is longer than a line is broken.
            while used > room {
                lines += 1
                used -= room
            }
        }
        return lines
    }
}
