extension BackgroundWork {
    /// Deletes kept answers that are too old for a replay.
    package static let forgetKeptAnswers = deleting(
        "forget_kept_answers", every: 3600, from: "idempotency_keys",
        where: "t.created_at < now() - \(Idempotency.lifetime)", oldestFirst: "t.created_at")
}
