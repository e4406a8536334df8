import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Deliveries of a webhook with their attempts, a test, and sending again by hand.
enum WebhookDeliveries {
    static func routes(_ path: String, of owner: String, _ access: Access) -> [Route<Access, Caller>] {
        [
            .get(path, "list\(owner)WebhookDeliveries", access: access, list),
            .post(path, "test\(owner)Webhook", access: access, test),
            .post("\(path)/{webhook_delivery_id}/attempts", "resend\(owner)WebhookDelivery", access: access, resend),
        ]
    }

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let state = query.option("state", of: ["waiting", "delivered", "given_up", "withdrawn"])
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let webhook = try Webhooks.webhook(request, caller)
        let wanted = webhook + [.text(state)]
        let position: [Parameter] = [.text(page.after?[0]), .integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: gate, parameters: webhook),
            Query(statement: deliveries, parameters: wanted + position), key: ["id"],
            total: Query(statement: total, parameters: wanted + [.boolean(page.wantsTotal)])
        ) {
            List("attempts", Query(statement: attempts, parameters: wanted + position))
        }
    }

    @Sendable static func test(_ request: Request, _ caller: Caller) async throws -> Response {
        let webhook = try request.identifier("webhook_id")
        let event = WebhookEvent.test(webhook: webhook)
        return try await begin(request, caller, caller.services.newID()) { delivery in
            WebhookDelivery.insert(delivery + [.text(event.type), .text(event.content), .boolean(false)])
        }
    }

    /// A delivery that waits is due now; one that has ended is sent again, with the same id.
    @Sendable static func resend(_ request: Request, _ caller: Caller) async throws -> Response {
        try await begin(request, caller, try request.identifier("webhook_delivery_id")) { delivery in
            WebhookDelivery.reopen(delivery)
        }
    }

    /// - Parameter change: makes the query for a school, a webhook, a delivery and a client.
    private static func begin(
        _ request: Request, _ caller: Caller, _ id: String, _ change: ([Parameter]) -> Query
    ) async throws -> Response {
        try QueryReader(request).finish()
        let webhook = try Webhooks.webhook(request, caller)
        let delivery = [webhook[0], webhook[2], .text(id), webhook[1]]
        let (gate, record) = (gate(webhook), one(webhook + [.text(id)]))
        let queries = [gate, change(delivery), WebhookDelivery.send(delivery), record]
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(of: queries + work.settling)
            try results.check()
            guard try !results[gate].isEmpty else { throw Problem(.notFound) }
            if try results[gate].text(0, "state") == "disabled" { throw Problem(.webhookDisabled) }
            guard try !results[record].isEmpty else { throw Problem(.notFound) }
            return .json(JSONWriter.object(try results[record]), status: .accepted)
        }
    }

    // MARK: SQL. `$1` is the school, `$2` the client, `$3` the webhook.

    private static let gate = Statement(
        "SELECT e.state FROM webhook_endpoints e WHERE e.school_id = $1 AND e.client_id = $2::uuid AND e.id = $3::uuid")

    private static let ofWebhook = """
        FROM webhook_deliveries d
        WHERE d.school_id = $1 AND d.endpoint_id = $3::uuid
            AND EXISTS (
                SELECT FROM webhook_endpoints e
                WHERE e.school_id = d.school_id AND e.id = d.endpoint_id AND e.client_id = $2::uuid
            )
        """

    private static func select(_ rows: String) -> String {
        """
        SELECT d.id, d.type, d.state, d.created_at, d.ended_at,
            coalesce(q.parked_at + interval '1 hour', q.due_at) AS next_attempt_at
        FROM (\(rows)) d
        LEFT JOIN pending q ON q.school_id = d.school_id AND q.kind = 'webhook_delivery' AND q.id = d.id
            AND d.state = 'waiting'
        """
    }

    /// `$4` is a state or null, `$5` the last id of the page before, `$6` the number of rows. The newest first.
    private static let page = """
        SELECT d.* \(ofWebhook) AND ($4::text IS NULL OR d.state = $4::text) AND ($5::uuid IS NULL OR d.id < $5::uuid)
        ORDER BY d.id DESC LIMIT $6::int
        """
    private static let deliveries = Statement(select(page) + " ORDER BY d.id DESC")
    private static let attempts = Statement(
        """
        SELECT a.delivery_id AS _parent, a.number, a.began_at, a.milliseconds, a.status, a.error
        FROM (\(page)) d
        JOIN webhook_attempts a ON a.school_id = $1 AND a.delivery_id = d.id
        ORDER BY d.id DESC, a.number
        """)
    private static let total = Statement(
        """
        SELECT CASE WHEN $5::boolean THEN (
            SELECT count(*) \(ofWebhook) AND ($4::text IS NULL OR d.state = $4::text)
        ) END AS total
        """)
    private static let one = Statement(select("SELECT d.* \(ofWebhook) AND d.id = $4::uuid"))
}

extension Statement {
    fileprivate func callAsFunction(_ parameters: [Parameter]) -> Query {
        Query(statement: self, parameters: parameters)
    }
}
