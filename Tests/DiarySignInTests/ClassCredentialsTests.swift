import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Codes for a class (A2).
@Suite(.serialized) struct ClassCredentialsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let school: CredentialSchool

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try CredentialSchool(server)
        ids = school.ids
    }

    private func issue(
        _ client: TestClient, _ group: String, of id: String, reason: String? = nil
    ) throws -> TestClient.Answer {
        let reason = reason.map { ", \"reason\": \"\($0)\"" } ?? ""
        return try client.post("/v1/classes/\(id)/credentials", json: "{\"for\": \"\(group)\"\(reason)}")
    }

    private static let enrolled =
        "e.class_id = $2 AND e.starts_on <= '\(TestServer.today)' AND coalesce(e.ends_on, 'infinity') >= '\(TestServer.today)'"

    private func ids(_ list: [JSONValue]) -> [String] { list.compactMap { $0["user"]?["id"]?.string } }

    @Test func A2_theClassGetsCodesExceptActiveAccounts() throws {
        let teacher = try server.signIn("teacher")
        let answer = try issue(teacher, "both", of: ids.class7A)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer["Cache-Control"] == "private, no-store")
        #expect(answer.json["class"]?["name"]?.string == "7А")
        let items = answer.json["items"]!.array
        let skipped = answer.json["skipped"]!.array
        let pupils = try server.owner().query(
            "SELECT e.student_id FROM enrollments e WHERE e.school_id = $1 AND \(Self.enrolled)",
            [String(ids.school), ids.class7A]
        ).rows.map { $0[0]! }
        let families = try server.owner().query(
            """
            SELECT DISTINCT g.guardian_id FROM guardianships g
            JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id
            WHERE g.school_id = $1 AND g.access = 'full' AND \(Self.enrolled)
            """, [String(ids.school), ids.class7A]
        ).rows.map { $0[0]! }
        let listed = ids(items) + ids(skipped)
        #expect(listed.count == Set(listed).count)
        #expect(Set(listed) == Set(pupils + families))
        // Among them the two people of the demo logins; a father without access is in neither list.
        let active = try server.owner().query(
            """
            SELECT id FROM users WHERE school_id = $1 AND state = 'active' AND id = ANY ($2::uuid[])
            """, [String(ids.school), "{\((pupils + families).joined(separator: ","))}"]
        ).rows.map { $0[0]! }
        #expect(Set(ids(skipped)) == Set(active))
        #expect(Set(active).isSuperset(of: [try school.user("student"), try school.user("parent")]))
        #expect(skipped.allSatisfy { $0["reason"]?.string == "activated" && $0["code"] == nil })
        let codes = items.compactMap { $0["code"]?.string }
        let logins = items.compactMap { $0["login"]?.string }
        #expect(Set(codes).count == items.count && Set(logins).count == items.count)
        let guardian = try #require(items.first { $0["as"]?.string == "guardian" })
        #expect(
            try school.value(
                "SELECT student_id FROM guardianships WHERE school_id = $1 AND guardian_id = $2",
                guardian["user"]?["id"]?.string) == guardian["student_ids"]?[0]?.string)
        for item in [items[0], guardian] {
            #expect(try school.activate(item["code"]!.string!).json["login"]?.string == item["login"]?.string)
        }
        // The second time: those two sign in already and are skipped, the others get new codes.
        let again = try issue(teacher, "both", of: ids.class7A)
        #expect(again.json["skipped"]?.array.count == active.count + 2)
        #expect(again.json["items"]?.array.count == items.count - 2)
        #expect(try school.activate(codes[1]).code == "invalid_code")
        #expect(try school.signIn(logins[0]).status == 200)
    }

    @Test(arguments: [("students", "student"), ("guardians", "guardian")])
    func A2_theGroupIsTheCallersChoice(_ group: String, _ role: String) throws {
        let answer = try issue(try server.signIn("teacher"), group, of: ids.class7A)
        #expect(answer.status == 200)
        let all = answer.json["items"]!.array + answer.json["skipped"]!.array
        #expect(all.count > 5 && all.allSatisfy { $0["as"]?.string == role })
    }

    /// The teacher is also a mother: only an administrator issues her credentials, whoever leads her child's class.
    @Test func A2_staffAmongTheGuardiansAreSkipped() throws {
        let row = try server.owner().query(
            """
            SELECT e.class_id, g.guardian_id, t.teacher_id
            FROM guardianships g
            JOIN user_roles r ON r.school_id = g.school_id AND r.user_id = g.guardian_id AND r.role = 'teacher'
            JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id AND e.ends_on IS NULL
            JOIN class_teachers t ON t.school_id = e.school_id AND t.class_id = e.class_id AND t.ends_on IS NULL
            WHERE g.school_id = $1
            """, [String(ids.school)]
        ).rows[0].map { $0! }
        let leader = try server.session(of: row[2], school: ids.school, roles: ["teacher", "class_teacher"])
        let answer = try issue(leader, "guardians", of: row[0])
        #expect(answer.status == 200, "\(answer.text)")
        let mother = try #require(answer.json["skipped"]!.array.first { $0["user"]?["id"]?.string == row[1] })
        #expect(mother["reason"]?.string == "staff")
        #expect(!ids(answer.json["items"]!.array).contains(row[1]))
    }

    @Test func A2_onlyTheClassTeacherIssuesOrADeputyHeadIfThereIsNone() throws {
        let deputy = try server.signIn("deputy")
        for (who, id, status) in [
            ("teacher", ids.otherClass, 403), ("deputy", ids.class7A, 403), ("admin", ids.class7A, 403),
            ("head", ids.class7A, 403), ("student", ids.class7A, 403), ("admin", DemoSchoolIDs.nothing, 404),
            ("teacher", "x", 404),
        ] {
            let answer = try issue(try server.signIn(who), "students", of: id, reason: "x")
            #expect(answer.status == status, "\(who): \(answer.text)")
        }
        try server.owner().query(
            "UPDATE class_teachers SET ends_on = '2025-11-18' WHERE school_id = $1 AND class_id = $2 AND ends_on IS NULL",
            [String(ids.school), ids.otherClass])
        #expect(try issue(deputy, "both", of: ids.otherClass).json["errors"]?[0]?["pointer"]?.string == "/reason")
        #expect(try issue(try server.client("admin"), "both", of: ids.otherClass, reason: "x").status == 403)
        let answer = try issue(deputy, "both", of: ids.otherClass, reason: "классного руководителя нет")
        #expect(answer.status == 200)
        #expect(answer.json["items"]!.array.count > 20)
    }

    @Test func A2_concurrentIssuesLeaveOneValidCodeEach() throws {
        let teacher = try server.signIn("teacher")
        let id = ids.class7A
        let answers = try atOnce(4) { _ in
            try teacher.post("/v1/classes/\(id)/credentials", json: #"{"for": "both"}"#).status
        }
        #expect(answers == [200, 200, 200, 200])
        let most = try school.value(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM activation_codes WHERE school_id = $1 AND used_at IS NULL AND revoked_at IS NULL GROUP BY user_id) c"
        )
        #expect(most == "1")
    }

    @Test(arguments: [
        ("{}", "/for", "required"), (#"{"for": "all"}"#, "/for", "not_one_of"),
        (#"{"for": "both", "reason": ""}"#, "/reason", "too_short"),
        (#"{"for": "both", "x": 1}"#, "/x", "unknown_field"),
    ])
    func malformedBodiesAreNamed(_ body: String, _ pointer: String, _ code: String) throws {
        let answer = try server.signIn("teacher").post("/v1/classes/\(ids.class7A)/credentials", json: body)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer)
        #expect(answer.json["errors"]?[0]?["code"]?.string == code)
    }
}
