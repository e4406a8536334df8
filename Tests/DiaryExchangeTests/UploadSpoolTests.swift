import Glibc
import HTTP1
import Reactor
import Synchronization
import TestTools
import Testing
import Web

@testable import DiaryExchange

/// Uploads that are not whole yet: see `UploadSpool`.
@Suite struct UploadSpoolTests {
    enum Rule: Sendable { case open }
    struct Caller {}

    struct App: Application {
        func admit(_ request: Request, _ rule: Rule) async throws -> Caller { Caller() }
        func problem(for error: any Error) -> Problem? { nil }
        var trouble: String? { nil }
        func close() {}
    }

    /// Answers the length and a sum of what was uploaded.
    private func server(_ spool: UploadSpool) async throws -> Server<Rule, Caller> {
        let log = try LogSink(descriptor: open("/dev/null", O_WRONLY))
        let server = try await Server(host: "127.0.0.1", port: 0, cores: [Core(index: 0)]) { core in
            let routes: [Route<Rule, Caller>] = [
                .post("/upload", "upload", access: .open) { request, _ in
                    let upload = try await spool.receive(request, atMost: 1 << 20)
                    let content = try await spool.threads.run { try upload.contents() }
                    return Response(.ok, contentType: "text/plain", body: Array(Self.digest(content).utf8))
                }
            ]
            return Worker(
                on: core, router: Router(routes), limits: ServerLimits(), log: log, logging: nil,
                application: App())
        }
        Self.all.withLock { $0.append(server) }
        return server
    }

    /// A server lives until the process ends, as its core does.
    private static let all = Mutex<[Server<Rule, Caller>]>([])

    private static func digest(_ content: [UInt8]) -> String {
        "\(content.count) \(content.enumerated().reduce(0) { $0 &+ Int($1.element) &* ($1.offset % 997) })"
    }

    /// A blocking connection.
    private final class Connection: Sendable {
        let descriptor: Int32

        init(_ port: UInt16) throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var patience = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let code = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            #expect(code == 0)
        }

        deinit { close(descriptor) }

        func send(_ bytes: some Collection<UInt8>) async throws {
            let bytes = Array(bytes)
            try await threads.run { [self] in
                var sent = 0
                while sent < bytes.count {
                    let count = bytes.withUnsafeBytes {
                        Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
                    }
                    if count < 0 { return }
                    sent += count
                }
            }
        }

        func begin(_ length: Int, _ content: [UInt8]) async throws {
            try await send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n".utf8)
            try await send(content)
        }

        /// What has come of the answer.
        func answer() async throws -> String {
            try await threads.run { [self] in
                var bytes = [UInt8](repeating: 0, count: 65536)
                let count = recv(descriptor, &bytes, bytes.count, 0)
                return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            }
        }
    }

    private static let content = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: ($0 &* 0x9E37_79B1) >> 24) }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000, 1 << 20])
    func arrivesWhole(_ size: Int) async throws {
        let spool = try UploadSpool()
        let server = try await server(spool)
        let connection = try Connection(server.port)
        let content = Array(Self.content.prefix(size))
        try await connection.begin(size, content)
        let answer = try await connection.answer()
        #expect(answer.hasSuffix("\r\n\r\n" + Self.digest(content)), "\(answer)")
        #expect(await eventually { spool.bytes == 0 })
    }

    @Test func filesHaveABoundTogether() async throws {
        let spool = try UploadSpool(limit: 10, space: 500_000)
        let server = try await server(spool)
        let first = try Connection(server.port)
        try await first.begin(400_000, Array(Self.content.prefix(390_000)))
        #expect(await eventually { spool.bytes > 300_000 })
        let second = try Connection(server.port)
        try await second.begin(400_000, Array(Self.content.prefix(390_000)))
        let refused = try await second.answer()
        #expect(refused.hasPrefix("HTTP/1.1 503 ") && refused.contains("\r\nRetry-After: 5"))
        try await first.send(Self.content[390_000..<400_000])
        #expect(try await first.answer().hasSuffix(Self.digest(Array(Self.content.prefix(400_000)))))
        #expect(await eventually { spool.bytes == 0 })
    }

    @Test func uploadsHaveABoundInNumberAndGiveItBack() async throws {
        let spool = try UploadSpool(limit: 1)
        let server = try await server(spool)
        for _ in 0..<3 {
            let first = try Connection(server.port)
            try await first.begin(200_000, Array(Self.content.prefix(100_000)))
            #expect(await eventually { spool.bytes > 0 })
            let second = try Connection(server.port)
            try await second.begin(10, [])
            #expect(try await second.answer().hasPrefix("HTTP/1.1 503 "))
            // The first leaves in the middle.
            shutdown(first.descriptor, Int32(SHUT_RDWR))
            #expect(await eventually { spool.bytes == 0 })
        }
    }
}
