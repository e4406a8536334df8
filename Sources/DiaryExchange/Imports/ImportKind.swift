/// The kinds of import, in the order of their dependencies.
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
    case finals

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
        case .finals: .finals
        }
    }

    var columns: [ImportColumn] { declaration.columns }
    var keys: [[String]] { declaration.keys }
    var needs: Set<ImportKind> { declaration.needs }
    var firesJoins: Bool { declaration.firesJoins }

    /// The kind of a file such as `students.csv` or `Ученики.csv`.
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

    /// A file to start from, which spreadsheets open: a header and one row, separated by `;`, in UTF-8 with a byte
    /// order mark.
    package var template: [UInt8] {
        let rows = [columns.map { $0.russian[0] }, columns.map { $0.example }]
        return Array(("\u{FEFF}" + rows.map { $0.joined(separator: ";") + "\r\n" }.joined()).utf8)
    }
}

/// The description of a kind apart from its statements. Each kind has it in its own file.
struct ImportDeclaration: Sendable {
    /// The file's Russian names in an archive, without `.csv`.
    let fileNames: [String]
    /// Columns that identify a record: no two rows of a file may have the same values. Empty where a record has several
    /// rows.
    let keys: [[String]]
    /// The kinds that its rows refer to. A file is only tried, not written, while one of these has faults.
    let needs: Set<ImportKind>
    /// Whether its writes fire triggers that join tables.
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
