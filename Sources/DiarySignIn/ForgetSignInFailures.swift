import Diary

extension BackgroundWork {
    /// A6: attempts that are too old to count for lockout.
    package static let forgetSignInFailures = deleting(
        "forget_sign_in_failures", every: 15 * 60, from: "sign_in_failures",
        where: "t.failed_at < now() - \(SignInAttempt.window)", oldestFirst: "t.failed_at")
}
