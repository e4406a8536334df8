import Dispatch
import Glibc
import Postgres

/// SIGINT and SIGTERM during a command on the database: the first signal stops the running statement, a second one ends
/// the process.
enum SignalWatch {
    private static let queue = DispatchQueue(label: "signals")

    /// Watches from now on until the process ends.
    static func begin() -> Interruption {
        let interruption = Interruption()
        for number in [SIGINT, SIGTERM] {
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            // The handler keeps its source alive.
            source.setEventHandler { withExtendedLifetime(source) { stop(interruption, number) } }
            source.resume()
        }
        return interruption
    }

    private static func stop(_ interruption: Interruption, _ number: Int32) {
        if interruption.signal != nil { _exit(128 + number) }
        guard interruption.request(signal: number) else { return }
        complain("Stopping: waiting until the database has rolled back. A second signal ends the program at once.")
        DispatchQueue.global().async {
            while interruption.request(signal: number) { usleep(50_000) }
        }
    }
}
