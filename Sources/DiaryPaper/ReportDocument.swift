import Diary
import JSON
import Postgres
import Web

/// A report as tables of typed cells, from which all forms but JSON are made.
struct ReportDocument: Sendable {
    let title: String
    let language: Language
    let school: String
    /// The school's local time, `YYYY-MM-DD HH:MM`.
    let printed: String
    let facts: [(label: String, value: Cell)]
    let tables: [DocumentTable]
    /// SVG.
    let charts: [String]
    let notes: [String]
    let signatures: [String]
    let orientation: Paper.Orientation
    let layout: String
}

struct DocumentTable: Sendable {
    let name: String
    let title: String?
    var columns: [DocumentColumn]
    var rows: [[Cell]]
    /// The last row is a total.
    var hasTotal = false
    /// Not on paper: all its columns would be data, but there are none, or it is optional and has no rows.
    var isLeftOut = false
}

struct DocumentColumn: Sendable {
    let title: String
    /// A title above this column and its neighbours with the same one.
    let group: String?
    let kind: Column.Kind
    /// In characters.
    let width: Double
    /// One of the columns of a `Pivot` that are data.
    var isAcross = false
    /// Not on paper if it is empty.
    var isOptional = false
}

/// A value of a table.
enum Cell: Equatable, Sendable {
    case empty
    case text(String)
    case integer(Int)
    /// A decimal number as PostgreSQL writes it, and its digits after the point.
    case decimal(String, digits: Int)
    case percent(String)
    /// `YYYY-MM-DD`
    case date(String)
    /// `YYYY-MM-DD HH:MM`
    case moment(String)
    case flag(Bool)
}

extension ReportDocument {
    init(_ reading: ReportReading) throws {
        let results = reading.results
        let language = reading.input.language
        let labels = try Labels(results[ReportReading.labels(reading.input)], language)
        var facts: [(label: String, value: Cell)] = []
        var tables: [DocumentTable] = []
        var charts: [String] = []
        var notes: [String] = []
        for part in reading.content.flat {
            switch part {
            case .gate, .silent, .parts: break
            case .facts(let part):
                let rows = try results[part.query]
                guard !rows.isEmpty else { continue }
                facts += part.columns.map { ($0.title[language], Cell(rows, 0, $0, labels)) }
                    .filter { $0.value != .empty }
            case .table(let table): tables.append(try DocumentTable(table, results, labels, language))
            case .pivot(let pivot): tables.append(try DocumentTable(pivot, results, labels, language))
            case .chart(let chart): charts += chart.pictures(try results[chart.query], labels, language)
            case .notes(let part):
                let rows = try results[part.query]
                notes += (0..<rows.count).map { part.sentence(rows, $0, language) }
            }
        }
        let report = reading.report
        self.init(
            title: report.title[language], language: language,
            school: try results[ReportReading.school(reading.input)].text(0, "name") ?? "",
            printed: try results[ReportReading.moment(reading.input)].text(0, "_printed") ?? "",
            facts: facts, tables: tables, charts: charts, notes: notes,
            signatures: report.paper.signatures.map { $0[language] },
            orientation: report.paper.orientation, layout: report.paper.layout)
    }
}

extension DocumentTable {
    fileprivate init(_ table: Table, _ results: Results, _ labels: Labels, _ language: Language) throws {
        let rows = try results[table.query]
        name = table.name
        title = table.title?[language]
        columns = table.columns.map { DocumentColumn($0, language) }
        isLeftOut = table.isOptional && rows.isEmpty
        self.rows = (0..<rows.count).map { row in table.columns.map { Cell(rows, row, $0, labels) } }
        if let total = try table.total.map({ try results[$0] }), !total.isEmpty {
            let label = table.columns.firstIndex { $0.kind.isText } ?? 0
            self.rows.append(
                table.columns.enumerated().map { index, column in
                    if index == label { return .text(Text(ru: "Всего", en: "Total")[language]) }
                    return total.has(column.key) ? Cell(total, 0, column, labels) : .empty
                })
            hasTotal = true
        }
    }

    fileprivate init(_ pivot: Pivot, _ results: Results, _ labels: Labels, _ language: Language) throws {
        let rows = try results[pivot.rows]
        let across = try results[pivot.across.query]
        let cells = try results[pivot.cells.query]
        name = pivot.name
        title = pivot.title?[language]
        columns =
            pivot.before.map { DocumentColumn($0, language) }
            + (0..<across.count).map { row in
                let label = across.text(row, pivot.across.label) ?? ""
                return DocumentColumn(
                    title: pivot.across.words[label]?[language] ?? label,
                    group: pivot.across.group.flatMap { across.text(row, $0) }
                        .map { pivot.across.words[$0]?[language] ?? $0 }, kind: pivot.cells.kind,
                    width: pivot.across.width, isAcross: true)
            } + pivot.after.map { DocumentColumn($0, language) }
        isLeftOut = across.isEmpty && pivot.after.isEmpty
        let places = Dictionary(
            (0..<across.count).map { (across.text(row: $0, pivot.across.key), $0) },
            uniquingKeysWith: { first, _ in first })
        let value = Column(pivot.cells.value, pivot.cells.kind, ru: "", en: "")
        var position = 0
        self.rows = (0..<rows.count).map { row in
            let key = rows.text(row, pivot.key)
            var met = [Cell](repeating: .empty, count: across.count)
            // The cells come in the order of the rows.
            while position < cells.count, cells.text(position, "_parent") == key {
                if let place = places[cells.text(row: position, "_across")] {
                    met[place] = Cell(cells, position, value, labels)
                }
                position += 1
            }
            return pivot.before.map { Cell(rows, row, $0, labels) } + met
                + pivot.after.map { Cell(rows, row, $0, labels) }
        }
    }
}

extension Column.Kind {
    fileprivate var isText: Bool { [.text, .person, .shortPerson].contains(self) }
}

extension DocumentColumn {
    fileprivate init(_ column: Column, _ language: Language) {
        self.init(
            title: column.title[language], group: nil, kind: column.kind, width: column.width,
            isOptional: column.isOptional)
    }
}

extension Rows {
    fileprivate func text(row: Int, _ name: String) -> String { text(row, name) ?? "" }
}

/// The school's words for marks that are not numbers, by code (M2).
struct Labels {
    private let words: [String: String]
    let language: Language

    init(_ rows: Rows, _ language: Language) {
        self.language = language
        words = Dictionary(
            (0..<rows.count).map { (rows.text(row: $0, "code"), rows.text(row: $0, "label")) },
            uniquingKeysWith: { first, _ in first })
    }

    subscript(code: String) -> String { words[code] ?? code }
}

extension Cell {
    init(_ rows: Rows, _ row: Int, _ column: Column, _ labels: Labels) {
        switch column.kind {
        case .number:
            self = .integer(row + 1)
            return
        case .person, .shortPerson:
            self = .person(rows, row, column)
            return
        case .blank:
            self = .empty
            return
        default: break
        }
        guard let text = rows.text(row, column.key) else {
            self = .empty
            return
        }
        switch column.kind {
        case .integer: self = Int(text).map { .integer($0) } ?? .text(text)
        case .decimal(let digits): self = .decimal(text, digits: digits)
        case .percent: self = .percent(text)
        case .date: self = .date(text)
        case .moment: self = .moment(text)
        case .flag: self = .flag(text == "t")
        case .mark: self = .mark(text, labels)
        case .text, .number, .blank, .person, .shortPerson:
            self = text.isEmpty ? .empty : .text(column.words[text]?[labels.language] ?? text)
        }
    }

    private static func person(_ rows: Rows, _ row: Int, _ column: Column) -> Cell {
        let prefix = column.key.isEmpty ? "" : column.key + "."
        let names = ["last_name", "first_name", "middle_name"].map { rows.text(row, prefix + $0) ?? "" }
        guard !names[0].isEmpty else { return .empty }
        guard column.kind == .shortPerson else {
            return .text(names.filter { !$0.isEmpty }.joined(separator: " "))
        }
        // A no-break space keeps the initials with the name.
        return .text(([names[0]] + names[1...].compactMap { $0.first.map { "\($0)." } }).joined(separator: "\u{A0}"))
    }

    private static func mark(_ text: String, _ labels: Labels) -> Cell {
        guard let value = try? JSONValue(parsing: Array(text.utf8)) else { return .text(text) }
        if let number = value["number"]?.wholeNumber { return .integer(number) }
        return value["code"]?.text.map { .text(labels[$0]) } ?? .empty
    }
}
