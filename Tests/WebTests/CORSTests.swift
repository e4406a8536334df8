import Testing

@testable import Web

@Suite(.serialized) struct CORSTests {
    private static let origin = "https://app.example.org"
    private static let listed = Task { try await server("https://app.example.org, http://localhost:5173") }
    private static let any = Task { try await server("*") }

    private static func server(_ origins: String) async throws -> TestServer {
        try await TestServer { _ in
            var features = Features()
            features.cors = try CORS(origins)
            features.showsTiming = true
            return features
        }
    }

    private func preflight(_ server: TestServer, _ path: String, _ fields: String...) async throws -> Client.Answer {
        let client = try server.client()
        client.send(
            "OPTIONS \(path) HTTP/1.1\r\nHost: a\r\n" + fields.map { $0 + "\r\n" }.joined()
                + "Access-Control-Request-Method: POST\r\n\r\n")
        return try await client.answer()
    }

    @Test func preflightOfAListedOrigin() async throws {
        let server = try await Self.listed.value
        let answer = try await preflight(
            server, "/text", "Origin: \(Self.origin)", "Access-Control-Request-Headers: authorization, content-type")
        #expect(answer.status == 204)
        #expect(answer.body.isEmpty)
        #expect(answer["Access-Control-Allow-Origin"] == Self.origin)
        #expect(answer["Access-Control-Allow-Methods"] == "GET, POST, HEAD, OPTIONS")
        let allowed = answer["Access-Control-Allow-Headers"] ?? ""
        for name in ["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"] {
            #expect(allowed.contains(name))
        }
        #expect(answer["Access-Control-Max-Age"] == "7200")
        #expect(answer["Access-Control-Allow-Credentials"] == nil)
        #expect(answer["Vary"] == "Origin")
        #expect(answer["Allow"] == "GET, POST, HEAD, OPTIONS")
    }

    @Test(arguments: ["https://evil.example.org", "https://app.example.org.evil.org", "null", "http://app.example.org"])
    func anotherOriginGetsNothing(_ origin: String) async throws {
        let server = try await Self.listed.value
        for answer in [
            try await preflight(server, "/text", "Origin: \(origin)"),
            try await server.client().get("/text", "Origin: \(origin)"),
        ] {
            #expect(
                !answer.fields.contains { $0.name.hasPrefix("Access-Control") || $0.name.hasPrefix("Timing-Allow") })
            // A cache must not give this answer to an origin that may read it, and vice versa.
            #expect(answer["Vary"]?.contains("Origin") == true)
        }
    }

    @Test(arguments: [("/text", 200), ("/nowhere", 404), ("/locked", 404), ("/unforeseen", 500), ("/problem", 422)])
    func answersAndErrorsCanBeRead(_ path: String, _ status: Int) async throws {
        let answer = try await Self.listed.value.client().get(path, "Origin: \(Self.origin)")
        #expect(answer.status == status)
        #expect(answer["Access-Control-Allow-Origin"] == Self.origin)
        #expect(answer["Timing-Allow-Origin"] == Self.origin)
        let exposed = (answer["Access-Control-Expose-Headers"] ?? "").split(separator: ", ").map { String($0) }
        for name in ["ETag", "Link", "X-Request-Id", "RateLimit", "RateLimit-Policy", "Retry-After"] {
            #expect(exposed.contains(name))
        }
        #expect(answer["Vary"]?.hasSuffix("Origin") == true)
    }

    @Test func notModifiedKeepsTheFields() async throws {
        let answer = try await Self.listed.value.client()
            .get("/text", "Origin: \(Self.origin)", "If-None-Match: \"v7\"")
        #expect(answer.status == 304)
        #expect(answer["Access-Control-Allow-Origin"] == Self.origin)
        #expect(answer["Vary"] == "Authorization, Origin")
    }

    @Test func anyOrigin() async throws {
        let server = try await Self.any.value
        let answer = try await server.client().get("/text", "Origin: https://somewhere.example")
        #expect(answer["Access-Control-Allow-Origin"] == "*")
        // The answer is the same for everybody.
        #expect(answer["Vary"] == "Authorization")
        let preflight = try await preflight(server, "/text", "Origin: https://somewhere.example")
        #expect(preflight["Access-Control-Allow-Origin"] == "*")
        #expect(preflight["Access-Control-Allow-Methods"] != nil)
    }

    @Test func withoutOriginOrConfigurationThereIsNothing() async throws {
        let plain = try await Self.listed.value.client().get("/text")
        #expect(!plain.fields.contains { $0.name.hasPrefix("Access-Control") })
        #expect(plain["Vary"] == "Authorization, Origin")
        let off = try await TestServer.shared.value
        let answer = try await off.client().get("/text", "Origin: \(Self.origin)")
        #expect(!answer.fields.contains { $0.name.hasPrefix("Access-Control") })
        #expect(answer["Vary"] == "Authorization")
        let options = try await preflight(off, "/text", "Origin: \(Self.origin)")
        #expect(options.status == 204)
        #expect(!options.fields.contains { $0.name.hasPrefix("Access-Control") })
    }

    /// An OPTIONS that is not a preflight asks for the methods.
    @Test func plainOptions() async throws {
        let client = try await Self.listed.value.client()
        client.send("OPTIONS /text HTTP/1.1\r\nHost: a\r\nOrigin: \(Self.origin)\r\n\r\n")
        let answer = try await client.answer()
        #expect(answer["Allow"] == "GET, POST, HEAD, OPTIONS")
        #expect(answer["Access-Control-Allow-Methods"] == nil)
    }

    @Test(arguments: [
        "", "app.example.org", "https://app.example.org/", "https://app.example.org/path", "https://", "null",
        "https://App.example.org", "*, https://app.example.org", "https://*.example.org", "ftp://example.org",
    ])
    func notAnOrigin(_ text: String) {
        #expect(throws: CORS.Malformed.self) { try CORS(text) }
    }
}
