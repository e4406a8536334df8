import Diary
import DiaryTalk
import DiaryTestSupport
import Glibc
import JSON
import Postgres
import Reactor
import TestSupport
import TestTools
import Testing

/// Announcements over the API: the class teacher of 7А writes, families read and acknowledge (C2, A1, A3).
@Suite(.serialized) struct AnnouncementsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient
    let parent: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        parent = try server.client("parent")
        // Those of other tests
        try ownerToday().query(
            "UPDATE announcements SET withdrawn_at = now() WHERE school_id = $1 AND withdrawn_at IS NULL",
            [String(ids.school)])
    }

    private let path = "/v1/announcements"

    private func ownerToday() throws -> BlockingConnection {
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        return owner
    }

    private func count(_ sql: String, _ more: [String?] = []) throws -> Int {
        Int(try ownerToday().query(sql, [String(ids.school)] + more).first ?? "") ?? -1
    }

    private func toClass(_ members: String = #""guardians""#, _ id: String? = nil) -> String {
        #"{"kind": "class", "class_id": "\#(id ?? ids.class7A)", "members": [\#(members)]}"#
    }

    private func write(
        _ client: TestClient, to audience: String, _ more: String = ""
    ) throws -> TestClient.Answer {
        try client.post(path, json: #"{"title": "Собрание", "text": "В четверг", "audience": [\#(audience)]\#(more)}"#)
    }

    private func written(_ client: TestClient, to audience: String, _ more: String = "") throws -> String {
        let answer = try write(client, to: audience, more)
        return try #require(answer.json["id"]?.string, "\(answer.text)")
    }

    private func change(_ client: TestClient, _ id: String, _ json: String, _ match: String = "*") throws
        -> TestClient.Answer
    {
        try client.patch("\(path)/\(id)", json: json, headers: [("If-Match", match)])
    }

    private func shown(_ client: TestClient, _ view: String = "shown") throws -> [String] {
        try client.get("\(path)?view=\(view)").json["items"]!.array.map { $0["id"]?.string ?? "" }
    }

    private func totals(_ client: TestClient, _ id: String, _ member: String = "guardians") throws -> [String: Int] {
        let list = try client.get("\(path)/\(id)/readers").json["totals"]!.array
        guard let totals = list.first(where: { $0["member"]?.string == member }) else { return [:] }
        let names = ["people", "reached", "not_reached", "acknowledged", "unread", "unreachable"]
        return Dictionary(uniqueKeysWithValues: names.map { ($0, totals[$0]?.int ?? -1) })
    }

    @Test func c2AClassAnnouncementIsReadAcknowledgedAndCounted() throws {
        let made = try write(teacher, to: toClass(), #", "asks_acknowledgement": true"#)
        let id = try #require(made.json["id"]?.string, "\(made.text)")
        #expect(made.status == 201 && made["Location"]?.hasSuffix("\(path)/\(id)") == true)
        #expect(made.json["audience"]?[0]?["class"]?["name"]?.string == "7А", "\(made.text)")
        #expect(made.json["state"]?.string == "shown" && made.json["reached_as"]?.array.isEmpty == true)
        // By hand: all guardians with access of the students of the class.
        func guardians(_ condition: String) throws -> Int {
            try count(
                """
                SELECT count(DISTINCT g.guardian_id) FROM enrollments e
                JOIN guardianships g ON g.school_id = e.school_id AND g.student_id = e.student_id AND g.access = 'full'
                    AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
                JOIN users u ON u.school_id = g.school_id AND u.id = g.guardian_id
                WHERE e.school_id = $1 AND e.class_id = $2 AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
                    AND \(condition)
                """, [ids.class7A])
        }
        let people = try guardians("true")
        let active = try guardians("u.state = 'active'")
        #expect(people > 40 && active < people)
        #expect(
            try totals(teacher, id) == [
                "people": people, "reached": 0, "not_reached": people, "acknowledged": 0, "unread": active,
                "unreachable": people - active,
            ])

        let item = try parent.get(path).json["items"]![0]!
        #expect(item["id"]?.string == id && item["audience"]?.isNull == true && item["read_at"]?.isNull == true)
        #expect(item["student_ids"]?.array.map { $0.string } == [ids.child])
        #expect(item["reached_as"]?.array.map { $0.string } == ["guardians"])
        let read = try parent.put("\(path)/\(id)/receipt", json: #"{"text_version": 1}"#)
        #expect(read.status == 200 && read.json["read_at"]?.string != nil, "\(read.text)")
        #expect(try parent.put("\(path)/\(id)/receipt", json: #"{"text_version": 1}"#).text == read.text)
        #expect(try totals(teacher, id)["reached"] == 1 && totals(teacher, id)["not_reached"] == people - 1)
        let done = try parent.put("\(path)/\(id)/acknowledgement", json: #"{"text_version": 1}"#)
        #expect(done.status == 200 && done.json["acknowledged_at"]?.string != nil, "\(done.text)")
        #expect(try parent.put("\(path)/\(id)/acknowledgement", json: #"{"text_version": 1}"#).text == done.text)
        #expect(try totals(teacher, id)["acknowledged"] == 1)

        // A changed text asks anew, and nobody has read it.
        #expect(try change(teacher, id, #"{"text": "В пятницу"}"#, "\"v9\"").status == 412)
        let changed = try change(teacher, id, #"{"text": "В пятницу"}"#, made["ETag"]!)
        #expect(changed.json["text_version"]?.int == 2 && changed.json["version"]?.int == 2, "\(changed.text)")
        let again = try parent.get("\(path)/\(id)").json
        #expect(again["acknowledged_at"]?.isNull == true && again["read_at"]?.isNull == true)
        // Who was shown the former text has not read this one.
        for part in ["receipt", "acknowledgement"] {
            let stale = try parent.put("\(path)/\(id)/\(part)", json: #"{"text_version": 1}"#)
            #expect(stale.status == 409 && stale.code == "stale_version")
            #expect(stale.json["errors"]?[0]?["current"]?["version"]?.int == 2, "\(stale.text)")
        }
        #expect(try totals(teacher, id)["acknowledged"] == 0 && totals(teacher, id)["reached"] == 0)
        // A pinned one does not: the text is the same.
        #expect(try change(teacher, id, #"{"is_pinned": true}"#).json["text_version"]?.int == 2)
    }

    @Test func a1FamiliesSeeOnlyWhatIsForThemAndNoReaders() throws {
        let student = try server.client("student")
        let forGuardians = try written(teacher, to: toClass())
        let forStudents = try written(teacher, to: toClass(#""students""#))
        #expect(try shown(parent) == [forGuardians])
        #expect(try shown(student) == [forStudents])
        #expect(try student.get("\(path)/\(forGuardians)").status == 404)
        #expect(try student.put("\(path)/\(forGuardians)/receipt", json: #"{"text_version": 1}"#).status == 404)
        #expect(try student.put("\(path)/\(forGuardians)/acknowledgement", json: #"{"text_version": 1}"#).status == 404)
        for client in [parent, student] {
            #expect(try client.get("\(path)/\(forGuardians)/readers").status == 403)
            #expect(try shown(client, "kept") == [])
        }
        let stranger = try server.client("admin", school: "lyceum30")
        #expect(try stranger.get("\(path)/\(forGuardians)").status == 404)
        // One that does not ask for it cannot be acknowledged.
        let refused = try parent.put("\(path)/\(forGuardians)/acknowledgement", json: #"{"text_version": 1}"#)
        #expect(refused.status == 409 && refused.code == "nothing_to_acknowledge")
    }

    /// The login `parent` has a child in 7А and one in grade 1.
    @Test func c2AGuardianOfTwoClassesSeesItOnceAndCountsOnce() throws {
        let head = try server.client("head")
        let other = try #require(
            try ownerToday().query(
                """
                SELECT class_id FROM enrollments
                WHERE school_id = $1 AND student_id = $2 AND lyceum.holds(starts_on, ends_on, lyceum.today())
                """, [String(ids.school), ids.firstGrader]
            ).first)
        let id = try written(head, to: toClass() + ", " + toClass(#""guardians""#, other))
        #expect(try shown(parent) == [id])
        let item = try parent.get("\(path)/\(id)").json
        #expect(Set(item["student_ids"]!.array.compactMap { $0.string }) == [ids.child, ids.firstGrader])
        let me = try #require(try parent.get("/v1/me").json["user"]?["id"]?.string)
        let told = "SELECT count(*) FROM notifications WHERE school_id = $1 AND entity_id = $2 AND person_id = $3"
        #expect(try count(told, [id, me]) == 1)
        _ = try parent.put("\(path)/\(id)/receipt", json: #"{"text_version": 1}"#)
        #expect(try totals(head, id)["reached"] == 1)
        let readers = try head.get("\(path)/\(id)/readers?include=total&state=read").json
        #expect(readers["total"]?.int == 1)
        #expect(readers["items"]?[0]?["students"]?.array.count == 2, "\(readers)")
        let classes = readers["classes"]!.array
        #expect(classes.count == 2 && classes.allSatisfy { $0["reached"]?.int == 1 })
        // The class teacher sees the own class.
        let own = try teacher.get("\(path)/\(id)/readers?state=read").json
        #expect(own["classes"]?.array.count == 1 && own["items"]?[0]?["students"]?.array.count == 1)
        #expect(
            own["totals"]?[0]?["people"]?.int
                == classes.first { $0["class"]?["id"]?.string == ids.class7A }?["people"]?.int)
    }

    @Test func theListOfReadersHasPages() throws {
        let id = try written(teacher, to: toClass(#""guardians", "students""#))
        let all = try teacher.get("\(path)/\(id)/readers?limit=200&include=total").json
        let people = all["items"]!.array.map { "\($0["person"]!["id"]!.string!) \($0["member"]!.string!)" }
        #expect(people.count == all["total"]?.int && Set(people).count == people.count)
        #expect(all["items"]?[0]?["id"] == nil && all["items"]?[0]?["last_name"] == nil)
        var pages: [String] = []
        var next: String? = "\(path)/\(id)/readers?limit=7"
        while let page = next {
            let answer = try teacher.get(page)
            pages += answer.json["items"]!.array.map { "\($0["person"]!["id"]!.string!) \($0["member"]!.string!)" }
            next = answer.json["next_cursor"]?.string.map { "\(path)/\(id)/readers?limit=7&cursor=\($0)" }
        }
        #expect(pages == people)
        #expect(
            try teacher.get("\(path)/\(id)/readers?member=students&class_id=\(ids.otherClass)").json["items"]?.array
                .isEmpty == true)
        #expect(try teacher.get("\(path)/\(id)/readers?state=seen").status == 400)
    }

    @Test func pinnedOnesComeFirstThenTheNewest() throws {
        let first = try written(teacher, to: toClass(), #", "is_pinned": true"#)
        let second = try written(teacher, to: toClass())
        let third = try written(teacher, to: toClass())
        #expect(try shown(parent) == [first, third, second])
        var pages: [String] = []
        var next: String? = "\(path)?limit=1&include=total"
        while let page = next {
            let answer = try parent.get(page).json
            #expect(answer["total"]?.int == 3)
            #expect(answer["items"]?[0]?["order_start"] == nil)
            pages += answer["items"]!.array.map { $0["id"]!.string! }
            next = answer["next_cursor"]?.string.map { "\(path)?limit=1&include=total&cursor=\($0)" }
        }
        #expect(pages == [first, third, second])
        #expect(try parent.get("\(path)?cursor=31").status == 400)
    }

    @Test func anEndedOneIsPastAndAWithdrawnOneIsGone() throws {
        let ended = try written(teacher, to: toClass())
        try ownerToday().query("UPDATE announcements SET ends_at = now() WHERE id = $1", [ended])
        #expect(try shown(parent) == [])
        #expect(try shown(parent, "past").contains(ended))
        #expect(try parent.get("\(path)/\(ended)").json["state"]?.string == "ended")
        let id = try written(teacher, to: toClass())
        #expect(try change(teacher, id, #"{"withdrawn": true}"#).json["state"]?.string == "withdrawn")
        #expect(try parent.get("\(path)/\(id)").status == 404)
        #expect(try shown(parent, "past").contains(id) == false)
        #expect(try shown(teacher, "kept").contains(id))
        #expect(try change(teacher, id, #"{"text": "Иное"}"#).code == "announcement_withdrawn")
        #expect(
            try count(
                "SELECT count(*) FROM notifications WHERE school_id = $1 AND entity_id = $2 AND closed_at IS NULL", [id]
            ) == 0)
    }

    @Test func a3AGuardianWhoseAccessEndsSeesItNoMore() throws {
        let id = try written(teacher, to: toClass())
        let before = try totals(teacher, id)["people"]!
        #expect(try parent.get("\(path)/\(id)").status == 200)
        defer {
            _ = try? ownerToday().query(
                "UPDATE guardianships SET access = 'full' WHERE school_id = $1 AND student_id = $2 AND access = 'none'",
                [String(ids.school), ids.child])
        }
        try ownerToday().query(
            """
            UPDATE guardianships SET access = 'none' WHERE school_id = $1 AND student_id = $2
                AND guardian_id = (SELECT id FROM users WHERE school_id = $1 AND login = 'parent')
            """, [String(ids.school), ids.child])
        #expect(try shown(parent) == [])
        #expect(try parent.get("\(path)/\(id)").status == 404)
        #expect(try parent.put("\(path)/\(id)/receipt", json: #"{"text_version": 1}"#).status == 404)
        #expect(try totals(teacher, id)["people"] == before - 1)
    }

    @Test func a4HeadsWithdrawWhatOthersHaveWritten() throws {
        let id = try written(teacher, to: toClass())
        let (head, admin) = (try server.client("head"), try server.client("admin"))
        #expect(try change(head, id, #"{"text": "Иное"}"#).code == "not_your_announcement")
        #expect(try change(admin, id, #"{"withdrawn": true}"#).code == "not_your_announcement")
        #expect(try change(head, id, #"{"withdrawn": true}"#).status == 200)
        let log = try admin.get("/v1/audit?entity=announcements&entity_id=\(id)").json["items"]!.array
        #expect(log.map { $0["action"]?.string } == ["update", "insert"])
    }

    @Test func staffAreReachedByTheirRoles() throws {
        let id = try written(
            try server.client("deputy"),
            to: #"{"kind": "role", "role": "teacher"}, {"kind": "grade_level", "grade_level": 7, "members": ["staff"]}"#
        )
        let item = try teacher.get(path).json["items"]![0]!
        #expect(item["id"]?.string == id && item["reached_as"]?.array.map { $0.string } == ["staff"])
        #expect(item["audience"]?.array.map { $0["kind"]?.string } == ["grade_level", "role"])
        #expect(item["audience"]?[0]?["grade_level"]?.int == 7 && item["audience"]?[1]?["role"]?.string == "teacher")
        #expect(try shown(parent) == [])
        #expect(try teacher.put("\(path)/\(id)/receipt", json: #"{"text_version": 1}"#).status == 200)
    }

    @Test(arguments: [
        (#""audience": []"#, 422, "/audience"), (#""audience": [{"kind": "school"}]"#, 422, "/audience/0/members"),
        (#""audience": [{"kind": "school", "members": []}]"#, 422, "/audience/0/members"),
        (#""audience": [{"kind": "school", "members": ["all"]}]"#, 422, "/audience/0/members/0"),
        (
            #""audience": [{"kind": "grade_level", "grade_level": 12, "members": ["staff"]}]"#, 422,
            "/audience/0/grade_level"
        ),
        (#""audience": [{"kind": "role", "role": "guardian"}]"#, 422, "/audience/0/role"),
        (#""audience": [{"kind": "role", "role": "head", "members": ["students"]}]"#, 422, "/audience/0/members/0"),
        (#""audience": [{"kind": "class", "grade_level": 7, "members": ["staff"]}]"#, 422, "/audience/0/class_id"),
        (#""audience": [{"kind": "planet"}]"#, 422, "/audience/0/kind"),
        (#""audience": [{"kind": "school", "members": ["staff"], "role": "head"}]"#, 422, "/audience/0/role"),
        (
            #""audience": [{"kind": "school", "members": ["staff"]}, {"kind": "class", "class_id": "\#(DemoSchoolIDs.nothing)", "members": ["staff"]}]"#,
            422, "/audience/1/class_id"
        ),
        (#""title": " ""#, 422, "/title"), (#""starts_at": "2026-01-01""#, 422, "/starts_at"),
        (#""ends_at": "2020-01-01T00:00:00Z""#, 422, "/ends_at"),
        (#""ends_at": "2999-01-01T00:00:00Z""#, 422, "/ends_at"),
        (#""withdrawn": true"#, 422, "/withdrawn"), (#""text_version": 7"#, 422, "/text_version"),
    ])
    func badInputIsNamed(_ member: String, _ status: Int, _ pointer: String) throws {
        var members = [
            "title": #""title": "Т""#, "text": #""text": "Т""#,
            "audience": #""audience": [{"kind": "school", "members": ["staff"]}]"#,
        ]
        members[String(member.dropFirst().prefix { $0 != "\"" })] = member
        let answer = try server.client("head").post(path, json: "{\(members.values.joined(separator: ", "))}")
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(answer.text)")
    }

    @Test func a4TheRefusedItemOfTheAudienceIsNamed() throws {
        let answer = try write(teacher, to: toClass() + ", " + toClass(#""students""#, ids.otherClass))
        #expect(answer.status == 403 && answer.code == "not_your_audience")
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/audience/1/class_id", "\(answer.text)")
        #expect(
            try write(teacher, to: #"{"kind": "school", "members": ["guardians"]}"#).json["errors"]?[0]?["pointer"]?
                .string == "/audience/0")
    }

    /// C3, M12: the background work tells it when its beginning comes, and the family's feed has it then.
    @Test func c3ALaterOneIsShownAndToldWhenItsBeginningComes() async throws {
        let feed = try FeedReader(parent, "/v1/students/\(ids.child)/changes", "&include=data")
        let starts = try #require(
            try ownerToday().query("SELECT lyceum.moment(clock_timestamp() + interval '2 seconds')").first)
        let id = try written(teacher, to: toClass(), #", "starts_at": "\#(starts)""#)
        #expect(try shown(parent) == [])
        #expect(try parent.get("\(path)/\(id)").status == 404)
        #expect(try feed.read().filter { $0.entity == "announcements" } == [])
        #expect(try shown(teacher, "kept").contains(id))
        var configuration = Background.Configuration(work: [.beginAnnouncement])
        configuration.rhythm = 0.05
        let loop = try BackgroundLoop(
            configuration, server.database.serverURL, LogSink(descriptor: open("/dev/null", O_WRONLY)))
        let told = "SELECT count(*) FROM notifications WHERE school_id = $1 AND entity_id = $2"
        #expect(try await eventually { try count(told, [id]) > 0 })
        #expect(
            try await eventually {
                try count("SELECT count(*) FROM pending WHERE school_id = $1 AND kind = 'begin_announcement'") == 0
            })
        await loop.end()
        #expect(try count(told, [id]) == totals(teacher, id)["people"])
        #expect(try shown(parent) == [id])
        let items = try feed.read().filter { $0.entity == "announcements" }
        #expect(items.map { "\($0.id) \($0.operation)" } == ["\(id) made"])
        #expect(items.first?.data?["title"]?.string == "Собрание")
        _ = try change(teacher, id, #"{"withdrawn": true}"#)
        #expect(try feed.read().filter { $0.entity == "announcements" }.map { $0.operation } == ["deleted"])
    }

    /// A1: what is not for the family leaves no trace in the family's feed, whatever becomes of it.
    @Test(arguments: [
        #"{"kind": "role", "role": "teacher"}"#, #"{"kind": "school", "members": ["staff"]}"#,
        #"{"kind": "grade_level", "grade_level": 5, "members": ["guardians"]}"#,
        #"{"kind": "class", "class_id": "CLASS", "members": ["staff"]}"#,
        #"{"kind": "class", "class_id": "CLASS", "members": ["students"]}"#,
    ])
    func a1WhatIsForOthersIsNotInTheFeedOfTheFamily(_ audience: String) throws {
        let feed = try FeedReader(parent, "/v1/students/\(ids.child)/changes", "&include=data")
        let head = try server.client("head")
        let id = try written(head, to: audience.replacing("CLASS", with: ids.class7A))
        #expect(try change(head, id, #"{"text": "Иное"}"#).status == 200)
        #expect(try feed.read().filter { $0.entity == "announcements" } == [])
        #expect(try change(head, id, #"{"is_pinned": true}"#).status == 200)
        #expect(try feed.read().filter { $0.entity == "announcements" } == [])
        #expect(try change(head, id, #"{"withdrawn": true}"#).status == 200)
        #expect(try feed.read().filter { $0.entity == "announcements" } == [])
    }

    /// A1: what is planned does not exist for families yet.
    @Test func a1WhatIsPlannedIsNotInTheFeedOfTheFamily() throws {
        let feed = try FeedReader(parent, "/v1/students/\(ids.child)/changes", "&include=data")
        let id = try written(teacher, to: toClass(), #", "starts_at": "2999-01-01T00:00:00Z""#)
        #expect(try feed.read().filter { $0.entity == "announcements" } == [])
        #expect(try change(teacher, id, #"{"text": "Иное"}"#).status == 200)
        #expect(try feed.read().filter { $0.entity == "announcements" } == [])
        #expect(try change(teacher, id, #"{"withdrawn": true}"#).status == 200)
        #expect(try feed.read().filter { $0.entity == "announcements" } == [])
    }

    /// The feed still says what has ended for the family.
    @Test func theFeedReportsAnAnnouncementThatNoLongerReachesTheFamily() throws {
        let feed = try FeedReader(parent, "/v1/students/\(ids.child)/changes", "&include=data")
        let staff = try FeedReader(teacher, "/v1/changes", "&include=data")
        func read(_ feed: FeedReader) throws -> [String] {
            try feed.read().filter { $0.entity == "announcements" }.map { $0.operation }
        }
        let head = try server.client("head")
        let id = try written(head, to: #"{"kind": "grade_level", "grade_level": 7, "members": ["guardians", "staff"]}"#)
        #expect(try read(feed) == ["made"])
        #expect(try read(staff) == ["made"])
        #expect(try change(head, id, #"{"text": "Иное"}"#).status == 200)
        #expect(try read(feed) == ["changed"])
        #expect(try read(staff) == ["changed"])
        let narrowed = #"{"audience": [{"kind": "grade_level", "grade_level": 7, "members": ["staff"]}]}"#
        #expect(try change(head, id, narrowed).status == 200)
        #expect(try read(feed) == ["deleted"])
        #expect(try read(staff) == ["changed"])
        let own = try written(teacher, to: toClass(), #", "starts_at": "2999-01-01T00:00:00Z""#)
        #expect(try read(staff) == ["made"], "the author's own, although it is planned")
        _ = try change(teacher, own, #"{"withdrawn": true}"#)
        _ = try change(head, id, #"{"withdrawn": true}"#)
    }

    @Test func aRepeatedRequestWritesItOnce() throws {
        let body = #"{"title": "Т", "text": "Т", "audience": [\#(toClass())]}"#
        let key = [("Idempotency-Key", "announcement-1")]
        let first = try teacher.post(path, json: body, headers: key)
        #expect(first.status == 201, "\(first.text)")
        #expect(try teacher.post(path, json: body, headers: key).json["id"] == first.json["id"])
        #expect(try shown(parent).count == 1)
    }
}
