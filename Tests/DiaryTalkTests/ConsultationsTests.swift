import DiaryTestSupport
import JSON
import Postgres
import Testing

/// C4: consultations over the API.
@Suite(.serialized) struct ConsultationsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let parent: TestClient
    let admin: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        parent = try server.client("parent")
        admin = try server.client("admin")
    }

    private let path = "/v1/consultations"

    private func ask(_ client: TestClient, _ more: String = "") throws -> TestClient.Answer {
        try client.post(path, json: #"{"category": "records", "subject": "Пропуск", "text": "Была в школе"\#(more)}"#)
    }

    private func asked(_ client: TestClient, _ more: String = "") throws -> String {
        let answer = try ask(client, more)
        return try #require(answer.json["id"]?.string, "\(answer.text)")
    }

    private func write(_ client: TestClient, _ id: String, _ kind: String) throws -> TestClient.Answer {
        try client.post("\(path)/\(id)/messages", json: #"{"kind": "\#(kind)", "text": "Текст"}"#)
    }

    private func change(_ client: TestClient, _ id: String, _ json: String) throws -> TestClient.Answer {
        try client.patch("\(path)/\(id)", json: json, headers: [("If-Match", "*")])
    }

    private func person(_ client: TestClient) throws -> String {
        try #require(try client.get("/v1/me").json["user"]?["id"]?.string)
    }

    private func listed(_ client: TestClient, _ query: String = "") throws -> [String] {
        try client.get("\(path)?limit=200\(query)").json["items"]!.array.map { $0["id"]!.string! }
    }

    @Test func c4AQuestionIsAnsweredAndBothSeeItsHistory() throws {
        let (guardian, administrator) = (try person(parent), try person(admin))
        let made = try ask(parent, #", "phone": "+7 900 000-00-01""#)
        let id = try #require(made.json["id"]?.string, "\(made.text)")
        #expect(made.status == 201 && made["Location"]?.hasSuffix("\(path)/\(id)") == true)
        #expect(made.json["asker"]?["id"]?.string == guardian && made.json["state"]?.string == "open")
        #expect(try listed(admin, "&state=open").contains(id))
        #expect(try write(parent, id, "answer").code == "not_your_consultation")
        #expect(try change(parent, id, #"{"assigned_to_id": "\#(administrator)"}"#).code == "not_your_consultation")
        let taken = try change(admin, id, #"{"assigned_to_id": "\#(administrator)"}"#)
        #expect(
            taken.json["state"]?.string == "in_progress" && taken.json["assigned_to"]?["id"]?.string != nil,
            "\(taken.text)")
        let answer = try write(admin, id, "answer")
        #expect(answer.status == 201 && answer.json["author"]?["id"]?.string == administrator, "\(answer.text)")
        #expect(try change(parent, id, #"{"state": "closed"}"#).json["state"]?.string == "closed")
        #expect(try write(admin, id, "answer").code == "consultation_closed")
        #expect(try write(parent, id, "question").status == 201)
        for client in [parent, admin] {
            let one = try client.get("\(path)/\(id)").json
            #expect(
                one["history"]?.array.map { $0["state"]?.string } == [
                    "open", "in_progress", "answered", "closed", "open",
                ])
            let messages = try client.get("\(path)/\(id)/messages?include=total").json
            #expect(messages["items"]?.array.map { $0["kind"]?.string } == ["question", "answer", "question"])
            #expect(messages["total"]?.int == 3)
        }
        // The notification of the first question was closed by the answer.
        let told = try server.owner().query(
            """
            SELECT u.login, n.closed_at IS NOT NULL FROM notifications n
            JOIN users u ON u.school_id = n.school_id AND u.id = n.person_id
            WHERE n.school_id = $1 AND n.entity_id = $2 ORDER BY n.xid
            """, [String(ids.school), id]
        ).rows
        #expect(told == [["admin", "t"], ["parent", "f"], ["admin", "f"]])
    }

    @Test func a1OthersSeeNeitherTheQuestionNorItsMessages() throws {
        let id = try asked(parent)
        for login in ["student", "teacher", "head", "deputy"] {
            let client = try server.client(login)
            #expect(try client.get("\(path)/\(id)").status == 404, "\(login)")
            #expect(try client.get("\(path)/\(id)/messages").status == 404, "\(login)")
            #expect(try write(client, id, "question").status == 404, "\(login)")
            #expect(try change(client, id, #"{"state": "closed"}"#).status == 404, "\(login)")
            #expect(try listed(client) == [])
            #expect(try ask(client).status == 201, "\(login)")
            #expect(try listed(client).count == 1)
        }
        #expect(try server.client("admin", school: "lyceum30").get("\(path)/\(id)").status == 404)
        #expect(try listed(admin, "&mine=true") == [])
    }

    @Test func c4AnAdministratorWritesDownWhatIsAskedAtTheDesk() throws {
        let visitor = try ask(admin, #", "visitor_name": "Бабушка", "phone": "2""#)
        #expect(visitor.status == 201 && visitor.json["asker"]?.isNull == true, "\(visitor.text)")
        #expect(visitor.json["visitor_name"]?.string == "Бабушка" && visitor.json["recorded_by"]?["id"]?.string != nil)
        let (guardian, administrator) = (try person(parent), try person(admin))
        let named = try asked(admin, #", "person_id": "\#(guardian)""#)
        #expect(try parent.get("\(path)/\(named)").json["recorded_by"]?["id"]?.string == administrator)
        #expect(try write(parent, named, "question").status == 201)
        #expect(try ask(parent, #", "person_id": "\#(guardian)""#).code == "not_your_consultation")
        #expect(try ask(parent, #", "visitor_name": "Бабушка""#).code == "not_your_consultation")
        let unknown = try ask(admin, #", "person_id": "\#(DemoSchoolIDs.nothing)""#)
        #expect(
            unknown.status == 422 && unknown.json["errors"]?[0]?["pointer"]?.string == "/person_id", "\(unknown.text)")
        let both = try ask(admin, #", "person_id": "\#(guardian)", "visitor_name": "Бабушка""#)
        #expect(both.json["errors"]?[0]?["code"]?.string == "exclusive", "\(both.text)")
    }

    /// Today is Wednesday, 19 November 2025; the norm is 3 working days.
    @Test func c4TheQueueShowsTheLongestWaitingFirstAndWhatIsOverdue() throws {
        try server.owner().query(
            "UPDATE consultations SET state = 'closed', closed_at = now() WHERE school_id = $1", [String(ids.school)])
        func waits(_ since: String) throws -> String {
            let id = try asked(parent)
            try server.owner().query("UPDATE consultations SET waiting_since = $2 WHERE id = $1", [id, since])
            return id
        }
        // In Yekaterinburg, 23:30 in UTC is the next day.
        let onTime = try waits("2025-11-13T23:30:00Z")
        let late = try waits("2025-11-13T09:00:00Z")
        let today = try waits("2025-11-19T04:00:00Z")
        let answered = try waits("2025-11-10T04:00:00Z")
        _ = try write(admin, answered, "answer")
        #expect(try listed(admin, "&state=open") == [late, onTime, today])
        #expect(try listed(admin, "&overdue=true") == [late])
        #expect(try listed(admin, "&overdue=false&state=open") == [onTime, today])
        let queue = try admin.get("\(path)?state=open").json["items"]!.array
        #expect(queue.map { $0["waiting_days"]?.int } == [4, 3, 0])
        #expect(queue.map { $0["due_on"]?.string } == ["2025-11-18", "2025-11-19", "2025-11-24"])
        var pages: [String] = []
        var next: String? = "\(path)?state=open&limit=1"
        while let page = next {
            let answer = try admin.get(page).json
            pages += answer["items"]!.array.map { $0["id"]!.string! }
            next = answer["next_cursor"]?.string.map { "\(path)?state=open&limit=1&cursor=\($0)" }
        }
        #expect(pages == [late, onTime, today])
        try server.owner().query(
            "UPDATE school_settings SET consultation_days = 5 WHERE school_id = $1", [String(ids.school)])
        #expect(try listed(admin, "&overdue=true") == [])
    }

    @Test(arguments: [
        (#"{"category": "weather", "subject": "Т", "text": "Т"}"#, "/category"),
        (#"{"category": "other", "subject": " ", "text": "Т"}"#, "/subject"),
        (#"{"category": "other", "subject": "Т"}"#, "/text"),
        (#"{"category": "other", "subject": "Т", "text": "Т", "state": "closed"}"#, "/state"),
        (#"{"category": "other", "subject": "Т", "text": "Т", "phone": ""}"#, "/phone"),
    ])
    func badInputIsNamed(_ body: String, _ pointer: String) throws {
        let answer = try parent.post(path, json: body)
        #expect(answer.status == 422 && answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(answer.text)")
    }

    @Test func c4OneQuestionTooManyIsA429() throws {
        let head = try server.client("head")
        func limit(_ column: String, _ count: Int) throws {
            try server.owner().query(
                "UPDATE school_settings SET \(column) = \(count) WHERE school_id = $1", [String(ids.school)])
        }
        let before = try server.owner().query(
            "SELECT count(*) FROM consultation_messages WHERE kind = 'question' AND author_id = $1", [try person(head)]
        ).first
        try limit("questions_per_day", 2 + Int(before ?? "")!)
        defer { try? limit("questions_per_day", 20) }
        let id = try asked(head)
        #expect(try write(head, id, "question").status == 201)
        for answer in [try ask(head), try write(head, id, "question")] {
            #expect(answer.status == 429 && answer.code == "too_many_questions", "\(answer.text)")
            #expect(answer["Retry-After"] != nil)
        }
        // What the desk writes down for the person counts for the desk.
        let atDesk = #", "person_id": "\#(try person(head))""#
        #expect(try ask(admin, atDesk).status == 201)
        try limit("desk_questions_per_day", 1)
        defer { try? limit("desk_questions_per_day", 200) }
        #expect(try ask(admin, atDesk).code == "too_many_questions")
        #expect(try write(admin, id, "answer").status == 201)
    }

    @Test func badChangesAreNamed() throws {
        let id = try asked(parent)
        #expect(try parent.patch("\(path)/\(id)", json: "{}").status == 428)
        #expect(try change(admin, id, #"{"state": "answered"}"#).status == 422)
        let assigned = try change(admin, id, #"{"assigned_to_id": "\#(try person(parent))"}"#)
        #expect(assigned.json["errors"]?[0]?["code"]?.string == "not_an_administrator", "\(assigned.text)")
        #expect(try change(admin, id, #"{"state": "closed"}"#).code == "consultation_state")
        #expect(try write(parent, id, "note").code == "not_your_consultation")
        #expect(try write(parent, id, "remark").status == 422)
    }

    @Test func theAdministratorsFeedHasIt() throws {
        let feed = try FeedReader(admin, "/v1/changes", "&include=data")
        let others = try FeedReader(try server.client("teacher"))
        let id = try asked(parent)
        let items = try feed.read().filter { $0.entity == "consultations" }
        #expect(items.map { "\($0.id) \($0.operation)" } == ["\(id) made"])
        #expect(items.first?.data?["subject"]?.string == "Пропуск")
        #expect(try others.read().filter { $0.entity == "consultations" } == [])
    }
}
