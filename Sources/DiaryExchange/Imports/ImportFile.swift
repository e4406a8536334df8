import Diary
import JSON

/// A parsed file to import: its rows as JSON for the statements, and the faults that need no database.
struct ImportFile: Sendable {
    let kind: ImportKind
    /// The file's name in an archive.
    let name: String?
    private(set) var count = 0
    private(set) var faults: [ImportFault] = []
    /// The unreadable cells of readable rows.
    private var faultyCells: [Int: Set<String>] = [:]
    private(set) var appointsClassTeachers = false
    /// Whether the header has all required columns and no unknown ones. Otherwise only the values of the rows are
    /// checked, and nothing is compared with the database.
    private(set) var isComparable = false
    /// Whether all rows could be read.
    private(set) var isWhole = false
    /// The header's text for each column, by the column's name.
    private(set) var headers: [String: String] = [:]
    private var known: [String: String?] = [:]
    /// The rows as JSON objects, separated by commas.
    private var content: [UInt8] = []
    private var records: [(row: Int, place: Range<Int>, names: [String])] = []

    /// - Parameter newID: makes ids for new records.
    init(_ kind: ImportKind, _ bytes: [UInt8], name: String? = nil, newID: () -> String) {
        self.kind = kind
        self.name = name
        read(bytes, newID)
        for index in faults.indices { faults[index].file = name }
    }

    /// The rows as one JSON array of objects.
    var rows: String { "[" + String(decoding: content, as: UTF8.self) + "]" }

    func rows(without left: Set<Int>) -> String {
        if left.isEmpty { return rows }
        let kept = records.filter { !left.contains($0.row) }.map { content[$0.place] }
        return "[" + String(decoding: Array(kept.joined(separator: [UInt8(ascii: ",")])), as: UTF8.self) + "]"
    }

    var faultyRows: Set<Int> { Set(faultyCells.keys) }

    func isFaulty(row: Int, column: String) -> Bool { faultyCells[row]?.contains(column) == true }

    /// The names of these rows' records, by which rows of other files may refer to them.
    func names(of rows: Set<Int>) -> [String] {
        records.filter { rows.contains($0.row) }.flatMap { $0.names }
    }

    private mutating func read(_ bytes: [UInt8], _ newID: () -> String) {
        let table = CSVTable(bytes)
        faults = table.faults.map { ImportFault($0) }
        guard let first = table.records.first else { return }
        let columns = header(first.cells)
        isComparable = faults.count == table.faults.count
        isWhole = table.faults.isEmpty
        count = table.records.count - 1
        var seen: [String: Int] = [:]
        for record in table.records.dropFirst() {
            var cells: [String: String] = [:]
            for (column, cell) in zip(columns, record.cells) where !cell.isEmpty {
                if let column { cells[column.name] = cell }
            }
            if kind == .classes { complete(&cells) }
            if cells["class_teacher"] != nil { appointsClassTeachers = true }
            findRepeats(cells, record.row, &seen)
            write(cells, record.row, newID)
        }
        faults.sort { $0.row < $1.row }
    }

    private mutating func findRepeats(_ cells: [String: String], _ row: Int, _ seen: inout [String: Int]) {
        for key in kind.keys {
            guard let column = key.last, cells[column] != nil else { continue }
            let identity = column + key.map { "\u{1F}" + plain(cells[$0] ?? "", of: $0) }.joined()
            if let first = seen[identity] { refuse(row, column, "repeated", .row(first)) }
            seen[identity] = seen[identity] ?? row
        }
    }

    private mutating func write(_ cells: [String: String], _ row: Int, _ newID: () -> String) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("line")
        writer.integer(row)
        for name in ["id", "other_id", "third_id"] {
            writer.key(name)
            writer.string(newID())
        }
        for column in kind.columns {
            writer.key(column.name)
            value(cells[column.name], of: column, row: row, name: cells["name"], to: &writer, newID)
        }
        writer.endObject()
        if !content.isEmpty { content.append(UInt8(ascii: ",")) }
        records.append(
            (
                row, content.count..<content.count + writer.bytes.count,
                ["external_id", "name"].compactMap { cells[$0] }
            ))
        content += writer.bytes
    }

    private mutating func header(_ cells: [String]) -> [ImportColumn?] {
        var columns: [ImportColumn?] = []
        for (index, cell) in cells.enumerated() {
            let title = cell.isEmpty ? String(index + 1) : cell
            guard let column = kind.columns.first(where: { $0.isNamed(cell) }) else {
                faults.append(ImportFault(row: 1, column: title, "unknown_column"))
                columns.append(nil)
                continue
            }
            if let first = headers[column.name] {
                faults.append(ImportFault(row: 1, column: title, "repeated", .said(first)))
                columns.append(nil)
                continue
            }
            headers[column.name] = cell
            columns.append(column)
        }
        for column in kind.columns where column.isRequired && headers[column.name] == nil {
            faults.append(ImportFault(row: 1, column: column.name, "required"))
        }
        return columns
    }

    private mutating func refuse(_ row: Int, _ column: String, _ code: String, _ names: ImportNames = ImportNames()) {
        faults.append(ImportFault(row: row, column: column, header: headers[column], code, names))
        faultyCells[row, default: []].insert(column)
    }

    /// The form in which rows are compared with one another.
    private func plain(_ cell: String, of column: String) -> String {
        if column.hasSuffix("_id") { return cell }
        return kind == .classes ? Self.className(cell) : ImportColumn.plain(cell)
    }

    /// Fills in grade level and letter from a name such as 7А, where the file does not give them.
    private func complete(_ cells: inout [String: String]) {
        guard let name = cells["name"] else { return }
        let digits = name.prefix { $0.isASCII && $0.isNumber }
        let letter = name.dropFirst(digits.count).filter { $0.isLetter || $0.isNumber }
        if cells["grade_level"] == nil, !digits.isEmpty { cells["grade_level"] = String(digits) }
        if cells["letter"] == nil, !letter.isEmpty { cells["letter"] = letter.uppercased() }
    }

    /// - Parameter name: the name of the row's record.
    private mutating func value(
        _ cell: String?, of column: ImportColumn, row: Int, name: String?, to writer: inout JSONWriter,
        _ newID: () -> String
    ) {
        func refuse(_ code: String, _ said: String = "") {
            self.refuse(row, column.name, code, .said(said))
            writer.null()
        }
        guard let cell else {
            // A class's name gives its grade level and letter; otherwise the cells must. A missing column is reported
            // only once.
            let isRequired =
                column.isRequired && headers[column.name] != nil
                || kind == .classes && name != nil && ["grade_level", "letter"].contains(column.name)
            return isRequired ? refuse("required") : writer.null()
        }
        switch column.rule {
        case .text(let maximum):
            guard cell.unicodeScalars.count <= maximum else { return refuse("too_long") }
            writer.string(cell)
        case .personName(let maximum):
            let name = PersonName.tidied(cell)
            guard name.unicodeScalars.count <= maximum else { return refuse("too_long") }
            writer.string(name)
        case .date:
            guard let date = Self.date(cell) else { return refuse("not_a_date") }
            writer.string(date)
        case .integer(let range):
            guard let number = Int(cell), range.contains(number) else {
                return refuse("out_of_range", "\(range.lowerBound)…\(range.upperBound)")
            }
            writer.integer(number)
        case .hours:
            guard let hours = Self.decimal(cell, fractionDigits: 1), hours.contains(where: { $0 != "0" && $0 != "." })
            else { return refuse("not_hours") }
            writer.string(hours)
        case .weight:
            guard let weight = Self.decimal(cell, fractionDigits: 2) else { return refuse("not_a_weight") }
            writer.string(weight)
        case .flag:
            guard let word = word(cell, of: column, ImportColumn.yesOrNo) else {
                return refuse("not_one_of", Self.names(ImportColumn.yesOrNo))
            }
            writer.boolean(word == "true")
        case .word(let words):
            guard let word = word(cell, of: column, words) else { return refuse("not_one_of", Self.names(words)) }
            writer.string(word)
        case .words(let words):
            let found = Self.items(cell).map { Self.word($0, of: words) }
            guard !found.contains(nil) else { return refuse("not_one_of", Self.names(words)) }
            writer.beginArray()
            // In the order of the declaration, as the database returns them.
            for word in words where found.contains(word.name) { writer.string(word.name) }
            writer.endArray()
        case .externalIDs(let maximum):
            let children = Set(Self.items(cell)).sorted()
            guard children.count <= maximum else { return refuse("too_many_items", String(maximum)) }
            writer.beginArray()
            for child in children {
                writer.beginObject()
                writer.key("id")
                writer.string(newID())
                writer.key("external_id")
                writer.string(child)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    /// Parsed words are kept, because a column repeats the same few words.
    private mutating func word(
        _ cell: String, of column: ImportColumn, _ words: [(name: String, russian: [String])]
    ) -> String? {
        let key = column.name + "\u{1F}" + cell
        if let known = known[key] { return known }
        let word = Self.word(cell, of: words)
        known[key] = .some(word)
        return word
    }

    private static func items(_ cell: String) -> [String] {
        // By scalars: a carriage return and a line feed are one Character.
        cell.unicodeScalars.split { ",;\n".unicodeScalars.contains($0) }.map { String($0).trimmed }.filter {
            !$0.isEmpty
        }
    }

    private static func word(_ cell: String, of words: [(name: String, russian: [String])]) -> String? {
        let text = ImportColumn.plain(cell)
        return words.first { word in
            ImportColumn.plain(word.name) == text || word.russian.contains { ImportColumn.plain($0) == text }
        }?.name
    }

    private static func names(_ words: [(name: String, russian: [String])]) -> String {
        words.map { "\($0.russian[0]) (\($0.name))" }.joined(separator: ", ")
    }

    private static func date(_ cell: String) -> String? {
        let parts = cell.split(separator: ".", omittingEmptySubsequences: false)
        let date = parts.count == 3 ? "\(parts[2])-\(parts[1])-\(parts[0])" : cell
        return CalendarDate.isValid(date) ? date : nil
    }

    /// A number that is not negative, with a comma or a point.
    private static func decimal(_ cell: String, fractionDigits: Int) -> String? {
        let parts = cell.replacing(",", with: ".").split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            parts[0].utf8.count <= 3, parts.count < 2 || parts[1].utf8.count <= fractionDigits
        else { return nil }
        return parts.joined(separator: ".")
    }

    /// 7А, 7 "а" and 7A with a Latin letter are the same class; the same as `ImportStatements.className`.
    static func className(_ name: String) -> String {
        let plain = ImportColumn.plain(name).uppercased()
        return String(plain.map { latin[$0] ?? $0 })
    }

    /// A form for comparing names where it is enough that they may be equal.
    static func loose(_ name: String) -> String { className(name) }

    private static let latin: [Character: Character] = [
        "A": "А", "B": "В", "C": "С", "E": "Е", "H": "Н", "K": "К", "M": "М", "O": "О", "P": "Р", "T": "Т", "X": "Х",
    ]
}
