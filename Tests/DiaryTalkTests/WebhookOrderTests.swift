import Crypto
import Diary
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import TestTools
import Testing

/// `since` of each message is the `cursor` of the message before it, so that a receiver notices when one is missing.
@Suite(.serialized) struct WebhookOrderTests {
    let school: WebhookSchool

    init() async throws { school = try await WebhookSchool(Self.self) }

    /// Changes something that the webhook is not sent, and waits until it was read.
    private func changeSomethingElse(_ webhook: WebhookSchool.Webhook) async throws {
        func cursor() throws -> String? {
            try school.owner.query("SELECT cursor FROM webhook_positions WHERE endpoint_id = $1", [webhook.id]).first
        }
        let before = try cursor()
        try school.change(
            "UPDATE marks SET comment = coalesce(comment, '') || '!' WHERE id = '\(try school.mark())'")
        #expect(try await eventually { try cursor() != before })
    }

    private func renameAndReceive(_ receiver: Receiver, _ room: String) async throws -> ReceivedEvent {
        let count = receiver.requests.count
        try school.rename(room)
        #expect(await eventually { receiver.requests.count == count + 1 })
        return try #require(try receiver.events().last)
    }

    @Test func changesOfOthersInBetweenLeaveNoGap() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Order", to: receiver.url)
        defer { school.remove(webhook) }
        let room = try school.rooms(1)[0]
        try await changeSomethingElse(webhook)
        let first = try await renameAndReceive(receiver, room)
        for _ in 1...2 { try await changeSomethingElse(webhook) }
        let second = try await renameAndReceive(receiver, room)
        #expect(first.cursor != nil && second.since == first.cursor)
        // What lies between the two cursors is what the second message has.
        let feed = try webhook.program.get("/v1/changes?since=\(try #require(second.since))")
        #expect(feed.json["items"]?.array.count == 1, "\(feed.text)")
    }

    @Test func disablingAndEnablingLeaveNoGap() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Order disabled", to: receiver.url)
        defer { school.remove(webhook) }
        let room = try school.rooms(1)[0]
        let first = try await renameAndReceive(receiver, room)
        try await changeSomethingElse(webhook)
        #expect(try school.patch(webhook, #"{"state": "disabled"}"#).status == 200)
        try school.rename(room)
        #expect(try school.patch(webhook, #"{"state": "enabled"}"#).status == 200)
        #expect(await eventually { receiver.requests.count == 2 })
        #expect(try receiver.events().last?.since == first.cursor)
    }

    /// A message that somebody sends again is outside the order, and says so: it has no `since` and no `cursor`.
    @Test func aMessageThatIsSentAgainIsOutsideTheOrder() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Order again", to: receiver.url)
        defer { school.remove(webhook) }
        let room = try school.rooms(1)[0]
        let first = try await renameAndReceive(receiver, room)
        let second = try await renameAndReceive(receiver, room)
        #expect(
            try await eventually {
                try school.deliveries(of: webhook).allSatisfy { $0["state"]?.string == "delivered" }
            })
        let path = "/v1/webhooks/\(webhook.id)/deliveries/\(first.id)/attempts"
        #expect(try webhook.program.post(path, json: "{}").status == 202)
        #expect(await eventually { receiver.requests.count == 3 })
        let again = try #require(try receiver.events().last)
        #expect(again.id == first.id && again.type == "changes" && again.items == first.items)
        #expect(again.since == nil && again.cursor == nil && again.json["data"]?["has_more"] == nil)
        #expect(try again.signatures == [again.signature(with: webhook.secret)])
        let third = try await renameAndReceive(receiver, room)
        #expect(third.since == second.cursor)
    }

    /// The database was restored: its cursors belong to another history. The order begins with the message that says so.
    @Test func afterARestoreTheOrderBeginsAnew() async throws {
        let receiver = try Receiver()
        let webhook = try school.webhook("Order restored", to: receiver.url)
        defer { school.remove(webhook) }
        let room = try school.rooms(1)[0]
        _ = try await renameAndReceive(receiver, room)
        let foreign = Base64.url.encode(Array("1.00000000.3:0:".utf8))
        try school.owner.query(
            "UPDATE webhook_positions SET cursor = $2, since = '3:3:' WHERE endpoint_id = $1", [webhook.id, foreign])
        #expect(try await eventually { try receiver.events().last?.type == "changes.expired" })
        let expired = try #require(try receiver.events().last)
        try await changeSomethingElse(webhook)
        let next = try await renameAndReceive(receiver, room)
        #expect(expired.cursor != nil && next.since == expired.cursor)
    }
}
