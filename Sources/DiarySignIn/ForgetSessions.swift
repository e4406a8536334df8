import Diary

extension BackgroundWork {
    /// K1: sessions that ended or expired long ago, with their refresh tokens.
    package static let forgetSessions = deleting(
        "forget_sessions", every: 24 * 3600, from: "sessions",
        where: "least(t.ended_at, t.expires_at) < now() - \(Retention.signIns)",
        oldestFirst: "least(t.ended_at, t.expires_at)")
}
