import Glibc
import HTTP1
import JSON
import Reactor
import Synchronization
import TestTools
import Testing

@testable import Web

/// A small application over real sockets. It lives until the process ends, like its cores.
final class TestServer: Sendable {
    enum Rule: Sendable {
        case open
        case locked
    }

    struct Caller {
        let name: String
    }

    struct Unforeseen: Error {
        let secret = "the password is swordfish"
    }

    /// Blocks handlers until the test lets them go.
    final class Gate: Sendable {
        private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

        var waiting: Int { state.withLock { $0.waiting.count } }

        func wait() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func open() {
            let waiting = state.withLock { state in
                defer { state = (true, []) }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    struct App: Application {
        let core: Core
        let visits: Visits

        func admit(_ request: Request, _ rule: Rule) async throws -> Caller {
            visits.count(core.isCurrent)
            guard rule == .open else { throw Problem(.notFound) }
            return Caller(name: request.head["X-Name"] ?? "nobody")
        }

        func user(of caller: Caller) -> String? { caller.name == "nobody" ? nil : caller.name }
        func problem(for error: any Error) -> Problem? { nil }
        var trouble: String? { nil }
        func close() {}
    }

    let cores: [Core]
    let server: Server<Rule, Caller>
    let gate: Gate
    /// Handlers that began on their core and ended there, and those that did not.
    let visits: Visits
    let streams: StreamCounts
    let log: LogReader
    var port: UInt16 { server.port }

    final class Visits: Sendable {
        let home = Atomic<Int>(0)
        let astray = Atomic<Int>(0)
    }

    private static let all = Mutex<[TestServer]>([])

    /// For tests that need no limits of their own.
    static let shared = Task { try await TestServer(cores: 2) }

    init(
        cores count: Int = 1, limits: ServerLimits = ServerLimits(), proxies: TrustedProxies = TrustedProxies(),
        logging: RequestLogging? = RequestLogging(),
        features: @Sendable (Offload) throws -> Features = { _ in Features() }
    ) async throws {
        let gate = Gate()
        let visits = Visits()
        let streams = StreamCounts()
        let offload = try Offload(name: "offload", threads: 1, limit: 100)
        let features = try features(offload)
        log = try LogReader()
        let sink = try LogSink(descriptor: log.descriptor)
        let cores = try (0..<count).map { try Core(index: $0) }
        self.cores = cores
        self.gate = gate
        self.visits = visits
        self.streams = streams
        server = try await Server(host: "127.0.0.1", port: 0, cores: cores, proxies: proxies, limits: limits) { core in
            let routes = Self.routes(on: core, gate, offload) + FeatureRoutes.all + StreamRoutes.all(on: core, streams)
            return Worker(
                on: core, router: Router(routes.map { Self.watched($0, core, visits) }), limits: limits,
                features: features, log: sink, logging: logging,
                application: App(core: core, visits: visits))
        }
        Self.all.withLock { $0.append(self) }
    }

    func client() throws -> Client { try Client(port) }

    private static func watched(
        _ route: Route<Rule, Caller>, _ core: Core, _ visits: Visits
    ) -> Route<Rule, Caller> {
        var route = route
        let handler = route.handler
        route.handler = { request, caller in
            visits.count(core.isCurrent)
            defer { visits.count(core.isCurrent) }
            return try await handler(request, caller)
        }
        return route
    }

    private static func text(_ text: String) -> Response {
        Response(.ok, contentType: "text/plain", body: Array(text.utf8))
    }

    private static func tagged() -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("mark")
        writer.integer(5)
        writer.endObject()
        return .tagged(writer)
    }

    private static func routes(on core: Core, _ gate: Gate, _ offload: Offload) -> [Route<Rule, Caller>] {
        [
            .get("/hello", "hello", access: .open) { _, caller in text("hello \(caller.name)") },
            .get("/locked", "locked", access: .locked) { _, _ in text("never") },
            .post("/echo", "echo", access: .open) { request, _ in
                Response(.ok, contentType: "application/octet-stream", body: try await request.body())
            },
            .post("/json", "json", access: .open) { request, _ in
                var writer = JSONWriter()
                writer.value(try await request.json())
                return .json(writer)
            },
            .post("/fields", "fields", access: .open) { request, _ in
                text(try await request.fields().map { "\($0.name)=\($0.value)" }.joined(separator: ";"))
            },
            .post("/ignore", "ignore", access: .open) { _, _ in text("ignored") },
            .get("/items/{id}", "item", access: .open) { request, _ in text(request.path["id"] ?? "-") },
            .get("/request-id", "requestID", access: .open) { request, _ in text(request.id) },
            .get("/peer", "peer", access: .open) { request, _ in
                text("\(request.peer) \(request.origin ?? "-")")
            },
            .get("/tagged", "tagged", access: .open) { _, _ in tagged() },
            .post("/tagged", "tag", access: .open) { _, _ in tagged() },
            .get("/empty", "empty", access: .open) { _, _ in Response(.noContent) },
            .get("/unforeseen", "unforeseen", access: .open) { _, _ in throw Unforeseen() },
            .get("/bad-field", "badField", access: .open) { _, _ in
                var response = text("split")
                response.headers = [("X-Split", "a\r\nX-Injected: b")]
                return response
            },
            .get("/problem", "problem", access: .open) { _, _ in
                throw Problem(
                    .validationFailed,
                    items: [.init(pointer: "/a~1b", code: "required", detail: Text(ru: "Нужно.", en: "Needed."))])
            },
            .get("/held", "held", access: .open) { _, _ in
                await gate.wait()
                return text("let go")
            },
            .get("/far", "far", access: .open) { _, _ in
                let away = try await offload.run { core.isCurrent }
                await core.sleep(1000)
                await withCheckedContinuation { continuation in Task.detached { continuation.resume() } }
                return text("\(away)")
            },
            .get("/large", "large", access: .open) { _, _ in
                Response(.ok, contentType: "text/plain", body: large)
            },
        ]
    }
}

extension TestServer {
    /// More than the kernel takes at once, and different everywhere.
    static let large = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: ($0 &* 0x9E37_79B1) >> 24) }
}

extension TestServer.Visits {
    func count(_ isHome: Bool) {
        if isHome { home.add(1, ordering: .relaxed) } else { astray.add(1, ordering: .relaxed) }
    }
}

/// What a server logs, read by its own thread.
final class LogReader: Sendable {
    let descriptor: Int32
    private let lines = Mutex("")

    var text: String { lines.withLock { $0 } }

    init() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        descriptor = ends[1]
        let reading = ends[0]
        Task { [self] in
            try await logThreads.run { [self] in
                var bytes = [UInt8](repeating: 0, count: 65536)
                while true {
                    let count = read(reading, &bytes, bytes.count)
                    if count <= 0 { return }
                    lines.withLock { $0 += String(decoding: bytes.prefix(count), as: UTF8.self) }
                }
            }
        }
    }
}

private let logThreads = try! Offload(name: "log-reader", threads: 128, limit: 100)
