import Diary

extension BackgroundWork {
    /// K3: photos whose consent has ended. Withdrawing a consent deletes the photo at once; a consent that expires on a
    /// fixed day only hides it until then.
    package static let forgetPhotos = deleting(
        "forget_photos", every: 24 * 3600, from: "student_photos",
        where: "NOT lyceum.has_consent(t.school_id, t.id, 'photo')", oldestFirst: "t.changed_at")
}
