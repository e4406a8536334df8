import Configuration
import Diary
import FoundationEssentials
import HTTP1
import Postgres
import Web

/// What the server and its tools are set up with: a flag, else the environment, else the JSON file, else a default.
///
/// A key `listen.port` is `LYCEUM_LISTEN_PORT` in the environment and `{"listen": {"port": …}}` in the file.
struct Settings: Sendable {
    /// `database.url`: what `serve` connects with; row-level security holds for this role.
    var databaseURL: String?
    /// `owner.database.url`: what migrations, imports and backups connect with.
    var ownerDatabaseURL: String?
    var host: String
    var port: Int
    /// How many cores serve: a thread, an event loop and database connections each.
    var cores: Int
    /// `database.readers`, `.writers`, `.leased`: connections of each core; `database.queue.limit`, `.timeout`: requests of a
    /// core that may wait for each of the three, and for how many milliseconds.
    var pool: Lanes.Pool
    /// `token.keys`: `id:base64url` pairs separated by commas; the first signs.
    var tokenKeys: String?
    /// `secrets.keys`, in the same form: they seal the secrets of second factors; the first seals, all open. Nil: there are no
    /// second factors.
    var secretsKeys: String?
    /// The address that clients use; also the issuer in tokens.
    var publicURL: String
    /// `tls.certificate` and `tls.key`: paths of PEM files; nil for HTTP in the clear.
    var tls: TLSFiles?
    /// `proxies.trusted`: addresses and blocks separated by commas.
    var trustedProxies: [AddressBlock]
    /// Open client connections: in all, on one core, from one address.
    var totalConnections: Int
    var coreConnections: Int
    var addressConnections: Int
    /// `answers.memory`: bytes of answers that all cores together keep; 0: none.
    var answerMemory: Int
    /// `bodies.memory`: bytes of request bodies that all connections together hold until they are whole.
    var bodyMemory: Int
    /// Seconds that the server goes on after it was told to stop, while `/readyz` is 503.
    var shutdownDelay: Int
    /// trace, debug, info, notice, warning, error, critical.
    var logLevel: String
    /// `log.requests`, `log.probes`: of how many successes one gets a line in the log; 0: none.
    var logging: RequestLogging
    /// `rate.requests`: of one user, or of one address without a user, in `rate.window`; 0: no limits at all.
    var rateRequests: Int
    /// `rate.signins`: of one address in `rate.window`.
    var rateSignIns: Int
    /// Seconds.
    var rateWindow: Int
    /// `cors.origins`: whose pages may read answers, separated by commas, or `*`.
    var corsOrigins: CORS?
    /// `compression.minimum`: bytes from which answers are compressed; 0: never.
    var compressionMinimum: Int
    /// `server.timing`: whether answers carry `Server-Timing`.
    var showsTiming: Bool
    /// `admin.host`, `admin.port`: where `/metrics` is; nil: nowhere.
    var adminHost: String
    var adminPort: Int?
    /// `background.enabled`: whether this process does work behind the requests; `.rhythm`: seconds between two looks for it;
    /// `.concurrency`: pieces at a time, with a connection to the database each.
    var runsBackground: Bool
    var backgroundRhythm: Int
    var backgroundConcurrency: Int
    /// `changes.keep`: days for which the log of changes is kept, and cursors of feeds are good.
    var changeDays: Int
    /// `passwords.breached`: the path of a file of passwords, or their SHA-1, that nobody may choose; nil: none.
    var breachedPasswords: String?
    /// Where `Migrations/` and openapi.yaml are; nil: looked for, see `InstalledFiles`.
    var resourcesDirectory: String?

    /// Every setting as people may see it, and where it came from.
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
        // Set to nothing is not set: that is how compose files leave a variable out.
        let environment = environment.filter { !$0.value.isEmpty }
        var layers = [
            Layer(flags: flags.compactMapValues { $0 }),
            Layer(environment: environment),
        ]
        if let path = config ?? environment["LYCEUM_CONFIG"] { layers.append(try await Layer(file: path)) }
        return try Settings(Lookup(layers: layers))
    }

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
        breachedPasswords = try lookup.string("passwords.breached")
        resourcesDirectory = try lookup.string("resources.directory")
        entries = lookup.entries
    }

    /// - Throws: `SettingsError.missing`, which says how to set it.
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

    /// Of the process to the database, when nothing hangs.
    var databaseConnections: Int { pool.connections * cores + (runsBackground ? backgroundConcurrency : 0) }

    static func variable(_ key: String) -> String {
        "LYCEUM_" + key.replacing(".", with: "_").uppercased()
    }
}

/// A log line or a crash report must not show secrets.
extension Settings: CustomStringConvertible, CustomReflectable {
    var description: String { entries.map { "\($0.key)=\($0.value ?? "")" }.joined(separator: " ") }

    var customMirror: Mirror {
        Mirror(self, children: entries.map { (label: $0.key, value: $0.value ?? "") }, displayStyle: .struct)
    }
}
