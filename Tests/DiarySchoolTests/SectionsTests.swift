import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/sections`: the sections whose journals the caller may open.
@Suite(.serialized) struct SectionsTests {
    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    /// Sections of the school in the order of the list.
    private func expected(_ condition: String = "true", _ parameters: String...) throws -> [String] {
        try server.owner().query(
            """
            SELECT s.id FROM sections s JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
            WHERE s.school_id = $1 AND s.archived_at IS NULL AND \(condition) ORDER BY s.name, s.id
            """, [String(ids.school)] + parameters
        ).rows.compactMap { $0[0] }
    }

    /// Sections that the teacher has ever taught, and sections of current and former members of the class led.
    private static let teachers = """
        (
            EXISTS (
                SELECT FROM users u WHERE u.school_id = s.school_id AND u.login = 'teacher' AND (
                    u.id IN (SELECT t.teacher_id FROM section_teachers t WHERE t.school_id = s.school_id AND t.section_id = s.id)
                    OR u.id IN (SELECT l.teacher_id FROM lessons l WHERE l.school_id = s.school_id AND l.section_id = s.id)
                )
            )
            OR EXISTS (
                SELECT FROM group_members m
                JOIN enrollments e ON e.school_id = m.school_id AND e.student_id = m.student_id AND e.ends_on IS NULL
                JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id AND c.name = '7А'
                WHERE m.school_id = s.school_id AND m.group_id = s.group_id
            )
        )
        """

    private func walk(_ client: TestClient, _ query: String) throws -> [JSONValue] {
        var items: [JSONValue] = []
        var cursor = ""
        while true {
            let answer = try client.get("/v1/sections?\(query)\(cursor)")
            try #require(answer.status == 200, "\(answer.text)")
            items += answer.json["items"]!.array
            guard let next = answer.json["next_cursor"]?.string else { return items }
            #expect(answer["Link"]?.contains("cursor=\(next)") == true)
            try #require(items.count < 1000, "the walk does not end")
            cursor = "&cursor=\(next)"
        }
    }

    @Test(arguments: ["deputy", "head", "admin"])
    func administrationSeesAll(_ login: String) throws {
        let client = try server.client(login)
        let all = try expected()
        #expect(try walk(client, "limit=200").compactMap { $0["id"]?.string } == all)
        #expect(try client.get("/v1/sections?limit=1&include=total").json["total"]?.int == all.count)
    }

    @Test func teacherSeesOwnSectionsAndThoseOfTheOwnClass() throws {
        let teacher = try server.client("teacher")
        let own = try expected(Self.teachers)
        let all = try expected()
        #expect(own.count < all.count)
        #expect(own.contains(ids.section))
        #expect(!own.contains(ids.otherSection))
        let items = try walk(teacher, "limit=7")
        #expect(items.compactMap { $0["id"]?.string } == own)
        #expect(try teacher.get("/v1/sections?limit=1&include=total").json["total"]?.int == own.count)
        // The listed journals can be opened, and no others.
        for item in items {
            #expect(try teacher.get("/v1/sections/\(item["id"]!.string!)/journal").status == 200)
        }
        for id in all where !own.contains(id) && id.hasSuffix("1") {
            #expect(try teacher.get("/v1/sections/\(id)/journal").status == 404)
        }
    }

    @Test(arguments: ["student", "parent"])
    func familiesDoNotListSections(_ login: String) throws {
        let answer = try server.client(login).get("/v1/sections")
        #expect(answer.status == 403)
        #expect(answer.code == "forbidden")
    }

    @Test func filtersLimitTheVisibleSections() throws {
        let deputy = try server.client("deputy")
        let teacher = try server.client("teacher")
        let subject = try #require(
            try server.owner().query(
                "SELECT subject_id FROM sections WHERE school_id = $1 AND id = $2", [String(ids.school), ids.section]
            ).first)
        let year = try #require(
            try server.owner().query(
                "SELECT academic_year_id FROM sections WHERE school_id = $1 AND id = $2",
                [String(ids.school), ids.section]
            ).first)
        let cases: [(String, [String])] = [
            ("class_id=\(ids.class7A)", try expected("g.class_id = $2::uuid", ids.class7A)),
            ("subject_id=\(subject)", try expected("s.subject_id = $2::uuid", subject)),
            (
                "class_id=\(ids.class7A)&subject_id=\(subject)",
                try expected("g.class_id = $2::uuid AND s.subject_id = $3::uuid", ids.class7A, subject)
            ),
            ("academic_year_id=\(year)", try expected()),
            ("academic_year_id=\(ids.child)", []), ("class_id=\(ids.child)", []), ("subject_id=\(ids.child)", []),
        ]
        for (query, sections) in cases {
            #expect(try walk(deputy, "limit=50&\(query)").compactMap { $0["id"]?.string } == sections, "\(query)")
            let total = try deputy.get("/v1/sections?limit=1&include=total&\(query)").json["total"]?.int
            #expect(total == sections.count, "\(query)")
        }
        #expect(cases[0].1.count == 20)
        #expect(cases[2].1 == [ids.section])
        let seen = try walk(teacher, "class_id=\(ids.otherClass)").compactMap { $0["id"]?.string }
        #expect(try seen == expected("g.class_id = $2::uuid AND \(Self.teachers)", ids.otherClass))
        #expect(!seen.contains(ids.otherSection))
    }

    @Test func aSectionWithMarksKeepsItsGrading() throws {
        let answer = try server.client("deputy").patch(
            "/v1/sections/\(ids.section)", json: #"{"grading": "none"}"#, headers: [("If-Match", "*")])
        #expect(answer.status == 409 && answer.code == "conflict", "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/grading", "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["code"]?.string == "has_marks", "\(answer.text)")
    }

    @Test func itemHasSubjectGroupClassAndTeachers() throws {
        let items = try server.client("teacher").get("/v1/sections?class_id=\(ids.class7A)&limit=100").json
        let section = try #require(items["items"]?.array.first { $0["id"]?.string == ids.section })
        #expect(section["kind"]?.string == "curricular")
        #expect(section["grading"]?.string == "marks")
        #expect(section["class"]?["id"]?.string == ids.class7A)
        #expect(section["class"]?["grade_level"]?.int == 7)
        #expect(section["group"]?["name"]?.string == "7А")
        #expect(section["teachers"]?.array.map { $0["last_name"]?.string } == ["Соколова"])
        #expect(section["teachers"]?[0]?["role"]?.string == "lead")
        let club = try #require(
            try server.client("deputy").get("/v1/sections?limit=200&class_id=\(ids.class7A)").json["items"]?.array
                .first { $0["grading"]?.string == "none" })
        #expect(club["kind"]?.string == "extracurricular")
    }

    @Test(arguments: [
        ("class_id=7A", "/query/class_id"), ("subject_id=1", "/query/subject_id"),
        ("academic_year_id=2025", "/query/academic_year_id"), ("cursor=41", "/query/cursor"),
        ("limit=1000", "/query/limit"), ("teacher_id=1", "/query/teacher_id"),
    ])
    func badParametersAreRefusedWithAPointer(_ query: String, _ pointer: String) throws {
        let answer = try server.client("teacher").get("/v1/sections?\(query)")
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.json["errors"]?.array.map { $0["pointer"]?.string } == [pointer])
    }
}
