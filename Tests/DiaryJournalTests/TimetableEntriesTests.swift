import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `/v1/timetable/entries`: the API refuses what an import refuses, and names the other entry (L1).
@Suite(.serialized) struct TimetableEntriesTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
    }

    @Test func L1_collisionsAreNamed() throws {
        // An entry of mathematics of 7А, and a section of the same class without an entry then.
        let entry = try #require(
            try server.owner().query(
                """
                SELECT e.id, e.bell_schedule_id, e.weekday, e.slot, e.starts_on, e.week,
                    (SELECT s.id FROM sections s JOIN sections o ON o.school_id = s.school_id AND o.group_id = s.group_id
                    WHERE o.school_id = e.school_id AND o.id = e.section_id AND s.id <> o.id AND s.archived_at IS NULL
                    ORDER BY s.id LIMIT 1)
                FROM timetable_entries e WHERE e.school_id = $1 AND e.section_id = $2 ORDER BY e.weekday, e.slot LIMIT 1
                """, [String(ids.school), ids.section]
            ).rows.first)
        let body = { (slot: Int) in
            """
            {"section_id": "\(entry[6]!)", "bell_schedule_id": "\(entry[1]!)", "weekday": \(entry[2]!), "slot": \(slot),
            "starts_on": "\(entry[4]!)"}
            """
        }
        let refused = try deputy.post("/v1/timetable/entries", json: body(Int(entry[3]!)!))
        #expect(refused.status == 409, "\(refused.text)")
        #expect(refused.code == "timetable_collision")
        let students = refused.json["errors"]?.array.first { $0["code"]?.string == "student_overlap" }
        #expect(students?["pointer"]?.string == "/slot")
        #expect(students?["entry_id"]?.string == entry[0])
        // On a free day it is accepted, and cannot be moved onto the other one.
        let sunday = body(Int(entry[3]!)!).replacing("\"weekday\": \(entry[2]!)", with: "\"weekday\": 7")
        let made = try deputy.post("/v1/timetable/entries", json: sunday)
        #expect(made.status == 201, "\(made.text)")
        let moved = try deputy.patch(
            "/v1/timetable/entries/\(made.json["id"]!.string!)", json: #"{"weekday": \#(entry[2]!)}"#,
            headers: [("If-Match", "*")])
        #expect(moved.status == 409, "\(moved.text)")
        #expect(moved.code == "timetable_collision")
    }
}
