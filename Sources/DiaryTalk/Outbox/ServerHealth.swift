import Reactor
import Synchronization

/// Which servers refuse everything at the moment, as far as this process has seen: the mail server, and push services. When
/// several targets in a row were refused, the others would be refused, too, and blamed for it. So nothing is sent to the
/// server for a while, twice as long each time.
final class ServerHealth: Sendable {
    private struct Trouble {
        /// The targets that were refused since the last success.
        var targets: Set<String> = []
        var pauses = 0
        var until: UInt64 = 0
    }

    /// So many targets in a row are no accident.
    static let patience = 5
    /// Seconds of the first pause, and of the longest one.
    private static let pause = (first: 60.0, longest: 900.0)

    private let troubles = Mutex<[String: Trouble]>([:])

    /// The seconds for which nothing is sent to the server; nil: it is not known to refuse everything.
    func pause(of server: String, now: UInt64 = Clock.now) -> Double? {
        troubles.withLock { troubles in
            guard let until = troubles[server]?.until, now < until else { return nil }
            // Not all messages at the same moment
            return Double(until - now) / 1e9 + .random(in: 0...10)
        }
    }

    func took(_ server: String) { troubles.withLock { $0[server] = nil } }

    /// Notes that the server has not taken a message.
    ///
    /// - Returns: the seconds of the pause; nil: it may have been about this target alone.
    func refused(_ server: String, for target: String, now: UInt64 = Clock.now) -> Double? {
        troubles.withLock { troubles in
            var trouble = troubles[server] ?? Trouble()
            defer { troubles[server] = trouble }
            if trouble.targets.count < Self.patience { trouble.targets.insert(target) }
            guard trouble.targets.count >= Self.patience else { return nil }
            // Those that were on their way when the pause began do not prolong it.
            if now >= trouble.until {
                let seconds = min(Self.pause.first * Double(1 << min(trouble.pauses, 10)), Self.pause.longest)
                trouble.pauses += 1
                trouble.until = now + .seconds(seconds)
            }
            return Double(trouble.until - now) / 1e9 + .random(in: 0...10)
        }
    }
}
