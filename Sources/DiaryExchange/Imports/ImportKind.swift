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

    var columns: [ImportColumn] {
        switch self {
        case .subjects: Self.subjectColumns
        case .rooms: Self.roomColumns
        case .classes: Self.classColumns
        case .staff: Self.staffColumns
        case .students: Self.studentColumns
        case .guardians: Self.guardianColumns
        case .groups: Self.groupColumns
        case .load: Self.loadColumns
        case .timetable: Self.timetableColumns
        case .plans: Self.planColumns
        }
    }

    /// Columns by which rows are known again: no two rows of a file have the same.
    var keys: [[String]] {
        switch self {
        case .subjects, .classes: [["external_id"], ["name"]]
        case .rooms: [["external_id"], ["building", "name"]]
        case .staff, .students, .guardians, .timetable: [["external_id"]]
        // A row for each pupil, teacher or topic.
        case .groups, .load: []
        case .plans: [["topic_id"]]
        }
    }

    /// What its rows name: while that has faults, they are not looked at.
    var needs: Set<ImportKind> {
        switch self {
        case .subjects, .rooms, .staff: []
        case .classes: [.staff]
        case .students: [.classes]
        case .guardians: [.students, .staff]
        case .groups: [.classes, .students]
        case .load: [.subjects, .classes, .groups, .staff]
        case .timetable: [.load, .rooms, .staff, .groups, .students]
        case .plans: [.subjects]
        }
    }

    /// What a file of an archive may be called in Russian, without `.csv`.
    private var russian: [String] {
        switch self {
        case .subjects: ["Предметы"]
        case .rooms: ["Кабинеты", "Помещения"]
        case .classes: ["Классы"]
        case .staff: ["Сотрудники", "Учителя"]
        case .students: ["Ученики", "Обучающиеся"]
        case .guardians: ["Родители", "Представители", "Законные представители"]
        case .groups: ["Группы", "Подгруппы"]
        case .load: ["Нагрузка"]
        case .timetable: ["Расписание"]
        case .plans: ["КТП", "Планы"]
        }
    }

    /// Of a file such as `students.csv` or `Ученики.csv`.
    init?(file name: String) {
        guard name.lowercased().hasSuffix(".csv") else { return nil }
        let name = ImportColumn.plain(String(name.dropLast(4)))
        guard
            let kind = Self.allCases.first(where: { kind in
                ([kind.rawValue] + kind.russian).contains { ImportColumn.plain($0) == name }
            })
        else { return nil }
        self = kind
    }

    static let externalID = ["Внешний код", "Код", "Идентификатор", "ID"]

    /// A file to begin with, which spreadsheets open: a header and one row, `;` between, UTF-8 with its mark.
    package var template: [UInt8] {
        let rows = [columns.map { $0.russian[0] }, columns.map { $0.example }]
        return Array(("\u{FEFF}" + rows.map { $0.joined(separator: ";") + "\r\n" }.joined()).utf8)
    }
}
