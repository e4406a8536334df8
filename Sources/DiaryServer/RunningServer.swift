import Diary
import DiaryExchange
import DiaryPaper
import DiarySignIn
import DiaryTalk
import Postgres
import Reactor
import Synchronization
import TLS
import Web

/// The running server: its cores, their services, and one listening socket.
package final class RunningServer: Sendable {
    package struct Configuration: Sendable {
        package var host = "127.0.0.1"
        /// 0 picks a free port.
        package var port: UInt16 = 8080
        package var cores = 1
        package var limits = ServerLimits()
        /// Nil for plain HTTP.
        package var tls: ServerContext?
        package var proxies = TrustedProxies()
        /// Nil: the log has only failures of the server.
        package var logging: RequestLogging? = RequestLogging()
        /// The number of passwords hashed at once, and of sign-ins that may wait for it.
        package var passwordThreads = 1
        package var passwordQueue = 64
        package var rates: RateLimits?
        package var cors: CORS?
        /// Adds `Server-Timing` to each answer.
        package var showsTiming = false
        /// The size in bytes from which answers are compressed for clients that accept it; nil: never.
        package var compressionMinimum: Int? = 1024
        /// The address of metrics and health for operators; nil: none.
        package var admin: Admin?
        /// The background work of this process; nil: other processes do it.
        package var background: Background.Configuration?
        package var events = EventStreams.Configuration()
        package var eventLooks = EventDispatcher.Configuration()

        package init() {}

        package struct Admin: Sendable {
            package var host: String
            /// 0 picks a free port.
            package var port: UInt16

            package init(host: String, port: UInt16) {
                self.host = host
                self.port = port
            }
        }
    }

    package var port: UInt16 { server.port }
    /// The port of the admin address.
    package var adminPort: UInt16? { admin?.port }
    private let server: Server<Access, Caller>
    private let admin: Server<AdminRule, AdminCaller>?
    private let readiness: Readiness
    private let background: CoreLocal<Background>?
    private let eventDispatcher: CoreLocal<EventDispatcher>
    package let cores: [Core]

    /// Starts to listen; the database may still be connecting.
    ///
    /// - Parameter routes: all routes by default; tests wrap them.
    package init(
        _ settings: ServerSettings, _ configuration: Configuration, contract: PublishedContract, apiPages: APIPages,
        pages: Pages, log: LogSink, routes: [Route<Access, Caller>] = Routes.all,
        events: @escaping @Sendable (LaneEvent) -> Void
    ) async throws {
        let resolver = try Offload(name: "resolver", threads: 1, limit: 256)
        // Hashing has a lower priority than requests, but not so low that nobody can sign in on a busy machine.
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
            settings.services, breachedPasswords: settings.breachedPasswords, passwords: passwords, pages: pages,
            printing: SlipPrinting(rendering: settings.paper.rendering, address: settings.channels.mail?.link) {
                page, owner in
                try await settings.paper.pdf(page, for: owner)
            })
        let eventStreams = cores.map { core in CoreLocal(core) { EventStreams(configuration.events, on: $0) } }
        let documents = ServerServices(contract: contract, pages: apiPages, readiness: readiness)
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
            services.add(settings.outbox)
            services.add(eventStreams[core.index].value(on: core))
            services.add(settings.channels)
            services.add(settings.paper)
            return Worker(
                on: core, router: Router(routes), limits: configuration.limits, features: features, log: log,
                logging: configuration.logging, application: DiaryApplication(services: services))
        }
        self.server = server
        let eventDispatcher = CoreLocal(cores[0]) { core in
            EventDispatcher(
                configuration.eventLooks, streams: eventStreams, database: settings.services.database,
                resolver: resolver, on: core, log: events)
        }
        self.eventDispatcher = eventDispatcher
        for streams in eventStreams { streams.post { streams, _ in streams.follow(eventDispatcher) } }
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
                compression: compression, transfer: settings.outbox.transfer, log: log),
            background: background, eventDispatcher: eventDispatcher, readiness: readiness)
        admin = try await Server(host: address.host, port: address.port, cores: [cores[0]]) { core in
            Worker(
                on: core, router: Router(AdminRoutes.all), limits: ServerLimits(), log: log, logging: nil,
                application: AdminApplication(caller: caller))
        }
    }

    /// Waits for the database. If it is not ready in time, returns the reason.
    package func waitUntilReady(seconds: Double) async -> String? { await server.waitUntilReady(seconds: seconds) }

    /// New connections use the new certificate; open ones keep the old one.
    package func use(_ tls: ServerContext) { server.use(tls) }

    /// Stops the server: `/readyz` answers 503, and no background work starts. After the delay, the server accepts no
    /// new connections and finishes the requests in flight; then the cores end.
    ///
    /// - Parameter delaySeconds: gives load balancers time to notice that the server is stopping.
    /// - Returns: whether all connections were closed and all background work ended in time.
    package func shutDown(delaySeconds: Double = 0, graceSeconds: Double) async -> Bool {
        readiness.stop()
        background?.post { background, _ in background.drain() }
        try? await Task.sleep(nanoseconds: .seconds(delaySeconds))
        let end = Clock.now + .seconds(graceSeconds)
        var isClean = await server.shutDown(graceSeconds: graceSeconds)
        eventDispatcher.post { dispatcher, _ in dispatcher.close() }
        if let background { isClean = await Self.end(background, by: end) && isClean }
        // The admin address reports until now that the server is stopping.
        _ = await admin?.shutDown(graceSeconds: 1)
        for core in cores { core.stop() }
        return isClean
    }

    /// - Returns: whether the running work ended in time; otherwise it is cancelled.
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

package enum Program {
    package static let version = "0.1.0"
}
