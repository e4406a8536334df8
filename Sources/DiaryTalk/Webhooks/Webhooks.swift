import Crypto
import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Webhooks of integrations: addresses to which the server sends the changes that the integration may read, signed as
/// Standard Webhooks 1.0 says (docs/decisions/0061).
///
/// Administrators maintain those of every integration, under `/v1/clients`; an integration maintains its own.
package enum Webhooks {
    package static let routes: [Route<Access, Caller>] =
        routes("/v1/clients/{client_id}/webhooks", of: "Client", .administrators.ownApps)
        + routes("/v1/webhooks", of: "", .integrations)

    private static func routes(_ path: String, of owner: String, _ access: Access) -> [Route<Access, Caller>] {
        [
            .get(path, "list\(owner)Webhooks", access: access, list),
            .post(path, "create\(owner)Webhook", access: access, create),
            .get("\(path)/{webhook_id}", "get\(owner)Webhook", access: access, show),
            .patch("\(path)/{webhook_id}", "update\(owner)Webhook", access: access, update),
            .delete("\(path)/{webhook_id}", "delete\(owner)Webhook", access: access, delete),
            .post("\(path)/{webhook_id}/secret", "rotate\(owner)WebhookSecret", access: access, rotate),
        ] + WebhookDeliveries.routes("\(path)/{webhook_id}/deliveries", of: owner, access)
    }

    /// The parameters of the statements below: the school, the client, and the webhook.
    static func owner(_ request: Request, _ caller: Caller) throws -> [Parameter] {
        let client = caller.isIntegration ? caller.client! : try request.identifier("client_id")
        return [.integer(caller.school.id), .text(client)]
    }

    static func webhook(_ request: Request, _ caller: Caller) throws -> [Parameter] {
        try owner(request, caller) + [.text(try request.identifier("webhook_id"))]
    }

    // MARK: Reading

    /// At most ten, so there is no paging.
    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let owner = try owner(request, caller)
        return try await Answer {
            Gate(Query(statement: client, parameters: owner))
            List("items", Query(statement: all, parameters: owner))
        }.plain(for: caller).response
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let webhook = Query(statement: one, parameters: try webhook(request, caller))
        return try .record(try await caller.results(of: [webhook])[webhook], changesAlone: true)
    }

    // MARK: Writing

    /// There is no Idempotency-Key: the kept answer would be a stored secret.
    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let owner = try owner(request, caller)
        let (client, now) = (Query(statement: client, parameters: owner), ChangeCursor.now(nil))
        let found = try await caller.results(of: [client, now])
        guard try !found[client].isEmpty else { throw Problem(.notFound) }
        let body = try WebhookBody(
            try await request.json(), isNew: true, caller, scopes: try found[client].texts("scopes"))
        let id = caller.services.newID()
        let secret = WebhookSecret()
        let sealed = try secret.sealed(try sealingKeys(caller), school: caller.school.id, webhook: id)
        let cursor = ChangeCursor(try found[now])
        let position = [owner[0], .text(id), .text(cursor.text), cursor.since]
        let webhook = Query(statement: one, parameters: owner + [.text(id)])
        let queries = [
            Query(statement: insert, parameters: owner + [.text(id), .text(body.json), .text(sealed)]),
            Query(statement: begin, parameters: position), webhook,
        ]
        let made = try await Work.segment(caller.services.lanes, caller.scope).results(of: queries)
        try made.check()
        return try shown(made[webhook], secret).created(at: "\(request.head.path)/\(id)", request, caller)
    }

    @Sendable static func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let webhook = try webhook(request, caller)
        let json = try await request.json()
        let client = Query(statement: client, parameters: Array(webhook.prefix(2)))
        let found = try await caller.results(of: [client])[client]
        guard !found.isEmpty else { throw Problem(.notFound) }
        let body = try WebhookBody(json, isNew: false, caller, scopes: found.texts("scopes"))
        let seen = webhook + [versions.parameter]
        let (lock, record) = (Query(statement: lock, parameters: webhook), Query(statement: one, parameters: webhook))
        let change = Query(statement: change, parameters: seen + [.text(body.json)])
        let resumption = body.enables ? resume.map { Query(statement: $0, parameters: webhook) } : []
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(of: [lock, change] + resumption + [record] + work.settling)
            try results.check()
            try versions.check(results[lock])
            return try .record(results[record], changesAlone: true)
        }
    }

    /// Deliveries that wait are deleted, too.
    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let webhook = try webhook(request, caller)
        let lock = Query(statement: lock, parameters: webhook)
        let removal = Query(statement: remove, parameters: webhook + [versions.parameter])
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [lock, removal])
        try versions.check(results[lock])
        return .empty
    }

    /// Makes a new secret. The present one also signs for some hours, so that the receiver has time to change.
    ///
    /// There is no Idempotency-Key: the kept answer would be a stored secret.
    @Sendable static func rotate(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let webhook = try webhook(request, caller)
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let hours = reader.integer("overlap_hours", .optional, in: 0...168).value ?? 24
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let secret = WebhookSecret()
        let id = try request.identifier("webhook_id")
        let sealed = try secret.sealed(try sealingKeys(caller), school: caller.school.id, webhook: id)
        let record = Query(statement: one, parameters: webhook)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [
            Query(statement: replace, parameters: webhook + [.text(sealed), .integer(hours)]),
            Query(statement: retry, parameters: webhook), record,
        ])
        return try shown(results[record], secret)
    }

    private static func sealingKeys(_ caller: Caller) throws -> SealingKeys {
        guard let keys = caller.services.outbox.sealingKeys else { throw Problem(.webhooksUnavailable) }
        return keys
    }

    /// The webhook with its secret, which is shown only this once.
    private static func shown(_ rows: Rows, _ secret: WebhookSecret) throws -> Response {
        guard !rows.isEmpty else { throw Problem(.notFound) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.fields(rows, row: 0)
        writer.key("secret")
        writer.string(secret.text)
        writer.endObject()
        return .json(writer)
    }

    // MARK: SQL. `$1` is the school, `$2` the client, `$3` the webhook, `$4` the versions that the caller has seen.

    private static let client = Statement(
        "SELECT id, to_json(scopes) AS scopes FROM clients WHERE school_id = $1 AND id = $2::uuid")

    private static let webhooks = """
        SELECT e.id, e.url, e.description, to_json(e.entities) AS entities, e.state, e.disabled_reason, e.disabled_at,
            p.failing_since,
            EXISTS (
                SELECT FROM pending q WHERE q.school_id = e.school_id AND q.failure IS NOT NULL AND \(isPieceOfWebhook)
            ) AS is_stalled,
            CASE WHEN e.previous_secret_until > now() THEN e.previous_secret_until END AS previous_secret_until,
            e.created_at, e.version
        FROM webhook_endpoints e
        JOIN webhook_positions p ON p.school_id = e.school_id AND p.endpoint_id = e.id
        WHERE e.school_id = $1 AND e.client_id = $2::uuid
        """
    private static let all = Statement("\(webhooks) ORDER BY e.id")
    private static let one = Statement("\(webhooks) AND e.id = $3::uuid")

    private static let insert = Statement(
        """
        INSERT INTO webhook_endpoints (school_id, id, client_id, url, description, entities, secret)
        SELECT c.school_id, $3::uuid, c.id, b.body ->> 'url', b.body ->> 'description', \(entities), $5
        FROM clients c
        CROSS JOIN (VALUES ($4::jsonb)) b (body)
        WHERE c.school_id = $1 AND c.id = $2::uuid
        """)

    private static let begin = Statement(
        """
        INSERT INTO webhook_positions (school_id, endpoint_id, cursor, since, told_cursor)
        SELECT e.school_id, e.id, $3, $4::pg_snapshot, $3 FROM webhook_endpoints e WHERE e.school_id = $1 AND e.id = $2::uuid
        """)

    /// NULL for null.
    private static let entities = """
        CASE jsonb_typeof(b.body -> 'entities')
            WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(b.body -> 'entities')) END
        """

    /// `q` is a piece of background work.
    private static let isPieceOfWebhook = """
        (
            q.kind = 'webhook_changes' AND q.id = e.id
            OR q.kind = 'webhook_delivery' AND q.id IN (
                SELECT d.id FROM webhook_deliveries d
                WHERE d.school_id = e.school_id AND d.endpoint_id = e.id AND d.state = 'waiting'
            )
        )
        """
    private static let isMine = "e.school_id = $1 AND e.client_id = $2::uuid AND e.id = $3::uuid"
    private static let isSeen = "($4::int[] IS NULL OR e.version = ANY ($4::int[]))"

    private static let lock = Statement(
        "SELECT e.version FROM webhook_endpoints e WHERE \(isMine) FOR UPDATE")

    private static let change = Statement(
        """
        UPDATE webhook_endpoints e
        SET url = coalesce(b.body ->> 'url', e.url),
            description = CASE WHEN b.body ? 'description' THEN b.body ->> 'description' ELSE e.description END,
            entities = CASE WHEN b.body ? 'entities' THEN \(entities) ELSE e.entities END,
            state = coalesce(b.body ->> 'state', e.state),
            disabled_reason = CASE coalesce(b.body ->> 'state', e.state)
                WHEN 'disabled' THEN coalesce(e.disabled_reason, 'requested') END,
            disabled_at = CASE coalesce(b.body ->> 'state', e.state) WHEN 'disabled' THEN coalesce(e.disabled_at, now()) END
        FROM (VALUES ($5::jsonb)) b (body)
        WHERE \(isMine) AND \(isSeen)
        """)

    /// The change in the same transaction has enabled the webhook of this client.
    private static let isEnabledNow = """
        EXISTS (
            SELECT FROM webhook_endpoints e
            WHERE \(isMine) AND e.state = 'enabled' AND e.changed_xid = pg_current_xact_id()
        )
        """

    /// What was waiting begins again at once.
    private static let resume = [
        Statement(
            """
            UPDATE webhook_positions SET failing_since = NULL
            WHERE school_id = $1 AND endpoint_id = $3::uuid AND \(isEnabledNow)
            """),
        Statement(
            """
            UPDATE webhook_deliveries SET attempts = 0
            WHERE school_id = $1 AND endpoint_id = $3::uuid AND state = 'waiting' AND \(isEnabledNow)
            """),
        Statement(
            """
            UPDATE pending q SET due_at = now(), parked_at = NULL, attempts = 0
            FROM webhook_endpoints e
            WHERE q.school_id = e.school_id AND q.lease IS NULL AND \(isPieceOfWebhook) AND \(isMine) AND \(isEnabledNow)
            """),
    ]

    /// Pieces that have failed, perhaps because the secret could not be read.
    private static let retry = Statement(
        """
        UPDATE pending q SET due_at = now(), parked_at = NULL, attempts = 0
        FROM webhook_endpoints e
        WHERE q.school_id = e.school_id AND q.lease IS NULL AND q.failure IS NOT NULL AND \(isPieceOfWebhook) AND \(isMine)
        """)

    private static let remove = Statement("DELETE FROM webhook_endpoints e WHERE \(isMine) AND \(isSeen)")

    private static let replace = Statement(
        """
        UPDATE webhook_endpoints e
        SET secret = $4, previous_secret = CASE WHEN $5::int > 0 THEN e.secret END,
            previous_secret_until = CASE WHEN $5::int > 0 THEN now() + make_interval(hours => $5::int) END
        WHERE \(isMine)
        """)
}

extension Access {
    /// Integrations alone: people have other routes for the same, whatever app they use.
    static let integrations = Access.roles([]).programs(.schoolRead, .peopleRead, .journalRead).ownApps
}
