import Crypto
import Synchronization

/// A clock that stands until it is moved.
final class TestClock: Sendable {
    private let seconds: Mutex<Int>

    init(_ seconds: Int) { self.seconds = Mutex(seconds) }

    var now: Int { seconds.withLock { $0 } }

    /// By whole steps of one-time passwords.
    func advance(steps: Int = 1) { seconds.withLock { $0 += steps * OneTimePassword.period } }
}

/// An authenticator app that has been told a secret.
struct Authenticator {
    private let password: OneTimePassword
    private let clock: TestClock

    init(secret: String, _ clock: TestClock) throws {
        guard let secret = Base32.decode(secret) else { throw TestFailure("no secret: \(secret)") }
        password = OneTimePassword(secret: secret)
        self.clock = clock
    }

    /// What it shows.
    var code: String { get throws { try password.code(step: OneTimePassword.step(at: clock.now)) } }

    /// A code that it has never shown and will not soon.
    var wrongCode: String { get throws { try password.code(step: OneTimePassword.step(at: clock.now) + 1000) } }
}
