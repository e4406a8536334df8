import Crypto
import Diary
import DiarySignIn
import Postgres

/// What the server is started with: the kernel's settings, and those of the areas.
package struct ServerSettings: Sendable {
    package var services: Services.Settings
    /// Passwords that nobody may choose; nil: no list.
    package var breachedPasswords: BreachedPasswords?

    package init(_ services: Services.Settings, breachedPasswords: BreachedPasswords? = nil) {
        self.services = services
        self.breachedPasswords = breachedPasswords
    }
}
