import Crypto
import Diary
import JSON
import Postgres
import Web

extension BackgroundWork {
    /// Reads the changes that are new for one webhook, and writes a delivery with them.
    ///
    /// The delivery and the new position are one transaction: no change is lost, and none is in two deliveries. There is
    /// one delivery at a time, so what comes after it stays in the log of changes until it has ended.
    static func webhookChanges(_ outbox: Outbox) -> BackgroundWork {
        BackgroundWork("webhook_changes", .onDemand, attempts: 30) { attempt in
            try await WebhookChanges(attempt: attempt, feed: outbox.feed).deliver()
            return .done
        }
    }
}

private struct WebhookChanges {
    let attempt: Attempt
    let feed: ChangeFeed

    private var school: Parameter { .integer(attempt.piece.school) }
    private var webhook: Parameter { .text(attempt.piece.id) }

    /// The most changes of one delivery, so that it stays below the 20 kB that the standard recommends.
    private static let most = 100

    func deliver() async throws {
        let held = try await attempt.run([Self.hold(school, webhook)])[0]
        guard !held.isEmpty, let since = held.text(0, "cursor").flatMap({ ChangeCursor($0) }) else { return }
        let state = try await attempt.run([ChangeCursor.now(since)])[0]
        let now = ChangeCursor(state)
        if state.boolean(0, "_expired") { return try await write(.expired(now), at: now) }
        let delta = ChangeFeed.Delta(
            of: feed, attempt.piece.school, feed.entities(ofWebhook: held), since: since, now: now, limit: Self.most)
        let page = try delta.page(of: try await attempt.run([delta.query])[0])
        try await write(page.isEmpty ? nil : .changes(page, since: held.text(0, "told_cursor")!), at: page.cursor)
    }

    private func write(_ event: WebhookEvent?, at cursor: ChangeCursor) async throws {
        var queries = [Self.move(school, webhook, .text(cursor.text), cursor.since, .boolean(event != nil))]
        if let event {
            var ids = UUIDv7()
            let id = Parameter.text(ids.next())
            queries += [
                WebhookDelivery.insert(
                    school, webhook, id, .null, .text(event.type), .text(event.content), .boolean(true)),
                WebhookDelivery.send(school, webhook, id, .null),
            ]
        }
        _ = try await attempt.run(queries)
    }

    /// No row while the webhook or its client is disabled, or while a delivery waits.
    private static let hold = Statement(
        """
        SELECT p.cursor, p.told_cursor, to_json(e.entities) AS entities, to_json(c.scopes) AS scopes
        FROM webhook_positions p
        JOIN webhook_endpoints e ON e.school_id = p.school_id AND e.id = p.endpoint_id AND e.state = 'enabled'
        JOIN clients c ON c.school_id = e.school_id AND c.id = e.client_id AND c.state = 'active'
        WHERE p.school_id = $1 AND p.endpoint_id = $2::uuid
            AND NOT EXISTS (
                SELECT FROM webhook_deliveries d
                WHERE d.school_id = p.school_id AND d.endpoint_id = p.endpoint_id AND d.state = 'waiting' AND d.is_in_order
            )
        FOR UPDATE OF p FOR SHARE OF e
        """)

    private static let move = Statement(
        """
        UPDATE webhook_positions
        SET cursor = $3, since = $4::pg_snapshot, told_cursor = CASE WHEN $5::boolean THEN $3 ELSE told_cursor END
        WHERE school_id = $1 AND endpoint_id = $2::uuid AND cursor <> $3
        """)
}

extension ChangeFeed {
    /// The entities whose changes a webhook may be sent now.
    ///
    /// - Parameter row: has the `scopes` of the client, and the `entities` of the webhook, or null for all.
    func entities(ofWebhook row: Rows) -> [String] {
        let allowed = entities(for: Set(row.texts("scopes").compactMap { ProgramScope(rawValue: $0) }))
        guard row.text(0, "entities") != nil else { return allowed }
        let wanted = Set(row.texts("entities"))
        return allowed.filter { wanted.contains($0) }
    }
}
