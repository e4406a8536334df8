import Crypto
import Diary
import DiaryPaper
import DiarySignIn
import DiaryTalk
import Postgres

/// The settings of the server: the kernel's, and those of the areas.
package struct ServerSettings: Sendable {
    package var services: Services.Settings
    /// Passwords that nobody may choose; nil: there is no list.
    package var breachedPasswords: BreachedPasswords?
    /// What sends to other servers.
    package var outbox: Outbox
    /// Pushes and mail.
    package var channels: Channels
    /// What reports are made with.
    package var paper: PaperServices

    package init(
        _ services: Services.Settings, breachedPasswords: BreachedPasswords? = nil, outbox: Outbox, channels: Channels,
        paper: PaperServices
    ) {
        self.services = services
        self.breachedPasswords = breachedPasswords
        self.outbox = outbox
        self.channels = channels
        self.paper = paper
    }
}
