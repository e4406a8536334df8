import HTTP1
import Testing

@testable import Web

/// The fields and the refusals over a socket. Windows are so long that no request becomes available again during a
/// test.
@Suite(.serialized) struct RateLimitTests {
    private func client(requests: Int, signIns: Int = 2) async throws -> Client {
        try await TestServer { _ in
            var features = Features()
            features.rates = RateLimits(requests: requests, signIns: signIns, window: 50_000)
            features.cors = try CORS("*")
            return features
        }.client()
    }

    @Test func everyAnswerTellsWhatIsLeft() async throws {
        let client = try await client(requests: 5)
        let first = try await client.get("/hello", "X-Name: anna")
        #expect(first["RateLimit-Policy"] == "\"user\";q=5;w=50000")
        #expect(first["RateLimit"] == "\"user\";r=4;t=10000")
        let second = try await client.get("/problem", "X-Name: anna")
        #expect(second.status == 422)
        #expect(second["RateLimit"] == "\"user\";r=3;t=20000")
        let address = try await client.get("/hello")
        #expect(address["RateLimit-Policy"] == "\"address\";q=5;w=50000")
        #expect(address["RateLimit"] == "\"address\";r=4;t=10000")
    }

    @Test func tooManyAreRefused() async throws {
        let client = try await client(requests: 2)
        for _ in 0..<2 { #expect(try await client.get("/hello", "X-Name: anna").status == 200) }
        let refused = try await client.get("/hello", "X-Name: anna", "Origin: https://app.example.org")
        #expect(refused.status == 429)
        #expect(refused.member("code") == "rate_limited")
        #expect(refused.member("limit") == "user", "\(refused.text)")
        #expect(refused["Content-Type"] == "application/problem+json")
        #expect(refused["Retry-After"] == "25000")
        #expect(refused["RateLimit"] == "\"user\";r=0;t=50000")
        #expect(refused["Access-Control-Allow-Origin"] == "*")
        #expect(!refused.closes)
        // Others have their own quotas.
        #expect(try await client.get("/hello", "X-Name: boris").status == 200)
        #expect(try await client.get("/hello").status == 200)
    }

    @Test func notModifiedCostsNothing() async throws {
        let client = try await client(requests: 2)
        #expect(try await client.get("/text", "X-Name: anna")["RateLimit"] == "\"user\";r=1;t=25000")
        for _ in 0..<5 {
            let answer = try await client.get("/text", "X-Name: anna", "If-None-Match: \"v7\"")
            #expect(answer.status == 304)
            #expect(answer["RateLimit"] == "\"user\";r=1;t=25000")
        }
        #expect(try await client.get("/hello", "X-Name: anna").status == 200)
        #expect(try await client.get("/hello", "X-Name: anna").status == 429)
    }

    @Test func signInHasItsOwnQuota() async throws {
        let client = try await client(requests: 100, signIns: 1)
        // Whatever name is sent.
        let first = try await client.get("/sign-in", "X-Name: anna")
        #expect(first["RateLimit-Policy"] == "\"sign-in\";q=1;w=50000")
        let refused = try await client.get("/sign-in", "X-Name: boris")
        #expect(refused.status == 429)
        #expect(refused.member("error") == "temporarily_unavailable")
        #expect(refused["Content-Type"] == "application/json")
        #expect(try await client.get("/hello").status == 200)
    }

    /// The test's `admit` refuses here, as it would refuse a wrong token.
    @Test func refusedAdmissionsAndUnknownPathsCountAgainstTheAddress() async throws {
        let client = try await client(requests: 3)
        #expect(try await client.get("/locked", "X-Name: anna")["RateLimit"] == "\"address\";r=2;t=16667")
        #expect(try await client.get("/nowhere")["RateLimit"] == "\"address\";r=1;t=33334")
        #expect(try await client.get("/locked").status == 404)
        #expect(try await client.get("/locked").status == 429)
        #expect(try await client.get("/nowhere").status == 429)
        #expect(try await client.get("/hello", "X-Name: anna").status == 200)
    }

    @Test func healthAndPreflightsHaveNoLimit() async throws {
        let client = try await client(requests: 1)
        for _ in 0..<4 {
            let answer = try await client.get("/unlimited")
            #expect(answer.status == 200)
            #expect(answer["RateLimit"] == nil)
            client.send("OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().status == 204)
        }
    }

    @Test func withoutLimitsThereAreNoFields() async throws {
        let answer = try await TestServer.shared.value.client().get("/hello")
        #expect(answer["RateLimit"] == nil)
        #expect(answer["RateLimit-Policy"] == nil)
    }
}
