import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `/v1/contacts`, the call list and the proof of informing of a class (S5.3).
@Suite(.serialized) struct InformingTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient
    let owner: BlockingConnection

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        try owner.query("DELETE FROM contacts WHERE school_id = $1", [String(ids.school)])
    }

    private func record(
        _ client: TestClient, _ student: String, on date: String = "2025-11-18", outcome: String = "reached",
        _ more: String = ""
    ) throws -> TestClient.Answer {
        try client.post(
            "/v1/contacts",
            json: """
                {"student_id": "\(student)", "date": "\(date)", "means": "phone", "outcome": "\(outcome)",
                "text": "Собрание в четверг"\(more)}
                """)
    }

    private func family(_ path: String, of student: String) throws -> JSONValue? {
        let answer = try teacher.get("/v1/classes/\(ids.class7A)/\(path)")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json["students"]?.array.first { $0["id"]?.string == student }
    }

    private func guardian(_ login: String) throws -> String {
        try #require(
            try owner.query("SELECT id FROM users WHERE school_id = $1 AND login = $2", [String(ids.school), login])
                .first)
    }

    /// Students of 7А none of whose guardians with access is active.
    private func unreached() throws -> [String] {
        try owner.query(
            """
            SELECT u.id FROM enrollments e
            JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id
            WHERE e.school_id = $1 AND e.class_id = $2 AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
                AND NOT EXISTS (
                    SELECT FROM guardianships g
                    JOIN users p ON p.school_id = g.school_id AND p.id = g.guardian_id AND p.state = 'active'
                    WHERE g.school_id = $1 AND g.student_id = u.id AND g.access = 'full'
                        AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
                )
            ORDER BY u.last_name, u.first_name, u.id
            """, [String(ids.school), ids.class7A]
        ).rows.compactMap { $0[0] }
    }

    @Test func a3_theGuardianSeesTheContactAndTheOthersDoNot() throws {
        let parent = try server.client("parent")
        let mine = try guardian("parent")
        let named = try record(teacher, ids.child, #", "guardian_id": "\#(mine)""#)
        try #require(named.status == 201, "\(named.text)")
        let unnamed = try record(teacher, ids.child).json
        let seen = try parent.get("/v1/contacts?student_id=\(ids.child)").json["items"]?.array ?? []
        #expect(seen.map { $0["id"]?.string } == [named.json["id"]?.string])
        #expect(try parent.get("/v1/contacts/\(unnamed["id"]!.string!)").status == 404)
        #expect(try parent.get("/v1/contacts/\(named.json["id"]!.string!)/history").status == 403)
        let ofClass = try teacher.get("/v1/contacts?class_id=\(ids.class7A)").json["items"]?.array ?? []
        #expect(ofClass.count == 2)
        #expect(try teacher.get("/v1/contacts?class_id=\(ids.otherClass)").json["items"]?.array.isEmpty == true)
    }

    @Test func a5_aCorrectionHasItsHistory() throws {
        let contact = try record(teacher, ids.child).json
        let path = "/v1/contacts/\(contact["id"]!.string!)"
        let changed = try teacher.patch(
            path, json: #"{"date": "2025-11-17", "outcome": "not_reached"}"#, headers: [("If-Match", "\"v1\"")])
        #expect(changed.status == 200, "\(changed.text)")
        let deputy = try server.client("deputy")
        #expect(try deputy.patch(path, json: #"{"date": "2025-11-16"}"#, headers: [("If-Match", "*")]).status == 404)
        let history = try deputy.get("\(path)/history?include=total")
        #expect(history.json["items"]?.array.map { $0["action"]?.string } == ["update", "insert"])
        #expect(history.json["items"]?[0]?["before"]?["date"]?.string == "2025-11-18")
        #expect(history.json["items"]?[0]?["after"]?["outcome"]?.string == "not_reached")
        #expect(history.json["total"]?.int == 2)
        // The audit log of the school keeps the words to itself (K2).
        let audit = try deputy.get("/v1/audit?entity=contacts&entity_id=\(contact["id"]!.string!)").json["items"]?.array
        #expect(audit?.last?["after"]?["text"]?.string == "hidden")
        #expect(audit?.last?["after"]?["outcome"]?.string == "reached")
    }

    @Test func s5_3_theListHasTheFamiliesThatNobodyReachesWithTheirNumbers() throws {
        let wanted = try unreached()
        try #require(wanted.count > 1 && !wanted.contains(ids.child))
        let answer = try teacher.get("/v1/classes/\(ids.class7A)/unreached")
        let students = answer.json["students"]?.array ?? []
        #expect(students.map { $0["id"]?.string } == wanted)
        #expect(answer.json["credentials"]?.string == "/v1/classes/\(ids.class7A)/credentials")
        let first = wanted[0]
        let phones = try owner.query(
            """
            SELECT d.phone FROM guardianships g
            JOIN guardians d ON d.school_id = g.school_id AND d.id = g.guardian_id
            JOIN users u ON u.school_id = g.school_id AND u.id = g.guardian_id
            WHERE g.school_id = $1 AND g.student_id = $2 AND g.access = 'full'
            ORDER BY g.starts_on, u.last_name, u.first_name, u.id
            """, [String(ids.school), first]
        ).rows.map { $0[0] }
        #expect(students[0]["guardians"]?.array.map { $0["phone"]?.string } == phones)
        #expect(students[0]["reason"]?.string == "none")
        #expect(students[0]["since"]?.string == "2025-09-01")
        #expect(students[0]["last_contact"]?.isNull == true)
        // The last attempt is shown, even if it reached nobody.
        #expect(try record(teacher, first, on: "2025-11-17").status == 201)
        #expect(try record(teacher, first, on: "2025-11-18", outcome: "not_reached").status == 201)
        let contact = try family("unreached", of: first)?["last_contact"]
        #expect(contact?["date"]?.string == "2025-11-18")
        #expect(contact?["outcome"]?.string == "not_reached")
    }

    @Test func s5_3_oneNotificationAndTheContactAboutIt() throws {
        let student = try unreached()[0]
        let told = try #require(
            try owner.query(
                """
                INSERT INTO notifications (school_id, student_id, kind, entity, entity_id, is_urgent)
                VALUES ($1, $2, 'first_absence', 'attendance', gen_random_uuid(), true) RETURNING id
                """, [String(ids.school), student]
            ).first)
        func urgent() throws -> [String?] {
            let waiting = try family("unreached", of: student)?["waiting"]?.array ?? []
            return waiting.filter { $0["is_urgent"]?.bool == true }.map { $0["notification_id"]?.string }
        }
        #expect(try urgent() == [told])
        let path = "/v1/classes/\(ids.class7A)/unreached?notification_id=\(told)"
        func listed() throws -> [String?] {
            try teacher.get(path).json["students"]?.array.map { $0["id"]?.string } ?? []
        }
        #expect(try listed() == [student])
        let missed = try record(
            teacher, student, outcome: "not_reached", #", "entity": "notifications", "entity_id": "\#(told)""#)
        #expect(missed.status == 201, "\(missed.text)")
        #expect(try listed() == [student])
        #expect(
            try record(teacher, student, on: "2025-11-19", #", "entity": "notifications", "entity_id": "\#(told)""#)
                .status == 201)
        #expect(try listed() == [])
        // A settled matter waits no more.
        try owner.query("UPDATE notifications SET closed_at = now() WHERE id = $1", [told])
        #expect(try urgent() == [])
    }

    @Test func k2_readingsOfTheNumbersAreRecordedUnlessTheClassTeacherReads() throws {
        let students = try unreached()
        let wanted = try owner.query(
            """
            SELECT count(*) FROM guardianships g
            WHERE g.school_id = $1 AND g.student_id = ANY ($2::uuid[]) AND g.access = 'full'
                AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
            """, [String(ids.school), "{\(students.joined(separator: ","))}"]
        ).first.flatMap { Int($0) }
        func readings() throws -> Int? {
            try owner.query(
                "SELECT count(*) FROM audit_log WHERE school_id = $1 AND action = 'read' AND entity = 'guardians'",
                [String(ids.school)]
            ).first.flatMap { Int($0) }
        }
        let before = try #require(try readings())
        #expect(try teacher.get("/v1/classes/\(ids.class7A)/unreached").status == 200)
        #expect(try readings() == before)
        #expect(try server.client("deputy").get("/v1/classes/\(ids.class7A)/unreached").status == 200)
        #expect(try readings() == before + (wanted ?? -1))
    }

    @Test func s5_3_whenAFamilyWasLastInformed() throws {
        let student = try unreached()[0]
        let before = try #require(try family("informing?from=2025-11-17&to=2025-11-19", of: student))
        #expect(before["account"]?.string == "none")
        let times = try #require(before["times"]?.int)
        #expect(try record(teacher, student, on: "2025-11-19").status == 201)
        let after = try #require(try family("informing?from=2025-11-17&to=2025-11-19", of: student))
        #expect(after["times"]?.int == times + 1)
        #expect(after["last"]?["date"]?.string == "2025-11-19")
        #expect(after["last"]?["means"]?.string == "phone")
        #expect(after["last"]?["is_read"]?.bool == true)
        #expect(after["last_read_on"]?.string == "2025-11-19")
        #expect(try family("informing?from=2025-11-17&to=2025-11-18", of: student)?["times"]?.int == times)
        #expect(try family("informing", of: ids.child)?["account"]?.string == "active")
    }
}
