import Diary

extension BackgroundWork {
    /// Codes are kept for a day, to detect a second use.
    package static let forgetAuthorizationCodes = deleting(
        "forget_authorization_codes", every: 3600, from: "authorization_codes",
        where: "t.created_at < now() - interval '1 day'", oldestFirst: "t.created_at")
}
