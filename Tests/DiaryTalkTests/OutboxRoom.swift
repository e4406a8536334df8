import Crypto
import Diary
import DiaryServer
import DiaryTalk
import DiaryTestSupport
import Postgres
import Reactor
import TestSupport
import TestTools

@testable import Crypto

/// A server with background work, and a family of the demo school: both guardians of a student of 7А, a guardian without
/// access, and a guardian of another family.
final class OutboxRoom: Sendable {
    enum Person: String, CaseIterable, Sendable { case mother, father, barred, stranger }

    let server: TestServer
    let ids: DemoSchoolIDs
    private let people: [Person: String]
    private let clients: [Person: TestClient]

    /// - Parameters:
    ///   - outbox: also sends webhooks.
    ///   - runs: whether the server does background work.
    init(mailPort: UInt16 = 9, outbox: Outbox? = nil, runs: Bool = true) async throws {
        let channels = try TestServer.channels(mailPort: mailPort)
        server = try await TestServer(outbox: outbox, channels: channels) { configuration in
            guard runs else { return }
            var background = Background.Configuration(work: BackgroundWork.all(outbox: outbox, channels: channels))
            background.rhythm = 0.1
            background.wake = BackgroundWork.wake(outbox) + BackgroundWork.channelWake(channels)
            configuration.background = background
        }
        ids = try DemoSchoolIDs(server)
        let owner = try server.owner()
        var people: [Person: String] = [:]
        var clients: [Person: TestClient] = [:]
        for person in Person.allCases {
            let id = try owner.query("SELECT gen_random_uuid()").first!
            try owner.query(
                "INSERT INTO users (school_id, id, last_name, first_name) VALUES ($1, $2, 'Оутбоксова', $3)",
                ["\(ids.school)", id, person.rawValue])
            try owner.query("INSERT INTO guardians (school_id, id) VALUES ($1, $2)", ["\(ids.school)", id])
            try owner.query(
                """
                INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, starts_on)
                VALUES ($1, gen_random_uuid(), $2, $3, 'legal_guardian', $4, '2025-09-01')
                """,
                [
                    "\(ids.school)", id, person == .stranger ? ids.others[0] : ids.child,
                    person == .barred ? "none" : "full",
                ])
            people[person] = id
            clients[person] = try server.session(of: id, school: ids.school, roles: ["guardian"])
        }
        self.people = people
        self.clients = clients
        // The tests run at any time of the day.
        try owner.query(
            """
            INSERT INTO notification_preferences (school_id, person_id, school_quiet_hours, choices)
            SELECT $1, u, false, '{"mark_changed": {"push": true, "mail": true}}' FROM unnest($2::uuid[]) u
            """, ["\(ids.school)", "{\(people.values.joined(separator: ","))}"])
    }

    func id(_ person: Person) -> String { people[person]! }
    func client(_ person: Person) -> TestClient { clients[person]! }

    /// Changes the newest mark of the child.
    func changeMark() throws {
        let owner = try server.owner()
        try owner.execute("SET lyceum.today = '\(TestServer.today)'")
        let changed = try owner.query(
            """
            UPDATE marks SET number = CASE number WHEN 5 THEN 4 ELSE 5 END
            WHERE school_id = $1 AND id = (
                SELECT m.id FROM marks m
                JOIN line_items i ON i.school_id = m.school_id AND i.id = m.line_item_id
                JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
                WHERE m.school_id = $1 AND m.student_id = $2 AND m.kind = 'number' AND m.published_at <= now()
                ORDER BY l.date DESC, m.id LIMIT 1
            )
            """, ["\(ids.school)", ids.child])
        guard changed.affected == 1 else { throw TestFailure("the child has no mark") }
    }

    /// The background work of another process on the same database.
    func loop(hasPush: Bool = true, mailPort: UInt16? = 9) throws -> BackgroundLoop {
        let channels = try TestServer.channels(hasPush: hasPush, mailPort: mailPort)
        var configuration = Background.Configuration(work: BackgroundWork.sending(channels))
        configuration.rhythm = 0.1
        configuration.wake = BackgroundWork.channelWake(channels)
        var url = try ConnectionURL(server.database.serverURL)
        url["options"] = "-c lyceum.today=\(TestServer.today)"
        return try BackgroundLoop(configuration, url.text, LogSink())
    }

    /// A device that can read what is sent to it.
    struct Device {
        let key: P256.PrivateKey
        let auth: [UInt8]

        init() throws {
            key = try P256.PrivateKey.make()
            auth = Random.bytes(16)
        }

        func subscription(_ endpoint: String) -> String {
            """
            {"endpoint": "\(endpoint)", "p256dh": "\(Base64.url.encode(key.publicKey.bytes))", "auth": "\(Base64.url.encode(auth))"}
            """
        }

        /// RFC 8291, from the other side.
        func read(_ body: [UInt8]) throws -> String? {
            let salt = Array(body[..<16])
            let sender = Array(body[21..<86])
            let shared = try HKDF.extract(salt: auth, from: key.sharedSecret(with: P256.PublicKey(sender)))
            let secret = try HKDF.expand(
                shared, info: Array("WebPush: info\0".utf8) + key.publicKey.bytes + sender, count: 32)
            let pseudorandom = try HKDF.extract(salt: salt, from: secret)
            let record = AESGCM.open(
                body[86...],
                key: try HKDF.expand(pseudorandom, info: Array("Content-Encoding: aes128gcm\0".utf8), count: 16),
                nonce: try HKDF.expand(pseudorandom, info: Array("Content-Encoding: nonce\0".utf8), count: 12),
                context: [])
            return record.map { String(decoding: $0.prefix { $0 != 2 }, as: UTF8.self) }
        }
    }

    @discardableResult
    func subscribe(_ person: Person, _ receiver: Receiver, device: Device? = nil) throws -> TestClient.Answer {
        try client(person).post(
            "/v1/me/push-subscriptions",
            json: (device ?? Device()).subscription("http://127.0.0.1:\(receiver.port)/\(person)"))
    }

    /// The outcomes of all deliveries of the person, oldest first.
    func outcomes(_ person: Person) throws -> [String] {
        try server.owner().query(
            """
            SELECT coalesce(outcome, 'open') || coalesce(' ' || failure, '') FROM deliveries
            WHERE school_id = $1 AND person_id = $2 ORDER BY created_at, id
            """, ["\(ids.school)", id(person)]
        ).rows.map { $0[0]! }
    }

    /// Whether nothing is planned or sent any more.
    func isQuiet() throws -> Bool {
        try server.owner().query(
            "SELECT NOT EXISTS (SELECT FROM pending WHERE kind ~ '^(plan|send)_')"
        ).first == "t"
    }

    /// Gives a person of the room, or several other people, an address, as if it had been confirmed.
    func addAddress(of person: Person) throws {
        try server.owner().query(
            "INSERT INTO email_addresses (school_id, person_id, id, address) VALUES ($1, $2, gen_random_uuid(), $3)",
            ["\(ids.school)", id(person), "\(person)@example.org"])
    }

    /// Makes delayed pieces due.
    func hurry() throws { try server.owner().query("UPDATE pending SET due_at = now() WHERE kind LIKE 'send\\_%'") }
}
