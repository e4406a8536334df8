import COpenSSL
import Glibc
import HTTP1
import Reactor
import TLS
import TestTools
import Testing

@testable import Web

@Suite(.serialized) struct SecureConnectionTests {
    private static let get = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

    private func server(_ change: (inout ServerLimits) -> Void = { _ in }) async throws -> SecureServer {
        var limits = ServerLimits()
        limits.parser.body = 16 << 20
        change(&limits)
        return try await SecureServer(limits: limits)
    }

    @Test func largeAnswerReachesASlowReader() async throws {
        let server = try await server()
        var options = TLSClient.Options()
        options.receiveBuffer = 4096
        let slow = try await TLSClient.connect(server.port, options)
        try await slow.write("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        // The writer waits while others are served.
        let quick = try await TLSClient.connect(server.port)
        for _ in 0..<20 {
            try await quick.write(Self.get)
            #expect(try await quick.answer().head.hasPrefix("HTTP/1.1 200 "))
        }
        let isWhole = try await slow.answer().body == SecureServer.large
        #expect(isWhole)
        try await slow.write(Self.get)
        #expect(try await slow.answer().head.hasPrefix("HTTP/1.1 200 "))
    }

    // MARK: Streams

    @Test func aStreamReachesASlowReaderAndTheConnectionGoesOn() async throws {
        let server = try await server()
        var options = TLSClient.Options()
        options.receiveBuffer = 4096
        let slow = try await TLSClient.connect(server.port, options)
        try await slow.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        let quick = try await TLSClient.connect(server.port)
        for _ in 0..<20 {
            try await quick.write(Self.get)
            #expect(try await quick.answer().head.hasPrefix("HTTP/1.1 200 "))
        }
        #expect(try await slow.answer().head.contains("Transfer-Encoding: chunked"))
        let isWhole = try await slow.chunks() == SecureServer.large
        #expect(isWhole)
        try await slow.write(Self.get)
        #expect(try await slow.answer().body == Array("hello from https://a".utf8))
    }

    /// Under HTTP/1.0 the end of TLS ends the content; `close_notify` says that nothing is missing.
    @Test(arguments: [false, true])
    func streamWithoutChunksEndsWithCloseNotify(fails: Bool) async throws {
        let server = try await server()
        let client = try await TLSClient.connect(server.port)
        try await client.write("GET /stream\(fails ? "?fail" : "") HTTP/1.0\r\n\r\n")
        #expect(try await client.answer().head.hasPrefix("HTTP/1.1 200 "))
        let content = try? await client.read()
        #expect(client.wasClosedProperly == !fails)
        let isWhole = content == SecureServer.large
        #expect(isWhole == !fails)
    }

    @Test func aStreamThatIsNotReadIsDropped() async throws {
        let server = try await server { $0.write = .milliseconds(50) }
        var options = TLSClient.Options()
        options.receiveBuffer = 4096
        let slow = try await TLSClient.connect(server.port, options)
        try await slow.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.load == 0 })
        withExtendedLifetime(slow) {}
    }

    @Test func readerThatNeverReadsIsDropped() async throws {
        let server = try await server { $0.write = .milliseconds(50) }
        var options = TLSClient.Options()
        options.receiveBuffer = 4096
        let slow = try await TLSClient.connect(server.port, options)
        try await slow.write("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await eventually { server.load == 0 })
        withExtendedLifetime(slow) {}
    }

    @Test(arguments: [1 << 20, 8 << 20])
    func largeBodiesGoBothWays(count: Int) async throws {
        let server = try await server()
        let client = try await TLSClient.connect(server.port)
        let body = Array(SecureServer.large.prefix(count))
        try await client.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
        for start in stride(from: 0, to: count, by: 100_000) {
            try await client.write(Array(body[start..<min(start + 100_000, count)]))
        }
        let isWhole = try await client.answer().body == body
        #expect(isWhole)
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let server = try await server()
        let client = try await TLSClient.connect(server.port)
        let count = 50
        try await client.write(
            (0..<count).map { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\($0 + 10)" }.joined())
        for index in 0..<count { #expect(try await client.answer().body == Array("\(index + 10)".utf8)) }
    }

    @Test func endOfTheRequestsIsNotTheEndOfTheAnswers() async throws {
        let server = try await server()
        let client = try await TLSClient.connect(server.port)
        try await client.write(Self.get + "GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        try client.finish()
        shutdown(client.wire.descriptor, Int32(SHUT_WR))
        #expect(try await client.answer().body == Array("hello from https://a".utf8))
        #expect(try await client.answer().body.count == SecureServer.large.count)
        #expect(try await client.read().isEmpty)
        #expect(client.wasClosedProperly)
    }

    @Test func endWithoutCloseNotifyIsAnEnd() async throws {
        let server = try await server()
        let client = try await TLSClient.connect(server.port)
        try await client.write(Self.get)
        shutdown(client.wire.descriptor, Int32(SHUT_WR))
        #expect(try await client.answer().body == Array("hello from https://a".utf8))
        #expect(try await client.read().isEmpty)
        #expect(client.wasClosedProperly)
        #expect(await eventually { server.load == 0 })
    }

    @Test(arguments: ["GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "nonsense\r\n\r\n"])
    func closeNotifyIsSent(request: String) async throws {
        let server = try await server()
        let client = try await TLSClient.connect(server.port)
        try await client.write(request)
        _ = try await client.answer()
        #expect(try await client.read().isEmpty)
        #expect(client.wasClosedProperly)
    }

    @Test func idleConnectionIsClosedProperly() async throws {
        let server = try await server { $0.idle = .milliseconds(50) }
        let client = try await TLSClient.connect(server.port)
        #expect(try await client.read().isEmpty)
        #expect(client.wasClosedProperly)
    }

    /// Endless key updates carry no content and would keep the core busy.
    @Test func endlessKeyUpdatesAreEnded() async throws {
        let server = try await server()
        let client = try await TLSClient.connect(server.port)
        await #expect(throws: TLSClient.Failure.self) {
            for _ in 0..<10_000 {
                SSL_key_update(client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
                _ = try await threads.run { SSL_do_handshake(client.ssl) }
            }
            try await client.write(Self.get)
            _ = try await client.answer()
        }
        #expect(await eventually { server.load == 0 })
    }

    @Test func fewKeyUpdatesAreFine() async throws {
        let server = try await server()
        let client = try await TLSClient.connect(server.port)
        for _ in 0..<10 {
            SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED)
            try await client.write(Self.get)
            #expect(try await client.answer().body == Array("hello from https://a".utf8))
        }
    }

    @Test func newCertificateIsForNewConnections() async throws {
        let certificates = Certificates(name: "first.test")
        let server = try await SecureServer(certificates)
        let old = try await TLSClient.connect(server.port)
        #expect(old.serverName == "first.test")
        certificates.make(name: "second.test")
        server.server.use(try SecureServer.context(certificates))
        #expect(
            try await eventually { try await TLSClient.connect(server.port).serverName == "second.test" })
        try await old.write(Self.get)
        #expect(try await old.answer().body == Array("hello from https://a".utf8))
    }

    @Test func drainFinishesWhatIsInFlight() async throws {
        let server = try await server()
        var options = TLSClient.Options()
        options.receiveBuffer = 4096
        let slow = try await TLSClient.connect(server.port, options)
        let idle = try await TLSClient.connect(server.port)
        try await idle.write(Self.get)
        _ = try await idle.answer()
        try await slow.write("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await slow.read(15) == Array("HTTP/1.1 200 OK".utf8))
        async let end = server.server.shutDown(graceSeconds: 20)
        #expect(try await idle.read().isEmpty)
        #expect(idle.wasClosedProperly)
        #expect(try await slow.read().count > SecureServer.large.count)
        #expect(slow.wasClosedProperly)
        try slow.finish()
        shutdown(slow.wire.descriptor, Int32(SHUT_WR))
        #expect(await end)
    }

    @Test func excessConnectionsAreClosedWithoutAHandshake() async throws {
        let server = try await server { $0.connectionsPerAddress = 1 }
        let first = try await TLSClient.connect(server.port)
        await #expect(throws: TLSClient.Failure.self) { _ = try await TLSClient.connect(server.port) }
        #expect(await server.server.connectionCounts().rejected == [.address: 1])
        try await first.write(Self.get)
        #expect(try await first.answer().head.hasPrefix("HTTP/1.1 200 "))
    }
}
