import HTTP1
import Reactor
import Synchronization
import TestTools
import Testing

@testable import Web

@Suite(.serialized) struct AdmissionTests {
    private func server(
        cores: Int = 1, proxies: [String] = [], _ change: (inout ServerLimits) -> Void
    ) async throws -> TestServer {
        var limits = ServerLimits()
        change(&limits)
        return try await TestServer(
            cores: cores, limits: limits, proxies: TrustedProxies(proxies.map { AddressBlock($0)! }))
    }

    private func open(_ server: TestServer) -> Int {
        server.cores.map { $0.load.load(ordering: .relaxed) }.reduce(0, +)
    }

    @Test(arguments: Admission.Rejection.allCases.filter { $0 != .descriptors })
    func oneTooManyIsToldSo(reason: Admission.Rejection) async throws {
        let server = try await server(cores: 2) {
            switch reason {
            case .total: $0.totalConnections = 2
            case .core: $0.connections = 1
            default: $0.connectionsPerAddress = 2
            }
        }
        let kept = [try server.client(), try server.client()]
        for client in kept { #expect(try await client.get("/hello").status == 200) }
        let refused = try server.client()
        let answer = try await refused.get("/hello")
        #expect(answer.status == 503)
        #expect(answer["Retry-After"] == "5")
        #expect(answer.closes)
        #expect(answer.member("code") == "overloaded")
        #expect(answer.member("request_id") == answer["X-Request-Id"])
        #expect(try await refused.remainder() == "")
        #expect(open(server) == 2)
        let counts = await server.server.connectionCounts()
        #expect(counts.accepted == 2)
        #expect(counts.rejected == [reason: 1])
        let metrics = Dictionary(uniqueKeysWithValues: await server.server.metrics().map { ($0.name, $0.samples) })
        #expect(metrics["lyceum_connections_accepted_total"]?.map(\.value) == [2])
        let rejected = metrics["lyceum_connections_rejected_total"]?.filter { $0.value == 1 }.map(\.labels)
        #expect(rejected?.count == 1 && rejected?[0].contains(reason.rawValue) == true)
        let turns = metrics["lyceum_loop_turn_seconds"]?.filter { $0.suffix == "_count" } ?? []
        #expect(turns.count == 2 && turns.allSatisfy { $0.value > 0 })
        for client in kept { #expect(try await client.get("/hello").status == 200) }
    }

    @Test func leavingMakesRoom() async throws {
        let server = try await server(cores: 2) { $0.connectionsPerAddress = 2 }
        for _ in 0..<5 {
            do {
                let clients = [try server.client(), try server.client()]
                for client in clients { #expect(try await client.get("/hello").status == 200) }
                #expect(try await server.client().get("/hello").status == 503)
            }
            #expect(await eventually { open(server) == 0 })
        }
        #expect(await server.server.connectionCounts().accepted == 10)
    }

    @Test func trustedProxiesAreNotCountedByAddress() async throws {
        let server = try await server(proxies: ["127.0.0.0/8"]) { $0.connectionsPerAddress = 1 }
        let clients = try (0..<5).map { _ in try server.client() }
        for client in clients { #expect(try await client.get("/hello").status == 200) }
    }

    @Test func manyRefusalsKeepNothingOpen() async throws {
        let server = try await server {
            $0.connections = 0
            $0.refusal = .milliseconds(20)
        }
        let clients = try (0..<300).map { _ in try server.client() }
        for client in clients { #expect(try await client.answer().status == 503) }
        // Their own ends are still open: the server closes its ends after a time.
        for client in clients { #expect(try await client.remainder() == "") }
        #expect(await server.server.connectionCounts().rejected == [.core: 300])
    }

    @Test func networkOfAnIPv6ClientIsOneAddress() throws {
        let visitors = Visitors()
        let key = { (text: String) in IPAddress(text)!.prefix(64) }
        #expect(visitors.enter(key("2001:db8::1"), limit: 1))
        #expect(!visitors.enter(key("2001:db8::ffff"), limit: 1))
        #expect(visitors.enter(key("2001:db8:0:1::1"), limit: 1))
        visitors.left(key("2001:db8::1"))
        visitors.left(key("2001:db8:0:1::2"))
        #expect(visitors.count == 0)
    }
}
