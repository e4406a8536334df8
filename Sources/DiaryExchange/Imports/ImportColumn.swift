/// A column of a file to import: the API's field, its Russian names, and the rule for its cells.
struct ImportColumn: Sendable {
    enum Rule: Sendable {
        /// At most this many characters.
        case text(maximum: Int)
        /// A part of a person's name, of at most this many characters.
        case personName(maximum: Int)
        /// `YYYY-MM-DD` or `DD.MM.YYYY`.
        case date
        case integer(ClosedRange<Int>)
        /// Hours: more than zero, in tenths.
        case hours
        /// The weight of a mark (M6): 0 or more, in hundredths.
        case weight
        /// Да or Нет.
        case flag
        /// One of these words, by its name in the API or in Russian.
        case word([(name: String, russian: [String])])
        /// Any of these words, separated by commas.
        case words([(name: String, russian: [String])])
        /// External ids, separated by commas.
        case externalIDs(maximum: Int)
    }

    let name: String
    let russian: [String]
    let rule: Rule
    let isRequired: Bool
    /// The value in the template's only row.
    let example: String

    init(_ name: String, _ russian: [String], _ rule: Rule, isRequired: Bool = false, example: String) {
        self.name = name
        self.russian = russian
        self.rule = rule
        self.isRequired = isRequired
        self.example = example
    }

    /// Whether a header cell names this column. Ignores case, ё and punctuation between words.
    func isNamed(_ header: String) -> Bool {
        let header = Self.plain(header)
        return header == Self.plain(name) || russian.contains { Self.plain($0) == header }
    }

    static func plain(_ text: String) -> String {
        String(
            text.lowercased().map { $0 == "ё" ? "е" : $0 }.filter { !$0.isWhitespace && !"_-.\"«»".contains($0) })
    }

    /// The type in the records that the statements read.
    var sqlType: String {
        switch rule {
        case .text, .personName, .word: "text"
        case .date: "date"
        case .integer: "int"
        case .hours, .weight: "numeric"
        case .flag: "boolean"
        case .words: "text[]"
        case .externalIDs: "jsonb"
        }
    }

    static let yesOrNo = [
        (name: "true", russian: ["Да", "+", "1"]), (name: "false", russian: ["Нет", "-", "0"]),
    ]
}
