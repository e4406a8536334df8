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
        for answer in locked {
            #expect(answer.json["error"]?.string == "temporarily_unavailable")
            #expect((840...900).contains(Int(answer["Retry-After"] ?? "") ?? 0))
            // Whether there is such a login is not told.
            #expect(answer.json["limit"]?.string == "login", "\(answer.text)")
        }
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
        let locked = try school.signIn("head", TestServer.password)
        #expect(locked.status == 429)
        // They are over in a minute.
        #expect((1...60).contains(Int(locked["Retry-After"] ?? "") ?? 0), "\(locked["Retry-After"] ?? "")")
        #expect(locked.json["detail"]?.string?.contains("1 мин") == true, "\(locked.text)")
    }

    /// A school sits behind one address: who is locked out by the failures of others is told so.
    @Test func A6_theLimitThatStruckIsNamed() throws {
        let owner = try server.owner()
        try owner.query("DELETE FROM sign_in_failures WHERE school_id = $1", [String(ids.school)])
        defer { _ = try? owner.query("DELETE FROM sign_in_failures WHERE school_id = $1", [String(ids.school)]) }
        try owner.query(
            """
            INSERT INTO sign_in_failures (school_id, login, address, failed_at)
            SELECT $1, 'other-' || n, host('127.0.0.1'::inet)::inet, now() - interval '10 minutes' FROM generate_series(1, 300) n
            """, [String(ids.school)])
        for login in ["deputy", "nobody-at-all"] {
            let answer = try school.signIn(login, TestServer.password)
            #expect(answer.status == 429)
            #expect(answer.json["limit"]?.string == "address", "\(answer.text)")
            #expect(answer.json["detail"]?.string?.contains("адрес") == true)
            #expect((240...300).contains(Int(answer["Retry-After"] ?? "") ?? 0))
        }
    }
}
