import DiaryExchange
import DiarySchool
import DiaryTestSupport
import Postgres
import TestSupport

/// A server with two small schools, each with an administrator who is also deputy head, and the ids that fixtures use.
struct DeclaredSchool {
    let server: TestServer
    let client: TestClient
    let ids: [String: String]
    /// The client for the other school.
    let otherClient: TestClient
    let otherIDs: [String: String]

    private static let files: [(ImportKind, String)] = [
        (.subjects, "Предметы.csv"), (.rooms, "Кабинеты.csv"), (.staff, "Сотрудники.csv"), (.classes, "Классы.csv"),
        (.students, "Ученики.csv"), (.guardians, "Родители.csv"), (.groups, "Группы.csv"), (.load, "Нагрузка.csv"),
    ]

    static let shared = Task { try await DeclaredSchool() }

    private init() async throws {
        let database = try TestDatabase(.migrated)
        let owner = try BlockingConnection(url: database.ownerURL)
        try owner.execute("SET lyceum.today = '\(TestServer.today)'")
        var schools: [(id: Int, ids: [String: String])] = []
        for code in ["one", "two"] {
            let school = try NewSchool(
                code: code, name: "Школа", timeZone: "Asia/Yekaterinburg", template: .russian, year: 2025
            ).open(owner)
            for (kind, name) in Self.files {
                let text = SmallSchool.files.first { $0.name == name }!.text
                _ = try OwnerImport(owner, school: code, kind, Array(text.utf8)).run(.init(isForced: true)) {
                    _, _ in
                }
            }
            schools.append((school.id, try Self.targets(owner, school: school.id)))
        }
        schools[0].ids["strange_year_id"] = schools[1].ids["academic_year_id"]
        schools[1].ids["strange_year_id"] = schools[0].ids["academic_year_id"]
        server = try await TestServer(over: database)
        let clients = try schools.map { [server] school in
            try server.session(
                of: school.ids["manager_id"]!, school: school.id,
                roles: ["administrator", "deputy_head", "teacher", "class_teacher"])
        }
        (client, ids) = (clients[0], schools[0].ids)
        (otherClient, otherIDs) = (clients[1], schools[1].ids)
    }

    /// Replaces the names of ids and the numbers of a row.
    func filled(_ text: String, row: Int = 1, other: Bool = false) -> String {
        let numbered = text.replacing("{n}", with: String(row)).replacing("{m}", with: String(row + 1))
        return (other ? otherIDs : ids).reduce(numbered) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    private static func targets(_ owner: BlockingConnection, school: Int) throws -> [String: String] {
        var ids = ["nothing": DemoSchoolIDs.nothing]
        func find(_ name: String, _ sql: String) throws {
            guard let id = try owner.query(sql, [String(school)]).first else { throw TestFailure("no row: \(sql)") }
            ids[name] = id
        }
        func find(_ name: String, _ table: String, external id: String) throws {
            try find(name, "SELECT id FROM \(table) WHERE school_id = $1 AND external_id = '\(id)'")
        }
        try find("academic_year_id", "SELECT id FROM academic_years WHERE school_id = $1")
        try find("bell_schedule_id", "SELECT id FROM bell_schedules WHERE school_id = $1 ORDER BY id LIMIT 1")
        for number in 1...4 { try find("student_\(number)", "users", external: "У\(number)") }
        try find("manager_id", "users", external: "С3")
        try find("teacher_id", "users", external: "С2")
        try find("other_teacher_id", "users", external: "С1")
        try find("guardian_id", "users", external: "Р1")
        try find("other_guardian_id", "users", external: "Р3")
        try find("class_id", "classes", external: "к7А")
        try find("group_id", "groups", external: "Г3")
        try find("section_id", "sections", external: "Н1")
        try find("subject_id", "subjects", external: "П4")
        try find("room_id", "rooms", external: "К12")
        try find(
            "empty_year_id",
            """
            INSERT INTO academic_years (school_id, id, name, starts_on, ends_on, second_half_starts_on)
            VALUES ($1, gen_random_uuid(), 'Пустой', '2030-09-01', '2031-05-31', '2031-01-10') RETURNING id
            """)
        // Consents of the fixtures are of this year.
        try owner.query(
            "UPDATE guardianships SET starts_on = '2025-01-01' WHERE school_id = $1 AND guardian_id = $2",
            [String(school), ids["guardian_id"]])
        for number in 1...3 { try find("part_\(number)", "subjects", external: "П\(number)") }
        try find(
            "composite_id",
            "INSERT INTO subjects (school_id, id, name) VALUES ($1, gen_random_uuid(), 'Составной') RETURNING id")
        for number in 1...3 {
            try find(
                "debt_\(number)",
                """
                INSERT INTO final_marks
                    (school_id, id, student_id, subject_id, academic_year_id, kind, value_kind, number, source)
                VALUES ($1, gen_random_uuid(), '\(ids["student_\(number)"]!)', '\(ids["part_1"]!)',
                    '\(ids["academic_year_id"]!)', 'year', 'number', 2, 'transferred') RETURNING id
                """)
        }
        for (name, kind) in [("protocol_id", "council_protocol"), ("order_id", "other")] {
            try find(
                name,
                """
                INSERT INTO orders (school_id, id, kind, number, issued_on, text, signatory)
                VALUES ($1, gen_random_uuid(), '\(kind)', '77', '2025-09-01', 'Текст', 'Директор') RETURNING id
                """)
        }
        // Graduates of grade 9.
        try find(
            "graduating_class_id",
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
            VALUES ($1, gen_random_uuid(), '\(ids["academic_year_id"]!)', 9, 'Я', '9Я') RETURNING id
            """)
        for number in 1...3 {
            try find(
                "graduate_\(number)",
                """
                INSERT INTO users (school_id, id, last_name, first_name)
                VALUES ($1, gen_random_uuid(), 'Выпускников', 'Ян') RETURNING id
                """)
            let graduate = [String(school), ids["graduate_\(number)"]]
            try owner.query("INSERT INTO students (school_id, id) VALUES ($1, $2)", graduate)
            try owner.query(
                """
                INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on, ends_on)
                VALUES ($1, gen_random_uuid(), $2, $3, '2025-09-01', '2026-05-31')
                """, graduate + [ids["graduating_class_id"]])
        }
        try owner.query("UPDATE school_settings SET conduct_scale = 'five' WHERE school_id = $1", [String(school)])
        for number in 1...4 {
            try find(
                "quarter_\(number)",
                "SELECT id FROM terms WHERE school_id = $1 AND kind = 'quarter' AND ordinal = \(number)")
        }
        // A student without a class.
        try find(
            "newcomer_id",
            """
            INSERT INTO users (school_id, id, last_name, first_name)
            VALUES ($1, gen_random_uuid(), 'Новиков', 'Ян') RETURNING id
            """)
        try owner.query("INSERT INTO students (school_id, id) VALUES ($1, $2)", [String(school), ids["newcomer_id"]])
        // Absence notes are written by class teachers.
        try owner.query(
            """
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on, ends_on, acting)
            SELECT $1, gen_random_uuid(), e.class_id, $3, '2025-11-01', '2025-12-31', true
            FROM enrollments e WHERE e.school_id = $1 AND e.student_id = $2
            """, [String(school), ids["student_1"], ids["manager_id"]])
        for (person, role) in [("newcomer_id", "student"), ("manager_id", "administrator")] {
            try owner.query(
                "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, $3)",
                [String(school), ids[person], role])
        }
        return ids
    }
}
