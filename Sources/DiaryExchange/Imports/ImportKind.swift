/// What can be imported, in the order in which one rests on the other.
package enum ImportKind: String, Sendable, CaseIterable {
    case subjects
    case rooms
    case staff
    case classes
    case students
    case guardians
    case groups
    case load
    case timetable
    case plans

    private var declaration: ImportDeclaration {
        switch self {
        case .subjects: .subjects
        case .rooms: .rooms
        case .staff: .staff
        case .classes: .classes
        case .students: .students
        case .guardians: .guardians
        case .groups: .groups
        case .load: .load
        case .timetable: .timetable
        case .plans: .plans
        }
    }

    var columns: [ImportColumn] { declaration.columns }
    var keys: [[String]] { declaration.keys }
    var needs: Set<ImportKind> { declaration.needs }
    var firesJoins: Bool { declaration.firesJoins }

    /// Of a file such as `students.csv` or `Ученики.csv`.
    init?(file name: String) {
        guard name.lowercased().hasSuffix(".csv") else { return nil }
        let name = ImportColumn.plain(String(name.dropLast(4)))
        guard
            let kind = Self.allCases.first(where: { kind in
                ([kind.rawValue] + kind.declaration.fileNames).contains { ImportColumn.plain($0) == name }
            })
        else { return nil }
        self = kind
    }

    /// A file to begin with, which spreadsheets open: a header and one row, `;` between, UTF-8 with its mark.
    package var template: [UInt8] {
        let rows = [columns.map { $0.russian[0] }, columns.map { $0.example }]
        return Array(("\u{FEFF}" + rows.map { $0.joined(separator: ";") + "\r\n" }.joined()).utf8)
    }
}

/// What a kind of import is, beside its statements. It stands in the kind's own file.
struct ImportDeclaration: Sendable {
    /// What a file of an archive may be called in Russian, without `.csv`.
    let fileNames: [String]
    /// Columns by which rows are known again: no two rows of a file have the same. None where a thing has several rows.
    let keys: [[String]]
    /// The kinds that its rows name. While one of them has faults, the rows are not looked at.
    let needs: Set<ImportKind>
    /// Whether what it writes fires triggers that join tables.
    let firesJoins: Bool
    let columns: [ImportColumn]

    init(
        fileNames: [String], keys: [[String]] = [], needs: Set<ImportKind> = [], firesJoins: Bool = false,
        columns: [ImportColumn]
    ) {
        self.fileNames = fileNames
        self.keys = keys
        self.needs = needs
        self.firesJoins = firesJoins
        self.columns = columns
    }

    static let externalID = ["Внешний код", "Код", "Идентификатор", "ID"]
}
