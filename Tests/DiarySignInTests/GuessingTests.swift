import DiaryServer
import DiaryTestSupport
import HTTP1
import Postgres
import Testing
import Web

/// Who guesses learns nothing of an account but by its right password (A6): not from answers, and not from the work behind
/// them. `script/bench guesses` measures the time.
@Suite(.serialized) struct GuessingTests {
    /// What there may be behind a login.
    enum Login: String, CaseIterable, CustomTestStringConvertible {
        case unknown = "nobody-at-all"
        case active = "teacher"
        case family = "parent"
        case blocked = "guess-blocked"
        case withoutPassword = "guess-new"
        case withACodeOut = "guess-issued"
        case withSecondFactor = "guess-factor"

        var testDescription: String { rawValue }
    }

    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self) {
            let server = try await TestServer {
                $0.admin = RunningServer.Configuration.Admin(host: "127.0.0.1", port: 0)
                $0.proxies = TrustedProxies([AddressBlock("127.0.0.1")!])
            }
            try Self.prepare(server, DemoSchoolIDs(server))
            return server
        }
        ids = try DemoSchoolIDs(server)
    }

    private static func prepare(_ server: TestServer, _ ids: DemoSchoolIDs) throws {
        let owner = try server.owner()
        let hash = "(SELECT password_hash FROM users WHERE school_id = 1 AND login = 'teacher')"
        for (login, state, password, index) in [
            (Login.blocked, "blocked", hash, 0), (.withoutPassword, "new", "NULL", 1),
            (.withACodeOut, "issued", "NULL", 2), (.withSecondFactor, "active", hash, 3),
        ] {
            try owner.query(
                "UPDATE users SET login = $2, state = $3, password_hash = \(password) WHERE school_id = 1 AND id = $1",
                [ids.others[index], login.rawValue, state])
        }
        try owner.query(
            "INSERT INTO second_factors (school_id, user_id, secret, confirmed_at) VALUES (1, $1, 's1:x', now())",
            [ids.others[3]])
    }

    /// Everything of an answer that could tell something: with the request's own id, and without the date.
    private func guess(
        _ login: Login, _ password: String, otp: String? = nil, from address: String
    ) throws -> [String] {
        let code = otp.map { #", "otp": "\#($0)""# } ?? ""
        let answer = try TestClient(port: server.port).post(
            "/v1/auth/token",
            json:
                #"{"grant_type": "password", "school": "lyceum29", "username": "\#(login.rawValue)", "password": "\#(password)"\#(code)}"#,
            headers: [("X-Forwarded-For", address), ("X-Request-Id", "guess")])
        return ["\(answer.status)"] + answer.headers.filter { $0.name != "Date" }.map { "\($0.name): \($0.value)" }
            + [answer.text]
    }

    private func hashes() throws -> Int { try metric("lyceum_offload_started_total", ["pool": "passwords"]) }

    private func metric(_ name: String, _ labels: [String: String] = [:]) throws -> Int {
        let metrics = try MetricsText(TestClient(port: #require(server.server.adminPort)).get("/metrics").text)
        return Int(metrics.values(name, labels)[0])
    }

    private func failures() throws -> Int {
        Int(try server.owner().query("SELECT count(*) FROM sign_in_failures").first!)!
    }

    @Test func A6_aWrongPasswordIsAnsweredAlikeWithTheSameWorkWhateverIsBehindTheLogin() throws {
        var answers: [Login: [String]] = [:]
        for (index, login) in Login.allCases.enumerated() {
            let before = try (hashes(), failures())
            answers[login] = try guess(login, "wrong", from: "198.51.100.\(index)")
            #expect(try hashes() == before.0 + 1, "\(login)")
            #expect(try failures() == before.1 + 1, "\(login)")
            // Nor does a code change anything.
            #expect(try guess(login, "wrong", otp: "123456", from: "198.51.100.\(index)") == answers[login])
        }
        let unknown = try #require(answers[.unknown])
        #expect(unknown[0] == "400")
        for (login, answer) in answers { #expect(answer == unknown, "\(login)") }
    }

    /// Nor is the right password told from a wrong one where nobody may sign in.
    @Test func A6_aBlockedAccountDoesNotTellItsPassword() throws {
        let before = try hashes()
        let right = try guess(.blocked, TestServer.password, from: "203.0.113.1")
        #expect(try right == guess(.unknown, TestServer.password, from: "203.0.113.2"))
        #expect(try hashes() == before + 2)
    }

    /// A lock does not tell either, and comes before the hash.
    @Test(arguments: Login.allCases) func A6_aLockIsAnsweredAlikeWithoutAHash(_ login: Login) throws {
        let index = Login.allCases.firstIndex(of: login)!
        let address = "192.0.2.\(index)"
        for _ in 0..<5 { #expect(try guess(login, "wrong", from: address)[0] == "400") }
        let before = try hashes()
        let locked = try guess(login, TestServer.password, from: address)
        #expect(locked[0] == "429")
        #expect(try hashes() == before)
        let other = "192.0.2.\(100 + index)"
        for _ in 0..<5 { _ = try guess(.unknown, "wrong", from: other) }
        #expect(Self.timeless(locked) == Self.timeless(try guess(.unknown, "wrong", from: other)))
    }

    /// Without how long the lock lasts, which follows from when the guesses came.
    private static func timeless(_ answer: [String]) -> [String] {
        answer.map { $0.replacing(/Retry-After: \d+/, with: "Retry-After").replacing(/\d+ (min|мин)/, with: "min") }
    }

    /// Whoever tries passwords one after another takes the processor from nobody else (`PasswordThreads`); some wrong ones among
    /// right ones are no such thing.
    @Test func A6_whileMostPasswordsAreWrongHashingYields() throws {
        func isGuessedAt() throws -> Bool { try metric("lyceum_passwords_guessed_at") == 1 }
        func right(_ count: Int) throws {
            for index in 0..<count {
                #expect(try guess(.active, TestServer.password, from: "10.1.0.\(index)")[0] == "200")
            }
        }
        // Forget what other tests have guessed.
        try right(20)
        for index in 0..<16 {
            _ = try guess(.unknown, "wrong", from: "10.2.0.\(index)")
            if index.isMultiple(of: 2) { try right(1) }
        }
        #expect(try !isGuessedAt())
        for index in 0..<22 { _ = try guess(.active, "wrong", from: "10.3.0.\(index)") }
        #expect(try isGuessedAt())
        try right(3)
        #expect(try !isGuessedAt())
    }
}
