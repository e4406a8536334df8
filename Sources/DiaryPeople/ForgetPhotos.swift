import Diary

extension BackgroundWork {
    /// K3: photos whose consent came to its end. One that is withdrawn takes its photo along; one that ends on a day named
    /// before only hides it.
    package static let forgetPhotos = deleting(
        "forget_photos", every: 24 * 3600, from: "student_photos",
        where: "NOT lyceum.has_consent(t.school_id, t.id, 'photo')", oldestFirst: "t.changed_at")
}
