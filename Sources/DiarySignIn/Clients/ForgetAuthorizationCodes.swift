import Diary

extension BackgroundWork {
    /// A day is long enough to notice that a code is used a second time.
    package static let forgetAuthorizationCodes = deleting(
        "forget_authorization_codes", every: 3600, from: "authorization_codes",
        where: "t.created_at < now() - interval '1 day'", oldestFirst: "t.created_at")
}
