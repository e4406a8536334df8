import Diary

extension BackgroundWork {
    /// K1: the days on which a person signed in.
    package static let forgetActivityDays = deleting(
        "forget_activity_days", every: 24 * 3600, from: "activity_days",
        where: "t.date < (lyceum.today() - \(Retention.signIns))::date", oldestFirst: "t.date")
}
