import Configuration
import Crypto
import Diary
import DiaryTalk
import FoundationEssentials
import HTTP1
import Postgres
import Transfer
import Web

/// The settings of the server and its tools. Each comes from a flag, else the environment, else the JSON file, else a
/// default.
///
/// The key `listen.port` is `LYCEUM_LISTEN_PORT` in the environment and `{"listen": {"port": …}}` in the file.
struct Settings: Sendable {
    /// `database.url`: the connection of `serve`; row-level security applies to its role.
    var databaseURL: String?
    /// `owner.database.url`: the connection of migrations, imports and backups.
    var ownerDatabaseURL: String?
    var host: String
    var port: Int
    /// The number of cores that serve. Each has a thread, an event loop and database connections.
    var cores: Int
    /// `database.readers`, `.writers`, `.leased`: connections of each core. `database.queue.limit`, `.timeout`: how
    /// many requests of a core may wait for each of the three, and for how many milliseconds.
    var pool: Lanes.Pool
    /// `token.keys`: `id:base64url` pairs separated by commas; the first one signs.
    var tokenKeys: String?
    /// `secrets.keys`, in the same form: they encrypt the secrets of second factors. The first one encrypts, all
    /// decrypt. Nil: there are no second factors.
    var secretsKeys: String?
    /// `archive.keys`, in the same form: they sign archives. The first one signs, all verify.
    var archiveKeys: String?
    /// The address that clients use; also the issuer of tokens.
    var publicURL: String
    /// `tls.certificate` and `tls.key`: paths of PEM files; nil for plain HTTP.
    var tls: TLSFiles?
    /// `proxies.trusted`: addresses and blocks of addresses, separated by commas.
    var trustedProxies: [AddressBlock]
    /// The maximum number of open client connections: in all, per core, and per address.
    var totalConnections: Int
    var coreConnections: Int
    var addressConnections: Int
    /// `answers.memory`: the maximum number of bytes of kept answers, of all cores together; 0: no answer is kept.
    var answerMemory: Int
    /// `bodies.memory`: the maximum number of bytes that incomplete request bodies of all connections take together.
    var bodyMemory: Int
    /// Seconds for which the server continues after the signal to stop, while `/readyz` answers 503.
    var shutdownDelay: Int
    /// trace, debug, info, notice, warning, error, critical.
    var logLevel: String
    /// `log.requests`, `log.probes`: one of how many successful requests gets a line in the log; 0: none.
    var logging: RequestLogging
    /// `rate.requests`: requests of one user, or of one address without a user, per `rate.window`; 0: no limits at all.
    var rateRequests: Int
    /// `rate.signins`: sign-ins from one address per `rate.window`.
    var rateSignIns: Int
    /// Seconds.
    var rateWindow: Int
    /// `cors.origins`: the origins whose pages may read answers, separated by commas, or `*`.
    var corsOrigins: CORS?
    /// `compression.minimum`: the size in bytes from which answers are compressed; 0: never.
    var compressionMinimum: Int
    /// `server.timing`: whether answers have `Server-Timing`.
    var showsTiming: Bool
    /// `admin.host`, `admin.port`: the address of `/metrics`; nil: none.
    var adminHost: String
    var adminPort: Int?
    /// `background.enabled`: whether this process does background work. `.rhythm`: seconds between two checks for due
    /// work. `.concurrency`: tasks at once, each with a database connection.
    var runsBackground: Bool
    var backgroundRhythm: Int
    var backgroundConcurrency: Int
    /// `changes.keep`: the number of days for which the log of changes is kept and cursors of feeds stay valid.
    var changeDays: Int
    /// `outbox.allowed_networks`: addresses and blocks that webhooks may reach although they are not public.
    /// `outbox.plain_http`: whether webhooks may use `http`. `outbox.authorities`: the path of a PEM file with the
    /// certificate authorities to trust instead of the system's.
    var transfer: Transfer.Configuration
    /// `passwords.breached`: the path of a file of passwords, or their SHA-1, that nobody may choose; nil: none.
    var breachedPasswords: String?
    /// `reports.python`: a Python that has WeasyPrint, which makes PDF; empty: there is no PDF.
    var reportsPython: String
    /// The directory of `Migrations/` and openapi.yaml; nil: searched for, see `InstalledFiles`.
    var resourcesDirectory: String?

    /// `push.vapid_key`, `push.subject`: identify the server to push services; nil: there are no pushes.
    var vapid: VAPID?
    /// `mail.…`: the mail server; nil: there is no mail.
    var mail: MailSettings?

    /// All settings in printable form, with their origins.
    let entries: [Entry]

    struct TLSFiles: Sendable, Equatable {
        var certificate: String
        var key: String
    }

    struct Entry: Sendable, Codable {
        var key: String
        /// Secrets are masked; nil: not set.
        var value: String?
        var origin: String
    }

    /// - Parameter flags: values from the command line by key; nil values count as not given.
    /// - Throws: `SettingsError`.
    static func load(
        config: String? = nil, flags: [String: String?] = [:],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> Settings {
        // An empty variable counts as not set: compose files pass variables on in this way.
        let environment = environment.filter { !$0.value.isEmpty }
        var layers = [
            Layer(flags: flags.compactMapValues { $0 }),
            Layer(environment: environment),
        ]
        if let path = config ?? environment["LYCEUM_CONFIG"] { layers.append(try await Layer(file: path)) }
        return try Settings(Lookup(layers: layers))
    }

    /// Warnings about environment variables that begin with LYCEUM_ and that nothing reads. They are never errors,
    /// because a newer program or a companion program may know them.
    static func warnings(environment: [String: String] = ProcessInfo.processInfo.environment) -> [String] {
        let known = ["LYCEUM_CONFIG"] + Lookup.keys.map { variable($0) }
        return environment.keys.sorted().filter { name in
            name.hasPrefix("LYCEUM_") && !known.contains(name) && !scriptVariables.contains { name.hasPrefix($0) }
        }.map { name in
            "the environment variable \(name) is unknown and has no effect."
                + (Suggestions.nearest(to: String(name.dropFirst(7)), in: known.map { String($0.dropFirst(7)) }).map {
                    " Did you mean LYCEUM_\($0)?"
                } ?? "")
        }
    }

    /// Variables, or their prefixes, of docs/roles.sql and of the repository's scripts and tests.
    private static let scriptVariables = [
        "LYCEUM_SUPERUSER_PASSWORD", "LYCEUM_OWNER_PASSWORD", "LYCEUM_SERVER_PASSWORD", "LYCEUM_TEST_",
        "LYCEUM_LONG_TESTS", "LYCEUM_BENCH_", "LYCEUM_CONTRACT_HOME", "LYCEUM_PROGRAM",
    ]

    private init(_ lookup: consuming Lookup) throws {
        databaseURL = try lookup.url("database.url")
        ownerDatabaseURL = try lookup.url("owner.database.url")
        host = try lookup.string("listen.host", default: "127.0.0.1")
        port = try lookup.int("listen.port", in: 0...65_535, default: 8080)
        cores = try lookup.int("cores", in: 1...1024, default: ProcessInfo.processInfo.activeProcessorCount)
        pool = Lanes.Pool()
        pool.readers = try lookup.int("database.readers", in: 1...100, default: pool.readers)
        pool.writers = try lookup.int("database.writers", in: 1...100, default: pool.writers)
        pool.leased = try lookup.int("database.leased", in: 2...100, default: pool.leased)
        pool.queue = try lookup.int("database.queue.limit", in: 0...100_000, default: pool.queue)
        pool.queueTimeout = try lookup.int("database.queue.timeout", in: 1...60_000, default: pool.queueTimeout)
        tokenKeys = try lookup.secret("token.keys")
        secretsKeys = try lookup.secret("secrets.keys")
        archiveKeys = try lookup.secret("archive.keys")
        tls = try lookup.tls()
        trustedProxies = try lookup.blocks("proxies.trusted")
        coreConnections = try lookup.int("connections.core", in: 1...1_000_000, default: 20_000)
        totalConnections = try lookup.int(
            "connections.total", in: 1...1_000_000_000, default: coreConnections * cores)
        addressConnections = try lookup.int("connections.address", in: 1...1_000_000_000, default: 4_000)
        bodyMemory = try lookup.int("bodies.memory", in: 8_388_608...1_000_000_000_000, default: 67_108_864)
        answerMemory = try lookup.int("answers.memory", in: 0...1_000_000_000_000, default: 67_108_864)
        shutdownDelay = try lookup.int("shutdown.delay", in: 0...3600, default: 0)
        publicURL = try lookup.string(
            "public.url", default: "\(tls == nil ? "http" : "https")://\(host):\(port)")
        logLevel = try lookup.string(
            "log.level", oneOf: ["trace", "debug", "info", "notice", "warning", "error", "critical"], default: "info")
        logging = RequestLogging()
        logging.requests = try lookup.int("log.requests", in: 0...1_000_000, default: logging.requests)
        logging.probes = try lookup.int("log.probes", in: 0...1_000_000, default: logging.probes)
        rateRequests = try lookup.int("rate.requests", in: 0...1_000_000, default: 600)
        rateSignIns = try lookup.int("rate.signins", in: 1...1_000_000, default: 300)
        rateWindow = try lookup.int("rate.window", in: 1...86_400, default: 60)
        corsOrigins = try lookup.origins("cors.origins")
        compressionMinimum = try lookup.int("compression.minimum", in: 0...1_000_000_000, default: 1024)
        showsTiming = try lookup.bool("server.timing", default: false)
        adminHost = try lookup.string("admin.host", default: "127.0.0.1")
        adminPort = try lookup.int("admin.port", in: 0...65_535)
        runsBackground = try lookup.bool("background.enabled", default: true)
        backgroundRhythm = try lookup.int("background.rhythm", in: 1...3600, default: 5)
        backgroundConcurrency = try lookup.int("background.concurrency", in: 1...16, default: 2)
        changeDays = try lookup.int("changes.keep", in: 1...3650, default: ChangeLog.days)
        transfer = Transfer.Configuration()
        transfer.allowedNetworks = try lookup.blocks("outbox.allowed_networks")
        transfer.allowsPlainHTTP = try lookup.bool("outbox.plain_http", default: false)
        transfer.authorities = try lookup.authorities("outbox.authorities")
        breachedPasswords = try lookup.string("passwords.breached")
        reportsPython = try lookup.string("reports.python", default: "/usr/bin/python3")
        resourcesDirectory = try lookup.string("resources.directory")
        vapid = try lookup.vapid()
        mail = try lookup.mail(publicURL: publicURL)
        entries = lookup.entries
    }

    /// - Throws: `SettingsError.missing`, which explains how to set it.
    func requireDatabaseURL() throws(SettingsError) -> String {
        guard let databaseURL else { throw .missing("database.url") }
        return databaseURL
    }

    func requireOwnerDatabaseURL() throws(SettingsError) -> String {
        guard let ownerDatabaseURL else { throw .missing("owner.database.url") }
        return ownerDatabaseURL
    }

    func requireTokenKeys() throws(SettingsError) -> String {
        guard let tokenKeys else { throw .missing("token.keys") }
        return tokenKeys
    }

    /// The process's connections to the database, when nothing hangs.
    var databaseConnections: Int { pool.connections * cores + 1 + (runsBackground ? backgroundConcurrency : 0) }

    static func variable(_ key: String) -> String {
        "LYCEUM_" + key.replacing(".", with: "_").uppercased()
    }
}

/// Keeps secrets out of log lines and crash reports.
extension Settings: CustomStringConvertible, CustomReflectable {
    var description: String { entries.map { "\($0.key)=\($0.value ?? "")" }.joined(separator: " ") }

    var customMirror: Mirror {
        Mirror(self, children: entries.map { (label: $0.key, value: $0.value ?? "") }, displayStyle: .struct)
    }
}
