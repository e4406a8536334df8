import Crypto
import Diary
import DiaryServer
import DiaryTalk
import DiaryTestSupport
import Foundation
import JSON
import Postgres
import Reactor
import TestSupport
import TestTools
import Testing
import Transfer

/// Failures of the server itself: they are no attempts of the receiver, they are seen, and sending goes on afterwards.
@Suite(.serialized) struct WebhookFailureTests {
    let school: WebhookSchool

    init() async throws { school = try await WebhookSchool(Self.self, sends: false) }

    /// A process without `secrets.keys` leaves webhooks to others.
    @Test func aProcessWithoutKeysDoesNoWorkOfWebhooks() throws {
        let outbox = try WebhookSchool.outbox(allowing: "127.0.0.0/8", keys: nil)
        #expect(BackgroundWork.all(outbox: outbox).allSatisfy { !$0.name.hasPrefix("webhook_") })
        #expect(BackgroundWork.wake(outbox).isEmpty)
        let able = try WebhookSchool.outbox(allowing: "127.0.0.0/8")
        #expect(BackgroundWork.all(outbox: able).contains { $0.name == "webhook_delivery" })
        #expect(BackgroundWork.wake(able).count == 1)
    }

    /// The key is missing after a bad rotation.
    @Test(arguments: ["secret", "previous_secret"])
    func aSecretThatCannotBeReadIsNoFailureOfTheReceiver(_ column: String) async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Unreadable \(column)", to: receiver.url)
        defer { school.remove(webhook) }
        if column == "previous_secret" {
            // The new one is readable.
            try school.owner.query(
                """
                UPDATE webhook_endpoints SET previous_secret = 's9:' || right(secret, 40), previous_secret_until = now() + interval '1 hour'
                WHERE id = $1
                """, [webhook.id])
        }
        let log = "/tmp/lyceum-webhooks-\(UInt64.random(in: 0 ... .max)).log"
        defer { unlink(log) }
        let loop = try self.loop(
            column == "secret" ? "s9:\(Base64.url.encode(Array("another key of thirty-two bytes!".utf8)))" : nil, log)
        try school.rename(try school.rooms(1)[0])
        #expect(
            try await eventually {
                try school.owner.query(
                    "SELECT failure FROM pending WHERE kind = 'webhook_delivery' AND failure IS NOT NULL"
                ).first == "secret_unreadable"
            })
        let state = try school.state(of: webhook)
        #expect(state["is_stalled"]?.bool == true && state["state"]?.string == "enabled", "\(state)")
        #expect(state["failing_since"]?.isNull == true)
        let delivery = try #require(try school.deliveries(of: webhook).first)
        #expect(delivery["state"]?.string == "waiting" && delivery["attempts"]?.array.isEmpty == true)
        #expect(receiver.requests.isEmpty)
        #expect(
            await eventually {
                await loop.value("lyceum_background_ended_total", ["kind": "webhook_delivery", "result": "failed"]) >= 1
            })
        await loop.end()
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("\"code\":\"secret_unreadable\""))
        // A new secret replaces what cannot be read, and the message goes at once.
        let good = try self.loop(nil)
        let made = try webhook.program.post("/v1/webhooks/\(webhook.id)/secret", json: #"{"overlap_hours": 0}"#)
        let secret = try #require(made.json["secret"]?.string, "\(made.text)")
        #expect(await eventually { receiver.requests.count == 1 })
        let event = try #require(try receiver.events().first)
        #expect(try event.signatures == [event.signature(with: secret)])
        #expect(try await eventually { try school.state(of: webhook)["is_stalled"]?.bool == false })
        await good.end()
    }

    /// After thirty failures of its own the server parks the piece. It is counted and shown, and tried again each hour.
    @Test(arguments: ["webhook_delivery", "webhook_changes"])
    func aParkedPieceIsSeenAndGoesOn(_ kind: String) async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Parked \(kind)", to: receiver.url)
        defer { school.remove(webhook) }
        let rooms = try school.rooms(2)
        try school.rename(rooms[0])
        let isPiece = """
            kind = $1 AND id IN (SELECT $2::uuid UNION ALL SELECT id FROM webhook_deliveries WHERE endpoint_id = $2::uuid)
            """
        if kind == "webhook_changes" {
            try school.owner.query(
                "INSERT INTO pending (school_id, kind, id, due_at) VALUES ($1, $2, $3, now())",
                [String(school.apps.ids.school), kind, webhook.id])
        } else {
            // This process writes the delivery and sends nothing.
            let outbox = try WebhookSchool.outbox(allowing: "127.0.0.0/8")
            var reading = WebhookSchool.background(outbox)
            reading.work.removeAll { $0.name == kind }
            let loop = try BackgroundLoop(reading, school.server.database.serverURL, LogSink())
            #expect(
                try await eventually {
                    try school.owner.query("SELECT count(*) FROM pending WHERE \(isPiece)", [kind, webhook.id]).first
                        == "1"
                })
            await loop.end()
        }
        try school.owner.query(
            """
            UPDATE pending SET parked_at = now() - interval '59 minutes', failure = 'unforeseen', attempts = 30, due_at = now()
            WHERE \(isPiece)
            """, [kind, webhook.id])
        let loop = try self.loop(nil)
        #expect(await eventually { await loop.value("lyceum_background_parked", ["kind": kind]) == 1 })
        #expect(try school.state(of: webhook)["is_stalled"]?.bool == true)
        if kind == "webhook_delivery" {
            let next = try school.deliveries(of: webhook).first?["next_attempt_at"]?.string
            #expect(
                try school.owner.query("SELECT $1::timestamptz BETWEEN now() AND now() + interval '2 minutes'", [next])
                    .first == "t")
        }
        try school.rename(rooms[1])
        #expect(receiver.requests.isEmpty)
        try school.owner.query(
            "UPDATE pending SET parked_at = now() - interval '61 minutes' WHERE \(isPiece)", [kind, webhook.id])
        #expect(try await eventually { try receiver.items().count == 2 })
        #expect(try await eventually { try school.state(of: webhook)["is_stalled"]?.bool == false })
        await loop.end()
    }

    /// Somebody who enables the webhook does not wait for the hour.
    @Test func enablingRestartsParkedPieces() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Parked enabled", to: receiver.url)
        defer { school.remove(webhook) }
        try school.rename(try school.rooms(1)[0])
        try school.owner.query(
            """
            INSERT INTO pending (school_id, kind, id, due_at, parked_at, failure, attempts)
            VALUES ($1, 'webhook_changes', $2, now(), now(), 'unforeseen', 30)
            """, [String(school.apps.ids.school), webhook.id])
        #expect(try school.patch(webhook, #"{"state": "disabled"}"#).status == 200)
        #expect(try school.patch(webhook, #"{"state": "enabled"}"#).status == 200)
        let loop = try self.loop(nil)
        #expect(await eventually { receiver.requests.count == 1 })
        await loop.end()
    }

    @Test func aDeliveryMayHaveAnyNumberOfAttempts() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Attempts", to: receiver.url)
        defer { school.remove(webhook) }
        let loop = try self.loop(nil)
        let sent = try webhook.program.post("/v1/webhooks/\(webhook.id)/deliveries", json: "{}")
        let id = try #require(sent.json["id"]?.string)
        #expect(try await eventually { try school.deliveries(of: webhook).first?["state"]?.string == "delivered" })
        try school.owner.query("UPDATE webhook_attempts SET number = 32767 WHERE delivery_id = $1", [id])
        let again = try webhook.program.post("/v1/webhooks/\(webhook.id)/deliveries/\(id)/attempts", json: "{}")
        #expect(again.status == 202)
        #expect(
            try await eventually {
                try school.deliveries(of: webhook).first?["attempts"]?.array.map { $0["number"]?.int } == [
                    32767, 32768,
                ]
            })
        await loop.end()
    }

    // MARK: Helpers

    /// - Parameter keys: `secrets.keys`; nil for those of the server.
    private func loop(_ keys: String?, _ log: String? = nil) throws -> BackgroundLoop {
        let outbox = try WebhookSchool.outbox(allowing: "127.0.0.0/8", keys: keys ?? TestServer.sealingKeys)
        let sink = try log.map { try LogSink(descriptor: open($0, O_WRONLY | O_CREAT | O_APPEND, 0o600)) } ?? LogSink()
        return try BackgroundLoop(WebhookSchool.background(outbox), school.server.database.serverURL, sink)
    }
}
