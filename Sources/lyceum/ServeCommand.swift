import ArgumentParser
import Crypto
import Diary
import DiaryPaper
import DiaryServer
import DiarySignIn
import DiaryTalk
import FoundationEssentials
import Logging
import Postgres
import Printing
import Reactor
import ServiceLifecycle
import TLS
import Transfer
import UnixSignals
import Web

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API.",
        discussion: """
            Connects with the server's role (LYCEUM_DATABASE_URL). Refuses to start when row-level security does not \
            apply to that role, or when the database's schema is older or newer than this program. On SIGTERM or Ctrl-C \
            it stops: /readyz answers 503, and requests in flight and background work finish. With a certificate it \
            serves HTTPS; on SIGHUP it reads the certificate and key again.

            EXAMPLES:
              lyceum serve
              lyceum serve --port 0 --cores 2
              LYCEUM_CONFIG=/etc/lyceum.json lyceum serve --host 0.0.0.0
              lyceum serve --tls-certificate fullchain.pem --tls-key privkey.pem --port 443

            EXIT CODES: 0 stopped, 2 refused to start, 3 the database can't be reached, 64 wrong use of the command line, \
            78 a setting is missing or wrong
            """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var listen: ListenOptions

    @Option(help: ArgumentHelp("How long requests in flight may take after SIGTERM.", valueName: "seconds"))
    var grace = 20.0

    func run() async throws {
        try await reportingErrors {
            let settings = try await listen.load(settings)
            let installed = InstalledFiles(settings: settings)
            var services = Services.Settings(
                database: try ConnectionURL(settings.requireDatabaseURL()),
                tokenKeys: try TokenKeys(configuration: settings.requireTokenKeys()), publicURL: settings.publicURL)
            services.sealingKeys = try settings.sealingKeys()
            services.pool = settings.pool
            services.keptAnswers = settings.answerMemory / settings.cores
            let outbox = Outbox(transfer: try Transfer(settings.transfer), sealingKeys: services.sealingKeys)
            let channels = try Channels(
                vapid: settings.vapid, mail: settings.mail, transfer: outbox.transfer, tokenKeys: services.tokenKeys)
            let paper = try PaperServices(
                html: installed.reportPages(),
                pdf: PDFPrinter.Configuration(python: settings.reportsPython, script: installed.printer()))
            let server = ServerSettings(
                services, breachedPasswords: try settings.loadBreachedPasswords(), outbox: outbox, channels: channels,
                paper: paper)
            let certificate = settings.tls.map { Certificate(files: $0) }
            let tls = try certificate?.load()
            // The database answers while the files are read.
            async let conditions: Void = StartConditions(settings: settings, installed: installed).check()
            let yaml = try installed.compressible(installed.openAPIYAML())
            let json = try installed.compressible(installed.openAPIJSON())
            let contract = PublishedContract(
                yaml: yaml.content, json: json.content, compressedYAML: yaml.gzip, compressedJSON: json.gzip)
            let apiPages = APIPages(try installed.apiPages())
            let pages = try Pages(
                authorization: installed.template("authorization.mustache"), style: installed.template("page.css"),
                slips: installed.template("reports/slips.mustache"),
                paperStyle: installed.template("reports/report.css"))
            try await conditions

            let sink = try LogSink()
            let level = Logger.Level(rawValue: settings.logLevel) ?? .info
            LoggingSystem.bootstrap { _ in JSONLinesHandler(sink: sink, logLevel: level) }
            var configuration = RunningServer.Configuration()
            configuration.host = settings.host
            configuration.port = UInt16(settings.port)
            configuration.cores = settings.cores
            configuration.logging = level <= .info ? settings.logging : nil
            configuration.tls = tls
            configuration.proxies = TrustedProxies(settings.trustedProxies)
            configuration.limits.connections = settings.coreConnections
            configuration.limits.totalConnections = settings.totalConnections
            configuration.limits.connectionsPerAddress = settings.addressConnections
            configuration.limits.heldContent = settings.bodyMemory
            if settings.rateRequests > 0 {
                configuration.rates = RateLimits(
                    requests: settings.rateRequests, signIns: settings.rateSignIns, window: settings.rateWindow)
            }
            configuration.cors = settings.corsOrigins
            configuration.showsTiming = settings.showsTiming
            configuration.compressionMinimum = settings.compressionMinimum > 0 ? settings.compressionMinimum : nil
            configuration.admin = settings.adminPort.map { port in
                RunningServer.Configuration.Admin(host: settings.adminHost, port: UInt16(port))
            }
            if settings.runsBackground {
                var background = Background.Configuration(
                    work: BackgroundWork.all(
                        keepingChanges: settings.changeDays, outbox: outbox, channels: channels,
                        reports: .makeReports(paper, services)))
                background.wake = BackgroundWork.wake(outbox) + BackgroundWork.channelWake(channels)
                background.rhythm = Double(settings.backgroundRhythm)
                background.concurrency = settings.backgroundConcurrency
                configuration.background = background
            }
            let service = ServerService(
                settings: server, configuration: configuration, contract: contract, apiPages: apiPages,
                pages: pages, sink: sink,
                certificate: certificate, delay: Double(settings.shutdownDelay), grace: grace,
                databaseConnections: settings.databaseConnections)
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: service)], gracefulShutdownSignals: [.sigterm, .sigint],
                    logger: Logger(label: "lyceum")))
            do {
                try await group.run()
            } catch {
                sink.flush()
                throw error
            }
            sink.flush()
        }
    }
}

/// The server as a service of the process.
private struct ServerService: Service, CustomStringConvertible {
    /// Without this, the service group would print everything in here, including the bytes of the contract.
    var description: String { "server" }

    let settings: ServerSettings
    let configuration: RunningServer.Configuration
    let contract: PublishedContract
    let apiPages: APIPages
    let pages: Pages
    let sink: LogSink
    let certificate: Certificate?
    let delay: Double
    let grace: Double
    let databaseConnections: Int

    func run() async throws {
        let logger = Logger(label: "lyceum")
        let descriptors = DescriptorLimit.raise()
        if descriptors < configuration.limits.totalConnections {
            logger.warning(
                "the limit of open files is lower than that of connections",
                metadata: ["files": "\(descriptors)", "connections": "\(configuration.limits.totalConnections)"])
        }
        let server = try await RunningServer(
            settings, configuration, contract: contract, apiPages: apiPages, pages: pages, log: sink
        ) { event in
            switch event {
            case .connected(let lane): logger.debug("database connected", metadata: ["lane": "\(lane)"])
            case .lost(let lane, let reason):
                logger.error("database connection lost", metadata: ["lane": "\(lane)", "reason": "\(reason)"])
            case .refused(let lane, let reason):
                logger.error("database refused a connection", metadata: ["lane": "\(lane)", "reason": "\(reason)"])
            case .warning(let lane, let reason):
                logger.warning("database warning", metadata: ["lane": "\(lane)", "reason": "\(reason)"])
            }
        }
        if let trouble = await server.waitUntilReady(seconds: 10) {
            logger.error("database is not reachable yet", metadata: ["reason": "\(trouble)"])
        }
        Heap.trim()
        logger.notice(
            "listening",
            metadata: [
                "host": "\(configuration.host)", "port": "\(server.port)", "cores": "\(configuration.cores)",
                "database_connections": "\(databaseConnections)",
            ])
        if let tls = configuration.tls {
            logger.log(
                level: tls.daysLeft < 0 ? .error : .notice, "certificate", metadata: ["days_left": "\(tls.daysLeft)"])
        }
        let paper = settings.paper
        Task {
            let version = await paper.weasyPrint()
            logger.notice("pdf", metadata: ["weasyprint": "\(version ?? "not found, so reports have no PDF")"])
        }
        let reloading = certificate.map { certificate in Task { await certificate.reload(server, logger) } }
        if let port = server.adminPort {
            logger.notice("metrics", metadata: ["host": "\(configuration.admin?.host ?? "")", "port": "\(port)"])
        }
        try await gracefulShutdown()
        reloading?.cancel()
        logger.notice("stopping")
        let isClean = await server.shutDown(delaySeconds: delay, graceSeconds: grace)
        logger.notice("stopped", metadata: ["clean": "\(isClean)"])
    }
}

/// Checks that need the database, repeated until it is reachable.
private struct StartConditions {
    let settings: Settings
    let installed: InstalledFiles

    private static let patience = Duration.seconds(30)

    func check() async throws {
        var url = try ConnectionURL(settings.requireDatabaseURL())
        // A host that does not answer must leave time for the next one of the URL.
        if url["connect_timeout"] == nil { url["connect_timeout"] = "3" }
        let end = ContinuousClock.now + Self.patience
        var hasComplained = false
        while true {
            do {
                return try check(url.text)
            } catch {
                guard let failure = error as? BlockingConnection.Failure, failure.isConnectionTrouble,
                    ContinuousClock.now < end
                else { throw error }
                if !hasComplained { complain("Waiting for the database: \(failure.message)") }
                hasComplained = true
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    private func check(_ url: String) throws {
        let connection = try BlockingConnection(url: url)
        try StartChecks.ownSession(connection, url: url)
        try installed.requireSchema(of: connection, url: url)
        try StartChecks.rowSecurity(connection)
        try StartChecks.temporaryTables(connection)
    }
}

extension Settings {
    /// - Throws: `SettingsError` when the text has no valid keys.
    fileprivate func sealingKeys() throws -> SealingKeys? {
        guard let secretsKeys else { return nil }
        do {
            return try SealingKeys(TokenKeys(configuration: secretsKeys))
        } catch let error as TokenKeysError {
            let origin = entries.first { $0.key == "secrets.keys" }?.origin ?? ""
            throw SettingsError.wrong("secrets.keys", origin: origin, "can't be used: \(error)")
        }
    }

    /// - Throws: `SettingsError` when the file cannot be read or is empty: an empty list would silently forbid nothing.
    fileprivate func loadBreachedPasswords() throws -> BreachedPasswords? {
        guard let path = breachedPasswords else { return nil }
        let origin = entries.first { $0.key == "passwords.breached" }?.origin ?? ""
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError.wrong("passwords.breached", origin: origin, "names \(path), which can't be read")
        }
        let passwords = try BreachedPasswords(Array(data))
        guard passwords.count > 0 else {
            throw SettingsError.wrong("passwords.breached", origin: origin, "names \(path), which contains no password")
        }
        return passwords
    }
}

extension BlockingConnection.Failure {
    /// The error is not a refused statement: the server is down or starting, or the connection broke.
    fileprivate var isConnectionTrouble: Bool {
        guard let sqlState else { return true }
        return sqlState.hasPrefix("08") || sqlState.hasPrefix("57P")
    }
}
