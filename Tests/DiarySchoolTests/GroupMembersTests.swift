import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `/v1/groups/{group_id}/members`: members of a subgroup are students of its class (L5).
@Suite(.serialized) struct GroupMembersTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient
    /// A new subgroup of 7Б, and a student of that class.
    let part: String
    let own: String

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        let found = try server.owner().query(
            """
            SELECT c.id, c.academic_year_id, (
                SELECT e.student_id FROM enrollments e
                WHERE e.school_id = c.school_id AND e.class_id = c.id AND e.ends_on IS NULL ORDER BY e.student_id LIMIT 1
            )
            FROM classes c WHERE c.school_id = $1 AND c.name = '7Б'
            """, [String(ids.school)]
        ).rows[0]
        own = found[2]!
        let made = try deputy.post(
            "/v1/groups",
            json: #"{"academic_year_id": "\#(found[1]!)", "kind": "part", "name": "Труд", "class_id": "\#(found[0]!)"}"#
        )
        part = made.json["id"]!.string!
    }

    private func add(_ student: String, from starts: String, to ends: String? = nil) throws -> TestClient.Answer {
        let ends = ends.map { #", "ends_on": "\#($0)""# } ?? ""
        return try deputy.post(
            "/v1/groups/\(part)/members", json: #"{"student_id": "\#(student)", "starts_on": "\#(starts)"\#(ends)}"#)
    }

    @Test func L5_membersOfASubgroupAreInItsClass() throws {
        let made = try deputy.post("/v1/students", json: #"{"last_name": "Лис", "first_name": "Ада"}"#)
        let newcomer = made.json["id"]!.string!
        let enrolled = try deputy.get("/v1/enrollments?student_id=\(own)").json["items"]![0]!
        let cases = [
            (ids.others[0], "2025-11-24", "/student_id"), (newcomer, "2025-11-24", "/student_id"),
            (own, "2025-08-31", "/starts_on"),
        ]
        for (student, starts, pointer) in cases {
            let answer = try add(student, from: starts)
            #expect(answer.status == 409, "\(answer.text)")
            #expect(answer.code == "not_in_class")
            #expect(answer.json["errors"]?[0]?["code"]?.string == "not_in_class")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer)
        }
        // The enrollment ends: the membership ends with it, and cannot last longer.
        let member = try add(own, from: "2025-11-24")
        #expect(member.status == 201, "\(member.text)")
        let any = [("If-Match", "*")]
        let left = try deputy.patch(
            "/v1/enrollments/\(enrolled["id"]!.string!)", json: #"{"ends_on": "2026-02-28"}"#, headers: any)
        #expect(left.status == 200, "\(left.text)")
        let path = "/v1/groups/\(part)/members/\(member.json["id"]!.string!)"
        #expect(try deputy.get(path).json["ends_on"]?.string == "2026-02-28")
        for json in [#"{"ends_on": null}"#, #"{"ends_on": "2026-03-01"}"#] {
            let longer = try deputy.patch(path, json: json, headers: any)
            #expect(longer.status == 409, "\(longer.text)")
            #expect(longer.json["errors"]?[0]?["pointer"]?.string == "/ends_on")
        }
        #expect(try deputy.patch(path, json: #"{"ends_on": "2026-02-27"}"#, headers: any).status == 200)
    }
}
