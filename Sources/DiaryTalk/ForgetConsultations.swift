import Diary

extension BackgroundWork {
    /// K1: a consultation is kept for 3 years after its last word, a visitor's, with name and phone, for a year.
    package static let forgetConsultations = deleting(
        "forget_consultations", every: 24 * 3600, from: "consultations",
        where: """
            t.changed_at < now() - interval '1 year' AND t.changed_at < now() - \(kept)
                AND NOT EXISTS (
                    SELECT FROM consultation_messages m
                    WHERE m.school_id = t.school_id AND m.consultation_id = t.id AND m.written_at >= now() - \(kept)
                )
            """,
        oldestFirst: "t.changed_at")

    private static let kept = "CASE WHEN t.visitor_name IS NULL THEN interval '3 years' ELSE interval '1 year' END"
}
