import Web

/// One table as CSV (RFC 4180), in UTF-8: a row with the titles of the columns, then the rows. Numbers and dates are as
/// in JSON, whatever the language.
struct CSVForm {
    /// Whether the file begins with a byte order mark, by which spreadsheets recognise UTF-8.
    let hasByteOrderMark: Bool

    func bytes(_ table: DocumentTable) -> [UInt8] {
        var output: [UInt8] = hasByteOrderMark ? [0xEF, 0xBB, 0xBF] : []
        let titles = table.columns.map { column in
            [column.group, column.title].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
        }
        output.append(line: titles.map { Self.field(text: $0) })
        for row in table.rows { output.append(line: row.map { Self.field($0) }) }
        return output
    }

    private static func field(_ cell: Cell) -> String {
        switch cell {
        case .empty: ""
        case .integer(let number): String(number)
        case .decimal(let number, _), .percent(let number): number
        case .date(let text), .moment(let text): text
        case .flag(let isSet): isSet ? "true" : "false"
        case .text(let text): field(text: text)
        }
    }

    /// A text that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets hide.
    private static func field(text: String) -> String {
        let isFormula = text.unicodeScalars.first.map { "=+@-\t\r".unicodeScalars.contains($0) } ?? false
        let safe = isFormula ? "'" + text : text
        guard safe.utf8.contains(where: { ",\"\n\r".utf8.contains($0) }) else { return safe }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }
}

extension [UInt8] {
    fileprivate mutating func append(line fields: [String]) {
        append(contentsOf: fields.joined(separator: ",").utf8)
        append(contentsOf: [0x0D, 0x0A])
    }
}
