import Crypto
import Diary
import JSON
import Postgres
import Reactor
import Transfer

/// Sends a delivery to the push service of a device (RFC 8030).
struct PushSender: Sendable {
    let vapid: VAPID
    let transfer: Transfer
    let health: ServerHealth

    /// All contents have this size, so that the length tells nothing.
    private static let contentSize = 256
    /// Seconds that the push service keeps a message for a device that is offline.
    private static let lifetime = (urgent: 4 * 3600, other: 24 * 3600)
    /// Seconds for which a push service may believe the server's signature (RFC 8292 section 2 allows a day).
    private static let signatureLifetime = 12 * 3600

    func send(_ piece: Piece, _ lanes: Lanes) async throws -> Delivery.Outcome {
        guard let rows = try await Delivery.begin(piece, lanes, Self.load) else { return .skipped }
        guard !rows.isEmpty else { return .gone }
        guard let news = rows.text(0, "news"), !rows.boolean(0, "is_late") else { return .skipped }
        if let wait = rows.integer(0, "wait"), wait > 0 { return .postponed(seconds: Double(wait)) }
        let service = Self.origin(of: rows.text(0, "endpoint")!)
        if let pause = health.pause(of: service) { return .postponed(seconds: pause) }
        let attempt = rows.integer(0, "attempts")!
        let request = try request(rows, piece.id, news: news, kind: rows.text(0, "kind")!)
        do throws(TransferFailure) {
            let answer = try await transfer.send(request, before: piece.effectEnd)
            return outcome(answer, attempt, of: service, for: rows.text(0, "id")!)
        } catch {
            // Also an address that is forbidden: it may be the name server of the school that leads there.
            return .failed(error.code, attempt: attempt)
        }
    }

    private func request(_ rows: Rows, _ id: String, news: String, kind: String) throws -> OutgoingRequest {
        var content = JSONWriter()
        content.beginObject()
        content.key("id")
        content.string(news)
        content.key("kind")
        content.string(kind)
        content.key("unread")
        content.integer(rows.integer(0, "unread")!)
        content.endObject()
        let body = try WebPushMessage.encrypt(
            content.bytes, for: P256.PublicKey(rows.bytes(0, "p256dh")!), auth: rows.bytes(0, "auth")!,
            paddedTo: Self.contentSize)
        let endpoint = rows.text(0, "endpoint")!
        let isUrgent = rows.boolean(0, "is_urgent")
        // A new one of the same kind replaces the old one, and so does a repetition after a crash.
        let topic = isUrgent ? id : "\(rows.text(0, "id")!) \(kind)"
        return OutgoingRequest(
            "POST", endpoint,
            headers: [
                (
                    "Authorization",
                    try vapid.authorization(
                        audience: Self.origin(of: endpoint), expiry: Clock.wall.seconds + Self.signatureLifetime)
                ),
                ("Content-Encoding", "aes128gcm"), ("Content-Type", "application/octet-stream"),
                ("TTL", "\(isUrgent ? Self.lifetime.urgent : Self.lifetime.other)"),
                ("Urgency", isUrgent ? "high" : "normal"),
                ("Topic", String(Base64.url.encode(try SHA256.hash(Array(topic.utf8))).prefix(32))),
            ], body: body)
    }

    /// RFC 8030 sections 5 and 7, and what push services do. Only 404 and 410 end a subscription.
    private func outcome(
        _ answer: OutgoingRequest.Answer, _ attempt: Int, of service: String, for subscription: String
    ) -> Delivery.Outcome {
        let failure = "http_\(answer.status)"
        switch answer.status {
        case 200...299:
            health.took(service)
            return .sent
        case 404, 410: return .gone
        // RFC 8292 section 2.6: the server's key is not accepted. If it is not accepted at all, others need not try.
        case 401, 403:
            let pause = health.refused(service, for: subscription) ?? 0
            return .blocked(failure, seconds: max(pause, .random(in: 1800...3600)))
        // Only this message is too long.
        case 413: return .refused(failure, fails: false)
        case 300...399, 408, 429, 500...599:
            return .failed(failure, attempt: attempt, retryAfter: answer.retryAfter)
        default: return .refused(failure, fails: true)
        }
    }

    /// `https://host:port` of an address (RFC 6454).
    private static func origin(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        return "\(parts[0])//\(parts[2].prefix { $0 != "/" && $0 != "?" && $0 != "#" })"
    }

    private static let load = Statement(
        """
        SELECT s.id, s.endpoint, s.p256dh, s.auth, d.is_urgent, d.attempts, d.\(Delivery.isLate),
            n.news, n.kind, n.wait, lyceum.unread_notifications(d.school_id, d.person_id) AS unread
        FROM deliveries d
        JOIN push_subscriptions s ON s.school_id = d.school_id AND s.id = d.subscription_id
            AND s.person_id = d.person_id AND coalesce(s.expires_at > now(), true)
        JOIN sessions e ON e.school_id = s.school_id AND e.id = s.session_id AND e.ended_at IS NULL
            AND e.expires_at > now()
        CROSS JOIN LATERAL (
            SELECT (array_agg(n.id ORDER BY n.created_at DESC, n.id DESC))[1] AS news,
                CASE WHEN count(DISTINCT n.kind) = 1 THEN min(n.kind) ELSE 'several' END AS kind,
                ceil(extract(epoch FROM min(n.due_at) - now()))::int AS wait
            FROM lyceum.news_of(d.school_id, d.id) n
        ) n
        WHERE d.school_id = $1 AND d.id = $2::uuid
        """)

    fileprivate static let forget = Statement(
        """
        DELETE FROM push_subscriptions s
        USING deliveries d
        WHERE d.school_id = $1 AND d.id = $2::uuid AND s.school_id = d.school_id AND s.id = d.subscription_id
        """)
    fileprivate static let fail = Statement(
        """
        UPDATE push_subscriptions s SET failing_since = coalesce(s.failing_since, now())
        FROM deliveries d
        WHERE d.school_id = $1 AND d.id = $2::uuid AND s.school_id = d.school_id AND s.id = d.subscription_id
        """)
    fileprivate static let recover = Statement(
        """
        UPDATE push_subscriptions s SET failing_since = NULL
        FROM deliveries d
        WHERE d.school_id = $1 AND d.id = $2::uuid AND s.school_id = d.school_id AND s.id = d.subscription_id
            AND s.failing_since IS NOT NULL
        """)
}

extension BackgroundWork {
    static func sendPush(_ sender: PushSender) -> BackgroundWork {
        BackgroundWork("send_push", .onDemand, deadline: 25) { piece, lanes in
            try await sender.send(piece, lanes)
        } _: { attempt, outcome in
            try await Delivery.end(
                attempt, outcome, forget: PushSender.forget, fail: PushSender.fail, recover: PushSender.recover)
        }
    }
}
