import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Guesses are counted before a password is looked at (A6).
@Suite(.serialized) struct LockoutTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let school: CredentialSchool

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try CredentialSchool(server)
        ids = school.ids
    }

    private func failures(_ login: String) throws -> String? {
        try school.value("SELECT count(*) FROM sign_in_failures WHERE school_id = $1 AND login = $2", login)
    }

    @Test(arguments: ["student", "nobody-at-all"])
    func A6_ofTwentyGuessesAtOnceFiveAreLookedAt(_ login: String) throws {
        let school = school
        let answers = try atOnce(20) { try school.signIn(login, "guess \($0)") }
        #expect(answers.filter { $0.status == 400 && $0.code == "invalid_grant" }.count == 5)
        let locked = answers.filter { $0.status == 429 && $0.code == "too_many_attempts" }
        #expect(locked.count == 15)
        #expect(
            locked.allSatisfy { $0.json["error"]?.string == "temporarily_unavailable" && $0["Retry-After"] == "900" })
        #expect(try failures(login) == "5")
        // Case makes no other login of it.
        #expect(try school.signIn(login.uppercased(), TestServer.password).status == 429)
    }

    @Test func A6_theRightPasswordLeavesNoTrace() throws {
        for _ in 0..<7 { #expect(try school.signIn("teacher", TestServer.password).status == 200) }
        #expect(try failures("teacher") == "0")
        // It does not clear what failed before.
        for _ in 0..<4 { #expect(try school.signIn("teacher", "wrong").status == 400) }
        #expect(try school.signIn("teacher", TestServer.password).status == 200)
        #expect(try school.signIn("teacher", "wrong").status == 400)
        #expect(try school.signIn("teacher", TestServer.password).status == 429)
    }

    @Test func A6_whatIsTooOldDoesNotCount() throws {
        let owner = try server.owner()
        func fail(ago interval: String) throws {
            try owner.query(
                """
                INSERT INTO sign_in_failures (school_id, login, address, failed_at)
                SELECT $1, 'head', host('127.0.0.1'::inet)::inet, now() - $2::interval FROM generate_series(1, 5)
                """, [String(ids.school), interval])
        }
        try fail(ago: "16 minutes")
        #expect(try school.signIn("head", TestServer.password).status == 200)
        #expect(try failures("head") == "5")
        try fail(ago: "14 minutes")
        #expect(try school.signIn("head", TestServer.password).status == 429)
    }
}
