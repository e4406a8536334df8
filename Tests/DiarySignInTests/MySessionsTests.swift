import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Where one is signed in, and signing out elsewhere.
@Suite(.serialized) struct MySessionsTests {
    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    private func sessions(_ client: TestClient, _ query: String = "") throws -> TestClient.Answer {
        try client.get("/v1/me/sessions\(query)")
    }

    @Test func ownSessionsAreListedAndEnded() throws {
        let first = try server.signIn("parent")
        let second = try server.signIn("parent")
        let stranger = try server.signIn("student")
        let answer = try sessions(second, "?include=total")
        #expect(answer.status == 200, "\(answer.text)")
        let items = answer.json["items"]!.array
        #expect(items.count == 2 && answer.json["total"]?.int == 2)
        #expect(
            items[0].keys == [
                "id", "app", "scopes", "user_agent", "address", "created_at", "last_used_at", "expires_at", "current",
            ])
        #expect(items.map { $0["current"]?.bool } == [true, false], "the newest first")
        #expect(items[0]["address"]?.string == "127.0.0.1")
        let other = try #require(items[1]["id"]?.string)
        // Nobody else's.
        #expect(try stranger.delete("/v1/me/sessions/\(other)").status == 404)
        #expect(try sessions(stranger).json["items"]?.array.count == 1)
        #expect(try second.delete("/v1/me/sessions/\(other)").status == 204)
        #expect(try second.delete("/v1/me/sessions/\(other)").status == 404)
        #expect(try first.delete("/v1/me/sessions/\(other)").status == 401, "ended for writes at once")
        #expect(try first.get("/v1/me").status == 200, "an own app reads until its token expires")
        #expect(try sessions(second).json["items"]?.array.count == 1)
        // Signing out.
        #expect(try second.delete("/v1/me/sessions/\(items[0]["id"]!.string!)").status == 204)
        #expect(try second.delete("/v1/me/sessions/\(other)").status == 401)
    }

    @Test func theListHasPages() throws {
        let client = try server.signIn("head")
        for _ in 0..<4 { _ = try server.signIn("head") }
        var seen: [String] = []
        var query = "?limit=2"
        while true {
            let answer = try sessions(client, query)
            seen += answer.json["items"]!.array.compactMap { $0["id"]?.string }
            guard let next = answer.json["next_cursor"]?.string else { break }
            query = "?limit=2&cursor=\(next)"
        }
        #expect(seen.count == 5 && Set(seen).count == 5)
        #expect(seen == seen.sorted(by: >))
        #expect(try sessions(client, "?user_id=x").status == 400)
    }
}
