import Diary
import Postgres

extension BackgroundWork {
    /// The work that plans and sends, for the channels that are on.
    package static func sending(_ channels: Channels) -> [BackgroundWork] {
        let health = ServerHealth()
        var work: [BackgroundWork] = []
        if let vapid = channels.vapid {
            let sender = PushSender(vapid: vapid, transfer: channels.transfer, health: health)
            work += [.plan("push", interval: 0), .sendPush(sender)]
        }
        if let mail = channels.mail {
            let sender = MailSender(
                mail: mail, transfer: channels.transfer, secrets: channels.secrets, health: health)
            work += [.plan("mail", interval: mail.interval), .sendMail(sender), .sendEmailCode(sender)]
        }
        return work
    }

    /// What adds its pieces: `Background.Configuration.wake`.
    package static func channelWake(_ channels: Channels) -> [Statement] {
        channels.names.map { Statement("SELECT lyceum.wake_deliveries('\($0)')") }
    }

    /// Each channel has work and a cursor of its own, so that a process plans only for the channels that it has.
    private static func plan(_ channel: String, interval: Int) -> BackgroundWork {
        BackgroundWork("plan_\(channel)", .onDemand, deadline: 60) { attempt in
            _ = try await attempt.run([plan(.text(channel), .integer(interval))])
            return .done
        }
    }

    private static let plan = Statement("SELECT lyceum.plan_deliveries($1, $2::int * interval '1 minute')")

    /// The outcome of each message is kept for 30 days.
    package static let forgetDeliveries = deleting(
        "forget_deliveries", every: 24 * 3600, from: "deliveries", where: "t.created_at < now() - interval '30 days'",
        oldestFirst: "t.created_at")

    /// They are counted for a day.
    package static let forgetEmailCodes = deleting(
        "forget_email_codes", every: 3600, from: "email_codes", where: "t.created_at < now() - interval '1 day'",
        oldestFirst: "t.created_at")

    /// Those of sessions that have expired; nothing is sent to them in the meantime.
    package static let forgetPushSubscriptions = deleting(
        "forget_push_subscriptions", every: 24 * 3600, from: "push_subscriptions",
        where: """
            (t.expires_at < now() OR EXISTS (
                SELECT FROM sessions e WHERE e.school_id = t.school_id AND e.id = t.session_id AND e.expires_at < now()
            ))
            """, oldestFirst: "t.created_at")
}
