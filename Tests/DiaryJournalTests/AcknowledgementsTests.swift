import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Conduct notes, feedback, and what guardians acknowledge (C2, M12), over the API.
@Suite(.serialized) struct AcknowledgementsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient
    let parent: TestClient

    init() async throws {
        server = try await TestServer()
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        parent = try server.client("parent")
    }

    /// A connection as the owner, with the tests' day as today.
    private func ownerToday() throws -> BlockingConnection {
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        return owner
    }

    private static let activation = """
        UPDATE users SET login = 'second', state = 'active',
            password_hash = (SELECT h.password_hash FROM users h WHERE h.login = 'parent' LIMIT 1)
        WHERE id = $1
        """

    private var notes: String { "/v1/students/\(ids.child)/conduct-notes" }
    private var all: String { "/v1/students/\(ids.child)/acknowledgements" }

    private func note(_ body: String = #"{"kind": "remark", "text": "Опоздал"}"#) throws -> TestClient.Answer {
        try teacher.post(notes, json: body)
    }
    private func published(_ table: String, _ id: String, _ moment: String) throws {
        try ownerToday().query(
            "UPDATE \(table) SET published_at = \(moment) WHERE school_id = $1 AND id = $2", [String(ids.school), id])
    }
    /// The other guardian of the child, with access.
    private func other() throws -> TestClient {
        let row = try #require(
            try ownerToday().query(
                """
                SELECT g.guardian_id FROM guardianships g JOIN users u ON u.school_id = g.school_id AND u.id = g.guardian_id
                WHERE g.school_id = $1 AND g.student_id = $2 AND g.access = 'full' AND u.login IS DISTINCT FROM 'parent'
                """, [String(ids.school), ids.child]
            ).rows.first)
        try ownerToday().query(Self.activation, [row[0]])
        return try server.session(of: row[0]!, school: ids.school, roles: ["guardian"])
    }

    // MARK: Conduct notes

    @Test func conductNoteIsWrittenReadChangedAndDeleted() throws {
        let made = try note()
        try #require(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"]?.string)
        let path = "/v1/conduct-notes/\(id)"
        #expect(made["Location"]?.hasSuffix(path) == true)
        #expect(made.json["date"]?.string == TestServer.today)
        #expect(try parent.get(path).json["text"]?.string == "Опоздал")
        #expect(try parent.get(notes).json["items"]?[0]?["id"]?.string == id)
        let diary = "/v1/students/\(ids.child)/diary"
        #expect(try parent.get(diary).json["conduct_notes"]?.array.contains { $0["id"]?.string == id } == true)

        #expect(try teacher.patch(path, json: "{}").status == 428)
        #expect(try teacher.patch(path, json: #"{"text": "x"}"#, headers: [("If-Match", "\"v7\"")]).status == 412)
        let fixed = try teacher.patch(path, json: #"{"date": "2025-11-01"}"#, headers: [("If-Match", "*")])
        #expect(fixed.json["errors"]?[0]?["code"]?.string == "fixed_field", "\(fixed.text)")
        let changed = try teacher.patch(
            path, json: #"{"text": "Опоздал на 5 минут", "kind": "remark"}"#, headers: [("If-Match", made["ETag"]!)])
        #expect(changed.status == 200 && changed.json["version"]?.int == 2, "\(changed.text)")
        #expect(try parent.get(diary).json["conduct_notes"]?.array.last?["text"]?.string == "Опоздал на 5 минут")

        #expect(try teacher.send("DELETE", path, headers: [("If-Match", changed["ETag"]!)]).status == 204)
        #expect(try teacher.get(path).status == 404)
        #expect(try parent.get(diary).json["conduct_notes"]?.array.contains { $0["id"]?.string == id } == false)
        // A5, and the values of texts are nobody's business.
        let audit = try server.client("admin").get("/v1/audit?entity=conduct_notes&entity_id=\(id)").json["items"]!
            .array
        #expect(audit.map { $0["action"]?.string } == ["update", "update", "insert"])
        #expect(audit[1]["after"]?["text"]?.string == "hidden" && audit[2]["after"]?["kind"]?.string == "remark")
    }

    @Test func conductNoteHasTheDayOfItsLessonAndNoDayToCome() throws {
        func refusal(_ more: String) throws -> String {
            let answer = try note(#"{"kind": "praise", "text": "Помог", \#(more)}"#)
            let error = answer.json["errors"]?[0]
            return "\(answer.status) \(error?["pointer"]?.string ?? "") \(error?["code"]?.string ?? "")"
        }
        #expect(try refusal(#""date": "2025-11-20""#) == "422 /date in_the_future")
        let blank = try note(#"{"kind": "praise", "text": " \n "}"#)
        #expect(blank.json["errors"]?[0]?["code"]?.string == "blank", "\(blank.text)")
        #expect(
            try refusal(#""date": "2025-11-05", "lesson_id": "\#(ids.lesson)""#)
                == "422 /date not_the_day_of_the_lesson")
        #expect(try refusal(#""lesson_id": "\#(ids.child)""#) == "422 /lesson_id unknown_reference")
        let made = try note(#"{"kind": "praise", "text": "Помог", "lesson_id": "\#(ids.lesson)"}"#)
        let day = try ownerToday().query("SELECT date FROM lessons WHERE id = $1", [ids.lesson]).first
        #expect(made.status == 201 && made.json["date"]?.string == day, "\(made.text)")
    }

    @Test func a4OnlyTheTeachersOfTheStudentWriteAboutIt() throws {
        func write(_ student: String) throws -> Int {
            try teacher.post("/v1/students/\(student)/conduct-notes", json: #"{"kind": "praise", "text": "x"}"#).status
        }
        #expect(try write(ids.stranger) == 404)
        let other = try #require(
            try ownerToday().query(
                "SELECT student_id FROM enrollments WHERE school_id = $1 AND class_id = $2 LIMIT 1",
                [String(ids.school), ids.otherClass]
            ).first)
        #expect(try write(other) == 404)
    }

    @Test func m12HeldBackNotesAndFeedbackAreSeenByTheirWritersOnly() throws {
        let id = try #require(try note().json["id"]?.string)
        try published("conduct_notes", id, "NULL")
        #expect(try parent.get("/v1/conduct-notes/\(id)").status == 404)
        #expect(try parent.get(notes).json["items"]?.array.contains { $0["id"]?.string == id } == false)
        #expect(try parent.get("/v1/conduct-notes/\(id)/acknowledgement").status == 404)
        #expect(
            try parent.put("/v1/conduct-notes/\(id)/acknowledgement", json: #"{"version": 2}"#).status == 404)
        #expect(try parent.get(all).json["items"]?.array.contains { $0["id"]?.string == id } == false)
        #expect(try teacher.get("/v1/conduct-notes/\(id)").status == 200)
        #expect(try server.client("deputy").get("/v1/conduct-notes/\(id)").status == 200)
    }

    // MARK: Feedback

    @Test func m1GradeOneHasFeedbackInItsDiaryAndItsList() throws {
        let list = try parent.get("/v1/students/\(ids.firstGrader)/feedback?limit=200").json["items"]!.array
        #expect(!list.isEmpty)
        #expect(list.map { $0["date"]!.string! } == list.map { $0["date"]!.string! }.sorted(by: >))
        let day = list[0]["date"]!.string!
        let diary = try parent.get("/v1/students/\(ids.firstGrader)/diary?from=\(day)&to=\(day)").json
        let ofLessons = diary["lessons"]!.array.flatMap { $0["feedback"]!.array } + diary["feedback"]!.array
        #expect(ofLessons.contains { $0["id"]?.string == list[0]["id"]?.string })
        let one = try parent.get("/v1/feedback/\(list[0]["id"]!.string!)")
        #expect(one.status == 200 && one.json == list[0], "\(one.text)")
    }

    @Test func m1FeedbackForATermIsWrittenAndWithdrawn() throws {
        let term = try #require(
            try ownerToday().query(
                "SELECT term_id FROM lyceum.section_terms WHERE school_id = $1 AND section_id = $2 ORDER BY starts_on LIMIT 1",
                [String(ids.school), ids.section]
            ).first)
        let id = "0198cc46-9899-7571-b201-619793487155"
        func write(_ text: String, _ version: Int, _ more: String = "") throws -> TestClient.Answer {
            try teacher.patch(
                "/v1/sections/\(ids.section)/journal",
                json: #"""
                    {"feedback": [{"id": "\#(id)", "student_id": "\#(ids.child)", "term_id": "\#(term)", "text": \#(text),
                        "version": \#(version)\#(more)}]}
                    """#)
        }
        let both = try write(#""x""#, 0, #", "lesson_id": "\#(ids.lesson)""#)
        #expect(both.json["errors"]?[0]?["code"]?.string == "exclusive", "\(both.text)")
        let blank = try write(#""  ""#, 0)
        #expect(blank.json["errors"]?[0]?["pointer"]?.string == "/feedback/0/text", "\(blank.text)")
        #expect(try write(#""Четверть прошла хорошо""#, 0).status == 200)
        let seen = try parent.get("/v1/feedback/\(id)")
        #expect(seen.json["term_id"]?.string == term && seen.json["lesson_id"]?.isNull == true, "\(seen.text)")
        #expect(try write("null", 1).status == 200)
        #expect(try parent.get("/v1/feedback/\(id)").status == 404)
    }

    // MARK: Acknowledgements

    @Test func c2AcknowledgementIsOfAVersionAndShownToStaff() throws {
        // A recent mark, which may still be changed (M4).
        let mark = try #require(
            try parent.get(all).json["items"]?.array.first { $0["kind"]?.string == "mark" })["id"]!.string!
        let path = "/v1/marks/\(mark)/acknowledgement"
        let version = try #require(try teacher.get(path).json["version"]?.int)
        #expect(try teacher.get(path).json["acknowledged"]?.bool == false)
        let done = try parent.put(path, json: #"{"version": \#(version)}"#)
        #expect(done.status == 200 && done.json["acknowledged"]?.bool == true, "\(done.text)")
        let again = try parent.put(path, json: #"{"version": \#(version)}"#)
        #expect(again.text == done.text)
        let seen = try teacher.get(path).json["guardians"]!.array
        #expect(seen.count >= 2 && seen.filter { $0["acknowledged"]?.bool == true }.count == 1)

        // A3: for the other guardian it is a fact, without the person.
        let fact = try other().get(path).json
        #expect(fact["acknowledged"]?.bool == true)
        #expect(fact["guardians"]?.array.count == 1)
        #expect(fact["guardians"]?[0]?["acknowledged"]?.bool == false)
        let mine = done.json["guardians"]?[0]?["guardian"]?["id"]?.string
        #expect(fact["guardians"]?[0]?["guardian"]?["id"]?.string != mine)

        // A later change needs another one.
        try ownerToday().query("UPDATE marks SET comment = 'Исправлено' WHERE id = $1", [mark])
        #expect(try teacher.get(path).json["acknowledged"]?.bool == false)
        let stale = try parent.put(path, json: #"{"version": \#(version)}"#)
        #expect(stale.status == 409 && stale.code == "stale_version", "\(stale.text)")
        #expect(stale.json["errors"]?[0]?["current"]?["version"]?.int == version + 1)
        #expect(try parent.put(path, json: #"{"version": \#(version + 1)}"#).status == 200)
        // A1
        #expect(try parent.put("/v1/marks/\(ids.otherMark)/acknowledgement", json: #"{"version": 1}"#).status == 404)
        #expect(try parent.get("/v1/marks/\(ids.otherMark)/acknowledgement").status == 404)
    }

    @Test func a3TheFeedReportsAnAcknowledgementWithoutItsGuardianToTheFamily() throws {
        let path = "/v1/students/\(ids.child)/changes"
        let family = try FeedReader(other(), path, "&include=data")
        let stranger = try FeedReader(server.client("student"), "/v1/students/\(studentID())/changes")
        let staff = try FeedReader(teacher, "/v1/changes", "&include=data")
        let version = try #require(try teacher.get("/v1/marks/\(ids.mark)/acknowledgement").json["version"]?.int)
        let done = try parent.put("/v1/marks/\(ids.mark)/acknowledgement", json: #"{"version": \#(version)}"#)
        #expect(done.status == 200, "\(done.text)")
        let item = try #require(try family.read().first { $0.entity == "acknowledgements" })
        #expect(item.operation == "made" && item.data?["record_id"]?.string == ids.mark)
        #expect(item.data?["guardian_id"] == nil)
        let seen = try staff.read().first { $0.entity == "acknowledgements" }
        #expect(seen?.data?["guardian_id"]?.string == done.json["guardians"]?[0]?["guardian"]?["id"]?.string)
        #expect(try stranger.read().isEmpty)
    }

    private func studentID() throws -> String {
        try #require(
            try ownerToday().query(
                "SELECT id FROM users WHERE school_id = $1 AND login = 'student'", [String(ids.school)]
            ).first)
    }

    @Test func a3WithoutAccessNothingIsAcknowledged() throws {
        let path = "/v1/marks/\(ids.mark)/acknowledgement"
        try ownerToday().query(
            """
            UPDATE guardianships SET access = 'none' WHERE school_id = $1 AND student_id = $2
                AND guardian_id = (SELECT id FROM users WHERE school_id = $1 AND login = 'parent')
            """, [String(ids.school), ids.child])
        #expect(try parent.put(path, json: #"{"version": 1}"#).status == 404)
        #expect(try parent.put(all, json: #"{"records": []}"#).status == 404)
        #expect(try parent.get(all).status == 404)
        #expect(try parent.put("/v1/students/\(ids.child)/profile-confirmation", json: "{}").status == 404)
    }

    @Test func c2AWeekIsAcknowledgedInOneCall() throws {
        let week = "?from=2025-11-10&to=2025-11-16"
        let read = try parent.get(all + week).json
        let items = read["items"]!.array
        try #require(items.count > 3)
        #expect(Set(items.map { $0["kind"]!.string! }).contains("mark"))
        func record(_ item: JSONValue, version: Int? = nil) -> String {
            #"""
            {"kind": "\#(item["kind"]!.string!)", "id": "\#(item["id"]!.string!)",
                "version": \#(version ?? item["version"]!.int!)}
            """#
        }
        let named = try parent.put(all, json: #"{"records": [\#(record(items[0])), \#(record(items[1]))]}"#)
        #expect(named.json["acknowledged"]?.int == 2, "\(named.text)")
        // All or nothing
        let later = record(items[3], version: 99)
        let stale = try parent.put(all, json: #"{"records": [\#(record(items[2])), \#(later)]}"#)
        #expect(stale.status == 409)
        #expect(stale.json["errors"]?[0]?["pointer"]?.string == "/records/1/version", "\(stale.text)")
        let foreign = #"{"kind": "mark", "id": "\#(ids.otherMark)", "version": 1}"#
        let unknown = try parent.put(all, json: #"{"records": [\#(record(items[2])), \#(foreign)]}"#)
        #expect(unknown.status == 422 && unknown.json["errors"]?[0]?["code"]?.string == "unknown_reference")
        #expect(try parent.get(all + week + "&open=true").json["items"]?.array.count == items.count - 2)

        // What was changed after the reading stays open.
        try ownerToday().query(
            "UPDATE marks SET comment = 'Позже' WHERE id = $1",
            [items.last { $0["kind"]?.string == "mark" }!["id"]!.string!])
        let body = #"{"from": "2025-11-10", "to": "2025-11-16", "seen_at": "\#(read["read_at"]!.string!)"}"#
        let done = try parent.put(all, json: body)
        #expect(done.json["acknowledged"]?.int == items.count - 3, "\(done.text)")
        #expect(try parent.put(all, json: body).json["acknowledged"]?.int == 0)
        let open = try parent.get(all + week + "&open=true").json["items"]!.array
        #expect(open.count == 1)
        let staff = try teacher.get(all + week).json["items"]!.array
        #expect(staff.allSatisfy { $0["guardians"]!.array.count >= 2 })
        #expect(staff.filter { $0["acknowledged"]?.bool == true }.count == items.count - 1)
    }

    @Test func c2NobodyHasSeenWhatIsToCome() throws {
        let open = "\(all)?from=2025-11-10&to=2025-11-16&open=true"
        let before = try parent.get(open).json["items"]!.array.count
        try #require(before > 0)
        let answer = try parent.put(
            all, json: #"{"from": "2025-11-10", "to": "2025-11-16", "seen_at": "9999-12-31T23:59:59Z"}"#)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/seen_at", "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["code"]?.string == "in_the_future")
        #expect(try parent.get(open).json["items"]?.array.count == before)
    }

    @Test(arguments: [
        (#"{"from": "2025-11-10", "to": "2025-11-16", "seen_at": "heute"}"#, "/seen_at"),
        (#"{"from": "2025-11-10", "to": "2025-11-16", "seen_at": "2025-11-16T25:00:00Z"}"#, "/seen_at"),
        (#"{"from": "2025-11-10", "to": "2025-11-16", "seen_at": "2025-11-16T23:00:00+05:00"}"#, "/seen_at"),
        (#"{"from": "2025-11-10", "to": "2025-11-01", "seen_at": "2025-11-16T23:00:00Z"}"#, "/to"),
        (#"{"from": "2025-01-10", "to": "2025-11-01", "seen_at": "2025-11-16T23:00:00Z"}"#, "/to"),
        (#"{"from": "2025-11-10"}"#, "/to"), (#"{"records": [], "from": "2025-11-10"}"#, "/from"),
        (#"{"records": [{"kind": "final", "id": "x", "version": 0}]}"#, "/records/0/kind"),
    ])
    func malformedBodiesPointAtThePlace(_ body: String, _ pointer: String) throws {
        let answer = try parent.put(all, json: body)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?.array.contains { $0["pointer"]?.string == pointer } == true, "\(answer.text)")
    }

    // MARK: Works that are owed

    @Test func m4DebtsComeByTheirDayForFamilyAndTeacher() throws {
        let journal = "/v1/sections/\(ids.section)/journal"
        let owed = #"{"kind": "code", "code": "owed", "due_on": "2025-12-01"}"#
        let item = try #require(
            try ownerToday().query(
                "INSERT INTO line_items (school_id, id, lesson_id, section_id) SELECT school_id, gen_random_uuid(), id, section_id FROM lessons WHERE id = $1 RETURNING id",
                [ids.lesson]
            ).first)
        // Absent at the work: the roll, and the day by which it is made up.
        let written = try teacher.patch(
            journal,
            json: #"""
                {"marks": [{"line_item_id": "\#(item)", "student_id": "\#(ids.child)", "value": \#(owed), "version": 0,
                    "comment": "Был болен"}]}
                """#)
        try #require(written.status == 200, "\(written.text)")
        let mine = try parent.get("/v1/students/\(ids.child)/owed?include=total").json
        #expect(mine["total"]?.int == 1)
        #expect(mine["items"]?[0]?["due_on"]?.string == "2025-12-01")
        #expect(mine["items"]?[0]?["overdue"]?.bool == false)
        #expect(mine["items"]?[0]?["comment"]?.string == "Был болен")
        let list = try teacher.get("/v1/sections/\(ids.section)/owed").json["items"]!.array
        #expect(list.contains { $0["id"] == mine["items"]?[0]?["id"] && $0["student"]?["id"]?.string == ids.child })
        // M12
        try ownerToday().query("UPDATE marks SET published_at = NULL WHERE line_item_id = $1", [item])
        #expect(try parent.get("/v1/students/\(ids.child)/owed").json["items"]?.array.isEmpty == true)
        // Paid
        let version = try #require(
            try ownerToday().query("SELECT version FROM marks WHERE line_item_id = $1", [item]).first)
        let paid = try teacher.patch(
            journal,
            json: #"""
                {"marks": [{"line_item_id": "\#(item)", "student_id": "\#(ids.child)", "version": \#(version),
                    "value": {"kind": "number", "number": 4}}]}
                """#)
        #expect(paid.status == 200, "\(paid.text)")
        #expect(
            try teacher.get("/v1/sections/\(ids.section)/owed").json["items"]!.array
                .contains { $0["student"]?["id"]?.string == ids.child } == false)
    }
}
