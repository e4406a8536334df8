import DiaryTestSupport
import JSON
import Postgres
import Testing

/// L5 through the API: the routes that write enrollments and memberships name the records that they would leave
/// outside.
@Suite(.serialized) struct RecordedDaysTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
    }

    private func enrollment(of pupil: String) throws -> (path: String, tag: String) {
        let row = try #require(try deputy.get("/v1/enrollments?student_id=\(pupil)").json["items"]?.array.last)
        return ("/v1/enrollments/\(row["id"]!.string!)", "\"v\(row["version"]!.int!)\"")
    }

    @Test func L5_enrollmentNamesWhatItWouldLose() throws {
        let (path, tag) = try enrollment(of: ids.others[0])
        for (body, pointer) in [
            (#"{"starts_on": "2025-11-15"}"#, "/starts_on"), (#"{"ends_on": "2025-09-10"}"#, "/ends_on"),
            (#"{"in_class_group": false}"#, ""),
        ] {
            let answer = try deputy.patch(path, json: body, headers: [("If-Match", tag)])
            #expect(answer.status == 409, "\(body): \(answer.text)")
            #expect(answer.code == "recorded_days")
            let errors = answer.json["errors"]?.array ?? []
            #expect(errors.count == 20)
            #expect(errors.allSatisfy { $0["pointer"]?.string == pointer }, "\(body)")
            #expect(errors.allSatisfy { $0["lesson_id"]?.string != nil && $0["date"]?.string != nil })
        }
        let refused = try deputy.send("DELETE", path, headers: [("If-Match", tag)])
        #expect(refused.status == 409, "\(refused.text)")
        #expect(refused.code == "recorded_days")
    }

    @Test func L5_membershipNamesWhatItWouldLose() throws {
        let member = try #require(
            try server.owner().query(
                """
                SELECT m.group_id, m.id, m.version FROM group_members m
                JOIN groups g ON g.school_id = m.school_id AND g.id = m.group_id AND g.kind = 'part'
                WHERE m.school_id = $1 AND EXISTS (
                    SELECT FROM sections s
                    JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id
                    JOIN line_items i ON i.school_id = l.school_id AND i.lesson_id = l.id
                    JOIN marks k ON k.school_id = i.school_id AND k.line_item_id = i.id AND k.student_id = m.student_id
                    WHERE s.school_id = m.school_id AND s.group_id = m.group_id AND k.kind IS NOT NULL
                ) AND m.ends_on IS NULL LIMIT 1
                """, [String(ids.school)]
            ).rows.first)
        let path = "/v1/groups/\(member[0]!)/members/\(member[1]!)"
        let headers = [("If-Match", "\"v\(member[2]!)\"")]
        let gone = try deputy.send("DELETE", path, headers: headers)
        #expect(gone.status == 409, "\(gone.text)")
        #expect(gone.code == "recorded_days")
        let ended = try deputy.patch(path, json: #"{"ends_on": "2025-09-02"}"#, headers: headers)
        #expect(ended.status == 409, "\(ended.text)")
        #expect(ended.json["errors"]?[0]?["pointer"]?.string == "/ends_on")
    }
}
