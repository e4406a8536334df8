import Compression
import Crypto
import Diary
import DiaryServer
import DiarySignIn
import DiaryTestSupport
import HTTP1
import JSON
import Postgres
import Testing
import Web

/// Integrations: how they sign in, and what their scopes permit.
@Suite(.serialized) struct ProgramsTests {
    let server: TestServer
    let school: AppSchool

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try AppSchool(server)
    }

    private func basic(_ id: String, _ secret: String) -> [(String, String)] {
        let bytes = Array("\(id):\(secret)".utf8)
        let pad = String(repeating: "=", count: (3 - bytes.count % 3) % 3)
        return [("Authorization", "Basic \(Base64.standard.encode(bytes))\(pad)")]
    }

    // MARK: Signing in

    @Test func bothWaysOfRFC6749SignIn() throws {
        let client = try school.integration("Оба способа", ["school.read", "people.read"])
        let secret = try school.secret(of: client)
        let body = try school.credentials(client.clientID, secret.text)
        #expect(body.status == 200, "\(body.text)")
        #expect(body.json.keys == ["access_token", "token_type", "expires_in", "scope"])
        #expect(body.json["scope"]?.string == "school.read people.read")
        let header = try school.token(
            [("grant_type", "client_credentials"), ("scope", "people.read")],
            headers: basic(client.clientID, secret.text))
        #expect(header.status == 200, "\(header.text)")
        #expect(header.json["scope"]?.string == "people.read")
        // Each half is form-encoded.
        let encoded = basic(client.clientID.replacing("_", with: "%5F"), secret.text.replacing("_", with: "%5f"))
        #expect(try school.token([("grant_type", "client_credentials")], headers: encoded).status == 200)
        let json = try school.anonymous.post(
            "/v1/auth/token",
            json: """
                {"grant_type": "client_credentials", "client_id": "\(client.clientID)", "client_secret": "\(secret.text)"}
                """)
        #expect(json.status == 200)
    }

    @Test func unknownClientsAreRefusedAsRFC6749Says() throws {
        let client = try school.integration("Отказы", ["school.read"])
        let secret = try school.secret(of: client)
        let other = try school.integration("Отказы другому", ["school.read"])
        let grant = [("grant_type", "client_credentials")]
        let wrong = String(secret.text.dropLast(4)) + "AAAA"
        let bad: [([(String, String)], [(String, String)])] = [
            (grant, []), (grant + [("client_id", client.clientID)], []),
            (grant + [("client_id", client.clientID), ("client_secret", wrong)], []),
            (grant + [("client_id", client.clientID), ("client_secret", "x")], []),
            (grant + [("client_id", other.clientID), ("client_secret", secret.text)], []),
            (grant + [("client_id", "x"), ("client_secret", secret.text)], []),
            (grant, basic(client.clientID, wrong)), (grant, [("Authorization", "Basic !")]),
            (grant, [("Authorization", "Basic ")]), (grant, [("Authorization", "Bearer x")]),
            (grant, basic("", "")), (grant, basic("%00", "%FF")),
        ]
        for (fields, headers) in bad {
            let answer = try school.token(fields, headers: headers)
            #expect(answer.status == 401, "\(fields) \(headers): \(answer.text)")
            #expect(answer.json["error"]?.string == "invalid_client")
            #expect(answer["WWW-Authenticate"]?.hasPrefix("Basic ") == true)
        }
        let twice = try school.token(
            grant + [("client_secret", secret.text)], headers: basic(client.clientID, secret.text))
        #expect(twice.status == 400)
        #expect(twice.json["error"]?.string == "invalid_request")
    }

    @Test(arguments: ["journal.read", "school.read person", "school.read  x", " ", "*"])
    func aScopeThatIsNotRegisteredIsRefused(_ scope: String) throws {
        let client = try school.integration("Лишнее \(scope)", ["school.read"])
        let answer = try school.credentials(client.clientID, try school.secret(of: client).text, scope: scope)
        #expect(answer.status == 400)
        #expect(answer.json["error"]?.string == "invalid_scope")
    }

    // MARK: What scopes open

    /// Calls every route with each scope alone: the routes that name the scope admit the integration, all others
    /// refuse.
    @Test func everyRouteAdmitsExactlyTheScopesItNames() throws {
        for scope in ProgramScope.allCases {
            let program = try school.program("Только \(scope.rawValue)", [scope.rawValue])
            for route in Routes.all where route.access.people != .anybody {
                let answer = try program.send(route.method.rawValue, school.ids.path(route.path))
                if route.access.scopes.contains(scope), route.path.hasPrefix("/v1/webhooks/") {
                    // Webhooks belong to one integration.
                    #expect(
                        [404, 415, 428].contains(answer.status), "\(route.operation) with \(scope): \(answer.text)")
                } else if route.access.scopes == [.exportsRead], Self.profiles.contains(route.operation) {
                    // Profiles need `people.read` as well, unless they are pseudonymous.
                    #expect(answer.status == 403, "\(route.operation) with \(scope)")
                } else if route.access.scopes.contains(scope) {
                    let expected = route.method == .post ? 415 : 200
                    #expect(answer.status == expected, "\(route.operation) with \(scope): \(answer.text)")
                } else {
                    #expect(answer.status == 403, "\(route.operation) with \(scope): \(answer.text)")
                    // RFC 6750 section 3.1: the answer names a scope where one would help.
                    let hint = route.access.scopes.map { $0.rawValue }.sorted().joined(separator: " ")
                    #expect(
                        answer.code == (hint.isEmpty ? "not_for_programs" : "insufficient_scope"), "\(route.operation)")
                    #expect(
                        answer["WWW-Authenticate"]
                            == (hint.isEmpty ? nil : "Bearer error=\"insufficient_scope\", scope=\"\(hint)\""))
                }
            }
        }
    }

    private static let profiles = ["exportStudents", "exportGuardians", "exportStaff"]

    @Test func scopesWriteOnlyThroughImports() {
        let writing = Routes.all.filter {
            // Its webhooks are an integration's own.
            ![.get].contains($0.method) && !$0.access.scopes.isEmpty && !$0.path.hasPrefix("/v1/webhooks")
        }
        #expect(writing.map { $0.operation } == ["importArchive", "importRows"])
    }

    @Test func rowsOfAnotherSchoolAreInvisible() throws {
        let program = try school.program("Границы", ProgramScope.allCases.map { $0.rawValue })
        for path in [
            "/v1/students/\(school.ids.stranger)", "/v1/sections/\(school.ids.strangeSection)/journal",
            "/v1/rooms/\(school.ids.strangeRows["{room_id}"]!)", "/v1/staff/\(school.ids.strangeRows["{staff_id}"]!)",
        ] {
            #expect(try program.get(path).status == 404, "\(path)")
        }
        let pupils = try program.get("/v1/students?include=total").json["total"]?.int
        let count = try server.owner().query(
            "SELECT count(*) FROM students WHERE school_id = $1", [String(school.ids.school)]
        ).first
        #expect(pupils.map { String($0) } == count)
    }

    @Test func K2_anIntegrationSeesNoHealthAndItsReadingsAreRecorded() throws {
        let owner = try server.owner()
        let pupil = school.ids.child
        try owner.query(
            "UPDATE students SET health_group = 2, birth_date = '2012-04-05' WHERE school_id = $1 AND id = $2",
            [String(school.ids.school), pupil])
        try owner.query(
            "UPDATE users SET external_id = 'pupil-77' WHERE school_id = $1 AND id = $2",
            [String(school.ids.school), pupil])
        let client = try school.integration("Синхронизация", ["people.read"])
        let program = try school.program(client, try school.secret(of: client))
        let profile = try program.get("/v1/students/\(pupil)")
        #expect(profile.json["birth_date"]?.string == "2012-04-05")
        #expect(profile.json["health_group"]?.isNull == true)
        let entry = try #require(
            try server.client("admin").get("/v1/audit?action=read&client_id=\(client.id)").json["items"]?[0])
        #expect(entry["entity_id"]?.string == pupil)
        #expect(entry["client"]?["name"]?.string == "Синхронизация")
        #expect(entry["changed_by"]?.isNull == true)
        // A list has names but no profiles.
        let items = try program.get("/v1/students?limit=200&q=\("pupil")").json["items"]!.array
        #expect(items.isEmpty)
        let ofClass = try program.get(
            "/v1/students?limit=200&class_id=\(school.ids.class7A)&fields=external_id,birth_date"
        ).json["items"]!.array
        let row = try #require(ofClass.first { $0["id"]?.string == pupil })
        #expect(row["external_id"]?.string == "pupil-77")
        #expect(row["birth_date"]?.isNull == true)
    }

    @Test func aJournalCanBeReadButNotWritten() throws {
        let program = try school.program("Отметки", ["journal.read"])
        let journal = try program.get("/v1/sections/\(school.ids.section)/journal")
        let head = try server.signIn("head").get("/v1/sections/\(school.ids.section)/journal")
        #expect(journal.json["marks"]?.array.count == head.json["marks"]?.array.count)
        #expect(journal.json["marks"]?.array.isEmpty == false)
        #expect(journal.json["section"]?["may_edit"]?.bool == false)
        #expect(try program.get("/v1/marks/\(school.ids.mark)/history").status == 200)
        #expect(try program.patch("/v1/sections/\(school.ids.section)/journal", json: "{}").status == 403)
    }

    // MARK: Importing

    private static let rooms = "external_id;last_name;first_name\nprogram-1;Чижова;Ася\n"

    private func imports(
        _ program: TestClient, _ kind: String = "students", _ csv: String = Self.rooms,
        headers: [(String, String)] = []
    ) throws -> TestClient.Answer {
        try program.send(
            "POST", "/v1/imports/\(kind)?force=true", headers: headers + [("Content-Type", "text/csv")],
            body: Array(csv.utf8))
    }

    @Test func A5_anImportIsRecordedInTheIntegrationsName() throws {
        let client = try school.integration("1С", ["imports.write"])
        let program = try school.program(client, try school.secret(of: client))
        let key = [("Idempotency-Key", "import-1")]
        let first = try imports(program, headers: key)
        #expect(first.status == 200, "\(first.text)")
        #expect(first.json["made"]?.int == 1)
        let again = try imports(program, headers: key)
        #expect(again["Idempotency-Replayed"] == "true")
        // Idempotency keys belong to one integration.
        let other = try school.program("1С другая", ["imports.write"])
        let fresh = try imports(other, headers: key)
        #expect(fresh["Idempotency-Replayed"] == nil)
        #expect(fresh.json["unchanged"]?.int == 1, "\(fresh.text)")
        let audit = try server.client("admin").get("/v1/audit?entity=users&client_id=\(client.id)")
        #expect(audit.json["items"]?[0]?["after"]?["last_name"]?.string == "Чижова")
    }

    @Test func A2_noIntegrationImportsOrRenamesStaff() throws {
        let program = try school.program("Кадры", ["imports.write"])
        let staff = try imports(
            program, "staff", "external_id;last_name;first_name;roles\nx-1;Злой;Админ;administrator\n")
        #expect(staff.status == 403)
        #expect(staff.code == "not_for_programs")
        let archive = ZipWriter.archive([
            (
                name: "staff.csv",
                content: Array("external_id;last_name;first_name;roles\nx-1;Злой;Админ;administrator\n".utf8)
            )
        ])
        let packed = try program.send(
            "POST", "/v1/imports?force=true", headers: [("Content-Type", "application/zip")], body: archive)
        #expect(packed.status == 403)
        #expect(packed.code == "not_for_programs")
        // It cannot appoint class teachers either, because they issue credentials.
        #expect(try imports(program, "classes", "name;class_teacher\n7А;x-2\n").status == 403)
        #expect(try imports(program, "classes", "name;profile\n7А;физический\n").status == 200)
        // A guardian who is also staff keeps the present name.
        let owner = try server.owner()
        let person = try owner.query(
            """
            INSERT INTO guardians (school_id, id)
            SELECT s.school_id, s.id FROM staff s WHERE s.school_id = $1 ORDER BY s.id LIMIT 1
            ON CONFLICT (school_id, id) DO UPDATE SET phone = NULL RETURNING id
            """, [String(school.ids.school)]
        ).first!
        try owner.query(
            "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, 'guardian') ON CONFLICT DO NOTHING",
            [String(school.ids.school), person])
        try owner.query(
            "UPDATE users SET external_id = 'both-1' WHERE school_id = $1 AND id = $2",
            [String(school.ids.school), person])
        let renamed = try imports(
            program, "guardians", "external_id;last_name;first_name\nboth-1;Другая;Фамилия\n")
        #expect(renamed.json["unchanged"]?.int == 1, "\(renamed.text)")
    }

    // MARK: End of access

    private static let ways = [
        "the secret is deleted", "the client is blocked", "a scope is taken away", "the token is revoked",
    ]

    /// Calls every route that admits an integration, with a token that was valid a moment ago.
    @Test(arguments: ways) func anIntegrationReadsNothingAfterItsAccessEnds(_ way: String) throws {
        let scopes = ProgramScope.allCases.map { $0.rawValue }
        let client = try school.integration("Закроют: \(way)", scopes)
        let secret = try school.secret(of: client)
        let program = try school.program(client, secret)
        let rest = try school.program(client, try school.secret(of: client))
        let open = Routes.all.filter {
            // Webhooks belong to one integration.
            $0.method == .get && !$0.access.scopes.isEmpty && !$0.path.hasPrefix("/v1/webhooks/")
        }
        for route in open {
            let answer = try program.get(school.ids.path(route.path))
            #expect(answer.status == 200, "\(route.operation): \(answer.text)")
        }
        let tag = try #require(try program.get("/v1/school/settings")["ETag"])
        switch way {
        case "the secret is deleted":
            #expect(try server.client("admin").delete("/v1/clients/\(client.id)/secrets/\(secret.id)").status == 204)
        case "the client is blocked": #expect(try school.update(client, #"{"state": "blocked"}"#).status == 200)
        case "a scope is taken away": #expect(try school.update(client, #"{"scopes": ["school.read"]}"#).status == 200)
        default:
            #expect(
                try school.anonymous.post("/v1/auth/revoke", json: #"{"token": "\#(program.token!)"}"#).status == 200)
        }
        for route in open {
            let answer = try program.get(school.ids.path(route.path))
            #expect(answer.status == 401 && answer.code == "invalid_token", "\(route.operation): \(answer.status)")
            #expect(answer["WWW-Authenticate"] == "Bearer error=\"invalid_token\"")
        }
        #expect(try program.get("/v1/school/settings", headers: [("If-None-Match", tag)]).status == 401)
        let query = "?limit=1&include=total"
        #expect(try program.get("/v1/students\(query)").status == 401)
        // The token of the other secret stays valid, unless the client itself is blocked.
        let goesOn = ["the secret is deleted", "the token is revoked"].contains(way)
        #expect(try rest.get("/v1/rooms").status == (goesOn ? 200 : 401))
    }

    @Test func aBlockedIntegrationStopsWritingAtOnce() throws {
        let client = try school.integration("Стоп", ["imports.write", "people.read", "school.read"])
        let secret = try school.secret(of: client)
        let program = try school.program(client, secret)
        #expect(try imports(program).status == 200)
        #expect(try school.update(client, #"{"state": "blocked"}"#).status == 200)
        #expect(try imports(program).status == 401)
        // Recorded readings are writes.
        #expect(try program.get("/v1/students/\(school.ids.child)").status == 401)
        let again = try school.credentials(client.clientID, secret.text)
        #expect(again.status == 400)
        #expect(again.json["error"]?.string == "unauthorized_client")
    }

    @Test func aRemovedScopeIsGoneAtOnce() throws {
        let client = try school.integration("Меньше", ["imports.write", "school.read"])
        let secret = try school.secret(of: client)
        let program = try school.program(client, secret)
        let reader = try school.credentials(client.clientID, secret.text, scope: "school.read")
        #expect(try school.update(client, #"{"scopes": ["school.read"]}"#).status == 200)
        #expect(try imports(program).status == 401)
        // Another session of the client never had that scope.
        let ended = try server.owner().query(
            "SELECT count(*) FROM sessions WHERE client_id = $1 AND ended_at IS NULL", [client.id]
        ).first
        #expect(reader.status == 200 && ended == "1")
    }

    @Test func deletingASecretEndsItsSessions() throws {
        let client = try school.integration("Утечка", ["imports.write"])
        let leaked = try school.secret(of: client)
        let good = try school.secret(of: client)
        let thief = try school.program(client, leaked)
        let own = try school.program(client, good)
        #expect(try server.client("admin").delete("/v1/clients/\(client.id)/secrets/\(leaked.id)").status == 204)
        #expect(try imports(thief).status == 401)
        #expect(try imports(own).status == 200)
    }

    @Test func anIntegrationRevokesItsToken() throws {
        let client = try school.integration("Отзыв", ["imports.write"])
        let secret = try school.secret(of: client)
        let program = try school.program(client, secret)
        let stranger = try school.integration("Отзыв чужого", ["imports.write"])
        let strangeSecret = try school.secret(of: stranger)
        func revoke(_ id: String, _ secret: String) throws -> Int {
            try school.anonymous.send(
                "POST", "/v1/auth/revoke",
                headers: basic(id, secret) + [("Content-Type", "application/x-www-form-urlencoded")],
                body: Array("token=\(program.token!)".utf8)
            ).status
        }
        #expect(try revoke(stranger.clientID, strangeSecret.text) == 400)
        #expect(try revoke(client.clientID, strangeSecret.text) == 401)
        #expect(try imports(program).status == 200)
        #expect(try revoke(client.clientID, secret.text) == 200)
        #expect(try imports(program).status == 401)
    }

    @Test func aTokenOfAnIntegrationIsNotAPersons() throws {
        let program = try school.program("Никто", ProgramScope.allCases.map { $0.rawValue })
        for path in ["/v1/me", "/v1/me/sessions", "/v1/audit", "/v1/students/\(school.ids.child)/diary"] {
            #expect(try program.get(path).status == 403, "\(path)")
        }
        // A token that claims an unregistered scope reads no people, even when signed by the server.
        let client = try school.integration("Ложь", ["school.read"])
        let session = try school.program(client, try school.secret(of: client))
        let parts = session.token!.split(separator: ".").map { String($0) }
        let claims = String(decoding: Base64.url.decode(parts[1])!, as: UTF8.self)
            .replacing("\"scope\":\"school.read\"", with: "\"scope\":\"people.read\"")
        let liar = TestClient(port: server.port, token: try TestServer.token(claims))
        #expect(try liar.get("/v1/guardians").json["items"]?.array.isEmpty == true)
        #expect(try liar.get("/v1/students/\(school.ids.child)").status == 404)
    }

    // MARK: Limits

    @Test func anIntegrationHasItsOwnLimit() async throws {
        let server = try await TestServer(configure: {
            $0.rates = RateLimits(requests: 1000, signIns: 1000, window: 60)
        })
        let school = try AppSchool(server)
        let client = try school.integration("Три в минуту", ["school.read"], more: #", "requests_per_minute": 3"#)
        let program = try school.program(client, try school.secret(of: client))
        for left in [2, 1, 0] {
            let answer = try program.get("/v1/rooms")
            #expect(answer.status == 200)
            #expect(answer["RateLimit-Policy"] == "\"client\";q=3;w=60")
            #expect(answer["RateLimit"]?.hasPrefix("\"client\";r=\(left);") == true)
        }
        let refused = try program.get("/v1/rooms")
        #expect(refused.status == 429)
        #expect(refused["Retry-After"] != nil)
        // Without a limit of its own it has a user's limit; other clients are not affected.
        let free = try school.program("Без своего", ["school.read"])
        #expect(try free.get("/v1/rooms")["RateLimit-Policy"] == "\"client\";q=1000;w=60")
        // All people of an app share its limit, and each also has their own.
        let app = try school.register(
            """
            {"kind": "app", "name": "На двоих", "redirect_uris": ["\(AppSchool.redirect)"], "scopes": ["person"],
            "requests_per_minute": 2}
            """)
        let people = try ["parent", "teacher"].map { login in
            TestClient(port: server.port, token: try school.session(login, app.clientID)["access_token"]!.string!)
        }
        let shared = try people[0].get("/v1/me")
        #expect(shared["RateLimit-Policy"] == "\"user\";q=1000;w=60, \"client\";q=2;w=60")
        #expect(try people[1].get("/v1/me").status == 200)
        #expect(try people[0].get("/v1/me").status == 429)
    }
}
