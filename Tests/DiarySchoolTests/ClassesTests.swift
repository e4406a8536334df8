import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/classes` and `GET /v1/classes/{id}/students`.
@Suite(.serialized) struct ClassesTests {
    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    private func walk(_ client: TestClient, _ path: String) throws -> [JSONValue] {
        var items: [JSONValue] = []
        var cursor = ""
        while true {
            let answer = try client.get("\(path)\(cursor)")
            try #require(answer.status == 200, "\(answer.text)")
            items += answer.json["items"]!.array
            guard let next = answer.json["next_cursor"]?.string else { return items }
            try #require(items.count < 1000, "the walk does not end")
            cursor = "&cursor=\(next)"
        }
    }

    private static let enrolled =
        "e.starts_on <= '\(TestServer.today)' AND coalesce(e.ends_on, 'infinity') >= '\(TestServer.today)'"

    @Test(arguments: ["teacher", "deputy", "head", "admin"])
    func staffSeeAllClassesOfTheYear(_ login: String) throws {
        let client = try server.client(login)
        let expected = try rows(
            """
            SELECT c.id, c.name, u.last_name,
                (SELECT count(*) FROM enrollments e WHERE e.school_id = c.school_id AND e.class_id = c.id AND \(Self.enrolled))
            FROM classes c
            LEFT JOIN class_teachers t ON t.school_id = c.school_id AND t.class_id = c.id AND t.ends_on IS NULL
            LEFT JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id
            WHERE c.school_id = $1 ORDER BY c.grade_level, c.name, c.id
            """)
        #expect(expected.count == 22)
        let classes = try walk(client, "/v1/classes?limit=5")
        #expect(classes.map { $0["id"]?.string } == expected.map { $0[0] })
        #expect(classes.map { $0["name"]?.string } == expected.map { $0[1] })
        #expect(classes.map { $0["class_teacher"]?["last_name"]?.string } == expected.map { $0[2] })
        #expect(classes.map { $0["student_count"]?.int } == expected.map { Int($0[3]!) })
        #expect(classes.first { $0["id"]?.string == ids.class7A }?["class_teacher"]?["last_name"]?.string == "Соколова")
        #expect(try client.get("/v1/classes?limit=1&include=total").json["total"]?.int == 22)
        #expect(try client.get("/v1/classes?academic_year_id=\(ids.child)&include=total").json["total"]?.int == 0)
    }

    @Test(arguments: ["student", "parent"])
    func familiesListNeitherClassesNorStudents(_ login: String) throws {
        let client = try server.client(login)
        #expect(try client.get("/v1/classes").status == 403)
        #expect(try client.get("/v1/classes/\(ids.class7A)/students").status == 403)
    }

    @Test(arguments: ["teacher", "deputy", "head", "admin"])
    func studentsOfAClassAreThoseEnrolledToday(_ login: String) throws {
        let client = try server.client(login)
        let expected = try rows(
            """
            SELECT u.id, u.last_name, e.starts_on FROM enrollments e
            JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id
            WHERE e.school_id = $1 AND e.class_id = $2 AND \(Self.enrolled) ORDER BY u.last_name, u.first_name, u.id
            """, ids.class7A)
        #expect(expected.count >= 25)
        let path = "/v1/classes/\(ids.class7A)/students"
        let pupils = try walk(client, "\(path)?limit=7")
        #expect(pupils.map { $0["id"]?.string } == expected.map { $0[0] })
        #expect(pupils.map { $0["last_name"]?.string } == expected.map { $0[1] })
        #expect(pupils.map { $0["from"]?.string } == expected.map { $0[2] })
        #expect(pupils.first { $0["last_name"]?.string == "Кузьминых" }?["from"]?.string == "2025-10-13")
        #expect(try client.get("\(path)?limit=1&include=total").json["total"]?.int == expected.count)
    }

    @Test func movedStudentIsNotInTheOldClass() throws {
        let old = try #require(try rows("SELECT id FROM classes WHERE school_id = $1 AND name = '7Б'").first?[0])
        let moved = try #require(
            try rows(
                "SELECT student_id FROM enrollments WHERE school_id = $1 AND class_id = $2 AND ends_on = '2025-10-12'",
                old
            )
            .first?[0])
        let deputy = try server.client("deputy")
        let pupils = try walk(deputy, "/v1/classes/\(old)/students?limit=100").map { $0["id"]?.string }
        #expect(!pupils.isEmpty)
        #expect(!pupils.contains(moved))
        #expect(
            try walk(deputy, "/v1/classes/\(ids.class7A)/students?limit=100").contains { $0["id"]?.string == moved })
    }

    /// A teacher sees students of a class only when leading the class or teaching one of them today; otherwise the list
    /// is empty.
    @Test func teacherSeesOnlyStudentsOfOwnClasses() throws {
        let teacher = try server.client("teacher")
        let own = Set(
            try rows(
                """
                SELECT DISTINCT e.class_id FROM section_teachers t
                JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id AND u.login = 'teacher'
                JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id
                JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id AND m.ends_on IS NULL
                JOIN enrollments e ON e.school_id = m.school_id AND e.student_id = m.student_id AND \(Self.enrolled)
                WHERE t.school_id = $1 AND t.ends_on IS NULL
                UNION SELECT $2::uuid
                """, ids.class7A
            ).compactMap { $0[0] })
        let classes = try rows("SELECT id FROM classes WHERE school_id = $1").compactMap { $0[0] }
        #expect(own.count < classes.count)
        for id in classes {
            let answer = try teacher.get("/v1/classes/\(id)/students?limit=1")
            #expect(answer.status == 200)
            #expect(answer.json["items"]?.array.isEmpty == !own.contains(id), "\(id): \(answer.text)")
        }
        #expect(try teacher.get("/v1/classes/0198c5b4-55df-7528-980a-0eb04a0962ff/students").status == 404)
    }

    @Test(arguments: [
        ("/v1/classes?cursor=37", "/query/cursor"), ("/v1/classes?academic_year_id=now", "/query/academic_year_id"),
        ("/v1/classes?grade_level=7", "/query/grade_level"),
        ("/v1/classes/CLASS/students?limit=0", "/query/limit"),
        ("/v1/classes/CLASS/students?include=marks", "/query/include"),
        ("/v1/classes/CLASS/students?cursor=411f42", "/query/cursor"),
    ])
    func badParametersAreRefusedWithAPointer(_ path: String, _ pointer: String) throws {
        let answer = try server.client("teacher").get(path.replacing("CLASS", with: ids.class7A))
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.json["errors"]?.array.map { $0["pointer"]?.string } == [pointer])
    }
}
