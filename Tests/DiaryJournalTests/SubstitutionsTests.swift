import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `/v1/substitutions` and `/v1/lessons/{id}/substitutes`; what families and teachers see of them.
@Suite(.serialized) struct SubstitutionsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient
    let parent: TestClient
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        parent = try server.client("parent")
        teacher = try server.client("teacher")
    }

    // MARK: The way of a substitution

    @Test func L2_aReplacementIsSeenByAllAndTakenBack() throws {
        let lesson = try lesson(1)
        let before = try record(lesson)
        let free = try #require(try substitutes(lesson).first?["id"]?.string)
        let made = try deputy.post(
            "/v1/substitutions",
            json:
                #"{"kind": "replace", "lesson_id": "\#(lesson)", "teacher_id": "\#(free)", "reason": "Больничный лист"}"#
        )
        #expect(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"]?.string)
        #expect(made["Location"]?.hasSuffix("/v1/substitutions/\(id)") == true)
        #expect(made.json["teacher"]?["id"]?.string == free)
        #expect(made.json["old_teacher"]?["id"]?.string == before["teacher_id"]?.string)
        #expect(made.json["reason"]?.string == "Больничный лист")
        #expect(made.json["class"]?["name"]?.string == "7А")
        #expect(made.json["created_by"]?["last_name"]?.string != nil)

        let date = try #require(before["date"]?.string)
        // The sheet of the day.
        #expect(try sheet("date=\(date)").contains(id))
        #expect(try sheet("date=\(date)&class_id=\(ids.class7A)").contains(id))
        #expect(try sheet("date=\(date)&teacher_id=\(free)") == [id])
        #expect(try !sheet("date=\(date)&class_id=\(ids.otherClass)").contains(id))

        // The family sees who teaches, and not why.
        let seen = try inDiary(lesson, date)
        #expect(seen?["teacher"]?["id"]?.string == free)
        #expect(seen?["substitution"]?["kind"]?.string == "replace")
        let names = ["last_name", "first_name", "middle_name"].compactMap { made.json["old_teacher"]?[$0]?.string }
        #expect(seen?["substitution"]?["old_teacher"]?.string == names.joined(separator: " "))
        #expect(seen?["substitution"]?["reason"] == nil)
        // So does the journal.
        let inJournal = try inJournal(lesson, date)
        #expect(inJournal?["teacher"]?["id"]?.string == free)
        #expect(inJournal?["substitution"]?["kind"]?.string == "replace")

        #expect(try deputy.delete("/v1/substitutions/\(id)").status == 204)
        #expect(try deputy.delete("/v1/substitutions/\(id)").status == 204)
        #expect(try place(record(lesson)) == place(before))
        #expect(try inDiary(lesson, date)?["substitution"]?.isNull == true)
        #expect(try !sheet("date=\(date)").contains(id))
        let kept = try deputy.get("/v1/substitutions/\(id)").json
        #expect(kept["cancelled_at"]?.string != nil && kept["cancelled_by"]?["id"]?.string != nil)
    }

    /// A4: the substitute writes in that lesson, and in no other one of the section.
    @Test func A4_theSubstituteWritesInThatLesson() throws {
        let (lesson, other) = (ids.lesson, try heldLesson())
        let name = "zamena"
        let substitute = try makeTeacher(name)
        #expect(try teacherOf(name).patch(journal, json: topic(lesson)).status == 404)
        let id = try make(#"{"kind": "replace", "lesson_id": "\#(lesson)", "teacher_id": "\#(substitute)"}"#)
        let written = try teacherOf(name).patch(journal, json: topic(lesson))
        #expect(written.status == 200, "\(written.text)")
        let refused = try teacherOf(name).patch(journal, json: topic(other))
        #expect(refused.status == 409 && refused.text.contains("not_your_lesson"), "\(refused.text)")
        #expect(try deputy.delete("/v1/substitutions/\(id)").status == 204)
        #expect(try teacherOf(name).patch(journal, json: topic(lesson)).status != 200)
    }

    /// A lesson that moves to another day is on the sheets of both, and the family is told on both.
    @Test func L2_aMoveIsSeenOnBothDays() throws {
        let lesson = try lesson(2)
        let before = try record(lesson)
        let date = try #require(before["date"]?.string)
        let id = try make(#"{"kind": "move", "lesson_id": "\#(lesson)", "date": "2025-11-29", "slot": 1}"#)
        #expect(try sheet("date=\(date)").contains(id))
        #expect(try sheet("date=2025-11-29").contains(id))
        let gone = try diary(date)
        #expect(gone["lessons"]?.array.contains { $0["id"]?.string == lesson } == false)
        let moved = gone["moved_lessons"]?.array.first { $0["lesson_id"]?.string == lesson }
        #expect(moved?["date"]?.string == "2025-11-29" && moved?["old_date"]?.string == date)
        let there = try inDiary(lesson, "2025-11-29")?["substitution"]
        #expect(there?["kind"]?.string == "move" && there?["old_date"]?.string == date)
        #expect(try deputy.delete("/v1/substitutions/\(id)").status == 204)
        #expect(try place(record(lesson)) == place(before))
        #expect(try diary(date)["moved_lessons"]?.array.isEmpty == true)
    }

    /// The cancelled lesson names the other subject, and the lesson made instead names the first one.
    @Test func L2_anotherSubject() throws {
        let lesson = try lesson(1)
        let date = try #require(try record(lesson)["date"]?.string)
        let other = try rows(
            """
            SELECT o.id, j.name FROM sections s
            JOIN sections o ON o.school_id = s.school_id AND o.group_id = s.group_id AND o.subject_id <> s.subject_id
            JOIN subjects j ON j.school_id = o.school_id AND j.id = o.subject_id
            WHERE s.school_id = $1 AND s.id = $2 ORDER BY o.id
            """, ids.section)
        let free = try #require(try substitutes(lesson).first?["id"]?.string)
        let section = try #require(other[0][0])
        let made = try deputy.post(
            "/v1/substitutions",
            json:
                #"{"kind": "other_subject", "lesson_id": "\#(lesson)", "section_id": "\#(section)", "teacher_id": "\#(free)"}"#
        )
        #expect(made.status == 201, "\(made.text)")
        #expect(made.json["other"]?["subject"]?.string == other[0][1])
        let instead = try #require(made.json["other"]?["lesson_id"]?.string)
        let id = try #require(made.json["id"]?.string)
        #expect(try inDiary(lesson, date)?["state"]?.string == "cancelled")
        #expect(try inDiary(lesson, date)?["substitution"]?["other_subject"]?.string == other[0][1])
        let subject = try inDiary(lesson, date)?["subject"]?["name"]?.string
        #expect(try inDiary(instead, date)?["substitution"]?["other_subject"]?.string == subject)
        #expect(try deputy.delete("/v1/substitutions/\(id)").status == 204)
        #expect(try deputy.get("/v1/lessons/\(instead)").status == 404)
        #expect(try inDiary(lesson, date)?["state"]?.string == "planned")
    }

    @Test func aRepeatedRequestGetsTheSameAnswer() throws {
        let lesson = try lesson(3)
        let answers = try (0..<2).map { _ in
            try deputy.post(
                "/v1/substitutions", json: #"{"kind": "cancel", "lesson_id": "\#(lesson)"}"#,
                headers: [("Idempotency-Key", "cancel-3")])
        }
        #expect(answers.map { $0.status } == [201, 201])
        #expect(answers[0].text == answers[1].text)
        #expect(try deputy.delete("/v1/substitutions/\(answers[0].json["id"]!.string!)").status == 204)
    }

    // MARK: Refusals

    static let refused = [
        (#"{"kind": "replace", "lesson_id": "{lesson}"}"#, "/teacher_id required"),
        (#"{"kind": "replace", "lesson_id": "{lesson}", "teacher_id": "{own}"}"#, "/teacher_id unchanged"),
        (#"{"kind": "replace", "lesson_id": "{lesson}", "teacher_id": "{nothing}"}"#, "/teacher_id unknown_reference"),
        (#"{"kind": "replace", "lesson_id": "{lesson}", "room_id": "{nothing}"}"#, "/room_id unknown_reference"),
        (#"{"kind": "replace", "lesson_id": "{nothing}", "room_id": "{nothing}"}"#, "/lesson_id unknown_reference"),
        (#"{"kind": "cancel", "lesson_id": "{lesson}", "slot": 1}"#, "/slot unknown_field"),
        (#"{"kind": "cancel", "lesson_id": "{lesson}", "reason": "  "}"#, "/reason too_short"),
        (#"{"kind": "cancel"}"#, "/lesson_id required"),
        (#"{"kind": "swap", "lesson_id": "{lesson}"}"#, "/kind not_one_of"),
        (#"{"kind": "move", "lesson_id": "{lesson}", "date": "2025-11-29"}"#, "/slot required"),
        (#"{"kind": "move", "lesson_id": "{lesson}", "date": "2025-11-29", "slot": 15}"#, "/slot unknown_reference"),
        (
            #"{"kind": "move", "lesson_id": "{lesson}", "date": "2025-11-29", "slot": 1, "bell_schedule_id": "{nothing}"}"#,
            "/slot unknown_reference"
        ),
        (#"{"kind": "merge", "lesson_id": "{lesson}"}"#, "/other_lesson_id required"),
        (
            #"{"kind": "merge", "lesson_id": "{lesson}", "other_lesson_id": "{nothing}"}"#,
            "/other_lesson_id unknown_reference"
        ),
        (
            #"{"kind": "merge", "lesson_id": "{lesson}", "other_lesson_id": "{held}"}"#,
            "/other_lesson_id not_at_the_same_time"
        ),
        (#"{"kind": "other_subject", "lesson_id": "{lesson}", "section_id": "{section}"}"#, "/section_id unchanged"),
        (
            #"{"kind": "other_subject", "lesson_id": "{lesson}", "section_id": "{strange}"}"#,
            "/section_id unknown_reference"
        ),
    ]

    @Test(arguments: refused) func requestsThatAreRefused(_ body: String, _ error: String) throws {
        let lesson = try lesson(1)
        let own = try #require(try record(lesson)["teacher_id"]?.string)
        let json = body.replacing([
            "{lesson}": lesson, "{own}": own, "{nothing}": DemoSchoolIDs.nothing, "{held}": ids.lesson,
            "{section}": ids.section, "{strange}": ids.strangeSection,
        ])
        let answer = try deputy.post("/v1/substitutions", json: json)
        #expect(answer.status == 422, "\(answer.text)")
        #expect(
            (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
                == [error])
    }

    @Test func L1_theCollisionIsNamed() throws {
        let lesson = try lesson(1)
        let busy = try rows(
            """
            SELECT o.teacher_id, o.id FROM lessons l
            JOIN lessons o ON o.school_id = l.school_id AND o.date = l.date AND o.starts_at = l.starts_at AND o.id <> l.id
                AND o.state <> 'cancelled' AND o.teacher_id <> l.teacher_id
            WHERE l.school_id = $1 AND l.id = $2 LIMIT 1
            """, lesson)[0]
        let answer = try deputy.post(
            "/v1/substitutions", json: #"{"kind": "replace", "lesson_id": "\#(lesson)", "teacher_id": "\#(busy[0]!)"}"#)
        #expect(answer.status == 409 && answer.code == "timetable_collision", "\(answer.text)")
        let error = answer.json["errors"]?.array.first
        #expect(error?["pointer"]?.string == "/teacher_id" && error?["code"]?.string == "teacher_overlap")
        #expect(error?["lesson_id"]?.string == busy[1])
        #expect(try !substitutes(lesson).contains { $0["id"]?.string == busy[0] })
    }

    /// L5, M3: marks would be lost.
    @Test func L5_aLessonWithMarksIsNotCancelled() throws {
        let marked = try rows(
            """
            SELECT l.id FROM lessons l
            JOIN line_items i ON i.school_id = l.school_id AND i.lesson_id = l.id AND i.deleted_at IS NULL
            JOIN marks k ON k.school_id = i.school_id AND k.line_item_id = i.id AND k.kind IS NOT NULL
            WHERE l.school_id = $1 AND l.section_id = $2 AND l.substitution_id IS NULL AND l.merge_id IS NULL
            ORDER BY l.date DESC LIMIT 1
            """, ids.section)[0][0]!
        let answer = try deputy.post("/v1/substitutions", json: #"{"kind": "cancel", "lesson_id": "\#(marked)"}"#)
        #expect(answer.status == 409 && answer.code == "lesson_has_records", "\(answer.text)")
    }

    /// L2: while there is a substitution, the lesson is moved in no other way.
    @Test func L2_otherWaysAreClosed() throws {
        let lesson = try lesson(3)
        let id = try make(#"{"kind": "cancel", "lesson_id": "\#(lesson)"}"#)
        for change in [#"{"state": "planned"}"#, #"{"teacher_id": null}"#, #"{"date": "2025-11-29"}"#] {
            let answer = try deputy.patch("/v1/lessons/\(lesson)", json: change, headers: [("If-Match", "*")])
            #expect(answer.status == 409 && answer.code == "lesson_substituted", "\(answer.text)")
        }
        #expect(try deputy.send("DELETE", "/v1/lessons/\(lesson)", headers: [("If-Match", "*")]).code == "in_use")
        let second = try deputy.post("/v1/substitutions", json: #"{"kind": "cancel", "lesson_id": "\#(lesson)"}"#)
        #expect(second.status == 409 && second.code == "lesson_substituted")
        #expect(try deputy.delete("/v1/substitutions/\(id)").status == 204)
    }

    @Test func L2_idsOfAnotherSchoolAreUnknown() throws {
        let strange = try #require(
            server.owner().query(
                "SELECT id FROM substitutions WHERE school_id = $1 LIMIT 1", [String(ids.otherSchool)]
            ).first)
        #expect(try deputy.get("/v1/substitutions/\(strange)").status == 404)
        #expect(try deputy.delete("/v1/substitutions/\(strange)").status == 404)
        #expect(try deputy.get("/v1/lessons/\(DemoSchoolIDs.nothing)/substitutes").status == 404)
    }

    // MARK: Lists

    @Test func theSheetIsPaged() throws {
        let path = "/v1/substitutions?from=2025-10-20&to=2025-11-19"
        let whole = try deputy.get(path + "&limit=200&include=total").json
        let all = whole["items"]?.array.compactMap { $0["id"]?.string } ?? []
        #expect(all.count > 5 && whole["total"]?.int == all.count)
        let order = whole["items"]?.array.map { "\($0["date"]!.string!) \($0["slot"]!.int!)" } ?? []
        #expect(order == order.sorted())
        var (seen, cursor) = ([String](), "")
        repeat {
            let page = try deputy.get(path + "&limit=3" + cursor)
            try #require(page.status == 200, "\(page.text)")
            seen += page.json["items"]?.array.compactMap { $0["id"]?.string } ?? []
            cursor = page.json["next_cursor"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        #expect(seen == all)
        for query in [
            "date=2025-10-01&from=2025-10-01&to=2025-10-02", "from=2025-10-01", "date=x",
            "from=2025-10-01&to=2025-11-01",
        ] {
            #expect(try deputy.get("/v1/substitutions?\(query)").status == 400, "\(query)")
        }
    }

    /// Teachers of the subject first, then of the class; nobody who is busy.
    @Test func substitutesAreRanked() throws {
        let lesson = try lesson(1)
        let all = try substitutes(lesson)
        #expect(all.count > 5)
        let ranks = all.map { ($0["teaches_subject"]!.bool! ? 0 : 2) + ($0["teaches_class"]!.bool! ? 0 : 1) }
        #expect(ranks == ranks.sorted())
        let page = try deputy.get("/v1/lessons/\(lesson)/substitutes?limit=2&include=total").json
        #expect(page["total"]?.int == all.count)
        let next = try deputy.get("/v1/lessons/\(lesson)/substitutes?limit=2&cursor=\(page["next_cursor"]!.string!)")
            .json
        #expect(next["items"]?.array.first?["id"]?.string == all[2]["id"]?.string)
    }

    // MARK: The feed of a family

    @Test func A1_theFeedTellsTheFamilyWithoutTheReason() throws {
        let feed = "/v1/students/\(ids.child)/changes?include=data"
        let since = try #require(try parent.get(feed).json["cursor"]?.string)
        let lesson = try lesson(3)
        let id = try make(#"{"kind": "cancel", "lesson_id": "\#(lesson)", "reason": "Болезнь учителя"}"#)
        let answer = try parent.get("\(feed)&since=\(since)")
        let items = answer.json["items"]?.array ?? []
        let told = items.first { $0["entity"]?.string == "substitutions" && $0["id"]?.string == id }
        #expect(told?["data"]?["kind"]?.string == "cancel")
        #expect(items.contains { $0["entity"]?.string == "lessons" && $0["id"]?.string == lesson })
        #expect(!answer.text.contains("Болезнь"))
        #expect(try deputy.delete("/v1/substitutions/\(id)").status == 204)
    }

    // MARK: Requests

    private var journal: String { "/v1/sections/\(ids.section)/journal" }

    private func rows(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    /// The lessons of the section after today, from 1.
    private func lesson(_ number: Int) throws -> String {
        try #require(
            try rows(
                """
                SELECT id FROM lessons WHERE school_id = $1 AND section_id = $2 AND date > $3 AND timetable_date <> '2025-11-29'
                ORDER BY timetable_date, slot OFFSET \(number - 1) LIMIT 1
                """, ids.section, TestServer.today)[0][0])
    }

    private func heldLesson() throws -> String {
        try #require(
            try rows(
                """
                SELECT id FROM lessons WHERE school_id = $1 AND section_id = $2 AND state = 'held' AND id <> $3
                ORDER BY date DESC LIMIT 1
                """, ids.section, ids.lesson)[0][0])
    }

    private func record(_ lesson: String) throws -> JSONValue { try deputy.get("/v1/lessons/\(lesson)").json }

    private func place(_ record: JSONValue) -> [String] {
        ["date", "slot", "starts_at", "ends_at", "room_id", "teacher_id", "state"].map {
            "\(String(describing: record[$0]))"
        }
    }

    private func make(_ json: String) throws -> String {
        let answer = try deputy.post("/v1/substitutions", json: json)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["id"]?.string)
    }

    private func sheet(_ query: String) throws -> [String] {
        let answer = try teacher.get("/v1/substitutions?limit=200&\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json["items"]?.array.compactMap { $0["id"]?.string } ?? []
    }

    private func substitutes(_ lesson: String) throws -> [JSONValue] {
        let answer = try deputy.get("/v1/lessons/\(lesson)/substitutes?limit=200")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json["items"]?.array ?? []
    }

    private func diary(_ date: String) throws -> JSONValue {
        let answer = try parent.get("/v1/students/\(ids.child)/diary?from=\(date)&to=\(date)")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func inDiary(_ lesson: String, _ date: String) throws -> JSONValue? {
        try diary(date)["lessons"]?.array.first { $0["id"]?.string == lesson }
    }

    private func inJournal(_ lesson: String, _ date: String) throws -> JSONValue? {
        let answer = try teacher.get("\(journal)?from=\(date)&to=\(date)")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json["lessons"]?.array.first { $0["id"]?.string == lesson }
    }

    private func topic(_ lesson: String) -> String {
        let version = (try? record(lesson)["version"]?.int) ?? 1
        return #"{"lessons": [{"id": "\#(lesson)", "version": \#(version), "topic": "Замена"}]}"#
    }

    private func makeTeacher(_ login: String) throws -> String {
        let owner = try server.owner()
        let id = try #require(owner.query("SELECT gen_random_uuid()").first)
        try owner.query(
            """
            INSERT INTO users (school_id, id, last_name, first_name, login, password_hash, state)
            SELECT $1, $2, 'Замена', 'Анна', $3, password_hash, 'active' FROM users WHERE school_id = $1 AND login = 'head'
            """, [String(ids.school), id, login])
        try owner.query("INSERT INTO staff (school_id, id) VALUES ($1, $2)", [String(ids.school), id])
        try owner.query(
            "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, 'teacher')", [String(ids.school), id])
        return id
    }

    private func teacherOf(_ login: String) throws -> TestClient { try server.client(login) }
}
