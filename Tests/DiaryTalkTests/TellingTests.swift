import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import TestTools
import Testing

/// C3, A1, A3: one mark, and everything that tells of it.
@Suite struct TellingTests {
    @Test func c3_aMarkReachesStreamsFeedsPushesAndTheWebhookOnceAndNoOtherFamily() async throws {
        let room = try await OutboxRoom(outbox: WebhookSchool.outbox(allowing: "127.0.0.0/8"))
        let devices = try Receiver { _, _ in .status(201) }
        var device: [OutboxRoom.Person: OutboxRoom.Device] = [:]
        var streams: [OutboxRoom.Person: EventReader] = [:]
        for person in OutboxRoom.Person.allCases {
            let own = try OutboxRoom.Device()
            try room.subscribe(person, devices, device: own)
            device[person] = own
            let client = room.client(person)
            let stream = try EventReader(port: client.port, token: client.token)
            #expect(try stream.next()?.name == "ready")
            streams[person] = stream
        }
        let receiver = try Receiver()
        let apps = try AppSchool(room.server)
        let client = try apps.integration("Оценки", ["journal.read"])
        let program = try apps.program(client, apps.secret(of: client))
        let webhook = try program.post("/v1/webhooks", json: #"{"url": "\#(receiver.url)", "entities": ["marks"]}"#)
        #expect(webhook.status == 201, "\(webhook.text)")
        let secret = try #require(webhook.json["secret"]?.string)

        let column = "0198ca94-2869-71eb-91b7-5bfd27fa8399"
        let written = try room.server.client("teacher").patch(
            "/v1/sections/\(room.ids.section)/journal",
            json: """
                {"line_items": [{"id": "\(column)", "lesson_id": "\(room.ids.lesson)",
                    "category_id": "\(room.ids.rows["{category_id}"]!)", "title": "Диктант", "weight": 1, "version": 0}],
                "marks": [{"line_item_id": "\(column)", "student_id": "\(room.ids.child)",
                    "value": {"kind": "number", "number": 4}, "version": 0}]}
                """)
        #expect(written.status == 200, "\(written.text)")
        let mark = try #require(
            try room.server.owner().query("SELECT id FROM marks WHERE line_item_id = $1", [column]).first)

        for person in [OutboxRoom.Person.mother, .father] {
            let stream = try #require(streams[person])
            let event = try #require(try stream.next())
            let item = try JSONValue(parsing: Array(event.data.utf8))
            #expect(item["kind"]?.string == "mark" && item["entity_id"]?.string == mark)
            let feed = try room.client(person).get("/v1/notifications").json
            #expect(feed["items"]?.array.map { $0["entity_id"]?.string } == [mark])
            #expect(feed["unread"]?.int == 1)
        }
        #expect(await eventually { devices.requests.count >= 2 })
        #expect(try await eventually { try receiver.items().count >= 1 })
        #expect(try await eventually { try room.isQuiet() })
        #expect(devices.requests.map { $0.line }.sorted() == ["POST /father HTTP/1.1", "POST /mother HTTP/1.1"])
        for request in devices.requests {
            let own = try #require(device[request.line.contains("father") ? .father : .mother])
            let news = try JSONValue(parsing: Array(try #require(try own.read(request.body)).utf8))
            #expect(news["kind"]?.string == "mark")
        }
        #expect(try receiver.items() == ["marks \(mark) made"])
        for event in try receiver.events() { #expect(try event.signatures == [event.signature(with: secret)]) }
        for person in [OutboxRoom.Person.stranger, .barred] {
            #expect(try room.client(person).get("/v1/notifications").json["items"]?.array.isEmpty == true)
        }
        for stream in streams.values { #expect(throws: EventReader.Failure.hung) { try stream.next(seconds: 0.5) } }
    }
}
