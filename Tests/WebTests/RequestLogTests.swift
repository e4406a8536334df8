import HTTP1
import TestTools
import Testing

@testable import Web

/// Which requests get a line in the log.
@Suite struct RequestLogTests {
    /// Asks for six pages, six probes and one page that does not exist, and counts their lines.
    private func lines(_ logging: RequestLogging?) async throws -> [String: Int] {
        let server = try await TestServer(logging: logging)
        let client = try server.client()
        for _ in 0..<6 {
            _ = try await client.get("/hello")
            _ = try await client.get("/unlimited")
        }
        _ = try await client.get("/nothing")
        // A fault always has a line, and lines stand in the order of the requests.
        _ = try await client.get("/unforeseen")
        #expect(await eventually { server.log.text.contains(#""status":500"#) })
        let lines = server.log.text.split(separator: "\n").filter { $0.contains(#""message":"request""#) }
        return Dictionary(
            uniqueKeysWithValues: ["/hello", "/unlimited", "-", "/unforeseen"].map { route in
                (route, lines.count { $0.contains(#""route":"\#(route)""#) })
            })
    }

    @Test(
        arguments: [
            (1, 1, ["/hello": 6, "/unlimited": 6, "-": 1, "/unforeseen": 1]),
            (1, 0, ["/hello": 6, "/unlimited": 0, "-": 1, "/unforeseen": 1]),
            (1, 3, ["/hello": 6, "/unlimited": 2, "-": 1, "/unforeseen": 1]),
            (3, 0, ["/hello": 2, "/unlimited": 0, "-": 1, "/unforeseen": 1]),
            (0, 1, ["/hello": 0, "/unlimited": 6, "-": 1, "/unforeseen": 1]),
        ])
    func successesAreSampledAndFailuresAreNot(requests: Int, probes: Int, expected: [String: Int]) async throws {
        var logging = RequestLogging()
        logging.requests = requests
        logging.probes = probes
        #expect(try await lines(logging) == expected)
    }

    @Test func withoutALogOfRequestsThereAreFaults() async throws {
        #expect(try await lines(nil) == ["/hello": 0, "/unlimited": 0, "-": 0, "/unforeseen": 1])
    }
}
