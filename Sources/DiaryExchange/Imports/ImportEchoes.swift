/// Rows that are not there because of their own faults, and the faults of other files' rows that say no more than that.
///
/// A file whose rows name a class is looked at although the file of classes has faults, so that all faults are told at
/// once. A class that stands in a faulty row is not unknown, though: the row says what is wrong.
struct ImportEchoes: Sendable {
    private enum Absence {
        case rows(named: Set<String>)
        /// Nothing of the file could be written.
        case file
    }

    private var absences: [ImportKind: Absence] = [:]

    /// The kind of what a fault's code says is not there.
    private static let kinds: [String: ImportKind] = [
        "unknown_subject": .subjects, "unknown_room": .rooms, "unknown_teacher": .staff, "unknown_class": .classes,
        "unknown_child": .students, "not_in_class": .students, "unknown_group": .groups, "unknown_section": .load,
    ]

    func isComplete(_ kinds: Set<ImportKind>) -> Bool { kinds.isDisjoint(with: absences.keys) }

    mutating func note(_ file: ImportFile) { absences[file.kind] = .file }

    mutating func note(_ file: ImportFile, rows: Set<Int>) {
        absences[file.kind] = .rows(named: Set(file.names(of: rows).map { ImportFile.loose($0) }))
    }

    /// - Parameter said: what the fault says is not there.
    func contains(code: String, said: String) -> Bool {
        guard let kind = Self.kinds[code], let absence = absences[kind] else { return false }
        // A section is not named by one cell.
        guard kind != .load, case .rows(let names) = absence else { return true }
        return names.contains(ImportFile.loose(said))
    }
}
