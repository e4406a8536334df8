import Crypto
import Diary
import Glibc
import JSON
import Postgres
import Reactor
import TestSupport
import Web

/// A server of its own on a free port, over a demo school of its own.
///
/// "Today" is a fixed Wednesday inside a term, for the server and for the demo school alike, so that no test depends on the
/// calendar of the machine.
final class TestServer: Sendable {
    static let today = "2025-11-19"
    static let password = "lyceum-demo"
    static let keys = "k1:" + Base64.url.encode(Array("0123456789abcdef0123456789abcdef".utf8))

    let database: TestDatabase
    let server: DiaryServer

    var port: UInt16 { server.port }

    /// - Parameter routes: all of the diary, wrapped by a test or not.
    init(cores: Int = 2, routes: [Route<Access, Caller>] = Routes.all) async throws {
        database = try TestDatabase(
            .demo { ownerURL in
                let connection = try BlockingConnection(url: ownerURL)
                _ = try Demo(seed: 29, today: Self.today, schools: 2, students: 550, years: 1)
                    .fill(connection) { _ in }
            })
        server = try await Self.start(database, cores: cores, routes: routes)
        if let trouble = await server.waitUntilReady(seconds: 20) { throw TestFailure("not ready: \(trouble)") }
    }

    deinit {
        let server = server
        Task { _ = await server.shutDown(graceSeconds: 1) }
    }

    /// A connection as the server's role, outside the server.
    func connection() throws -> BlockingConnection { try BlockingConnection(url: database.serverURL) }

    func owner() throws -> BlockingConnection { try BlockingConnection(url: database.ownerURL) }

    /// Signs in and answers a client that is that person.
    func client(_ login: String, school: String = "lyceum29") throws -> TestClient {
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

    /// An access token for anybody, signed with the server's key.
    func token(subject: String, school: Int, session: String, roles: [String], lifetime: Int = 900) throws -> String {
        try Self.token(
            """
            {"iss":"lyceum","aud":"lyceum","sub":"\(subject)","school":\(school),"sid":"\(session)",\
            "roles":[\(roles.map { "\"\($0)\"" }.joined(separator: ","))],\
            "iat":\(Clock.wall.seconds - 1),"exp":\(Clock.wall.seconds + lifetime)}
            """)
    }

    static func token(_ claims: String, keys: String = TestServer.keys) throws -> String {
        try Token.sign(payload: Array(claims.utf8), keys: TokenKeys(configuration: keys))
    }

    static func start(
        _ database: TestDatabase, cores: Int, routes: [Route<Access, Caller>] = Routes.all
    ) async throws -> DiaryServer {
        var url = try ConnectionURL(database.serverURL)
        url["options"] = "-c lyceum.today=\(today)"
        let settings = try ServerSettings(database: url, tokenKeys: TokenKeys(configuration: keys))
        var configuration = DiaryServer.Configuration()
        configuration.port = 0
        configuration.cores = cores
        configuration.logsRequests = false
        configuration.passwordThreads = 2
        let contract = Contract(yaml: Array("openapi: 3.1.0\n".utf8), json: Array("{}".utf8))
        // What the server logs belongs to the test's output.
        return try await DiaryServer(settings, configuration, contract: contract, log: LogSink(), routes: routes) { _ in }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
