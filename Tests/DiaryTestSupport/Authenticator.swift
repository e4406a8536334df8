import Crypto
import Synchronization

/// A clock that is moved by hand.
package final class TestClock: Sendable {
    private let seconds: Mutex<Int>

    package init(_ seconds: Int) { self.seconds = Mutex(seconds) }

    package var now: Int { seconds.withLock { $0 } }

    /// Advances by whole steps of one-time passwords.
    package func advance(steps: Int = 1) { seconds.withLock { $0 += steps * OneTimePassword.period } }
}

/// An authenticator app with a secret.
package struct Authenticator {
    private let password: OneTimePassword
    private let clock: TestClock

    package init(secret: String, _ clock: TestClock) throws {
        guard let secret = Base32.decode(secret) else { throw TestFailure("no secret: \(secret)") }
        password = OneTimePassword(secret: secret)
        self.clock = clock
    }

    /// The code that the app shows now.
    package var code: String { get throws { try password.code(step: OneTimePassword.step(at: clock.now)) } }

    /// A code that the app does not show for a long time.
    package var wrongCode: String { get throws { try password.code(step: OneTimePassword.step(at: clock.now) + 1000) } }
}
