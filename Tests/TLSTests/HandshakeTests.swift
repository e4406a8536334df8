import COpenSSL
import Glibc
import Reactor
import TLS
import TestTools
import Testing

@testable import Web

@Suite(.serialized) struct HandshakeTests {
    private func options(_ change: (inout TLSClient.Options) -> Void) -> TLSClient.Options {
        var options = TLSClient.Options()
        change(&options)
        return options
    }

    private func get(_ client: TLSClient) async throws -> String {
        try await client.write("GET /hello HTTP/1.1\r\nHost: lyceum.test\r\n\r\n")
        return String(decoding: try await client.answer().body, as: UTF8.self)
    }

    @Test(arguments: [(TLS1_2_VERSION, "TLSv1.2"), (TLS1_3_VERSION, "TLSv1.3")])
    func newVersionsAreSpoken(version: Int32, name: String) async throws {
        let server = try await SecureServer()
        let client = try await TLSClient.connect(
            server.port,
            options {
                $0.lowest = version
                $0.highest = version
            })
        #expect(client.version == name)
        #expect(client.applicationProtocol == nil)
        #expect(client.serverName == "lyceum.test")
        for _ in 0..<3 { #expect(try await get(client) == "hello from https://lyceum.test") }
    }

    @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
    func oldVersionsAreRefused(version: Int32) async throws {
        let server = try await SecureServer()
        let failure = await #expect(throws: TLSClient.Failure.self) {
            _ = try await TLSClient.connect(
                server.port,
                options {
                    $0.lowest = version
                    $0.highest = version
                })
        }
        #expect(failure?.description == "tlsv1 alert protocol version")
        #expect(await eventually { server.load == 0 })
    }

    @Test(arguments: [["http/1.1"], ["h2", "http/1.1"], ["http/1.1", "h2"]])
    func http11IsChosen(protocols: [String]) async throws {
        let server = try await SecureServer()
        let client = try await TLSClient.connect(server.port, options { $0.protocols = protocols })
        #expect(client.applicationProtocol == "http/1.1")
        #expect(try await get(client) == "hello from https://lyceum.test")
    }

    @Test(arguments: [["h2"], ["h3", "h2", "http/1"], ["http/1.1x"]])
    func otherProtocolsAreRefused(protocols: [String]) async throws {
        let server = try await SecureServer()
        let failure = await #expect(throws: TLSClient.Failure.self) {
            _ = try await TLSClient.connect(server.port, options { $0.protocols = protocols })
        }
        #expect(failure?.description == "tlsv1 alert no application protocol")
        #expect(await eventually { server.load == 0 })
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func bytesMayComeOneByOne(version: Int32) async throws {
        let server = try await SecureServer()
        let client = try await TLSClient.connect(
            server.port,
            options {
                $0.highest = version
                $0.piece = 1
            })
        #expect(try await get(client) == "hello from https://lyceum.test")
        #expect(try await get(client) == "hello from https://lyceum.test")
    }

    @Test func slowHandshakeIsEnded() async throws {
        var limits = ServerLimits()
        limits.head = .milliseconds(50)
        let server = try await SecureServer(limits: limits)
        let silent = try PlainClient(server.port)
        let begun = try PlainClient(server.port)
        // The first bytes of a record that is never completed.
        begun.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
        #expect(try await silent.remainder() == "")
        #expect(try await begun.remainder() == "")
        #expect(await eventually { server.load == 0 })
        // After the handshake the connection may be idle.
        let client = try await TLSClient.connect(server.port)
        #expect(try await get(client) == "hello from https://lyceum.test")
    }

    @Test func trickledHandshakeIsEnded() async throws {
        var limits = ServerLimits()
        limits.head = .milliseconds(100)
        let server = try await SecureServer(limits: limits)
        let client = try PlainClient(server.port)
        client.send([0x16, 0x03, 0x01, 0x40, 0x00])
        #expect(await eventually { server.load == 1 })
        // More bytes do not postpone the deadline.
        let isEnded = await eventually {
            client.send([0])
            return server.load == 0
        }
        #expect(isEnded)
    }

    @Test func garbageIsEnded() async throws {
        let server = try await SecureServer()
        for garbage in [
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], Array(repeating: UInt8(0xFF), count: 100_000), [0x80, 0x2E, 1, 0, 2, 0, 0],
        ]
            as [[UInt8]]
        {
            let client = try PlainClient(server.port)
            client.send(garbage)
            shutdown(client.descriptor, Int32(SHUT_WR))
            _ = try await client.remainder()
        }
        #expect(await eventually { server.load == 0 })
        #expect(try await get(TLSClient.connect(server.port)) == "hello from https://lyceum.test")
    }

    @Test func plainHTTPGetsAnAnswer() async throws {
        let server = try await SecureServer()
        let client = try PlainClient(server.port)
        client.send(Array("GET /hello HTTP/1.1\r\nHost: lyceum.test\r\n\r\n".utf8))
        #expect(try await client.remainder() == SecureServer.plainAnswer)
        #expect(await eventually { server.load == 0 })
    }

    @Test func leavingInTheMiddleIsForgotten() async throws {
        let server = try await SecureServer()
        do {
            let client = try PlainClient(server.port)
            client.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])
            #expect(await eventually { server.load == 1 })
        }
        #expect(await eventually { server.load == 0 })
    }

    @Test func newSessionsAreResumedInTLS13Alone() async throws {
        let server = try await SecureServer()
        for (version, isResumed) in [(TLS1_2_VERSION, false), (TLS1_3_VERSION, true)] {
            let options = options { $0.highest = version }
            let first = try await TLSClient.connect(server.port, options)
            // TLS 1.3 sends its ticket after the handshake.
            _ = try await get(first)
            let session = SSL_get1_session(first.ssl)
            defer { SSL_SESSION_free(session) }
            #expect(!first.isResumed)
            let second = try await TLSClient.connect(server.port, options, session: session)
            #expect(second.isResumed == isResumed)
            #expect(try await get(second) == "hello from https://lyceum.test")
        }
    }

    @Test func renegotiationIsRefused() async throws {
        let server = try await SecureServer()
        let client = try await TLSClient.connect(server.port, options { $0.highest = TLS1_2_VERSION })
        _ = SSL_renegotiate(client.ssl)
        await #expect(throws: TLSClient.Failure.self) { _ = try await get(client) }
    }

    @Test func manyHandshakesLeaveNoMemory() async throws {
        let server = try await SecureServer()
        func some(_ count: Int) async throws {
            for _ in 0..<count {
                #expect(try await get(TLSClient.connect(server.port)) == "hello from https://lyceum.test")
            }
            #expect(await eventually { server.load == 0 })
        }
        try await some(200)
        let before = residentBytes()
        try await some(1000)
        let growth = residentBytes() - before
        // A connection that leaks its SSL object leaks more than 10 KiB.
        #expect(growth < 4 << 20, "\(growth) bytes")
    }

    private func residentBytes() -> Int {
        let file = fopen("/proc/self/statm", "r")
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 256)
        fgets(&text, 256, file)
        return text.withUnsafeBufferPointer { Int(String(cString: $0.baseAddress!).split(separator: " ")[1])! * 4096 }
    }
}
