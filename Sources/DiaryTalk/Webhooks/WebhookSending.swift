import Crypto
import Diary
import Postgres
import Reactor
import Transfer

extension BackgroundWork {
    /// Sends one delivery. The request is repeated after a crash, with the same `webhook-id`.
    static func webhookDelivery(_ outbox: Outbox, _ keys: SealingKeys) -> BackgroundWork {
        BackgroundWork(
            "webhook_delivery", .onDemand, deadline: 30, attempts: 30,
            effect: { piece, lanes in try await WebhookSending(piece: piece, outbox: outbox, keys: keys).send(lanes) },
            { attempt, outcome in
                switch outcome {
                case .nothing: return .done
                case .withdrawn(let webhook): return try await WebhookWithdrawal(webhook: webhook).record(attempt)
                case .attempt(let sent): return try await sent.record(attempt)
                }
            })
    }
}

private enum WebhookOutcome: Sendable {
    /// The delivery has ended, or the webhook or its client is disabled.
    case nothing
    /// The client may not read any of its changes.
    case withdrawn(webhook: String)
    case attempt(WebhookAttempt)
}

private struct WebhookSending {
    let piece: Piece
    let outbox: Outbox
    let keys: SealingKeys

    func send(_ lanes: Lanes) async throws -> WebhookOutcome {
        let rows = try await lanes.transaction(piece.scope) { transaction in
            try await transaction.run([Self.delivery(.integer(piece.school), .text(piece.id))])
        }[0]
        guard !rows.isEmpty else { return .nothing }
        let webhook = rows.text(0, "endpoint_id")!
        let body = try WebhookMessage.body(
            of: rows.text(0, "content")!, entities: outbox.feed.entities(ofWebhook: rows),
            isInOrder: rows.boolean(0, "is_in_order"))
        guard let body else { return .withdrawn(webhook: webhook) }
        let secrets = try [rows.text(0, "secret"), rows.text(0, "previous_secret")].compactMap { $0 }.map { sealed in
            let secret = WebhookSecret(sealed: sealed, keys, school: piece.school, webhook: webhook)
            // A message that the receiver cannot verify would look like a failure of the receiver.
            guard let secret else {
                throw BackgroundFailure(
                    code: "secret_unreadable", text: "secrets.keys has no key for the secret of webhook \(webhook)")
            }
            return secret
        }
        let began = Clock.now
        do {
            let answer = try await outbox.transfer.send(
                try request(rows.text(0, "url")!, secrets, body), before: piece.effectEnd)
            return .attempt(
                WebhookAttempt(
                    webhook: webhook, nanoseconds: Clock.now - began, status: answer.status,
                    retryAfter: answer.retryAfter))
        } catch let failure as TransferFailure {
            return .attempt(
                WebhookAttempt(webhook: webhook, nanoseconds: Clock.now - began, error: failure.kind.rawValue))
        }
    }

    private func request(_ url: String, _ secrets: [WebhookSecret], _ content: [UInt8]) throws -> OutgoingRequest {
        let moment = Clock.wall.seconds
        let signatures = try secrets.map { try $0.signature(piece.id, moment, content) }
        return OutgoingRequest(
            "POST", url,
            headers: [
                ("Content-Type", "application/json"), ("User-Agent", "lyceum"), ("webhook-id", piece.id),
                ("webhook-timestamp", String(moment)), ("webhook-signature", signatures.joined(separator: " ")),
            ], body: content)
    }

    private static let delivery = Statement(
        """
        SELECT d.content, d.is_in_order, d.endpoint_id, e.url, to_json(e.entities) AS entities, to_json(c.scopes) AS scopes,
            e.secret,
            CASE WHEN e.previous_secret_until > now() THEN e.previous_secret END AS previous_secret
        FROM webhook_deliveries d
        JOIN webhook_endpoints e ON e.school_id = d.school_id AND e.id = d.endpoint_id AND e.state = 'enabled'
        JOIN clients c ON c.school_id = e.school_id AND c.id = e.client_id AND c.state = 'active'
        WHERE d.school_id = $1 AND d.id = $2::uuid AND d.state = 'waiting'
        """)
}

/// How an attempt to deliver went.
struct WebhookAttempt: Sendable {
    let webhook: String
    let nanoseconds: UInt64
    /// Nil if there was no answer.
    var status: Int?
    var retryAfter: Int?
    var error: String?

    /// Records the attempt and what follows from it.
    func record(_ attempt: Attempt) async throws -> BackgroundWork.Progress {
        let school = Parameter.integer(attempt.piece.school)
        let delivery = Parameter.text(attempt.piece.id)
        let webhook = Parameter.text(webhook)
        let held = try await attempt.run([Self.hold(school, delivery)])[0]
        // The webhook was deleted in the meantime.
        guard !held.isEmpty else { return .done }
        let isTest = held.text(0, "type") == "test"
        let verdict = WebhookVerdict(
            status: status, retryAfter: retryAfter, failures: held.integer(0, "attempts")!, isTest: isTest,
            isHopeless: held.boolean(0, "is_hopeless"))
        var queries = [
            Self.note(school, delivery, .integer(Int(nanoseconds / 1_000_000)), .integer(status), .text(error))
        ]
        switch verdict {
        case .delivered: queries += [Self.end(school, delivery, .text("delivered")), Self.succeed(school, webhook)]
        case .givenUp: queries.append(Self.end(school, delivery, .text("given_up")))
        case .again: queries.append(Self.count(school, delivery))
        case .disablesWebhook(let reason):
            queries += [Self.count(school, delivery), Self.disable(school, webhook, .text(reason.rawValue))]
        }
        if verdict != .delivered, !isTest { queries.append(Self.fail(school, webhook)) }
        if held.boolean(0, "is_in_order"), verdict == .delivered || verdict == .givenUp {
            queries.append(Self.continueReading(school, webhook))
        }
        _ = try await attempt.run(queries)
        if case .again(let seconds) = verdict { return .again(seconds: seconds) }
        return .done
    }

    fileprivate static let hold = Statement(
        """
        SELECT d.type, d.attempts, d.is_in_order,
            coalesce(p.failing_since < now() - interval '\(WebhookVerdict.patience) days', false) AS is_hopeless
        FROM webhook_deliveries d
        JOIN webhook_positions p ON p.school_id = d.school_id AND p.endpoint_id = d.endpoint_id
        WHERE d.school_id = $1 AND d.id = $2::uuid AND d.state = 'waiting'
        FOR NO KEY UPDATE
        """)

    private static let note = Statement(
        """
        INSERT INTO webhook_attempts (school_id, delivery_id, number, began_at, milliseconds, status, error)
        SELECT $1, $2::uuid, coalesce(max(a.number), 0) + 1, now() - $3::int * interval '1 millisecond', $3::int, $4::int, $5
        FROM webhook_attempts a
        WHERE a.school_id = $1 AND a.delivery_id = $2::uuid
        """)

    fileprivate static let end = Statement(
        "UPDATE webhook_deliveries SET state = $3, ended_at = now() WHERE school_id = $1 AND id = $2::uuid")
    private static let count = Statement(
        "UPDATE webhook_deliveries SET attempts = attempts + 1 WHERE school_id = $1 AND id = $2::uuid")
    private static let succeed = Statement(
        """
        UPDATE webhook_positions SET failing_since = NULL
        WHERE school_id = $1 AND endpoint_id = $2::uuid AND failing_since IS NOT NULL
        """)
    private static let fail = Statement(
        """
        UPDATE webhook_positions SET failing_since = now()
        WHERE school_id = $1 AND endpoint_id = $2::uuid AND failing_since IS NULL
        """)
    private static let disable = Statement(
        """
        UPDATE webhook_endpoints SET state = 'disabled', disabled_reason = $3, disabled_at = now()
        WHERE school_id = $1 AND id = $2::uuid AND state = 'enabled'
        """)
    /// The next changes may be there already.
    fileprivate static let continueReading = Statement(
        """
        INSERT INTO pending (school_id, kind, id, due_at) VALUES ($1, 'webhook_changes', $2::uuid, now())
        ON CONFLICT DO NOTHING
        """)
}

/// Ends a delivery of which nothing may be sent.
private struct WebhookWithdrawal {
    let webhook: String

    func record(_ attempt: Attempt) async throws -> BackgroundWork.Progress {
        let school = Parameter.integer(attempt.piece.school)
        let delivery = Parameter.text(attempt.piece.id)
        let held = try await attempt.run([WebhookAttempt.hold(school, delivery)])[0]
        guard !held.isEmpty else { return .done }
        var queries = [WebhookAttempt.end(school, delivery, .text("withdrawn"))]
        if held.boolean(0, "is_in_order") {
            queries += [Self.untell(school, delivery), WebhookAttempt.continueReading(school, .text(webhook))]
        }
        _ = try await attempt.run(queries)
        return .done
    }

    /// The next delivery begins where this one began.
    private static let untell = Statement(
        """
        UPDATE webhook_positions p SET told_cursor = d.content::jsonb -> 'data' ->> 'since'
        FROM webhook_deliveries d
        WHERE d.school_id = $1 AND d.id = $2::uuid AND p.school_id = d.school_id AND p.endpoint_id = d.endpoint_id
        """)
}
