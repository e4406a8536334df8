import Crypto
import Diary
import DiaryServer
import DiaryTalk
import DiaryTestSupport
import HTTP1
import JSON
import Postgres
import TestSupport
import TestTools
import Testing
import Transfer

/// A demo school whose server sends webhooks to this machine, and what tests of webhooks do with it.
struct WebhookSchool {
    let server: TestServer
    let apps: AppSchool
    let owner: BlockingConnection

    /// - Parameter sends: whether the server does the background work of webhooks.
    init(_ suite: Any.Type, sends: Bool = true) async throws {
        server = try await TestServer.of(suite) {
            let outbox = try Self.outbox(allowing: "127.0.0.0/8")
            return try await TestServer(outbox: outbox) { if sends { $0.background = Self.background(outbox) } }
        }
        apps = try AppSchool(server)
        owner = try server.owner()
        // Rules about marks ask for both.
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(apps.ids.school)])
    }

    /// - Parameter keys: `secrets.keys`.
    static func outbox(allowing networks: String?, keys: String? = TestServer.sealingKeys) throws -> Outbox {
        var configuration = Transfer.Configuration()
        configuration.allowedNetworks = networks.flatMap { AddressBlock($0) }.map { [$0] } ?? []
        configuration.allowsPlainHTTP = true
        return Outbox(
            transfer: try Transfer(configuration),
            sealingKeys: try keys.map { try SealingKeys(TokenKeys(configuration: $0)) })
    }

    static func background(_ outbox: Outbox) -> Background.Configuration {
        var background = Background.Configuration(work: BackgroundWork.webhooks(outbox))
        background.rhythm = 0.05
        background.wake = BackgroundWork.wake(outbox)
        return background
    }

    // MARK: Webhooks

    /// A webhook of a new integration.
    struct Webhook: Sendable {
        let id: String
        let secret: String
        let client: AppSchool.Registered
        let program: TestClient
    }

    func webhook(
        _ name: String, _ scopes: [String] = ["school.read"], to url: String, more: String = ""
    ) throws -> Webhook {
        let client = try apps.integration(name, scopes)
        let program = try apps.program(client, apps.secret(of: client))
        let answer = try program.post("/v1/webhooks", json: #"{"url": "\#(url)"\#(more)}"#)
        guard answer.status == 201, let id = answer.json["id"]?.string, let secret = answer.json["secret"]?.string
        else {
            throw TestFailure("no webhook: \(answer.status) \(answer.text)")
        }
        return Webhook(id: id, secret: secret, client: client, program: program)
    }

    /// So that it does not disturb the next test.
    func remove(_ webhook: Webhook) {
        _ = try? webhook.program.send("DELETE", "/v1/webhooks/\(webhook.id)", headers: [("If-Match", "*")])
    }

    func state(of webhook: Webhook) throws -> JSONValue {
        try webhook.program.get("/v1/webhooks/\(webhook.id)").json
    }

    func patch(_ webhook: Webhook, _ json: String) throws -> TestClient.Answer {
        try webhook.program.patch("/v1/webhooks/\(webhook.id)", json: json, headers: [("If-Match", "*")])
    }

    func deliveries(of webhook: Webhook) throws -> [JSONValue] {
        try webhook.program.get("/v1/webhooks/\(webhook.id)/deliveries").json["items"]?.array ?? []
    }

    // MARK: What happens at the school

    func change(_ sql: String) throws { try owner.execute(sql) }

    func rooms(_ count: Int) throws -> [String] {
        try owner.query(
            "SELECT id FROM rooms WHERE school_id = $1 ORDER BY id LIMIT $2", [String(apps.ids.school), String(count)]
        )
        .rows.compactMap { $0[0] }
    }

    /// A published mark that can still be changed.
    func mark() throws -> String {
        try #require(
            try owner.query(
                """
                SELECT k.id FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
                WHERE k.school_id = $1 AND k.kind = 'number' AND l.date BETWEEN '2025-11-10' AND $2 ORDER BY k.id LIMIT 1
                """, [String(apps.ids.school), TestServer.today]
            ).first)
    }

    func rename(_ room: String) throws {
        try owner.query("UPDATE rooms SET name = left(name, 20) || ' ' || txid_current() WHERE id = $1", [room])
    }

    /// Brings waiting pieces forward: retries are hours away.
    func hurry() throws {
        try owner.execute("UPDATE pending SET due_at = now() WHERE kind LIKE 'webhook%' AND lease IS NULL")
    }
}

/// A delivery as the receiver sees it.
struct ReceivedEvent {
    let request: Receiver.Request
    let json: JSONValue

    init(_ request: Receiver.Request) throws {
        self.request = request
        json = try JSONValue(parsing: request.body)
    }

    var id: String { request["webhook-id"] ?? "" }
    var type: String? { json["type"]?.string }
    var since: String? { json["data"]?["since"]?.string }
    var cursor: String? { json["data"]?["cursor"]?.string }
    /// `entity id operation` of each item.
    var items: [String] {
        (json["data"]?["items"]?.array ?? []).map { item in
            ["entity", "id", "operation"].map { item[$0]?.string ?? "" }.joined(separator: " ")
        }
    }

    var signatures: [String] { (request["webhook-signature"] ?? "").split(separator: " ").map { String($0) } }

    /// The signature that the receiver computes (Standard Webhooks 1.0).
    func signature(with secret: String) throws -> String {
        let text = secret.dropFirst("whsec_".count).prefix { $0 != "=" }
        let key = try #require(Base64.standard.decode(String(text)))
        #expect(secret.hasPrefix("whsec_") && key.count == 32 && secret.utf8.count == 50)
        let signed = Array("\(id).\(request["webhook-timestamp"] ?? "").".utf8) + request.body
        return "v1," + Base64.standard.encode(try HMACSHA256(key: key).authenticate(signed)) + "="
    }
}

extension Receiver {
    func events() throws -> [ReceivedEvent] { try requests.map { try ReceivedEvent($0) } }

    /// The items of all deliveries, in their order.
    func items() throws -> [String] { try events().flatMap { $0.items } }
}
