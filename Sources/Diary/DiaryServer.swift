import Postgres
import Reactor
import Synchronization
import TLS
import Web

/// The running server: cores, their services, one listening socket.
package final class DiaryServer: Sendable {
    package struct Configuration: Sendable {
        package var host = "127.0.0.1"
        /// 0 takes a free one.
        package var port: UInt16 = 8080
        package var cores = 1
        package var limits = ServerLimits()
        /// Nil for HTTP in the clear.
        package var tls: ServerContext?
        package var proxies = TrustedProxies()
        package var logsRequests = true
        /// Passwords hashed at a time, and sign-ins that may wait for it.
        package var passwordThreads = 1
        package var passwordQueue = 64

        package init() {}
    }

    package var port: UInt16 { server.port }
    private let server: Server<Access, Caller>
    private let state: ServerState
    package let cores: [Core]

    /// Starts to listen; the database may still be connecting.
    ///
    /// - Parameter routes: all of them, but for tests that wrap them.
    package init(
        _ settings: ServerSettings, _ configuration: Configuration, contract: Contract, log: LogSink,
        routes: [Route<Access, Caller>] = Routes.all, events: @escaping @Sendable (LaneEvent) -> Void
    ) async throws {
        let state = ServerState()
        let router = Router(routes)
        let resolver = try Offload(name: "resolver", threads: 1, limit: 256)
        let passwords = try Offload(
            name: "passwords", threads: configuration.passwordThreads, limit: configuration.passwordQueue, niceness: 10)
        let cores = try (0..<configuration.cores).map { try Core(index: $0) }
        self.state = state
        self.cores = cores
        server = try await Server(
            host: configuration.host, port: configuration.port, cores: cores, tls: configuration.tls,
            proxies: configuration.proxies, limits: configuration.limits
        ) { core in
            let services = Services(
                settings, contract: contract, state: state, resolver: resolver, passwords: passwords, on: core,
                log: events)
            return Worker(
                on: core, router: router, limits: configuration.limits, log: log,
                logsRequests: configuration.logsRequests, application: DiaryApplication(services: services))
        }
    }

    /// Waits for the database; answers what is in the way when the time is over.
    package func waitUntilReady(seconds: Double) async -> String? { await server.waitUntilReady(seconds: seconds) }

    /// New connections get another certificate; those that are open go on.
    package func use(_ tls: ServerContext) { server.use(tls) }

    /// `/readyz` turns 503; after the delay nothing new is accepted, and requests in flight finish; then the cores end.
    ///
    /// - Parameter delaySeconds: for load balancers to see that the server stops.
    /// - Returns: whether every connection was closed in time.
    package func shutDown(delaySeconds: Double = 0, graceSeconds: Double) async -> Bool {
        state.stop()
        try? await Task.sleep(nanoseconds: .seconds(delaySeconds))
        let isClean = await server.shutDown(graceSeconds: graceSeconds)
        for core in cores { core.stop() }
        return isClean
    }
}
