import HTTP1
import Reactor
import Synchronization
import TLS

/// A listening server on all cores.
package final class Server<Rule: Sendable, Caller>: Sendable {
    package let port: UInt16
    private let workers: [CoreLocal<Worker<Rule, Caller>>]
    private let door: CoreLocal<Door?>
    private let heldContent: HeldContent

    /// Lives on the first core and accepts the connections of all cores.
    private struct Door {
        let listener: Listener
        let admission: Admission
    }

    /// Binds, then accepts: the first core's listener gives each connection to the core with the fewest.
    ///
    /// - Parameters:
    ///   - tls: nil for unencrypted HTTP.
    ///   - proxies: trusted to report a client's address.
    ///   - limits: limits of connections; the workers have the other limits.
    ///   - makeWorker: called once on each core.
    package init(
        host: String, port: UInt16, cores: [Core], tls: ServerContext? = nil,
        proxies: TrustedProxies = TrustedProxies(), limits: ServerLimits = ServerLimits(),
        makeWorker: @escaping @Sendable (isolated Core) -> Worker<Rule, Caller>
    ) async throws {
        let entrance = Entrance(tls: tls)
        let heldContent = HeldContent(limit: limits.heldContent)
        self.heldContent = heldContent
        let workers = cores.map { core in
            CoreLocal(core) { core in
                let worker = makeWorker(core)
                worker.entrance = entrance
                worker.heldContent = heldContent
                return worker
            }
        }
        self.workers = workers
        let bound = Mutex<Result<UInt16, any Error>?>(nil)
        door = CoreLocal(cores[0]) { core in
            let admission = Admission(
                cores: cores, limits: limits, proxies: proxies, entrance: entrance, deadlines: core.deadlines)
            do {
                let listener = try Listener(host: host, port: port, poller: core.poller, deadlines: core.deadlines) {
                    accepted in
                    guard let (index, arrival) = admission.admit(accepted) else { return }
                    workers[index].post { worker, core in worker.open(arrival, on: core) }
                }
                bound.withLock { $0 = .success(listener.port) }
                return Door(listener: listener, admission: admission)
            } catch {
                bound.withLock { $0 = .failure(error) }
                return nil
            }
        }
        _ = await door.read { _, _ in true }
        self.port = try bound.withLock { try $0!.get() }
    }

    /// New connections use this certificate; open ones keep the old one.
    package func use(_ tls: ServerContext) {
        for worker in workers { worker.post { worker, _ in worker.entrance.tls = tls } }
    }

    /// Connections accepted and refused since the start.
    package func connectionCounts() async -> Admission.Counts {
        await door.read { door, _ in door?.admission.counts ?? Admission.Counts() }
    }

    /// Waits until the application can serve on every core.
    ///
    /// - Returns: what still prevents it when the time is over; nil if nothing does.
    package func waitUntilReady(seconds: Double) async -> String? {
        let end = Clock.now + .seconds(seconds)
        while true {
            var trouble: String?
            for worker in workers { trouble = await worker.read { worker, _ in worker.trouble } ?? trouble }
            guard trouble != nil, Clock.now < end else { return trouble }
            try? await Task.sleep(nanoseconds: 5_000_000)
        }
    }

    /// The counters of all cores, added up.
    package func metrics() async -> [MetricFamily] {
        var parts: [[MetricFamily]] = []
        for worker in workers { parts.append(await worker.read { worker, _ in worker.families }) }
        return MetricFamily.sum(parts) + (await connectionCounts()).families + heldContent.families
    }

    /// Stops accepting, lets requests in flight finish, and returns when the last connection is closed or the time is
    /// over.
    ///
    /// - Returns: whether all connections closed in time.
    package func shutDown(graceSeconds: Double) async -> Bool {
        await door.read { door, _ in door?.listener.close() }
        for worker in workers { worker.post { worker, _ in worker.drain() } }
        let end = Clock.now + .seconds(graceSeconds)
        while Clock.now < end {
            var open = 0
            for worker in workers { open += await worker.read { worker, _ in worker.openConnections } }
            if open == 0 { break }
            try? await Task.sleep(nanoseconds: 20_000_000)
        }
        await breakOffStreams()
        var open = 0
        for worker in workers {
            open += await worker.read { worker, _ in
                worker.close()
                return worker.openConnections
            }
        }
        return open == 0
    }

    /// Resets the connections of unfinished streams, so that their readers notice. This takes one turn of each core.
    private func breakOffStreams() async {
        let end = Clock.now + .seconds(1)
        while Clock.now < end {
            var streaming = 0
            for worker in workers { streaming += await worker.read { worker, _ in worker.breakOff() } }
            if streaming == 0 { return }
            try? await Task.sleep(nanoseconds: 5_000_000)
        }
    }
}
