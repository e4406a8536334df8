import Crypto
import Diary
import DiaryDemo
import DiaryPaper
import DiaryServer
import DiarySignIn
import DiaryTalk
import FoundationEssentials
import Glibc
import HTTP1
import JSON
import Postgres
import Printing
import Reactor
import Synchronization
import TestSupport
import Transfer
import Web

/// A server on a free port, with its own demo school.
///
/// "Today" is a fixed Wednesday in a term, for the server and the demo school, so that tests do not depend on the date
/// of the machine.
package final class TestServer: Sendable {
    package static let today = "2025-11-19"
    package static let password = "lyceum-demo"
    package static let keys = "k1:" + Base64.url.encode(Array("0123456789abcdef0123456789abcdef".utf8))
    package static let sealingKeys = "s1:" + Base64.url.encode(Array("fedcba9876543210fedcba9876543210".utf8))

    package let database: TestDatabase
    package let server: RunningServer
    /// PostgreSQL's warnings to the server.
    package let warnings: Warnings
    private let foundIDs = Mutex<DemoSchoolIDs?>(nil)

    package var port: UInt16 { server.port }

    /// The server of a suite: started by its first test and shared by all of them.
    package static func of(
        _ suite: Any.Type, make: @escaping @Sendable () async throws -> TestServer = { try await TestServer() }
    ) async throws -> TestServer {
        try await Suites.shared.server(of: suite, make: make)
    }

    private actor Suites {
        static let shared = Suites()
        private var servers: [ObjectIdentifier: Task<TestServer, any Error>] = [:]

        func server(
            of suite: Any.Type, make: @escaping @Sendable () async throws -> TestServer
        ) async throws -> TestServer {
            let key = ObjectIdentifier(suite)
            if let made = servers[key] { return try await made.value }
            let making = Task { try await make() }
            servers[key] = making
            return try await making.value
        }
    }

    /// - Parameters:
    ///   - routes: by default all routes of the diary; a test may wrap them.
    ///   - outbox: by default one that reaches only public addresses.
    package init(
        cores: Int = 2, routes: [Route<Access, Caller>] = Routes.all, outbox: Outbox? = nil, channels: Channels? = nil,
        paper: PaperServices? = nil,
        configure: (inout RunningServer.Configuration) throws -> Void = { _ in },
        set: (inout Services.Settings) throws -> Void = { _ in }
    ) async throws {
        database = try TestDatabase(
            .demo { ownerURL in
                let connection = try BlockingConnection(url: ownerURL)
                // Tests of messages and notifications begin with none.
                _ = try Demo(seed: 29, today: Self.today, schools: 2, students: 550, years: 1, hasTalk: false)
                    .fill(connection) { _ in }
                try connection.execute(Self.snapshots)
            })
        let warnings = Warnings()
        self.warnings = warnings
        server = try await Self.start(
            database, cores: cores, routes: routes, warnings: warnings, outbox: outbox, channels: channels,
            paper: paper, configure: configure, set: set)
        if let trouble = await server.waitUntilReady(seconds: 20) { throw TestFailure("not ready: \(trouble)") }
    }

    /// Figures of control, one for each school. Counting them in each database would take a tenth of the time of all tests.
    private static let snapshots = """
        SET lyceum.time_zone = 'Asia/Yekaterinburg';
        INSERT INTO control_snapshots (school_id, starts_on, ends_on)
        SELECT DISTINCT ON (y.school_id) y.school_id, y.starts_on, y.starts_on + 1
        FROM academic_years y
        ORDER BY y.school_id, y.starts_on
        """

    /// A server for an existing database, on another day if that is wanted.
    package init(
        over database: TestDatabase, cores: Int = 1, today: String = TestServer.today, paper: PaperServices? = nil
    ) async throws {
        self.database = database
        let warnings = Warnings()
        self.warnings = warnings
        server = try await Self.start(
            database, cores: cores, warnings: warnings, paper: paper,
            set: { settings in
                settings.database["options"] = "-c lyceum.today=\(today)"
            })
        if let trouble = await server.waitUntilReady(seconds: 20) { throw TestFailure("not ready: \(trouble)") }
    }

    deinit {
        let server = server
        Task { _ = await server.shutDown(graceSeconds: 1) }
    }

    /// The ids of the demo school, queried only once.
    package func ids(_ find: () throws -> DemoSchoolIDs) throws -> DemoSchoolIDs {
        try foundIDs.withLock { found in
            if let found { return found }
            let ids = try find()
            found = ids
            return ids
        }
    }

    /// A connection as the server's role, outside the server.
    package func connection() throws -> BlockingConnection { try BlockingConnection(url: database.serverURL) }

    package func owner() throws -> BlockingConnection { try BlockingConnection(url: database.ownerURL) }

    /// A client with a new session of that person, without the cost of a password hash, for tests that do not test
    /// sign-in.
    package func client(_ login: String, school: String = "lyceum29") throws -> TestClient {
        let connection = try owner()
        // The role of class teacher depends on today's date.
        try connection.execute("SET lyceum.today = '\(Self.today)'")
        let people = try connection.query(
            """
            SELECT u.school_id, u.id FROM users u JOIN schools s ON s.id = u.school_id
            WHERE s.code = $1 AND u.login = $2 AND u.state = 'active'
            """, [school, login]
        ).rows
        guard let person = people.first, let id = person[0].flatMap({ Int($0) }), let user = person[1] else {
            throw TestFailure("\(login) cannot sign in: no active person")
        }
        let session = try connection.query(
            """
            INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
            VALUES ($1, gen_random_uuid(), $2::uuid, 'password', '\\x00', now() + interval '1 day')
            RETURNING id, array_to_string(\(Roles.held), ' ')
            """, person
        ).rows[0]
        try connection.query(
            """
            INSERT INTO activity_days (school_id, user_id, date) VALUES ($1, $2::uuid, lyceum.today())
            ON CONFLICT DO NOTHING
            """, person)
        let roles = (session[1] ?? "").split(separator: " ").map { String($0) }
        return TestClient(
            port: port, token: try token(subject: user, school: id, session: session[0]!, roles: roles))
    }

    /// Signs in with the demo school's password, like one of the school's own apps.
    package func signIn(_ login: String, school: String = "lyceum29") throws -> TestClient {
        let anonymous = TestClient(port: port)
        let answer = try anonymous.post(
            "/v1/auth/token",
            json: """
                {"grant_type": "password", "school": "\(school)", "username": "\(login)", "password": "\(Self.password)"}
                """)
        guard answer.status == 200, let token = answer.json["access_token"]?.string else {
            throw TestFailure("\(login) cannot sign in: \(answer.status) \(answer.text)")
        }
        return TestClient(port: port, token: token)
    }

    /// A client with its own session for a person without a password.
    package func session(of user: String, school: Int = 1, roles: [String]) throws -> TestClient {
        let session = try owner().query(
            """
            INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
            VALUES ($1, gen_random_uuid(), $2, 'test', '\\x00', now() + interval '1 day') RETURNING id
            """, [String(school), user]
        ).first!
        try owner().query(
            """
            UPDATE users SET state = 'active', login = coalesce(login, 'test-' || id), password_hash = coalesce(password_hash, 'none')
            WHERE school_id = $1 AND id = $2
            """, [String(school), user])
        return TestClient(port: port, token: try token(subject: user, school: school, session: session, roles: roles))
    }

    /// An access token for anybody, signed with the server's key.
    package func token(subject: String, school: Int, session: String, roles: [String], lifetime: Int = 900) throws
        -> String
    {
        try Self.token(
            """
            {"iss":"lyceum","aud":"lyceum","sub":"\(subject)","school":\(school),"sid":"\(session)",\
            "roles":[\(roles.map { "\"\($0)\"" }.joined(separator: ","))],\
            "iat":\(Clock.wall.seconds - 1),"exp":\(Clock.wall.seconds + lifetime)}
            """)
    }

    package static func token(_ claims: String, keys: String = TestServer.keys) throws -> String {
        try Token.sign(payload: Array(claims.utf8), keys: TokenKeys(configuration: keys))
    }

    /// Channels that lead to receivers on this machine.
    package static func channels(hasPush: Bool = true, mailPort: UInt16? = 9) throws -> Channels {
        var configuration = Transfer.Configuration()
        configuration.allowedNetworks = [AddressBlock("127.0.0.0/8")!]
        configuration.allowsPlainHTTP = true
        let key = try P256.PrivateKey([UInt8](repeating: 7, count: 32))
        return try Channels(
            vapid: hasPush ? VAPID(key, subject: "mailto:operator@school.example") : nil,
            mail: mailPort.flatMap {
                MailSettings(
                    url: "smtp+plain://127.0.0.1:\($0)", from: "diary@school.example", link: "https://app.example",
                    base: "http://lyceum.test")
            },
            transfer: Transfer(configuration), tokenKeys: TokenKeys(configuration: keys))
    }

    private static func template(_ name: String) throws -> String {
        try String(contentsOfFile: TestDatabase.repository + "/Templates/" + name, encoding: .utf8)
    }

    /// What makes reports, with Debian's WeasyPrint.
    package static func paper(_ configure: (inout PDFPrinter.Configuration) -> Void = { _ in }) throws -> PaperServices
    {
        var configuration = PDFPrinter.Configuration(script: TestDatabase.repository + "/Templates/print.py")
        configure(&configuration)
        // Suites share the processors, so a page can take much longer than alone.
        return try PaperServices(html: reportPages(), pdf: configuration, seconds: 120)
    }

    private static func reportPages() throws -> HTMLForm {
        try HTMLForm(page: template("reports/report.mustache"), style: template("reports/report.css"))
    }

    package static func start(
        _ database: TestDatabase, cores: Int, routes: [Route<Access, Caller>] = Routes.all,
        apiPages: [String] = [
            "swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "oauth2-redirect.js", "api-pages.js",
            "api-pages.css",
        ],
        warnings: Warnings = Warnings(), outbox: Outbox? = nil, channels: Channels? = nil,
        paper: PaperServices? = nil,
        configure: (inout RunningServer.Configuration) throws -> Void = { _ in },
        set: (inout Services.Settings) throws -> Void = { _ in }
    ) async throws -> RunningServer {
        var url = try ConnectionURL(database.serverURL)
        url["options"] = "-c lyceum.today=\(today)"
        var settings = Services.Settings(database: url, tokenKeys: try TokenKeys(configuration: keys))
        settings.sealingKeys = try SealingKeys(TokenKeys(configuration: sealingKeys))
        // Suites share the processors, so queries can be slower than alone.
        settings.statementTimeout = 30_000
        settings.pool.writers = 1
        settings.pool.leased = 1
        settings.keptAnswerProof = KeptAnswerProof { route, isEqual in
            if !isEqual { fatalError("A kept answer of \(route) is no longer true, but was about to be sent.") }
        }
        try set(&settings)
        let breached = try BreachedPasswords(Array("password123\nпароль-2025\n".utf8))
        var configuration = RunningServer.Configuration()
        configuration.port = 0
        configuration.cores = cores
        configuration.logging = nil
        configuration.passwordThreads = 2
        try configure(&configuration)
        let contract = PublishedContract(yaml: Array("openapi: 3.1.0\n".utf8), json: Array("{}".utf8))
        let apiPages = APIPages(
            Dictionary(uniqueKeysWithValues: apiPages.map { ($0, Array("/* \($0) */\n".utf8)) }))
        // The server's log goes to the output of the test.
        let pages = try Pages(
            authorization: template("authorization.mustache"), style: template("page.css"),
            slips: template("reports/slips.mustache"), paperStyle: template("reports/report.css"))
        return try await RunningServer(
            ServerSettings(
                settings, breachedPasswords: breached,
                outbox: outbox ?? Outbox(transfer: try Transfer(), sealingKeys: settings.sealingKeys),
                channels: channels ?? Self.channels(), paper: paper ?? Self.paper()),
            configuration, contract: contract,
            apiPages: apiPages, pages: pages, log: LogSink(), routes: routes
        ) { event in
            if case .warning(_, let reason) = event { warnings.add(reason) }
        }
    }
}

/// Each warning once.
package final class Warnings: Sendable {
    private let seen = Mutex<Set<String>>([])

    package var all: [String] { seen.withLock { $0.sorted() } }

    func add(_ text: String) { seen.withLock { _ = $0.insert(text) } }
}

package struct TestFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
