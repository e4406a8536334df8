import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Changing one's own password (A6).
@Suite(.serialized) struct MyPasswordTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let school: CredentialSchool

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try CredentialSchool(server)
        ids = school.ids
    }

    /// A person of its own for each test, with its login.
    private func person(_ index: Int) throws -> (login: String, client: TestClient) {
        let login = try school.activated(ids.others[index], by: try server.signIn("teacher"))
        return (login, try client(login))
    }

    private func client(_ login: String, _ password: String = CredentialSchool.password) throws -> TestClient {
        TestClient(port: server.port, token: try #require(school.signIn(login, password).json["access_token"]?.string))
    }

    private static func change(
        _ client: TestClient, _ new: String, current: String = CredentialSchool.password
    ) throws -> TestClient.Answer {
        try client.put(
            "/v1/me/password", json: #"{"current_password": "\#(current)", "new_password": "\#(new)"}"#)
    }

    @Test func A6_aChangeEndsTheOtherSessionsAndNotThisOne() throws {
        let (login, client) = try person(0)
        let other = try self.client(login)
        let answer = try Self.change(client, "зелёный трамвай")
        #expect(answer.status == 204, "\(answer.text)")
        #expect(answer.body.isEmpty)
        #expect(try school.signIn(login).status == 400)
        #expect(try school.signIn(login, "зелёный трамвай").status == 200)
        #expect(try other.delete("/v1/me/sessions/\(DemoSchoolIDs.nothing)").status == 401)
        #expect(try client.delete("/v1/me/sessions/\(DemoSchoolIDs.nothing)").status == 404)
        #expect(try Self.change(client, "красный трамвай", current: "зелёный трамвай").status == 204)
        #expect(
            try school.value(
                "SELECT count(*) FROM sign_in_failures WHERE school_id = $1 AND login = $2", login) == "1",
            "the one sign-in with the old password")
    }

    /// A stolen token has no more guesses than anybody.
    @Test func A6_aWrongCurrentPasswordIsAFailedSignIn() throws {
        let (login, client) = try person(1)
        for _ in 0..<5 {
            let answer = try Self.change(client, "зелёный трамвай", current: "не тот")
            #expect(answer.status == 403)
            #expect(answer.code == "wrong_password")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/current_password")
        }
        let locked = try Self.change(client, "зелёный трамвай")
        #expect(locked.status == 429)
        #expect(locked.code == "too_many_attempts")
        #expect(locked.json["limit"]?.string == "login", "\(locked.text)")
        #expect((840...900).contains(Int(locked["Retry-After"] ?? "") ?? 0))
        #expect(locked["Content-Type"] == "application/problem+json")
        #expect(try school.signIn(login).status == 429)
    }

    @Test func A6_ofTwentyGuessesAtOnceFiveAreLookedAt() throws {
        let (_, client) = try person(2)
        let answers = try atOnce(20) { try Self.change(client, "зелёный трамвай", current: "не тот \($0)") }
        #expect(answers.filter { $0.code == "wrong_password" }.count == 5)
        #expect(answers.filter { $0.status == 429 }.count == 15)
    }

    @Test func A6_ofTwoChangesAtOnceOneHolds() throws {
        let (login, client) = try person(3)
        let answers = try atOnce(4) { try Self.change(client, "трамвай номер \($0)") }
        let winners = answers.indices.filter { answers[$0].status == 204 }
        #expect(winners.count == 1, "\(answers.map { $0.text })")
        #expect(try school.signIn(login, "трамвай номер \(winners[0])").status == 200)
    }

    @Test func aNewPasswordHasRules() throws {
        let (login, client) = try person(4)
        for (new, code) in [
            ("коротко", "too_short"), ("password123", "breached_password"), (login, "password_is_login"),
            (CredentialSchool.password, "same_password"),
        ] {
            let answer = try Self.change(client, new)
            #expect(answer.status == 422, "\(new): \(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/new_password")
            #expect(answer.json["errors"]?[0]?["code"]?.string == code)
        }
        let empty = try client.put("/v1/me/password", json: "{}")
        #expect(
            empty.json["errors"]?.array.compactMap { $0["pointer"]?.string } == ["/current_password", "/new_password"])
    }
}
