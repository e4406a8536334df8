import DiaryTestSupport
import Postgres
import Synchronization
import TestSupport

/// People in relation to one student of 7А, each with an account.
struct ConversationCast: Sendable {
    /// Staff: administrator, head, deputy head, a teacher of the student, a teacher of others, the substitute of today's
    /// lesson, yesterday's, the class teacher, the acting one on the last day, one whose last day was yesterday, a teacher
    /// who has left the school. Guardians: two with access, one without, one whose guardianship has ended, one of
    /// another family. Students: the student, a classmate, one of another class.
    static let names = [
        "adm", "hea", "dep", "tea", "oth", "sub", "was", "cla", "act", "ted", "lea", "gua", "gu2", "non", "end", "str",
        "chi", "mat", "pup",
    ]

    private let ids: [String: String]
    private let clients: [String: TestClient]

    private static let casts = Mutex<[UInt16: ConversationCast]>([:])

    /// One for each server.
    static func of(_ server: TestServer, _ ids: DemoSchoolIDs) throws -> ConversationCast {
        try casts.withLock { casts in
            if let cast = casts[server.port] { return cast }
            let cast = try ConversationCast(server, ids)
            casts[server.port] = cast
            return cast
        }
    }

    subscript(_ name: String) -> String { ids[name]! }

    func client(_ name: String) throws -> TestClient { clients[name]! }

    private init(_ server: TestServer, _ demo: DemoSchoolIDs) throws {
        let owner = try server.owner()
        let school = String(demo.school)
        try owner.query("SELECT set_config('lyceum.today', $1, false)", [TestServer.today])
        try owner.execute("UPDATE school_settings SET family_threads_per_day = 1000")
        func find(_ sql: String, _ parameters: [String?] = []) throws -> String {
            guard let value = try owner.query(sql, [school] + parameters).first else {
                throw TestFailure("no row: \(sql)")
            }
            return value
        }
        func person(_ name: String, _ role: String) throws -> String {
            let id = try find(
                """
                INSERT INTO users (school_id, id, last_name, first_name, login, password_hash, state)
                VALUES ($1, gen_random_uuid(), 'Ёжикова', $2, 'talk-' || $2, 'none', 'active') RETURNING id
                """, [name])
            try owner.query(
                "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, $3)", [school, id, role])
            return id
        }
        func teacher(_ name: String, leftOn: String? = nil) throws -> String {
            let id = try person(name, "teacher")
            try owner.query("INSERT INTO staff (school_id, id, left_on) VALUES ($1, $2, $3)", [school, id, leftOn])
            return id
        }
        func guardian(_ name: String, of student: String, access: String = "full", until: String? = nil) throws
            -> String
        {
            let id = try person(name, "guardian")
            try owner.query("INSERT INTO guardians (school_id, id) VALUES ($1, $2)", [school, id])
            try owner.query(
                """
                INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on, ends_on)
                VALUES ($1, gen_random_uuid(), $2, $3, 'legal_guardian', $4, '2025-09-01', $5)
                """, [school, id, student, access, until])
            return id
        }
        func teach(_ section: String, _ teacher: String) throws {
            try owner.query(
                """
                INSERT INTO section_teachers (school_id, id, section_id, teacher_id, role, starts_on)
                VALUES ($1, gen_random_uuid(), $2, $3, 'co', '2025-09-01')
                """, [school, section, teacher])
        }
        func lesson(on day: String, _ teacher: String) throws {
            try owner.query(
                """
                INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, teacher_id)
                VALUES ($1, gen_random_uuid(), $2, $3, 15, '22:00', '22:30', $4)
                """, [school, demo.section, day, teacher])
        }
        func lead(_ teacher: String, from: String, until: String) throws {
            try owner.query(
                """
                INSERT INTO class_teachers (school_id, id, class_id, teacher_id, acting, starts_on, ends_on)
                VALUES ($1, gen_random_uuid(), $2, $3, true, $4, $5)
                """, [school, demo.class7A, teacher, from, until])
        }
        func account(_ login: String) throws -> String {
            try find("SELECT id FROM users WHERE school_id = $1 AND login = $2", [login])
        }

        let ids = [
            "adm": try account("admin"), "hea": try account("head"), "dep": try account("deputy"),
            "cla": try account("teacher"), "gua": try account("parent"), "chi": demo.child, "mat": demo.others[0],
            "tea": try teacher("tea"), "oth": try teacher("oth"), "sub": try teacher("sub"), "was": try teacher("was"),
            "act": try teacher("act"), "ted": try teacher("ted"), "lea": try teacher("lea", leftOn: "2025-11-18"),
            "gu2": try guardian("gu2", of: demo.child), "non": try guardian("non", of: demo.child, access: "none"),
            "end": try guardian("end", of: demo.child, until: "2025-11-18"),
            "str": try guardian("str", of: demo.others[1]),
            "pup": try find(
                """
                SELECT e.student_id FROM enrollments e
                WHERE e.school_id = $1 AND e.class_id = $2 AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
                ORDER BY e.student_id LIMIT 1
                """, [demo.otherClass]),
        ]
        try teach(demo.section, ids["tea"]!)
        try teach(demo.section, ids["lea"]!)
        try teach(demo.otherSection, ids["oth"]!)
        try lesson(on: "2025-11-19", ids["sub"]!)
        try lesson(on: "2025-11-18", ids["was"]!)
        try lead(ids["act"]!, from: "2025-11-19", until: "2025-11-19")
        try lead(ids["ted"]!, from: "2025-11-10", until: "2025-11-18")
        self.ids = ids
        var clients: [String: TestClient] = [:]
        for name in Self.names {
            let role =
                switch name {
                case "adm": "administrator"
                case "hea": "head"
                case "dep": "deputy_head"
                case "gua", "gu2", "non", "end", "str": "guardian"
                case "chi", "mat", "pup": "student"
                default: "teacher"
                }
            clients[name] = try server.session(of: ids[name]!, school: demo.school, roles: [role])
        }
        self.clients = clients
    }
}
