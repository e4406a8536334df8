import Diary

extension BackgroundWork {
    /// K1: notifications are kept for 90 days.
    package static let forgetNotifications = deleting(
        "forget_notifications", every: 24 * 3600, from: "notifications",
        where: "t.created_at < now() - interval '90 days'", oldestFirst: "t.created_at")
}
