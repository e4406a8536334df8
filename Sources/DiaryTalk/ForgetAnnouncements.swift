import Diary

extension BackgroundWork {
    /// K1: an announcement is kept for 3 years after its end, with its receipts.
    package static let forgetAnnouncements = deleting(
        "forget_announcements", every: 24 * 3600, from: "announcements",
        where: """
            lyceum.shown_until(t.starts_at, t.ends_at, t.withdrawn_at) < now() - interval '3 years'
                AND t.created_at < now() - interval '3 years'
            """,
        oldestFirst: "lyceum.shown_until(t.starts_at, t.ends_at, t.withdrawn_at)")
}
