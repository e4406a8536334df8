import Diary
import DiaryExchange
import DiarySignIn
import Postgres
import Reactor
import Synchronization
import TLS
import Web

/// The running server: cores, their services, one listening socket.
package final class RunningServer: Sendable {
    package struct Configuration: Sendable {
        package var host = "127.0.0.1"
        /// 0 takes a free one.
        package var port: UInt16 = 8080
        package var cores = 1
        package var limits = ServerLimits()
        /// Nil for HTTP in the clear.
        package var tls: ServerContext?
        package var proxies = TrustedProxies()
        /// Nil: the log has failures of the server only.
        package var logging: RequestLogging? = RequestLogging()
        /// Passwords hashed at a time, and sign-ins that may wait for it.
        package var passwordThreads = 1
        package var passwordQueue = 64
        package var rates: RateLimits?
        package var cors: CORS?
        /// `Server-Timing` in each answer.
        package var showsTiming = false
        /// Bytes from which answers are compressed for who asks for it; nil: never.
        package var compressionMinimum: Int? = 1024
        /// Where metrics and health are for operators; nil: nowhere.
        package var admin: Admin?
        /// What runs behind the requests; nil: other processes do it.
        package var background: Background.Configuration?

        package init() {}

        package struct Admin: Sendable {
            package var host: String
            /// 0 takes a free one.
            package var port: UInt16

            package init(host: String, port: UInt16) {
                self.host = host
                self.port = port
            }
        }
    }

    package var port: UInt16 { server.port }
    /// Of the admin address.
    package var adminPort: UInt16? { admin?.port }
    private let server: Server<Access, Caller>
    private let admin: Server<AdminRule, AdminCaller>?
    private let readiness: Readiness
    private let background: CoreLocal<Background>?
    package let cores: [Core]

    /// Starts to listen; the database may still be connecting.
    ///
    /// - Parameter routes: all of them, but for tests that wrap them.
    package init(
        _ settings: ServerSettings, _ configuration: Configuration, contract: PublishedContract, pages: Pages,
        log: LogSink,
        routes: [Route<Access, Caller>] = Routes.all, events: @escaping @Sendable (LaneEvent) -> Void
    ) async throws {
        let resolver = try Offload(name: "resolver", threads: 1, limit: 256)
        // Behind the requests of others, and not so far that on a busy machine nobody gets in.
        let passwords = try PasswordThreads(
            threads: configuration.passwordThreads, limit: configuration.passwordQueue)
        let files = try Offload(name: "files", threads: 1, limit: 16, niceness: 5)
        let uploads = try UploadSpool()
        let compression = try Offload(name: "compression", threads: 1, limit: 64, niceness: 5)
        let cores = try (0..<configuration.cores).map { try Core(index: $0) }
        let readiness = Readiness(cores: cores.count)
        let features = configuration.features(compression: compression)
        self.readiness = readiness
        self.cores = cores
        let signIn = try SignInServices(
            settings.services, breachedPasswords: settings.breachedPasswords, passwords: passwords, pages: pages)
        let documents = ServerServices(contract: contract, readiness: readiness)
        let server = try await Server(
            host: configuration.host, port: configuration.port, cores: cores, tls: configuration.tls,
            proxies: configuration.proxies, limits: configuration.limits
        ) { core in
            let services = Services(settings.services, resolver: resolver, files: files, on: core) { event, lanes in
                events(event)
                if let lanes { readiness.update(lanes, core: core.index) }
            }
            services.add(signIn)
            services.add(documents)
            services.add(uploads)
            return Worker(
                on: core, router: Router(routes), limits: configuration.limits, features: features, log: log,
                logging: configuration.logging, application: DiaryApplication(services: services))
        }
        self.server = server
        let background = configuration.background.map { background in
            CoreLocal(cores[0]) { core in
                Background(
                    background, database: settings.services.database, resolver: resolver, log: log, on: core,
                    events: events)
            }
        }
        self.background = background
        guard let address = configuration.admin else {
            admin = nil
            return
        }
        let caller = AdminCaller(
            server: server,
            process: ProcessMetrics(
                version: Program.version, cores: cores, passwords: passwords, files: files, uploads: uploads,
                compression: compression, log: log),
            background: background, readiness: readiness)
        admin = try await Server(host: address.host, port: address.port, cores: [cores[0]]) { core in
            Worker(
                on: core, router: Router(AdminRoutes.all), limits: ServerLimits(), log: log, logging: nil,
                application: AdminApplication(caller: caller))
        }
    }

    /// Waits for the database; answers what is in the way when the time is over.
    package func waitUntilReady(seconds: Double) async -> String? { await server.waitUntilReady(seconds: seconds) }

    /// New connections get another certificate; those that are open go on.
    package func use(_ tls: ServerContext) { server.use(tls) }

    /// `/readyz` turns 503, and no background work is begun; after the delay nothing new is accepted, and what is in flight
    /// finishes; then the cores end.
    ///
    /// - Parameter delaySeconds: for load balancers to see that the server stops.
    /// - Returns: whether every connection was closed, and all background work ended, in time.
    package func shutDown(delaySeconds: Double = 0, graceSeconds: Double) async -> Bool {
        readiness.stop()
        background?.post { background, _ in background.drain() }
        try? await Task.sleep(nanoseconds: .seconds(delaySeconds))
        let end = Clock.now + .seconds(graceSeconds)
        var isClean = await server.shutDown(graceSeconds: graceSeconds)
        if let background { isClean = await Self.end(background, by: end) && isClean }
        // Until here it says that the server stops.
        _ = await admin?.shutDown(graceSeconds: 1)
        for core in cores { core.stop() }
        return isClean
    }

    /// - Returns: whether what ran has ended; else it is broken off.
    private static func end(_ background: CoreLocal<Background>, by end: UInt64) async -> Bool {
        while await !background.read({ background, _ in background.isIdle }), Clock.now < end {
            try? await Task.sleep(nanoseconds: 20_000_000)
        }
        return await background.read { background, _ in
            defer { background.close() }
            return background.isIdle
        }
    }
}

extension RunningServer.Configuration {
    fileprivate func features(compression: Offload) -> Features {
        var features = Features()
        features.rates = rates
        features.cors = cors
        features.showsTiming = showsTiming
        features.compression = compressionMinimum.map { minimum in
            var policy = CompressionPolicy(offload: compression)
            policy.minimum = minimum
            return policy
        }
        return features
    }
}

/// The program itself.
package enum Program {
    package static let version = "0.1.0"
}
