import Diary
import Web

/// Which limit on guesses struck (A6). What was typed is counted, so it says nothing about whether the login exists; the
/// codes of a second factor are counted behind the right password alone.
enum Lockout: String {
    /// One login from one address.
    case login
    /// One activation code from one address.
    case code
    /// All logins from one address: a school may sit behind it.
    case address
    /// The codes of one person's second factor, from all addresses.
    case secondFactor = "second_factor"

    /// - Parameter seconds: until the oldest guess that counts is too old for it.
    func problem(seconds: Int) -> Problem {
        let seconds = max(1, seconds)
        let minutes = (seconds + 59) / 60
        var problem = Problem(
            .tooManyAttempts,
            detail: Text(
                ru: "\(reason.russian) Повторите через \(minutes) мин (A6).",
                en: "\(reason.english) Try again in \(minutes) min (rule A6)."),
            headers: [("Retry-After", String(seconds))])
        problem.members = [("limit", rawValue)]
        return problem
    }

    private var reason: Text {
        switch self {
        case .login:
            Text(
                ru: "Слишком много неудачных попыток входа с этим логином с вашего адреса.",
                en: "There were too many failed sign-ins with this login from your address.")
        case .code:
            Text(
                ru: "Слишком много попыток с этим кодом с вашего адреса.",
                en: "There were too many attempts with this code from your address.")
        case .address:
            Text(
                ru: "Слишком много неудачных попыток входа с вашего адреса, с каким бы логином они ни были.",
                en: "There were too many failed sign-ins from your address, counting all logins.")
        case .secondFactor:
            Text(
                ru: "Слишком много неверных кодов второго фактора.",
                en: "There were too many wrong codes of the second factor.")
        }
    }
}
