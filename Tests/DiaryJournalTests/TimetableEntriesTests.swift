import DiaryTestSupport
import JSON
import Postgres
import TestSupport
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

    // MARK: Changes around the timetable

    @Test func L1_roomThatStopsBeingShared() throws {
        let room = try make("/v1/rooms", #"{"name": "Бассейн", "shared": true}"#)
        let one = try entry(of: ids.section, bells(at: "07:00"), room: room)
        let other = try entry(of: ids.otherSection, bells(at: "07:00"), room: room)
        let refused = try change("/v1/rooms/\(room)", #"{"shared": false}"#)
        #expect(refused.code == "timetable_collision", "\(refused.text)")
        #expect(errors(refused) == ["/shared room_overlap", "/shared room_overlap"])
        #expect(Set(refused.json["errors"]?.array.compactMap { $0["entry_id"]?.string } ?? []) == [one, other])
        #expect(try deputy.get("/v1/rooms/\(room)").json["shared"]?.bool == true)
    }

    /// Two lessons, without an entry of the timetable.
    @Test func L1_aRoomWhoseLessonsOverlapStaysShared() throws {
        let room = try make("/v1/rooms", #"{"name": "Стадион", "shared": true}"#)
        let bells = try bells(at: "02:00")
        for section in [ids.section, ids.otherSection] {
            _ = try make(
                "/v1/lessons",
                """
                {"section_id": "\(section)", "date": "2025-12-07", "bell_schedule_id": "\(bells)", "slot": 1,
                "room_id": "\(room)"}
                """)
        }
        let refused = try change("/v1/rooms/\(room)", #"{"shared": false}"#)
        #expect(refused.status == 409, "\(refused.text)")
        #expect(refused.code == "timetable_collision")
        #expect(errors(refused) == ["/shared room_overlap"])
        #expect(try deputy.get("/v1/rooms/\(room)").json["shared"]?.bool == true)
    }

    /// The slot has no times yet, so nothing would compare the entries when it gets them.
    @Test func L1_entriesOfASlotWithoutTimesCollide() throws {
        let bells = try bells(at: "01:00")
        let body = { (section: String) in
            """
            {"section_id": "\(section)", "bell_schedule_id": "\(bells)", "weekday": 7, "slot": 9,
            "starts_on": "2025-09-01"}
            """
        }
        // Another section of the same class and the same teacher.
        let neighbour = try #require(
            try server.owner().query(
                """
                SELECT o.id FROM sections s
                JOIN sections o ON o.school_id = s.school_id AND o.group_id = s.group_id AND o.id <> s.id
                JOIN section_teachers t ON t.school_id = o.school_id AND t.section_id = o.id AND t.ends_on IS NULL
                JOIN section_teachers u ON u.school_id = s.school_id AND u.section_id = s.id AND u.teacher_id = t.teacher_id
                WHERE s.school_id = $1 AND s.id = $2 LIMIT 1
                """, [String(ids.school), ids.section]
            ).first)
        _ = try make("/v1/timetable/entries", body(ids.section))
        let refused = try deputy.post("/v1/timetable/entries", json: body(neighbour))
        #expect(refused.code == "timetable_collision", "\(refused.text)")
        #expect(Set(errors(refused)) == ["/slot student_overlap", "/teacher_id teacher_overlap"])
        _ = try make("/v1/timetable/entries", body(ids.otherSection))
    }

    @Test func aSectionOfAClosedYearStaysInTheArchive() throws {
        let year = try make(
            "/v1/academic-years",
            """
            {"name": "2060/2061", "starts_on": "2060-09-01", "ends_on": "2061-05-31",
            "second_half_starts_on": "2061-01-10"}
            """)
        let group = try make("/v1/groups", #"{"academic_year_id": "\#(year)", "kind": "cross", "name": "Хор"}"#)
        let subject = try make("/v1/subjects", #"{"name": "Вокал"}"#)
        let section = try make(
            "/v1/sections",
            """
            {"academic_year_id": "\(year)", "subject_id": "\(subject)", "group_id": "\(group)", "name": "Вокал",
            "archived": true}
            """)
        // An entry outside the year does not stop a change of the year while its section is archived.
        let entry = try make(
            "/v1/timetable/entries",
            #"{"section_id": "\#(section)", "bell_schedule_id": "\#(try bells(at: "00:00"))", "weekday": 1, "slot": 1, "starts_on": "2061-05-20"}"#
        )
        #expect(try change("/v1/academic-years/\(year)", #"{"ends_on": "2061-05-19"}"#).status == 200)
        let outside = try change("/v1/sections/\(section)", #"{"archived": false}"#)
        #expect(errors(outside) == ["/archived entry_outside_year"], "\(outside.text)")
        #expect(try delete("/v1/timetable/entries/\(entry)").status == 204)
        try server.owner().query("UPDATE academic_years SET state = 'closed' WHERE id = $1", [year])
        let closed = try change("/v1/sections/\(section)", #"{"archived": false}"#)
        #expect(closed.code == "year_closed", "\(closed.text)")
        #expect(errors(closed) == ["/archived year_closed"])
        try server.owner().query("UPDATE academic_years SET state = 'open' WHERE id = $1", [year])
        #expect(try change("/v1/sections/\(section)", #"{"archived": false}"#).status == 200)
    }

    /// Class changes lock the timetable, then sections. In another order the two would wait for each other.
    @Test func aSectionThatComesBackTakesItsTurnBeforeItsRow() throws {
        let row = try #require(
            try server.owner().query(
                "SELECT academic_year_id, subject_id, group_id FROM sections WHERE school_id = $1 AND id = $2",
                [String(ids.school), ids.section]
            ).rows.first)
        let section = try make(
            "/v1/sections",
            """
            {"academic_year_id": "\(row[0]!)", "subject_id": "\(row[1]!)", "group_id": "\(row[2]!)", "name": "Очередь",
            "archived": true}
            """)
        let writer = try server.owner()
        try writer.execute("BEGIN")
        try writer.query("SELECT lyceum.lock_timetable($1::int)", [String(ids.school)])
        let deputy = deputy
        let waiting = WorkThread {
            Result {
                try deputy.patch(
                    "/v1/sections/\(section)", json: #"{"archived": false}"#, headers: [("If-Match", "*")])
            }
        }
        let observer = try BlockingConnection(url: server.database.superuserURL)
        let deadline = ContinuousClock.now + .seconds(30)
        while try observer.query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).first != "1" {
            try #require(ContinuousClock.now < deadline, "the request does not wait")
        }
        try writer.query(
            "SELECT id FROM sections WHERE school_id = $1 AND id = $2 FOR NO KEY UPDATE NOWAIT",
            [String(ids.school), section])
        try writer.execute("COMMIT")
        #expect(try waiting.join().get().status == 200)
    }

    @Test func L1_bellsThatMove() throws {
        let bells = try bells(at: "06:00")
        _ = try entry(of: ids.section, self.bells(at: "05:00"))
        let moved = try entry(of: ids.section, bells)
        let slots = { (starts: String) in
            #"{"slots": [{"slot": 1, "starts_at": "\#(starts)", "ends_at": "06:30"}]}"#
        }
        let refused = try change("/v1/bell-schedules/\(bells)", slots("05:35"))
        #expect(refused.code == "timetable_collision", "\(refused.text)")
        #expect(errors(refused) == ["/slots student_overlap", "/slots teacher_overlap"])
        #expect(try change("/v1/bell-schedules/\(bells)", slots("05:40")).status == 200)
        #expect(try delete("/v1/timetable/entries/\(moved)").status == 204)
        #expect(try change("/v1/bell-schedules/\(bells)", slots("05:35")).status == 200)
    }

    @Test func L1_newLead() throws {
        let teachers = "/v1/sections/\(ids.otherSection)/teachers"
        let lead = try #require(deputy.get(teachers).json["items"]?.array.first { $0["role"]?.string == "lead" })
        let taught = try entry(of: ids.section, bells(at: "04:00"))
        _ = try entry(of: ids.otherSection, bells(at: "04:00"))
        let ended = try change("\(teachers)/\(lead["id"]!.string!)", #"{"ends_on": "2025-11-30"}"#)
        #expect(ended.status == 200, "\(ended.text)")
        let teacher = try #require(
            server.owner().query(
                "SELECT id FROM users WHERE school_id = $1 AND login = 'teacher'", [String(ids.school)]
            ).first)
        let refused = try deputy.post(
            teachers, json: #"{"teacher_id": "\#(teacher)", "starts_on": "2025-12-01"}"#)
        #expect(refused.code == "timetable_collision", "\(refused.text)")
        #expect(Set(errors(refused)) == ["/teacher_id teacher_overlap"])
        #expect(refused.json["errors"]?.array.contains { $0["entry_id"]?.string == taught } == true)
    }

    @Test func L1_sectionThatComesBack() throws {
        let row = try #require(
            try server.owner().query(
                "SELECT academic_year_id, subject_id, group_id FROM sections WHERE school_id = $1 AND id = $2",
                [String(ids.school), ids.section]
            ).rows.first)
        let section = try make(
            "/v1/sections",
            """
            {"academic_year_id": "\(row[0]!)", "subject_id": "\(row[1]!)", "group_id": "\(row[2]!)", "name": "Кружок",
            "archived": true}
            """)
        _ = try entry(of: ids.section, bells(at: "03:00"))
        let kept = try entry(of: section, bells(at: "03:00"))
        let refused = try change("/v1/sections/\(section)", #"{"archived": false}"#)
        #expect(refused.code == "timetable_collision", "\(refused.text)")
        #expect(errors(refused) == ["/archived student_overlap"])
        #expect(try delete("/v1/timetable/entries/\(kept)").status == 204)
        #expect(try change("/v1/sections/\(section)", #"{"archived": false}"#).status == 200)
    }

    @Test func L1_entriesHaveDaysInTheYear() throws {
        let year = try make(
            "/v1/academic-years",
            """
            {"name": "2050/2051", "starts_on": "2050-09-01", "ends_on": "2051-05-31",
            "second_half_starts_on": "2051-01-10"}
            """)
        let group = try make("/v1/groups", #"{"academic_year_id": "\#(year)", "kind": "cross", "name": "Хор"}"#)
        let subject = try make("/v1/subjects", #"{"name": "Хоровое пение"}"#)
        let section = try make(
            "/v1/sections",
            """
            {"academic_year_id": "\(year)", "subject_id": "\(subject)", "group_id": "\(group)", "name": "Хор"}
            """)
        let bells = try bells(at: "08:00")
        let body = #"{"section_id": "\#(section)", "bell_schedule_id": "\#(bells)", "weekday": 1, "slot": 1,"#
        let late = try deputy.post("/v1/timetable/entries", json: body + #""starts_on": "2051-06-01"}"#)
        #expect(late.status == 422)
        #expect(errors(late) == ["/starts_on outside_year"])
        let early = try deputy.post(
            "/v1/timetable/entries", json: body + #""starts_on": "2050-08-01", "ends_on": "2050-08-31"}"#)
        #expect(errors(early) == ["/ends_on outside_year"])
        _ = try make("/v1/timetable/entries", body + #""starts_on": "2051-05-20"}"#)
        let refused = try change("/v1/academic-years/\(year)", #"{"ends_on": "2051-05-19"}"#)
        #expect(refused.code == "entry_outside_year", "\(refused.text)")
        #expect(errors(refused) == ["/ends_on entry_outside_year"])
        #expect(try change("/v1/academic-years/\(year)", #"{"ends_on": "2051-05-20"}"#).status == 200)
    }

    /// A bell schedule with one slot of 40 minutes.
    private func bells(at hour: String) throws -> String {
        let year = try #require(
            server.owner().query(
                "SELECT academic_year_id FROM sections WHERE school_id = $1 AND id = $2",
                [String(ids.school), ids.section]
            ).first)
        let end = hour.replacing(":00", with: ":40")
        return try make(
            "/v1/bell-schedules",
            """
            {"academic_year_id": "\(year)", "name": "С \(hour)",
            "slots": [{"slot": 1, "starts_at": "\(hour)", "ends_at": "\(end)"}]}
            """)
    }

    /// An entry on Sundays, on which the demo school has no lessons.
    private func entry(of section: String, _ bells: String, room: String? = nil) throws -> String {
        try make(
            "/v1/timetable/entries",
            """
            {"section_id": "\(section)", "bell_schedule_id": "\(bells)", "weekday": 7, "slot": 1,
            "room_id": \(room.map { "\"\($0)\"" } ?? "null"), "starts_on": "2025-09-01"}
            """)
    }

    private func make(_ path: String, _ json: String) throws -> String {
        let answer = try deputy.post(path, json: json)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["id"]?.string)
    }

    private func change(_ path: String, _ json: String) throws -> TestClient.Answer {
        try deputy.patch(path, json: json, headers: [("If-Match", "*")])
    }

    private func delete(_ path: String) throws -> TestClient.Answer {
        try deputy.send("DELETE", path, headers: [("If-Match", "*")])
    }

    private func errors(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }
}
