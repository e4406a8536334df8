import Diary
import DiaryServer
import DiaryTestSupport
import Glibc
import Postgres
import Reactor
import TestSupport
import TestTools
import Testing
import Web

/// The admin address, and `/readyz` there and on the public address.
@Suite(.serialized) struct AdminTests {
    private static func server() async throws -> TestServer {
        try await TestServer(cores: 2) { $0.admin = RunningServer.Configuration.Admin(host: "127.0.0.1", port: 0) }
    }

    private static let shared = Task { try await server() }

    private func admin(_ server: TestServer) throws -> TestClient {
        TestClient(port: try #require(server.server.adminPort))
    }

    private func metrics(_ server: TestServer) throws -> MetricsText {
        let answer = try admin(server).get("/metrics")
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        return try MetricsText(answer.text)
    }

    @Test func metricsCountRequests() async throws {
        let server = try await Self.shared.value
        let teacher = try server.client("teacher")
        let before = try metrics(server)
        for _ in 0..<5 { #expect(try teacher.get("/v1/me").status == 200) }
        #expect(try teacher.get("/v1/nothing").status == 404)
        let labels = ["route": "/v1/me", "method": "GET", "status": "2xx"]
        let name = "lyceum_http_request_duration_seconds_count"
        let isCounted = try await eventually {
            try metrics(server).values(name, labels).reduce(0, +) == before.values(name, labels).reduce(0, +) + 5
        }
        #expect(isCounted)
        let after = try metrics(server)
        #expect(after.values(name, ["route": "-", "status": "4xx"]).first ?? 0 >= 1)
        #expect(after.values("lyceum_http_response_content_bytes_total", labels)[0] > 100)
        // Two cores, each with one connection per lane.
        for lane in ["read", "write", "leased"] {
            #expect(after.values("lyceum_database_connections", ["lane": lane]) == [2])
            #expect(after.values("lyceum_database_configured_connections", ["lane": lane]) == [2])
        }
        #expect(after.values("lyceum_connections_open").count == 2)
        #expect(after.values("lyceum_connections_accepted_total")[0] >= 6)
        #expect(after.values("lyceum_connections_rejected_total") == [0, 0, 0, 0])
        #expect(after.values("lyceum_loop_turn_seconds_count").allSatisfy { $0 > 0 })
        #expect(after.values("lyceum_loop_turn_seconds_count").count == 2)
        // The lanes count segments: each of the five requests was at least one.
        #expect(after.values("lyceum_database_segments_total", ["lane": "read"])[0] >= 5)
        #expect(after.values("lyceum_database_busy_seconds_total", ["lane": "read"])[0] > 0)
        #expect(after.values("lyceum_build_info") == [1])
        #expect(after.values("lyceum_offload_waiting", ["pool": "passwords"]) == [0])
        #expect(after.values("process_resident_memory_bytes")[0] > 1_000_000)
        #expect(after.values("process_open_fds")[0] > 10)
        #expect(after.values("process_cpu_seconds_total")[0] > 0)
        // In whole seconds: the process may have started within this second.
        let age = Double(Clock.wall.seconds) + 1 - after.values("process_start_time_seconds")[0]
        #expect(age > 0 && age < 24 * 3600)
    }

    @Test func failingWorkIsMeasuredAndTheServerStaysReady() async throws {
        let server = try await TestServer(cores: 1) {
            $0.admin = RunningServer.Configuration.Admin(host: "127.0.0.1", port: 0)
            var background = Background.Configuration(
                work: [
                    BackgroundWork("fail", .onDemand) { attempt in
                        _ = try await attempt.run([BackgroundRoom.nonsense()])
                        return .done
                    }
                ])
            background.rhythm = 0.05
            $0.background = background
        }
        try server.owner().execute("INSERT INTO pending (school_id, kind, due_at) VALUES (1, 'fail', now())")
        let isMeasured = try await eventually {
            try metrics(server).values("lyceum_background_failing", ["kind": "fail"]) == [1]
        }
        #expect(isMeasured)
        let text = try metrics(server)
        #expect(text.values("lyceum_background_ended_total", ["kind": "fail", "result": "failed"]) == [1])
        #expect(text.values("lyceum_background_duration_seconds_count", ["kind": "fail"]) == [1])
        #expect(text.values("lyceum_background_lag_seconds").count == 1)
        #expect(text.values("lyceum_database_connections", ["lane": "background"]) == [2])
        for client in [TestClient(port: server.port), try admin(server)] {
            #expect(try client.get("/readyz").status == 200)
        }
    }

    @Test func openMetricsIfRequested() async throws {
        let answer = try await admin(Self.shared.value).get(
            "/metrics", headers: [("Accept", "application/openmetrics-text;version=1.0.0,*/*;q=0.1")])
        #expect(answer["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(answer.text.hasSuffix("\n# EOF\n"))
        #expect(answer.text.contains("# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total "))
    }

    @Test func publicAndAdminAddressesAreSeparate() async throws {
        let server = try await Self.shared.value
        #expect(try TestClient(port: server.port).get("/metrics").status == 404)
        #expect(try admin(server).get("/v1/me").status == 404)
        #expect(try admin(server).get("/livez").status == 200)
        #expect(try admin(server).get("/readyz").status == 200)
    }

    @Test func noAdminAddressUnlessConfigured() async throws {
        #expect(try await TestServer.of(Self.self).server.adminPort == nil)
    }

    @Test func notReadyWhileALaneIsDisconnected() async throws {
        let server = try await Self.server()
        var url = try ConnectionURL(server.database.superuserURL)
        let name = try #require(url["dbname"])
        url["dbname"] = "postgres"
        let superuser = try BlockingConnection(url: url.text)
        try superuser.query("ALTER DATABASE \"\(name)\" WITH ALLOW_CONNECTIONS false")
        try superuser.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(name)'")
        for client in [TestClient(port: server.port), try admin(server)] {
            let isAway = try await eventually {
                try client.get("/readyz", headers: [("Accept-Language", "en")]).text.contains("read, write, leased")
            }
            #expect(isAway)
            let answer = try client.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.code == "database_unavailable")
            #expect(answer["Retry-After"] == "2")
            #expect(try client.get("/livez").status == 200)
        }
        let isCounted = try await eventually {
            try metrics(server).values("lyceum_database_connections") == [0, 0, 0, 0]
        }
        #expect(isCounted)
        try superuser.query("ALTER DATABASE \"\(name)\" WITH ALLOW_CONNECTIONS true")
        for client in [TestClient(port: server.port), try admin(server)] {
            #expect(try await eventually { try client.get("/readyz").status == 200 })
        }
    }

    @Test func notReadyWhileShuttingDown() async throws {
        let server = try await Self.server()
        let client = try admin(server)
        #expect(try client.get("/readyz").status == 200)
        // An incomplete request delays the end of the shutdown.
        let held = try HeldRequest(port: server.port)
        async let isClean = server.server.shutDown(graceSeconds: 20)
        let isStopping = try await eventually { try client.get("/readyz").code == "shutting_down" }
        #expect(isStopping)
        held.end()
        #expect(await isClean)
    }
}

/// A sign-in whose body is not sent until `end`.
private final class HeldRequest: Sendable {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw TestFailure("connect: errno \(errno)") }
        write(
            """
            POST /v1/auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
            Expect: 100-continue\r\n\r\n
            """)
        // "100 Continue": the handler waits.
        var bytes = [UInt8](repeating: 0, count: 1000)
        guard recv(descriptor, &bytes, bytes.count, 0) > 0 else { throw TestFailure("no 100 Continue") }
    }

    deinit { close(descriptor) }

    func end() { write("{}") }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
