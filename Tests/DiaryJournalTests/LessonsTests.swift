import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// `/v1/lessons` and `/v1/lessons/generation`. The demo school has lessons until December; these tests use later days,
/// and Sundays, which are free.
@Suite(.serialized) struct LessonsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        teacher = try server.client("teacher")
    }

    // MARK: Generation

    @Test func L2_lessonsOfAWeekAreMadeOnceAndSeenAtOnce() throws {
        let week = #"{"from": "2026-01-19", "to": "2026-01-25"}"#
        #expect(try lessons("from=2026-01-19&to=2026-01-25").isEmpty)
        let dry = try generate(week, dryRun: true)
        #expect(dry["dry_run"]?.bool == true)
        let made = try #require(dry["made"]?.int)
        #expect(made > 300)
        #expect(try lessons("from=2026-01-19&to=2026-01-25").isEmpty)

        #expect(try counts(generate(week)) == [made, 0, 0, 0, 0, 0])
        #expect(try counts(generate(week)) == [0, 0, 0, made, 0, 0])
        let diary = try server.client("parent").get("/v1/students/\(ids.child)/diary?from=2026-01-19&to=2026-01-25")
        let seen = try #require(diary.json["lessons"]?.array)
        #expect(seen.count > 20)
        #expect(seen.allSatisfy { $0["state"]?.string == "planned" && $0["teacher"]?["last_name"]?.string != nil })
        let journal = try teacher.get("/v1/sections/\(ids.section)/journal?from=2026-01-19&to=2026-01-25")
        let inJournal = journal.json["lessons"]?.array.compactMap { $0["id"]?.string } ?? []
        #expect(!inJournal.isEmpty)
        #expect(try Set(lessons("section_id=\(ids.section)&from=2026-01-19&to=2026-01-25")) == Set(inJournal))
    }

    @Test func L2_onlyTheSectionsOfAClass() throws {
        let made = try generate(
            #"{"from": "2026-01-26", "to": "2026-02-01", "class_id": "\#(ids.class7A)"}"#)
        #expect(try #require(made["made"]?.int) > 20)
        let listed = try lessons("from=2026-01-26&to=2026-02-01")
        #expect(listed.count == made["made"]?.int)
        #expect(try Set(lessons("class_id=\(ids.class7A)&from=2026-01-26&to=2026-02-01")) == Set(listed))
    }

    static let refused = [
        (#"{"from": "2025-09-01", "to": "2026-01-03"}"#, "/to range_too_long"),
        (#"{"from": "2025-09-02", "to": "2025-09-01"}"#, "/to before_start"),
        (#"{"from": "2025-09-01"}"#, "/to required"),
        (#"{"from": "2025-09-01", "to": "2025-09-31"}"#, "/to not_a_date"),
        (#"{"from": "2025-09-01", "to": "2025-09-02", "section_ids": []}"#, "/section_ids too_short"),
        (
            #"{"from": "2025-09-01", "to": "2025-09-02", "section_ids": ["{section}", "{strange}"]}"#,
            "/section_ids/1 unknown_reference"
        ),
        (#"{"from": "2025-09-01", "to": "2025-09-02", "class_id": "{strange}"}"#, "/class_id unknown_reference"),
        (
            #"{"from": "2025-09-01", "to": "2025-09-02", "class_id": "{class}", "section_ids": ["{section}"]}"#,
            "/section_ids exclusive"
        ),
        (#"{"from": "2025-09-01", "to": "2025-09-02", "weeks": 2}"#, "/weeks unknown_field"),
    ]

    @Test(arguments: refused) func L2_requestsThatAreRefused(_ body: String, _ error: String) throws {
        let filled = body.replacing("{section}", with: ids.section).replacing("{strange}", with: ids.strangeSection)
            .replacing("{class}", with: ids.class7A)
        for path in ["/v1/lessons/generation", "/v1/lessons/generation?dry_run=true"] {
            let answer = try deputy.post(path, json: filled)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(errors(answer) == [error])
        }
    }

    @Test func L2_theLongestRangeIsASemester() throws {
        let dry = try generate(
            #"{"from": "2025-09-01", "to": "2026-01-02", "section_ids": ["\#(ids.section)"]}"#, dryRun: true)
        #expect(try #require(dry["unchanged"]?.int) > 20)
    }

    @Test func L2_twoGenerationsAtOnce() throws {
        let body = #"{"from": "2026-02-02", "to": "2026-02-06", "class_id": "\#(ids.otherClass)"}"#
        let threads = (0..<4).map { _ in
            WorkThread { [deputy] in try? deputy.post("/v1/lessons/generation", json: body).json }
        }
        let answers = threads.map { $0.join() }
        let made = answers.compactMap { $0?["made"]?.int }
        #expect(made.count == 4)
        let total = try lessons("class_id=\(ids.otherClass)&from=2026-02-02&to=2026-02-06").count
        #expect(total > 20)
        #expect(made.sorted() == [0, 0, 0, total])
    }

    @Test func L2_aRepeatedRequestGetsTheSameAnswer() throws {
        let body = #"{"from": "2026-02-09", "to": "2026-02-09", "section_ids": ["\#(ids.section)"]}"#
        let answers = try (0..<2).map { _ in
            try deputy.post("/v1/lessons/generation", json: body, headers: [("Idempotency-Key", "week-7")])
        }
        #expect(answers.map { $0.status } == [200, 200])
        #expect(answers[0].text == answers[1].text)
        #expect(answers[1]["Idempotency-Replayed"] == "true")
    }

    /// A Sunday lesson with a mark stays when its entry is deleted, and can be neither moved, cancelled nor deleted.
    @Test func L2_recordsStay() throws {
        let bells = try bells(at: "07:00")
        let entry = try make(
            "/v1/timetable/entries",
            """
            {"section_id": "\(ids.section)", "bell_schedule_id": "\(bells)", "weekday": 7, "slot": 1,
            "starts_on": "2025-11-01"}
            """)
        let days = #"{"from": "2025-11-16", "to": "2025-11-23", "section_ids": ["\#(ids.section)"]}"#
        #expect(try generate(days)["made"]?.int == 2)
        let lesson = try #require(lessons("section_id=\(ids.section)&from=2025-11-16&to=2025-11-16").first)
        let mark = """
            {"marks": [{"lesson_id": "\(lesson)", "student_id": "\(ids.others[0])",
            "value": {"kind": "number", "number": 5}, "version": 0}]}
            """
        let marked = try teacher.patch("/v1/sections/\(ids.section)/journal", json: mark)
        #expect(marked.status == 200, "\(marked.text)")
        for change in [#"{"date": "2025-11-09"}"#, #"{"state": "cancelled"}"#] {
            let answer = try patch(lesson, change)
            #expect(answer.status == 409 && answer.code == "lesson_has_records", "\(answer.text)")
        }
        let deleted = try delete("/v1/lessons/\(lesson)")
        #expect(deleted.status == 409 && deleted.code == "lesson_has_records", "\(deleted.text)")

        #expect(try delete("/v1/timetable/entries/\(entry)").status == 204)
        let again = try generate(days)
        #expect(again["removed"]?.int == 1)
        let kept = again["kept_lessons"]?.array.filter { $0["lesson_id"]?.string == lesson } ?? []
        #expect(kept.map { $0["reason"]?.string } == ["marks"])
        #expect(kept.first?["section_id"]?.string == ids.section && kept.first?["date"]?.string == "2025-11-16")
        #expect(try lessons("section_id=\(ids.section)&from=2025-11-16&to=2025-11-23").contains(lesson))
    }

    @Test func L1_daysOffMakeRoomForAHoliday() throws {
        let year = try deputy.get("/v1/sections/\(ids.section)").json["academic_year_id"]!.string!
        let holiday = """
            {"academic_year_id": "\(year)", "name": "Карантин", "starts_on": "2026-03-04", "ends_on": "2026-03-04"}
            """
        let day = #"{"from": "2026-03-04", "to": "2026-03-04""#
        let made = try #require(try generate(day + "}")["made"]?.int)
        #expect(made > 50)
        #expect(try deputy.post("/v1/holidays", json: holiday).code == "lesson_on_holiday")
        #expect(try counts(generate(day + #", "days_off": true}"#)) == [0, 0, made, 0, 0, 0])
        _ = try make("/v1/holidays", holiday)
        #expect(try counts(generate(day + "}")) == [0, 0, 0, 0, 0, 0])
    }

    // MARK: Lessons by hand

    @Test func L2_aLessonByHand() throws {
        let (bells, room) = (try bells(at: "06:00"), try make("/v1/rooms", #"{"name": "Теплица"}"#))
        let body = """
            {"section_id": "\(ids.section)", "date": "2025-11-30", "bell_schedule_id": "\(bells)", "slot": 1,
            "room_id": "\(room)"}
            """
        let made = try deputy.post("/v1/lessons", json: body)
        #expect(made.status == 201, "\(made.text)")
        let lesson = try #require(made.json["id"]?.string)
        #expect(made.json["starts_at"]?.string == "2025-11-30T06:00:00+05:00")
        #expect(made.json["state"]?.string == "planned")
        #expect(made.json["timetable_entry_id"]?.isNull == true)
        // The section's lead of that day.
        let lead = try #require(
            server.owner().query(
                "SELECT id FROM users WHERE school_id = $1 AND login = 'teacher'", [String(ids.school)]
            ).first)
        #expect(made.json["teacher_id"]?.string == lead)
        for filter in [
            "section_id=\(ids.section)", "class_id=\(ids.class7A)", "teacher_id=\(lead)", "room_id=\(room)",
            "state=planned",
        ] {
            #expect(try lessons("\(filter)&from=2025-11-30&to=2025-11-30") == [lesson], "\(filter)")
        }
        for filter in [
            "section_id=\(ids.otherSection)", "class_id=\(ids.otherClass)", "teacher_id=\(ids.child)", "state=held",
            "room_id=\(DemoSchoolIDs.nothing)",
        ] {
            #expect(try lessons("\(filter)&from=2025-11-30&to=2025-11-30").isEmpty, "\(filter)")
        }
        // L1: the lesson of another section of the class at the same time.
        let other = try #require(
            server.owner().query(
                """
                SELECT o.id FROM sections s JOIN sections o ON o.school_id = s.school_id AND o.group_id = s.group_id
                    AND o.id <> s.id
                WHERE s.school_id = $1 AND s.id = $2 ORDER BY o.id LIMIT 1
                """, [String(ids.school), ids.section]
            ).first)
        let overlap = try deputy.post(
            "/v1/lessons",
            json: """
                {"section_id": "\(other)", "date": "2025-11-30", "bell_schedule_id": "\(bells)", "slot": 1,
                "teacher_id": null}
                """)
        #expect(overlap.status == 409, "\(overlap.text)")
        #expect(["student_overlap", "conflict"].contains(overlap.code))

        let moved = try patch(lesson, #"{"date": "2025-12-07", "room_id": null}"#)
        #expect(moved.status == 200, "\(moved.text)")
        #expect(moved.json["starts_at"]?.string == "2025-12-07T06:00:00+05:00")
        #expect(try patch(lesson, #"{"slot": 7}"#).status == 422)
        #expect(try patch(lesson, #"{"date": "2031-12-07"}"#).code == "lesson_outside_year")
        #expect(try patch(lesson, #"{"state": "held"}"#).code == "lesson_in_future")
        #expect(try patch(lesson, #"{"state": "cancelled"}"#).json["state"]?.string == "cancelled")
        #expect(try lessons("state=cancelled&from=2025-12-07&to=2025-12-07") == [lesson])
        #expect(try delete("/v1/lessons/\(lesson)").status == 204)
        #expect(try deputy.get("/v1/lessons/\(lesson)").status == 404)
    }

    @Test func L2_idsOfAnotherSchoolAreUnknown() throws {
        let strange = try #require(
            server.owner().query(
                "SELECT id FROM lessons WHERE school_id = $1 ORDER BY id LIMIT 1", [String(ids.otherSchool)]
            ).first)
        #expect(try deputy.get("/v1/lessons/\(strange)").status == 404)
        #expect(try patch(strange, "{}").status == 404)
        #expect(try delete("/v1/lessons/\(strange)").status == 404)
        #expect(try lessons("section_id=\(ids.strangeSection)").isEmpty)
        let refused = try deputy.post(
            "/v1/lessons",
            json: """
                {"section_id": "\(ids.strangeSection)", "date": "2025-11-30",
                "bell_schedule_id": "\(bells(at: "05:00"))", "slot": 1}
                """)
        #expect(errors(refused) == ["/section_id unknown_reference"])
    }

    @Test func listIsPaged() throws {
        let path = "/v1/lessons?section_id=\(ids.section)&from=2025-10-01&to=2025-10-31"
        let whole = try deputy.get(path + "&limit=200&include=total").json
        let all = whole["items"]?.array.compactMap { $0["id"]?.string } ?? []
        #expect(all.count > 5 && whole["total"]?.int == all.count)
        var (seen, cursor) = ([String](), "")
        repeat {
            let page = try deputy.get(path + "&limit=4" + cursor)
            try #require(page.status == 200, "\(page.text)")
            seen += page.json["items"]?.array.compactMap { $0["id"]?.string } ?? []
            cursor = page.json["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(seen == all)
        for query in ["from=2025-10-01", "from=2025-10-02&to=2025-10-01", "state=done", "section_id=x", "colour=red"] {
            #expect(try deputy.get("/v1/lessons?\(query)").status == 400, "\(query)")
        }
    }

    /// L3: a lesson without a topic suggests one; a lesson with a topic does not.
    @Test func L3_theNextTopicIsSuggested() throws {
        let query = """
            SELECT id FROM lessons WHERE school_id = $1 AND section_id = $2 AND state <> 'cancelled'
                AND (plan_topic_id IS NULL) = $3::boolean ORDER BY date DESC LIMIT 1
            """
        let values = [String(ids.school), ids.section]
        let next = try #require(server.owner().query(query, values + ["true"]).first)
        let topic = try teacher.get("/v1/lessons/\(next)").json["suggested_topic"]
        #expect(topic?["title"]?.string?.isEmpty == false)
        let planTopic = try #require(topic?["plan_topic_id"]?.string)
        #expect(
            try server.owner().query(
                "SELECT count(*) FROM lessons WHERE school_id = $1 AND section_id = $2 AND plan_topic_id = $3",
                values + [planTopic]
            ).first == "0")
        let done = try #require(server.owner().query(query, values + ["false"]).first)
        #expect(try teacher.get("/v1/lessons/\(done)").json["suggested_topic"]?.isNull == true)
    }

    // MARK: Requests

    private func generate(_ json: String, dryRun: Bool = false) throws -> JSONValue {
        let answer = try deputy.post("/v1/lessons/generation\(dryRun ? "?dry_run=true" : "")", json: json)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func counts(_ answer: JSONValue) -> [Int] {
        ["made", "changed", "removed", "unchanged", "kept", "left_out"].map { answer[$0]?.int ?? -1 }
    }

    /// The ids of all pages.
    private func lessons(_ query: String) throws -> [String] {
        var (seen, cursor) = ([String](), "")
        repeat {
            let page = try deputy.get("/v1/lessons?limit=200&\(query)\(cursor)")
            try #require(page.status == 200, "\(page.text)")
            seen += page.json["items"]?.array.compactMap { $0["id"]?.string } ?? []
            cursor = page.json["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        return seen
    }

    /// A bell schedule with one slot of 40 minutes.
    private func bells(at hour: String) throws -> String {
        let year = try deputy.get("/v1/sections/\(ids.section)").json["academic_year_id"]!.string!
        let end = hour.replacing(":00", with: ":40")
        return try make(
            "/v1/bell-schedules",
            """
            {"academic_year_id": "\(year)", "name": "С \(hour)",
            "slots": [{"slot": 1, "starts_at": "\(hour)", "ends_at": "\(end)"}]}
            """)
    }

    private func make(_ path: String, _ json: String) throws -> String {
        let answer = try deputy.post(path, json: json)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["id"]?.string)
    }

    private func patch(_ lesson: String, _ json: String) throws -> TestClient.Answer {
        try deputy.patch("/v1/lessons/\(lesson)", json: json, headers: [("If-Match", "*")])
    }

    private func delete(_ path: String) throws -> TestClient.Answer {
        try deputy.send("DELETE", path, headers: [("If-Match", "*")])
    }

    private func errors(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }
}
