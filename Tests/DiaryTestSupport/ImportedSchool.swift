import DiaryExchange
import DiarySchool
import Postgres
import TestSupport

/// A new school from the Russian template in its own database, and imports into it as the owner.
package struct ImportedSchool {
    package let database: TestDatabase
    package let owner: BlockingConnection

    /// - Parameter isFilled: whether to import `SmallSchool`.
    package init(isFilled: Bool = true) throws {
        database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
        try owner.execute("SET lyceum.today = '\(SmallSchool.today)'")
        _ = try NewSchool(
            code: "small", name: "Школа", timeZone: "Asia/Yekaterinburg", template: .russian, year: 2025
        ).open(owner)
        if isFilled { _ = try SmallSchool.load(self) }
    }

    /// Faults as `row column code`, preceded by the file if it is an archive.
    package func faults(_ kind: ImportKind?, _ bytes: [UInt8]) throws -> Set<String> {
        do {
            _ = try run(kind, bytes)
            return []
        } catch let refusal as ImportRefusal {
            return Set(
                refusal.faults.map { fault in
                    (fault.file.map { $0 + " " } ?? "") + (fault.row == 0 ? "" : "\(fault.row) \(fault.column) ")
                        + fault.code
                })
        }
    }

    package func faults(_ kind: ImportKind, _ lines: String...) throws -> Set<String> {
        try faults(kind, Self.bytes(lines))
    }

    /// The numbers of all, created, updated, unchanged and missing rows.
    package func counts(
        _ kind: ImportKind, _ lines: String..., options: ImportOptions = .init(isForced: true)
    ) throws -> [Int?] {
        try run(kind, Self.bytes(lines), options)[0].counts
    }

    package func run(
        _ kind: ImportKind?, _ bytes: [UInt8], _ options: ImportOptions = .init(isForced: true)
    ) throws -> [ImportReport] {
        try OwnerImport(owner, school: "small", kind, bytes).run(options) { _, _ in }
    }

    package func rows(_ sql: String) throws -> [[String?]] { try owner.query(sql).rows }

    /// A digest of everything that an import writes: it stays the same while nothing is written.
    package func state() throws -> [String?] {
        try [
            "subjects", "rooms", "users", "classes", "class_teachers", "enrollments", "guardianships", "groups",
            "group_members", "sections", "section_teachers", "timetable_entries", "curriculum_plans", "plan_units",
            "plan_topics", "audit_log",
        ].map { table in
            try owner.query(
                "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') FROM \(table) t"
            )
            .first
        }
    }

    private static func bytes(_ lines: [String]) -> [UInt8] { Array((lines.joined(separator: "\n") + "\n").utf8) }
}

extension SmallSchool {
    /// Imports file by file, in a valid order.
    package static func load(_ school: ImportedSchool) throws -> [ImportReport] {
        let order: [ImportKind] = [
            .subjects, .rooms, .staff, .classes, .students, .guardians, .groups, .load, .timetable, .plans,
        ]
        let names: [ImportKind: String] = [
            .subjects: "Предметы.csv", .rooms: "Кабинеты.csv", .classes: "Классы.csv", .staff: "Сотрудники.csv",
            .students: "Ученики.csv", .guardians: "Родители.csv", .groups: "Группы.csv", .load: "Нагрузка.csv",
            .timetable: "Расписание.csv", .plans: "КТП.csv",
        ]
        return try order.flatMap { kind in
            try school.run(kind, Array(files.first { $0.name == names[kind] }!.text.utf8))
        }
    }
}

extension ImportReport {
    package var counts: [Int?] { [rows, made, updated, unchanged, missing] }
}
