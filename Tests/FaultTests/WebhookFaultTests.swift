import Crypto
import Glibc
import JSON
import Postgres
import TestTools
import Testing

/// Processes and PostgreSQL are killed while webhooks are sent: every change arrives, and a message that comes twice has the
/// same id.
@Suite(.serialized) struct WebhookFaultTests {
    private struct Room {
        let database: PrivatePostgres
        let server: LyceumServer
        let owner: BlockingConnection

        init() throws {
            database = try PrivatePostgres()
            server = try LyceumServer(
                database.serverURL,
                environment: [
                    "LYCEUM_BACKGROUND_RHYTHM=1", "LYCEUM_OUTBOX_ALLOWED_NETWORKS=127.0.0.1",
                    "LYCEUM_OUTBOX_PLAIN_HTTP=true",
                    "LYCEUM_SECRETS_KEYS=s1:\(Base64.url.encode(Array("fedcba9876543210fedcba9876543210".utf8)))",
                ])
            try server.waitUntilReady(seconds: 20)
            owner = try database.owner()
        }

        func webhook(to url: String) throws {
            let client = server.client()
            client.token = try server.signIn("admin")
            let program = try client.send(
                "POST", "/v1/clients", json: #"{"kind": "integration", "name": "Копия", "scopes": ["school.read"]}"#)
            let made = try client.send(
                "POST", "/v1/clients/\(program.json["id"]?.string ?? "")/webhooks",
                json: #"{"url": "\#(url)", "entities": ["rooms"]}"#)
            guard made.status == 201 else { throw Failure("no webhook: \(made.text)") }
        }

        /// Returns the id of a new room.
        func add(_ connection: BlockingConnection? = nil) throws -> String {
            try (connection ?? owner).query(
                """
                INSERT INTO rooms (school_id, id, name)
                SELECT id, gen_random_uuid(), 'К ' || txid_current() FROM schools WHERE code = 'lyceum29' RETURNING id
                """
            ).first!
        }

        /// As if the leases had ended.
        func endLeases(_ connection: BlockingConnection? = nil) throws {
            try (connection ?? owner).execute("UPDATE pending SET due_at = now() WHERE kind LIKE 'webhook%'")
        }
    }

    private static func rooms(of requests: [Receiver.Request]) -> [String] {
        requests.flatMap { request in
            ((try? JSONValue(parsing: request.body))?["data"]?["items"]?.array ?? []).compactMap { $0["id"]?.string }
        }
    }

    /// The delivery is written, and the process dies before it has sent it.
    @Test func killedBetweenTheCommitAndTheSending() throws {
        let room = try Room()
        let receiver = try Receiver()
        try room.webhook(to: receiver.url)
        try room.database.superuser().execute(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ begin perform pg_sleep(1); return null; end $$;
            CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON pending DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW WHEN (NEW.kind = 'webhook_delivery' AND NEW.lease IS NOT NULL) EXECUTE FUNCTION slow();
            """)
        let added = try room.add()
        try eventually("the delivery is committed", seconds: 30) {
            try room.owner.query("SELECT count(*) FROM webhook_deliveries").first == "1"
        }
        try room.server.kill()
        #expect(receiver.requests.isEmpty)
        try room.database.superuser().execute("DROP TRIGGER slow ON pending")
        try room.server.start()
        try room.endLeases()
        try eventually("it is sent", seconds: 30) { receiver.requests.count == 1 }
        let id = try room.owner.query("SELECT id FROM webhook_deliveries").first
        #expect(receiver.requests[0]["webhook-id"] == id)
        #expect(Self.rooms(of: receiver.requests) == [added])
        try eventually("it is recorded", seconds: 30) {
            try room.owner.query("SELECT state FROM webhook_deliveries").first == "delivered"
        }
        #expect(room.server.unforeseen.isEmpty, "\(room.server.unforeseen)")
    }

    /// The receiver has the message, and the process dies before it has recorded the answer.
    @Test func killedBetweenTheSendingAndItsRecord() throws {
        let room = try Room()
        let receiver = try Receiver { _, number in number == 0 ? .stall : .ok }
        try room.webhook(to: receiver.url)
        let added = try room.add()
        try eventually("the receiver has it", seconds: 30) { receiver.requests.count == 1 }
        try room.server.kill()
        try room.server.start()
        try room.endLeases()
        try eventually("it is sent again", seconds: 30) { receiver.requests.count == 2 }
        let requests = receiver.requests
        #expect(requests[0]["webhook-id"] == requests[1]["webhook-id"])
        #expect(requests[0].body == requests[1].body)
        #expect(Self.rooms(of: requests) == [added, added])
        try eventually("it is recorded", seconds: 30) {
            try room.owner.query("SELECT state FROM webhook_deliveries").first == "delivered"
        }
    }

    /// Two processes send, one is killed again and again, and PostgreSQL is restarted.
    @Test func everyChangeArrivesWhateverDies() throws {
        let room = try Room()
        let receiver = try Receiver()
        try room.webhook(to: receiver.url)
        var added: Set<String> = []
        for round in 0..<(Long.isOn ? 20 : 5) {
            let connection = try room.database.owner()
            for _ in 0..<5 { added.insert(try room.add(connection)) }
            usleep(UInt32.random(in: 0...1_500_000))
            if round % 3 == 2 {
                try room.database.restart(.immediate)
            } else {
                try room.server.kill()
                added.insert(try room.add(connection))
                try room.server.start()
            }
            try room.server.waitUntilReady(seconds: 20)
        }
        let connection = try room.database.owner()
        try eventually("all changes arrive", seconds: 60) {
            try room.endLeases(connection)
            return Set(Self.rooms(of: receiver.requests)).isSuperset(of: added)
        }
        // What came twice has the id of the first time.
        let requests = receiver.requests
        let byBody = Dictionary(grouping: requests) { $0.text }
        for same in byBody.values { #expect(Set(same.map { $0["webhook-id"] }).count == 1) }
        let ids = Set(requests.compactMap { $0["webhook-id"] })
        #expect(ids.count == byBody.count)
        let once = byBody.keys.flatMap { Self.rooms(of: [byBody[$0]![0]]) }
        #expect(once.count == Set(once).count, "a change is in two messages")
        print("\(added.count) changes in \(ids.count) messages, sent \(requests.count) times")
        #expect(room.server.unforeseen.isEmpty, "\(room.server.unforeseen)")
    }
}
