import Reactor
import Synchronization

/// The threads that hash passwords: each hash is a tenth of a second of a processor.
///
/// They yield a little to requests, so that people who sign in are served beside those who read. While somebody tries
/// passwords one after another, whatever the addresses, hashing moves to threads that rest three times as long as they have
/// had a processor (A6: failures slow down): the guesses wait then, and sign-ins with them, and those who read do not. Which
/// threads it is does not depend on the login.
///
/// A low priority alone is not enough: a hash goes through 32 MiB, and slows what runs on the other half of a processor's
/// core, whatever its priority. And the lowest is too low: on a machine that readers keep busy nobody would sign in any more
/// while somebody guesses.
package final class PasswordThreads: Sendable {
    private let usual: Offload
    private let quiet: Offload
    /// Grows by one with each wrong password, and shrinks by two with each right one: high when more than two of three are
    /// wrong, which they are not on any morning.
    private let wrongs = Atomic<Int>(0)

    private static let many = 20
    private static let most = 40

    package init(threads: Int, limit: Int) throws {
        usual = try Offload(name: "passwords", threads: threads, limit: limit, niceness: 1)
        // A shorter line: it takes four times as long.
        quiet = try Offload(name: "guesses", threads: threads, limit: max(1, limit / 4), niceness: 5, rest: 3)
    }

    /// - Throws: `Offload.Full`, or what `work` throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await (isGuessedAt ? quiet : usual).run(work)
    }

    /// What became of a password that somebody signed in with.
    func note(isRight: Bool) {
        // Two cores at once may lose a step between them, which does not matter.
        let count = wrongs.load(ordering: .relaxed)
        wrongs.store(isRight ? max(0, count - 2) : min(Self.most, count + 1), ordering: .relaxed)
    }

    package var isGuessedAt: Bool { wrongs.load(ordering: .relaxed) >= Self.many }

    package var waiting: Int { usual.waiting + quiet.waiting }
    package var started: Int { usual.started + quiet.started }
}
