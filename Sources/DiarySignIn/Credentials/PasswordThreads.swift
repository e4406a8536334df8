import Reactor
import Synchronization

/// The threads that hash passwords. One hash takes a tenth of a second of a processor.
///
/// These threads have a slightly lower priority than requests, so that sign-ins do not slow down readers. While
/// somebody guesses passwords, from whatever addresses, all hashing moves to threads that rest three times as long as
/// they have run (A6: failures slow down). Guesses and sign-ins then wait, readers do not. The choice of threads does
/// not depend on the login.
///
/// A low priority alone is not enough: a hash touches 32 MiB of memory and slows down the other hardware thread of its
/// core at any priority. The lowest priority is too low: on a machine that is busy with readers, nobody could sign in
/// while somebody guesses.
package final class PasswordThreads: Sendable {
    private let usual: Offload
    private let quiet: Offload
    /// Grows by one with each wrong password and shrinks by two with each right one. It is high only when more than two
    /// of three passwords are wrong, which does not happen in normal use.
    private let wrongs = Atomic<Int>(0)

    private static let many = 20
    private static let most = 40

    package init(threads: Int, limit: Int) throws {
        usual = try Offload(name: "passwords", threads: threads, limit: limit, niceness: 1)
        // The queue is shorter because each entry takes four times as long.
        quiet = try Offload(name: "guesses", threads: threads, limit: max(1, limit / 4), niceness: 5, rest: 3)
    }

    /// - Throws: `Offload.Full`, or what `work` throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await (isGuessedAt ? quiet : usual).run(work)
    }

    /// Records whether a password at sign-in was right.
    func note(isRight: Bool) {
        // Two cores may lose an update to each other, which does not matter.
        let count = wrongs.load(ordering: .relaxed)
        wrongs.store(isRight ? max(0, count - 2) : min(Self.most, count + 1), ordering: .relaxed)
    }

    package var isGuessedAt: Bool { wrongs.load(ordering: .relaxed) >= Self.many }

    package var waiting: Int { usual.waiting + quiet.waiting }
    package var started: Int { usual.started + quiet.started }
}
