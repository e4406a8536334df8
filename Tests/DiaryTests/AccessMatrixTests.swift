import Diary
import HTTP1
import Postgres
import Testing
import Web

/// Every route for every kind of caller, with the real request. A route without a row fails.
@Suite struct AccessMatrixTests {
    /// What a route answers to whom; `own` and `foreign` are ids that the caller may and may not see.
    struct Row: Sendable {
        var nobody = 401
        var student = 200
        var guardian = 200
        var teacher = 200
        var deputy = 200
        var head = 200
        var administrator = 200
        /// With an id of another family, class or section of the same school.
        var foreign: [String: Int] = [:]
        /// With an id of another school.
        var strange: Int?
        /// What is sent, where that is not nothing.
        var body: String?
    }

    static let open = Row(nobody: 200)

    /// What everybody signed in reads, or staff, or those who manage; written by those alone. An empty object makes nothing
    /// (422), and without `If-Match` nothing changes (428).
    private static func resource(
        _ noun: String, plural: String? = nil, readers: Readers = .all, lists: Bool = true, isOfParent: Bool = false
    ) -> [String: Row] {
        let family = readers == .all ? 200 : 403
        let teacher = readers == .managers ? 403 : 200
        func written(_ status: Int, strange: Int?) -> Row {
            Row(
                student: 403, guardian: 403, teacher: 403, deputy: status, head: status, administrator: status,
                strange: strange)
        }
        var rows = [
            "create\(noun)": written(422, strange: nil),
            "get\(noun)": Row(student: family, guardian: family, teacher: teacher, strange: 404),
            "update\(noun)": written(428, strange: nil),
            "delete\(noun)": written(428, strange: nil),
        ]
        if lists {
            rows["list\(plural ?? noun + "s")"] = Row(
                student: family, guardian: family, teacher: teacher, strange: isOfParent ? 404 : nil)
        }
        return rows
    }

    enum Readers { case all, staff, managers }

    static let resources: [[String: Row]] = [
        resource("AcademicYear"), resource("Term"), resource("Holiday"), resource("BellSchedule"), resource("Room"),
        resource("Subject"), resource("Category", plural: "Categories"), resource("AttendanceCode"),
        resource("Class", readers: .staff, lists: false), resource("ClassTeacher", readers: .staff, isOfParent: true),
        resource("Group", readers: .staff), resource("GroupMember", readers: .managers, isOfParent: true),
        resource("Section", readers: .staff, lists: false),
        resource("SectionTeacher", readers: .staff, isOfParent: true),
        resource("TimetableEntry", plural: "TimetableEntries", readers: .staff),
        resource("Enrollment", readers: .managers),
    ]

    /// Profiles: whose they are decides, so other pupils of the school are tried, too.
    static let people: [String: Row] = [
        "listStudents": Row(),
        "createStudent": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 422, head: 422, administrator: 422),
        "getStudent": Row(
            foreign: ["student": 404, "parent": 404, "teacher": 404, "deputy": 200, "head": 200, "admin": 200],
            strange: 404),
        "updateStudent": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "listGuardians": Row(student: 403, guardian: 403),
        "createGuardian": Row(
            student: 403, guardian: 403, teacher: 422, deputy: 422, head: 422, administrator: 422),
        "getGuardian": Row(student: 403, guardian: 403, strange: 404),
        "updateGuardian": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "listGuardianships": Row(
            student: 403, guardian: 403, foreign: ["teacher": 404, "deputy": 200], strange: 404),
        "createGuardianship": Row(
            student: 403, guardian: 403, teacher: 422, deputy: 422, head: 422, administrator: 422),
        "getGuardianship": Row(student: 403, guardian: 403, foreign: ["teacher": 404], strange: 404),
        "updateGuardianship": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "deleteGuardianship": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "listAudit": Row(student: 403, guardian: 403, teacher: 403),
        "getStudentHistory": Row(
            student: 403, guardian: 403, foreign: ["teacher": 404, "deputy": 200, "admin": 200], strange: 404),
        "listPromotions": Row(student: 403, guardian: 403, strange: 404),
        "createPromotion": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 422, head: 422, administrator: 422),
        "getPromotion": Row(student: 403, guardian: 403, strange: 404),
        "updatePromotion": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 428, head: 428, administrator: 428),
        "deletePromotion": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 428, head: 428, administrator: 428),
        "rollOverAcademicYear": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 422, head: 422, administrator: 422),
        // A pupil that the caller does not see has no consents either.
        "listConsents": Row(foreign: ["student": 404, "parent": 404, "teacher": 404, "deputy": 200], strange: 404),
        "createConsent": Row(
            student: 403, guardian: 403, teacher: 422, deputy: 422, head: 422, administrator: 422),
        "getConsent": Row(student: 404, guardian: 200, foreign: ["parent": 404, "teacher": 404], strange: 404),
        "updateConsent": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "deleteConsent": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "listStaff": Row(student: 403, guardian: 403),
        "createStaffMember": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 403, head: 403, administrator: 422),
        "getStaffMember": Row(student: 403, guardian: 403, strange: 404),
        "updateStaffMember": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 403, head: 403, administrator: 428),
    ]

    /// Of pupils; what is JSON is no file (415). Staff: `ImportsTests`.
    static let imports: [String: Row] = [
        "importRows": Row(student: 403, guardian: 403, teacher: 403, deputy: 415, head: 415, administrator: 415),
        "getImportTemplate": Row(student: 403, guardian: 403, teacher: 403),
        "importArchive": Row(student: 403, guardian: 403, teacher: 403, deputy: 415, head: 415, administrator: 415),
        "getImportTemplates": Row(student: 403, guardian: 403, teacher: 403),
    ]

    /// Programs are the administrators'. Secrets are made and taken away at once; the page answers who asks for nothing.
    static let clients: [String: Row] = [
        "listClients": administrators(200), "createClient": administrators(422),
        "getClient": administrators(200, strange: 404), "updateClient": administrators(428),
        "deleteClient": administrators(428), "listClientSecrets": administrators(200, strange: 404),
        "createClientSecret": administrators(201, strange: 404),
        "deleteClientSecret": administrators(204, strange: 404),
        "getServerMetadata": open,
        "showAuthorization": Row(
            nobody: 400, student: 400, guardian: 400, teacher: 400, deputy: 400, head: 400, administrator: 400),
        "decideAuthorization": Row(
            nobody: 415, student: 415, guardian: 415, teacher: 415, deputy: 415, head: 415, administrator: 415),
    ]

    private static func administrators(_ status: Int, strange: Int? = nil) -> Row {
        Row(
            student: 403, guardian: 403, teacher: 403, deputy: 403, head: 403, administrator: status, strange: strange)
    }

    /// Photos, documents, and changing class. Photos of the pupils that are asked for stand there: `ForeignIDs`.
    static let papers: [String: Row] = [
        "listStudentDocuments": Row(
            foreign: ["student": 404, "parent": 404, "teacher": 404, "deputy": 200], strange: 404),
        "createStudentDocument": Row(
            student: 403, guardian: 403, teacher: 422, deputy: 422, head: 422, administrator: 422),
        "getStudentDocument": Row(student: 404, foreign: ["parent": 404, "teacher": 404], strange: 404),
        "updateStudentDocument": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "deleteStudentDocument": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "getStudentPhoto": Row(
            foreign: ["student": 404, "parent": 404, "teacher": 404, "deputy": 200, "head": 200, "admin": 200],
            strange: 404),
        // Without a picture it is 415.
        "putStudentPhoto": Row(
            student: 403, guardian: 403, teacher: 415, deputy: 415, head: 415, administrator: 415),
        "deleteStudentPhoto": Row(
            student: 403, guardian: 403, teacher: 428, deputy: 428, head: 428, administrator: 428),
        "createClassChange": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 422, head: 422, administrator: 422),
    ]

    /// Staff only; an empty object is no proof of who it is (422).
    static let secondFactor: [String: Row] = [
        "beginSecondFactor": Row(
            nobody: 415, student: 415, guardian: 415, teacher: 415, deputy: 415, head: 415, administrator: 415),
        "confirmSecondFactor": Row(
            nobody: 415, student: 415, guardian: 415, teacher: 415, deputy: 415, head: 415, administrator: 415),
        "getMySecondFactor": Row(student: 403, guardian: 403),
        "beginMySecondFactor": Row(
            student: 403, guardian: 403, teacher: 422, deputy: 422, head: 422, administrator: 422),
        // Nothing was begun, and there is none to take away.
        "confirmMySecondFactor": Row(
            student: 403, guardian: 403, teacher: 404, deputy: 404, head: 404, administrator: 404,
            body: "{\"code\":\"123456\"}"),
        "removeMySecondFactor": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 403, head: 403, administrator: 403,
            body: "{\"code\":\"123456\"}"),
        "renewMyRecoveryCodes": Row(
            student: 403, guardian: 403, teacher: 422, deputy: 422, head: 422, administrator: 422),
        // A2: as `issueCredentials`. The pupil has none.
        "resetSecondFactor": Row(
            student: 403, guardian: 403, teacher: 404, deputy: 403, head: 403, administrator: 403,
            foreign: ["teacher": 404, "deputy": 403, "head": 403, "admin": 403], strange: 404,
            body: "{\"reason\":\"телефон потерян\"}"),
    ]

    static let matrix = (resources + [people, papers, imports, secondFactor, clients]).reduce(others) {
        $0.merging($1) { row, _ in row }
    }

    static let others: [String: Row] = [
        // Without a body the token endpoints answer 415, whoever asks.
        "issueToken": Row(
            nobody: 415, student: 415, guardian: 415, teacher: 415, deputy: 415, head: 415, administrator: 415),
        "revokeToken": Row(
            nobody: 415, student: 415, guardian: 415, teacher: 415, deputy: 415, head: 415, administrator: 415),
        "activateAccount": Row(
            nobody: 415, student: 415, guardian: 415, teacher: 415, deputy: 415, head: 415, administrator: 415),
        "getMe": Row(),
        "changeMyPassword": Row(
            student: 204, guardian: 204, teacher: 204, deputy: 204, head: 204, administrator: 204,
            body: "{\"current_password\":\"lyceum-demo\",\"new_password\":\"lyceum-demo-2\"}"),
        "listMySessions": Row(),
        // Nobody has the id; a foreign one is somebody else's session.
        "endMySession": Row(
            student: 404, guardian: 404, teacher: 404, deputy: 404, head: 404, administrator: 404,
            foreign: ["student": 404, "parent": 404, "teacher": 404, "deputy": 404, "head": 404, "admin": 404],
            strange: 404),
        // A2: a pupil of 7А is its class teacher's, whoever else may see it.
        "issueCredentials": Row(
            student: 403, guardian: 403, teacher: 201, deputy: 403, head: 403, administrator: 403,
            foreign: ["teacher": 404, "deputy": 403, "head": 403, "admin": 403], strange: 404,
            body: "{\"reason\":\"листок потерян\"}"),
        "revokeCredentials": Row(
            student: 403, guardian: 403, teacher: 204, deputy: 403, head: 403, administrator: 403,
            foreign: ["teacher": 404, "deputy": 403, "head": 403, "admin": 403], strange: 404),
        "issueClassCredentials": Row(
            student: 403, guardian: 403, deputy: 403, head: 403, administrator: 403,
            foreign: ["teacher": 403, "deputy": 403, "head": 403, "admin": 403], strange: 404,
            body: "{\"for\":\"students\",\"reason\":\"листки потеряны\"}"),
        "listSections": Row(student: 403, guardian: 403),
        "getSchool": Row(),
        "getSchoolSettings": Row(student: 403, guardian: 403, teacher: 403),
        "updateSchoolSettings": Row(
            student: 403, guardian: 403, teacher: 403, deputy: 403, head: 403, administrator: 428),
        "getSchoolReadiness": Row(student: 403, guardian: 403, teacher: 403),
        "listClasses": Row(student: 403, guardian: 403),
        "listClassStudents": Row(student: 403, guardian: 403, foreign: ["deputy": 200], strange: 404),
        "getStudentDiary": Row(
            administrator: 403, foreign: ["student": 404, "parent": 404, "teacher": 404, "deputy": 200, "head": 200],
            strange: 404),
        "listStudentMarks": Row(
            administrator: 403, foreign: ["student": 404, "parent": 404, "teacher": 404, "deputy": 200, "head": 200],
            strange: 404),
        "getSectionJournal": Row(
            student: 403, guardian: 403, administrator: 403, foreign: ["teacher": 404, "deputy": 200], strange: 404),
        // An empty object is 422 for whoever may write.
        "patchSectionJournal": Row(
            student: 403, guardian: 403, teacher: 422, deputy: 403, head: 403, administrator: 403,
            foreign: ["teacher": 404], strange: 404),
        "getMarkHistory": Row(
            administrator: 403, foreign: ["student": 404, "parent": 404, "teacher": 404, "deputy": 200], strange: 404),
        "getLivez": open, "getReadyz": open, "getOpenAPIJSON": open, "getOpenAPIYAML": open, "getProblem": open,
    ]

    @Test func everyRouteHasARow() {
        let operations = Routes.all.map { $0.operation }
        #expect(Set(operations) == Set(Self.matrix.keys))
        #expect(Set(operations).count == operations.count, "an operationId stands twice")
    }

    @Test func everyRouteAnswersEachRoleAsTheMatrixSays() async throws {
        let server = try await TestServer()
        let ids = try DemoSchoolIDs(server)
        let foreign = try ForeignIDs(server, ids)
        let logins = ["student", "parent", "teacher", "deputy", "head", "admin"]
        let clients = try Dictionary(uniqueKeysWithValues: logins.map { ($0, try server.client($0)) })
        var checked = 0
        func row(_ route: Route<Access, Caller>) -> Row { Self.matrix[route.operation] ?? Row() }
        func check(_ route: Route<Access, Caller>, _ who: String, _ path: String, _ expected: Int) throws {
            let client = clients[who] ?? TestClient(port: server.port)
            let sent = Self.matrix[route.operation]?.body
            // A batch of one item, so that a foreign section is looked up.
            let body: String? =
                switch (route.method.rawValue, path == foreign.own(route.path, who, ids)) {
                case _ where sent != nil: sent
                case ("PATCH", false):
                    "{\"marks\":[{\"lesson_id\":\"\(ids.lesson)\",\"student_id\":\"\(ids.child)\",\"value\":null,\"version\":0}]}"
                case ("PATCH", true): "{}"
                case ("POST", _) where row(route).nobody == 401: "{}"
                default: nil
                }
            let answer = try client.send(
                route.method.rawValue, path, headers: body == nil ? [] : [("Content-Type", "application/json")],
                body: body.map { Array($0.utf8) })
            #expect(answer.status == expected, "\(route.operation) as \(who) at \(path): \(answer.text)")
            checked += 1
        }
        for route in Routes.all {
            let row = try #require(Self.matrix[route.operation])
            let expected = [
                ("nobody", row.nobody), ("student", row.student), ("parent", row.guardian), ("teacher", row.teacher),
                ("deputy", row.deputy), ("head", row.head), ("admin", row.administrator),
            ]
            for (who, status) in expected { try check(route, who, foreign.own(route.path, who, ids), status) }
            for (who, status) in row.foreign { try check(route, who, foreign.foreign(route.path), status) }
            if let status = row.strange {
                for who in logins where !refuses(route, who) {
                    try check(route, who, foreign.strange(route.path), status)
                }
            }
        }
        #expect(checked > 500)
    }

    private func refuses(_ route: Route<Access, Caller>, _ who: String) -> Bool {
        let role: [String: Set<Role>] = [
            "student": [.student], "parent": [.guardian], "teacher": [.teacher, .classTeacher], "deputy": [.deputyHead],
            "head": [.head], "admin": [.administrator],
        ]
        if case .roles(let roles) = route.access.people { return roles.isDisjoint(with: role[who]!) }
        return false
    }
}

/// Paths with ids of one's own, of somebody else at the school, and of another school.
struct ForeignIDs {
    let student: String
    let pupilOfAnotherClass: String
    let ownMark: String
    let strangeMark: String
    let strangeClass: String
    let markOfAnotherClass: String
    let session: String
    let strangeSession: String
    let ids: DemoSchoolIDs

    init(_ server: TestServer, _ ids: DemoSchoolIDs) throws {
        self.ids = ids
        let connection = try server.owner()
        func find(_ sql: String, _ school: Int, _ rest: String...) throws -> String {
            guard let value = try connection.query(sql, [String(school)] + rest).first else {
                throw TestFailure("nothing: \(sql)")
            }
            return value
        }
        student = try find("SELECT id FROM users WHERE school_id = $1 AND login = 'student'", ids.school)
        pupilOfAnotherClass = try find(
            "SELECT e.student_id FROM enrollments e WHERE e.school_id = $1 AND e.class_id = $2 AND e.ends_on IS NULL ORDER BY 1 LIMIT 1",
            ids.school, ids.otherClass)
        ownMark = try find(
            "SELECT id FROM marks WHERE school_id = $1 AND student_id = $2 AND kind IS NOT NULL ORDER BY id LIMIT 1",
            ids.school, student)
        markOfAnotherClass = try find(
            "SELECT k.id FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id WHERE k.school_id = $1 AND i.section_id = $2 AND kind IS NOT NULL ORDER BY k.id LIMIT 1",
            ids.school, ids.otherSection)
        let somebody = try find(
            "SELECT id FROM users WHERE school_id = $1 AND login IS NULL ORDER BY id LIMIT 1", ids.school)
        session = try find(
            "INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at) VALUES ($1, gen_random_uuid(), $2, 'test', '', now() + interval '1 day') RETURNING id",
            ids.school, somebody)
        strangeSession = try find(
            "INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at) VALUES ($1, gen_random_uuid(), $2, 'test', '', now() + interval '1 day') RETURNING id",
            ids.otherSchool, ids.stranger)
        strangeMark = try find("SELECT id FROM marks WHERE school_id = $1 ORDER BY id LIMIT 1", ids.otherSchool)
        for (pupil, ofSchool) in [
            (ids.child, ids.school), (student, ids.school), (pupilOfAnotherClass, ids.school),
            (ids.stranger, ids.otherSchool),
        ] {
            _ = try find(
                """
                WITH consent AS (
                    INSERT INTO consents (school_id, id, student_id, purpose, given_by, given_on)
                    VALUES ($1, gen_random_uuid(), $2, 'photo', $2, '2025-09-01')
                )
                INSERT INTO student_photos (school_id, id, media_type, width, height, content, sha256)
                VALUES ($1, $2, 'image/png', 1, 1, '\\x00', sha256('\\x00')) RETURNING id
                """, ofSchool, pupil)
        }
        strangeClass = try find("SELECT id FROM classes WHERE school_id = $1 ORDER BY id LIMIT 1", ids.otherSchool)
    }

    func own(_ template: String, _ who: String, _ ids: DemoSchoolIDs) -> String {
        guard who == "student" else { return ids.path(template) }
        return template.replacing("{student_id}", with: student).replacing("{mark_id}", with: ownMark)
            .replacing("{class_id}", with: ids.class7A).replacing("{section_id}", with: ids.section)
            .replacing("{user_id}", with: student).replacing("{session_id}", with: DemoSchoolIDs.nothing)
            .replacing("{code}", with: "not_found").replacing(ids.rows)
    }

    func foreign(_ template: String) -> String {
        template.replacing("{student_id}", with: pupilOfAnotherClass).replacing("{mark_id}", with: markOfAnotherClass)
            .replacing("{class_id}", with: ids.otherClass).replacing("{section_id}", with: ids.otherSection)
            .replacing("{user_id}", with: pupilOfAnotherClass).replacing("{session_id}", with: session)
    }

    func strange(_ template: String) -> String {
        template.replacing("{student_id}", with: ids.stranger).replacing("{mark_id}", with: strangeMark)
            .replacing("{class_id}", with: strangeClass).replacing("{section_id}", with: ids.strangeSection)
            .replacing("{user_id}", with: ids.stranger).replacing("{session_id}", with: strangeSession)
            .replacing(ids.strangeRows)
    }
}
