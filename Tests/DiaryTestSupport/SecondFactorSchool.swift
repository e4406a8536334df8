import Crypto
import Diary
import DiaryServer
import HTTP1
import JSON
import Postgres
import Reactor
import Web

/// The demo school with its own clock, and members of its staff.
package struct SecondFactorSchool {
    package let server: TestServer
    package let school: CredentialSchool
    package let clock: TestClock

    package static let clock = TestClock(Clock.wall.seconds)

    /// Every address in `X-Forwarded-For` is trusted, so that the lockout sees many addresses.
    package static func start(_ set: @escaping @Sendable (inout Services.Settings) throws -> Void = { _ in })
        async throws
        -> TestServer
    {
        try await TestServer(
            configure: { $0.proxies = TrustedProxies([AddressBlock("127.0.0.1")!]) },
            set: {
                $0.now = { clock.now }
                try set(&$0)
            })
    }

    package init(of suite: Any.Type) async throws {
        server = try await TestServer.of(suite) { try await Self.start() }
        school = try CredentialSchool(server)
        clock = Self.clock
    }

    /// A teacher with the password `CredentialSchool.password`: the `index`th of those who have no login yet.
    package func teacher(_ index: Int) throws -> (id: String, login: String) {
        let id = try server.owner().query(
            """
            SELECT u.id FROM users u
            WHERE u.school_id = $1 AND u.id <> (SELECT id FROM users WHERE school_id = $1 AND login = 'teacher')
                AND EXISTS (SELECT FROM user_roles r WHERE r.school_id = $1 AND r.user_id = u.id AND r.role = 'teacher')
                AND NOT EXISTS (
                    SELECT FROM user_roles r WHERE r.school_id = $1 AND r.user_id = u.id AND r.role <> 'teacher')
            ORDER BY u.id OFFSET $2 LIMIT 1
            """, [String(school.ids.school), String(index)]
        ).first
        guard let id else { throw TestFailure("no teacher \(index)") }
        return (id, try school.activated(id, by: try server.client("admin")))
    }

    package func signIn(
        _ login: String, password: String = CredentialSchool.password, otp: String? = nil, from address: String? = nil,
        port: UInt16? = nil
    ) throws -> TestClient.Answer {
        let code = otp.map { #", "otp": "\#($0)""# } ?? ""
        return try TestClient(port: port ?? server.port).post(
            "/v1/auth/token",
            json:
                #"{"grant_type": "password", "school": "lyceum29", "username": "\#(login)", "password": "\#(password)"\#(code)}"#,
            headers: address.map { [("X-Forwarded-For", $0)] } ?? [])
    }

    package func client(_ login: String, otp: String? = nil) throws -> TestClient {
        let answer = try signIn(login, otp: otp)
        guard let token = answer.json["access_token"]?.string else {
            throw TestFailure("\(login) cannot sign in: \(answer.text)")
        }
        return TestClient(port: server.port, token: token)
    }

    package static func begin(_ client: TestClient, password: String = CredentialSchool.password) throws
        -> TestClient.Answer
    {
        try client.post("/v1/me/second-factor", json: #"{"password": "\#(password)"}"#)
    }

    package static func confirm(_ client: TestClient, _ code: String) throws -> TestClient.Answer {
        try client.put("/v1/me/second-factor/confirmation", json: #"{"code": "\#(code)"}"#)
    }

    /// Sends a DELETE with a body.
    package static func remove(_ client: TestClient, _ json: String, at path: String = "/v1/me/second-factor") throws
        -> TestClient.Answer
    {
        try client.send("DELETE", path, headers: [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    /// A signed-in teacher with a second factor; the authenticator's next code is unused.
    package func teacherWithFactor(
        _ index: Int
    ) throws -> (id: String, login: String, client: TestClient, app: Authenticator, recoveryCodes: [String]) {
        let (id, login) = try teacher(index)
        let client = try client(login)
        guard let secret = try Self.begin(client).json["secret"]?.string else { throw TestFailure("not begun") }
        let app = try Authenticator(secret: secret, clock)
        let confirmed = try Self.confirm(client, app.code)
        guard confirmed.status == 200 else { throw TestFailure("not confirmed: \(confirmed.text)") }
        clock.advance()
        return (id, login, client, app, confirmed.json["recovery_codes"]?.array.compactMap { $0.string } ?? [])
    }

    package func state(_ client: TestClient) throws -> JSONValue { try client.get("/v1/me/second-factor").json }

    /// Requires a second factor of staff while `body` runs.
    package func requiring(_ body: () throws -> Void) throws {
        let answer = try server.client("admin").patch(
            "/v1/school/settings", json: #"{"second_factor_required": true}"#, headers: [("If-Match", "*")])
        guard answer.status == 200 else { throw TestFailure("settings: \(answer.text)") }
        // Resets it by SQL: the administrator would have to set up a second factor too.
        defer { try? server.owner().execute("UPDATE school_settings SET second_factor_required = false") }
        try body()
    }
}
