import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

@testable import DiaryTalk

/// C3: the feed of notifications, receipts and preferences, over the API.
@Suite(.serialized) struct NotificationsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient
    let mother: TestClient

    init() async throws {
        server = try await TestServer()
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
        mother = try server.client("parent")
    }

    /// The other guardian of the child, with access.
    private func father() throws -> TestClient {
        let id = try #require(
            try server.owner().query(
                """
                SELECT g.guardian_id FROM guardianships g JOIN users u ON u.school_id = g.school_id AND u.id = g.guardian_id
                WHERE g.school_id = $1 AND g.student_id = $2 AND g.access = 'full' AND u.login IS DISTINCT FROM 'parent'
                """, [String(ids.school), ids.child]
            ).first)
        try server.owner().query(
            """
            UPDATE users SET login = 'second', state = 'active',
                password_hash = (SELECT h.password_hash FROM users h WHERE h.login = 'parent' LIMIT 1)
            WHERE id = $1
            """, [id])
        return try server.session(of: id, school: ids.school, roles: ["guardian"])
    }

    private let column = "0198ca94-2869-71eb-91b7-5bfd27fa8301"

    /// Marks of the child and of a classmate in a new column.
    private func give(_ numbers: [Int] = [5, 4], version: Int = 0) throws {
        let marks = zip([ids.child, ids.others[0]], numbers).map {
            """
            {"line_item_id": "\(column)", "student_id": "\($0)", "value": {"kind": "number", "number": \($1)}, "version": \(version)}
            """
        }
        let category = ids.rows["{category_id}"]!
        let columns =
            version == 0
            ? """
            "line_items": [{"id": "\(column)", "lesson_id": "\(ids.lesson)", "category_id": "\(category)", "title": "Диктант",
                "weight": 1, "version": 0}],
            """ : ""
        let answer = try teacher.patch(
            "/v1/sections/\(ids.section)/journal", json: "{\(columns) \"marks\": [\(marks.joined(separator: ","))]}")
        try #require(answer.status == 200, "\(answer.text)")
    }

    private func praise(_ text: String = "Помог") throws {
        let answer = try teacher.post(
            "/v1/students/\(ids.child)/conduct-notes", json: #"{"kind": "praise", "text": "\#(text)"}"#)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private func feed(_ client: TestClient, _ query: String = "") throws -> JSONValue {
        let answer = try client.get("/v1/notifications\(query)")
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func kinds(_ client: TestClient, _ query: String = "") throws -> [String?] {
        try feed(client, query)["items"]!.array.map { $0["kind"]?.string }
    }

    // MARK: The feed

    @Test func c3_aMarkReachesTheChildAndItsGuardiansAndNobodyElse() throws {
        try give()
        for reader in [mother, try father(), try server.session(of: ids.child, school: ids.school, roles: ["student"])]
        {
            let feed = try feed(reader)
            #expect(feed["unread"]?.int == 1)
            let item = try #require(feed["items"]?[0])
            #expect(feed["items"]?.array.count == 1)
            #expect(item["kind"]?.string == "mark")
            #expect(item["student"]?["id"]?.string == ids.child)
            #expect(item["entity"]?.string == "marks")
            #expect(item["urgent"]?.bool == false)
            #expect(item["read_at"]?.isNull == true && item["closed_at"]?.isNull == true)
            #expect(item["about"]?["value"]?["number"]?.int == 5)
            #expect(item["about"]?["lesson"]?["id"]?.string == ids.lesson)
            #expect(item["about"]?["work"]?.string == "Диктант")
        }
        #expect(try kinds(server.client("student")) == [])
        #expect(try !kinds(teacher).contains("mark"))
    }

    @Test func m12_theItemShowsTheMarkAsTheFamilySeesItNow() throws {
        try give()
        try give([3, 4], version: 1)
        #expect(try kinds(mother) == ["mark_changed", "mark"])
        #expect(try feed(mother)["items"]!.array.map { $0["about"]?["value"]?["number"]?.int } == [3, 3])
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '\(TestServer.today)'")
        try owner.query("UPDATE marks SET published_at = NULL WHERE line_item_id = $1", [column])
        #expect(try kinds(mother) == ["mark_removed", "mark_changed", "mark"])
        #expect(try feed(mother)["items"]!.array.map { $0["about"]?.isNull } == [true, true, true])
    }

    @Test func a3_theFeedOfAChildEndsWithTheGuardianship() throws {
        try give()
        let day = try mother.get("/v1/me/day").json
        #expect(day["unread"]?["notifications"]?.int == 1)
        try server.owner().query(
            """
            UPDATE guardianships SET access = 'none'
            WHERE student_id = $1 AND guardian_id = (SELECT id FROM users WHERE login = 'parent' AND school_id = $2)
            """, [ids.child, String(ids.school)])
        #expect(try kinds(mother) == [])
        #expect(try mother.get("/v1/me/day").json["unread"]?["notifications"]?.int == 0)
    }

    @Test func theFeedIsNewestFirstAndHasPagesAndFilters() throws {
        try give()
        for text in ["Раз", "Два", "Три"] { try praise(text) }
        let all = ["conduct_note", "conduct_note", "conduct_note", "mark"]
        #expect(try kinds(mother) == all)
        var seen: [String?] = []
        var next = "?limit=1&include=total"
        while true {
            let page = try feed(mother, next)
            #expect(page["total"]?.int == 4)
            seen += page["items"]!.array.map { $0["about"]?["text"]?.string }
            guard let cursor = page["next_cursor"]?.string else { break }
            next = "?limit=1&include=total&cursor=\(cursor)"
        }
        #expect(seen == ["Три", "Два", "Раз", nil])
        #expect(try kinds(mother, "?kind=mark") == ["mark"])
        #expect(try kinds(mother, "?student_id=\(ids.child)") == all)
        #expect(try kinds(mother, "?student_id=\(ids.firstGrader)") == [])
        #expect(try kinds(mother, "?student_id=\(ids.others[0])") == [], "A1")
        #expect(try kinds(mother, "?since=2000-01-01") == all)
        #expect(try kinds(mother, "?since=2999-01-01") == [])
        for query in ["kind=birthday", "since=now", "student_id=7", "cursor=00", "limit=0", "unread=maybe", "day=1"] {
            #expect(try mother.get("/v1/notifications?\(query)").status == 400, "\(query)")
        }
        // Numbers that no cursor of the server has.
        for moment in ["9223372036854775807", "-9223372036854775808"] {
            let cursor = "\(moment)\u{1F}\(ids.child)".utf8.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }
                .joined()
            #expect(try mother.get("/v1/notifications?cursor=\(cursor)").status == 200)
        }
    }

    // MARK: Receipts

    private func read(_ client: TestClient, _ body: String) throws -> TestClient.Answer {
        try client.put("/v1/notifications/receipt", json: body)
    }

    @Test func a3_aReceiptIsOnesOwnAndIdempotent() throws {
        try give()
        try praise()
        let items = try feed(mother)["items"]!.array
        let (newest, mark) = (items[0]["id"]!.string!, items[1]["id"]!.string!)
        let father = try father()
        for _ in 0..<2 {
            let answer = try read(mother, #"{"ids": ["\#(mark)"]}"#)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["unread"]?.int == 1)
        }
        #expect(try kinds(mother, "?unread=true") == ["conduct_note"])
        let readAt = try feed(mother)["items"]?[1]?["read_at"]?.string
        #expect(readAt != nil)
        #expect(try read(mother, #"{"through": "\#(newest)"}"#).json["unread"]?.int == 0)
        #expect(try feed(mother)["items"]?[1]?["read_at"]?.string == readAt, "the first moment stays")
        #expect(try kinds(mother, "?unread=true") == [])
        #expect(try feed(father)["unread"]?.int == 2)
        #expect(try feed(server.session(of: ids.child, school: ids.school, roles: ["student"]))["unread"]?.int == 2)
    }

    @Test func throughMarksTheOlderOnes() throws {
        try give()
        try praise("Раз")
        try praise("Два")
        let second = try feed(mother)["items"]![1]!["id"]!.string!
        #expect(try read(mother, #"{"through": "\#(second)"}"#).json["unread"]?.int == 1)
        #expect(try feed(mother)["items"]!.array.map { $0["read_at"]?.isNull } == [true, false, false])
    }

    @Test func a1_aReceiptOfSomethingElseIsRefusedAndNothingIsWritten() throws {
        try give()
        let mark = try feed(mother)["items"]![0]!["id"]!.string!
        // The classmate's mark, and nothing at all.
        let other = try #require(
            try server.owner().query("SELECT id FROM notifications WHERE student_id = $1", [ids.others[0]]).first)
        for id in [other, DemoSchoolIDs.nothing] {
            let answer = try read(mother, #"{"ids": ["\#(mark)", "\#(id)"]}"#)
            #expect(answer.status == 422)
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/ids/1")
            #expect(answer.json["errors"]?[0]?["code"]?.string == "unknown_reference")
            #expect(try read(mother, #"{"through": "\#(id)"}"#).json["errors"]?[0]?["pointer"]?.string == "/through")
        }
        #expect(try feed(mother)["unread"]?.int == 1)
        for body in [
            "{}", #"{"ids": []}"#, #"{"ids": ["7"]}"#, #"{"through": null}"#,
            #"{"ids": ["\#(mark)"], "through": "\#(mark)"}"#,
        ] {
            #expect(try read(mother, body).status == 422, "\(body)")
        }
    }

    // MARK: Preferences

    private let path = "/v1/notifications/preferences"

    private func put(_ body: String, _ tag: String?) throws -> TestClient.Answer {
        try mother.put(path, json: body, headers: tag.map { [("If-Match", $0)] } ?? [])
    }

    /// A school without a row of settings has the defaults.
    @Test func c3_preferencesOfASchoolWithoutSettings() async throws {
        let room = try await OutboxRoom(runs: false)
        try room.server.owner().query("DELETE FROM school_settings WHERE school_id = $1", ["\(room.ids.school)"])
        let client = room.client(.mother)
        let chosen = try client.put(
            path, json: #"{"school_quiet_hours": true, "quiet_hours": null, "kinds": []}"#,
            headers: [("If-Match", "*")])
        #expect(chosen.status == 200, "\(chosen.text)")
        let read = try client.get(path)
        #expect(read.status == 200 && read.json["quiet_hours"]?["from"]?.string == "21:00", "\(read.text)")
    }

    @Test func c3_preferencesHaveVersions() throws {
        let first = try mother.get(path)
        #expect(first.status == 200, "\(first.text)")
        #expect(first.json["version"]?.int == 0)
        #expect(
            first.json["quiet_hours"]?["from"]?.string == "21:00" && first.json["quiet_hours"]?["to"]?.string == "07:00"
        )
        #expect(first.json["kinds"]!.array.map { $0["kind"]!.string! } == NotificationKind.all)
        let tag = try #require(first["ETag"])
        #expect(try mother.get(path, headers: [("If-None-Match", tag)]).status == 304)
        let body = """
            {"school_quiet_hours": false, "quiet_hours": {"from": "20:00", "to": "08:00"}, "kinds": [{"kind": "mark", "push": false, "mail": true}]}
            """
        #expect(try put(body, nil).status == 428)
        #expect(try put(body, "\"v1\"").status == 412)
        let chosen = try put(body, tag)
        #expect(chosen.status == 200, "\(chosen.text)")
        #expect(chosen.json["version"]?.int == 1)
        #expect(chosen.json["quiet_hours"]?["to"]?.string == "08:00")
        let mark = chosen.json["kinds"]!.array[0]
        #expect(mark["push"]?.bool == false && mark["mail"]?.bool == true)
        #expect(try put(body, tag).status == 412, "somebody else chose in the meantime")
        #expect(try put(body, chosen["ETag"]).json["version"]?.int == 1, "nothing has changed")
        let none = try put(#"{"school_quiet_hours": false, "quiet_hours": null, "kinds": []}"#, "*")
        #expect(none.json["quiet_hours"]?.isNull == true && none.json["version"]?.int == 2)
        #expect(none.json["kinds"] == first.json["kinds"])
        #expect(try father().get(path).json["version"]?.int == 0)
    }

    @Test func c3_theQuietHoursOfTheSchoolAreASetting() throws {
        let admin = try server.client("admin")
        let settings = try admin.get("/v1/school/settings")
        #expect(settings.json["quiet_from"]?.string == "21:00")
        let change = { (body: String) in
            try admin.patch("/v1/school/settings", json: body, headers: [("If-Match", "*")])
        }
        #expect(try change(#"{"quiet_from": "19:30", "quiet_to": "06:15"}"#).json["quiet_to"]?.string == "06:15")
        #expect(try mother.get(path).json["quiet_hours"]?["from"]?.string == "19:30")
        #expect(try change(#"{"quiet_from": "06:15"}"#).status == 422)
        #expect(try change(#"{"quiet_from": "25:00"}"#).status == 422)
    }

    @Test(arguments: [
        (#"{"quiet_hours": null, "kinds": []}"#, "/school_quiet_hours"),
        (#"{"school_quiet_hours": true, "quiet_hours": true, "kinds": []}"#, "/quiet_hours"),
        (#"{"school_quiet_hours": true, "quiet_hours": null}"#, "/kinds"),
        (#"{"school_quiet_hours": false, "quiet_hours": {"from": "20:00"}, "kinds": []}"#, "/quiet_hours/to"),
        (
            #"{"school_quiet_hours": false, "quiet_hours": {"from": "20:00", "to": "20:00"}, "kinds": []}"#,
            "/quiet_hours/to"
        ),
        (
            #"{"school_quiet_hours": true, "quiet_hours": null, "kinds": [{"kind": "x", "push": true, "mail": true}]}"#,
            "/kinds/0/kind"
        ),
        (
            #"{"school_quiet_hours": true, "quiet_hours": null, "kinds": [{"kind": "mark", "push": 1, "mail": true}]}"#,
            "/kinds/0/push"
        ),
        (
            #"{"school_quiet_hours": true, "quiet_hours": null, "kinds": [{"kind": "mark", "push": true, "mail": true}, {"kind": "mark", "push": true, "mail": true}]}"#,
            "/kinds/1"
        ),
    ]) func invalidPreferencesAreRefused(_ body: String, _ pointer: String) throws {
        let answer = try put(body, "*")
        #expect(answer.status == 422, "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(answer.text)")
    }
}
