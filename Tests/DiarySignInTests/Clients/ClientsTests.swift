import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Clients, as administrators manage them, and their secrets.
@Suite(.serialized) struct ClientsTests {
    let server: TestServer
    let school: AppSchool
    let admin: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try AppSchool(server)
        admin = try server.client("admin")
    }

    @Test func anAppIsRegisteredAndChanged() throws {
        let answer = try admin.post(
            "/v1/clients",
            json: """
                {"kind": "app", "name": "Дневник+", "redirect_uris": ["https://app.example/cb"], "scopes": ["person"],
                "external_id": "app-1"}
                """)
        #expect(answer.status == 201, "\(answer.text)")
        let id = try #require(answer.json["id"]?.string)
        #expect(answer["Location"]?.hasSuffix("/v1/clients/\(id)") == true)
        #expect(answer.json["client_id"]?.string == "c_1_\(id.replacing("-", with: ""))")
        #expect(answer.json["state"]?.string == "active")
        #expect(answer.json["last_used_at"]?.isNull == true)
        let changed = try admin.patch(
            "/v1/clients/\(id)", json: #"{"redirect_uris": ["com.example.diary:/cb"], "requests_per_minute": 120}"#,
            headers: [("If-Match", answer["ETag"]!)])
        #expect(changed.status == 200, "\(changed.text)")
        #expect(changed.json["redirect_uris"]?[0]?.string == "com.example.diary:/cb")
        #expect(changed.json["version"]?.int == 2)
        let stale = try admin.patch(
            "/v1/clients/\(id)", json: #"{"name": "x"}"#, headers: [("If-Match", answer["ETag"]!)])
        #expect(stale.status == 412)
        #expect(try admin.get("/v1/clients?include=total").json["total"]?.int ?? 0 >= 1)
        let gone = try admin.send("DELETE", "/v1/clients/\(id)", headers: [("If-Match", "*")])
        #expect(gone.status == 204, "\(gone.text)")
    }

    @Test(arguments: [
        (#"{"kind": "app", "name": "x", "scopes": ["person"]}"#, "/redirect_uris", "only_of_apps"),
        (
            #"{"kind": "integration", "name": "x", "scopes": ["school.read"], "redirect_uris": ["https://a.example/"]}"#,
            "/redirect_uris", "only_of_apps"
        ),
        (
            #"{"kind": "app", "name": "x", "scopes": ["school.read"], "redirect_uris": ["https://a.example/"]}"#,
            "/scopes", "not_of_this_kind"
        ),
        (#"{"kind": "integration", "name": "x", "scopes": ["person"]}"#, "/scopes", "not_of_this_kind"),
        (#"{"kind": "integration", "name": "x", "scopes": []}"#, "/scopes", "not_of_this_kind"),
        (#"{"kind": "integration", "name": "x", "scopes": ["journal.write"]}"#, "/scopes/0", "not_one_of"),
        (#"{"kind": "robot", "name": "x", "scopes": ["person"]}"#, "/kind", "not_one_of"),
        (
            #"{"kind": "app", "name": "x", "scopes": ["person"], "redirect_uris": ["http://a.example/"]}"#,
            "/redirect_uris/0", "invalid_redirect_uri"
        ),
        (
            #"{"kind": "app", "name": "x", "scopes": ["person"], "redirect_uris": [5]}"#, "/redirect_uris/0",
            "wrong_type"
        ),
        (#"{"kind": "app", "name": "", "scopes": ["person"]}"#, "/name", "too_short"),
        (
            #"{"kind": "app", "name": "x", "scopes": ["person"], "client_id": "c_1_x"}"#, "/client_id",
            "read_only_field"
        ),
        (
            #"{"kind": "integration", "name": "x", "scopes": ["school.read"], "requests_per_minute": 0}"#,
            "/requests_per_minute", "out_of_range"
        ),
    ])
    func whatIsNoProgramIsRefusedWithItsPlace(_ body: String, _ pointer: String, _ code: String) throws {
        let answer = try admin.post("/v1/clients", json: body)
        #expect(answer.status == 422, "\(answer.text)")
        let errors = answer.json["errors"]!.array
        #expect(errors.contains { $0["pointer"]?.string == pointer && $0["code"]?.string == code }, "\(answer.text)")
    }

    @Test func unusedClientsAreDeletedAndOthersBlocked() throws {
        func delete(_ client: AppSchool.Registered) throws -> TestClient.Answer {
            try admin.send("DELETE", "/v1/clients/\(client.id)", headers: [("If-Match", "*")])
        }
        let unused = try school.integration("Не пригодилась", ["school.read"])
        let secret = try school.secret(of: unused)
        #expect(try delete(unused).status == 204)
        #expect(try school.credentials(unused.clientID, secret.text).status == 401)
        let used = try school.integration("Пригодилась", ["school.read"])
        _ = try school.program(used, try school.secret(of: used))
        let refused = try delete(used)
        #expect(refused.status == 409)
        #expect(refused.code == "in_use")
    }

    @Test func namesOfClientsAreUnique() throws {
        _ = try school.integration("Одно имя", ["school.read"])
        let answer = try admin.post(
            "/v1/clients", json: #"{"kind": "integration", "name": "Одно имя", "scopes": ["school.read"]}"#)
        #expect(answer.status == 409)
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/name")
    }

    @Test func aSecretIsShownOnceAndKeptAsAHash() throws {
        let client = try school.integration("Показан раз", ["school.read"])
        let secret = try school.secret(of: client)
        #expect(secret.text.hasPrefix("s_1_"))
        let list = try admin.get("/v1/clients/\(client.id)/secrets")
        #expect(list.json["items"]?.array.count == 1)
        #expect(list.json["items"]?[0]?.keys == ["id", "created_at", "created_by", "last_used_at"])
        let random = try #require(secret.text.split(separator: "_", maxSplits: 3).last)
        #expect(!list.text.contains(random))
        #expect(try !admin.get("/v1/clients/\(client.id)").text.contains(random))
        let dump = try server.owner().query(
            "SELECT string_agg(s::text, '') || (SELECT string_agg(a::text, '') FROM audit_log a) FROM client_secrets s"
        ).first!
        #expect(!dump.contains(random))
        #expect(try admin.get("/v1/clients/\(DemoSchoolIDs.nothing)/secrets").status == 404)
    }

    @Test func aSecretIsReplacedWithoutAPause() throws {
        let client = try school.integration("Ротация", ["school.read"])
        let old = try school.secret(of: client)
        let new = try school.secret(of: client)
        #expect(try school.credentials(client.clientID, old.text).status == 200)
        let fresh = try school.program(client, new)
        let third = try admin.post("/v1/clients/\(client.id)/secrets", json: "{}")
        #expect(third.status == 409)
        #expect(third.code == "two_secrets")
        let uses = try admin.get("/v1/clients/\(client.id)/secrets").json["items"]!.array
        #expect(uses.allSatisfy { $0["last_used_at"]?.string != nil }, "it is seen which are still in use")
        #expect(try admin.get("/v1/clients/\(client.id)").json["last_used_at"]?.string != nil)
        #expect(try admin.delete("/v1/clients/\(client.id)/secrets/\(old.id)").status == 204)
        #expect(try admin.delete("/v1/clients/\(client.id)/secrets/\(old.id)").status == 404)
        let refused = try school.credentials(client.clientID, old.text)
        #expect(refused.status == 401)
        #expect(refused.json["error"]?.string == "invalid_client")
        #expect(try school.credentials(client.clientID, new.text).status == 200)
        #expect(try fresh.get("/v1/rooms").status == 200)
    }

    @Test func concurrentRequestsCreateTwoSecrets() throws {
        let client = try school.integration("Все сразу", ["school.read"])
        let admin = admin
        let answers = try atOnce(6) { _ in try admin.post("/v1/clients/\(client.id)/secrets", json: "{}").status }
        #expect(answers.sorted() == [201, 201, 409, 409, 409, 409])
    }

    @Test func anAppHasNoSecrets() throws {
        let app = try school.app("Без секретов")
        let answer = try admin.post("/v1/clients/\(app.id)/secrets", json: "{}")
        #expect(answer.status == 409)
        #expect(answer.code == "client_without_secrets")
    }

    @Test func A5_changesOfAClientAreRecorded() throws {
        let client = try school.integration("Под запись", ["school.read"])
        let secret = try school.secret(of: client)
        #expect(try school.update(client, #"{"state": "blocked"}"#).status == 200)
        #expect(try school.credentials(client.clientID, secret.text).status == 400)
        _ = try admin.delete("/v1/clients/\(client.id)/secrets/\(secret.id)")
        let changes = try admin.get("/v1/audit?entity=clients&entity_id=\(client.id)").json["items"]!.array
        #expect(changes.map { $0["action"]?.string } == ["update", "insert"], "a use is no change")
        #expect(changes[0]["after"]?["state"]?.string == "blocked")
        let secrets = try admin.get("/v1/audit?entity=client_secrets&entity_id=\(secret.id)").json["items"]!.array
        #expect(secrets.map { $0["action"]?.string } == ["delete", "insert"])
        #expect(secrets[1]["after"]?["secret_hash"]?.string == "hidden")
    }

    @Test func aSecretOpensItsOwnSchoolOnly() throws {
        let other = try server.owner().query("SELECT code FROM schools WHERE id = $1", [String(school.ids.otherSchool)])
            .first!
        let mine = try school.integration("Здесь", ["school.read"])
        let secret = try school.secret(of: mine)
        let theirs = try school.integration("Там", ["school.read"], school: other)
        let strange = try school.secret(of: theirs, school: other)
        #expect(try school.credentials(mine.clientID, strange.text).status == 401)
        #expect(try school.credentials(theirs.clientID, secret.text).status == 401)
        // The school in a token is a hint: with another school's number the secret belongs to no client.
        let moved = secret.text.replacing("s_1_", with: "s_\(school.ids.otherSchool)_")
        let movedID = mine.clientID.replacing("c_1_", with: "c_\(school.ids.otherSchool)_")
        #expect(try school.credentials(movedID, moved).status == 401)
        #expect(try school.credentials(mine.clientID, secret.text).status == 200)
        #expect(try admin.get("/v1/clients/\(theirs.id)").status == 404)
        #expect(try admin.post("/v1/clients/\(theirs.id)/secrets", json: "{}").status == 404)
    }
}
