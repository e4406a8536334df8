import HTTP1
import Reactor
import TestTools
import Testing

@testable import Web

@Suite struct BodyPiecesTests {
    private func server(_ change: (inout ServerLimits) -> Void = { _ in }) async throws -> TestServer {
        var limits = ServerLimits()
        change(&limits)
        return try await TestServer(limits: limits)
    }

    private func held(_ server: TestServer) async -> Double? {
        await server.server.metrics().first { $0.name == "lyceum_http_held_content_bytes" }?.samples.first?.value
    }

    // MARK: Pieces and whole bodies

    @Test(arguments: ["/echo", "/pieces"], [0, 1, 5, 9000, 200_000])
    func fixedLength(_ path: String, _ size: Int) async throws {
        let client = try await TestServer.shared.value.client()
        let content = String(repeating: "0123456789", count: size / 10 + 1).prefix(size)
        for _ in 0..<2 {
            client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n\(content)")
            #expect(try await client.answer().text == content)
        }
    }

    @Test(arguments: ["/echo", "/pieces"])
    func chunked(_ path: String) async throws {
        let client = try await TestServer.shared.value.client()
        client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        client.send("7;x=y\r\n, world\r\n0\r\nX-Trailer: dropped\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.answer().text == "hello, world")
        #expect(try await client.answer().text == "hello nobody")
    }

    @Test(arguments: ["/echo", "/pieces"])
    func continueIsSentOnce(_ path: String) async throws {
        let client = try await TestServer.shared.value.client()
        client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n")
        #expect(try await client.answer().status == 100)
        client.send("01234")
        client.send("56789")
        #expect(try await client.answer().text == "0123456789")
    }

    @Test(arguments: ["/echo", "/pieces"])
    func tooLarge(_ path: String) async throws {
        let server = try await server { $0.parser.body = 1000 }
        for head in ["Content-Length: 1001", "Transfer-Encoding: chunked"] {
            let client = try server.client()
            client.send("POST \(path) HTTP/1.1\r\nHost: a\r\n\(head)\r\n\r\n3e9\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 413 && answer.closes)
        }
    }

    @Test func theRoutesOwnLimitHolds() async throws {
        let server = try await server { $0.parser.body = 10 }
        let client = try server.client()
        client.send("POST /pieces HTTP/1.1\r\nHost: a\r\nX-Limit: 20\r\nContent-Length: 15\r\n\r\n012345678901234")
        #expect(try await client.answer().text == "012345678901234")
        client.send("POST /pieces HTTP/1.1\r\nHost: a\r\nX-Limit: 20\r\nContent-Length: 21\r\n\r\n")
        #expect(try await client.answer().status == 413)
    }

    @Test(arguments: ["/echo", "/pieces"])
    func slowAndBroken(_ path: String) async throws {
        let server = try await server { $0.body = .milliseconds(50) }
        let slow = try server.client()
        slow.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        #expect(try await slow.answer().status == 408)
        let gone = try server.client()
        gone.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        gone.finish()
        #expect(try await gone.answer().status == 400)
        let wrong = try server.client()
        wrong.send("POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX")
        let answer = try await wrong.answer()
        #expect(answer.status == 400 && answer.closes)
    }

    /// A client that was fast at first gets no more time for the rest than any other.
    @Test func receivedContentNeverEarnsMoreThanTheInitialTime() async throws {
        let server = try await server {
            $0.body = .milliseconds(200)
            $0.bodyRate = 1
        }
        let client = try server.client()
        client.send("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n0123456789")
        #expect(try await client.answer().status == 408)
    }

    @Test func aLargeBodyIsNeverWholeInMemory() async throws {
        let server = try await server()
        let client = try server.client()
        let size = 64 << 20
        let before = ProcessStatistics.read().residentBytes
        client.send("POST /pieces/count HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
        try await client.send(bytes: size)
        let answer = try await client.answer()
        let numbers = answer.text.split(separator: " ").compactMap { Int($0) }
        #expect(numbers.first == size && numbers[1] <= 64 * 1024, "\(answer.text)")
        #expect(ProcessStatistics.read().residentBytes - before < 32 << 20)
        #expect(await held(server) == 0)
    }

    // MARK: The limit for all bodies

    @Test func unfinishedBodiesHaveABoundInTotal() async throws {
        let server = try await server { $0.heldContent = 200_000 }
        func begin(_ path: String = "/echo") throws -> Client {
            let client = try server.client()
            client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 90001\r\n\r\n")
            client.send(String(repeating: "x", count: 90_000))
            return client
        }
        let first = [try begin(), try begin()]
        #expect(await eventually { await held(server) == 180_000 })
        let third = try begin()
        let refused = try await third.answer()
        #expect(refused.status == 503 && refused.member("code") == "overloaded")
        #expect(refused["Retry-After"] != nil && refused.closes)
        // Neither pieces nor content that arrives with its head count as held.
        let pieces = try begin("/pieces/count")
        pieces.send("y")
        #expect(try await pieces.answer().status == 200)
        let small = try server.client()
        small.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nsmall")
        #expect(try await small.answer().text == "small")
        for client in first {
            client.send("y")
            #expect(try await client.answer().body.count == 90_001)
        }
        #expect(await eventually { await held(server) == 0 })
        let fourth = try begin()
        fourth.send("y")
        #expect(try await fourth.answer().status == 200)
    }

    @Test func leavingClientReleasesHeldContent() async throws {
        let server = try await server { $0.heldContent = 200_000 }
        do {
            let client = try server.client()
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90001\r\n\r\n")
            client.send(String(repeating: "x", count: 90_000))
            #expect(await eventually { await held(server) == 90_000 })
        }
        #expect(await eventually { await held(server) == 0 })
    }
}
