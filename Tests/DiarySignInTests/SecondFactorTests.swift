import Crypto
import DiaryTestSupport
import JSON
import Postgres
import Testing

/// One-time passwords at sign-in (A6), and what a person does about its own.
@Suite(.serialized) struct SecondFactorTests {
    let school: SecondFactorSchool
    var server: TestServer { school.server }

    init() async throws { school = try await SecondFactorSchool(of: Self.self) }

    private func value(_ sql: String, _ rest: String?...) throws -> String? {
        try server.owner().query(sql, [String(school.school.ids.school)] + rest).first
    }

    @Test func itIsAskedForFromItsFirstCodeOn() throws {
        let (id, login) = try school.teacher(0)
        let client = try school.client(login)
        let other = try school.client(login)
        #expect(
            try client.get("/v1/me/second-factor").text
                == #"{"state":"off","required":false,"confirmed_at":null,"recovery_codes_left":0}"#)
        #expect(try SecondFactorSchool.confirm(client, "123456").status == 404, "nothing was begun")

        let begun = try SecondFactorSchool.begin(client)
        #expect(begun.status == 201, "\(begun.text)")
        #expect(begun["Cache-Control"] == "private, no-store")
        let secret = try #require(begun.json["secret"]?.string)
        #expect(secret.count == 32)
        #expect(begun.json["uri"]?.string?.hasSuffix("&algorithm=SHA1&digits=6&period=30") == true)
        #expect(begun.json["uri"]?.string?.contains(":\(login)?secret=\(secret)&issuer=") == true)
        #expect(try school.state(client)["state"]?.string == "pending")
        #expect(try school.signIn(login).status == 200, "it is not asked for before it is confirmed")

        let app = try Authenticator(secret: secret, school.clock)
        let wrong = try SecondFactorSchool.confirm(client, app.wrongCode)
        #expect(wrong.status == 403)
        #expect(wrong.code == "wrong_code")
        let confirmed = try SecondFactorSchool.confirm(client, app.code)
        #expect(confirmed.status == 200, "\(confirmed.text)")
        let codes = confirmed.json["recovery_codes"]!.array.compactMap { $0.string }
        #expect(Set(codes).count == 10)
        #expect(codes.allSatisfy { $0.wholeMatch(of: /([A-HJKMNP-Z2-9]{4}-){3}[A-HJKMNP-Z2-9]{4}/) != nil })
        #expect(try school.state(client)["state"]?.string == "on")
        #expect(try school.state(client)["recovery_codes_left"]?.int == 10)
        // Sessions that were opened without it write no more; this one does.
        #expect(try other.delete("/v1/me/sessions/\(DemoSchoolIDs.nothing)").status == 401)
        #expect(try client.delete("/v1/me/sessions/\(DemoSchoolIDs.nothing)").status == 404)

        let missing = try school.signIn(login)
        #expect(missing.status == 400)
        #expect(missing.json["error"]?.string == "second_factor_required")
        #expect(missing.code == "second_factor_required")
        #expect(try school.signIn(login, otp: app.code).code == "invalid_second_factor", "it confirmed with this one")
        school.clock.advance()
        #expect(try school.signIn(login, otp: app.code).status == 200)
        let again = try school.signIn(login, otp: app.code)
        #expect(again.status == 400)
        #expect(again.json["error"]?.string == "invalid_grant")
        #expect(again.code == "invalid_second_factor")
        school.clock.advance()
        let grouped = try app.code
        #expect(try school.signIn(login, otp: "\(grouped.prefix(3)) \(grouped.suffix(3))").status == 200)

        #expect(try school.signIn(login, otp: codes[3].lowercased().replacing("-", with: " ")).status == 200)
        #expect(try school.state(client)["recovery_codes_left"]?.int == 9)
        // Five minutes later: what failed above is not to lock.
        try server.owner().execute("DELETE FROM sign_in_failures")
        #expect(try school.signIn(login, otp: codes[3]).code == "invalid_second_factor")
        #expect(try SecondFactorSchool.begin(client).code == "second_factor_set")

        // A5: recorded, and none of the secrets.
        let record = try server.owner().query(
            "SELECT action, entity, after ->> 'secret' FROM audit_log WHERE school_id = $1 AND entity_id = $2 AND entity IN ('second_factors', 'recovery_codes') ORDER BY id",
            [String(school.school.ids.school), id]
        ).rows
        #expect(
            record == [
                ["insert", "second_factors", "hidden"], ["update", "second_factors", nil],
                ["insert", "recovery_codes", nil], ["use", "recovery_codes", nil],
            ])
        let everything = try server.owner().query(
            "SELECT a::text FROM audit_log a UNION ALL SELECT f::text FROM second_factors f UNION ALL SELECT c::text FROM recovery_codes c"
        ).rows
        let bytes = Hexadecimal.encode(Base32.decode(secret)!)
        for shown in [secret, bytes] + codes.flatMap({ [$0, $0.replacing("-", with: "")] }) {
            #expect(!everything.contains { $0[0]?.contains(shown) == true })
        }
    }

    /// Nothing is said of a second factor before the password is right.
    @Test func A6_aWrongPasswordTellsNothingOfIt() throws {
        let (_, login, _, app, codes) = try school.teacherWithFactor(1)
        func body(_ answer: TestClient.Answer) -> [String] {
            [String(answer.status), answer.text.replacing(answer["X-Request-Id"]!, with: "")]
        }
        let unknown = try body(school.signIn("nobody-at-all", password: "wrong"))
        #expect(try body(school.signIn(login, password: "wrong")) == unknown)
        #expect(try body(school.signIn(login, password: "wrong", otp: app.code)) == unknown)
        #expect(try body(school.signIn(login, password: "wrong", otp: codes[0])) == unknown)
        #expect(try body(school.signIn("nobody-at-all", password: "wrong", otp: "123456")) == unknown)
        // And none of it was spent.
        #expect(try school.signIn(login, otp: app.code).status == 200)
        #expect(try school.signIn(login, otp: codes[0]).status == 200)
    }

    @Test func A6_noCodeWorksTwiceThoughManyComeAtOnce() throws {
        let (_, login, client, app, codes) = try school.teacherWithFactor(2)
        for code in [try app.code, codes[0]] {
            let school = school
            // From an address each: here it is the code alone that holds them.
            let answers = try atOnce(8) { try school.signIn(login, otp: code, from: "198.51.100.\($0)") }
            #expect(answers.filter { $0.status == 200 }.count == 1, "\(answers.map { $0.text })")
            #expect(answers.filter { $0.code == "invalid_second_factor" }.count == 7)
            try server.owner().execute("UPDATE second_factors SET tries = 0")
        }
        #expect(try school.state(client)["recovery_codes_left"]?.int == 9)
    }

    @Test func A6_whoHoldsASessionHasTenTriesAtConfirming() throws {
        let (_, login) = try school.teacher(9)
        let client = try school.client(login)
        func app() throws -> Authenticator {
            try Authenticator(
                secret: try #require(try SecondFactorSchool.begin(client).json["secret"]?.string), school.clock)
        }
        let first = try app()
        for _ in 0..<10 {
            let answer = try SecondFactorSchool.confirm(client, first.wrongCode)
            #expect(answer.code == "wrong_code")
        }
        let locked = try SecondFactorSchool.confirm(client, first.code)
        #expect(locked.code == "too_many_attempts")
        #expect(locked.json["limit"]?.string == "second_factor", "\(locked.text)")
        #expect((840...900).contains(Int(locked["Retry-After"] ?? "") ?? 0))
        // Who knows the password begins anew.
        let second = try app()
        #expect(try SecondFactorSchool.confirm(client, second.code).status == 200)
    }

    @Test func A6_wrongCodesAreFailedSignIns() throws {
        let (_, login, _, app, _) = try school.teacherWithFactor(3)
        // To be asked for the code is none.
        for _ in 0..<6 { #expect(try school.signIn(login).code == "second_factor_required") }
        for _ in 0..<5 { #expect(try school.signIn(login, otp: app.wrongCode).code == "invalid_second_factor") }
        #expect(try school.signIn(login, otp: app.code).code == "too_many_attempts")
        #expect(try school.signIn(login, otp: app.code, from: "203.0.113.9").status == 200)
    }

    /// A code has a million values: whoever knows the password must not try them from a thousand addresses.
    @Test func A6_codesAreCountedFromAllAddressesTogether() throws {
        let (id, login, _, app, codes) = try school.teacherWithFactor(4)
        let school = school
        let wrong = try app.wrongCode
        let answers = try atOnce(14) { try school.signIn(login, otp: wrong, from: "192.0.2.\($0)") }
        #expect(answers.filter { $0.code == "invalid_second_factor" }.count == 10)
        let locked = answers.filter { $0.code == "too_many_attempts" }
        #expect(locked.count == 4)
        #expect(locked.allSatisfy { $0.json["limit"]?.string == "second_factor" }, "\(locked.map { $0.text })")
        #expect(locked.allSatisfy { (840...900).contains(Int($0["Retry-After"] ?? "") ?? 0) })
        #expect(try school.signIn(login, otp: app.code, from: "203.0.113.1").status == 429)
        #expect(try school.signIn(login, otp: codes[0], from: "203.0.113.2").status == 429)
        // With a wrong password there is no difference.
        #expect(try school.signIn(login, password: "wrong", from: "203.0.113.3").code == "invalid_grant")
        try server.owner().query(
            "UPDATE second_factors SET tries_since = now() - interval '16 minutes' WHERE user_id = $1", [id])
        #expect(try school.signIn(login, otp: app.code, from: "203.0.113.4").status == 200)
    }

    @Test func settingItUpNeedsThePassword() throws {
        let (_, login) = try school.teacher(5)
        let client = try school.client(login)
        #expect(try client.post("/v1/me/second-factor", json: "{}").status == 422)
        for _ in 0..<5 {
            let answer = try SecondFactorSchool.begin(client, password: "не тот")
            #expect(answer.status == 403)
            #expect(answer.code == "wrong_password")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/password")
        }
        #expect(try SecondFactorSchool.begin(client).code == "too_many_attempts")
        #expect(try school.state(client)["state"]?.string == "off")
    }

    @Test func takingItAwayNeedsThePasswordOrACode() throws {
        let (_, login, client, app, codes) = try school.teacherWithFactor(6)
        for (body, status, code) in [
            ("{}", 422, "validation_failed"), (#"{"password": "x", "code": "1"}"#, 422, "validation_failed"),
            (#"{"password": "не тот"}"#, 403, "wrong_password"),
            (#"{"code": "\#(try app.wrongCode)"}"#, 403, "wrong_code"),
        ] {
            let answer = try SecondFactorSchool.remove(client, body)
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.code == code)
            let renewed = try client.post("/v1/me/second-factor/recovery-codes", json: body)
            #expect(renewed.status == status, "\(renewed.text)")
        }
        let renewed = try client.post(
            "/v1/me/second-factor/recovery-codes", json: #"{"password": "\#(CredentialSchool.password)"}"#)
        #expect(renewed.status == 201)
        #expect(renewed.json["recovery_codes"]?.array.count == 10)
        #expect(try school.signIn(login, otp: codes[0]).code == "invalid_second_factor", "the old ones have stopped")
        #expect(try SecondFactorSchool.remove(client, #"{"code": "\#(try app.code)"}"#).status == 204)
        #expect(try school.state(client)["state"]?.string == "off")
        #expect(try school.signIn(login).status == 200)
        #expect(try SecondFactorSchool.remove(client, #"{"password": "\#(CredentialSchool.password)"}"#).status == 404)
        #expect(
            try value(
                "SELECT count(*) FROM recovery_codes c WHERE c.school_id = $1 AND c.user_id = (SELECT id FROM users WHERE login = $2)",
                login) == "0")
    }

    @Test(arguments: ["parent", "student"])
    func familiesHaveNone(_ login: String) throws {
        let client = try server.signIn(login)
        #expect(try client.get("/v1/me/second-factor").status == 403)
        #expect(try SecondFactorSchool.begin(client, password: TestServer.password).status == 403)
        #expect(try SecondFactorSchool.confirm(client, "123456").status == 403)
        #expect(try SecondFactorSchool.remove(client, #"{"password": "\#(TestServer.password)"}"#).status == 403)
    }

    @Test func A2_anAdministratorTakesItAwayFromStaff() throws {
        let (id, login, client, _, _) = try school.teacherWithFactor(7)
        let admin = try server.client("admin")
        let path = "/v1/users/\(id)/second-factor"
        let body = #"{"reason": "телефон потерян"}"#
        func reset(_ client: TestClient, _ body: String) throws -> TestClient.Answer {
            try SecondFactorSchool.remove(client, body, at: path)
        }
        #expect(try reset(admin, "{}").json["errors"]?[0]?["pointer"]?.string == "/reason")
        for other in ["deputy", "head", "teacher"] {
            #expect(try reset(server.signIn(other), body).code == "not_your_credentials", "\(other)")
        }
        #expect(try reset(server.signIn("parent"), body).status == 403)
        #expect(try reset(server.client("admin", school: otherCode()), body).status == 404)
        #expect(try reset(client, body).status == 403, "a teacher who leads no class")
        let answer = try reset(admin, body)
        #expect(answer.status == 204, "\(answer.text)")
        #expect(try reset(admin, body).status == 404)
        #expect(try client.delete("/v1/me/sessions/\(DemoSchoolIDs.nothing)").status == 401)
        #expect(try school.signIn(login).status == 200)
        #expect(
            try value(
                "SELECT concat_ws('|', action, reason, (SELECT login FROM users u WHERE u.school_id = $1 AND u.id = changed_by)) FROM audit_log WHERE school_id = $1 AND entity = 'second_factors' AND entity_id = $2 ORDER BY id DESC LIMIT 1",
                id) == "delete|телефон потерян|admin")
        // Not one's own: a stolen token must not do it.
        let own = try school.school.user("admin")
        #expect(
            try SecondFactorSchool.remove(admin, body, at: "/v1/users/\(own)/second-factor").code
                == "not_your_credentials")
    }

    @Test func aNewPasswordDoesNotTakeItAway() throws {
        let (id, login, _, app, _) = try school.teacherWithFactor(8)
        let issued = try school.school.issue(server.client("admin"), id, reason: "забыт пароль")
        #expect(try school.school.activate(issued.json["code"]!.string!).status == 200)
        #expect(try school.signIn(login).code == "second_factor_required")
        #expect(try school.signIn(login, otp: app.code).status == 200)
    }

    private func otherCode() throws -> String {
        try server.owner().query("SELECT code FROM schools WHERE id = $1", [String(school.school.ids.otherSchool)])
            .first!
    }
}
