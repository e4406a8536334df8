import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `/v1/absence-notes` (T2): the life of a note. The rules are tested in `AttendanceDayRuleTests`.
@Suite(.serialized) struct AbsenceNotesTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let parent: TestClient
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        parent = try server.client("parent")
        teacher = try server.client("teacher")
    }

    private static let notes = "/v1/absence-notes"

    private func send(
        _ client: TestClient, _ student: String, from: String = "2025-11-20", to: String = "2025-11-21",
        _ more: String = ""
    ) throws -> TestClient.Answer {
        try client.post(
            Self.notes,
            json: """
                {"student_id": "\(student)", "starts_on": "\(from)", "ends_on": "\(to)", "reason": "Едем к врачу"\(more)}
                """)
    }

    private func change(_ client: TestClient, _ note: JSONValue, _ body: String) throws -> TestClient.Answer {
        try client.patch(
            "\(Self.notes)/\(note["id"]!.string!)", json: body, headers: [("If-Match", "*")])
    }

    private func remove(_ client: TestClient, _ note: JSONValue) throws -> Int {
        try client.send("DELETE", "\(Self.notes)/\(note["id"]!.string!)", headers: [("If-Match", "*")]).status
    }

    /// Another guardian of the child, with access.
    private func otherParent() throws -> TestClient {
        let guardian = try #require(
            try server.owner().query(
                """
                WITH person AS (
                    INSERT INTO users (school_id, id, last_name, first_name)
                    VALUES ($1, gen_random_uuid(), 'Коробов', 'Игорь') RETURNING school_id, id
                ), guardian AS (
                    INSERT INTO guardians (school_id, id) SELECT school_id, id FROM person RETURNING school_id, id
                ), role AS (
                    INSERT INTO user_roles (school_id, user_id, role) SELECT school_id, id, 'guardian' FROM person
                )
                INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on)
                SELECT school_id, gen_random_uuid(), id, $2, 'father', 'full', '2025-09-01' FROM guardian
                RETURNING guardian_id
                """, [String(ids.school), ids.child]
            ).first)
        return try server.session(of: guardian, school: ids.school, roles: ["guardian"])
    }

    @Test func t2NoteIsSentChangedAndAnswered() throws {
        let sent = try send(parent, ids.child)
        #expect(sent.status == 201, "\(sent.text)")
        let note = sent.json
        #expect(note["state"]?.string == "sent")
        #expect(note["by_family"]?.bool == true)
        #expect(try change(parent, note, #"{"ends_on": "2025-11-22"}"#).status == 200)
        for body in [#"{"state": "accepted"}"#, #"{"answer": "Хорошо"}"#, #"{"state": "accepted", "meaning": "ill"}"#] {
            #expect(try change(parent, note, body).status == 403, "\(body)")
        }
        // The class teacher sees it on its days, and answers.
        let day = try teacher.get("/v1/classes/\(ids.class7A)/attendance?date=2025-11-22").json
        let student = try #require(day["students"]?.array.first { $0["id"]?.string == ids.child })
        #expect(student["notes"]?.array.map { $0["id"]?.string }.contains(note["id"]?.string) == true)
        #expect(student["day"]?["meaning"]?.isNull == true)
        let answer = try change(teacher, note, #"{"state": "accepted", "answer": "Выздоравливайте"}"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["meaning"]?.string == "excused")
        #expect(answer.json["answered_at"]?.string != nil)
        let after = try teacher.get("/v1/classes/\(ids.class7A)/attendance?date=2025-11-22").json
        let word = try #require(after["students"]?.array.first { $0["id"]?.string == ids.child })["day"]
        #expect(word?["meaning"]?.string == "excused")
        #expect(word?["note_id"]?.string == note["id"]?.string)
        // What was answered stays.
        let late = try change(parent, note, #"{"ends_on": "2025-11-30"}"#)
        #expect(late.status == 409)
        #expect(late.code == "note_answered")
        #expect(try remove(parent, note) == 409)
        #expect(try change(teacher, note, #"{"state": "declined", "answer": "Ошибка"}"#).status == 200)
        let taken = try teacher.get("/v1/classes/\(ids.class7A)/attendance?date=2025-11-22").json
        #expect(
            try #require(taken["students"]?.array.first { $0["id"]?.string == ids.child })["day"]?["meaning"]?.isNull
                == true)
    }

    @Test func t2NoteIsWithdrawnBeforeTheAnswer() throws {
        let note = try send(parent, ids.child).json
        #expect(try remove(teacher, note) == 403, "only the author withdraws")
        #expect(try remove(parent, note) == 204)
        #expect(try parent.get("\(Self.notes)/\(note["id"]!.string!)").status == 404)
    }

    @Test func t2ClassTeacherBringsANoteOnPaper() throws {
        let note = try send(
            teacher, ids.child, from: "2025-11-17", to: "2025-11-18",
            #", "document": "Справка 095/у № 17", "state": "accepted", "meaning": "ill""#)
        #expect(note.status == 201, "\(note.text)")
        #expect(note.json["by_family"]?.bool == false)
        #expect(note.json["state"]?.string == "accepted")
        let student = try server.session(of: ids.child, school: ids.school, roles: ["student"])
        let seen = try student.get("\(Self.notes)?student_id=\(ids.child)").json["items"]?.array
        #expect(seen?.contains { $0["id"]?.string == note.json["id"]?.string } == true, "students read theirs")
    }

    @Test(arguments: [("0001-01-01", "0001-01-02"), ("2019-09-01", "2020-05-31"), ("9999-12-30", "9999-12-31")])
    func t2NoteHasADayOnWhichTheStudentIsInAClass(_ from: String, _ to: String) throws {
        for client in [parent, teacher] {
            let refused = try send(client, ids.child, from: from, to: to)
            #expect(refused.status == 422, "\(refused.text)")
            #expect(refused.json["errors"]?[0]?["pointer"]?.string == "/starts_on")
            #expect(refused.json["errors"]?[0]?["code"]?.string == "not_enrolled")
        }
        let note = try send(parent, ids.child, from: "2025-12-20", to: "2025-12-21").json
        #expect(try change(parent, note, #"{"starts_on": "\#(from)", "ends_on": "\#(to)"}"#).status == 422)
        #expect(try remove(parent, note) == 204)
    }

    @Test func a1GuardiansSeeAndWriteOnlyTheirOwnChildrensNotes() throws {
        let other = ids.others[0]
        let refused = try send(parent, other)
        #expect(refused.status == 422)
        #expect(refused.json["errors"]?[0]?["pointer"]?.string == "/student_id")
        // The same as for a student who does not exist.
        #expect(try send(parent, DemoSchoolIDs.nothing).json["errors"] == refused.json["errors"])
        let note = try send(teacher, other).json
        #expect(try parent.get("\(Self.notes)/\(note["id"]!.string!)").status == 404)
        #expect(try parent.get("\(Self.notes)?student_id=\(other)").json["items"]?.array.isEmpty == true)
        #expect(try parent.get("/v1/students/\(other)/attendance").status == 404)
    }

    @Test func a3OtherGuardianReadsTheNoteAndNotWhoWroteIt() throws {
        let father = try otherParent()
        let note = try send(parent, ids.child, from: "2025-12-10", to: "2025-12-10").json
        let seen = try father.get("\(Self.notes)/\(note["id"]!.string!)")
        #expect(seen.status == 200)
        #expect(seen.json["reason"]?.string == "Едем к врачу")
        #expect(seen.json["author_id"]?.isNull == true)
        #expect(try change(father, note, #"{"reason": "x"}"#).status == 404)
        #expect(try remove(father, note) == 404)
        #expect(try parent.get("\(Self.notes)/\(note["id"]!.string!)").json["author_id"]?.string != nil)
        #expect(try teacher.get("\(Self.notes)/\(note["id"]!.string!)").json["author_id"]?.string != nil)
        let feed = try FeedReader(father, "/v1/students/\(ids.child)/changes", "&include=data")
        #expect(try change(parent, note, #"{"reason": "Врач"}"#).status == 200)
        let told = try #require(try feed.read().first { $0.entity == "absence_notes" })
        #expect(told.data?["reason"]?.string == "Врач")
        #expect(told.data?["author_id"]?.isNull == true)
    }

    @Test func a3NoteOfAGuardianWithoutAccessIsRefused() throws {
        let father = try otherParent()
        let note = try send(father, ids.child, from: "2025-12-15", to: "2025-12-15")
        #expect(note.status == 201)
        try server.owner().query(
            "UPDATE guardianships SET access = 'none' WHERE student_id = $1 AND guardian_id = $2",
            [ids.child, note.json["author_id"]?.string])
        #expect(try send(father, ids.child).status == 422)
        #expect(try father.get("\(Self.notes)/\(note.json["id"]!.string!)").status == 404)
        #expect(try change(father, note.json, #"{"reason": "x"}"#).status == 404)
    }
}
