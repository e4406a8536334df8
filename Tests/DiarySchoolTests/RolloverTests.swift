import Diary
import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Y1: the council's decisions, and the creation of the next year from the current one.
@Suite(.serialized) struct RolloverTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient
    let year: String

    init() async throws {
        server = try await TestServer()
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        year = try server.owner().query(
            "SELECT academic_year_id FROM classes WHERE school_id = $1 AND id = $2", [String(ids.school), ids.class7A]
        ).first!
        try server.owner().query("DELETE FROM promotions WHERE school_id = $1", [String(ids.school)])
    }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    private func next(from day: String = "2026-09-01", to last: String = "2027-05-31") throws -> String {
        let half = try server.owner().query("SELECT ($1::date + ($2::date - $1::date) / 2)::text", [day, last]).first!
        let answer = try deputy.post(
            "/v1/academic-years",
            json:
                #"{"name": "\#(day)", "starts_on": "\#(day)", "ends_on": "\#(last)", "second_half_starts_on": "\#(half)"}"#
        )
        try #require(answer.status == 201, "\(answer.text)")
        return answer.json["id"]!.string!
    }

    private func rollOver(_ to: String, dry: Bool = false, assume: Bool = true) throws -> TestClient.Answer {
        try deputy.post(
            "/v1/academic-years/\(year)/rollover\(dry ? "?dry_run=true" : "")",
            json: #"{"academic_year_id": "\#(to)", "assume_promoted": \#(assume)}"#)
    }

    private func decide(_ student: String, _ decision: String) throws {
        let answer = try deputy.post(
            "/v1/academic-years/\(year)/promotions",
            json: #"{"student_id": "\#(student)", "decision": "\#(decision)", "decided_on": "2026-05-28"}"#)
        try #require(answer.status == 201, "\(answer.text)")
    }

    @Test func endedSessionMakesNothing() throws {
        let to = try next()
        try server.owner().query("UPDATE sessions SET ended_at = now() WHERE school_id = $1", [String(ids.school)])
        for isDry in [true, false] {
            let answer = try rollOver(to, dry: isDry)
            #expect(answer.status == 401 && answer.code == "invalid_token", "\(answer.text)")
        }
        #expect(try rows("SELECT count(*) FROM classes WHERE school_id = $1 AND academic_year_id = $2", to) == [["0"]])
    }

    @Test func Y1_nextYearIsMadeFromTheCurrentOne() throws {
        let (repeats, left) = (ids.others[0], ids.others[1])
        try decide(repeats, "repeats")
        try decide(left, "left")
        let to = try next()
        let old = """
            SELECT md5(string_agg(t::text, ',' ORDER BY t.id)) FROM %t t WHERE t.school_id = $1 AND t.academic_year_id = $2
            """
        let before = try ["classes", "groups", "sections"].map { try rows(old.replacing("%t", with: $0), year) }

        let dry = try rollOver(to, dry: true)
        #expect(dry.status == 200, "\(dry.text)")
        #expect(dry.json["dry_run"]?.bool == true)
        #expect(try rows("SELECT count(*) FROM classes WHERE school_id = $1 AND academic_year_id = $2", to) == [["0"]])
        #expect(
            try rows("SELECT count(*) FROM enrollments WHERE school_id = $1 AND starts_on >= '2026-09-01'") == [["0"]])

        let made = try rollOver(to)
        #expect(made.status == 200, "\(made.text)")
        #expect(made.text.replacing("\"dry_run\":false", with: "\"dry_run\":true") == dry.text)
        // Twenty classes of grades 1 to 10 become classes of grades 2 to 11.
        #expect(made.json["classes"]?.int == 20)
        let classes = try rows(
            "SELECT name, grade_level FROM classes WHERE school_id = $1 AND academic_year_id = $2 ORDER BY grade_level, name",
            to)
        #expect(classes.first == ["2А", "2"])
        #expect(classes.last == ["11Б", "11"])

        func placed(_ student: String) throws -> [[String?]] {
            try rows(
                """
                SELECT c.name, e.starts_on, e.ends_on FROM enrollments e
                JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
                WHERE e.school_id = $1 AND e.student_id = $2 AND e.starts_on <= '2026-09-01' AND c.academic_year_id IN ($3, $4)
                ORDER BY e.starts_on DESC LIMIT 1
                """, student, year, to)
        }
        #expect(try placed(ids.child) == [["8А", "2026-09-01", nil]])
        #expect(try placed(repeats) == [["7А", "2026-09-01", nil]])
        #expect(try placed(left)[0][2] == "2026-05-31" || placed(left)[0][2] != nil)
        #expect(
            try rows(
                "SELECT count(*) FROM enrollments e JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id WHERE e.school_id = $1 AND c.academic_year_id = $2 AND c.grade_level = 11 AND e.ends_on IS NULL",
                year) == [["0"]])

        // The class keeps its class teacher and its teaching load; the rows of the old year are unchanged.
        let teachers = try rows(
            """
            SELECT u.login FROM class_teachers t
            JOIN classes c ON c.school_id = t.school_id AND c.id = t.class_id
            JOIN users u ON u.school_id = t.school_id AND u.id = t.teacher_id
            WHERE t.school_id = $1 AND c.academic_year_id = $2 AND c.name = '8А'
            """, to)
        #expect(teachers == [["teacher"]])
        #expect(made.json["sections"]!.int! > 100)
        let pages = try rows(
            """
            SELECT count(*), count(*) FILTER (WHERE s.name LIKE '%8А%') FROM sections s
            JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
            JOIN classes c ON c.school_id = g.school_id AND c.id = g.class_id
            WHERE s.school_id = $1 AND s.academic_year_id = $2 AND c.name = '8А'
            """, to)
        #expect(pages[0][0] != "0")
        #expect(try ["classes", "groups", "sections"].map { try rows(old.replacing("%t", with: $0), year) } == before)

        // A repetition creates nothing.
        let again = try rollOver(to)
        #expect(again.status == 200, "\(again.text)")
        for name in ["classes", "enrollments", "class_teachers", "groups", "sections", "section_teachers"] {
            #expect(again.json[name]?.int == 0, "\(name)")
        }
    }

    @Test func Y1_studentsWithoutADecisionPreventIt() throws {
        let to = try next()
        let refused = try rollOver(to, assume: false)
        #expect(refused.status == 409)
        #expect(refused.code == "undecided")
        let dry = try rollOver(to, dry: true, assume: false)
        #expect(dry.json["undecided"]!.array.count > 500)
        #expect(try rows("SELECT count(*) FROM classes WHERE school_id = $1 AND academic_year_id = $2", to) == [["0"]])
    }

    /// A dry run with a key answers and stores nothing; students who left in summer are not enrolled; a class of the
    /// same name and another grade level gets no students.
    @Test func Y1_studentsGetTheRightClassOrNone() throws {
        let to = try next()
        let made = try deputy.post(
            "/v1/classes", json: #"{"academic_year_id": "\#(to)", "grade_level": 2, "letter": "А", "name": "8А"}"#)
        #expect(made.status == 201)
        let left = ids.others[2]
        try server.owner().query(
            "UPDATE enrollments SET ends_on = '2026-06-15' WHERE school_id = $1 AND student_id = $2 AND ends_on IS NULL",
            [String(ids.school), left])
        for _ in 0..<2 {
            let dry = try deputy.post(
                "/v1/academic-years/\(year)/rollover?dry_run=true",
                json: #"{"academic_year_id": "\#(to)", "assume_promoted": true}"#, headers: [("Idempotency-Key", "dry")]
            )
            #expect(dry.status == 200, "\(dry.text)")
            #expect(dry.json["unplaced"]?.array.contains { $0.string == ids.child } == true)
        }
        #expect(try rollOver(to).status == 200)
        #expect(
            try rows(
                "SELECT count(*) FROM enrollments WHERE school_id = $1 AND student_id IN ($2, $3) AND starts_on = '2026-09-01'",
                ids.child, left) == [["0"]])
    }

    @Test func Y1_onlyIntoALaterYearOfTheSameSchool() throws {
        #expect(try rollOver(year).code == "year_not_next")
        #expect(try rollOver(try next(from: "2020-09-01", to: "2021-05-31")).code == "year_not_next")
        #expect(try rollOver(ids.strangeRows["{academic_year_id}"]!).status == 422)
        #expect(try rollOver(ids.child).status == 422)
        let nowhere = try deputy.post(
            "/v1/academic-years/\(ids.strangeRows["{academic_year_id}"]!)/rollover",
            json: #"{"academic_year_id": "\#(year)"}"#)
        #expect(nowhere.status == 404)
    }

    @Test func Y1_oneDecisionPerYear() throws {
        try decide(ids.child, "promoted")
        let path = "/v1/academic-years/\(year)/promotions"
        let second = try deputy.post(
            path, json: #"{"student_id": "\#(ids.child)", "decision": "left", "decided_on": "2026-05-29"}"#)
        #expect(second.code == "already_exists")
        let debts = try deputy.post(
            path,
            json:
                #"{"student_id": "\#(ids.others[0])", "decision": "promoted", "debts": "x", "decided_on": "2026-05-29"}"#
        )
        #expect(debts.json["errors"]?[0]?["code"]?.string == "only_when_conditional")
        // The class teacher reads the decisions about the own class, and makes none.
        let teacher = try server.client("teacher")
        #expect(try teacher.get(path).json["items"]?.array.count == 1)
        #expect(try teacher.post(path, json: "{}").status == 403)
    }
}
