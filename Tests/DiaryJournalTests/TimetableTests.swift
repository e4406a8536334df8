import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/timetable`.
@Suite(.serialized) struct TimetableTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient
    let parent: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        parent = try server.client("parent")
    }

    private func timetable(_ client: TestClient, _ query: String) throws -> JSONValue {
        let answer = try client.get("/v1/timetable?\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func lessons(_ timetable: JSONValue) -> [JSONValue] {
        timetable["days"]?.array.flatMap { $0["lessons"]?.array ?? [] } ?? []
    }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    /// A week that has been generated: the lessons of the diary.
    @Test func A1_theStudentsTimetableIsTheDiary() throws {
        let week = "from=2025-11-10&to=2025-11-16"
        let shown = try timetable(parent, "student_id=\(ids.child)&\(week)")
        #expect(shown["student"]?["id"]?.string == ids.child)
        #expect(shown["days"]?.array.map { $0["date"]!.string! } == (10...16).map { "2025-11-\($0)" })
        let diary = try parent.get("/v1/students/\(ids.child)/diary?\(week)").json["lessons"]?.array ?? []
        #expect(Set(lessons(shown).map { $0["lesson_id"]?.string }) == Set(diary.map { $0["id"]?.string }))
        #expect(diary.count > 20)
        #expect(lessons(shown).map { $0["starts_at"]?.string } == diary.map { $0["starts_at"]?.string })
    }

    /// Days without lessons yet have what the generation then makes, and holidays have nothing.
    @Test func L2_daysThatComeAreFromTheWeeklyTimetable() throws {
        let days = (from: "2026-01-26", to: "2026-02-01")
        let query = "class_id=\(ids.otherClass)&from=\(days.from)&to=\(days.to)"
        let before = try timetable(deputy, query)
        #expect(lessons(before).count > 20)
        #expect(
            lessons(before).allSatisfy { $0["lesson_id"]?.isNull == true && $0["timetable_entry_id"]?.string != nil })
        let made = try deputy.post(
            "/v1/lessons/generation",
            json: #"{"from": "\#(days.from)", "to": "\#(days.to)"}"#)
        #expect(made.status == 200 && made.json["left_out"]?.int == 0, "\(made.text)")
        let after = try timetable(deputy, query)
        func places(_ view: JSONValue) -> [String] {
            lessons(view).map {
                "\($0["starts_at"]!.string!) \($0["section_id"]!.string!) \($0["teacher"]?["id"]?.string ?? "") \($0["room"]?.string ?? "")"
            }.sorted()
        }
        #expect(lessons(after).allSatisfy { $0["lesson_id"]?.string != nil })
        #expect(places(after) == places(before))
        let holiday = try rows(
            "SELECT starts_on, name FROM holidays WHERE school_id = $1 AND starts_on > '2025-12-01' AND grade_levels IS NULL ORDER BY 1 LIMIT 1"
        )[0]
        let day = try timetable(deputy, "class_id=\(ids.otherClass)&from=\(holiday[0]!)&to=\(holiday[0]!)")
        #expect(lessons(day).isEmpty)
        #expect(day["days"]?.array.first?["holiday"]?.string == holiday[1])
        // What has not been made in the past did not take place.
        #expect(lessons(try timetable(deputy, "class_id=\(ids.class7A)&from=2025-08-01&to=2025-08-20")).isEmpty)
    }

    @Test func L2_substitutionsAreApplied() throws {
        let lesson = try rows(
            """
            SELECT id, date, teacher_id, room_id FROM lessons WHERE school_id = $1 AND section_id = $2 AND date > $3
            ORDER BY date, slot LIMIT 1
            """, ids.section, TestServer.today)[0].map { $0 ?? "" }
        let day = "from=\(lesson[1])&to=\(lesson[1])"
        func shown(_ subject: String) throws -> JSONValue? {
            lessons(try timetable(deputy, "\(subject)&\(day)")).first { $0["lesson_id"]?.string == lesson[0] }
        }
        for subject in [
            "class_id=\(ids.class7A)", "teacher_id=\(lesson[2])", "room_id=\(lesson[3])", "student_id=\(ids.child)",
        ] {
            #expect(try shown(subject)?["substitution"]?.isNull == true, "\(subject)")
        }
        let free = try #require(
            try deputy.get("/v1/lessons/\(lesson[0])/substitutes?limit=1").json["items"]?.array.first?["id"]?.string)
        let made = try deputy.post(
            "/v1/substitutions", json: #"{"kind": "replace", "lesson_id": "\#(lesson[0])", "teacher_id": "\#(free)"}"#)
        #expect(made.status == 201, "\(made.text)")
        #expect(try shown("class_id=\(ids.class7A)")?["teacher"]?["id"]?.string == free)
        #expect(try shown("class_id=\(ids.class7A)")?["substitution"]?["kind"]?.string == "replace")
        #expect(try shown("teacher_id=\(free)") != nil)
        #expect(try shown("teacher_id=\(lesson[2])") == nil)
        #expect(try deputy.delete("/v1/substitutions/\(made.json["id"]!.string!)").status == 204)

        let cancelled = try deputy.post("/v1/substitutions", json: #"{"kind": "cancel", "lesson_id": "\#(lesson[0])"}"#)
        #expect(try shown("teacher_id=\(lesson[2])")?["state"]?.string == "cancelled")
        #expect(try deputy.delete("/v1/substitutions/\(cancelled.json["id"]!.string!)").status == 204)
    }

    /// A1: a family asks for its own student only.
    @Test func A1_foreignStudentsAreUnknown() throws {
        for client in [parent, try server.client("student")] {
            #expect(try client.get("/v1/timetable?student_id=\(ids.others[0])").status == 404)
            #expect(try client.get("/v1/timetable?class_id=\(ids.class7A)").status == 403)
            #expect(try client.get("/v1/timetable?room_id=\(DemoSchoolIDs.nothing)").status == 403)
        }
        #expect(try deputy.get("/v1/timetable?student_id=\(ids.stranger)").status == 404)
        #expect(try deputy.get("/v1/timetable?teacher_id=\(ids.child)").status == 404)
    }

    /// A1: the lessons of a foreign student are not even looked for, so that the time of the answer tells nothing.
    @Test func A1_foreignStudentsCostNoTimetable() throws {
        let function = "lyceum.timetable(integer, date, date, text, uuid)"
        let owner = try server.owner()
        let definition = try #require(
            try owner.query("SELECT pg_get_functiondef('\(function)'::regprocedure)", []).first)
        try owner.execute(
            definition.replacing(
                "begin\n", with: "begin\nif p_subject is not null then raise 'looked for'; end if;\n",
                maxReplacements: 1))
        let foreign = try parent.get("/v1/timetable?student_id=\(ids.others[0])").status
        let own = try parent.get("/v1/timetable?student_id=\(ids.child)").status
        try owner.execute(definition)
        #expect(foreign == 404)
        #expect(own == 500, "the trap works")
    }

    @Test func requestsAreChecked() throws {
        let child = "student_id=\(ids.child)"
        for query in [
            "", "from=2025-11-10&to=2025-11-16", "\(child)&class_id=\(ids.class7A)", "\(child)&from=2025-11-10",
            "\(child)&from=2025-11-01&to=2025-12-02", "student_id=x", "student_id=x&class_id=y", "\(child)&colour=red",
        ] {
            #expect(try parent.get("/v1/timetable?\(query)").status == 400, "\(query)")
        }
        let answer = try parent.get("/v1/timetable?\(child)")
        let tag = try #require(answer["ETag"])
        #expect(answer.json["from"]?.string == "2025-11-17" && answer.json["to"]?.string == "2025-11-23")
        #expect(try parent.get("/v1/timetable?\(child)", headers: [("If-None-Match", tag)]).status == 304)
        #expect(try parent.get("/v1/timetable?\(child)&from=2025-11-01&to=2025-12-01").status == 200)
    }
}
