/// Rows that are missing because of their own faults, and faults in other files that only follow from that.
///
/// A file whose rows name a class is checked even when the file of classes has faults, so that all faults are reported
/// at once. But a class in a faulty row does not count as unknown, because that row already has its fault.
struct ImportEchoes: Sendable {
    private enum Absence {
        case rows(named: Set<String>)
        /// No row of the file could be written.
        case file
    }

    private var absences: [ImportKind: Absence] = [:]

    /// The kind of record that is missing according to a fault's code.
    private static let kinds: [String: ImportKind] = [
        "unknown_subject": .subjects, "unknown_room": .rooms, "unknown_teacher": .staff, "unknown_class": .classes,
        "unknown_child": .students, "not_in_class": .students, "unknown_group": .groups, "unknown_section": .load,
    ]

    func isComplete(_ kinds: Set<ImportKind>) -> Bool { kinds.isDisjoint(with: absences.keys) }

    mutating func note(_ file: ImportFile) { absences[file.kind] = .file }

    mutating func note(_ file: ImportFile, rows: Set<Int>) {
        absences[file.kind] = .rows(named: Set(file.names(of: rows).map { ImportFile.loose($0) }))
    }

    /// - Parameter said: the name of the missing record in the fault.
    func contains(code: String, said: String) -> Bool {
        guard let kind = Self.kinds[code], let absence = absences[kind] else { return false }
        // A section is not named by a single cell.
        guard kind != .load, case .rows(let names) = absence else { return true }
        return names.contains(ImportFile.loose(said))
    }
}
