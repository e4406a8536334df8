import Crypto
import Synchronization

/// A clock that stands until it is moved.
package final class TestClock: Sendable {
    private let seconds: Mutex<Int>

    package init(_ seconds: Int) { self.seconds = Mutex(seconds) }

    package var now: Int { seconds.withLock { $0 } }

    /// By whole steps of one-time passwords.
    package func advance(steps: Int = 1) { seconds.withLock { $0 += steps * OneTimePassword.period } }
}

/// An authenticator app that has been told a secret.
package struct Authenticator {
    private let password: OneTimePassword
    private let clock: TestClock

    package init(secret: String, _ clock: TestClock) throws {
        guard let secret = Base32.decode(secret) else { throw TestFailure("no secret: \(secret)") }
        password = OneTimePassword(secret: secret)
        self.clock = clock
    }

    /// What it shows.
    package var code: String { get throws { try password.code(step: OneTimePassword.step(at: clock.now)) } }

    /// A code that it has never shown and will not soon.
    package var wrongCode: String { get throws { try password.code(step: OneTimePassword.step(at: clock.now) + 1000) } }
}
