import Diary

extension BackgroundWork {
    /// K1: activation codes that expired long ago, used or not.
    package static let forgetActivationCodes = deleting(
        "forget_activation_codes", every: 24 * 3600, from: "activation_codes",
        where: "t.expires_at < now() - \(Retention.signIns)", oldestFirst: "t.expires_at")
}
