import Glibc
import HTTP1
import JSON
import Reactor
import Synchronization
import TLS
import Testing

@testable import Web

/// A small application behind TLS. It lives until the process ends, like its cores.
final class SecureServer: Sendable {
    enum Rule: Sendable {
        case open
    }

    struct Caller {}

    struct App: Application {
        func admit(_ request: Request, _ rule: Rule) async throws -> Caller { Caller() }
        func problem(for error: any Error) -> Problem? { nil }
        var trouble: String? { nil }
        func close() {}
    }

    static let plainAnswer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    static let large = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: ($0 &* 0x9E37_79B1) >> 24) }

    private static let all = Mutex<[SecureServer]>([])

    let core: Core
    let server: Server<Rule, Caller>
    var port: UInt16 { server.port }
    /// The number of open connections.
    var load: Int { core.load.load(ordering: .relaxed) }

    init(_ certificates: Certificates = .shared, limits: ServerLimits = ServerLimits()) async throws {
        let core = try Core(index: 0)
        self.core = core
        let null = open("/dev/null", O_WRONLY)
        let sink = try LogSink(descriptor: null)
        server = try await Server(
            host: "127.0.0.1", port: 0, cores: [core], tls: Self.context(certificates), limits: limits
        ) { core in
            Worker(
                on: core, router: Router(Self.routes), limits: limits, log: sink, logging: nil,
                application: App())
        }
        Self.all.withLock { $0.append(self) }
    }

    static func context(_ certificates: Certificates) throws -> ServerContext {
        try ServerContext(
            certificate: certificates.certificate, key: certificates.key, plainAnswer: Array(plainAnswer.utf8))
    }

    private static let routes: [Route<Rule, Caller>] = [
        .get("/hello", "hello", access: .open) { request, _ in
            Response(.ok, contentType: "text/plain", body: Array("hello from \(request.origin ?? "-")".utf8))
        },
        .get("/large", "large", access: .open) { _, _ in Response(.ok, contentType: "text/plain", body: large) },
        .get("/stream", "stream", access: .open) { request, _ in
            Response(.ok, contentType: "text/plain", stream: Parts(failing: request.head.query == "fail"))
        },
        .post("/echo", "echo", access: .open) { request, _ in
            Response(.ok, contentType: "application/octet-stream", body: try await request.body())
        },
    ]
}

/// The large content in parts, or half of it and an error.
final class Parts: ContentStream {
    struct Broken: Error {}

    private let end: Int
    private let fails: Bool
    private var given = 0

    init(failing: Bool) {
        fails = failing
        end = failing ? SecureServer.large.count / 2 : SecureServer.large.count
    }

    func next() async throws -> [UInt8]? {
        if given == end && fails { throw Broken() }
        guard given < end else { return nil }
        defer { given = min(given + 30_000, end) }
        return Array(SecureServer.large[given..<min(given + 30_000, end)])
    }

    func close() {}
}
