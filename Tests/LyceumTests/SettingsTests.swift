import Compression
import FoundationEssentials
import HTTP1
import Postgres
import Testing

@testable import lyceum

@Suite struct SettingsTests {
    /// Writes `json` to a file that is deleted after `body`.
    func withFile(_ json: String, _ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/lyceum-settings-\(UUID().uuidString).json"
        try Data(json.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    func origin(_ settings: Settings, _ key: String) -> String? { settings.entries.first { $0.key == key }?.origin }

    @Test func defaults() async throws {
        let settings = try await Settings.load(environment: [:])
        #expect(settings.host == "127.0.0.1")
        #expect(settings.port == 8080)
        #expect(settings.cores == ProcessInfo.processInfo.activeProcessorCount)
        #expect(settings.publicURL == "http://127.0.0.1:8080")
        #expect(settings.tls == nil)
        #expect(settings.trustedProxies.isEmpty)
        #expect(settings.totalConnections == 20_000 * settings.cores)
        #expect(settings.shutdownDelay == 0)
        #expect(settings.databaseURL == nil)
        #expect(settings.entries.map(\.key) == Lookup.keys)
        #expect(throws: SettingsError.missing("database.url")) { try settings.requireDatabaseURL() }
    }

    @Test func flagBeatsEnvironmentBeatsFileBeatsDefault() async throws {
        let file = #"{"listen": {"host": "file", "port": 1}, "cores": 1, "public": {"url": "file"}}"#
        try await withFile(file) { path in
            let settings = try await Settings.load(
                config: path, flags: ["listen.host": "flag", "listen.port": nil],
                environment: ["LYCEUM_LISTEN_HOST": "environment", "LYCEUM_LISTEN_PORT": "2", "LYCEUM_CORES": ""])
            #expect(settings.host == "flag")
            #expect(settings.port == 2)
            #expect(settings.cores == 1)
            #expect(settings.publicURL == "file")
            #expect(settings.logLevel == "info")
            #expect(origin(settings, "listen.host") == "command line")
            #expect(origin(settings, "listen.port") == "LYCEUM_LISTEN_PORT")
            #expect(origin(settings, "cores") == path)
            #expect(origin(settings, "log.level") == "default")
        }
    }

    @Test func certificateNeedsAKeyAndMakesTheAddressHTTPS() async throws {
        let settings = try await Settings.load(environment: [
            "LYCEUM_TLS_CERTIFICATE": "a.pem", "LYCEUM_TLS_KEY": "b.pem", "LYCEUM_LISTEN_PORT": "443",
        ])
        #expect(settings.tls == Settings.TLSFiles(certificate: "a.pem", key: "b.pem"))
        #expect(settings.publicURL == "https://127.0.0.1:443")
        await #expect(throws: SettingsError.missing("tls.key")) {
            try await Settings.load(environment: ["LYCEUM_TLS_CERTIFICATE": "a.pem"])
        }
        await #expect(throws: SettingsError.missing("tls.certificate")) {
            try await Settings.load(environment: ["LYCEUM_TLS_KEY": "b.pem"])
        }
    }

    /// A channel is on with all of its settings, or off without any of them.
    @Test(arguments: [
        (["FROM": "diary@school.example"], "mail.url is not set, but mail.from needs it"),
        (["INTERVAL": "30"], "mail.url is not set, but mail.interval needs it"),
        (["PASSWORD": "secret"], "mail.url is not set, but mail.password needs it"),
        (["URL": "smtp://mail.example", "LINK": "https://app.example"], "mail.from is not set, but mail.url needs it"),
        (["URL": "smtp://mail.example", "FROM": "a@b.example"], "mail.link is not set, but mail.url needs it"),
        (Self.mail.merging(["USER": "diary"]) { $1 }, "mail.password is not set, but mail.user needs it"),
        (Self.mail.merging(["PASSWORD": "secret"]) { $1 }, "mail.user is not set, but mail.password needs it"),
        // The default address leads to the reader's own machine.
        (Self.mail, "public.url is not set, but mail.url needs it"),
    ])
    func mailNeedsAllOfItsSettings(_ mail: [String: String], _ message: String) async throws {
        let environment = Dictionary(uniqueKeysWithValues: mail.map { ("LYCEUM_MAIL_\($0.key)", $0.value) })
        let error = await #expect(throws: SettingsError.self) { try await Settings.load(environment: environment) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix(message), "\(text)")
        #expect(!text.contains("secret"))
        // `lyceum config` shows the same.
        let program = try Executable.start(["config"], environment: environment).outcome()
        #expect(program.status == 78 && program.errors.contains(message), "\(program)")
    }

    private static let mail = [
        "URL": "smtp://mail.example", "FROM": "diary@school.example", "LINK": "https://app.example",
    ]

    @Test func mailWithAllOfItsSettings() async throws {
        var environment = Dictionary(uniqueKeysWithValues: Self.mail.map { ("LYCEUM_MAIL_\($0.key)", $0.value) })
        environment["LYCEUM_PUBLIC_URL"] = "https://diary.example"
        let settings = try await Settings.load(environment: environment)
        #expect(settings.mail != nil)
    }

    @Test func authoritiesAreReadAtTheStart() async throws {
        for (content, problem) in [
            ("no certificate", "has no certificate in PEM form"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "has no certificate"),
        ] {
            try await withFile(content) { path in
                let error = await #expect(throws: SettingsError.self) {
                    try await Settings.load(environment: ["LYCEUM_OUTBOX_AUTHORITIES": path])
                }
                #expect(error.map { "\($0)" }?.contains(problem) == true, "\(String(describing: error))")
            }
        }
        await #expect(throws: SettingsError.self) {
            try await Settings.load(environment: ["LYCEUM_OUTBOX_AUTHORITIES": "/nowhere.pem"])
        }
    }

    @Test func proxiesAreAListOfBlocks() async throws {
        let settings = try await Settings.load(environment: ["LYCEUM_PROXIES_TRUSTED": "10.0.0.0/8, ::1,192.0.2.1"])
        #expect(settings.trustedProxies == ["10.0.0.0/8", "::1", "192.0.2.1"].map { AddressBlock($0) })
    }

    @Test func memoryOfBodiesFitsTheLargest() async throws {
        #expect(try await Settings.load(environment: [:]).bodyMemory == 64 << 20)
        #expect(try await Settings.load(environment: ["LYCEUM_BODIES_MEMORY": "10000000"]).bodyMemory == 10_000_000)
        // With less memory than the largest upload, the server could never accept that upload.
        await #expect(throws: SettingsError.self) {
            try await Settings.load(environment: ["LYCEUM_BODIES_MEMORY": "1000000"])
        }
    }

    @Test func connectionsOfACore() async throws {
        let settings = try await Settings.load(environment: [
            "LYCEUM_DATABASE_READERS": "3", "LYCEUM_DATABASE_WRITERS": "4", "LYCEUM_DATABASE_LEASED": "5",
            "LYCEUM_DATABASE_QUEUE_LIMIT": "6", "LYCEUM_DATABASE_QUEUE_TIMEOUT": "7",
        ])
        let pool = settings.pool
        #expect([pool.readers, pool.writers, pool.leased, pool.queue, pool.queueTimeout] == [3, 4, 5, 6, 7])
        #expect(pool.connections == 12)
        let file = #"{"database": {"readers": 2, "queue": {"limit": 9}}}"#
        try await withFile(file) { path in
            let settings = try await Settings.load(config: path, environment: [:])
            #expect(settings.pool.readers == 2 && settings.pool.queue == 9)
        }
        await #expect(throws: SettingsError.self) {
            try await Settings.load(environment: ["LYCEUM_DATABASE_READERS": "0"])
        }
    }

    @Test func secretsAreMasked() async throws {
        let settings = try await Settings.load(environment: [
            "LYCEUM_DATABASE_URL": "postgresql://u:sEcReT@h/d", "LYCEUM_OWNER_DATABASE_URL": "host=h password=sEcReT",
            "LYCEUM_TOKEN_KEYS": "k1:sEcReT", "LYCEUM_SECRETS_KEYS": "k1:sEcReT",
        ])
        #expect(settings.tokenKeys == "k1:sEcReT")
        #expect(try settings.requireDatabaseURL() == "postgresql://u:sEcReT@h/d")
        #expect(!settings.entries.contains { $0.value?.contains("sEcReT") == true })
        var dumped = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &dumped)
        #expect(!dumped.contains("sEcReT"))
    }

    @Test(arguments: [
        ["LYCEUM_LISTEN_PORT": "x"], ["LYCEUM_LISTEN_PORT": "65536"], ["LYCEUM_CORES": "0"],
        ["LYCEUM_LOG_LEVEL": "loud"], ["LYCEUM_PROXIES_TRUSTED": "10.0.0.0/8,10.0.0.1/8"],
        ["LYCEUM_PROXIES_TRUSTED": "localhost"], ["LYCEUM_CONNECTIONS_ADDRESS": "0"], ["LYCEUM_SHUTDOWN_DELAY": "-1"],
        ["LYCEUM_DATABASE_URL": "postgresql://u:sEcReT@[h/d"], ["LYCEUM_CONFIG": "/nowhere"],
    ])
    func wrongValuesAreRefusedWithoutRepeatingThem(_ environment: [String: String]) async throws {
        let error = try await #require(throws: SettingsError.self) { try await Settings.load(environment: environment) }
        #expect(!error.description.contains("sEcReT"))
    }

    @Test(arguments: ["[]", "{", "1", #"{"listen": {"prot": 1}}"#, #"{"cores": "four"}"#, #"{"log": {"level": 3}}"#])
    func wrongFilesAreRefused(_ json: String) async throws {
        try await withFile(json) { path in
            await #expect(throws: SettingsError.self) { try await Settings.load(config: path, environment: [:]) }
        }
    }
}

@Suite struct InstalledFilesTests {
    @Test func foundAboveTheExecutable() throws {
        let root = FileManager.default.temporaryDirectory.path + "/lyceum-resources-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root + "/Migrations", withIntermediateDirectories: true)
        let installed = InstalledFiles(directory: nil, executable: root + "/.build/release/lyceum")
        #expect(try installed.migrations() == root + "/Migrations")
        #expect(try InstalledFiles(directory: root).migrations() == root + "/Migrations")
        let error = try #require(throws: InstalledFilesError.self) { try installed.openAPIYAML() }
        #expect(error.places.contains(root) && error.places.last == "/usr/share/lyceum")
    }

    @Test func namedDirectoryIsTheOnlyPlace() throws {
        let error = try #require(throws: InstalledFilesError.self) {
            try InstalledFiles(directory: "/nowhere").migrations()
        }
        #expect(error.places == ["/nowhere"])
    }

    /// The file in gzip counts only if it is of the present content.
    @Test func compressedFilesBelongToTheirContent() throws {
        let path = FileManager.default.temporaryDirectory.path + "/lyceum-openapi-\(UUID().uuidString).yaml"
        defer { for file in [path, path + ".gz"] { try? FileManager.default.removeItem(atPath: file) } }
        func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }
        let installed = InstalledFiles(directory: "/nowhere")
        try write("openapi: 3.1.0\n")
        #expect(try installed.compressible(path).gzip == nil)
        let gzip = GzipEncoder(level: 9).encode(Array("openapi: 3.1.0\n".utf8))
        try Data(gzip).write(to: URL(filePath: path + ".gz"))
        #expect(try installed.compressible(path).gzip == gzip)
        try write("openapi: 3.1.1\n")
        #expect(try installed.compressible(path).gzip == nil)
        try write("openapi: 3.1.0\n\n")
        #expect(try installed.compressible(path).gzip == nil)
        for broken in [[], Array(gzip.prefix(10)), Array(gzip.dropLast())] {
            try write("openapi: 3.1.0\n")
            try Data(broken).write(to: URL(filePath: path + ".gz"))
            #expect(try installed.compressible(path).gzip == nil)
        }
    }
}
