import Crypto
import Diary

/// The services that sign-in needs in addition to the kernel's. All cores share them.
package final class SignInServices: Sendable {
    let refreshTokens: RefreshTokens
    let formTokens: FormTokens
    let tickets: EnrolmentTickets
    let passwords: PasswordThreads
    /// Passwords that nobody may choose; nil: there is no list.
    let breachedPasswords: BreachedPasswords?
    let pages: Pages

    package init(
        _ settings: Services.Settings, breachedPasswords: BreachedPasswords?, passwords: PasswordThreads, pages: Pages
    ) throws {
        refreshTokens = try RefreshTokens(settings.tokenKeys)
        formTokens = try FormTokens(settings.tokenKeys)
        tickets = EnrolmentTickets(keys: settings.tokenKeys, now: settings.now)
        self.breachedPasswords = breachedPasswords
        self.passwords = passwords
        self.pages = pages
    }
}

extension Services {
    var signIn: SignInServices { area() }
}
