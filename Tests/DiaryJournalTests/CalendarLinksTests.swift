import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// `/v1/calendar-links`, and the calendars behind them.
@Suite(.serialized) struct CalendarLinksTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let parent: TestClient
    let nobody: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        parent = try server.client("parent")
        nobody = TestClient(port: server.port)
        try run("DELETE FROM calendar_links WHERE school_id = {school}")
    }

    /// SQL of the owner, with the tests' day as today.
    private func run(_ sql: String) throws {
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        try owner.execute(
            sql.replacing([
                "{school}": String(ids.school), "{child}": ids.child, "{class}": ids.class7A, "{section}": ids.section,
            ]))
    }

    /// The path of a new link.
    private func link(_ client: TestClient, _ json: String) throws -> String {
        let answer = try client.post("/v1/calendar-links", json: json)
        try #require(answer.status == 201, "\(answer.text)")
        let url = try #require(answer.json["url"]?.string)
        return "/" + url.split(separator: "/").dropFirst(2).joined(separator: "/")
    }

    private func events(_ path: String) throws -> [[String: String]] {
        let answer = try nobody.get(path)
        try #require(answer.status == 200, "\(answer.text)")
        var events: [[String: String]] = []
        let unfolded = answer.text.replacing("\r\n ", with: "")
        for line in unfolded.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { String($0) }
            if line == "BEGIN:VEVENT" {
                events.append([:])
            } else if !events.isEmpty {
                events[events.count - 1][parts[0]] = parts[1]
            }
        }
        return events
    }

    // MARK: The calendar

    @Test func theAddressIsShownOnceAndStoredHashed() throws {
        let made = try parent.post(
            "/v1/calendar-links", json: #"{"student_id": "\#(ids.child)"}"#, headers: [("Idempotency-Key", "calendar")])
        #expect(made.status == 201, "\(made.text)")
        let url = try #require(made.json["url"]?.string)
        let secret = try #require(url.split(separator: "/").dropLast().last.map { String($0) })
        #expect(secret.hasPrefix("k_\(ids.school)_"))
        let list = try parent.get("/v1/calendar-links").text
        #expect(list.contains(made.json["id"]!.string!) && !list.contains(secret) && !list.contains("url"))
        let random = String(secret.split(separator: "_", maxSplits: 3)[3])
        for table in ["calendar_links", "audit_log", "idempotency_keys", "changes"] {
            let found = try server.owner().query(
                "SELECT count(*) FROM \(table) t WHERE t::text LIKE '%' || $1 || '%'", [random]
            ).first
            #expect(found == "0", "\(table)")
        }
        #expect(try !parent.get("/v1/calendar-links?limit=1&include=total").json["total"]!.isNull)
    }

    @Test func theCalendarHasTheLessonsOfTheStudent() throws {
        let path = try link(parent, #"{"student_id": "\#(ids.child)"}"#)
        let answer = try nobody.get(path)
        #expect(answer["Content-Type"] == "text/calendar; charset=utf-8")
        #expect(
            answer.text.hasPrefix("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && answer.text.hasSuffix("END:VCALENDAR\r\n"))
        let diary = try parent.get("/v1/students/\(ids.child)/diary?from=2025-11-05&to=2025-12-16")
        let lessons = diary.json["lessons"]!.array
        let events = try events(path)
        let uids = events.map { String(($0["UID"] ?? "").prefix(36)) }
        #expect(Array(uids.prefix(lessons.count)) == lessons.map { $0["id"]?.string ?? "" })
        for (event, lesson) in zip(events, lessons) {
            #expect(event["SUMMARY"]?.replacing("\\,", with: ",") == lesson["subject"]?["name"]?.string)
            #expect(event["LOCATION"] == lesson["room"]?.string)
            #expect(event["STATUS"] == (lesson["state"]?.string == "cancelled" ? "CANCELLED" : "CONFIRMED"))
        }
        // 08:30 in Yekaterinburg is 03:30 UTC.
        let first = try #require(lessons.first?["starts_at"]?.string)
        let hour = Int(first.dropFirst(11).prefix(2))! - 5
        let digits = first.prefix(19).filter { $0.isNumber }
        #expect(events[0]["DTSTART"]?.hasSuffix("\(digits.suffix(4))Z") == true)
        #expect(events[0]["DTSTART"]?.dropFirst(9).prefix(2) == (hour < 10 ? "0\(hour)" : "\(hour)"))
        let tag = try #require(answer["ETag"])
        #expect(try nobody.get(path, headers: [("If-None-Match", tag)]).status == 304)
        #expect(try nobody.send("HEAD", path).status == 200)
    }

    /// A1: an address leaks, so it names nobody.
    @Test func A1_theCalendarNamesNobody() throws {
        let deputy = try server.client("deputy")
        let teacher = try #require(
            server.owner().query(
                "SELECT id FROM users WHERE school_id = $1 AND login = 'teacher'", [String(ids.school)]
            ).first)
        for path in [
            try link(parent, #"{"student_id": "\#(ids.child)"}"#),
            try link(deputy, #"{"class_id": "\#(ids.class7A)"}"#),
            try link(deputy, #"{"teacher_id": "\#(teacher)"}"#),
        ] {
            let text = try nobody.get(path).text.replacing("\r\n ", with: "")
            let names = try server.owner().query(
                "SELECT DISTINCT last_name FROM users WHERE school_id = $1 AND length(last_name) > 4",
                [String(ids.school)]
            ).rows.compactMap { $0[0] }
            #expect(names.count > 100)
            #expect(names.filter { text.contains($0) } == [])
            let topics = try server.owner().query(
                "SELECT DISTINCT topic FROM lessons WHERE school_id = $1 AND section_id = $2 AND topic IS NOT NULL",
                [String(ids.school), ids.section]
            ).rows.compactMap { $0[0] }
            #expect(!topics.isEmpty && topics.allSatisfy { !text.contains($0) })
        }
    }

    /// The UID stays, the sequence grows, and a substitution is in it.
    @Test func L2_aSubstitutionChangesTheEvent() throws {
        let path = try link(parent, #"{"student_id": "\#(ids.child)"}"#)
        let deputy = try server.client("deputy")
        let lesson = try #require(
            server.owner().query(
                "SELECT id FROM lessons WHERE school_id = $1 AND section_id = $2 AND date > $3 ORDER BY date, slot LIMIT 1",
                [String(ids.school), ids.section, TestServer.today]
            ).first)
        func event() throws -> [String: String]? { try events(path).first { $0["UID"]?.hasPrefix(lesson) == true } }
        let before = try #require(try event())
        for (json, status, start) in [
            (#"{"kind": "cancel", "lesson_id": "\#(lesson)"}"#, "CANCELLED", before["DTSTART"]),
            (#"{"kind": "move", "lesson_id": "\#(lesson)", "date": "2025-11-30", "slot": 2}"#, "CONFIRMED", nil),
        ] {
            let made = try deputy.post("/v1/substitutions", json: json)
            try #require(made.status == 201, "\(made.text)")
            let after = try #require(try event())
            #expect(after["UID"] == before["UID"] && after["STATUS"] == status && after["DESCRIPTION"] != nil)
            #expect(Int(after["SEQUENCE"]!)! > Int(before["SEQUENCE"]!)!)
            if let start {
                #expect(after["DTSTART"] == start)
            } else {
                #expect(after["DTSTART"]!.hasPrefix("20251130T"))
            }
            #expect(try deputy.delete("/v1/substitutions/\(made.json["id"]!.string!)").status == 204)
        }
        #expect(try event()?["DTSTART"] == before["DTSTART"])
    }

    @Test func unknownAddressesAre404() throws {
        let path = try link(parent, #"{"student_id": "\#(ids.child)"}"#)
        let secret = path.split(separator: "/")[2]
        let parts = secret.split(separator: "_", maxSplits: 3).map { String($0) }
        for other in [
            "x", "k_1_2", "\(parts[0])_\(parts[1])_\(parts[2])_\(String(repeating: "A", count: 43))",
            "\(parts[0])_\(ids.otherSchool)_\(parts[2])_\(parts[3])", "\(parts[0])_99999_\(parts[2])_\(parts[3])",
            "s_\(parts[1])_\(parts[2])_\(parts[3])", "%00",
        ] {
            #expect([404, 400].contains(try nobody.get("/v1/calendars/\(other)/calendar.ics").status), "\(other)")
        }
        #expect(try nobody.get(path).status == 200)
    }

    @Test func requestsAreChecked() throws {
        for (json, error) in [
            ("{}", "/student_id required"),
            (#"{"student_id": "\#(ids.child)", "class_id": "\#(ids.class7A)"}"#, "/class_id exclusive"),
            (#"{"student_id": "x"}"#, "/student_id not_a_uuid"), (#"{"room_id": "x"}"#, "/student_id required"),
        ] {
            let answer = try parent.post("/v1/calendar-links", json: json)
            #expect(answer.status == 422, "\(answer.text)")
            let errors = (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]!.string!) \($0["code"]!.string!)" }
            #expect(errors.first == error)
        }
        for json in [
            #"{"student_id": "\#(ids.others[0])"}"#, #"{"student_id": "\#(ids.stranger)"}"#,
            #"{"class_id": "\#(ids.class7A)"}"#, #"{"teacher_id": "\#(DemoSchoolIDs.nothing)"}"#,
        ] {
            #expect(try parent.post("/v1/calendar-links", json: json).status == 404, "\(json)")
        }
    }

    @Test func aDeletedLinkIsGone() throws {
        let made = try parent.post("/v1/calendar-links", json: #"{"student_id": "\#(ids.child)"}"#).json
        let url = made["url"]!.string!
        let path = "/" + url.split(separator: "/").dropFirst(2).joined(separator: "/")
        let id = made["id"]!.string!
        #expect(try server.client("student").delete("/v1/calendar-links/\(id)").status == 404)
        #expect(try parent.delete("/v1/calendar-links/\(id)").status == 204)
        #expect(try nobody.get(path).status == 404)
        #expect(try parent.delete("/v1/calendar-links/\(id)").status == 404)
    }

    // MARK: A link ends with what it rests on

    struct End: Sendable, CustomTestStringConvertible {
        let owner: String
        let subject: String
        let end: String
        let undo: String

        var testDescription: String { end }
    }

    private static let parentOf =
        "guardian_id IN (SELECT id FROM users WHERE login = 'parent') AND student_id = '{child}'"

    static let ends = [
        End(
            owner: "parent", subject: #"{"student_id": "{child}"}"#,
            end: "UPDATE guardianships SET access = 'none' WHERE \(parentOf)",
            undo: "UPDATE guardianships SET access = 'full', basis = 'Решение суда' WHERE \(parentOf)"),
        End(
            owner: "parent", subject: #"{"student_id": "{child}"}"#,
            end: "UPDATE guardianships SET ends_on = '2025-11-18' WHERE \(parentOf)",
            undo: "UPDATE guardianships SET ends_on = NULL WHERE \(parentOf)"),
        End(
            owner: "parent", subject: #"{"student_id": "{child}"}"#,
            end: "UPDATE users SET state = 'blocked' WHERE login = 'parent' AND school_id = {school}",
            undo: "UPDATE users SET state = 'active' WHERE login = 'parent' AND school_id = {school}"),
        End(
            owner: "parent", subject: #"{"student_id": "{child}"}"#,
            end:
                "SET session_replication_role = replica; UPDATE enrollments SET ends_on = '2025-11-18' WHERE student_id = '{child}' AND ends_on IS NULL",
            undo:
                "SET session_replication_role = replica; UPDATE enrollments SET ends_on = NULL WHERE student_id = '{child}' AND ends_on = '2025-11-18'"
        ),
        End(
            owner: "teacher", subject: #"{"class_id": "{class}"}"#,
            end: "UPDATE class_teachers SET ends_on = '2025-11-18' WHERE class_id = '{class}' AND ends_on IS NULL",
            undo: "UPDATE class_teachers SET ends_on = NULL WHERE class_id = '{class}' AND ends_on = '2025-11-18'"),
        End(
            owner: "deputy", subject: #"{"class_id": "{class}"}"#,
            end:
                "DELETE FROM user_roles WHERE role = 'deputy_head' AND user_id IN (SELECT id FROM users WHERE login = 'deputy' AND school_id = {school})",
            undo:
                "INSERT INTO user_roles (school_id, user_id, role) SELECT school_id, id, 'deputy_head' FROM users WHERE login = 'deputy' AND school_id = {school}"
        ),
        End(
            owner: "deputy", subject: #"{"teacher_id": "{teacher}"}"#,
            end: "UPDATE users SET state = 'blocked' WHERE login = 'teacher' AND school_id = {school}",
            undo: "UPDATE users SET state = 'active' WHERE login = 'teacher' AND school_id = {school}"),
        End(
            owner: "teacher", subject: #"{"teacher_id": "{teacher}"}"#,
            end: "UPDATE users SET state = 'blocked' WHERE login = 'teacher' AND school_id = {school}",
            undo: "UPDATE users SET state = 'active' WHERE login = 'teacher' AND school_id = {school}"),
    ]

    @Test(arguments: ends) func A1_A3_A4_aLinkEndsWithWhatItRestsOn(_ end: End) throws {
        let teacher = try #require(
            server.owner().query(
                "SELECT id FROM users WHERE school_id = $1 AND login = 'teacher'", [String(ids.school)]
            ).first)
        let json = end.subject.replacing(["{child}": ids.child, "{class}": ids.class7A, "{teacher}": teacher])
        let client = try server.client(end.owner)
        let path = try link(client, json)
        #expect(try nobody.get(path).status == 200)
        try runAsSuperuser(end.end)
        #expect(try nobody.get(path).status == 404)
        try runAsSuperuser(end.undo)
        #expect(try nobody.get(path).status == 200)
    }

    private func runAsSuperuser(_ sql: String) throws {
        let connection = try BlockingConnection(url: server.database.superuserURL)
        try connection.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        try connection.execute(
            sql.replacing(["{school}": String(ids.school), "{child}": ids.child, "{class}": ids.class7A]))
    }
}
