import Web

/// How values are written on paper in a language.
struct Words {
    private let language: Language

    init(_ language: Language) { self.language = language }

    var printed: String { Text(ru: "Напечатано", en: "Printed")[language] }
    var page: String { Text(ru: "страница", en: "page")[language] }
    var of: String { Text(ru: "из", en: "of")[language] }
    var date: String { Text(ru: "Дата", en: "Date")[language] }
    var none: String { Text(ru: "Нет данных.", en: "No data.")[language] }

    func text(_ cell: Cell) -> String {
        switch cell {
        case .empty: ""
        case .text(let text): text
        case .integer(let number): String(number)
        case .decimal(let number, let digits): decimal(number, digits)
        case .percent(let number): decimal(number, 1)
        case .date(let text): date(text)
        case .moment(let text): moment(text)
        case .flag(let isSet): (isSet ? Text(ru: "да", en: "yes") : Text(ru: "нет", en: "no"))[language]
        }
    }

    func moment(_ text: String) -> String {
        let parts = text.split(separator: " ", maxSplits: 1).map { String($0) }
        return parts.count == 2 ? date(parts[0]) + " " + parts[1] : text
    }

    private func date(_ text: String) -> String {
        guard language == .russian else { return text }
        return text.split(separator: "-").reversed().joined(separator: ".")
    }

    private func decimal(_ number: String, _ digits: Int) -> String {
        var parts = number.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        if parts.count == 1 { parts.append("") }
        let fraction = parts[1].prefix(digits) + String(repeating: "0", count: max(0, digits - parts[1].count))
        if digits == 0 { return parts[0] }
        return parts[0] + (language == .russian ? "," : ".") + fraction
    }
}
