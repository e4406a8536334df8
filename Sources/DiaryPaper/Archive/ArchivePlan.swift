import Diary
import Postgres
import Web

/// The documents of an archive: journals, then classes, teachers, and the whole school.
package struct ArchivePlan {
    package private(set) var documents: [ArchiveDocument] = []
    private let snapshot: OwnerSnapshot
    private let year: ArchiveYear
    private let language: Language
    private var names = ArchiveNames()

    package init(_ year: ArchiveYear, in snapshot: OwnerSnapshot, _ language: Language) throws {
        self.snapshot = snapshot
        self.year = year
        self.language = language
        try addJournals()
        try addClasses()
        try addTeachers()
        try addSchool()
        try addOrders()
    }

    /// Of this school and year.
    private func rows(_ statement: Statement) throws -> Rows {
        try snapshot.rows([statement(.integer(snapshot.school.id), .text(year.id))])[0]
    }

    private mutating func add(
        _ path: String, _ title: Text, _ report: Report, hasTables: Bool = true, _ parts: [ArchiveDocument.Part]
    ) {
        guard !parts.isEmpty else { return }
        documents.append(
            ArchiveDocument(names.path(path), title[language], report, hasTables: hasTables, parts))
    }

    private func part(_ label: String = "", _ parameters: (String, String)...) -> ArchiveDocument.Part {
        ArchiveDocument.Part(label: label, parameters: parameters.map { (name: $0.0, value: $0.1) })
    }

    private var wholeYear: [(String, String)] { [("from", year.firstDay), ("to", year.lastDay)] }

    private func title(_ ru: String, _ en: String, _ name: String) -> Text {
        Text(ru: "\(ru), \(name)", en: "\(en), \(name)")
    }
}

// MARK: Journals

extension ArchivePlan {
    private mutating func addJournals() throws {
        let sections = try rows(Self.sections)
        let terms = try grouped(rows(Self.termsOfSections), by: "section_id")
        for row in 0..<sections.count {
            let id = sections.text(row, "id")!
            let name = sections.text(row, "name")!
            let place = sections.text(row, "class_name").map { ArchiveNames.latin($0) } ?? "groups"
            add(
                "journals/\(place)/\(ArchiveNames.latin(name))", title("Журнал", "Journal", name), JournalPage.report,
                (terms[id] ?? []).map { part($0.label, ("section_id", id), ("term_id", $0.id)) })
        }
    }

    /// `$1` is the school, `$2` the year; in all statements here.
    private static let sections = Statement(
        """
        SELECT s.id, s.name, c.name AS class_name
        FROM sections s
        JOIN groups g ON g.school_id = $1 AND g.id = s.group_id
        LEFT JOIN classes c ON c.school_id = $1 AND c.id = g.class_id
        WHERE s.school_id = $1 AND s.academic_year_id = $2::uuid
        ORDER BY c.grade_level, c.letter, s.name, s.id
        """)

    private static let termsOfSections = Statement(
        """
        SELECT x.section_id, t.id, t.kind, t.ordinal
        FROM sections s
        JOIN lyceum.section_terms x ON x.school_id = $1 AND x.section_id = s.id AND x.starts_on <= lyceum.today()
        JOIN terms t ON t.school_id = $1 AND t.id = x.term_id
        WHERE s.school_id = $1 AND s.academic_year_id = $2::uuid
        ORDER BY t.starts_on, t.id
        """)
}

// MARK: Classes

extension ArchivePlan {
    private mutating func addClasses() throws {
        let classes = try rows(Self.classes)
        let terms = try grouped(rows(Self.termsOfClasses), by: "class_id")
        let students = try grouped(rows(Self.students), by: "class_id")
        for row in 0..<classes.count {
            let id = classes.text(row, "id")!
            let name = classes.text(row, "name")!
            let folder = names.path("classes/\(ArchiveNames.latin(name))")
            let own = ("class_id", id)
            let terms = terms[id] ?? []
            add(
                "\(folder)/register", title("Сводная ведомость", "Class register", name), ClassRegister.report,
                [part("", own)])
            add(
                "\(folder)/results", title("Итоги класса", "Results", name), ClassResults.report,
                terms.map { part($0.label, own, ("term_id", $0.id)) } + [part("year", own, ("kind", "year"))])
            add(
                "\(folder)/attendance", title("Посещаемость", "Attendance", name), AttendanceReport.report,
                terms.map { part($0.label, own, ("term_id", $0.id)) }
                    + [part("year", own, wholeYear[0], wholeYear[1])])
            if [9, 11].contains(classes.integer(row, "grade_level")) {
                add(
                    "\(folder)/certificates", title("Аттестаты", "Certificates", name), CertificateRegister.report,
                    [part("", own)])
            }
            add(
                "\(folder)/report-cards", title("Табели", "Report cards", name), ReportCard.report, hasTables: false,
                (students[id] ?? []).map { part("", ("student_id", $0.id), ("academic_year_id", year.id)) })
        }
    }

    private static let classes = Statement(
        """
        SELECT c.id, c.name, c.grade_level
        FROM classes c
        WHERE c.school_id = $1 AND c.academic_year_id = $2::uuid
        ORDER BY c.grade_level, c.letter, c.id
        """)

    private static let termsOfClasses = Statement(
        """
        SELECT c.id AS class_id, t.id, t.kind, t.ordinal
        FROM classes c
        JOIN terms t ON t.school_id = $1 AND t.academic_year_id = $2::uuid AND c.grade_level = ANY (t.grade_levels)
            AND t.starts_on <= lyceum.today()
        WHERE c.school_id = $1 AND c.academic_year_id = $2::uuid
        ORDER BY t.starts_on, t.id
        """)

    /// Each in the class of the year that they were in last.
    private static let students = Statement(
        """
        SELECT e.class_id, u.id, NULL::text AS kind, NULL::int AS ordinal
        FROM (
            SELECT DISTINCT ON (e.student_id) e.student_id, e.class_id
            FROM enrollments e
            JOIN classes c ON c.school_id = $1 AND c.id = e.class_id AND c.academic_year_id = $2::uuid
            WHERE e.school_id = $1 AND e.starts_on <= lyceum.today()
            ORDER BY e.student_id, e.starts_on DESC
        ) e
        JOIN users u ON u.school_id = $1 AND u.id = e.student_id
        ORDER BY u.last_name, u.first_name, u.id
        """)
}

// MARK: Teachers and the school

extension ArchivePlan {
    private mutating func addTeachers() throws {
        let teachers = try rows(Self.teachers)
        for row in 0..<teachers.count {
            let name = teachers.text(row, "name")!
            add(
                "teachers/\(ArchiveNames.latin(name))", title("Отчёт учителя", "Results of a teacher", name),
                SectionResults.report,
                [part("", ("teacher_id", teachers.text(row, "id")!), ("academic_year_id", year.id))])
        }
    }

    private static let teachers = Statement(
        """
        SELECT u.id, concat_ws(' ', u.last_name, u.first_name, u.middle_name) AS name
        FROM users u
        WHERE u.school_id = $1 AND EXISTS (
            SELECT FROM section_teachers t
            JOIN sections s ON s.school_id = $1 AND s.id = t.section_id AND s.academic_year_id = $2::uuid
            WHERE t.school_id = $1 AND t.teacher_id = u.id
        )
        ORDER BY u.last_name, u.first_name, u.id
        """)

    private mutating func addSchool() throws {
        let ofYear = [part("", ("academic_year_id", year.id))]
        let days = [part("", wholeYear[0], wholeYear[1])]
        let terms = try grouped(rows(Self.terms), by: "year")[""] ?? []
        for (name, report, parts) in [
            ("results", SchoolResults.report, ofYear), ("debts", DebtsReport.report, ofYear),
            ("promotion", Promotion.report, ofYear), ("movement", Movement.report, days),
            ("substitutions", SubstitutionLog.report, days),
            (
                "plan-coverage", PlanCoverage.report,
                [part("", ("academic_year_id", year.id), ("date", year.lastDay))]
            ),
            ("journal-control", JournalControl.report, terms.map { part($0.label, ("term_id", $0.id)) }),
        ] {
            add("school/\(name)", report.title, report, parts)
        }
    }

    private static let terms = Statement(
        """
        SELECT '' AS year, t.id, t.kind, t.ordinal
        FROM terms t
        WHERE t.school_id = $1 AND t.academic_year_id = $2::uuid AND t.starts_on <= lyceum.today()
        ORDER BY t.starts_on, t.kind, t.id
        """)

    private mutating func addOrders() throws {
        let orders = try rows(Self.orders)
        for row in 0..<orders.count {
            let kind = OrderSheet.kinds[orders.text(row, "kind")!]
            let number = orders.text(row, "number")!
            add(
                "orders/\(orders.text(row, "issued_on")!)-\(ArchiveNames.latin(number))",
                title(kind?[.russian] ?? "", kind?[.english] ?? "", number), OrderSheet.report,
                [part("", ("order_id", orders.text(row, "id")!))])
        }
    }

    /// From the first day of the year to that of the next one: the council decides after the lessons.
    private static let orders = Statement(
        """
        SELECT o.id, o.kind, o.number, o.issued_on
        FROM academic_years y
        JOIN orders o ON o.school_id = $1 AND o.issued_on >= y.starts_on AND NOT EXISTS (
            SELECT FROM academic_years n
            WHERE n.school_id = $1 AND n.starts_on > y.starts_on AND n.starts_on <= o.issued_on
        )
        WHERE y.school_id = $1 AND y.id = $2::uuid
        ORDER BY o.issued_on, o.number, o.id
        """)
}

// MARK: Rows

extension ArchivePlan {
    private struct Item {
        let id: String
        /// `quarter-1`; empty for what is no term.
        let label: String
    }

    private func grouped(_ rows: Rows, by column: String) -> [String: [Item]] {
        var groups: [String: [Item]] = [:]
        for row in 0..<rows.count {
            let label = [rows.text(row, "kind"), rows.text(row, "ordinal")].compactMap { $0 }.joined(separator: "-")
            groups[rows.text(row, column)!, default: []].append(Item(id: rows.text(row, "id")!, label: label))
        }
        return groups
    }
}
