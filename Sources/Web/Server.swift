import HTTP1
import Reactor
import Synchronization

/// A listening server over all cores.
package final class Server<Rule: Sendable, Caller>: Sendable {
    package let port: UInt16
    private let workers: [CoreLocal<Worker<Rule, Caller>>]
    private let listener: CoreLocal<Listener?>

    /// Binds, then accepts: the first core's listener gives each connection to the core with the fewest.
    ///
    /// - Parameter makeWorker: called once on each core.
    package init(
        host: String, port: UInt16, cores: [Core],
        makeWorker: @escaping @Sendable (isolated Core) -> Worker<Rule, Caller>
    ) async throws {
        let workers = cores.map { core in CoreLocal(core, makeWorker) }
        self.workers = workers
        let bound = Mutex<Result<UInt16, any Error>?>(nil)
        listener = CoreLocal(cores[0]) { core in
            do {
                let listener = try Listener(host: host, port: port, poller: core.poller, deadlines: core.deadlines) {
                    accepted in
                    let target = workers.min {
                        $0.core.load.load(ordering: .relaxed) < $1.core.load.load(ordering: .relaxed)
                    }!
                    target.core.load.add(1, ordering: .relaxed)
                    target.post { worker, core in worker.open(accepted, on: core) }
                }
                bound.withLock { $0 = .success(listener.port) }
                return listener
            } catch {
                bound.withLock { $0 = .failure(error) }
                return nil
            }
        }
        _ = await listener.read { _, _ in true }
        self.port = try bound.withLock { try $0!.get() }
    }

    /// Waits until the application can serve on every core.
    ///
    /// - Returns: what is still in the way when the time is over; nil when nothing is.
    package func waitUntilReady(seconds: Double) async -> String? {
        let end = Clock.now + .seconds(seconds)
        while true {
            var trouble: String?
            for worker in workers { trouble = await worker.read { worker, _ in worker.trouble } ?? trouble }
            guard trouble != nil, Clock.now < end else { return trouble }
            try? await Task.sleep(nanoseconds: 5_000_000)
        }
    }

    /// What all cores counted, added up.
    package func metrics() async -> [MetricFamily] {
        var parts: [[MetricFamily]] = []
        for worker in workers { parts.append(await worker.read { worker, _ in worker.families }) }
        return MetricFamily.sum(parts)
    }

    /// Stops accepting, lets requests in flight finish, and answers when the last connection is closed or the time is over.
    ///
    /// - Returns: whether all were closed in time.
    package func shutDown(graceSeconds: Double) async -> Bool {
        _ = await listener.read { listener, _ in
            listener?.close()
            return true
        }
        for worker in workers { worker.post { worker, _ in worker.drain() } }
        let end = Clock.now + .seconds(graceSeconds)
        while Clock.now < end {
            var open = 0
            for worker in workers { open += await worker.read { worker, _ in worker.openConnections } }
            if open == 0 { break }
            try? await Task.sleep(nanoseconds: 20_000_000)
        }
        var open = 0
        for worker in workers {
            open += await worker.read { worker, _ in
                worker.close()
                return worker.openConnections
            }
        }
        return open == 0
    }
}
