import Diary

extension BackgroundWork {
    /// Second factors that were begun and never confirmed. The ticket for the set-up is valid for minutes.
    package static let forgetSecondFactors = deleting(
        "forget_second_factors", every: 24 * 3600, from: "second_factors",
        where: "t.confirmed_at IS NULL AND t.begun_at < now() - interval '1 day'", oldestFirst: "t.begun_at")
}
