import Crypto
import Diary
import DiarySignIn
import Postgres

/// The settings of the server: the kernel's, and those of the areas.
package struct ServerSettings: Sendable {
    package var services: Services.Settings
    /// Passwords that nobody may choose; nil: there is no list.
    package var breachedPasswords: BreachedPasswords?

    package init(_ services: Services.Settings, breachedPasswords: BreachedPasswords? = nil) {
        self.services = services
        self.breachedPasswords = breachedPasswords
    }
}
