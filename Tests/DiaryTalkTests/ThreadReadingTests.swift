import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// What of a thread counts as read, and which of its messages somebody reads who no longer leads the class.
@Suite(.serialized) struct ThreadReadingTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let people: ConversationCast
    let owner: BlockingConnection

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        people = try ConversationCast.of(server, ids)
        owner = try server.owner()
        try owner.query("SELECT set_config('lyceum.today', $1, false)", [TestServer.today])
    }

    private func thread(_ writer: String, _ recipients: String..., text: String = "Первое") throws -> String {
        let list = recipients.map { #""\#(people[$0])""# }.joined(separator: ", ")
        let answer = try people.client(writer).post(
            "/v1/threads",
            json:
                #"{"recipient_ids": [\#(list)], "student_id": "\#(ids.child)", "subject": "Тема", "text": "\#(text)"}"#)
        return try #require(answer.json["items"]?[0]?["thread_id"]?.string, "\(answer.text)")
    }

    private func write(_ writer: String, _ thread: String, _ text: String) throws -> String {
        let answer = try people.client(writer).post("/v1/threads/\(thread)/messages", json: #"{"text": "\#(text)"}"#)
        return try #require(answer.json["id"]?.string, "\(answer.text)")
    }

    private func change(_ writer: String, _ message: String, _ text: String) throws {
        let answer = try people.client(writer).patch(
            "/v1/messages/\(message)", json: #"{"text": "\#(text)"}"#, headers: [("If-Match", "*")])
        #expect(answer.status == 200, "\(answer.text)")
    }

    private func messages(_ reader: String, _ thread: String) throws -> [JSONValue] {
        try people.client(reader).get("/v1/threads/\(thread)/messages").json["items"]?.array ?? []
    }

    /// Newest first, as the reader sees them now.
    private func sequences(_ reader: String, _ thread: String) throws -> [Int] {
        try messages(reader, thread).compactMap { $0["sequence"]?.int }
    }

    private func read(_ reader: String, _ thread: String, _ sequence: Int) throws -> TestClient.Answer {
        try people.client(reader).put("/v1/threads/\(thread)/receipt", json: #"{"sequence": \#(sequence)}"#)
    }

    private func unread(_ reader: String, _ thread: String) throws -> Int? {
        try people.client(reader).get("/v1/threads/\(thread)").json["unread"]?.int
    }

    private func unreadMessages(_ reader: String) throws -> Int? {
        try people.client(reader).get("/v1/me/day").json["unread"]?["messages"]?.int
    }

    private func listed(_ reader: String, _ thread: String, _ parameters: String = "") throws -> JSONValue? {
        let threads = try people.client(reader).get("/v1/threads?limit=200\(parameters)").json["items"]?.array ?? []
        return threads.first { $0["id"]?.string == thread }
    }

    // MARK: C2: what is read

    @Test func c2_aMessageThatIsChangedAfterItWasReadIsUnread() throws {
        let id = try thread("tea", "gua")
        let first = try #require(try messages("tea", id)[0]["id"]?.string)
        _ = try write("tea", id, "Второе")
        #expect(try read("gua", id, 2).status == 204)
        let before = try #require(try unreadMessages("gua"))
        #expect(try unread("gua", id) == 0)
        try change("tea", first, "Первое, исправлено")
        #expect(try messages("tea", id).map { $0["receipts"]?.array.count } == [1, 0])
        #expect(try unread("gua", id) == 1)
        #expect(try unreadMessages("gua") == before + 1)
        // Another change of what is unread anyway counts once.
        try change("tea", first, "Первое, исправлено дважды")
        #expect(try unread("gua", id) == 1)
        // Who was shown the text before the second change has not read the present one.
        #expect(try sequences("gua", id) == [2, 4])
        #expect(try read("gua", id, 3).status == 204)
        #expect(try messages("tea", id).map { $0["receipts"]?.array.count } == [1, 0])
        #expect(try unread("gua", id) == 1)
        #expect(try read("gua", id, 4).status == 204)
        #expect(try messages("tea", id).map { $0["receipts"]?.array.count } == [1, 1])
        #expect(try unread("gua", id) == 0)
        #expect(try unreadMessages("gua") == before)
    }

    /// The number of unread messages follows what is written, changed and read, in any order.
    @Test func c2_theAuthorsOwnChangeIsNotUnread() throws {
        let id = try thread("gua", "tea")
        let first = try #require(try messages("gua", id)[0]["id"]?.string)
        try change("gua", first, "Иначе")
        #expect(try unread("gua", id) == 0)
        #expect(try unread("tea", id) == 1)
        #expect(try read("tea", id, 2).status == 204)
        #expect(try unread("tea", id) == 0)
    }

    @Test func c2_aSequenceThatThereIsNotYetCannotBeRead() throws {
        let id = try thread("tea", "gua")
        let answer = try read("gua", id, 2)
        #expect(answer.status == 422 && answer.json["errors"]?[0]?["pointer"]?.string == "/sequence", "\(answer.text)")
        #expect(try unread("gua", id) == 1)
        #expect(try read("gua", id, 0).status == 422)
        #expect(try read("gu2", id, 1).status == 404)
    }

    // MARK: A4: who led the class earlier

    /// The other teacher led the class until 10 November, and has nothing to do with the student now.
    @Test func a4_aFormerClassTeacherReadsOnlyWhatWasWrittenWhileLeading() throws {
        let school = String(ids.school)
        try owner.query(
            "UPDATE class_teachers SET starts_on = '2025-11-20' WHERE class_id = $1 AND NOT acting", [ids.class7A])
        let post = try #require(
            try owner.query(
                """
                INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on, ends_on)
                VALUES ($1, gen_random_uuid(), $2, $3, '2025-09-01', '2025-11-19') RETURNING id
                """, [school, ids.class7A, people["oth"]]
            ).first)
        defer {
            _ = try? owner.query("DELETE FROM class_teachers WHERE id = $1", [post])
            _ = try? owner.query(
                "UPDATE class_teachers SET starts_on = '2025-09-01' WHERE class_id = $1 AND NOT acting", [ids.class7A])
        }
        let id = try thread("gua", "oth", "tea", text: "Давнее")
        try owner.query("UPDATE class_teachers SET ends_on = '2025-11-10' WHERE id = $1", [post])
        let superuser = try BlockingConnection(url: server.database.superuserURL)
        try superuser.execute("SET session_replication_role = replica")
        try superuser.query(
            "UPDATE messages SET written_at = '2025-10-06 10:00+00' WHERE thread_id = $1", [id])
        #expect(try messages("oth", id).count == 1)
        #expect(try unread("oth", id) == 1)
        let before = try #require(try unreadMessages("oth"))
        let latest = try owner.query(
            "SELECT latest_at FROM thread_participants WHERE thread_id = $1 AND person_id = $2", [id, people["oth"]]
        ).first

        let later = try write("tea", id, "Позднее")
        #expect(try messages("oth", id).compactMap { $0["text"]?.string } == ["Давнее"])
        #expect(try people.client("oth").get("/v1/threads/\(id)/messages?include=total").json["total"]?.int == 1)
        #expect(try people.client("oth").get("/v1/messages/\(later)").status == 404)
        let found = "/v1/messages?include=total&q="
        let late = try people.client("oth").get(found + "%D0%BF%D0%BE%D0%B7%D0%B4%D0%BD").json  // поздн
        #expect(late["items"]?.array.isEmpty == true && late["total"]?.int == 0)
        #expect(
            try people.client("oth").get(found + "%D0%B4%D0%B0%D0%B2%D0%BD").json["items"]?.array.count == 1)  // давн
        #expect(
            try owner.query("SELECT person_id FROM notifications WHERE entity_id = $1", [later]).rows.map { $0[0] }
                == [people["gua"]])
        #expect(try unread("oth", id) == 1)
        #expect(try unreadMessages("oth") == before)
        let seen = try #require(try listed("oth", id))
        #expect(seen["last_message"]?["text"]?.string == "Давнее" && seen["unread"]?.int == 1)
        #expect(seen["latest_at"]?.string == seen["last_message"]?["written_at"]?.string, "\(seen)")
        #expect(
            try owner.query(
                "SELECT latest_at FROM thread_participants WHERE thread_id = $1 AND person_id = $2",
                [id, people["oth"]]
            ).first == latest)
        #expect(try people.client("oth").get("/v1/threads/\(id)").json["may_write"]?.bool == false)

        // Nobody sees that they have read what is not shown to them.
        #expect(try read("oth", id, 2).status == 422)
        #expect(try read("oth", id, 1).status == 204)
        #expect(try unread("oth", id) == 0)
        #expect(try listed("oth", id, "&unread=true") == nil)
        #expect(try messages("tea", id)[0]["receipts"]?.array.isEmpty == true)

        // A thread in which nothing was written while the person led does not exist for the person.
        try superuser.query("UPDATE messages SET written_at = '2025-11-12 10:00+00' WHERE thread_id = $1", [id])
        #expect(try people.client("oth").get("/v1/threads/\(id)").status == 404)
        #expect(try people.client("oth").get("/v1/threads/\(id)/messages").status == 404)
        #expect(try listed("oth", id) == nil)
    }

    /// A3: who becomes a guardian of the student does not go on reading, as a member of staff, what another guardian writes.
    @Test func a3_aTeacherWhoBecomesAGuardianDoesNotReadTheOthersThreads() throws {
        let id = try thread("gua", "tea", "cla")
        try owner.query(
            "INSERT INTO guardians (school_id, id) VALUES ($1, $2)", [String(ids.school), people["tea"]])
        let guardianship = try #require(
            try owner.query(
                """
                INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on)
                VALUES ($1, gen_random_uuid(), $2, $3, 'legal_guardian', 'full', '2025-11-01') RETURNING id
                """, [String(ids.school), people["tea"], ids.child]
            ).first)
        defer { _ = try? owner.query("DELETE FROM guardianships WHERE id = $1", [guardianship]) }
        #expect(try people.client("tea").get("/v1/threads/\(id)").status == 404)
        #expect(try people.client("tea").get("/v1/threads/\(id)/messages").status == 404)
        #expect(try listed("tea", id) == nil)
        let message = try write("gua", id, "Ещё")
        #expect(
            try owner.query("SELECT person_id FROM notifications WHERE entity_id = $1", [message]).rows.map { $0[0] }
                == [people["cla"]])
    }
}
