import Reactor
import Testing

@testable import Web

@Suite(.serialized) struct ServerTimingTests {
    private static let server = Task {
        try await TestServer { _ in
            var features = Features()
            features.showsTiming = true
            return features
        }
    }

    @Test(arguments: ["/text", "/nowhere", "/unforeseen"])
    func everyAnswerSaysWhereItsTimeWent(_ path: String) async throws {
        let answer = try await Self.server.value.client().get(path)
        let parts = try parts(#require(answer["Server-Timing"]))
        #expect(parts.map { $0.name } == ["parse", "queue", "database", "render"])
        #expect(parts[0].milliseconds > 0)
        #expect(parts[1].milliseconds == 0)
        #expect(parts[2].milliseconds == 0)
    }

    /// Waiting for a slow client's body counts as nobody's work.
    @Test func aSlowBodyIsNotRendering() async throws {
        let client = try await Self.server.value.client()
        let start = Clock.now
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        // From here on the handler waits as long as this client takes.
        #expect(try await client.answer().status == 100)
        let paused = Clock.now
        let other = try await Self.server.value.client()
        for _ in 0..<100 {
            other.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await other.answer()
        }
        let pause = Double(Clock.now - paused) / 1e6
        client.send("1")
        let parts = try parts(#require(try await client.answer()["Server-Timing"]))
        let whole = Double(Clock.now - start) / 1e6
        #expect(parts[0].milliseconds + parts[3].milliseconds < whole - pause)
    }

    @Test func theRestOfTheTimeIsRendering() {
        let timing = RequestTiming()
        timing.parse = 12_345
        timing.body = 1_000_000
        timing.queue = 2_500_000
        timing.database = 10_000_000
        #expect(
            timing.field(total: 20_000_999) == "parse;dur=0.012, queue;dur=2.500, database;dur=10.000, render;dur=6.500"
        )
        // Overlapping queries take more than the total.
        #expect(timing.field(total: 5_000_000).hasSuffix("render;dur=0.000"))
    }

    @Test func offUnlessConfigured() async throws {
        #expect(try await TestServer.shared.value.client().get("/text")["Server-Timing"] == nil)
    }

    private func parts(_ field: String) throws -> [(name: String, milliseconds: Double)] {
        try field.split(separator: ", ").map { part in
            let halves = part.split(separator: ";dur=")
            return (String(halves[0]), try #require(Double(halves[1])))
        }
    }
}
