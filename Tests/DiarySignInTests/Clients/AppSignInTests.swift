import Crypto
import Diary
import DiaryServer
import DiaryTestSupport
import HTTP1
import JSON
import Postgres
import Testing
import Web

/// A person admits an app: the page, the code, the tokens, and all refusals.
@Suite(.serialized) struct AppSignInTests {
    let server: TestServer
    let school: AppSchool
    let app: AppSchool.Registered

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try AppSchool(server)
        app = try await Apps.shared.app(school)
    }

    /// One app for all tests of the suite.
    private actor Apps {
        static let shared = Apps()
        private var made: AppSchool.Registered?

        func app(_ school: AppSchool) throws -> AppSchool.Registered {
            if let made { return made }
            let app = try school.app(
                "Дневник в кармане", redirects: [AppSchool.redirect, "http://127.0.0.1/cb", "com.example.diary:/cb"])
            made = app
            return app
        }
    }

    private func client(_ tokens: JSONValue) throws -> TestClient {
        TestClient(port: server.port, token: try #require(tokens["access_token"]?.string))
    }

    private func refresh(_ token: String, _ client: String?, scope: String? = nil) throws -> TestClient.Answer {
        try school.token(
            [("grant_type", "refresh_token"), ("refresh_token", token)] + (client.map { [("client_id", $0)] } ?? [])
                + (scope.map { [("scope", $0)] } ?? []))
    }

    // MARK: The whole sign-in

    @Test func anAppActsAsThePersonUntilItsAccessEnds() throws {
        let shown = try school.page(try school.parameters(app.clientID))
        #expect(shown.status == 200, "\(shown.text)")
        #expect(shown.text.contains("<strong>Дневник в кармане</strong>"))
        #expect(shown.text.contains("Лицей № 29"))
        let answer = try school.submit(try AppSchool.Form(shown), AppSchool.allowing("parent"))
        #expect(answer.status == 303, "\(answer.text)")
        #expect(answer["Location"]?.hasPrefix("https://app.example/callback?code=a_1_") == true)
        #expect(answer["Cache-Control"] == "no-store")
        let sent = try AppSchool.sentBack(answer)
        #expect(sent["state"] == "af0ifjsldkj")
        // RFC 9207.
        #expect(sent["iss"] == "http://127.0.0.1:\(server.port)")
        let tokens = try school.exchange(try #require(sent["code"]), app.clientID)
        #expect(tokens.status == 200, "\(tokens.text)")
        #expect(tokens["Cache-Control"] == "no-store")
        #expect(tokens.json["scope"]?.string == "person")
        let person = try client(tokens.json)
        #expect(try person.get("/v1/me").json["user"]?["login"]?.string == "parent")
        #expect(try person.get("/v1/students/\(school.ids.child)/diary").status == 200)

        // The person sees the app's session with the name of the app.
        let sessions = try person.get("/v1/me/sessions").json["items"]!.array
        #expect(sessions[0]["app"]?.string == "Дневник в кармане")
        #expect(sessions[0]["scopes"]?.array.map { $0.string } == ["person"])

        let renewed = try refresh(try #require(tokens.json["refresh_token"]?.string), app.clientID)
        #expect(renewed.status == 200, "\(renewed.text)")
        #expect(renewed.json["scope"]?.string == "person")
        let spare = try #require(renewed.json["refresh_token"]?.string)
        let revoked = try school.anonymous.post(
            "/v1/auth/revoke", json: #"{"token": "\#(spare)", "client_id": "\#(app.clientID)"}"#)
        #expect(revoked.status == 200, "\(revoked.text)")
        #expect(try refresh(spare, app.clientID).status == 400)
        #expect(try person.delete("/v1/me/sessions/\(DemoSchoolIDs.nothing)").status == 401, "ended for writes at once")
    }

    @Test(arguments: [
        ("http://127.0.0.1:51234/cb", "http://127.0.0.1:51234/cb?code=", "http://127.0.0.1:51234"),
        ("com.example.diary:/cb", "com.example.diary:/cb?code=", "com.example.diary:"),
    ])
    func RFC8252_appsOnADeviceAreSentBackToIt(_ redirect: String, _ start: String, _ source: String) throws {
        let shown = try school.page(try school.parameters(app.clientID, ["redirect_uri": redirect]))
        #expect(shown["Content-Security-Policy"]?.contains("form-action 'self' \(source);") == true)
        let answer = try school.submit(try AppSchool.Form(shown), AppSchool.allowing("teacher"))
        #expect(answer["Location"]?.hasPrefix(start) == true)
        let code = try #require(try AppSchool.sentBack(answer)["code"])
        #expect(try school.exchange(code, app.clientID, redirect: redirect).status == 200)
    }

    @Test func aPersonMayRefuseWithoutSigningIn() throws {
        let form = try AppSchool.Form(school.page(try school.parameters(app.clientID)))
        let answer = try school.submit(form, [("action", "cancel")])
        let sent = try AppSchool.sentBack(answer)
        #expect(sent["error"] == "access_denied")
        #expect(sent["state"] == "af0ifjsldkj")
        #expect(sent["iss"] != nil)
        #expect(sent["code"] == nil)
    }

    // MARK: The page

    @Test func thePageKeepsStrangersOut() throws {
        let page = try school.page(try school.parameters(app.clientID))
        let policy = try #require(page["Content-Security-Policy"])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(policy.contains("form-action 'self' https://app.example; base-uri 'none'; frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(page["Referrer-Policy"] == "no-referrer")
        #expect(page["Cache-Control"] == "no-store, no-transform")
        #expect(page["X-Frame-Options"] == "DENY")
        let cookie = try #require(page["Set-Cookie"])
        #expect(cookie.hasPrefix("lyceum-form="))
        #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Lax"))
        // The policy has the hash of the style in the page.
        let style = try #require(page.text.firstMatch(of: /<style>([^<]*)<\/style>/)).output.1
        let digest = Base64.standard.encode(try SHA256.hash(Array(style.utf8)))
        #expect(policy.contains("'sha256-\(digest)='"))
        #expect(!page.text.contains("<script"))
    }

    @Test func theCookieIsBoundToTheHostWithTLS() async throws {
        let server = try await TestServer(configure: {
            $0.proxies = TrustedProxies([try #require(AddressBlock("127.0.0.1"))])
        })
        let school = try AppSchool(server)
        let app = try school.app("По TLS")
        let secure = [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.9")]
        let path = "/oauth/authorize?\(AppSchool.form(try school.parameters(app.clientID)))"
        let page = try school.anonymous.get(path, headers: secure)
        let cookie = try #require(page["Set-Cookie"])
        #expect(cookie.hasPrefix("__Host-lyceum-form="))
        #expect(cookie.hasSuffix("; Path=/; Secure; HttpOnly; SameSite=Lax"))
        let answer = try school.submit(try AppSchool.Form(page), AppSchool.allowing("parent"), headers: secure)
        #expect(try AppSchool.sentBack(answer)["iss"]?.hasPrefix("https://") == true)
    }

    @Test func thePageSpeaksRussianAndEnglish() throws {
        let parameters = try school.parameters(app.clientID)
        let russian = try school.page(parameters, language: "ru")
        #expect(russian.text.contains("<html lang=\"ru\">") && russian.text.contains("Войти и разрешить"))
        #expect(russian["Content-Language"] == "ru")
        let english = try school.page(parameters, language: "en")
        #expect(english.text.contains("<html lang=\"en\">") && english.text.contains("Sign in and allow"))
        #expect(english["Vary"]?.contains("Accept-Language") == true)
    }

    @Test func inputIsShownAsTextAndNotAsMarkup() throws {
        // A quotation mark with a combining accent is one Swift character and still closes an attribute.
        let hostile = "\"><script>alert(1)</script>'\"\u{301} onfocus=\"x\" <\u{338}b>&amp;\u{200D}\""
        let app = try school.register(
            """
            {"kind": "app", "name": "<b>\\"\u{301}'&", "redirect_uris": ["\(AppSchool.redirect)"], "scopes": ["person"]}
            """)
        let page = try school.page(try school.parameters(app.clientID, ["state": hostile]))
        #expect(page.status == 200)
        #expect(page.text.contains("<strong>&lt;b&gt;&quot;\u{301}&#39;&amp;</strong>"))
        for text in ["<script", "<b>", "\"\u{301}", "<\u{338}"] {
            #expect(!page.text.unicodeScalars.contains(text.unicodeScalars), "\(text)")
        }
        let form = try AppSchool.Form(page)
        #expect(form.fields.first { $0.0 == "state" }?.1 == hostile)
        // The form shows a rejected login again.
        let again = try school.submit(form, AppSchool.allowing("\"\u{301}><i>", "wrong"))
        #expect(again.status == 400)
        #expect(again.text.unicodeScalars.contains("value=\"&quot;\u{301}&gt;&lt;i&gt;\"".unicodeScalars))
        #expect(!again.text.contains("<i>"))
        let answer = try school.submit(form, AppSchool.allowing("parent"))
        #expect(try AppSchool.sentBack(answer)["state"] == hostile)
        #expect(answer["Location"]?.utf8.allSatisfy { (0x21...0x7E).contains($0) } == true)
    }

    @Test(arguments: [
        "client_id=%00", "client_id=%FF", "client_id=%", "client_id=c_1_x", "client_id=", "", "client_id=c_1_\u{20}",
        "client_id=c_99999999999999999999_0198cc72653e7e34873b6bb165cc5f15",
        "client_id=c_7_0198cc72653e7e34873b6bb165cc5f15", "client_id=c_1_0198cc72653e7e34873b6bb165cc5f15",
        "client_id=c_1_0198cc72653e7e34873b6bb165cc5f15&client_id=c_1_0198cc72653e7e34873b6bb165cc5f15",
        String(repeating: "a=b&", count: 200), "client_id=" + String(repeating: "c_1_", count: 1500),
    ])
    func malformedParametersGetAPageAndNoRedirect(_ query: String) throws {
        let query = query.replacing(" ", with: "%20")
        for answer in [
            try school.anonymous.get("/oauth/authorize?\(query)"),
            try school.anonymous.send(
                "POST", "/oauth/authorize", headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: Array(query.utf8)),
        ] {
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer["Content-Type"] == "text/html; charset=utf-8")
            #expect(answer["Location"] == nil)
            #expect(answer["Content-Security-Policy"]?.contains("form-action 'none'") == true)
        }
    }

    @Test(arguments: [
        "https://evil.example/", "https://app.example/callback/", "https://app.example/callback?x",
        "http://app.example/callback",
        "https://app.example:444/callback", "https://app.example/callback#x", "com.example.other:/cb",
        "javascript:alert(1)",
        "http://127.0.0.1:5/other", "//app.example/callback", "https://app.example/callback\u{301}",
    ])
    func nobodyIsSentToAnAddressThatIsNotTheApps(_ redirect: String) throws {
        for changes in [["redirect_uri": redirect], ["redirect_uri": redirect, "response_type": "x"]] {
            let answer = try school.page(try school.parameters(app.clientID, changes))
            #expect(answer.status == 400)
            #expect(answer["Location"] == nil)
            #expect(!answer.text.contains("<form"))
        }
        let twice = try school.parameters(app.clientID) + [("redirect_uri", AppSchool.redirect)]
        #expect(try school.page(twice).status == 400)
        #expect(try school.page(try school.parameters(app.clientID, ["redirect_uri": nil])).status == 400)
    }

    @Test(
        arguments: [
            (["response_type": nil], "invalid_request"), (["response_type": "token"], "unsupported_response_type"),
            (["response_type": "code id_token"], "unsupported_response_type"),
            (["code_challenge": nil], "invalid_request"), (["code_challenge_method": nil], "invalid_request"),
            (["code_challenge_method": "plain"], "invalid_request"),
            (["code_challenge_method": "s256"], "invalid_request"),
            (["code_challenge": "short"], "invalid_request"),
            (["code_challenge": String(repeating: "!", count: 43)], "invalid_request"),
            (["scope": "people.read"], "invalid_scope"), (["scope": "person admin"], "invalid_scope"),
            (["scope": " "], "invalid_scope"), (["scope": "PERSON"], "invalid_scope"),
        ] as [([String: String?], String)])
    func anAppIsToldWhatWasWrong(_ changes: [String: String?], _ error: String) throws {
        let answer = try school.page(try school.parameters(app.clientID, changes))
        let sent = try AppSchool.sentBack(answer)
        #expect(answer["Location"]?.hasPrefix("https://app.example/callback?error=") == true, "\(answer.status)")
        #expect(sent["error"] == error)
        #expect(sent["state"] == "af0ifjsldkj")
        #expect(sent["iss"] != nil)
    }

    @Test(arguments: ["state", "scope", "code_challenge", "response_type"])
    func aRepeatedParameterIsRefused(_ name: String) throws {
        let answer = try school.page(try school.parameters(app.clientID) + [(name, "x")])
        let sent = try AppSchool.sentBack(answer)
        #expect(sent["error"] == "invalid_request")
        #expect((sent["state"] == nil) == (name == "state"))
    }

    // MARK: The form

    @Test func aFormOfAnotherBrowserSignsNobodyIn() throws {
        let parameters = try school.parameters(app.clientID)
        let form = try AppSchool.Form(school.page(parameters))
        let other = try AppSchool.Form(school.page(parameters))
        func refused(_ form: AppSchool.Form, _ why: String) throws {
            let answer = try school.submit(form, AppSchool.allowing("parent"))
            #expect(answer.status == 403, "\(why)")
            #expect(answer["Location"] == nil, "\(why)")
        }
        var bad = form
        bad.cookie = other.cookie
        try refused(bad, "another browser's")
        bad.cookie = "lyceum-form=x"
        try refused(bad, "a malformed cookie")
        bad = form
        bad.cookie = "other=1"
        try refused(bad, "no cookie")
        bad = form
        bad.fields.removeAll { $0.0 == "form_token" }
        try refused(bad, "no token")
        bad.fields.append(("form_token", "9999999999.e30.AAAA"))
        try refused(bad, "a forged token")
        bad = form
        let index = try #require(bad.fields.firstIndex { $0.0 == "form_token" })
        let parts = bad.fields[index].1.split(separator: ".")
        bad.fields[index].1 = "\(Int(parts[0])! + 1).\(parts[1]).\(parts[2])"
        try refused(bad, "a token that was made to last")
        let further = Base64.url.encode(Array(#"{"user":"\(school.ids.child)","login":"student"}"#.utf8))
        bad.fields[index].1 = "\(parts[0]).\(further).\(parts[2])"
        try refused(bad, "a token that claims a password")
        // A token is valid only for its own parameters.
        bad = form
        bad.fields[bad.fields.firstIndex { $0.0 == "state" }!].1 = "other"
        try refused(bad, "another state")
        bad = form
        bad.fields[bad.fields.firstIndex { $0.0 == "code_challenge" }!].1 = try AppSchool.challenge("x")
        try refused(bad, "another challenge")
        // No attempt was counted, and a stranger's cancel refuses nothing.
        bad = form
        bad.cookie = other.cookie
        #expect(try school.submit(bad, [("action", "cancel")]).status == 403)
        #expect(try school.submit(form, AppSchool.allowing("parent")).status == 303)
    }

    @Test(
        arguments: [
            [], [("username", "parent")], [("password", "x")], [("username", ""), ("password", "")],
            [("username", "parent"), ("username", "teacher"), ("password", "lyceum-demo")],
        ] as [[(String, String)]])
    func aFormWithoutLoginOrPasswordIsAskedAgain(_ fields: [(String, String)]) throws {
        let form = try AppSchool.Form(school.page(try school.parameters(app.clientID)))
        let answer = try school.submit(form, fields + [("action", "allow")])
        #expect(answer.status == 400)
        #expect(answer.text.contains("role=\"alert\""))
    }

    @Test func A6_aWrongPasswordAnUnknownLoginAndAClosedAccountLookTheSame() throws {
        let form = try AppSchool.Form(school.page(try school.parameters(app.clientID)))
        try server.owner().query(
            "UPDATE users SET state = 'blocked' WHERE school_id = $1 AND login = 'head'", [String(school.ids.school)])
        let answers = try [("student", "wrong"), ("nobody", "wrong"), ("head", TestServer.password)].map {
            try school.submit(form, AppSchool.allowing($0.0, $0.1))
        }
        for answer in answers {
            #expect(answer.status == 400)
            #expect(answer.text.contains("The login or the password is wrong."))
        }
        func plain(_ answer: TestClient.Answer) -> String {
            answer.text.replacing(/value="[^"]*"/, with: "")
        }
        #expect(plain(answers[0]) == plain(answers[1]) && plain(answers[1]) == plain(answers[2]))
    }

    @Test func A6_fiveFailuresLockTheLoginHereToo() throws {
        let form = try AppSchool.Form(school.page(try school.parameters(app.clientID)))
        for _ in 0..<5 { #expect(try school.submit(form, AppSchool.allowing("deputy", "wrong")).status == 400) }
        let locked = try school.submit(form, AppSchool.allowing("deputy"))
        #expect(locked.status == 429)
        #expect((840...900).contains(Int(locked["Retry-After"] ?? "") ?? 0))
        #expect(locked.text.contains("role=\"alert\""))
    }

    // MARK: The code

    @Test func aCodeWorksOnceAndASecondUseEndsTheSession() throws {
        let code = try school.code("teacher", app.clientID)
        let tokens = try school.exchange(code, app.clientID)
        #expect(tokens.status == 200)
        let again = try school.exchange(code, app.clientID)
        #expect(again.status == 400)
        #expect(again.json["error"]?.string == "invalid_grant")
        #expect(try refresh(tokens.json["refresh_token"]!.string!, app.clientID).status == 400)
        #expect(try client(tokens.json).delete("/v1/me/sessions/\(DemoSchoolIDs.nothing)").status == 401)
    }

    @Test func concurrentUsesOfACodeLeaveNoSession() throws {
        let code = try school.code("teacher", app.clientID)
        let (school, clientID) = (school, app.clientID)
        let answers = try atOnce(8) { _ in try school.exchange(code, clientID) }
        let good = answers.filter { $0.status == 200 }
        #expect(good.count == 1)
        #expect(try refresh(good[0].json["refresh_token"]!.string!, app.clientID).status == 400)
    }

    @Test func aCodeBelongsToItsAppAddressAndVerifier() throws {
        let other = try school.app("Чужое \(Int.random(in: 0..<1_000_000))")
        func refused(
            _ why: String, client: String? = nil, redirect: String = AppSchool.redirect,
            verifier: String? = AppSchool.verifier, error: String = "invalid_grant"
        ) throws {
            let code = try school.code("teacher", app.clientID)
            let answer = try school.exchange(code, client ?? app.clientID, redirect: redirect, verifier: verifier)
            #expect(answer.status == 400, "\(why): \(answer.text)")
            #expect(answer.json["error"]?.string == error, "\(why)")
            // The attempt spends the code, if it got that far.
            if error == "invalid_grant" {
                #expect(try school.exchange(code, app.clientID).status == 400, "\(why)")
            }
        }
        try refused("another app's", client: other.clientID)
        try refused("another address", redirect: "http://127.0.0.1/cb")
        try refused("another verifier", verifier: AppSchool.verifier + "x")
        try refused("the challenge itself", verifier: try AppSchool.challenge())
        try refused("a short verifier", verifier: "x")
        try refused("a verifier of other characters", verifier: String(repeating: "é", count: 30))
        try refused("no verifier", verifier: nil, error: "invalid_request")
    }

    @Test func aCodeLivesAMinute() throws {
        let code = try school.code("teacher", app.clientID)
        try server.owner().execute("UPDATE authorization_codes SET expires_at = now() WHERE used_at IS NULL")
        #expect(try school.exchange(code, app.clientID).status == 400)
    }

    @Test(arguments: [
        "x", "a_1_0198cc72653e7e34873b6bb165cc5f15_AAAA", "a_1__", "r_1_0198cc72653e7e34873b6bb165cc5f15_AAAA",
    ])
    func aGuessIsNoCode(_ code: String) throws {
        let answer = try school.exchange(code, app.clientID)
        #expect(answer.status == 400)
        #expect(answer.json["error"]?.string == "invalid_grant")
    }

    @Test func aGuessOfTheSecretDoesNotSpendACode() throws {
        let code = try school.code("teacher", app.clientID)
        let parts = code.split(separator: "_", maxSplits: 3)
        let guess = parts[0...2].joined(separator: "_") + "_" + Base64.url.encode([UInt8](repeating: 7, count: 32))
        #expect(try school.exchange(guess, app.clientID).status == 400)
        #expect(try school.exchange(code, app.clientID).status == 200)
    }

    @Test func aChangedPasswordVoidsTheCode() throws {
        let code = try school.code("teacher", app.clientID)
        try server.owner().query(
            "UPDATE users SET password_changed_at = now() WHERE school_id = $1 AND login = 'teacher'",
            [String(school.ids.school)])
        #expect(try school.exchange(code, app.clientID).status == 400)
    }

    // MARK: What an app may do

    @Test func anAppThatMayReadCannotWrite() throws {
        let tokens = try school.session("teacher", app.clientID, ["scope": "person.read"])
        #expect(tokens["scope"]?.string == "person.read")
        let reader = try client(tokens)
        #expect(try reader.get("/v1/sections/\(school.ids.section)/journal").status == 200)
        let write = try reader.patch("/v1/sections/\(school.ids.section)/journal", json: "{}")
        #expect(write.status == 403)
        #expect(write.code == "insufficient_scope")
        #expect(write["WWW-Authenticate"] == "Bearer error=\"insufficient_scope\", scope=\"person\"")
        // A renewal can narrow the scope but not widen it.
        let token = tokens["refresh_token"]!.string!
        let wider = try refresh(token, app.clientID, scope: "person")
        #expect(wider.status == 400)
        #expect(wider.json["error"]?.string == "invalid_scope")
        let both = try school.session("teacher", app.clientID, ["scope": "person.read person"])
        let narrower = try refresh(both["refresh_token"]!.string!, app.clientID, scope: "person.read")
        #expect(narrower.json["scope"]?.string == "person.read")
    }

    @Test func noAppReachesPasswordsCredentialsOrClients() throws {
        let admin = try client(try school.session("admin", app.clientID))
        #expect(try admin.get("/v1/school/readiness").status == 200)
        let refused = [
            try admin.get("/v1/clients"), try admin.post("/v1/clients", json: "{}"),
            try admin.post("/v1/clients/\(app.id)/secrets", json: "{}"),
            try admin.put("/v1/me/password", json: "{}"),
            try admin.post("/v1/users/\(school.ids.others[0])/credentials", json: "{}"),
            try admin.post("/v1/staff", json: "{}"),
            try admin.patch("/v1/school/settings", json: "{}", headers: [("If-Match", "*")]),
            try admin.get("/v1/imports/templates/staff"), try admin.get("/v1/me/second-factor"),
        ]
        for answer in refused {
            #expect(answer.status == 403)
            #expect(answer.code == "not_for_programs", "\(answer.text)")
            #expect(answer["WWW-Authenticate"] == nil, "no scope would help")
        }
    }

    /// A6: an app sees and ends only the session that it acts in. It does not see the person's other sessions, not even
    /// those of the same app on another device.
    @Test func A6_anAppSeesAndEndsOnlyItsOwnSession() throws {
        let own = try server.client("parent")
        let other = try client(try school.session("parent", app.clientID))
        let acting = try client(try school.session("parent", app.clientID))
        let all = try own.get("/v1/me/sessions?limit=200").json["items"]!.array
        let listed = try acting.get("/v1/me/sessions?include=total").json
        #expect(listed["items"]?.array.count == 1 && listed["total"]?.int == 1)
        let current = try #require(listed["items"]?[0])
        #expect(current["current"]?.bool == true)
        let id = try #require(current["id"]?.string)
        for session in all.compactMap({ $0["id"]?.string }) where session != id {
            #expect(try acting.delete("/v1/me/sessions/\(session)").status == 404)
        }
        #expect(try own.get("/v1/me/sessions?limit=200").json["items"]?.array.count == all.count, "nothing was ended")
        #expect(try other.get("/v1/me").status == 200)
        #expect(try acting.delete("/v1/me/sessions/\(id)").status == 204)
        #expect(try acting.get("/v1/me").status == 401)
        #expect(try other.get("/v1/me").status == 200)
        // The person can end any of them.
        let rest = try #require(try other.get("/v1/me/sessions").json["items"]?[0]?["id"]?.string)
        #expect(try own.delete("/v1/me/sessions/\(rest)").status == 204)
        #expect(try other.get("/v1/me").status == 401)
    }

    /// Apps may call no other operation that ends sessions. A new operation must be added here.
    @Test func A6_noAppEndsSessionsInAnotherWay() throws {
        let admin = try client(try school.session("admin", app.clientID))
        let clerk = school.ids.others[0]
        let ways: [(String, String, String)] = [
            ("PUT", "/v1/me/password", #"{"current_password": "lyceum-demo", "new_password": "синий трамвай 29"}"#),
            ("PUT", "/v1/me/second-factor/confirmation", #"{"code": "123456"}"#),
            ("DELETE", "/v1/me/second-factor", #"{"password": "lyceum-demo"}"#),
            ("POST", "/v1/users/\(clerk)/credentials", #"{"reason": "x"}"#),
            ("DELETE", "/v1/users/\(clerk)/credentials", "{}"),
            ("DELETE", "/v1/users/\(clerk)/second-factor", #"{"reason": "x"}"#),
            ("POST", "/v1/classes/\(school.ids.class7A)/credentials", #"{"for": "students", "reason": "x"}"#),
            ("PATCH", "/v1/staff/\(school.ids.rows["{staff_id}"]!)", #"{"roles": ["teacher"]}"#),
            ("PATCH", "/v1/clients/\(app.id)", #"{"state": "blocked"}"#),
            ("PATCH", "/v1/school/settings", #"{"second_factor_required": true}"#),
        ]
        for (method, path, body) in ways {
            let answer = try admin.send(
                method, path, headers: [("Content-Type", "application/json"), ("If-Match", "*")], body: Array(body.utf8)
            )
            #expect(answer.status == 403, "\(method) \(path): \(answer.text)")
        }
    }

    /// The answer names a scope only where the scope would help, and none where the person lacks the role.
    @Test func aScopeIsNamedWhereItWouldHelp() throws {
        let reader = try client(try school.session("parent", app.clientID, ["scope": "person.read"]))
        let role = try reader.post("/v1/rooms", json: "{}")
        #expect(role.status == 403)
        #expect(role.code == "forbidden")
    }

    // MARK: End of access

    private static let ways = [
        "the app is blocked", "the app loses the scope", "the person ends the session", "the person is blocked",
    ]

    /// An app's reads end at once, like its writes: the test calls each route that the person may read before and
    /// after.
    @Test(arguments: ways) func A6_anAppReadsNothingAfterItsAccessEnds(_ way: String) throws {
        let app = try school.app("Закроют: \(way)")
        let tokens = try school.session("admin", app.clientID)
        let reader = try client(tokens)
        let open = try Routes.all.filter { route in
            guard route.method == .get, route.access.people != .anybody else { return false }
            // It reads nothing of the school: the key is public.
            if route.operation == "getPushKey" { return false }
            return try reader.get(school.ids.path(route.path)).status == 200
        }
        #expect(open.count > 40, "\(open.count)")
        let tag = try #require(try reader.get("/v1/school/settings")["ETag"])
        switch way {
        case "the app is blocked": _ = try school.update(app, #"{"state": "blocked"}"#)
        case "the app loses the scope": _ = try school.update(app, #"{"scopes": ["person.read"]}"#)
        case "the person ends the session":
            let session = try #require(try reader.get("/v1/me/sessions").json["items"]?[0]?["id"]?.string)
            #expect(try server.client("admin").delete("/v1/me/sessions/\(session)").status == 204)
        default:
            try server.owner().query(
                "UPDATE users SET state = 'blocked' WHERE school_id = $1 AND login = 'admin'",
                [String(school.ids.school)])
        }
        defer {
            _ = try? server.owner().query(
                "UPDATE users SET state = 'active' WHERE school_id = $1 AND login = 'admin'",
                [String(school.ids.school)])
        }
        for route in open {
            let answer = try reader.get(school.ids.path(route.path))
            #expect(answer.status == 401 && answer.code == "invalid_token", "\(route.operation): \(answer.status)")
        }
        #expect(try reader.get("/v1/school/settings", headers: [("If-None-Match", tag)]).status == 401)
        #expect(try reader.get("/v1/audit?format=csv").status == 401, "a stream")
    }

    @Test func aRefreshTokenBelongsToItsApp() throws {
        let other = try school.app("Другое \(Int.random(in: 0..<1_000_000))")
        let token = try school.session("teacher", app.clientID)["refresh_token"]!.string!
        for client in [other.clientID, nil] {
            let answer = try refresh(token, client)
            #expect(answer.status == 400)
            #expect(answer.json["error"]?.string == "invalid_grant")
        }
        // The attempts spent and ended nothing.
        #expect(try refresh(token, app.clientID).status == 200)
        // A token of the school's own app does not work for another app.
        let own = try school.token([
            ("grant_type", "password"), ("school", "lyceum29"), ("username", "student"),
            ("password", TestServer.password),
        ]).json["refresh_token"]!.string!
        #expect(try refresh(own, app.clientID).status == 400)
        #expect(try refresh(own, nil).status == 200)
        // Another app cannot revoke it.
        let foreign = try school.anonymous.post(
            "/v1/auth/revoke", json: #"{"token": "\#(token)", "client_id": "\#(other.clientID)"}"#)
        #expect(foreign.status == 400)
    }

    @Test func aBlockedAppLosesAccessDuringASession() throws {
        let app = try school.app("Заблокируют")
        let tokens = try school.session("teacher", app.clientID)
        let person = try client(tokens)
        let batch = """
            {"marks": [{"lesson_id": "\(school.ids.lesson)", "student_id": "\(school.ids.child)", "value": null, "version": 0}]}
            """
        let waiting = try school.code("parent", app.clientID)
        #expect(try school.update(app, #"{"state": "blocked"}"#).status == 200)
        let write = try person.patch("/v1/sections/\(school.ids.section)/journal", json: batch)
        #expect(write.status == 401)
        #expect(try refresh(tokens["refresh_token"]!.string!, app.clientID).status == 400)
        #expect(try school.exchange(waiting, app.clientID).status == 400)
        let page = try school.page(try school.parameters(app.clientID))
        #expect(page.status == 400 && page["Location"] == nil)
        // After unblocking, the app must ask again: ended sessions stay ended.
        #expect(try school.update(app, #"{"state": "active"}"#).status == 200)
        #expect(try refresh(tokens["refresh_token"]!.string!, app.clientID).status == 400)
        _ = try school.session("teacher", app.clientID)
    }

    @Test func A5_theRecordNamesPersonAndApp() throws {
        let teacher = try client(try school.session("teacher", app.clientID))
        let journal = try teacher.get("/v1/sections/\(school.ids.section)/journal").json
        let mark = try #require(
            journal["marks"]!.array.first {
                $0["value"]?["number"] != nil && $0["student_id"]?.string == school.ids.child
            })
        let item = try #require(journal["line_items"]!.array.first { $0["id"]?.string == mark["line_item_id"]?.string })
        let answer = try teacher.patch(
            "/v1/sections/\(school.ids.section)/journal?partial=true",
            json: """
                {"marks": [{"line_item_id": "\(item["id"]!.string!)", "student_id": "\(school.ids.child)",
                "value": null, "version": \(mark["version"]!.int!)}]}
                """)
        #expect(answer.status == 200, "\(answer.text)")
        let last = try #require(
            try server.owner().query(
                "SELECT client_id FROM mark_history WHERE school_id = $1 AND mark_id = $2 ORDER BY version DESC LIMIT 1",
                [String(school.ids.school), mark["id"]!.string!]
            ).first)
        #expect(last == app.id)
        let history = try teacher.get("/v1/marks/\(mark["id"]!.string!)/history").json["items"]!.array
        #expect(history.last?["client"]?["name"]?.string == "Дневник в кармане")
        #expect(history.last?["changed_by"]?["id"] != nil)
        // Families see the person but not the app.
        let family = try server.signIn("parent").get("/v1/marks/\(mark["id"]!.string!)/history").json["items"]!.array
        #expect(family.last?["changed_by"]?["id"] != nil && family.last?["client"]?.isNull == true)
    }

    @Test func integrationsCannotUseThePageNorAppsSignInAlone() throws {
        let integration = try school.integration("Не приложение \(Int.random(in: 0..<1_000_000))", ["school.read"])
        #expect(try school.page(try school.parameters(integration.clientID)).status == 400)
        let asApp = try school.credentials(app.clientID, "s_1_0198cc72653e7e34873b6bb165cc5f15_AAAA")
        #expect(asApp.status == 401)
        let bare = try school.token([("grant_type", "client_credentials"), ("client_id", app.clientID)])
        #expect(bare.status == 400)
        #expect(bare.json["error"]?.string == "unauthorized_client")
    }

    @Test func theMetadataHasTheEndpoints() throws {
        let answer = try school.anonymous.get("/.well-known/oauth-authorization-server")
        let issuer = "http://127.0.0.1:\(server.port)"
        #expect(answer.json["issuer"]?.string == issuer)
        #expect(answer.json["authorization_endpoint"]?.string == issuer + "/oauth/authorize")
        #expect(answer.json["code_challenge_methods_supported"]?.array.map { $0.string } == ["S256"])
        #expect(answer.json["authorization_response_iss_parameter_supported"]?.bool == true)
    }
}
