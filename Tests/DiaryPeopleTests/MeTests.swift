import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/me`: the signed-in person, with the data for an app's first screen.
@Suite(.serialized) struct MeTests {
    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    private func find(_ sql: String, _ rest: String...) throws -> String {
        try #require(try server.owner().query(sql, [String(ids.school)] + rest).first)
    }

    @Test func aParentSeesTheChildrenWithTheirClassesAndWhetherTheyHaveMarks() throws {
        let answer = try server.client("parent").get("/v1/me")
        #expect(answer.status == 200)
        let me = answer.json
        #expect(me["user"]?["login"]?.string == "parent")
        #expect(me["school"]?["code"]?.string == "lyceum29")
        #expect(me["school"]?["time_zone"]?.string == "Asia/Yekaterinburg")
        #expect(me["roles"]?.array.map { $0.string } == ["guardian"])
        let children = try #require(me["children"]?.array)
        #expect(children.map { $0["id"]?.string } == [ids.child, ids.firstGrader])
        #expect(children.map { $0["class"]?["name"]?.string } == ["7А", "1А"])
        #expect(children.map { $0["class"]?["grade_level"]?.int } == [7, 1])
        #expect(children.map { $0["marks"]?.bool } == [true, false])
        #expect(children.allSatisfy { $0["relation"]?.string == "mother" })
        #expect(me["student"]?.isNull == true)
        #expect(me["classes"]?.array.isEmpty == true)
        #expect(me["sections"]?.array.isEmpty == true)
    }

    @Test(arguments: ["parent", "teacher", "student", "deputy", "head", "admin"])
    func everybodyGetsTheYearWithItsTermsAndToday(_ login: String) throws {
        let me = try server.client(login).get("/v1/me").json
        #expect(me["today"]?.string == TestServer.today)
        let year = try #require(me["academic_year"])
        #expect(year["starts_on"]?.string == "2025-09-01")
        let terms = try #require(year["terms"]?.array)
        #expect(terms.filter { $0["kind"]?.string == "quarter" }.map { $0["ordinal"]?.int } == [1, 2, 3, 4])
        #expect(terms.filter { $0["kind"]?.string == "semester" }.map { $0["ordinal"]?.int } == [1, 2])
        let now = terms.filter {
            $0["starts_on"]!.string! <= TestServer.today && $0["ends_on"]!.string! >= TestServer.today
        }
        #expect(now.compactMap { $0["grade_levels"]?.array.count }.reduce(0, +) == 11)
        #expect(terms.allSatisfy { $0["marks_close_on"]!.string! > $0["ends_on"]!.string! })
    }

    @Test func aTeacherSeesTheClassLedTheSectionsAndTheDerivedRole() throws {
        let me = try server.client("teacher").get("/v1/me").json
        #expect(me["roles"]?.array.map { $0.string } == ["class_teacher", "teacher"])
        #expect(me["classes"]?.array.map { $0["id"]?.string } == [ids.class7A])
        let sections = try #require(me["sections"]?.array)
        let taught = try server.owner().query(
            """
            SELECT t.section_id FROM section_teachers t JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id
            WHERE t.school_id = $1 AND u.login = 'teacher' AND (t.ends_on IS NULL OR t.ends_on >= $2::date)
            """, [String(ids.school), TestServer.today]
        ).rows.map { $0[0] }
        #expect(Set(sections.map { $0["id"]?.string }) == Set(taught))
        #expect(sections.count == taught.count)
        #expect(sections.contains { $0["id"]?.string == ids.section && $0["role"]?.string == "lead" })
        #expect(sections.allSatisfy { $0["subject"]?["name"]?.string != nil && $0["group"]?["name"]?.string != nil })
        #expect(me["children"]?.array.isEmpty == true)
        #expect(me["student"]?.isNull == true)
    }

    @Test func theClassTeachersRoleEndsWithTheClass() throws {
        let teacher = try server.client("teacher")
        let owner = try server.owner()
        let set = "UPDATE class_teachers SET ends_on = $3::date WHERE school_id = $1 AND class_id = $2 AND ends_on IS "
        defer { _ = try? owner.query(set + "NOT NULL", [String(ids.school), ids.class7A, nil]) }
        try owner.query(set + "NULL", [String(ids.school), ids.class7A, "2025-11-18"])
        let me = try teacher.get("/v1/me").json
        #expect(me["roles"]?.array.map { $0.string } == ["teacher"])
        #expect(me["classes"]?.array.isEmpty == true)
    }

    @Test func aPupilSeesTheirOwnStudentObject() throws {
        let me = try server.client("student").get("/v1/me").json
        let id = try find("SELECT id FROM users WHERE school_id = $1 AND login = 'student'")
        #expect(me["roles"]?.array.map { $0.string } == ["student"])
        #expect(me["student"]?["id"]?.string == id)
        #expect(me["student"]?["class"]?["id"]?.string == ids.class7A)
        #expect(me["student"]?["marks"]?.bool == true)
        #expect(me["children"]?.array.isEmpty == true)
    }

    @Test(arguments: [(1, false), (2, false), (3, true), (11, true)])
    func M1_marksSayWhetherThePupilHasMarksToday(_ grade: Int, _ marks: Bool) throws {
        let pupil = try find(
            """
            SELECT e.student_id FROM enrollments e JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            WHERE e.school_id = $1 AND c.grade_level = $2::int AND e.ends_on IS NULL ORDER BY e.student_id LIMIT 1
            """, String(grade))
        let me = try server.session(of: pupil, roles: ["student"]).get("/v1/me").json
        #expect(me["student"]?["class"]?["grade_level"]?.int == grade)
        #expect(me["student"]?["marks"]?.bool == marks)
    }

    /// Changes of a guardianship, and whether the guardian still sees the student with an earlier access token.
    @Test(arguments: [
        ("access = 'none'", false),
        ("ends_on = '2025-11-18'", false),
        ("ends_on = '2025-11-19'", true),
        ("starts_on = '2025-11-20'", false),
        ("starts_on = '2025-11-19'", true),
    ])
    func A3_aGuardianshipClosesAtOnce(_ change: String, _ sees: Bool) throws {
        let parent = try server.client("parent")
        let owner = try server.owner()
        let of = """
            WHERE school_id = $1 AND student_id = $2
                AND guardian_id = (SELECT id FROM users WHERE school_id = $1 AND login = 'parent')
            """
        let pair = [String(ids.school), ids.child]
        let starts = try owner.query("SELECT starts_on FROM guardianships \(of)", pair).first
        let paths = [
            "/v1/students/\(ids.child)/diary", "/v1/students/\(ids.child)/marks", "/v1/marks/\(ids.mark)/history",
        ]
        for path in paths { #expect(try parent.get(path).status == 200, "before, \(path)") }

        defer {
            _ = try? owner.query(
                "UPDATE guardianships SET access = 'full', starts_on = $3::date, ends_on = NULL \(of)", pair + [starts])
        }
        try owner.query("UPDATE guardianships SET \(change) \(of)", pair)
        let children = try #require(try parent.get("/v1/me").json["children"]?.array)
        #expect(children.map { $0["id"]?.string } == (sees ? [ids.child, ids.firstGrader] : [ids.firstGrader]))
        for path in paths { #expect(try parent.get(path).status == (sees ? 200 : 404), "\(path)") }
        #expect(try parent.get("/v1/students/\(ids.firstGrader)/diary").status == 200)
    }

    @Test func anUnchangedAnswerIsNotSentAgain() throws {
        let parent = try server.client("parent")
        let first = try parent.get("/v1/me")
        let tag = try #require(first["ETag"])
        let again = try parent.get("/v1/me", headers: [("If-None-Match", tag)])
        #expect(again.status == 304)
        #expect(again.body.isEmpty)
        #expect(again["ETag"] == tag)
        #expect(try parent.get("/v1/me", headers: [("If-None-Match", "\"other\"")]).body == first.body)
        #expect(try server.client("student").get("/v1/me", headers: [("If-None-Match", tag)]).status == 200)
    }

    @Test func parametersAreRefused() throws {
        let answer = try server.client("parent").get("/v1/me?school=2")
        #expect(answer.status == 400)
        #expect(answer.code == "unknown_parameter")
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/query/school")
    }
}
