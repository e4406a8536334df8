import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// Threads and messages through the API.
@Suite(.serialized) struct ThreadsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let people: ConversationCast
    let owner: BlockingConnection

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        people = try ConversationCast.of(server, ids)
        owner = try server.owner()
    }

    // MARK: Requests

    private func begin(
        _ writer: String, _ recipients: [String], about student: String? = nil, subject: String = "Вопрос",
        _ text: String = "Добрый день"
    ) throws -> TestClient.Answer {
        let list = recipients.map { #""\#(people[$0])""# }.joined(separator: ", ")
        let about = student.map { #""student_id": "\#($0)", "# } ?? ""
        return try people.client(writer).post(
            "/v1/threads",
            json: #"{"recipient_ids": [\#(list)], \#(about)"subject": "\#(subject)", "text": "\#(text)"}"#)
    }

    /// The id of a new thread about the child.
    private func thread(_ writer: String, _ recipients: String..., text: String = "Добрый день") throws -> String {
        let answer = try begin(writer, recipients, about: ids.child, text)
        return try #require(answer.json["items"]?[0]?["thread_id"]?.string, "\(answer.text)")
    }

    private func write(_ writer: String, _ thread: String, _ text: String) throws -> TestClient.Answer {
        try people.client(writer).post("/v1/threads/\(thread)/messages", json: #"{"text": "\#(text)"}"#)
    }

    private func messages(_ reader: String, _ thread: String) throws -> [JSONValue] {
        try people.client(reader).get("/v1/threads/\(thread)/messages?limit=200").json["items"]?.array ?? []
    }

    private func unread(_ reader: String) throws -> Int? {
        try people.client(reader).get("/v1/me/day").json["unread"]?["messages"]?.int
    }

    private func change(_ sql: String, _ parameters: [String?] = []) throws {
        try owner.query("SELECT set_config('lyceum.today', $1, false)", [TestServer.today])
        try owner.query(sql, parameters)
    }

    // MARK: Families

    @Test func a3_aClassIsAThreadForEachGuardian() throws {
        let answer = try people.client("cla").post(
            "/v1/threads", json: #"{"class_id": "\#(ids.class7A)", "subject": "Собрание", "text": "В пятницу в 18:00"}"#
        )
        #expect(answer.status == 200, "\(answer.text)")
        let items = answer.json["items"]?.array ?? []
        let outcomes = items.compactMap { $0["outcome"]?.string }
        // Reached and not reached are all guardians with access.
        try owner.query("SELECT set_config('lyceum.today', $1, false)", [TestServer.today])
        let guardians = try owner.query(
            """
            SELECT count(*), count(*) FILTER (WHERE u.state = 'active')
            FROM enrollments e
            JOIN guardianships g ON g.school_id = e.school_id AND g.student_id = e.student_id AND g.access = 'full'
                AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
            JOIN users u ON u.school_id = g.school_id AND u.id = g.guardian_id
            WHERE e.class_id = $1 AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
            """, [ids.class7A]
        ).rows[0]
        #expect(guardians[0] == String(outcomes.filter { $0 == "sent" || $0 == "no_account" }.count))
        #expect(guardians[1] == String(outcomes.filter { $0 == "sent" }.count))
        #expect(Set(items.compactMap { $0["thread_id"]?.string }).count == outcomes.filter { $0 == "sent" }.count)
        // Both guardians of the child, each alone with the teacher.
        for guardian in ["gua", "gu2"] {
            let sent = items.filter {
                $0["recipient_ids"]?[0]?.string == people[guardian] && $0["student_id"]?.string == ids.child
            }
            #expect(sent.count == 1)
            let thread = try people.client(guardian).get("/v1/threads/\(sent[0]["thread_id"]?.string ?? "")").json
            let participants = Set((thread["participants"]?.array ?? []).compactMap { $0["id"]?.string })
            #expect(participants == [people[guardian], people["cla"]])
        }
        #expect(
            try owner.query(
                """
                SELECT count(*) FROM (
                    SELECT FROM thread_participants p WHERE p.capacity <> 'staff' GROUP BY p.thread_id HAVING count(*) > 1
                ) t
                """
            ).first == "0")
    }

    /// Nothing of a thread reaches the other guardian, other families, or people without access.
    @Test(arguments: ["gu2", "non", "end", "str", "chi", "mat", "oth", "ted", "lea", "dep", "adm", "hea"])
    func a1_othersLearnNothing(_ other: String) throws {
        let id = try thread("tea", "gua", text: "Тайнопись для \(other)")
        let message = try #require(try messages("gua", id)[0]["id"]?.string)
        let client = try people.client(other)
        let before = try unread(other)
        for path in ["/v1/threads/\(id)", "/v1/threads/\(id)/messages", "/v1/messages/\(message)"] {
            #expect(try client.get(path).status == 404, "\(path)")
        }
        #expect(try write(other, id, "Кто здесь?").status == 404)
        #expect(try client.put("/v1/threads/\(id)/receipt", json: #"{"sequence": 1}"#).status == 404)
        let found = try client.get("/v1/messages?q=%D1%82%D0%B0%D0%B9%D0%BD%D0%BE%D0%BF").json  // тайноп
        #expect(found["items"]?.array.isEmpty == true)
        let threads = try client.get("/v1/threads?limit=200").json["items"]?.array ?? []
        #expect(!threads.contains { $0["id"]?.string == id })
        #expect(try unread(other) == before)
        try owner.query("SELECT set_config('lyceum.today', $1, false)", [TestServer.today])
        let told = try owner.query(
            """
            SELECT p FROM notifications n CROSS JOIN LATERAL lyceum.told(n.school_id, n.person_id, n.student_id) p
            WHERE n.entity_id = $1
            """, [message]
        ).rows.map { $0[0] }
        #expect(told == [people["gua"]])
        #expect(try owner.query("SELECT count(*) FROM changes WHERE entity IN ('threads', 'messages')").first == "0")
    }

    /// The guardian loses the thread at once. The teacher reads it, and can't write to anybody.
    @Test(arguments: ["access = 'none'", "ends_on = '2025-11-18'"])
    func a3_theEndOfAGuardianshipClosesItsThreads(_ end: String) throws {
        let id = try thread("gua", "tea", text: "Уходящее")
        try change(
            "UPDATE guardianships SET \(end) WHERE guardian_id = $1 AND student_id = $2", [people["gua"], ids.child])
        defer {
            try? change(
                "UPDATE guardianships SET access = 'full', ends_on = NULL WHERE guardian_id = $1 AND student_id = $2",
                [people["gua"], ids.child])
        }
        #expect(try people.client("gua").get("/v1/threads/\(id)").status == 404)
        #expect(try people.client("gua").get("/v1/threads/\(id)/messages").status == 404)
        #expect(try write("gua", id, "Ещё одно").status == 404)
        let found = try people.client("gua").get("/v1/messages?q=%D1%83%D1%85%D0%BE%D0%B4").json  // уход
        #expect(found["items"]?.array.isEmpty == true)
        let seen = try people.client("tea").get("/v1/threads/\(id)").json
        #expect(seen["may_write"]?.bool == false)
        #expect(try write("tea", id, "Вы здесь?").code == "thread_closed")
    }

    /// A4: staff read a thread as long as they may see the student.
    @Test func a4_theEndOfAPostClosesItsThreads() throws {
        let id = try thread("gua", "tea", "cla")
        #expect(try write("tea", id, "Здравствуйте").status == 201)
        try change("UPDATE section_teachers SET ends_on = '2025-11-18' WHERE teacher_id = $1", [people["tea"]])
        defer { try? change("UPDATE section_teachers SET ends_on = NULL WHERE teacher_id = $1", [people["tea"]]) }
        #expect(try people.client("tea").get("/v1/threads/\(id)").status == 404)
        #expect(try write("tea", id, "Я ушёл").status == 404)
        let answer = try write("gua", id, "Вы ещё здесь?")
        #expect(answer.status == 201)
        let told = try owner.query(
            "SELECT person_id FROM notifications WHERE entity_id = $1", [answer.json["id"]?.string]
        ).rows.map { $0[0] }
        #expect(told == [people["cla"]])
    }

    @Test func cursorsWithMomentsThatDoNotExistAreNoFailure() throws {
        let id = "0198ca94-2869-71eb-91b7-5bfd27fa8301"
        func cursor(_ parts: [String]) -> String {
            Array((parts + [id]).joined(separator: "\u{1F}").utf8).map {
                let digits = String($0, radix: 16)
                return digits.count < 2 ? "0" + digits : digits
            }.joined()
        }
        for moment in ["-9223372036854775807", "9223372036854775807"] {
            for path in ["/v1/messages?q=ab&cursor=\(cursor([moment]))", "/v1/threads?cursor=\(cursor(["0", moment]))"]
            {
                let answer = try people.client("cla").get(path)
                #expect(answer.status == 200, "\(path): \(answer.text)")
            }
        }
    }

    // MARK: New threads

    @Test func aRefusedRequestNamesThePlaceAndWritesNothing() throws {
        let before = try owner.query("SELECT count(*) FROM threads").first
        func refused(_ writer: String, _ json: String, _ pointers: [String], code: String = "validation_failed") throws
        {
            let answer = try people.client(writer).post("/v1/threads", json: json)
            #expect(answer.status == 422 && answer.code == code, "\(answer.text)")
            #expect(
                answer.json["errors"]?.array.compactMap { $0["pointer"]?.string } ?? [] == pointers, "\(answer.text)")
        }
        let text = #""subject": "Вопрос", "text": "Добрый день""#
        let (tea, oth, gua, gu2) = (people["tea"], people["oth"], people["gua"], people["gu2"])
        try refused("gua", "{\(text)}", ["/recipient_ids"])
        try refused("gua", #"{"recipient_ids": ["\#(tea)"], "class_id": "\#(ids.class7A)", \#(text)}"#, ["/class_id"])
        try refused(
            "cla", #"{"class_id": "\#(ids.class7A)", "student_id": "\#(ids.child)", \#(text)}"#, ["/student_id"])
        try refused("cla", #"{"student_ids": ["\#(ids.child)", "\#(ids.child)"], \#(text)}"#, ["/student_ids/1"])
        try refused("gua", #"{"recipient_ids": ["\#(tea)"], "subject": " ", "text": ""}"#, ["/subject", "/text"])
        try refused("gua", #"{"recipient_ids": ["\#(tea)"], \#(text)}"#, ["/student_id"], code: "not_a_recipient")
        try refused(
            "gua",
            #"{"recipient_ids": ["\#(tea)", "\#(oth)", "\#(ids.stranger)"], "student_id": "\#(ids.child)", \#(text)}"#,
            ["/recipient_ids/1", "/recipient_ids/2"], code: "not_a_recipient")
        try refused(
            "oth", #"{"student_ids": ["\#(ids.child)"], \#(text)}"#, ["/student_ids/0"], code: "not_a_recipient")
        try refused(
            "tea", #"{"recipient_ids": ["\#(gua)", "\#(gu2)"], "student_id": "\#(ids.child)", \#(text)}"#, [],
            code: "one_family")
        #expect(try owner.query("SELECT count(*) FROM threads").first == before)
    }

    @Test func c1_aFamilyBeginsOnlySoManyThreadsADay() throws {
        try change("UPDATE school_settings SET family_threads_per_day = 2")
        defer { try? change("UPDATE school_settings SET family_threads_per_day = 1000") }
        try change("UPDATE threads SET created_at = now() - interval '25 hours' WHERE created_by = $1", [people["gu2"]])
        #expect(try begin("gu2", ["tea"], about: ids.child).status == 200)
        #expect(try begin("gu2", ["tea"], about: ids.child).status == 200)
        let third = try begin("gu2", ["tea"], about: ids.child)
        #expect(third.status == 429 && third.code == "too_many_threads", "\(third.text)")
        #expect(third["Retry-After"] != nil)
        for _ in 0..<3 { #expect(try begin("tea", ["gu2"], about: ids.child).status == 200) }
    }

    /// A repeated request with the same key makes no other thread.
    @Test func aRepeatedRequestGetsTheFirstAnswer() throws {
        let json =
            #"{"recipient_ids": ["\#(people["tea"])"], "student_id": "\#(ids.child)", "subject": "Раз", "text": "Раз"}"#
        let answers = try (0..<2).map { _ in
            try people.client("gua").post("/v1/threads", json: json, headers: [("Idempotency-Key", "thread-1")])
        }
        #expect(answers[0].status == 200 && answers[0].text == answers[1].text)
        #expect(try owner.query("SELECT count(*) FROM threads WHERE subject = 'Раз'").first == "1")
    }

    // MARK: Messages

    @Test func c2_staffSeeWhoHasReadTheirMessages() throws {
        let id = try thread("tea", "gua")
        #expect(try messages("tea", id)[0]["receipts"]?.array.isEmpty == true)
        let before = try #require(try unread("gua"))
        let first = 1
        let second = try #require(try write("tea", id, "И ещё").json["sequence"]?.int)
        #expect(try unread("gua") == before + 1)
        func read(_ sequence: Int) throws {
            let answer = try people.client("gua").put(
                "/v1/threads/\(id)/receipt", json: #"{"sequence": \#(sequence)}"#)
            #expect(answer.status == 204, "\(answer.text)")
        }
        try read(first)
        #expect(try messages("tea", id).map { $0["receipts"]?.array.count } == [0, 1])
        #expect(try unread("gua") == before)
        try read(second)
        // A receipt never goes back, and the time of the first message stays.
        let times = try messages("tea", id).map { $0["receipts"]?[0]?["read_at"]?.string }
        try read(first)
        #expect(try messages("tea", id).map { $0["receipts"]?[0]?["read_at"]?.string } == times)
        #expect(times[0] != times[1] && times[0] != nil)
        #expect(try unread("gua") == before - 1)
        // Families do not see receipts.
        _ = try write("gua", id, "Спасибо")
        let last = try #require(try messages("tea", id)[0]["sequence"]?.int)
        _ = try people.client("tea").put("/v1/threads/\(id)/receipt", json: #"{"sequence": \#(last)}"#)
        #expect(try messages("gua", id).allSatisfy { $0["receipts"]?.isNull == true })
    }

    @Test(arguments: [(14, 200), (16, 409)]) func c1_aMessageIsChangedFor15Minutes(_ minutes: Int, _ status: Int) throws
    {
        let id = try thread("gua", "tea", text: "Первое")
        let message = try #require(try messages("gua", id)[0]["id"]?.string)
        let superuser = try BlockingConnection(url: server.database.superuserURL)
        try superuser.execute("SET session_replication_role = replica")
        try superuser.query(
            "UPDATE messages SET written_at = now() - $2::int * interval '1 minute' WHERE id = $1",
            [message, "\(minutes)"])
        func patch(_ writer: String, _ version: Int) throws -> TestClient.Answer {
            try people.client(writer).patch(
                "/v1/messages/\(message)", json: #"{"text": "Второе"}"#, headers: [("If-Match", "\"v\(version)\"")])
        }
        #expect(try patch("tea", 1).code == "not_your_message")
        #expect(try patch("gua", 2).status == 412)
        let changed = try patch("gua", 1)
        #expect(changed.status == status, "\(changed.text)")
        let versions = try owner.query("SELECT version, text FROM message_versions WHERE message_id = $1", [message])
            .rows
        if status == 200 {
            #expect(versions == [["1", "Первое"]])
            let seen = try messages("tea", id)[0]
            #expect(seen["text"]?.string == "Второе" && seen["edited_at"]?.string != nil && seen["version"]?.int == 2)
        } else {
            #expect(changed.code == "message_settled" && versions.isEmpty)
            #expect(try messages("tea", id)[0]["text"]?.string == "Первое")
        }
        #expect(try people.client("gua").send("DELETE", "/v1/messages/\(message)").status == 405)
    }

    @Test func writersAtOnceLoseNothing() throws {
        let id = try thread("tea", "gua", "cla")
        let writers = try ["tea", "gua"].map { name in
            let client = try people.client(name)
            return WorkThread { () -> [Int] in
                (0..<15).map { number in
                    (try? client.post("/v1/threads/\(id)/messages", json: #"{"text": "\#(name) \#(number)"}"#).status)
                        ?? 0
                }
            }
        }
        for writer in writers { #expect(writer.join() == Array(repeating: 201, count: 15)) }
        let all = try messages("cla", id)
        #expect(all.compactMap { $0["number"]?.int } == Array((1...31).reversed()))
        #expect(Set(all.compactMap { $0["text"]?.string }).count == 31)
        let counts = try owner.query(
            "SELECT person_id, unread FROM thread_participants WHERE thread_id = $1", [id]
        ).rows
        #expect(
            Dictionary(uniqueKeysWithValues: counts.map { ($0[0]!, $0[1]!) })
                == [people["cla"]: "31", people["tea"]: "15", people["gua"]: "16"])
    }

    @Test func aSearchFindsBeginningsOfWordsInOnesOwn() throws {
        let id = try thread("tea", "gua", text: "Ёлочные игрушки, 7А-класс")
        for number in 1...3 { _ = try write("gua", id, "Ёлочка номер \(number)") }
        func found(_ words: String, _ reader: String = "gua") throws -> [String] {
            var texts: [String] = []
            var path: String? = "/v1/messages?q=\(words)&limit=2"
            while let next = path {
                let answer = try people.client(reader).get(next)
                #expect(answer.status == 200, "\(answer.text)")
                texts += (answer.json["items"]?.array ?? []).compactMap { $0["text"]?.string }
                path = answer.json["next_cursor"]?.string.map { "/v1/messages?q=\(words)&limit=2&cursor=\($0)" }
            }
            return texts
        }
        let elo = "%D0%B5%D0%BB%D0%BE%D1%87"  // елоч
        #expect(try found(elo) == ["Ёлочка номер 3", "Ёлочка номер 2", "Ёлочка номер 1", "Ёлочные игрушки, 7А-класс"])
        #expect(try found("\(elo)%20%D0%BA%D0%BB") == ["Ёлочные игрушки, 7А-класс"])  // елоч кл
        #expect(try found("%D0%BB%D0%BE%D1%87%D0%BA") == [])  // лочк
        #expect(try found(elo, "gu2") == [])
        #expect(try people.client("gua").get("/v1/messages?q=!!").status == 400)
        #expect(try people.client("gua").get("/v1/messages").status == 400)
    }

    @Test func threadsArePagedNewestOrUnreadFirst() throws {
        let threads = try (0..<5).map { _ in try thread("tea", "gua") }
        _ = try people.client("gua").put("/v1/threads/\(threads[4])/receipt", json: #"{"sequence": 1}"#)
        func listed(_ parameters: String) throws -> [String] {
            var ids: [String] = []
            var path: String? = "/v1/threads?limit=2&\(parameters)"
            while let next = path {
                let answer = try people.client("gua").get(next)
                #expect(answer.status == 200, "\(answer.text)")
                ids += (answer.json["items"]?.array ?? []).compactMap { $0["id"]?.string }
                path = answer.json["next_cursor"]?.string.map { "/v1/threads?limit=2&\(parameters)&cursor=\($0)" }
            }
            return ids
        }
        let newest = try listed("order=newest")
        #expect(Array(newest.prefix(5)) == Array(threads.reversed()))
        #expect(Set(newest).count == newest.count)
        let unreadFirst = try listed("order=unread_first")
        #expect(Set(unreadFirst) == Set(newest) && unreadFirst.count == newest.count)
        #expect(Array(unreadFirst.prefix(4)) == Array(threads.prefix(4).reversed()))
        #expect(try !listed("unread=true").contains(threads[4]))
        #expect(try listed("student_id=\(ids.firstGrader)").isEmpty)
    }

    // MARK: Muting, leaving, reporting

    @Test func aMutedThreadIsNotTold() throws {
        let id = try thread("tea", "gua")
        #expect(try people.client("gua").send("PUT", "/v1/threads/\(id)/mute").status == 204)
        let before = try unread("gua")
        let message = try #require(try write("tea", id, "Тихо").json["id"]?.string)
        #expect(try owner.query("SELECT count(*) FROM notifications WHERE entity_id = $1", [message]).first == "0")
        #expect(try unread("gua") == before)
        #expect(try people.client("gua").get("/v1/threads/\(id)").json["is_muted"]?.bool == true)
        #expect(try people.client("gua").delete("/v1/threads/\(id)/mute").status == 204)
        let next = try #require(try write("tea", id, "Громко").json["id"]?.string)
        #expect(try owner.query("SELECT count(*) FROM notifications WHERE entity_id = $1", [next]).first == "1")
    }

    @Test func onlyAThreadOfColleaguesCanBeLeft() throws {
        let answer = try begin("tea", ["cla", "hea"])
        let id = try #require(answer.json["items"]?[0]?["thread_id"]?.string, "\(answer.text)")
        #expect(try people.client("cla").delete("/v1/threads/\(id)/participation").status == 204)
        #expect(try people.client("cla").get("/v1/threads/\(id)").status == 404)
        #expect(try write("cla", id, "Я вернулась").status == 404)
        let next = try #require(try write("tea", id, "Вдвоём").json["id"]?.string)
        #expect(
            try owner.query("SELECT person_id FROM notifications WHERE entity_id = $1", [next]).rows.map { $0[0] }
                == [people["hea"]])
        #expect(try people.client("hea").delete("/v1/threads/\(id)/participation").code == "cannot_leave")
        let family = try thread("gua", "tea", "cla")
        #expect(try people.client("cla").delete("/v1/threads/\(family)/participation").code == "cannot_leave")
    }

    @Test func theHeadAloneReadsAReportedThread() throws {
        let id = try thread("tea", "gua", text: "Грубое слово")
        let message = try #require(try messages("gua", id)[0]["id"]?.string)
        _ = try people.client("tea").patch(
            "/v1/messages/\(message)", json: #"{"text": "Вежливое слово"}"#, headers: [("If-Match", "*")])
        let paths = [
            "/v1/threads/\(id)", "/v1/threads/\(id)/messages", "/v1/messages/\(message)",
            "/v1/messages/\(message)/versions",
        ]
        func statuses(_ reader: String) throws -> [Int] { try paths.map { try people.client(reader).get($0).status } }
        func recorded() throws -> String? {
            try owner.query(
                "SELECT count(*) FROM audit_log WHERE entity = 'threads' AND entity_id = $1 AND action = 'read' AND changed_by = $2",
                [id, people["hea"]]
            ).first
        }
        #expect(try statuses("hea") == [404, 404, 404, 404])
        let report = try people.client("gua").post("/v1/threads/\(id)/report", json: #"{"reason": "Учитель груб"}"#)
        #expect(report.status == 201, "\(report.text)")
        #expect(
            try people.client("gua").post("/v1/threads/\(id)/report", json: #"{"reason": "Ещё раз"}"#).code
                == "already_exists")
        #expect(try recorded() == "0")
        let audit = try people.client("dep").get("/v1/audit?changed_by=\(people["gua"])").json["items"]?.array ?? []
        #expect(audit.isEmpty, "the audit log names who reported")
        #expect(try statuses("hea") == [200, 200, 200, 200])
        #expect(try recorded() == "4")
        for other in ["dep", "adm", "cla"] { #expect(try statuses(other).allSatisfy { $0 == 404 || $0 == 403 }) }
        #expect(try statuses("tea") == [200, 200, 200, 403] && statuses("gua") == [200, 200, 200, 403])
        let versions = try people.client("hea").get(paths[3]).json["items"]
        #expect(versions?[0]?["text"]?.string == "Грубое слово")
        #expect(try write("hea", id, "Что здесь?").status == 404)
        let open = try people.client("hea").get("/v1/reported-threads?state=open").json["items"]?.array ?? []
        #expect(open.contains { $0["thread_id"]?.string == id && $0["reason"]?.string == "Учитель груб" })
        // A3: a head who is a guardian of the student, with or without access, is no judge of the other guardian's report.
        let guardianship = try owner.query(
            """
            WITH guardian AS (INSERT INTO guardians (school_id, id) VALUES ($1, $2) ON CONFLICT DO NOTHING)
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, basis, starts_on)
            VALUES ($1, gen_random_uuid(), $2, $3, 'legal_guardian', 'none', 'Решение суда', '2025-09-01') RETURNING id
            """, [String(ids.school), people["hea"], ids.child]
        ).first
        #expect(try statuses("hea") == [404, 404, 404, 404])
        let own = try people.client("hea").get("/v1/reported-threads").json["items"]?.array ?? []
        #expect(!own.contains { $0["thread_id"]?.string == id })
        #expect(
            try people.client("hea").put(
                "/v1/reported-threads/\(report.json["id"]?.string ?? "")/closure", json: #"{"note": "Сам"}"#
            ).status == 404)
        try owner.query("DELETE FROM guardianships WHERE id = $1", [guardianship])
        let closure = "/v1/reported-threads/\(report.json["id"]?.string ?? "")/closure"
        #expect(try people.client("dep").put(closure, json: #"{"note": "Сам"}"#).status == 403)
        #expect(
            try people.client("hea").put(closure, json: #"{"note": "Поговорил"}"#).json["note"]?.string == "Поговорил")
        #expect(try people.client("hea").put(closure, json: #"{"note": "Снова"}"#).code == "report_closed")
        #expect(try statuses("hea") == [404, 404, 404, 404])
    }
}
