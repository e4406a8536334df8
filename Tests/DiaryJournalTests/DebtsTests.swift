import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// M13: the life of an academic debt over the API, from the end of a year to October of the next one.
@Suite(.serialized) struct DebtsTests {
    let school: RuleSchool
    let database: TestDatabase

    init() async throws {
        database = try TestDatabase(.migrated)
        school = try RuleSchool(in: database)
        try school.run(
            RuleSchool.guardianship(.mother, from: "2026-09-01")
                + """
                INSERT INTO user_roles (school_id, user_id, role) VALUES (\(RuleSchool.school), \(RuleKey.deputyHead), 'deputy_head');
                INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.class7), \(RuleKey.substitute), '2026-09-01');
                """)
        try school.commit()
    }

    private struct Day {
        let server: TestServer
        let teacher: TestClient
        let deputy: TestClient
        let leader: TestClient
        let mother: TestClient
    }

    private func day(_ today: String) async throws -> Day {
        let server = try await TestServer(over: database, today: today)
        func client(_ person: RuleKey, _ roles: String...) throws -> TestClient {
            try server.session(of: person.uuid, school: school.id, roles: roles)
        }
        return Day(
            server: server, teacher: try client(.teacher, "teacher"), deputy: try client(.deputyHead, "deputy_head"),
            leader: try client(.substitute, "teacher", "class_teacher"), mother: try client(.mother, "guardian"))
    }

    private let annas = "/v1/students/\(RuleKey.anna.uuid)"

    private func year(_ number: Int, version: Int) -> String {
        """
        {"finals": [{"student_id": "\(RuleKey.anna.uuid)", "kind": "year", "version": \(version),
            "value": {"kind": "number", "number": \(number)}}]}
        """
    }

    private func mark(_ client: TestClient) throws -> JSONValue? {
        try client.get("\(annas)/finals?academic_year_id=\(RuleKey.year.uuid)").json["subjects"]?.array
            .first { $0["id"]?.string == RuleKey.maths.uuid }?["finals"]?[0]
    }

    @Test func m13DebtIsSettledInOctoberOfTheNextYear() async throws {
        let finals = "/v1/sections/\(RuleKey.maths7.uuid)/finals"
        let may = try await day("2027-05-28")
        #expect(try may.teacher.put(finals, json: year(2, version: 0)).status == 200)
        let open = try may.deputy.get("/v1/debts?state=open").json["items"]?.array ?? []
        let debt = try #require(open.first?["id"]?.string)
        #expect(
            open.count == 1 && open[0]["opened_by"]?["number"]?.int == 2 && open[0]["opened_on"]?.string == "2027-05-28"
        )
        #expect(try may.leader.get("/v1/debts/\(debt)").status == 200)
        #expect(try mark(may.mother)?["debt"]?["state"]?.string == "open")
        #expect(try may.mother.get(annas + "/debts").json["items"]?[0]?["id"]?.string == debt)
        // A correction cancels the debt, and opens it again.
        #expect(try may.teacher.put(finals, json: year(3, version: 1)).status == 200)
        #expect(try may.mother.get(annas + "/debts").json["items"]?.array.isEmpty == true)
        #expect(try may.deputy.get("/v1/debts?state=cancelled").json["items"]?.array.count == 1)
        #expect(try may.teacher.put(finals, json: year(2, version: 2)).status == 200)

        let promotions = "/v1/academic-years/\(RuleKey.year.uuid)/promotions"
        let council = try may.deputy.post(
            "/v1/orders",
            json: """
                {"kind": "council_protocol", "number": "7", "issued_on": "2027-05-28", "text": "Перевести условно.",
                "signatory": "Директор"}
                """
        ).json["id"]?.string
        let decision = try may.deputy.post(
            promotions,
            json: """
                {"student_id": "\(RuleKey.anna.uuid)", "decision": "conditional", "debts": "Математика", "protocol": "7",
                "order_id": "\(council ?? "")", "decided_on": "2027-05-28"}
                """)
        let promotion = try #require(decision.json["id"]?.string, "\(decision.text)")
        #expect(decision.json["settled_on"]?.isNull == true && decision.json["order_id"]?.string == council)
        let closed = try may.deputy.patch(
            "/v1/academic-years/\(RuleKey.year.uuid)", json: #"{"state": "closed"}"#, headers: [("If-Match", "*")])
        #expect(closed.status == 200, "\(closed.text)")

        let october = try await day("2027-10-05")
        #expect(try october.teacher.put(finals, json: year(3, version: 3)).code == "edit_window_closed")
        func attempt(_ body: String) throws -> TestClient.Answer {
            try october.deputy.post("/v1/debt-attempts", json: #"{"debt_id": "\#(debt)", \#(body)}"#)
        }
        func order(_ number: Int, _ date: String) throws -> String {
            let answer = try october.deputy.post(
                "/v1/orders",
                json: """
                    {"kind": "council_protocol", "number": "\(number)", "issued_on": "\(date)", "text": "О ликвидации долга.",
                    "signatory": "Директор"}
                    """)
            return try #require(answer.json["id"]?.string, "\(answer.text)")
        }
        let first = try attempt(#""ordinal": 1, "held_on": "2027-09-15""#)
        let id = try #require(first.json["id"]?.string, "\(first.text)")
        let failed = try october.deputy.patch(
            "/v1/debt-attempts/\(id)",
            json: #"{"result": "failed", "number": 2, "order_id": "\#(try order(1, "2027-09-15"))"}"#,
            headers: [("If-Match", "*")])
        #expect(failed.status == 200, "\(failed.text)")
        #expect(try mark(october.mother)?["value"]?["number"]?.int == 2)
        let alone = try attempt(#""ordinal": 2, "held_on": "2027-10-05""#)
        #expect(alone.status == 422 && alone.json["errors"]?[0]?["pointer"]?.string == "/commission", "\(alone.text)")
        let second = try attempt(
            """
            "ordinal": 2, "held_on": "2027-10-05", "commission": "Абрамова, Белов", "result": "passed", "number": 3,
            "order_id": "\(try order(2, "2027-10-05"))"
            """)
        #expect(second.status == 201, "\(second.text)")

        // The mark of the closed year is a 3 now, with a note.
        let settled = try mark(october.mother)
        #expect(settled?["value"]?["number"]?.int == 3)
        #expect(
            settled?["debt"]?["state"]?.string == "settled" && settled?["debt"]?["settled_on"]?.string == "2027-10-05")
        #expect(settled?["debt"]?["opened_by"]?["number"]?.int == 2)
        let seen = try october.mother.get(annas + "/debts").json["items"]?[0]
        #expect(seen?["state"]?.string == "settled")
        #expect(seen?["attempts"]?.array.map { $0["result"]?.string } == ["failed", "passed"])
        #expect(seen?["attempts"]?[1]?["protocol"]?["number"]?.string == "2")
        #expect(try october.deputy.get("/v1/debts?state=open").json["items"]?.array.isEmpty == true)
        #expect(try october.deputy.get("\(promotions)/\(promotion)").json["settled_on"]?.string == "2027-10-05")
        let history = try may.server.owner().query(
            "SELECT old_number, new_number FROM final_mark_history WHERE school_id = $1 ORDER BY version",
            [String(school.id)]
        ).rows
        #expect(history == [[nil, "2"], ["2", "3"], ["3", "2"], ["2", "3"]])
        #expect(try attempt(#""ordinal": 1, "held_on": "2027-10-05""#).status == 409)
    }

    /// M12, A1: the family hears of a debt when its final mark is published, and other families never.
    @Test func m12DebtOfAHeldBackMarkIsHidden() async throws {
        let may = try await day("2027-05-28")
        let feed = try FeedReader(may.mother, annas + "/changes")
        let item = """
            {"finals": [{"student_id": "\(RuleKey.anna.uuid)", "kind": "year", "version": 0, "published": false,
                "value": {"kind": "number", "number": 2}}]}
            """
        #expect(try may.teacher.put("/v1/sections/\(RuleKey.maths7.uuid)/finals", json: item).status == 200)
        #expect(try may.mother.get(annas + "/debts").json["items"]?.array.isEmpty == true)
        #expect(try may.leader.get("/v1/debts").json["items"]?.array.isEmpty == true)
        #expect(try may.deputy.get("/v1/debts").json["items"]?.array.count == 1)
        #expect(try feed.read().isEmpty)
        let published = item.replacing("\"version\": 0", with: "\"version\": 1").replacing("false", with: "true")
        #expect(try may.teacher.put("/v1/sections/\(RuleKey.maths7.uuid)/finals", json: published).status == 200)
        #expect(try may.mother.get(annas + "/debts").json["items"]?.array.count == 1)
        #expect(try may.leader.get("/v1/debts").json["items"]?.array.count == 1)
        #expect(try Set(feed.read().map { "\($0.entity) \($0.operation)" }) == ["final_marks made", "debts made"])
    }
}
