import Glibc
import JSON
import Postgres
import Reactor
import Synchronization
import TestSupport

/// Readers and writers of all kinds on several servers over one database, while processes are killed.
final class Storm: Sendable {
    let servers: [LyceumServer]
    let isOver = Flag()
    let isStale = Flag()
    let answered = Atomic<Int>(0)
    var views: [StormView] { plot.views }
    private let plot: StormPlot
    private let database: PrivatePostgres
    private let adminPorts: [UInt16]
    private let counted = Mutex<[String: Int]>([:])

    init(_ database: PrivatePostgres, servers count: Int = 2) throws {
        self.database = database
        adminPorts = try (0..<count).map { _ in try Port.free() }
        servers = try adminPorts.map {
            try LyceumServer(database.serverURL, cores: 1, environment: ["LYCEUM_ADMIN_PORT=\($0)"])
        }
        for server in servers { try server.waitUntilReady(seconds: 20) }
        plot = try StormPlot(StormSchool(database), servers)
    }

    /// Each text has its number then.
    private static let firstTurns = 8

    /// - Parameters:
    ///   - requests: how many are answered until the storm is over.
    ///   - faults: how many processes are killed, at equal distances.
    ///   - stride: the number of requests between two changes of one kind.
    ///   - endsWhenStale: whether the first stale answer ends the storm.
    func run(
        requests: Int, faults: Int, stride: Int = 2000, readers count: Int = 6, endsWhenStale: Bool = false
    ) throws -> StormFigures {
        let first = StormClient(servers, database)
        for writer in plot.writers { for turn in 0..<Self.firstTurns { try writer.change(first, turn) } }
        let readers = (0..<count).map { _ in WorkThread { StormReader(self).run() } }
        let writers = plot.writers.map { writer in WorkThread { self.write(writer, stride) } }
        // Even a slow machine answers so many.
        let end = Clock.now + .seconds(300 + Double(requests) / 100)
        let trouble = Result {
            for fault in 0..<faults {
                try wait(for: requests * (fault + 1) / (faults + 1), until: end, endsWhenStale)
                try cause(fault)
            }
            try wait(for: requests, until: end, endsWhenStale)
        }
        isOver.set()
        let figures = (readers.map { $0.join() } + writers.map { $0.join() }).reduce(StormFigures(), +)
        for server in servers.indices { countKept(server) }
        try trouble.get()
        return figures
    }

    /// Answers that the servers kept, made and found outdated, as far as they lived to tell.
    var kept: String {
        counted.withLock { $0.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") }
    }
    var hits: Int { counted.withLock { $0["kept"] ?? 0 } }

    private func wait(for count: Int, until end: UInt64, _ endsWhenStale: Bool) throws {
        var last = (answered: -1, at: Clock.now)
        while !(endsWhenStale && isStale.isSet) {
            let now = answered.load(ordering: .relaxed)
            if now >= count { return }
            if now > last.answered { last = (now, Clock.now) }
            guard Clock.now < min(end, last.at + .seconds(60)) else { throw Failure("only \(now) answers") }
            usleep(10_000)
        }
    }

    private func write(_ writer: StormWriter, _ stride: Int) -> StormFigures {
        let client = StormClient(servers, database)
        var figures = StormFigures()
        var turn = Self.firstTurns
        var next = answered.load(ordering: .relaxed) + Int.random(in: 0..<stride)
        while !isOver.isSet {
            if answered.load(ordering: .relaxed) < next {
                usleep(500)
                continue
            }
            next = answered.load(ordering: .relaxed) + stride
            do {
                try writer.change(client, turn)
                figures.wrote(writer.kind)
            } catch {
                figures.violation("\(writer.kind): \(error)")
                break
            }
            turn += 1
        }
        return figures
    }

    // MARK: Faults

    private func cause(_ fault: Int) throws {
        switch fault % 6 {
        case 0, 3, 5:
            let index = fault % 6 == 3 ? 1 : 0
            countKept(index)
            try servers[index].kill()
            try servers[index].start()
        case 1:
            _ = try database.superuser().query(
                "SELECT pg_terminate_backend(pid) FROM (\(Self.backends) LIMIT 5) x")
        case 2:
            // PostgreSQL ends all its sessions then, and recovers.
            if let pid = try database.superuser().query("\(Self.backends) LIMIT 1").first { kill(pid_t(pid)!, SIGKILL) }
        default: try database.restart(.immediate)
        }
    }

    private static let backends = """
        SELECT pid FROM pg_stat_activity
        WHERE usename = 'lyceum_server' AND backend_type = 'client backend' ORDER BY random()
        """

    private func countKept(_ index: Int) {
        let client = HTTPClient(port: adminPorts[index])
        guard let text = try? client.send("GET", "/metrics").text else { return }
        for line in text.split(separator: "\n") where line.hasPrefix("lyceum_kept_answers_total{") {
            guard let event = line.split(separator: "\"").dropFirst().first, let value = line.split(separator: " ").last
            else { continue }
            counted.withLock { $0[String(event), default: 0] += Int(Double(value) ?? 0) }
        }
    }
}
