import Diary
import DiaryTestSupport
import JSON
import Postgres
import Testing

/// What is special about resources of the school's set-up. `ResourceConformanceTests` tests what all declared resources
/// have in common.
@Suite(.serialized) struct SchoolSetUpTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient
    /// An empty academic year for the tests.
    let year: String

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        let body = """
            {"name": "2030/2031", "starts_on": "2030-09-01", "ends_on": "2031-05-31", "second_half_starts_on": "2031-01-10"}
            """
        _ = try deputy.post("/v1/academic-years", json: body)
        year = try server.owner().query(
            "SELECT id FROM academic_years WHERE school_id = $1 AND name = '2030/2031'", [String(ids.school)]
        ).first!
    }

    private func make(_ path: String, _ json: String) throws -> JSONValue {
        let answer = try deputy.post(path, json: json)
        try #require(answer.status == 201, "\(path): \(answer.text)")
        return answer.json
    }

    private func change(
        _ path: String, _ json: String, ifMatch tag: String? = "*", _ client: TestClient? = nil
    ) throws -> TestClient.Answer {
        try (client ?? deputy).patch(path, json: json, headers: tag.map { [("If-Match", $0)] } ?? [])
    }

    private func delete(_ path: String, ifMatch tag: String? = "*") throws -> TestClient.Answer {
        try deputy.send("DELETE", path, headers: tag.map { [("If-Match", $0)] } ?? [])
    }

    private func errors(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }

    // MARK: The year

    @Test func M1_theYearOfRecordsKeepsItsFirstDay() throws {
        let year = try server.owner().query(
            "SELECT id FROM academic_years WHERE school_id = $1 AND state = 'open'", [String(ids.school)]
        ).first!
        let answer = try change("/v1/academic-years/\(year)", #"{"starts_on": "2025-08-25"}"#)
        #expect(answer.status == 409)
        #expect(errors(answer) == ["/starts_on has_records"])
    }

    // MARK: Versions and keys

    @Test func M5_onlyTheCurrentVersionMatches() throws {
        let id = try make("/v1/rooms", #"{"name": "Р-2"}"#)["id"]!.string!
        let path = "/v1/rooms/\(id)"
        for tag in ["\"v2\"", "W/\"v1\"", "\"x\"", "v1", "\"v01\"", "\"v99999999999\""] {
            #expect(try change(path, #"{"name": "x"}"#, ifMatch: tag).status == 412, "\(tag)")
            #expect(try delete(path, ifMatch: tag).status == 412, "\(tag)")
        }
        #expect(try deputy.get(path).json["name"]?.string == "Р-2")
        #expect(try change(path, #"{"name": "Р-2а"}"#, ifMatch: "\"v7\", \"v1\"").status == 200)
        #expect(try delete(path, ifMatch: "\"v2-gz\"").status == 204)
    }

    /// Ten writers with the same version: exactly one succeeds.
    @Test func M5_oneOfManyWritersSucceeds() async throws {
        let id = try make("/v1/rooms", #"{"name": "Р-3"}"#)["id"]!.string!
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<10 {
                group.addTask {
                    try change("/v1/rooms/\(id)", #"{"capacity": \#(number + 1)}"#, ifMatch: "\"v1\"").status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.filter { $0 == 200 }.count == 1)
        #expect(statuses.filter { $0 == 412 }.count == 9)
        #expect(try deputy.get("/v1/rooms/\(id)").json["version"]?.int == 2)
    }

    /// A refusal is replayed too.
    @Test func repeatOfARefusalIsRefused() throws {
        _ = try make("/v1/subjects", #"{"name": "Астрология"}"#)
        for _ in 0..<2 {
            let keyed = try deputy.post(
                "/v1/subjects", json: #"{"name": "Астрология"}"#, headers: [("Idempotency-Key", "subject-twice")])
            #expect(keyed.code == "already_exists")
        }
    }

    @Test func repeatWithTheSameKeyMakesOneRoom() throws {
        let key = [("Idempotency-Key", "room-once")]
        let first = try deputy.post("/v1/rooms", json: #"{"name": "Р-4"}"#, headers: key)
        let second = try deputy.post("/v1/rooms", json: #"{"name": "Р-4"}"#, headers: key)
        #expect(first.status == 201)
        #expect(second.status == 201)
        #expect(second.text == first.text)
        #expect(second["ETag"] == first["ETag"])
        #expect(second["Location"] == first["Location"])
        #expect(second["Idempotency-Replayed"] == "true")
    }

    // MARK: Mistakes of clients

    @Test func everyInvalidFieldIsReported() throws {
        let answer = try deputy.post(
            "/v1/terms",
            json: """
                {"academic_year_id": "x", "kind": "month", "ordinal": 5, "starts_on": "2030-02-30", "ends_on": 7,
                "marks_close_on": null, "grade_levels": [1, 1, 12, "2"], "colour": "red"}
                """)
        #expect(answer.status == 422)
        #expect(
            errors(answer) == [
                "/academic_year_id not_a_uuid", "/kind not_one_of", "/ordinal out_of_range", "/name required",
                "/starts_on not_a_date", "/ends_on wrong_type", "/marks_close_on null_not_allowed",
                "/grade_levels/1 duplicate_item", "/grade_levels/2 out_of_range", "/grade_levels/3 wrong_type",
                "/colour unknown_field",
            ])
        #expect(try deputy.post("/v1/rooms", json: "[]").status == 422)
        #expect(try deputy.post("/v1/rooms", json: "{").status == 400)
        #expect(try errors(deputy.post("/v1/rooms", json: #"{"name": ""}"#)) == ["/name too_short"])
        #expect(try deputy.post("/v1/rooms?x=1", json: #"{"name": "Р"}"#).status == 400)
        #expect(
            try errors(
                deputy.post(
                    "/v1/bell-schedules",
                    json: """
                        {"academic_year_id": "\(year)", "name": "З", "slots": [{"slot": 1, "starts_at": "8:30"},
                        {"slot": 2, "starts_at": "24:00", "ends_at": "09:60", "room": 1}]}
                        """))
                == [
                    "/slots/0/starts_at not_a_time", "/slots/0/ends_at required", "/slots/1/starts_at not_a_time",
                    "/slots/1/ends_at not_a_time", "/slots/1/room unknown_field",
                ])
    }

    @Test func rowsOfAnotherSchoolOrParentAreNotFound() throws {
        let group = try deputy.post(
            "/v1/groups",
            json:
                #"{"academic_year_id": "\#(year)", "kind": "part", "name": "x", "class_id": "\#(ids.strangeRows["{room_id}"]!)"}"#
        )
        #expect(errors(group) == ["/class_id unknown_reference"])
        let member = try deputy.post(
            "/v1/groups/\(ids.strangeRows["{group_id}"]!)/members",
            json: #"{"student_id": "\#(ids.child)", "starts_on": "2025-09-01"}"#)
        #expect(member.status == 404)
        // A row of another parent is not found.
        let teacher = ids.rows["{class_teacher_id}"]!
        #expect(try deputy.get("/v1/classes/\(ids.class7A)/teachers/\(teacher)").status == 200)
        #expect(try deputy.get("/v1/classes/\(ids.otherClass)/teachers/\(teacher)").status == 404)
        #expect(try change("/v1/classes/\(ids.otherClass)/teachers/\(teacher)", "{}").status == 404)
        #expect(try delete("/v1/classes/\(ids.otherClass)/teachers/\(teacher)").status == 404)
    }

    @Test func usedRowsAreNotDeleted() throws {
        for (path, name) in [
            ("academic-years", "academic_year_id"), ("subjects", "subject_id"), ("categories", "category_id"),
        ] {
            let used = try server.owner().query(
                name == "subject_id"
                    ? "SELECT subject_id FROM sections WHERE school_id = $1 LIMIT 1"
                    : name == "category_id"
                        ? "SELECT category_id FROM line_items WHERE school_id = $1 AND category_id IS NOT NULL LIMIT 1"
                        : "SELECT academic_year_id FROM classes WHERE school_id = $1 LIMIT 1", [String(ids.school)]
            ).first!
            #expect(try delete("/v1/\(path)/\(used)").code == "in_use", "\(path)")
        }
        #expect(try delete("/v1/classes/\(ids.class7A)").code == "in_use")
        #expect(try delete("/v1/groups/\(ids.class7A)").code == "in_use")
    }

    // MARK: Years, terms, bells

    @Test func L1_termsOverlapOnlyForTheSameGradeLevels() throws {
        func term(_ from: String, _ to: String, _ close: String, _ levels: String) throws -> TestClient.Answer {
            try deputy.post(
                "/v1/terms",
                json: """
                    {"academic_year_id": "\(year)", "kind": "quarter", "ordinal": 1, "name": "1 четверть", "starts_on": "\(from)",
                    "ends_on": "\(to)", "marks_close_on": "\(close)", "grade_levels": \(levels)}
                    """)
        }
        let made = try term("2030-09-01", "2030-10-26", "2030-10-28", "[5,6]")
        #expect(made.status == 201)
        #expect(made.json["grade_levels"]?.array.map { $0.int } == [5, 6])
        #expect(try errors(term("2030-10-26", "2030-12-26", "2030-12-28", "[6,7]")) == ["/starts_on overlap"])
        #expect(try term("2030-10-26", "2030-12-26", "2030-12-28", "[7]").status == 201)
    }

    @Test func bellSlotsAreReplacedAsAWhole() throws {
        let slots =
            #"[{"slot": 1, "starts_at": "08:30", "ends_at": "09:15"}, {"slot": 2, "starts_at": "09:25", "ends_at": "10:10"}]"#
        let made = try make(
            "/v1/bell-schedules", #"{"academic_year_id": "\#(year)", "name": "Смена", "slots": \#(slots)}"#)
        #expect(made["version"]?.int == 1)
        #expect(made["slots"]?.array.map { $0["starts_at"]?.string } == ["08:30", "09:25"])
        #expect(made["grade_levels"]?.array.count == 11)
        let path = "/v1/bell-schedules/\(made["id"]!.string!)"
        let shorter = try change(
            path, #"{"slots": [{"slot": 3, "starts_at": "08:00", "ends_at": "08:40"}]}"#, ifMatch: "\"v1\"")
        #expect(shorter.json["version"]?.int == 2)
        #expect(shorter.json["slots"]?.array.map { $0["slot"]?.int } == [3])
        // A stale write changes neither the row nor its slots; a change of only the row leaves the slots unchanged.
        #expect(try change(path, #"{"slots": []}"#, ifMatch: "\"v1\"").status == 412)
        let renamed = try change(path, #"{"name": "Другая"}"#, ifMatch: "\"v2\"")
        #expect(renamed.json["slots"]?.array.count == 1)
        #expect(renamed.json["version"]?.int == 3)
        #expect(try change(path, #"{"slots": [{"slot": 1, "starts_at": "09:00", "ends_at": "08:40"}]}"#).status == 422)
        #expect(try deputy.get(path).json["slots"]?.array.count == 1)
    }

    // MARK: Classes, groups, load

    @Test func classHasItsGroupAndMembersFollowEnrollments() throws {
        let made = try make(
            "/v1/classes", #"{"academic_year_id": "\#(year)", "grade_level": 8, "letter": "Я", "name": "8Я"}"#)
        let id = made["id"]!.string!
        let group = try deputy.get("/v1/groups/\(made["group_id"]!.string!)")
        #expect(group.json["kind"]?.string == "class")
        #expect(group.json["name"]?.string == "8Я")
        let enrollment = try make(
            "/v1/enrollments", #"{"student_id": "\#(ids.others[3])", "class_id": "\#(id)", "starts_on": "2030-09-01"}"#,
            ending: ids.others[3])
        let members = try deputy.get("/v1/groups/\(id)/members").json["items"]!.array
        #expect(members.map { $0["student_id"]?.string } == [ids.others[3]])
        let member = "/v1/groups/\(id)/members/\(members[0]["id"]!.string!)"
        #expect(try change(member, #"{"ends_on": "2030-10-01"}"#).code == "class_group_follows_enrollments")
        #expect(try delete(member).code == "class_group_follows_enrollments")
        let path = "/v1/enrollments/\(enrollment["id"]!.string!)"
        #expect(try errors(change(path, #"{"ends_on": "2030-08-01"}"#)) == ["/ends_on before_start"])
        #expect(try change(path, #"{"ends_on": "2030-12-31", "end_reason": "Переезд"}"#).status == 200)
        #expect(try deputy.get(member).json["ends_on"]?.string == "2030-12-31")
        let second = try deputy.post(
            "/v1/enrollments",
            json: #"{"student_id": "\#(ids.others[3])", "class_id": "\#(id)", "starts_on": "2030-12-31"}"#)
        #expect(errors(second) == ["/starts_on overlap"])
    }

    @Test func A4_teacherWritesFromTheFirstDayOfTheAssignment() throws {
        let teacher = try server.owner().query(
            "SELECT id FROM users WHERE school_id = $1 AND login = 'teacher'", [String(ids.school)]
        ).first!
        let client = try server.client("teacher")
        let path = "/v1/sections/\(ids.otherSection)"
        #expect(try client.get("\(path)/journal").status == 404)
        let load = try make(
            "\(path)/teachers", #"{"teacher_id": "\#(teacher)", "role": "co", "starts_on": "\#(TestServer.today)"}"#)
        #expect(try client.get("\(path)/journal").status == 200)
        #expect(
            try errors(
                deputy.post(
                    "\(path)/teachers",
                    json: #"{"teacher_id": "\#(ids.child)", "role": "co", "starts_on": "2025-09-01"}"#))
                == ["/teacher_id unknown_reference"])
        #expect(
            try errors(
                deputy.post("\(path)/teachers", json: #"{"teacher_id": "\#(teacher)", "starts_on": "2025-12-01"}"#))
                == ["/starts_on overlap"])
        #expect(try delete("\(path)/teachers/\(load["id"]!.string!)").status == 204)
        #expect(try client.get("\(path)/journal").status == 404)
    }

    @Test func onlyPartsHaveAClass() throws {
        func group(_ kind: String, _ ofClass: String?) throws -> TestClient.Answer {
            let year = try server.owner().query(
                "SELECT academic_year_id FROM classes WHERE school_id = $1 AND id = $2",
                [String(ids.school), ids.class7A]
            ).first!
            return try deputy.post(
                "/v1/groups",
                json: """
                    {"academic_year_id": "\(year)", "kind": "\(kind)", "name": "Группа",
                    "class_id": \(ofClass.map { "\"\($0)\"" } ?? "null")}
                    """)
        }
        #expect(try errors(group("cross", ids.class7A)) == ["/class_id part_of_a_class"])
        #expect(try errors(group("class", ids.class7A)) == ["/kind not_one_of"])
        let made = try group("part", ids.class7A)
        #expect(made.status == 201)
        let path = "/v1/groups/\(made.json["id"]!.string!)/members"
        let member = try make(path, #"{"student_id": "\#(ids.child)", "starts_on": "2025-10-01"}"#)
        #expect(
            try errors(deputy.post(path, json: #"{"student_id": "\#(ids.child)", "starts_on": "2025-11-01"}"#)) == [
                "/starts_on overlap"
            ])
        #expect(try change("\(path)/\(member["id"]!.string!)", #"{"ends_on": "2025-10-31"}"#).status == 200)
        #expect(
            try deputy.post(path, json: #"{"student_id": "\#(ids.child)", "starts_on": "2025-11-01"}"#).status == 201)
    }

    /// A5: the audit log records who changed the teaching load and memberships, with the request.
    @Test func A5_changesOfTheTeachingLoadAreRecorded() throws {
        let teacher = ids.rows["{class_teacher_id}"]!
        let path = "/v1/classes/\(ids.class7A)/teachers/\(teacher)"
        let answer = try deputy.patch(
            path, json: #"{"starts_on": "2025-08-31"}"#, headers: [("If-Match", "*"), ("X-Request-Id", "audit-1")])
        #expect(answer.status == 200)
        let row = try server.owner().query(
            """
            SELECT a.entity, u.login, a.before ->> 'starts_on', a.after ->> 'starts_on' FROM audit_log a
            JOIN users u ON u.school_id = a.school_id AND u.id = a.changed_by
            WHERE a.school_id = $1 AND a.request_id = 'audit-1'
            """, [String(ids.school)]
        ).rows
        #expect(row.count == 1)
        #expect(row.first == ["class_teachers", "deputy", "2025-09-01", "2025-08-31"])
    }

    /// Ends the student's open enrollment and creates a new one.
    private func make(_ path: String, _ json: String, ending student: String) throws -> JSONValue {
        let open = try server.owner().query(
            "SELECT id FROM enrollments WHERE school_id = $1 AND student_id = $2 AND ends_on IS NULL",
            [String(ids.school), student]
        ).first!
        #expect(try deputy.post(path, json: json).status == 409)
        #expect(try change("/v1/enrollments/\(open)", #"{"ends_on": "2030-05-31"}"#).status == 200)
        return try make(path, json)
    }
}
