import Crypto
import Diary
import DiaryServer
import DiaryTalk
import DiaryTestSupport
import Glibc
import JSON
import Postgres
import Reactor
import TestSupport
import TestTools
import Testing

/// Webhooks from the change to the receiver: what is sent, in which order, how often, and what follows from the answer.
@Suite(.serialized) struct WebhooksTests {
    let school: WebhookSchool

    init() async throws { school = try await WebhookSchool(Self.self) }

    /// Nothing is lost and nothing comes twice: each delivery begins where the one before ended, and the feed has nothing
    /// more.
    @Test func eachChangeIsInOneDelivery() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Each", to: receiver.url)
        defer { school.remove(webhook) }
        let rooms = try school.rooms(20)
        for room in rooms { try school.rename(room) }
        #expect(try await eventually { try Set(receiver.items()).count == rooms.count })
        let events = try receiver.events()
        #expect(try receiver.items().sorted() == rooms.map { "rooms \($0) changed" }.sorted())
        #expect(events.allSatisfy { $0.type == "changes" })
        #expect(Set(events.map { $0.id }).count == events.count)
        for (event, next) in zip(events, events.dropFirst()) { #expect(event.cursor == next.since) }
        let feed = try webhook.program.get("/v1/changes?since=\(try #require(events.last?.cursor))").json
        #expect(feed["items"]?.array.isEmpty == true)
        for event in events {
            #expect(try event.signatures == [event.signature(with: webhook.secret)])
            let moment = try #require(event.request["webhook-timestamp"].flatMap { Int($0) })
            #expect(abs(moment - Clock.wall.seconds) < 60)
            #expect(event.request["content-type"] == "application/json")
        }
        #expect(
            try await eventually {
                try school.deliveries(of: webhook).allSatisfy { $0["state"]?.string == "delivered" }
            })
        #expect(try Set(school.deliveries(of: webhook).compactMap { $0["id"]?.string }) == Set(events.map { $0.id }))
    }

    /// A transaction that began before others and commits after they were delivered.
    @Test func aLateCommitIsDelivered() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Late", to: receiver.url)
        defer { school.remove(webhook) }
        let rooms = try school.rooms(2)
        let slow = try school.server.owner()
        try slow.execute("BEGIN; UPDATE rooms SET name = left(name, 20) || ' late' WHERE id = '\(rooms[0])'")
        try school.rename(rooms[1])
        #expect(try await eventually { try receiver.items() == ["rooms \(rooms[1]) changed"] })
        try slow.execute("COMMIT")
        #expect(try await eventually { try receiver.items().count == 2 })
        #expect(try receiver.items().last == "rooms \(rooms[0]) changed")
    }

    @Test func manyChangesComeInDeliveriesOfAHundred() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook(
            "Many", ["people.read"], to: receiver.url, more: #", "entities": ["guardians"]"#)
        defer { school.remove(webhook) }
        try school.change(
            """
            UPDATE guardians SET workplace = coalesce(workplace, '') || 'x' WHERE school_id = \(school.apps.ids.school)
                AND id IN (SELECT id FROM guardians WHERE school_id = \(school.apps.ids.school) ORDER BY id LIMIT 250)
            """)
        #expect(try await eventually { try receiver.items().count >= 250 })
        #expect(try receiver.events().map { $0.items.count } == [100, 100, 50])
        #expect(try receiver.events().map { $0.json["data"]?["has_more"]?.bool } == [true, true, false])
        #expect(try Set(receiver.items()).count == 250)
    }

    /// An integration gets what its scopes allow and the webhook asks for, and nothing of other schools.
    @Test func scopesEntitiesAndTheSchoolDecide() async throws {
        let receivers = try (0..<4).map { _ in try Receiver() }
        let webhooks = [
            try school.webhook("Scope 1", ["school.read"], to: receivers[0].url),
            try school.webhook("Scope 2", ["journal.read"], to: receivers[1].url),
            try school.webhook(
                "Scope 3", ["school.read", "journal.read"], to: receivers[2].url, more: #", "entities": ["lessons"]"#),
        ]
        defer { for webhook in webhooks { school.remove(webhook) } }
        let otherSchool = try #require(
            try school.owner.query("SELECT code FROM schools WHERE id = $1", [String(school.apps.ids.otherSchool)])
                .first)
        let stranger = try school.apps.integration("Scope 4", ["school.read", "journal.read"], school: otherSchool)
        let program = try school.apps.program(stranger, school.apps.secret(of: stranger, school: otherSchool))
        let made = try program.post("/v1/webhooks", json: #"{"url": "\#(receivers[3].url)"}"#)
        #expect(made.status == 201, "\(made.text)")
        let room = try school.rooms(1)[0]
        try school.rename(room)
        let changed = try school.mark()
        try school.change("UPDATE marks SET comment = coalesce(comment, '') || '!' WHERE id = '\(changed)'")
        try school.change(
            "UPDATE lessons SET topic = coalesce(topic, '') || '!' WHERE id = '\(school.apps.ids.lesson)'")
        try school.change("UPDATE rooms SET name = name || '!' WHERE school_id = \(school.apps.ids.otherSchool)")
        let mark = "marks \(changed) changed"
        let lesson = "lessons \(school.apps.ids.lesson) changed"
        #expect(
            try await eventually {
                try receivers.map { try Set($0.items()).isEmpty } == [false, false, false, false]
                    && Set(receivers[1].items()).count == 2
            })
        #expect(try Set(receivers[0].items()) == ["rooms \(room) changed"])
        #expect(try Set(receivers[1].items()) == [mark, lesson])
        #expect(try Set(receivers[2].items()) == [lesson])
        #expect(try receivers[3].items().allSatisfy { $0.hasPrefix("rooms ") })
        let own = try school.owner.query("SELECT id FROM rooms WHERE school_id = $1", [String(school.apps.ids.school)])
            .rows
        for room in own { #expect(try !receivers[3].items().contains("rooms \(room[0]!) changed")) }
        let id = try #require(made.json["id"]?.string)
        #expect(try program.send("DELETE", "/v1/webhooks/\(id)", headers: [("If-Match", "*")]).status == 204)
    }

    // MARK: Failures

    /// The next changes wait for the delivery before them, and the id stays the same.
    @Test func failedDeliveriesAreRepeatedInOrder() async throws {
        let receiver = try Receiver { _, number in [.status(500), .silence, .ok, .ok][min(number, 3)] }
        let webhook = try school.webhook("Repeated", to: receiver.url)
        defer { school.remove(webhook) }
        let rooms = try school.rooms(2)
        try school.rename(rooms[0])
        #expect(await eventually { receiver.requests.count == 1 })
        try school.rename(rooms[1])
        #expect(try await eventually { try school.state(of: webhook)["failing_since"]?.string != nil })
        // The second attempt after 5 seconds, the third after 5 minutes.
        let waits = try school.owner.query(
            """
            SELECT extract(epoch FROM p.due_at - now()) BETWEEN 3 AND 6 FROM pending p
            WHERE p.kind = 'webhook_delivery' AND p.lease IS NULL
            """
        ).first
        #expect(waits == "t")
        try school.hurry()
        #expect(await eventually { receiver.requests.count == 2 })
        #expect(
            try await eventually {
                try school.owner.query(
                    """
                    SELECT count(*) FROM pending WHERE kind = 'webhook_delivery' AND lease IS NULL AND attempts = 0
                        AND failure IS NULL AND due_at BETWEEN now() + interval '4 minutes' AND now() + interval '6 minutes'
                    """
                ).first == "1"
            })
        try school.hurry()
        #expect(try await eventually { try receiver.items().count == 4 })
        let events = try receiver.events()
        #expect(Set(events.prefix(3).map { $0.id }).count == 1 && events[3].id != events[0].id)
        #expect(
            events.map { $0.items } == Array(repeating: ["rooms \(rooms[0]) changed"], count: 3) + [
                ["rooms \(rooms[1]) changed"]
            ])
        for event in events { #expect(try event.signatures == [event.signature(with: webhook.secret)]) }
        #expect(try await eventually { try school.deliveries(of: webhook).first?["state"]?.string == "delivered" })
        let first = try #require(try school.deliveries(of: webhook).last)
        #expect(first["attempts"]?.array.map { $0["status"]?.int } == [500, nil, 200])
        #expect(first["attempts"]?.array.map { $0["error"]?.string } == [nil, "broken", nil])
        #expect(first["attempts"]?.array.map { $0["number"]?.int } == [1, 2, 3])
        #expect(try school.state(of: webhook)["failing_since"]?.isNull == true)
    }

    @Test func receiverThatIsDownGetsEverythingWhenItIsBack() async throws {
        let port = try Receiver().port
        let webhook = try school.webhook("Down", to: "http://127.0.0.1:\(port)/")
        defer { school.remove(webhook) }
        let rooms = try school.rooms(3)
        for room in rooms { try school.rename(room) }
        #expect(
            try await eventually {
                try school.deliveries(of: webhook).first?["attempts"]?[0]?["error"]?.string == "unreachable"
            })
        var receiver: Receiver?
        #expect(
            await eventually {
                receiver = try? Receiver(port: port)
                return receiver != nil
            })
        try school.hurry()
        #expect(try await eventually { try receiver?.items().count == 3 })
        #expect(try receiver?.items().sorted() == rooms.map { "rooms \($0) changed" }.sorted())
    }

    @Test func goneDisablesAtOnceAndEnablingContinues() async throws {
        let receiver = try Receiver { _, number in number == 0 ? .status(410) : .ok }
        let webhook = try school.webhook("Gone", to: receiver.url)
        defer { school.remove(webhook) }
        let rooms = try school.rooms(2)
        try school.rename(rooms[0])
        #expect(try await eventually { try school.state(of: webhook)["state"]?.string == "disabled" })
        #expect(try school.state(of: webhook)["disabled_reason"]?.string == "gone")
        try school.rename(rooms[1])
        let audit = try school.owner.query(
            "SELECT after ->> 'disabled_reason' FROM audit_log WHERE entity_id = $1 AND action = 'update' ORDER BY id DESC LIMIT 1",
            [webhook.id]
        ).first
        #expect(audit == "gone")
        for path in ["", "/\(try #require(try school.deliveries(of: webhook).last?["id"]?.string))/attempts"] {
            let refused = try webhook.program.post("/v1/webhooks/\(webhook.id)/deliveries\(path)", json: "{}")
            #expect(refused.status == 409 && refused.code == "webhook_disabled", "\(refused.text)")
        }
        #expect(receiver.requests.count == 1)
        #expect(try school.patch(webhook, #"{"state": "enabled"}"#).status == 200)
        #expect(try await eventually { try receiver.items().count == 3 })
        let events = try receiver.events()
        #expect(events[0].id == events[1].id && events[1].items == ["rooms \(rooms[0]) changed"])
        #expect(events[2].items == ["rooms \(rooms[1]) changed"])
        let state = try school.state(of: webhook)
        #expect(state["disabled_reason"]?.isNull == true && state["disabled_at"]?.isNull == true)
    }

    @Test func fiveDaysOfFailuresDisable() async throws {
        let receiver = try Receiver { _, _ in .status(503) }
        let webhook = try school.webhook("Failing", to: receiver.url)
        defer { school.remove(webhook) }
        try school.rename(try school.rooms(1)[0])
        #expect(try await eventually { try school.state(of: webhook)["failing_since"]?.string != nil })
        func since(_ age: String) throws {
            try school.owner.query(
                "UPDATE webhook_positions SET failing_since = now() - $2::interval WHERE endpoint_id = $1",
                [webhook.id, age])
        }
        try since("4 days 23 hours")
        // Another integration of the school changes nothing, and neither does a stale version.
        let other = try school.apps.program("Other of failing", ["school.read"])
        let path = "/v1/webhooks/\(webhook.id)"
        let enable = #"{"state": "enabled", "description": "x"}"#
        #expect(try other.patch(path, json: enable, headers: [("If-Match", "*")]).status == 404)
        #expect(try webhook.program.patch(path, json: enable, headers: [("If-Match", "\"v9\"")]).status == 412)
        let failing = "SELECT failing_since IS NOT NULL FROM webhook_positions WHERE endpoint_id = $1"
        #expect(try school.owner.query(failing, [webhook.id]).first == "t")
        try school.hurry()
        #expect(try await eventually { try school.deliveries(of: webhook).first?["attempts"]?.array.count == 2 })
        #expect(try school.state(of: webhook)["state"]?.string == "enabled")
        try since("5 days 1 hour")
        try school.hurry()
        #expect(try await eventually { try school.state(of: webhook)["disabled_reason"]?.string == "failing" })
        #expect(try school.deliveries(of: webhook).first?["state"]?.string == "waiting")
        #expect(
            try school.owner.query("SELECT count(*) FROM pending WHERE kind LIKE 'webhook%' AND lease IS NULL").first
                == "0")
    }

    /// After ten attempts the next changes get their turn. The receiver sees the gap in `since`.
    @Test func afterTenAttemptsADeliveryIsGivenUp() async throws {
        let receiver = try Receiver { _, number in number == 0 ? .status(500) : .ok }
        let webhook = try school.webhook("Given up", to: receiver.url)
        defer { school.remove(webhook) }
        let rooms = try school.rooms(2)
        try school.rename(rooms[0])
        #expect(await eventually { receiver.requests.count == 1 })
        let delivery = try ReceivedEvent(receiver.requests[0])
        try school.rename(rooms[1])
        #expect(try await eventually { try school.deliveries(of: webhook).first?["attempts"]?.array.count == 1 })
        try school.owner.query(
            "UPDATE webhook_deliveries SET attempts = 9, content = content WHERE id = $1", [delivery.id])
        let failing = try Receiver { _, _ in .status(500) }
        #expect(try school.patch(webhook, #"{"url": "\#(failing.url)"}"#).status == 200)
        try school.hurry()
        #expect(await eventually { failing.requests.count >= 1 })
        #expect(try await eventually { try school.deliveries(of: webhook).last?["state"]?.string == "given_up" })
        #expect(try school.patch(webhook, #"{"url": "\#(receiver.url)"}"#).status == 200)
        #expect(try await eventually { try school.deliveries(of: webhook).count == 2 })
        try school.hurry()
        #expect(try await eventually { try receiver.items().last == "rooms \(rooms[1]) changed" })
        // Somebody sends it again by hand; the id is the same.
        let before = receiver.requests.count
        let again = try webhook.program.post(
            "/v1/webhooks/\(webhook.id)/deliveries/\(delivery.id)/attempts", json: "{}")
        #expect(again.status == 202 && again.json["state"]?.string == "waiting", "\(again.text)")
        #expect(await eventually { receiver.requests.count == before + 1 })
        #expect(try receiver.events().last?.id == delivery.id)
        #expect(try receiver.events().last?.items == ["rooms \(rooms[0]) changed"])
        #expect(try await eventually { try school.deliveries(of: webhook).last?["state"]?.string == "delivered" })
    }

    /// The log no longer has what the position needs: the receiver is told, and continues from now.
    @Test func expiredPositionsAreTold() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Expired", to: receiver.url)
        defer { school.remove(webhook) }
        let cursor = Base64.url.encode(Array("1.00000000.3:0:".utf8))
        try school.owner.query("UPDATE webhook_positions SET cursor = $2 WHERE endpoint_id = $1", [webhook.id, cursor])
        let room = try school.rooms(1)[0]
        try school.rename(room)
        #expect(await eventually { receiver.requests.count == 1 })
        let expired = try #require(try receiver.events().first)
        #expect(expired.type == "changes.expired" && expired.items.isEmpty)
        try school.rename(room)
        #expect(try await eventually { try receiver.items() == ["rooms \(room) changed"] })
        #expect(try receiver.events().last?.since == expired.cursor)
    }

    // MARK: Several processes

    @Test func twoProcessesSendEachDeliveryOnce() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Shared", to: receiver.url)
        defer { school.remove(webhook) }
        let outbox = try WebhookSchool.outbox(allowing: "127.0.0.0/8")
        let other = try BackgroundLoop(
            WebhookSchool.background(outbox), school.server.database.serverURL, LogSink())
        let rooms = try school.rooms(15)
        for room in rooms + rooms.reversed() { try school.rename(room) }
        #expect(try await eventually { try Set(receiver.items()).count == rooms.count })
        let last = rooms[0]
        try school.rename(last)
        #expect(try await eventually { try receiver.events().last?.items.last == "rooms \(last) changed" })
        #expect(try Set(receiver.events().map { $0.id }).count == receiver.requests.count)
        let events = try receiver.events()
        for (event, next) in zip(events, events.dropFirst()) { #expect(event.cursor == next.since) }
        await other.end()
    }

    // MARK: Secrets

    @Test func bothSecretsSignDuringARotation() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Rotation", to: receiver.url)
        defer { school.remove(webhook) }
        let rotated = try webhook.program.post("/v1/webhooks/\(webhook.id)/secret", json: #"{"overlap_hours": 1}"#)
        let new = try #require(rotated.json["secret"]?.string)
        #expect(rotated.status == 200 && new != webhook.secret)
        #expect(rotated.json["previous_secret_until"]?.string != nil)
        let room = try school.rooms(1)[0]
        try school.rename(room)
        #expect(await eventually { receiver.requests.count == 1 })
        let event = try #require(try receiver.events().first)
        #expect(try event.signatures == [event.signature(with: new), event.signature(with: webhook.secret)])
        try school.owner.query(
            "UPDATE webhook_endpoints SET previous_secret_until = now() - interval '1 second' WHERE id = $1",
            [webhook.id])
        try school.rename(room)
        #expect(await eventually { receiver.requests.count == 2 })
        let later = try #require(try receiver.events().last)
        #expect(try later.signatures == [later.signature(with: new)])
        let at_once = try webhook.program.post("/v1/webhooks/\(webhook.id)/secret", json: #"{"overlap_hours": 0}"#)
        #expect(at_once.json["previous_secret_until"]?.isNull == true)
    }

    @Test func secretsAreShownOnce() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Secret", to: receiver.url)
        defer { school.remove(webhook) }
        let rotated = try webhook.program.post("/v1/webhooks/\(webhook.id)/secret", json: "{}")
        let secrets = [webhook.secret, try #require(rotated.json["secret"]?.string)]
        try school.rename(try school.rooms(1)[0])
        #expect(try await eventually { try school.deliveries(of: webhook).first?["state"]?.string == "delivered" })
        let admin = try school.server.client("admin")
        let base = "/v1/clients/\(webhook.client.id)/webhooks"
        var shown = [
            try webhook.program.get("/v1/webhooks").text, try webhook.program.get("/v1/webhooks/\(webhook.id)").text,
            try admin.get(base).text, try admin.get("\(base)/\(webhook.id)/deliveries").text,
            try admin.get("/v1/audit?entity_id=\(webhook.id)").text,
            try school.patch(webhook, #"{"description": "x"}"#).text,
        ]
        #expect(shown[4].contains("\"secret\": \"hidden\""), "\(shown[4])")
        for table in [
            "webhook_endpoints", "webhook_deliveries", "webhook_attempts", "audit_log", "idempotency_keys", "pending",
        ] {
            shown.append(
                try school.owner.query("SELECT coalesce(string_agg(t::text, ' '), '') FROM \(table) t").first ?? "")
        }
        for secret in secrets {
            let bare = String(secret.dropFirst(6).prefix(40))
            for text in shown { #expect(!text.contains(bare)) }
        }
        let stored = try school.owner.query("SELECT secret FROM webhook_endpoints WHERE id = $1", [webhook.id]).first
        #expect(stored?.hasPrefix("s1:") == true)
    }

    // MARK: What is refused

    /// The default server reaches no private network, by address or by name.
    @Test func privateAddressesAreRefusedAtCreationAndAtSending() async throws {
        let strict = try WebhookSchool.outbox(allowing: nil)
        let server = try await TestServer(outbox: strict) { $0.background = WebhookSchool.background(strict) }
        let apps = try AppSchool(server)
        let client = try apps.integration("Private", ["school.read"])
        let program = try apps.program(client, apps.secret(of: client))
        for url in ["http://127.0.0.1/", "http://2130706433/", "http://[::ffff:10.0.0.1]/", "http://localhost:5432/"] {
            let answer = try program.post("/v1/webhooks", json: #"{"url": "\#(url)"}"#)
            #expect(
                answer.status == 422 && answer.json["errors"]?[0]?["code"]?.string == "forbidden_address",
                "\(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/url")
        }
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let receiver = try Receiver()
        let made = try program.post("/v1/webhooks", json: #"{"url": "http://\#(host):\#(receiver.port)/"}"#)
        let id = try #require(made.json["id"]?.string, "\(made.text)")
        let change = try program.patch(
            "/v1/webhooks/\(id)", json: #"{"url": "http://169.254.169.254/"}"#, headers: [("If-Match", "*")])
        #expect(change.status == 422)
        #expect(try program.post("/v1/webhooks/\(id)/deliveries", json: "{}").status == 202)
        #expect(
            try await eventually {
                let deliveries = try program.get("/v1/webhooks/\(id)/deliveries").json["items"]
                return deliveries?[0]?["attempts"]?[0]?["error"]?.string == "forbidden_address"
            })
        #expect(receiver.requests.isEmpty)
    }

    @Test func aServerThatAsksForHTTPSRefusesOthers() async throws {
        let server = try await TestServer()
        let apps = try AppSchool(server)
        let client = try apps.integration("Plain", ["school.read"])
        let program = try apps.program(client, apps.secret(of: client))
        for (url, code) in [
            ("http://receiver.example/", "invalid_scheme"), ("https://user:word@receiver.example/", "has_credentials"),
            ("receiver.example", "invalid_url"), ("https://127.0.0.1/", "forbidden_address"),
        ] {
            let answer = try program.post("/v1/webhooks", json: #"{"url": "\#(url)"}"#)
            #expect(answer.status == 422 && answer.json["errors"]?[0]?["code"]?.string == code, "\(answer.text)")
        }
        #expect(try program.post("/v1/webhooks", json: #"{"url": "https://receiver.example/"}"#).status == 201)
    }

    @Test func bodiesAndLimits() throws {
        let client = try school.apps.integration("Limits", ["school.read"])
        let program = try school.apps.program(client, school.apps.secret(of: client))
        let url = #""url": "https://receiver.example/""#
        for (json, pointer, code) in [
            ("{}", "/url", "required"), (#"{\#(url), "entities": []}"#, "/entities", "too_short"),
            (#"{\#(url), "entities": ["marks"]}"#, "/entities/0", "not_one_of"),
            (#"{\#(url), "entities": ["rooms", "rooms"]}"#, "/entities/1", "duplicate_item"),
            (#"{\#(url), "state": "disabled"}"#, "/state", "unknown_field"),
            (#"{\#(url), "secret": "whsec_x"}"#, "/secret", "unknown_field"),
            (#"{"url": 1}"#, "/url", "wrong_type"),
        ] {
            let answer = try program.post("/v1/webhooks", json: json)
            #expect(answer.status == 422, "\(json): \(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(answer.text)")
            #expect(answer.json["errors"]?[0]?["code"]?.string == code, "\(answer.text)")
        }
        var ids: [String] = []
        for _ in 1...10 {
            let answer = try program.post("/v1/webhooks", json: "{\(url), \"entities\": [\"rooms\"]}")
            #expect(answer.status == 201, "\(answer.text)")
            ids.append(answer.json["id"]?.string ?? "")
        }
        let eleventh = try program.post("/v1/webhooks", json: "{\(url)}")
        #expect(eleventh.status == 409 && eleventh.code == "too_many_webhooks", "\(eleventh.text)")
        #expect(try program.get("/v1/webhooks").json["items"]?.array.compactMap { $0["id"]?.string } == ids)
        let app = try school.apps.app("Limits app")
        let refused = try school.server.client("admin").post("/v1/clients/\(app.id)/webhooks", json: "{\(url)}")
        #expect(refused.status == 409 && refused.code == "app_without_webhooks", "\(refused.text)")
        // The version decides.
        let stale = try program.patch(
            "/v1/webhooks/\(ids[0])", json: #"{"description": "x"}"#, headers: [("If-Match", "\"v9\"")])
        #expect(stale.status == 412)
        #expect(try program.patch("/v1/webhooks/\(ids[0])", json: "{}").status == 428)
        let cleared = try program.patch(
            "/v1/webhooks/\(ids[0])", json: #"{"entities": null, "description": "Копия"}"#,
            headers: [("If-Match", "\"v1\"")])
        #expect(cleared.json["entities"]?.isNull == true && cleared.json["version"]?.int == 2, "\(cleared.text)")
        for id in ids {
            #expect(try program.send("DELETE", "/v1/webhooks/\(id)", headers: [("If-Match", "*")]).status == 204)
        }
    }

    /// A blocked client gets nothing; when it is admitted again, it gets what it has missed.
    @Test func blockedClientsWait() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Blocked", to: receiver.url)
        defer { _ = try? school.owner.query("DELETE FROM webhook_endpoints WHERE id = $1", [webhook.id]) }
        #expect(try school.apps.update(webhook.client, #"{"state": "blocked"}"#).status == 200)
        let room = try school.rooms(1)[0]
        try school.rename(room)
        // Another webhook shows that the change was read.
        let witness = try Receiver()
        let other = try school.webhook("Witness", to: witness.url)
        defer { school.remove(other) }
        try school.rename(try school.rooms(2)[1])
        #expect(await eventually { witness.requests.count == 1 })
        #expect(receiver.requests.isEmpty)
        #expect(try school.apps.update(webhook.client, #"{"state": "active"}"#).status == 200)
        #expect(try await eventually { try receiver.items().first == "rooms \(room) changed" })
    }

    /// A receiver that does not answer must not fill the queue with tests.
    @Test func tenDeliveriesByHandWaitAtATime() async throws {
        let receiver = try Receiver { _, _ in .stall }
        let webhook = try school.webhook("By hand", to: receiver.url)
        defer { school.remove(webhook) }
        let path = "/v1/webhooks/\(webhook.id)/deliveries"
        // One that has ended, to send it again.
        let ended = try #require(try webhook.program.post(path, json: "{}").json["id"]?.string)
        try school.owner.query(
            "UPDATE webhook_deliveries SET state = 'given_up', ended_at = now() WHERE id = $1", [ended])
        for number in 1...10 {
            let sent = try webhook.program.post(path, json: "{}")
            #expect(sent.status == 202, "\(number): \(sent.text)")
        }
        for (path, body) in [(path, "{}"), ("\(path)/\(ended)/attempts", "{}")] {
            let refused = try webhook.program.post(path, json: body)
            #expect(refused.status == 409 && refused.code == "too_many_waiting_deliveries", "\(refused.text)")
        }
    }

    @Test func aTestIsSentOnce() async throws {
        let receiver = try Receiver { _, _ in .status(500) }
        let webhook = try school.webhook("Test", to: receiver.url)
        defer { school.remove(webhook) }
        let sent = try webhook.program.post("/v1/webhooks/\(webhook.id)/deliveries", json: "{}")
        #expect(sent.status == 202 && sent.json["type"]?.string == "test", "\(sent.text)")
        #expect(try await eventually { try school.deliveries(of: webhook).first?["state"]?.string == "given_up" })
        #expect(receiver.requests.count == 1)
        let event = try #require(try receiver.events().first)
        #expect(event.type == "test" && event.json["data"]?["webhook_id"]?.string == webhook.id)
        #expect(try event.signatures == [event.signature(with: webhook.secret)])
        #expect(try school.state(of: webhook)["failing_since"]?.isNull == true)
    }
}
