import Crypto
import DiarySignIn
import DiaryTestSupport
import JSON
import Postgres
import Reactor
import Testing

/// Signing in, renewing, revoking, and all tokens that must be refused.
@Suite(.serialized) struct TokensTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let anonymous: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        anonymous = TestClient(port: server.port)
    }

    private func signIn(_ login: String = "parent") throws -> JSONValue {
        let answer = try anonymous.post(
            "/v1/auth/token",
            json:
                "{\"grant_type\":\"password\",\"school\":\"lyceum29\",\"username\":\"\(login)\",\"password\":\"lyceum-demo\"}"
        )
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer["Cache-Control"] == "no-store")
        #expect(answer["Pragma"] == "no-cache")
        return answer.json
    }

    private func refresh(_ token: String) throws -> TestClient.Answer {
        try anonymous.post("/v1/auth/token", json: "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"\(token)\"}")
    }

    private func me(_ access: String) throws -> Int {
        try TestClient(port: server.port, token: access).get("/v1/me").status
    }

    @Test func aFormWorksLikeJSON() throws {
        let answer = try anonymous.send(
            "POST", "/v1/auth/token", headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array("grant_type=password&school=lyceum29&username=Parent&password=lyceum-demo&extra=1".utf8))
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["token_type"]?.string == "Bearer")
        #expect(answer.json["expires_in"]?.int == 900)
    }

    @Test(arguments: [
        "{\"grant_type\":\"password\",\"school\":\"lyceum29\",\"username\":\"parent\",\"password\":\"wrong\"}",
        "{\"grant_type\":\"password\",\"school\":\"lyceum29\",\"username\":\"nobody\",\"password\":\"lyceum-demo\"}",
        "{\"grant_type\":\"password\",\"school\":\"nowhere\",\"username\":\"parent\",\"password\":\"lyceum-demo\"}",
        "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"x\"}",
        "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"r_1_0198cc72653e7e34873b6bb165cc5f15_AAAA\"}",
    ])
    func A6_everyFailedSignInLooksTheSame(_ body: String) throws {
        let answer = try anonymous.post("/v1/auth/token", json: body)
        #expect(answer.status == 400)
        #expect(answer["Content-Type"] == "application/json")
        #expect(answer.json["error"]?.string == "invalid_grant")
        #expect(answer.code == "invalid_grant")
        #expect(answer.json["errors"] == nil)
    }

    @Test func A6_fiveFailuresLockTheLoginForTheAddress() throws {
        let wrong =
            "{\"grant_type\":\"password\",\"school\":\"lyceum29\",\"username\":\"student\",\"password\":\"wrong\"}"
        for _ in 0..<5 { #expect(try anonymous.post("/v1/auth/token", json: wrong).status == 400) }
        let right = wrong.replacing("wrong", with: "lyceum-demo")
        let locked = try anonymous.post("/v1/auth/token", json: right)
        #expect(locked.status == 429)
        #expect(locked.code == "too_many_attempts")
        #expect(locked["Retry-After"] != nil)
        // An unknown login is locked in the same way; other logins are not locked.
        let unknown = wrong.replacing("student", with: "nobody-at-all")
        for _ in 0..<5 { #expect(try anonymous.post("/v1/auth/token", json: unknown).status == 400) }
        #expect(try anonymous.post("/v1/auth/token", json: unknown).status == 429)
        _ = try signIn("parent")
    }

    @Test(arguments: [
        ("{\"school\":\"lyceum29\"}", "invalid_request"), ("[]", "invalid_request"),
        ("{\"grant_type\":5}", "invalid_request"), ("{\"grant_type\":\"magic\"}", "unsupported_grant_type"),
        (
            "{\"grant_type\":\"password\",\"school\":\"lyceum29\",\"username\":\"parent\",\"password\":\"\"}",
            "invalid_request"
        ),
    ])
    func malformedRequestsAreAnsweredAsRFC6749Says(_ body: String, _ error: String) throws {
        let answer = try anonymous.post("/v1/auth/token", json: body)
        #expect(answer.status == 400)
        #expect(answer.json["error"]?.string == error)
        #expect(answer.json["error_description"]?.string?.utf8.allSatisfy { $0 < 128 } == true)
    }

    @Test func aRefreshTokenWorksOnceAndALostAnswerIsRepeated() throws {
        let first = try #require(signIn()["refresh_token"]?.string)
        let second = try refresh(first)
        #expect(second.status == 200)
        let token = try #require(second.json["refresh_token"]?.string)
        #expect(token != first)
        // The immediate predecessor gets the same successor while that is unused.
        let again = try refresh(first)
        #expect(again.status == 200)
        #expect(again.json["refresh_token"]?.string == token)
        // After the successor is used, the predecessor counts as stolen, and the session ends.
        let third = try refresh(token)
        #expect(third.status == 200)
        #expect(try refresh(first).status == 400)
        #expect(try refresh(third.json["refresh_token"]!.string!).status == 400)
    }

    @Test func aSuccessorIsNotRepeatedAfterAMinute() throws {
        let first = try #require(signIn("deputy")["refresh_token"]?.string)
        let second = try refresh(first)
        #expect(second.status == 200)
        try server.owner().execute(
            "UPDATE sessions SET rotated_at = now() - interval '61 seconds' WHERE rotated_at IS NOT NULL")
        #expect(try refresh(first).status == 400)
        #expect(try refresh(second.json["refresh_token"]!.string!).status == 400, "the session has ended")
    }

    @Test func aGuessDoesNotEndASession() throws {
        let token = try #require(signIn("head")["refresh_token"]?.string)
        let parts = token.split(separator: "_", maxSplits: 3)
        let guess = parts[0...2].joined(separator: "_") + "_" + Base64.url.encode([UInt8](repeating: 7, count: 36))
        #expect(try refresh(guess).status == 400)
        #expect(try refresh(token).status == 200)
    }

    @Test func revokingEndsTheSession() throws {
        let tokens = try signIn("teacher")
        let answer = try anonymous.post("/v1/auth/revoke", json: "{\"token\":\"\(tokens["refresh_token"]!.string!)\"}")
        #expect(answer.status == 200)
        #expect(answer.text == "{}")
        #expect(try refresh(tokens["refresh_token"]!.string!).status == 400)
        // Writes end at once.
        let client = TestClient(port: server.port, token: tokens["access_token"]!.string!)
        let write = try client.patch(
            "/v1/sections/\(ids.section)/journal",
            json:
                "{\"marks\":[{\"lesson_id\":\"\(ids.lesson)\",\"student_id\":\"\(ids.child)\",\"value\":null,\"version\":0}]}"
        )
        #expect(write.status == 401)
        #expect(try anonymous.post("/v1/auth/revoke", json: "{\"token\":\"nonsense\"}").status == 200)
    }

    @Test func aHashOfOlderParametersIsRenewed() throws {
        let owner = try server.owner()
        let person = [String(ids.school), ids.others[0]]
        try owner.query(
            "UPDATE users SET state = 'active', login = 'old-hash', password_hash = $3 WHERE school_id = $1 AND id = $2",
            person + ["$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$p6ed9onbbcPCsi3c5TBjYxYOGRmyXZICGQFQ9jliEzk"])
        let server = server
        // Also when two sign-ins run at the same time.
        for _ in 0..<2 {
            #expect(try atOnce(2) { _ in try server.signIn("old-hash").token != nil } == [true, true])
            let hash = try owner.query("SELECT password_hash FROM users WHERE school_id = $1 AND id = $2", person).first
            #expect(hash?.hasPrefix("$scrypt$ln=15,r=8,p=1$") == true)
        }
    }

    @Test func aDeactivatedUserGetsNoNewTokens() throws {
        let tokens = try signIn("admin")
        try server.owner().query(
            "UPDATE users SET state = 'blocked' WHERE school_id = $1 AND login = 'admin'", [String(ids.school)])
        #expect(try refresh(tokens["refresh_token"]!.string!).status == 400)
    }

    @Test func anActivityDayIsWrittenWithTheTokenAndNotOnReads() throws {
        let owner = try server.owner()
        func days() throws -> String? {
            try owner.query(
                "SELECT count(*) FROM activity_days a JOIN users u ON u.school_id = a.school_id AND u.id = a.user_id WHERE u.login = 'parent' AND a.school_id = $1 AND date = $2::date",
                [String(ids.school), TestServer.today]
            ).first
        }
        try owner.execute("DELETE FROM activity_days")
        let tokens = try signIn()
        #expect(try days() == "1")
        try owner.execute("DELETE FROM activity_days")
        #expect(try me(tokens["access_token"]!.string!) == 200)
        #expect(try days() == "0")
    }

    // MARK: Access tokens

    @Test func withoutATokenTheChallengeHasNoError() throws {
        let answer = try anonymous.get("/v1/me")
        #expect(answer.status == 401)
        #expect(answer["WWW-Authenticate"] == "Bearer")
        #expect(answer.code == "unauthorized")
    }

    /// The scheme in any case, with one space or several before the token (RFC 9110 sections 11.1 and 11.4).
    @Test func theSchemeIsReadAsHTTPSays() throws {
        let token = try #require(signIn()["access_token"]?.string)
        for good in ["Bearer \(token)", "bearer \(token)", "BEARER   \(token)"] {
            #expect(try anonymous.get("/v1/me", headers: [("Authorization", good)]).status == 200)
        }
        for none in ["Bearer", "Basic \(token)", "Bearer\t\(token)", token] {
            let answer = try anonymous.get("/v1/me", headers: [("Authorization", none)])
            #expect(answer.status == 401)
            #expect(answer["WWW-Authenticate"] == "Bearer")
        }
    }

    @Test func forgedAndStaleTokensAreRefused() throws {
        let good = try #require(signIn()["access_token"]?.string)
        #expect(try me(good) == 200)
        let parts = good.split(separator: ".").map { String($0) }
        let payload = String(decoding: Base64.url.decode(parts[1])!, as: UTF8.self)
        func claims(_ changes: (String, String)...) throws -> String {
            var text = payload
            for (old, new) in changes {
                let range = try #require(text.firstRange(of: old), "\(old) is not in \(text)")
                text.replaceSubrange(range, with: new)
            }
            return text
        }
        let now = Clock.wall.seconds
        let none = Base64.url.encode(Array("{\"alg\":\"none\",\"kid\":\"k1\"}".utf8))
        let other = Base64.url.encode(Array("{\"alg\":\"RS256\",\"kid\":\"k1\"}".utf8))
        let exp = try #require(payload.firstMatch(of: /"exp":[0-9]+/)).output
        let iat = try #require(payload.firstMatch(of: /"iat":[0-9]+/)).output
        let strangeKeys = "k1:" + Base64.url.encode([UInt8](repeating: 9, count: 32))
        let bad: [(String, String)] = [
            ("alg none", "\(none).\(parts[1])."), ("alg other", "\(other).\(parts[1]).\(parts[2])"),
            ("no signature", "\(parts[0]).\(parts[1])."), ("two parts", "\(parts[0]).\(parts[1])"),
            ("another key", try TestServer.token(payload, keys: strangeKeys)),
            ("another kid", try TestServer.token(payload, keys: strangeKeys.replacing("k1:", with: "k9:"))),
            ("expired", try TestServer.token(claims((String(exp), "\"exp\":\(now - 1)")))),
            ("future", try TestServer.token(claims((String(iat), "\"iat\":\(now + 300)")))),
            ("other audience", try TestServer.token(claims(("\"aud\":\"lyceum\"", "\"aud\":\"else\"")))),
            ("other issuer", try TestServer.token(claims(("\"iss\":\"lyceum\"", "\"iss\":\"else\"")))),
            ("no school", try TestServer.token(claims(("\"school\":1", "\"school\":99999")))),
            ("not a token", "x"), ("empty parts", ".."),
        ]
        for (name, token) in bad {
            let answer = try TestClient(port: server.port, token: token).get("/v1/me")
            #expect(answer.status == 401, "\(name): \(answer.status)")
            #expect(answer["WWW-Authenticate"] == "Bearer error=\"invalid_token\"", "\(name)")
        }
    }

    @Test func anotherSchoolsTokenSeesNothingOfThisSchool() throws {
        let strange = try server.signIn("deputy", school: try otherCode())
        for path in [
            "/v1/students/\(ids.child)/diary", "/v1/students/\(ids.child)/marks", "/v1/sections/\(ids.section)/journal",
            "/v1/marks/\(ids.mark)/history", "/v1/classes/\(ids.class7A)/students",
        ] {
            let answer = try strange.get(path)
            #expect(answer.status == 404, "\(path): \(answer.text)")
        }
        let sections = try strange.get("/v1/sections?limit=200").json["items"]!.array.compactMap { $0["id"]?.string }
        #expect(!sections.isEmpty)
        #expect(!sections.contains(ids.section))
        // Nor does a token that claims this school for a person of another one.
        let user = try server.owner().query(
            "SELECT id FROM users WHERE school_id = $1 AND login = 'parent'", [String(ids.otherSchool)]
        ).first!
        let mixed = TestClient(
            port: server.port,
            token: try server.token(subject: user, school: ids.school, session: user, roles: ["guardian"]))
        #expect(try mixed.get("/v1/students/\(ids.child)/diary").status == 404)
    }

    private func otherCode() throws -> String {
        try server.owner().query("SELECT code FROM schools WHERE id = $1", [String(ids.otherSchool)]).first!
    }
}
