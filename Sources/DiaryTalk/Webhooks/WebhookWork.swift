import Diary
import Postgres

extension BackgroundWork {
    /// Deliveries are kept for 30 days after their end: so long they can be sent again.
    package static let forgetWebhookDeliveries = deleting(
        "forget_webhook_deliveries", every: 24 * 3600, from: "webhook_deliveries",
        where: "t.ended_at < now() - interval '30 days'", oldestFirst: "t.ended_at")

    /// The work of webhooks. A process that cannot read their secrets does none of it.
    package static func webhooks(_ outbox: Outbox) -> [BackgroundWork] {
        guard let keys = outbox.sealingKeys else { return [] }
        return [webhookChanges(outbox), webhookDelivery(outbox, keys)]
    }

    /// Adds the pieces of `webhooks`.
    package static func wakeWebhooks(_ outbox: Outbox) -> [Statement] { outbox.sealingKeys == nil ? [] : [wake] }

    private static let wake = Statement("SELECT lyceum.wake_webhooks()")
}
