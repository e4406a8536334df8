import Crypto
import Diary
import DiaryTestSupport
import Postgres
import Reactor
import TestTools
import Testing

/// Processes that share the outbox, and one that ends while it sends.
@Suite(.serialized) struct SharedOutboxTests {
    @Test func twoProcessesSendEachPushOnce() async throws {
        let room = try await OutboxRoom(runs: false)
        let receiver = try Receiver { _, _ in .status(201) }
        let owner = try room.server.owner()
        let device = try OutboxRoom.Device()
        let people = 120
        try owner.query(
            """
            WITH people AS (
                SELECT u.school_id, u.id FROM users u
                WHERE u.school_id = $1 AND u.state <> 'blocked' ORDER BY u.id LIMIT \(people)
            ), active AS (
                UPDATE users u SET state = 'active', login = coalesce(u.login, 'p-' || u.id), password_hash = coalesce(u.password_hash, 'x')
                FROM people p WHERE u.school_id = p.school_id AND u.id = p.id
            ), quiet AS (
                INSERT INTO notification_preferences (school_id, person_id, school_quiet_hours)
                SELECT school_id, id, false FROM people
                ON CONFLICT (school_id, person_id) DO NOTHING
            ), started AS (
                INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
                SELECT school_id, id, id, 'test', '\\x00', now() + interval '1 day' FROM people
            )
            INSERT INTO push_subscriptions (school_id, id, person_id, session_id, endpoint, p256dh, auth)
            SELECT school_id, id, id, id, $2 || id, $3::bytea, $4::bytea FROM people
            """,
            [
                "\(room.ids.school)", "http://127.0.0.1:\(receiver.port)/",
                "\\x" + Hexadecimal.encode(device.key.publicKey.bytes), "\\x" + Hexadecimal.encode(device.auth),
            ])
        let loops = [try room.loop(), try room.loop()]
        // In several transactions, so that the planners of both processes have something to do.
        for _ in 1...3 {
            try owner.query(
                """
                INSERT INTO notifications (school_id, person_id, kind, entity, entity_id)
                SELECT school_id, person_id, 'message', 'messages', gen_random_uuid() FROM push_subscriptions
                WHERE school_id = $1
                """, ["\(room.ids.school)"])
        }
        #expect(try await eventually { try room.isQuiet() && receiver.requests.count >= people })
        for loop in loops { await loop.end() }
        let told = try owner.query(
            """
            SELECT count(*), sum(cardinality(notifications)), count(DISTINCT person_id), count(*) FILTER (WHERE outcome = 'sent')
            FROM deliveries
            """
        ).rows[0].map { Int($0!)! }
        #expect(told[1] == 3 * people, "each notification is planned once for its person")
        #expect(told[2] == people)
        #expect(told[0] == told[3])
        #expect(receiver.requests.count == told[0], "each delivery is sent once")
    }

    /// One process has only pushes, another only mail: each plans for its own channel.
    @Test func processesWithDifferentChannelsLoseNothing() async throws {
        let room = try await OutboxRoom(runs: false)
        let (receiver, relay) = (try Receiver { _, _ in .status(201) }, try MailReceiver())
        try room.subscribe(.mother, receiver)
        try room.addAddress(of: .mother)
        func outcomes(_ channel: String) throws -> String? {
            try room.server.owner().query(
                """
                SELECT string_agg(outcome || ' ' || cardinality(notifications), ',') FROM deliveries
                WHERE channel = $1 AND person_id = $2
                """, [channel, room.id(.mother)]
            ).first
        }
        let pushing = try room.loop(mailPort: nil)
        try room.changeMark()
        #expect(try await eventually { try outcomes("push") == "sent 1" })
        // Only now, so that the other one has surely planned first.
        let mailing = try room.loop(hasPush: false, mailPort: relay.port)
        #expect(try await eventually { try outcomes("mail") == "sent 1" })
        #expect(try await eventually { try room.isQuiet() })
        #expect(receiver.requests.count == 1 && relay.mails.count == 1)
        for loop in [pushing, mailing] { await loop.end() }
    }

    /// At least once: the push service may have taken the message, so the repetition has the same topic.
    @Test func aPushWhoseProcessEndedIsSentByAnother() async throws {
        let room = try await OutboxRoom(runs: false)
        let receiver = try Receiver { _, number in number == 0 ? .stall : .status(201) }
        try room.subscribe(.mother, receiver)
        let first = try room.loop()
        try room.changeMark()
        #expect(await eventually { receiver.requests.count == 1 })
        await first.background.read { background, _ in background.close() }
        // The lease of the process ends; the test does not wait for that.
        let owner = try room.server.owner()
        try owner.query("UPDATE pending SET due_at = now() WHERE kind = 'send_push'")
        let second = try room.loop()
        #expect(try await eventually { try room.outcomes(.mother) == ["sent"] })
        #expect(receiver.requests.count == 2)
        #expect(receiver.requests[0]["Topic"] == receiver.requests[1]["Topic"])
        await first.end()
        await second.end()
    }
}
