extension BackgroundWork {
    /// Answers that an `Idempotency-Key` does not give again any more.
    package static let forgetKeptAnswers = deleting(
        "forget_kept_answers", every: 3600, from: "idempotency_keys",
        where: "t.created_at < now() - \(Idempotency.lifetime)", oldestFirst: "t.created_at")
}
