import DiaryPaper
import DiarySchool
import DiaryTestSupport
import Postgres
import TestSupport

/// A small school for tests of reports: the days, terms and subjects of the Russian template in the academic year 2025/26
/// (or another one), and whatever a test adds by short calls. Rows are written by the owner in SQL, so that all triggers
/// run; each record is written on its own day, so that the rules about days accept it.
///
///     let school = try await ReportSchool()
///     let class7A = try school.schoolClass("7А", teacher: school.teacher("Соколова"))
///     let anna = try school.student("Белова", in: class7A)
///     let algebra = try school.section("Алгебра", of: class7A, hours: 3)
///     try school.mark(anna, at: school.lesson(algebra, "2025-09-01"), .number(5))
///     try school.final(anna, "Алгебра", .term(1), .number(5))
///     let answer = try school.deputy.get("/v1/reports/class-register?class_id=\(class7A)")
///
/// The quarters are 1 September to 24 October, 3 November to 30 December, 12 January to 20 March and 30 March to 31 May; the
/// semesters 1 September to 30 December and 12 January to 31 May.
final class ReportSchool {
    let server: TestServer
    let owner: BlockingConnection
    let id: Int
    /// The first academic year.
    let year: String
    let today: String
    let deputy: TestClient

    /// Which final mark; terms by their ordinals.
    enum Final {
        case term(Int)
        case year, exam, final
    }

    init(today: String = TestServer.today, year: Int = 2025, paper: PaperServices? = nil) async throws {
        let database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
        try owner.execute("SET lyceum.today = '\(year)-09-01'")
        id = try NewSchool(
            code: "reports", name: "Лицей № 1", timeZone: "Asia/Yekaterinburg", template: .russian, year: year
        ).open(owner).id
        try owner.execute("SET lyceum.school_id = '\(id)'; SET lyceum.time_zone = 'Asia/Yekaterinburg'")
        self.year = try owner.query("SELECT id FROM academic_years WHERE school_id = $1", [String(id)]).first!
        self.today = today
        server = try await TestServer(over: database, today: today, paper: paper)
        let deputy = try Self.person("Завучева", "deputy_head", owner, id)
        self.deputy = try server.session(of: deputy, school: id, roles: ["deputy_head"])
        try owner.execute("SET lyceum.today = '\(today)'")
    }

    // MARK: People

    func teacher(_ lastName: String) throws -> String {
        let id = try Self.person(lastName, "teacher", owner, self.id)
        try insert("staff", id: id, [])
        return id
    }

    /// - Parameters:
    ///   - to: the last day of a leaver.
    ///   - inGroup: false for a student who is taught alone.
    func student(
        _ lastName: String, in schoolClass: String, from: String = "2025-09-01", to: String? = nil, inGroup: Bool = true
    ) throws -> String {
        let id = try Self.person(lastName, "student", owner, self.id)
        try insert("students", id: id, [])
        try enroll(id, in: schoolClass, from: from, to: to, inGroup: inGroup)
        return id
    }

    func enroll(
        _ student: String, in schoolClass: String, from: String, to: String? = nil, inGroup: Bool = true
    ) throws {
        try insert(
            "enrollments",
            [
                ("student_id", student), ("class_id", schoolClass), ("starts_on", from), ("ends_on", to),
                ("in_class_group", inGroup ? "true" : "false"),
            ])
    }

    @discardableResult func guardian(
        _ lastName: String, of student: String, access: String = "full", from: String = "2025-09-01"
    ) throws -> String {
        let id = try Self.person(lastName, "guardian", owner, self.id)
        try insert("guardians", id: id, [])
        try insert(
            "guardianships",
            [
                ("guardian_id", id), ("student_id", student), ("relation", "mother"), ("access", access),
                ("starts_on", from),
            ])
        return id
    }

    func person(_ lastName: String, _ role: String) throws -> String {
        try Self.person(lastName, role, owner, id)
    }

    func client(_ user: String, _ roles: String...) throws -> TestClient {
        try server.session(of: user, school: id, roles: roles)
    }

    // MARK: What is taught

    /// - Parameter name: a grade level and a letter, such as «7А».
    func schoolClass(_ name: String, teacher: String? = nil, year: String? = nil) throws -> String {
        let grade = String(name.prefix { $0.isNumber })
        let letter = String(name.dropFirst(grade.count))
        let year = year ?? self.year
        let id = try insert(
            "classes", [("academic_year_id", year), ("grade_level", grade), ("letter", letter), ("name", name)])
        if let teacher {
            let first = try owner.query(
                "SELECT starts_on FROM academic_years WHERE school_id = $1 AND id = $2", [String(self.id), year]
            ).first
            try insert("class_teachers", [("class_id", id), ("teacher_id", teacher), ("starts_on", first)])
        }
        return id
    }

    /// A part of a class with these members; without a class, a group of students of several classes.
    func group(
        _ name: String, of schoolClass: String? = nil, _ members: [String], from: String = "2025-09-01"
    ) throws -> String {
        let grade = try schoolClass.flatMap {
            try owner.query("SELECT grade_level FROM classes WHERE school_id = $1 AND id = $2", [String(self.id), $0])
                .first
        }
        let id = try insert(
            "groups",
            [
                ("academic_year_id", year), ("kind", schoolClass == nil ? "cross" : "part"), ("name", name),
                ("class_id", schoolClass), ("grade_level", grade),
            ])
        for member in members {
            try insert("group_members", [("group_id", id), ("student_id", member), ("starts_on", from)])
        }
        return id
    }

    /// The subject with this name, a new one if the school has none.
    func subject(_ name: String) throws -> String {
        try owner.query("SELECT id FROM subjects WHERE school_id = $1 AND name = $2", [String(id), name]).first
            ?? insert("subjects", [("name", name), ("position", "100")])
    }

    /// - Parameter group: a class or a group.
    func section(
        _ subject: String, of group: String, teacher: String? = nil, hours: Double? = nil, grading: String = "marks",
        kind: String = "curricular", year: String? = nil
    ) throws -> String {
        let section = try insert(
            "sections",
            [
                ("academic_year_id", year ?? self.year), ("subject_id", self.subject(subject)), ("group_id", group),
                ("kind", kind), ("grading", grading), ("name", subject), ("hours_per_week", hours.map { "\($0)" }),
            ])
        if let teacher {
            let first = try owner.query(
                """
                SELECT y.starts_on FROM sections s
                JOIN academic_years y ON y.school_id = s.school_id AND y.id = s.academic_year_id
                WHERE s.school_id = $1 AND s.id = $2
                """, [String(id), section]
            ).first
            try insert("section_teachers", [("section_id", section), ("teacher_id", teacher), ("starts_on", first)])
        }
        return section
    }

    /// A term of the first academic year.
    func term(_ ordinal: Int, _ kind: String = "quarter") throws -> String {
        try owner.query(
            "SELECT id FROM terms WHERE school_id = $1 AND academic_year_id = $2 AND kind = $3 AND ordinal = $4",
            [String(id), year, kind, String(ordinal)]
        ).first!
    }

    // MARK: Records

    /// A held lesson of 40 minutes with a topic and its roll taken; the first slot begins at 8:00, each later one 50
    /// minutes after the one before.
    func lesson(
        _ section: String, _ date: String, slot: Int = 1, state: String = "held", topic: String? = "Тема",
        roll: Bool = true, noHomework: Bool = false, teacher: String? = nil
    ) throws -> String {
        try on(date) {
            try owner.query(
                """
                INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, state, topic,
                    attendance_taken_at, no_homework, teacher_id)
                SELECT $1, gen_random_uuid(), $2, $3, $4::smallint, time '8:00' + ($4::integer - 1) * interval '50 minutes',
                    time '8:40' + ($4::integer - 1) * interval '50 minutes', $5, $6,
                    CASE WHEN $7 THEN ($3::date + time '12:00') AT TIME ZONE 'Asia/Yekaterinburg' END, $8,
                    coalesce($9::uuid, (SELECT teacher_id FROM section_teachers WHERE school_id = $1 AND section_id = $2 LIMIT 1))
                RETURNING id
                """,
                [
                    String(id), section, date, String(slot), state, topic, roll ? "true" : "false",
                    noHomework ? "true" : "false", teacher,
                ]
            ).first!
        }
    }

    /// A mark in the lesson's column with this title; the column without one is the default column.
    @discardableResult func mark(
        _ student: String, at lesson: String, _ value: RuleValue, weight: String = "1", column: String? = nil,
        isHeldBack: Bool = false
    ) throws -> String {
        try on(date(of: lesson)) {
            let item =
                try owner.query(
                    """
                    SELECT id FROM line_items
                    WHERE school_id = $1 AND lesson_id = $2 AND title IS NOT DISTINCT FROM $3 AND deleted_at IS NULL
                    """, [String(id), lesson, column]
                ).first
                ?? owner.query(
                    """
                    INSERT INTO line_items (school_id, id, lesson_id, section_id, title, weight, is_default)
                    SELECT school_id, gen_random_uuid(), id, section_id, $3, $4, $3::text IS NULL
                    FROM lessons WHERE school_id = $1 AND id = $2
                    RETURNING id
                    """, [String(id), lesson, column, weight]
                ).first!
            return try owner.query(
                """
                INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, code, due_on, published_at)
                VALUES ($1, gen_random_uuid(), $2, $3, \(value), \(isHeldBack ? "NULL" : "now()")) RETURNING id
                """, [String(id), item, student]
            ).first!
        }
    }

    /// A final mark, written on the last day of its term or of the year, with a reason.
    @discardableResult func final(
        _ student: String, _ subject: String, _ kind: Final, _ value: RuleValue, year: String? = nil,
        order: String? = nil, isHeldBack: Bool = false
    ) throws -> String {
        let year = year ?? self.year
        let (name, term, last) = try place(of: kind, student, year)
        return try on(last) {
            try owner.query(
                """
                INSERT INTO final_marks (school_id, id, student_id, subject_id, academic_year_id, kind, term_id, section_id,
                    reason, order_id, published_at, value_kind, number, code, due_on)
                VALUES ($1, gen_random_uuid(), $2, $3, $4, $5, $6, (
                    SELECT s.id FROM sections s
                    JOIN group_members m ON m.school_id = $1 AND m.group_id = s.group_id AND m.student_id = $2
                    WHERE s.school_id = $1 AND s.academic_year_id = $4 AND s.subject_id = $3
                    LIMIT 1
                ), 'Решение учителя', $7, \(isHeldBack ? "NULL" : "now()"), \(value))
                RETURNING id
                """, [String(id), student, self.subject(subject), year, name, term, order]
            ).first!
        }
    }

    /// The kind's name, the term, and the day on which it is written.
    private func place(of kind: Final, _ student: String, _ year: String) throws -> (String, String?, String) {
        guard case .term(let ordinal) = kind else {
            let last = try owner.query(
                "SELECT ends_on FROM academic_years WHERE school_id = $1 AND id = $2", [String(id), year]
            ).first!
            return ("\(kind)", nil, last)
        }
        let term = try owner.query(
            """
            SELECT t.id, t.ends_on FROM terms t
            WHERE t.school_id = $1 AND t.academic_year_id = $2 AND t.ordinal = $3
                AND lyceum.grade_level_in($1::integer, $4, $2) = ANY (t.grade_levels)
            """, [String(id), year, String(ordinal), student]
        ).rows[0]
        return ("term", term[0], term[1]!)
    }

    /// The teacher's code at a lesson.
    @discardableResult func absence(_ student: String, at lesson: String, _ meaning: String = "absent") throws -> String
    {
        try on(date(of: lesson)) {
            try insert(
                "attendance",
                [
                    ("lesson_id", lesson), ("student_id", student), ("meaning", meaning),
                    ("minutes", meaning == "late" ? "5" : nil),
                ])
        }
    }

    @discardableResult func homework(_ lesson: String, _ text: String = "п. 1", due: String? = nil) throws -> String {
        let date = try date(of: lesson)
        return try on(date) {
            try owner.query(
                """
                INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on)
                SELECT school_id, gen_random_uuid(), id, section_id, $3, coalesce($4::date, date + 1)
                FROM lessons WHERE school_id = $1 AND id = $2
                RETURNING id
                """, [String(id), lesson, text, due]
            ).first!
        }
    }

    @discardableResult func order(
        _ number: String, kind: String = "council_protocol", issued: String = "2025-09-01", text: String = "Решили"
    ) throws -> String {
        try insert(
            "orders",
            [("kind", kind), ("number", number), ("issued_on", issued), ("text", text), ("signatory", "Директор")])
    }

    // MARK: SQL

    /// Inserts a row of the school.
    ///
    /// - Returns: its id.
    @discardableResult func insert(_ table: String, id: String? = nil, _ columns: [(String, String?)]) throws -> String
    {
        let names = columns.map { ", \($0.0)" }.joined()
        let values = columns.indices.map { ", $\($0 + 3)" }.joined()
        return try owner.query(
            """
            INSERT INTO \(table) (school_id, id\(names)) VALUES ($1, coalesce($2::uuid, gen_random_uuid())\(values))
            RETURNING id
            """, [String(self.id), id] + columns.map { $0.1 }
        ).first!
    }

    /// Runs `body` while the school's day is `day`.
    @discardableResult func on<Value>(_ day: String, _ body: () throws -> Value) throws -> Value {
        try owner.execute("SET lyceum.today = '\(day)'")
        defer { try? owner.execute("SET lyceum.today = '\(today)'") }
        return try body()
    }

    private func date(of lesson: String) throws -> String {
        try owner.query("SELECT date FROM lessons WHERE school_id = $1 AND id = $2", [String(id), lesson]).first!
    }

    private static func person(
        _ lastName: String, _ role: String, _ owner: BlockingConnection, _ school: Int
    ) throws -> String {
        let id = try owner.query(
            """
            INSERT INTO users (school_id, id, last_name, first_name) VALUES ($1, gen_random_uuid(), $2, 'Имя') RETURNING id
            """, [String(school), lastName]
        ).first!
        try owner.query(
            "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, $3)", [String(school), id, role])
        return id
    }
}
