import Glibc
import Reactor
import Testing

@testable import Postgres

/// URLs with several servers: which server is chosen, and how much time the others cost.
@Suite(.serialized) struct ConnectorTests {
    private static let cluster = Result { try PrivatePostgres(listens: true) }

    /// A server that accepts connections and never answers.
    private final class Mute: Sendable {
        let port: UInt16
        private let descriptor: Int32
        init() throws { (descriptor, port) = try Loopback.listen(backlog: 8) }
        deinit { close(descriptor) }
    }

    /// Connects while other work runs on the core.
    ///
    /// - Returns: the port that answered, and the longest delay of the core's timers in seconds.
    private func connect(
        _ hosts: String, _ ports: [UInt16], attributes: String? = nil, options: String = "", timeout: Double = 4
    ) async throws -> (port: Int, late: Double) {
        var url = try ConnectionURL("postgresql:///lyceum?user=postgres")
        url["host"] = hosts
        url["port"] = ports.map { "\($0)" }.joined(separator: ",")
        url["target_session_attrs"] = attributes
        let core = try Core(index: 0)
        defer { core.stop() }
        let offload = try Offload(name: "resolver", threads: 1, limit: 8)
        let pulse = CoreLocal(core) { core in
            let pulse = Pulse(core.deadlines)
            pulse.beat()
            return pulse
        }
        let port = Statement("SELECT current_setting('port')::int AS port")
        let found = try await core.run { [url] core in
            let connector = Connector(
                url, options: options, offload: offload, poller: core.poller, deadlines: core.deadlines)
            let connection = try await connector.connect(timeout: .seconds(timeout))
            return try await connection.run([port()], timeout: .seconds(10), mayRepeat: true).rows[0].integer(
                0, "port")!
        }
        return (found, await pulse.read { pulse, _ in pulse.late })
    }

    /// Ticks every 20 ms while the core is free.
    private final class Pulse {
        private(set) var late = 0.0
        private var deadline: Deadline!
        private var due: UInt64 = 0

        init(_ deadlines: Deadlines) {
            deadline = deadlines.make { [weak self] in
                guard let self else { return }
                late = max(late, Double(Clock.now - due) / 1e9)
                beat()
            }
        }

        func beat() {
            // `set(after:)` counts from the beginning of the core's turn, which may be earlier than now.
            due = Clock.now + .milliseconds(20)
            deadline.set(at: due)
        }
    }

    @Test func aHostThatDropsEverythingCostsItsShareAndDoesNotBlockTheCore() async throws {
        let cluster = try Self.cluster.get()
        let hole = try Blackhole()
        let (port, late) = try await connect("127.0.0.1,127.0.0.1", [hole.port, cluster.port])
        #expect(port == Int(cluster.port))
        #expect(late < 1)
    }

    @Test func aHostThatNeverAnswersCostsItsShare() async throws {
        let cluster = try Self.cluster.get()
        let mute = try Mute()
        let (port, late) = try await connect("127.0.0.1,127.0.0.1", [mute.port, cluster.port])
        #expect(port == Int(cluster.port))
        #expect(late < 1)
    }

    @Test func aHostThatRefusesIsPassedOver() async throws {
        let cluster = try Self.cluster.get()
        let (port, _) = try await connect("127.0.0.1,127.0.0.1", [Port.free(), cluster.port])
        #expect(port == Int(cluster.port))
    }

    @Test func aNameIsTriedAtAllItsAddresses() async throws {
        // `localhost` often means ::1 first, where this PostgreSQL does not listen.
        let cluster = try Self.cluster.get()
        let (port, _) = try await connect("no-such-host.invalid,localhost", [cluster.port])
        #expect(port == Int(cluster.port))
    }

    @Test func aSocketMayStandAmongTheHosts() async throws {
        let cluster = try Self.cluster.get()
        let (port, _) = try await connect("/no/such/directory,\(cluster.home)", [cluster.port])
        #expect(port == Int(cluster.port))
    }

    @Test(arguments: ["", "-c default_transaction_read_only=on"])
    func readWriteIsThePrimaryForALaneThatOnlyReadsToo(_ options: String) async throws {
        let cluster = try Self.cluster.get()
        let (port, _) = try await connect(
            "127.0.0.1", [cluster.port], attributes: "read-write", options: options)
        #expect(port == Int(cluster.port))
    }

    @Test func withoutAStandbyThePreferredIsThePrimary() async throws {
        let cluster = try Self.cluster.get()
        let (port, _) = try await connect("127.0.0.1", [cluster.port], attributes: "prefer-standby")
        #expect(port == Int(cluster.port))
    }

    @Test func reasonNamesAllServersWhenNoneIsAcceptable() async throws {
        let cluster = try Self.cluster.get()
        let hole = try Blackhole()
        do {
            _ = try await connect(
                "127.0.0.1,127.0.0.1", [hole.port, cluster.port], attributes: "standby", timeout: 2)
            Issue.record("connected")
        } catch PostgresError.unavailable(let reason) {
            #expect(reason.contains("no connection in time"), "\(reason)")
            #expect(reason.contains("not in hot standby"), "\(reason)")
        }
    }
}

extension Core {
    fileprivate func run<Value: Sendable>(
        _ body: @Sendable (isolated Core) async throws -> Value
    ) async rethrows -> Value {
        try await body(self)
    }
}
