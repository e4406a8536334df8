import Crypto
import DiaryServer
import DiaryTalk
import DiaryTestSupport
import JSON
import Postgres
import Reactor
import TestSupport
import TestTools
import Testing
import Web

/// `GET /v1/events` over real sockets.
@Suite struct EventTests {
    let server: TestServer
    let room: EventRoom
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self) { try await EventRoom.server() }
        room = try EventRoom(server)
        ids = room.ids
    }

    // MARK: Who is told

    @Test func a1_c3_aMarkReachesBothGuardiansAndTheStudentOnce() throws {
        let unmarked = try room.owner.query(
            """
            SELECT s.id FROM unnest($2::uuid[]) s (id) WHERE NOT EXISTS (
                SELECT FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                WHERE k.school_id = $1 AND k.student_id = s.id AND i.lesson_id = $3)
            """, [String(ids.school), "{\(ids.others.joined(separator: ","))}", ids.lesson]
        ).rows.compactMap { $0[0] }
        let (child, other) = (unmarked[0], unmarked[1])
        var guardians = try room.guardians(of: child)
        if guardians.count < 2 {
            let second = try room.value(
                "SELECT id FROM guardians WHERE school_id = $1 AND id <> ALL ($2::uuid[]) ORDER BY id LIMIT 1",
                [String(ids.school), "{\((guardians + (try room.guardians(of: other))).joined(separator: ","))}"])
            try grant(second, child)
            guardians.append(second)
        }
        let family = try guardians.map { try room.guardian($0) } + [room.student(child)]
        let readers = try family.map { try room.stream($0) }
        let strangers = [
            try room.stream(room.guardian(try #require(try room.guardians(of: other).first))),
            try room.stream(room.student(other)),
        ]
        let staff = try room.stream(server.client("teacher"))
        let first = try mark(child, version: 0)
        let second = try mark(child, version: first.version)
        let third = try mark(other, version: 0)
        for (client, reader) in zip(family, readers) {
            let events = [try reader.next(), try reader.next()].compactMap { $0 }
            #expect(events.map { $0.name } == ["notification", "notification"])
            let items = try events.map { try JSONValue(parsing: Array($0.data.utf8)) }
            #expect(items.map { $0["kind"]?.string } == ["mark", "mark_changed"])
            #expect(items.allSatisfy { $0["student"]?["id"]?.string ?? $0["student_id"]?.string == child })
            let feed = try client.get("/v1/notifications?limit=2").text
            // `about` is as of the reading, so that of the first event may still have the first value.
            #expect(feed.contains(events[1].data), "the event is not the item of the feed: \(events[1]) \(feed)")
            #expect(feed.contains(#""id":"\#(items[0]["id"]?.string ?? "")","kind":"mark","#))
            #expect(events[1].id != events[0].id && events[1].id == reader.lastEventID)
        }
        // The first that they hear of is their own: nothing came before it.
        for reader in strangers {
            let event = try #require(try reader.next())
            #expect(event.data.contains(other) && !event.data.contains(child))
        }
        _ = (second, third)
        #expect(throws: EventReader.Failure.hung) { try staff.next(seconds: 1) }
        for reader in readers { #expect(throws: EventReader.Failure.hung) { try reader.next(seconds: 0.5) } }
    }

    @Test func m12_aMarkThatIsHeldBackIsNotSent() throws {
        let child = ids.others[5]
        let reader = try room.stream(room.student(child))
        try room.owner.query(
            """
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, published_at)
            SELECT $1, gen_random_uuid(), i.id, $2, 'number', 5, NULL FROM line_items i
            WHERE i.school_id = $1 AND i.lesson_id = $3 AND i.deleted_at IS NULL LIMIT 1
            """, [String(ids.school), child, ids.lesson])
        try hear(reader, child)
    }

    @Test func a3_aGuardianshipThatEndsIsHeardNoMoreAndANewOneIsHeardAtOnce() throws {
        let (child, other) = (ids.others[6], ids.others[7])
        let guardian = try room.value(
            """
            SELECT g.id FROM guardians g WHERE g.school_id = $1 AND NOT EXISTS (
                SELECT FROM guardianships s WHERE s.school_id = g.school_id AND s.guardian_id = g.id
                    AND s.student_id = ANY ($2::uuid[]))
            ORDER BY g.id DESC LIMIT 1
            """, [String(ids.school), "{\(child),\(other)}"])
        try grant(guardian, other)
        let reader = try room.stream(room.guardian(guardian))
        try room.tell(child)
        try hear(reader, other)
        try grant(guardian, child)
        try hear(reader, child)
        try room.owner.query(
            """
            UPDATE guardianships SET access = 'none', basis = 'Решение суда'
            WHERE school_id = $1 AND guardian_id = $2 AND student_id = $3
            """, [String(ids.school), guardian, child])
        try room.tell(child)
        try hear(reader, other)
        // Nor with an older cursor.
        let again = try room.stream(room.guardian(guardian), after: reader.lastEventID)
        try hear(again, other)
    }

    @Test func onlyThePersonIsToldWhatConcernsThePerson() throws {
        let teacher = try server.client("teacher")
        let person = try room.value(
            "SELECT id FROM users WHERE school_id = $1 AND login = 'teacher'", [String(ids.school)])
        let readers = [try room.stream(teacher), try room.stream(server.client("deputy"))]
        let id = try room.value(
            """
            INSERT INTO notifications (school_id, person_id, kind, entity, entity_id)
            VALUES ($1, $2, 'message', 'messages', gen_random_uuid()) RETURNING id
            """, [String(ids.school), person])
        #expect(try readers[0].notification() == id)
        #expect(throws: EventReader.Failure.hung) { try readers[1].next(seconds: 0.5) }
    }

    // MARK: Where a stream begins

    @Test func theFirstEventHasTheCursorFromWhichNothingIsMissed() throws {
        let child = ids.others[8]
        let client = try room.student(child)
        try room.tell(child)
        let reader = try EventReader(port: server.port, token: client.token)
        let ready = try #require(try reader.next())
        #expect(ready.name == "ready" && reader.retry == 3000)
        let cursor = try #require(try JSONValue(parsing: Array(ready.data.utf8))["cursor"]?.string)
        #expect(ready.id == cursor)
        let told = try [room.tell(child), room.tell(child)]
        #expect(try [reader.notification(), reader.notification()] == told)
        #expect(try room.stream(client, after: cursor).notification() == told[0])
        #expect(try room.stream(client, "/v1/events?since=\(cursor)").notification() == told[0])
        // The field is the newer one.
        let second = try room.stream(client, after: reader.lastEventID, "/v1/events?since=\(cursor)")
        let next = try room.tell(child)
        #expect(try second.notification() == next)
        // A cursor of a feed works too.
        let feed = try client.get("/v1/students/\(child)/changes")
        let third = try room.stream(client, after: try #require(feed.json["cursor"]?.string))
        let last = try room.tell(child)
        #expect(try third.notification() == last)
    }

    @Test func aBreakInsideADeltaLosesNothing() throws {
        let child = ids.others[9]
        let client = try room.student(child)
        let begin = try room.stream(client).lastEventID
        let writers = try (0..<2).map { _ in try server.owner() }
        // Three in one transaction, one in another that commits later, two more.
        var told: [String] = []
        for writer in writers { try writer.execute("BEGIN") }
        let late = try room.tell(child, by: writers[0])
        for _ in 0..<3 { told.append(try room.tell(child, by: writers[1])) }
        try writers[1].execute("COMMIT")
        let middle = try EventReader(port: server.port, token: client.token, after: begin)
        _ = try middle.next()
        var seen = try [middle.notification(), middle.notification()]
        try writers[0].execute("COMMIT")
        told.append(late)
        for _ in 0..<2 { told.append(try room.tell(child)) }
        // Each event's id is a place to go on from.
        var cursor = middle.lastEventID
        while seen.count < told.count {
            let reader = try room.stream(client, after: cursor)
            seen.append(try reader.notification())
            cursor = reader.lastEventID
        }
        #expect(seen.sorted() == told.sorted())
    }

    @Test func longDeltasComeInPages() throws {
        let child = ids.others[10]
        let client = try room.student(child)
        let begin = try room.stream(client).lastEventID
        let told = Set(
            try room.owner.query(
                """
                INSERT INTO notifications (school_id, student_id, kind, entity, entity_id)
                SELECT $1, $2, 'feedback', 'feedback', gen_random_uuid() FROM generate_series(1, 1203) RETURNING id
                """, [String(ids.school), child]
            ).rows.compactMap { $0[0] })
        var seen: [String] = []
        var cursor = begin
        // Broken in the middle of a page.
        for count in [700, 503] {
            let reader = try room.stream(client, after: cursor)
            for _ in 0..<count { seen.append(try reader.notification()) }
            cursor = reader.lastEventID
        }
        #expect(seen.count == told.count && Set(seen) == told)
        // Until everything was sent.
        let all = try EventReader(port: server.port, token: client.token, after: begin, "/v1/events?wait=0")
        var count = 0
        while try all.next() != nil { count += 1 }
        #expect(count == 1 + told.count)
    }

    @Test func cursorsThatDoNotWork() throws {
        let client = try server.client("parent")
        func answer(_ path: String, after id: String? = nil) throws -> (Int, String) {
            let reader = try EventReader(port: server.port, token: client.token, after: id, path)
            return (reader.status, try JSONValue(parsing: Array(reader.rest().utf8))["code"]?.string ?? "")
        }
        #expect(try answer("/v1/events?since=x") == (400, "invalid_parameter"))
        #expect(try answer("/v1/events", after: "x") == (400, "invalid_parameter"))
        #expect(try answer("/v1/events?wait=-1") == (400, "invalid_parameter"))
        #expect(try answer("/v1/events?limit=1") == (400, "unknown_parameter"))
        let now = try room.stream(client).lastEventID
        // Another history of the database, and a cursor from long ago.
        let parts = try #require(String(validating: Base64.url.decode(now) ?? [], as: UTF8.self)).split(separator: ".")
        func cursor(_ epoch: Substring, _ snapshot: String) -> String {
            Base64.url.encode(Array("1.\(epoch).\(snapshot)".utf8))
        }
        #expect(try answer("/v1/events", after: cursor("00000000", String(parts[2]))) == (410, "cursor_expired"))
        #expect(try answer("/v1/events", after: cursor(parts[1], "3:0:")) == (410, "cursor_expired"))
    }

    // MARK: Ends

    @Test func streamsEndWithTheirSessions() throws {
        let child = ids.others[11]
        let ends = [
            "UPDATE sessions SET ended_at = now() WHERE school_id = $1 AND user_id = $2 AND ended_at IS NULL",
            "UPDATE users SET state = 'blocked' WHERE school_id = $1 AND id = $2",
            "UPDATE sessions SET expires_at = now() WHERE school_id = $1 AND user_id = $2",
        ]
        for sql in ends {
            let client = try room.student(child)
            let reader = try room.stream(client)
            let other = try room.stream(server.client("parent"))
            let begun = ContinuousClock.now
            try room.owner.query(sql, [String(ids.school), child])
            #expect(try reader.next(seconds: 5) == nil, "\(sql)")
            #expect(begun.duration(to: .now) < .seconds(5))
            let again = try EventReader(port: server.port, token: client.token, after: reader.lastEventID)
            #expect(again.status == 401)
            #expect(throws: EventReader.Failure.hung) { try other.next(seconds: 0.3) }
        }
    }

    @Test func waitEndsTheStream() throws {
        let child = ids.others[12]
        let client = try room.student(child)
        let none = try EventReader(port: server.port, token: client.token, "/v1/events?wait=0")
        #expect(try none.next()?.name == "ready")
        #expect(try none.next() == nil)
        let told = try room.tell(child)
        let one = try EventReader(port: server.port, token: client.token, after: none.lastEventID, "/v1/events?wait=0")
        #expect(try one.next()?.name == "ready")
        #expect(try one.notification() == told)
        #expect(try one.next() == nil)
        let second = try EventReader(port: server.port, token: client.token, "/v1/events?wait=1")
        _ = try second.next()
        let begun = ContinuousClock.now
        #expect(try second.next(seconds: 5) == nil)
        #expect(begun.duration(to: .now) < .seconds(4))
    }

    // MARK: HTTP

    @Test func answersOtherThanAStream() throws {
        let client = try server.client("parent")
        let head = try EventReader(port: server.port, token: client.token, method: "HEAD")
        #expect(head.status == 200 && head.fields["content-type"] == "text/event-stream")
        #expect(head.fields["cache-control"] == "private, no-store" && head.fields["content-encoding"] == nil)
        #expect(try EventReader(port: server.port, token: nil).status == 401)
        #expect(try EventReader(port: server.port, token: "x").status == 401)
        let post = try EventReader(port: server.port, token: client.token, method: "POST")
        #expect(post.status == 405 && post.fields["allow"] == "GET, HEAD, OPTIONS")
        let old = try EventReader(port: server.port, token: client.token, "/v1/events?wait=0", version: "1.0")
        #expect(old.status == 200 && old.fields["transfer-encoding"] == nil && old.fields["connection"] == "close")
        #expect(try old.next()?.name == "ready")
        #expect(try old.next() == nil)
    }

    @Test func heartbeatsKeepAStreamOpenForLongerThanAReaderMayTake() async throws {
        let server = try await EventRoom.server { configuration in
            configuration.events.heartbeat = 4
            configuration.limits.write = .seconds(1)
        }
        let reader = try EventRoom(server).stream(server.client("parent"))
        for _ in 0..<6 { try reader.waitForComment(seconds: 5) }
        #expect(reader.comments >= 6)
    }

    @Test func tooManyStreamsAreRefused() async throws {
        let server = try await EventRoom.server(cores: 1) { configuration in
            configuration.events.streams = 4
            configuration.events.streamsOfPerson = 2
        }
        let room = try EventRoom(server)
        let parent = try server.client("parent")
        var open = try (0..<2).map { _ in try room.stream(parent) }
        let third = try EventReader(port: server.port, token: parent.token)
        #expect(third.status == 429 && third.fields["retry-after"] == "30")
        #expect(try third.rest().contains("too_many_streams"))
        open += try (0..<2).map { _ in try room.stream(server.client("teacher")) }
        let fifth = try EventReader(port: server.port, token: try server.client("deputy").token)
        #expect(fifth.status == 503 && fifth.fields["retry-after"] == "30")
        // A stream that has ended makes room.
        open[0].reset()
        #expect(
            try await eventually {
                try EventReader(port: server.port, token: parent.token, "/v1/events?wait=0").status == 200
            })
    }

    @Test func aSlowReaderIsCutOffAndHarmsNobody() async throws {
        let server = try await EventRoom.server(cores: 1) { configuration in
            configuration.limits.write = .seconds(1)
            configuration.admin = RunningServer.Configuration.Admin(host: "127.0.0.1", port: 0)
        }
        let room = try EventRoom(server)
        let child = room.ids.others[0]
        let client = try room.student(child)
        let slow = try EventReader(port: server.port, token: client.token, receiveBuffer: 2048)
        let quick = try room.stream(client)
        var (told, heard) = (0, 0)
        func open() throws -> Double? {
            let admin = TestClient(port: try #require(server.server.adminPort))
            return try MetricsText(try admin.get("/metrics").text).values("lyceum_event_streams").first
        }
        while try open() == 2, told < 100_000 {
            try room.owner.query(
                """
                INSERT INTO notifications (school_id, student_id, kind, entity, entity_id)
                SELECT $1, $2, 'feedback', 'feedback', gen_random_uuid() FROM generate_series(1, 1000)
                """, [String(room.ids.school), child])
            told += 1000
            while heard < told {
                _ = try quick.notification()
                heard += 1
            }
        }
        #expect(try open() == 1, "\(told) events")
        try hear(quick, child, room)
        _ = slow
    }

    // MARK: Helpers

    /// The next that the reader hears of is a notification that is told now.
    private func hear(
        _ reader: EventReader, _ student: String, _ room: EventRoom? = nil,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let told = try (room ?? self.room).tell(student)
        #expect(try reader.notification() == told, sourceLocation: location)
    }

    private func grant(_ guardian: String, _ student: String) throws {
        try room.owner.query(
            """
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on)
            VALUES ($1, gen_random_uuid(), $2, $3, 'legal_guardian', 'full', '2025-09-01')
            """, [String(ids.school), guardian, student])
    }

    /// Writes a mark through the API.
    @discardableResult
    private func mark(_ student: String, version: Int) throws -> (id: String?, version: Int) {
        let answer = try server.client("teacher").patch(
            "/v1/sections/\(ids.section)/journal",
            json: """
                {"marks": [{"lesson_id": "\(ids.lesson)", "student_id": "\(student)", "version": \(version),
                "value": {"kind": "number", "number": \(3 + version % 3)}}]}
                """)
        guard answer.status == 200 else { throw TestFailure("no mark: \(answer.text)") }
        let mark = answer.json["marks"]?.array.first
        return (mark?["id"]?.string, mark?["version"]?.int ?? 0)
    }
}
