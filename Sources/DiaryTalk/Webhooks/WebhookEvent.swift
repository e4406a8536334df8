import Crypto
import Diary
import JSON
import Postgres
import Web

/// The body of a delivery: `type`, `timestamp` and `data`, as Standard Webhooks 1.0 recommends.
enum WebhookEvent {
    /// Changes in the form of `GET /v1/changes`, and the cursor behind them. `since` is the cursor of the delivery before:
    /// a receiver whose last cursor is another one has missed a delivery, and reads the feed from its own cursor.
    case changes(ChangeFeed.DeltaPage, since: String)
    /// The changes since the last delivery are not known any more: the receiver reads everything again, and continues
    /// with this cursor.
    case expired(ChangeCursor)
    case test(webhook: String)

    var type: String {
        switch self {
        case .changes: "changes"
        case .expired: "changes.expired"
        case .test: "test"
        }
    }

    var content: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string(type)
        writer.key("timestamp")
        writer.string(LogTime.now)
        writer.key("data")
        writer.beginObject()
        switch self {
        case .changes(let page, let since):
            writer.key("since")
            writer.string(since)
            page.write(to: &writer)
        case .expired(let cursor):
            writer.key("cursor")
            writer.string(cursor.text)
        case .test(let webhook):
            writer.key("webhook_id")
            writer.string(webhook)
        }
        writer.endObject()
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// What is sent of a stored delivery.
enum WebhookMessage {
    /// Leaves out the items that may not be read any more, and the cursors of a delivery that is outside the order.
    ///
    /// - Returns: nil if there were items, and none is left.
    static func body(of content: String, entities: [String], isInOrder: Bool) throws -> [UInt8]? {
        let stored = Array(content.utf8)
        guard case .object(var fields) = try JSONValue(parsing: stored),
            let place = fields.firstIndex(where: { $0.key == "data" }), case .object(var data) = fields[place].value
        else { return stored }
        if !isInOrder { data.removeAll { ["since", "cursor", "has_more"].contains($0.key) } }
        if let list = data.firstIndex(where: { $0.key == "items" }), case .array(let items) = data[list].value {
            let left = items.filter { item in item["entity"]?.text.map { entities.contains($0) } ?? false }
            if left.isEmpty { return nil }
            data[list].value = .array(left)
        }
        fields[place].value = .object(data)
        var writer = JSONWriter()
        writer.value(.object(fields))
        return writer.bytes
    }
}

/// The statements that begin and repeat deliveries. They change nothing while the webhook is disabled. `$1` is the school,
/// `$2` the webhook, `$3` the delivery, `$4` the client that the webhook has to belong to, if it is not null.
enum WebhookDelivery {
    private static let isOpen = """
        e.school_id = $1 AND e.id = $2::uuid AND e.state = 'enabled' AND ($4::uuid IS NULL OR e.client_id = $4::uuid)
        """

    /// `$5` is the type, `$6` the content, `$7` whether the next changes wait for it.
    static let insert = Statement(
        """
        INSERT INTO webhook_deliveries (school_id, id, endpoint_id, type, content, is_in_order)
        SELECT e.school_id, $3::uuid, e.id, $5, $6, $7::boolean FROM webhook_endpoints e WHERE \(isOpen)
        """)

    /// A delivery that has ended begins anew, beside the others.
    static let reopen = Statement(
        """
        UPDATE webhook_deliveries d SET state = 'waiting', ended_at = NULL, attempts = 0, is_in_order = false
        FROM webhook_endpoints e
        WHERE \(isOpen) AND d.school_id = $1 AND d.endpoint_id = e.id AND d.id = $3::uuid AND d.state <> 'waiting'
        """)

    /// Adds the piece of work that sends it, or makes the piece due now unless a process has taken it.
    static let send = Statement(
        """
        INSERT INTO pending (school_id, kind, id, due_at, target)
        SELECT d.school_id, 'webhook_delivery', d.id, now(), lyceum.target(e.url)
        FROM webhook_endpoints e
        JOIN webhook_deliveries d ON d.school_id = e.school_id AND d.endpoint_id = e.id
        WHERE \(isOpen) AND d.id = $3::uuid AND d.state = 'waiting'
        ON CONFLICT (school_id, kind, id) DO UPDATE
        SET due_at = excluded.due_at, parked_at = NULL, attempts = 0
        WHERE pending.lease IS NULL
        """)
}
