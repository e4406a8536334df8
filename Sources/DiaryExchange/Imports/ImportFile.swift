import JSON

/// A file to import, read: the rows as the statements take them, and all that is wrong in it as far as it says itself.
struct ImportFile: Sendable {
    let kind: ImportKind
    /// Of an archive's file, as the archive calls it.
    let name: String?
    private(set) var count = 0
    /// The rows as one JSON array of objects.
    private(set) var rows: String
    private(set) var faults: [ImportFault] = []
    private(set) var appointsClassTeachers = false
    private var known: [String: String?] = [:]

    /// - Parameter newID: makes ids for what turns out to be new.
    init(_ kind: ImportKind, _ bytes: [UInt8], name: String? = nil, newID: () -> String) {
        self.kind = kind
        self.name = name
        rows = "[]"
        read(bytes, newID)
        for index in faults.indices { faults[index].file = name }
    }

    private mutating func read(_ bytes: [UInt8], _ newID: () -> String) {
        let table: CSVTable
        do throws(CSVTable.Fault) {
            table = try CSVTable(bytes)
        } catch {
            faults = [ImportFault(error)]
            return
        }
        let columns = header(table.records[0].cells)
        guard faults.isEmpty else { return }
        count = table.records.count - 1
        var writer = JSONWriter()
        writer.beginArray()
        var seen: [String: Int] = [:]
        for record in table.records.dropFirst() {
            var cells: [String: String] = [:]
            for (column, cell) in zip(columns, record.cells) where !cell.isEmpty { cells[column.name] = cell }
            if kind == .classes { complete(&cells) }
            if cells["class_teacher"] != nil { appointsClassTeachers = true }
            for key in kind.keys {
                guard let column = key.last, cells[column] != nil else { continue }
                let identity = column + key.map { "\u{1F}" + plain(cells[$0] ?? "", of: $0) }.joined()
                if let first = seen[identity] {
                    faults.append(ImportFault(row: record.row, column: column, "repeated", "/rows/\(first)"))
                }
                seen[identity] = seen[identity] ?? record.row
            }
            writer.beginObject()
            writer.key("line")
            writer.integer(record.row)
            for name in ["id", "other_id", "third_id"] {
                writer.key(name)
                writer.string(newID())
            }
            for column in kind.columns {
                writer.key(column.name)
                value(cells[column.name], of: column, row: record.row, to: &writer, newID)
            }
            writer.endObject()
        }
        writer.endArray()
        rows = String(decoding: writer.bytes, as: UTF8.self)
    }

    private mutating func header(_ cells: [String]) -> [ImportColumn] {
        var columns: [ImportColumn] = []
        for (index, cell) in cells.enumerated() {
            let title = cell.isEmpty ? String(index + 1) : cell
            guard let column = kind.columns.first(where: { $0.isNamed(cell) }) else {
                faults.append(ImportFault(row: 1, column: title, "unknown_column"))
                continue
            }
            if let first = columns.firstIndex(where: { $0.name == column.name }) {
                faults.append(ImportFault(row: 1, column: title, "repeated", cells[first]))
            }
            columns.append(column)
        }
        for column in kind.columns where column.isRequired && !columns.contains(where: { $0.name == column.name }) {
            faults.append(ImportFault(row: 1, column: column.name, "required"))
        }
        return columns
    }

    /// As rows are compared with one another.
    private func plain(_ cell: String, of column: String) -> String {
        if column.hasSuffix("_id") { return cell }
        return kind == .classes ? Self.className(cell) : ImportColumn.plain(cell)
    }

    /// Grade level and letter follow from a name such as 7А, where the file does not say them.
    private func complete(_ cells: inout [String: String]) {
        guard let name = cells["name"] else { return }
        let digits = name.prefix { $0.isASCII && $0.isNumber }
        let letter = name.dropFirst(digits.count).filter { $0.isLetter || $0.isNumber }
        if cells["grade_level"] == nil, !digits.isEmpty { cells["grade_level"] = String(digits) }
        if cells["letter"] == nil, !letter.isEmpty { cells["letter"] = letter.uppercased() }
    }

    private mutating func value(
        _ cell: String?, of column: ImportColumn, row: Int, to writer: inout JSONWriter, _ newID: () -> String
    ) {
        func refuse(_ code: String, _ argument: String = "") {
            faults.append(ImportFault(row: row, column: column.name, code, argument))
            writer.null()
        }
        guard let cell else {
            // What a class is called says its grade level and letter, or somebody has to.
            let isRequired =
                column.isRequired || kind == .classes && ["grade_level", "letter"].contains(column.name)
            return isRequired ? refuse("required") : writer.null()
        }
        switch column.rule {
        case .text(let maximum):
            guard cell.unicodeScalars.count <= maximum else { return refuse("too_long") }
            writer.string(cell)
        case .date:
            guard let date = Self.date(cell) else { return refuse("not_a_date") }
            writer.string(date)
        case .integer(let range):
            guard let number = Int(cell), range.contains(number) else {
                return refuse("out_of_range", "\(range.lowerBound)…\(range.upperBound)")
            }
            writer.integer(number)
        case .hours:
            let tenths = cell.replacing(",", with: ".").split(separator: ".", omittingEmptySubsequences: false)
            guard tenths.count <= 2, tenths.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
                tenths[0].utf8.count <= 3, tenths.count < 2 || tenths[1].utf8.count == 1,
                tenths.contains(where: { $0.contains { $0 != "0" } })
            else { return refuse("not_hours") }
            writer.string(tenths.joined(separator: "."))
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
            // In the order of the declaration, as the database tells them.
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

    /// Cells say the same few words over and over.
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
        cell.split { ",;\n".contains($0) }.map { $0.filter { $0 != "\r" } }
            .map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }.filter { !$0.isEmpty }
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

    /// 7А, 7 "а" and 7A with a Latin letter are one class; as `ImportStatements.className`.
    private static func className(_ name: String) -> String {
        let plain = ImportColumn.plain(name).uppercased()
        return String(plain.map { latin[$0] ?? $0 })
    }

    private static let latin: [Character: Character] = [
        "A": "А", "B": "В", "C": "С", "E": "Е", "H": "Н", "K": "К", "M": "М", "O": "О", "P": "Р", "T": "Т", "X": "Х",
    ]
}
