import Diary
import Reactor
import Spreadsheet
import Web

/// A report as a workbook with a sheet for each table: real numbers and dates, heads that stay, a page set-up.
enum XLSXForm {
    /// Takes long; on a thread of an `Offload`.
    static func bytes(_ document: ReportDocument) throws -> [UInt8] {
        let words = Words(document.language)
        let book = try Workbook(
            title: document.title, author: document.school, created: seconds(document.printed), isStreamed: false)
        for (index, table) in document.tables.enumerated() {
            try add(table, isLast: index == document.tables.count - 1, of: document, words, to: book)
        }
        if document.tables.isEmpty {
            try book.add(Sheet(document.title, columns: [Sheet.Column(width: 80)]))
            try book.append(above(document, nil, columns: 1) + below(document, words))
        }
        return try book.finish().contents()
    }

    private static func add(
        _ table: DocumentTable, isLast: Bool, of document: ReportDocument, _ words: Words, to book: Workbook
    ) throws {
        var sheet = Sheet(
            table.title ?? document.title,
            columns: table.columns.map { column in
                Sheet.Column(
                    width: column.width + 1, isUpright: column.isAcross,
                    isCentred: column.isAcross || [.mark, .date, .moment, .flag].contains(column.kind))
            })
        sheet.isLandscape = document.orientation == .landscape
        sheet.fixedColumns = table.columns.firstIndex { $0.isAcross } ?? 0
        sheet.header = [.text("\(document.school) · \(document.title)")]
        sheet.footer = [
            .text("\(words.printed) \(words.moment(document.printed)) · \(words.page) "), .page,
            .text(" \(words.of) "), .pages,
        ]
        try book.add(sheet)
        try book.append(above(document, table.title, columns: table.columns.count))
        try book.append(heads(table))
        if table.rows.isEmpty { try book.append(Row([.text(words.none)], .plain)) }
        try book.append(
            table.rows.enumerated().map { index, row in
                Row(
                    row.map { cell($0, words) },
                    table.hasTotal && index == table.rows.count - 1 ? .total : .body)
            })
        if isLast { try book.append(below(document, words)) }
    }

    // MARK: Around the table

    private static func above(_ document: ReportDocument, _ title: String?, columns: Int) -> [Row] {
        let words = Words(document.language)
        var rows = [Row([.text(document.school)], .plain), Row([.text(document.title)], .title)]
        rows += document.facts.map { Row([.text("\($0.label): \(words.text($0.value))")], .plain) }
        if let title { rows.append(Row([.text(title)], .title)) }
        return rows + [Row([], .plain)]
    }

    private static func below(_ document: ReportDocument, _ words: Words) -> [Row] {
        var rows = [Row([], .plain)]
        rows += document.notes.map { Row([.text($0)], .plain) }
        rows += document.signatures.flatMap {
            [Row([], .plain), Row([.text("\($0): ____________ / ____________ /")], .plain)]
        }
        return rows
    }

    private static func heads(_ table: DocumentTable) -> [Row] {
        let titles = table.columns.map { Spreadsheet.Cell.text($0.title) }
        guard table.columns.contains(where: { $0.group != nil }) else { return [Row(titles, .head)] }
        var upper: [Spreadsheet.Cell] = []
        var spans: [Row.Span] = []
        for (index, column) in table.columns.enumerated() {
            upper.append(.text(column.group ?? column.title))
            if column.group == nil {
                spans.append(Row.Span(column: index, columns: 1, rows: 2))
            } else if index > 0, table.columns[index - 1].group == column.group, let last = spans.popLast() {
                spans.append(Row.Span(column: last.column, columns: last.columns + 1))
            } else {
                spans.append(Row.Span(column: index, columns: 1))
            }
        }
        // The lower row does not write into cells that the upper one has taken.
        let lower = table.columns.map { $0.group == nil ? Spreadsheet.Cell.taken : .text($0.title) }
        return [Row(upper, .head, spans: spans), Row(lower, .head)]
    }

    // MARK: Values

    private static func cell(_ cell: Cell, _ words: Words) -> Spreadsheet.Cell {
        switch cell {
        case .empty: .empty
        case .text(let text): .text(text)
        case .integer(let number): .integer(number)
        case .decimal(let text, let digits): Double(text).map { .decimal($0, digits: digits) } ?? .text(text)
        case .percent(let text): Double(text).map { .percentage($0 / 100, digits: 1) } ?? .text(text)
        case .date(let text): date(text)
        case .moment(let text): moment(text)
        case .flag: .text(words.text(cell))
        }
    }

    private static func date(_ text: String) -> Spreadsheet.Cell {
        let parts = numbers(text)
        return parts.count == 3 ? .date(year: parts[0], month: parts[1], day: parts[2]) : .text(text)
    }

    private static func moment(_ text: String) -> Spreadsheet.Cell {
        let parts = numbers(text)
        guard parts.count == 5 else { return .text(text) }
        return .moment(
            year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: 0)
    }

    /// Those of `YYYY-MM-DD HH:MM`.
    private static func numbers(_ text: String) -> [Int] {
        text.split { "- :".contains($0) }.compactMap { Int($0) }
    }

    /// Since 1970, as if the local time were UTC: a property of a file knows no time zone.
    private static func seconds(_ moment: String) -> Int {
        let parts = numbers(moment)
        guard parts.count == 5 else { return 0 }
        return Day(parts[0], parts[1], parts[2]).number * 86_400 + parts[3] * 3600 + parts[4] * 60
    }
}
