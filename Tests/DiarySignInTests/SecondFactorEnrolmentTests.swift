import Crypto
import Diary
import DiaryServer
import DiaryTestSupport
import JSON
import Postgres
import Testing

/// A school that requires a second factor of its staff, and the keys for the secrets.
@Suite(.serialized) struct SecondFactorEnrolmentTests {
    let school: SecondFactorSchool
    var server: TestServer { school.server }

    init() async throws { school = try await SecondFactorSchool(of: Self.self) }

    private func begin(_ ticket: String) throws -> TestClient.Answer {
        try TestClient(port: server.port).post("/v1/auth/second-factor", json: #"{"ticket": "\#(ticket)"}"#)
    }

    private func confirm(_ ticket: String, _ code: String) throws -> TestClient.Answer {
        try TestClient(port: server.port).put(
            "/v1/auth/second-factor/confirmation", json: #"{"ticket": "\#(ticket)", "code": "\#(code)"}"#)
    }

    private func refresh(_ token: String) throws -> TestClient.Answer {
        try TestClient(port: server.port).post(
            "/v1/auth/token", json: #"{"grant_type": "refresh_token", "refresh_token": "\#(token)"}"#)
    }

    @Test func aRequiredFactorIsSetUpBeforeTheFirstSession() throws {
        let (_, login) = try school.teacher(0)
        let early = try school.signIn(login)
        try school.requiring {
            #expect(try school.signIn(login, password: "wrong").code == "invalid_grant")
            let asked = try school.signIn(login)
            #expect(asked.status == 400)
            #expect(asked.json["error"]?.string == "second_factor_setup_required")
            #expect(asked.json["access_token"] == nil)
            #expect(asked["Cache-Control"] == "no-store")
            let ticket = try #require(asked.json["enrolment_ticket"]?.string)

            // A ticket is not an access token, and an access token is not a ticket.
            let thief = TestClient(port: server.port, token: ticket)
            #expect(try thief.get("/v1/me").status == 401)
            #expect(try thief.get("/v1/me/second-factor").status == 401)
            #expect(try refresh(ticket).status == 400)
            let access = try #require(early.json["access_token"]?.string)
            #expect(try begin(access).code == "invalid_ticket")
            #expect(try begin("x").json["error"]?.string == "invalid_grant")

            #expect(try confirm(ticket, "123456").status == 404, "nothing was begun")
            let begun = try begin(ticket)
            #expect(begun.status == 201, "\(begun.text)")
            let app = try Authenticator(secret: begun.json["secret"]!.string!, school.clock)
            #expect(try confirm(ticket, app.wrongCode).code == "invalid_second_factor")
            let confirmed = try confirm(ticket, app.code)
            #expect(confirmed.status == 200, "\(confirmed.text)")
            #expect(confirmed.json["recovery_codes"]?.array.count == 10)
            #expect(try begin(ticket).code == "second_factor_set", "the ticket is spent")
            #expect(try confirm(ticket, app.code).code == "second_factor_set")

            school.clock.advance()
            let signedIn = try school.signIn(login, otp: app.code)
            #expect(signedIn.status == 200, "\(signedIn.text)")
            #expect(try refresh(signedIn.json["refresh_token"]!.string!).status == 200)
            #expect(try refresh(early.json["refresh_token"]!.string!).status == 400, "opened without it, ended by it")
            // Families need none.
            #expect(try school.signIn("parent", password: TestServer.password).status == 200)
        }
    }

    @Test func sessionsFromBeforeTheRequirementAreNotRenewed() throws {
        let (_, login) = try school.teacher(1)
        let early = try school.signIn(login).json["refresh_token"]!.string!
        let parent = try school.signIn("parent", password: TestServer.password).json["refresh_token"]!.string!
        try school.requiring {
            let answer = try refresh(early)
            #expect(answer.status == 400)
            #expect(answer.code == "invalid_grant")
            #expect(
                try server.owner().query(
                    "SELECT end_reason FROM sessions s JOIN users u ON u.school_id = s.school_id AND u.id = s.user_id WHERE u.login = $1 AND s.ended_at IS NOT NULL",
                    [login]
                ).first == "second factor required")
            #expect(try refresh(parent).status == 200)
        }
    }

    /// A phone that lost an answer gets the successor again, but not after the school has begun to require a second
    /// factor.
    @Test func aSpentTokenFromBeforeTheRequirementRenewsNothing() throws {
        let (_, login) = try school.teacher(6)
        let early = try school.signIn(login).json["refresh_token"]!.string!
        #expect(try refresh(early).status == 200)
        #expect(try refresh(early).status == 200, "the answer was lost")
        try school.requiring {
            let answer = try refresh(early)
            #expect(answer.status == 400)
        }
        #expect(try refresh(early).status == 400, "the session has ended")
    }

    @Test func aTicketExpiresAndEndsWithThePassword() throws {
        let (id, login) = try school.teacher(2)
        try school.requiring {
            let first = try #require(school.signIn(login).json["enrolment_ticket"]?.string)
            #expect(try begin(first).status == 201)
            school.clock.advance(steps: 21)
            #expect(try begin(first).code == "invalid_ticket")
            let second = try #require(school.signIn(login).json["enrolment_ticket"]?.string)
            let secret = try #require(begin(second).json["secret"]?.string)
            try server.owner().query(
                "UPDATE users SET password_changed_at = now() WHERE school_id = $1 AND id = $2",
                [String(school.school.ids.school), id])
            #expect(try begin(second).code == "invalid_ticket")
            // A set-up that was begun with it cannot be confirmed: somebody else knew the old password.
            #expect(try confirm(second, Authenticator(secret: secret, school.clock).code).code == "invalid_ticket")
            let third = try #require(school.signIn(login).json["enrolment_ticket"]?.string)
            try server.owner().query(
                "UPDATE users SET state = 'blocked' WHERE school_id = $1 AND id = $2",
                [String(school.school.ids.school), id])
            #expect(try begin(third).code == "invalid_ticket")
        }
    }

    /// Rotating keys locks nobody out: the next sign-in encrypts the secret with the new key.
    @Test func keysRotate() async throws {
        let (id, login, _, app, codes) = try school.teacherWithFactor(3)
        let clock = school.clock
        let next = "s2:" + Base64.url.encode([UInt8](repeating: 2, count: 32))
        func server(_ keys: String?) async throws -> RunningServer {
            let server = try await TestServer.start(
                school.server.database, cores: 1,
                set: {
                    $0.sealingKeys = try keys.map { try SealingKeys(TokenKeys(configuration: $0)) }
                    $0.now = { clock.now }
                })
            if let trouble = await server.waitUntilReady(seconds: 20) { throw TestFailure("\(trouble)") }
            return server
        }
        func key() throws -> String? {
            try self.server.owner().query(
                "SELECT split_part(secret, ':', 1) FROM second_factors WHERE user_id = $1", [id]
            ).first
        }
        #expect(try key() == "s1")
        let both = try await server("\(next),\(TestServer.sealingKeys)")
        #expect(try school.signIn(login, otp: app.code, port: both.port).status == 200)
        #expect(try key() == "s2")
        _ = await both.shutDown(graceSeconds: 1)
        let one = try await server(next)
        clock.advance()
        #expect(try school.signIn(login, otp: app.code, port: one.port).status == 200)
        _ = await one.shutDown(graceSeconds: 1)
        // Without the key no code is accepted; recovery codes need no key.
        let none = try await server(nil)
        clock.advance()
        let refused = try school.signIn(login, otp: app.code, port: none.port)
        #expect(refused.status == 503)
        #expect(refused.code == "second_factor_unavailable")
        #expect(refused["Retry-After"] == "300")
        #expect(try school.signIn(login, otp: codes[0], port: none.port).status == 200)
        _ = await none.shutDown(graceSeconds: 1)
    }

    @Test func withoutAKeyThereAreNoSecondFactors() async throws {
        let server = try await SecondFactorSchool.start { $0.sealingKeys = nil }
        let admin = try server.client("admin")
        #expect(try SecondFactorSchool.begin(admin, password: TestServer.password).code == "second_factor_unavailable")
        let answer = try admin.patch(
            "/v1/school/settings", json: #"{"second_factor_required": true}"#, headers: [("If-Match", "*")])
        #expect(answer.code == "second_factor_unavailable")
    }
}
