import Diary
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import TestTools
import Testing

/// What may not be read now is not sent, whenever the message was written.
@Suite(.serialized) struct WebhookRightsTests {
    let school: WebhookSchool

    init() async throws { school = try await WebhookSchool(Self.self) }

    private func deliveries(of webhook: WebhookSchool.Webhook) throws -> [JSONValue] {
        try school.server.client("admin").get("/v1/clients/\(webhook.client.id)/webhooks/\(webhook.id)/deliveries")
            .json["items"]?.array ?? []
    }

    private func enable(_ webhook: WebhookSchool.Webhook, _ state: Bool) throws {
        let answer = try school.server.client("admin").patch(
            "/v1/clients/\(webhook.client.id)/webhooks/\(webhook.id)",
            json: #"{"state": "\#(state ? "enabled" : "disabled")"}"#, headers: [("If-Match", "*")])
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// Returns the items of one message with both changes.
    private func changeRoomAndMark(_ webhook: WebhookSchool.Webhook, _ room: String) throws -> [String] {
        let mark = try school.mark()
        try enable(webhook, false)
        try school.rename(room)
        try school.change("UPDATE marks SET comment = coalesce(comment, '') || '!' WHERE id = '\(mark)'")
        try enable(webhook, true)
        return ["rooms \(room) changed", "marks \(mark) changed"]
    }

    /// The scope was taken from the client after the first attempt: the message loses the items, and keeps its place.
    @Test func anItemWhoseScopeWasTakenIsLeftOut() async throws {
        let receiver = try Receiver { _, number in number == 0 ? .status(500) : .ok }
        let webhook = try school.webhook("Taken", ["school.read", "journal.read"], to: receiver.url)
        defer { try? remove(webhook) }
        let room = try school.rooms(1)[0]
        let items = try changeRoomAndMark(webhook, room)
        #expect(try await eventually { try deliveries(of: webhook).first?["attempts"]?.array.count == 1 })
        #expect(try receiver.events().last?.items.sorted() == items.sorted())
        #expect(try school.apps.update(webhook.client, #"{"scopes": ["school.read"]}"#).status == 200)
        try school.hurry()
        #expect(await eventually { receiver.requests.count == 2 })
        let events = try receiver.events()
        #expect(events[1].items == [items[0]])
        #expect(events[1].id == events[0].id && events[1].since == events[0].since)
        #expect(events[1].cursor == events[0].cursor && events[1].json["data"]?["has_more"]?.bool == false)
        #expect(try events[1].signatures == [events[1].signature(with: webhook.secret)])
    }

    /// Nothing is left of the message: it is not sent, and the next one begins where it began.
    @Test func aMessageOfWhichNothingMayBeReadIsWithdrawn() async throws {
        let receiver = try Receiver { _, number in number == 1 ? .status(500) : .ok }
        let webhook = try school.webhook("Narrowed", ["school.read", "journal.read"], to: receiver.url)
        defer { try? remove(webhook) }
        let room = try school.rooms(1)[0]
        try school.rename(room)
        #expect(try await eventually { try deliveries(of: webhook).first?["state"]?.string == "delivered" })
        try school.change("UPDATE marks SET comment = coalesce(comment, '') || '!' WHERE id = '\(try school.mark())'")
        #expect(await eventually { receiver.requests.count == 2 })
        #expect(try await eventually { try deliveries(of: webhook).first?["attempts"]?[0]?["status"]?.int == 500 })
        #expect(try school.patch(webhook, #"{"entities": ["rooms"]}"#).status == 200)
        try school.hurry()
        #expect(try await eventually { try deliveries(of: webhook).first?["state"]?.string == "withdrawn" })
        let withdrawn = try #require(try deliveries(of: webhook).first)
        #expect(withdrawn["attempts"]?.array.count == 1 && withdrawn["ended_at"]?.string != nil)
        #expect(receiver.requests.count == 2)
        try school.rename(room)
        #expect(await eventually { receiver.requests.count == 3 })
        let events = try receiver.events()
        #expect(events[2].items == ["rooms \(room) changed"])
        #expect(events[2].since == events[0].cursor)
        let listed = try webhook.program.get("/v1/webhooks/\(webhook.id)/deliveries?state=withdrawn").json
        #expect(listed["items"]?.array.count == 1)
    }

    /// Also what somebody sends again by hand.
    @Test func aMessageIsNotSentAgainWithWhatMayNotBeRead() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Again", ["school.read", "journal.read"], to: receiver.url)
        defer { try? remove(webhook) }
        let mark = try school.mark()
        try school.change("UPDATE marks SET comment = coalesce(comment, '') || '!' WHERE id = '\(mark)'")
        #expect(try await eventually { try deliveries(of: webhook).first?["state"]?.string == "delivered" })
        let id = try #require(try deliveries(of: webhook).first?["id"]?.string)
        #expect(try school.apps.update(webhook.client, #"{"scopes": ["school.read"]}"#).status == 200)
        let path = "/v1/clients/\(webhook.client.id)/webhooks/\(webhook.id)/deliveries/\(id)/attempts"
        let admin = try school.server.client("admin")
        #expect(try admin.post(path, json: "{}").status == 202)
        #expect(try await eventually { try deliveries(of: webhook).first?["state"]?.string == "withdrawn" })
        #expect(receiver.requests.count == 1)
        // The scope comes back.
        #expect(
            try school.apps.update(webhook.client, #"{"scopes": ["school.read", "journal.read"]}"#).status == 200)
        #expect(try admin.post(path, json: "{}").status == 202)
        #expect(await eventually { receiver.requests.count == 2 })
        #expect(try receiver.events().last?.items == ["marks \(mark) changed"])
    }

    private func remove(_ webhook: WebhookSchool.Webhook) throws {
        try school.owner.query("DELETE FROM webhook_endpoints WHERE id = $1", [webhook.id])
    }
}
