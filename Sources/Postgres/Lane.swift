import Reactor

/// Connections of one kind, which reconnect by themselves with back-off, and the requests that wait for them.
///
/// A shared connection has a window: just enough segments are sent ahead to keep the server busy. The others wait here,
/// first come, first served, and can still go to whichever connection has room first.
final class Lane {
    struct Limits {
        /// The maximum number of segments in flight on one connection.
        var window: Int
        /// How many requests may wait, and for how many nanoseconds.
        var waiting: Int
        var time: UInt64
    }

    enum Kind {
        /// Reads change nothing, so those lost with their connection are sent once more.
        case read
        case write
        /// Each connection belongs to one request at a time, see `LeasedLane`.
        case leased
    }

    let name: String
    private(set) var connections: [Connection] = []
    private(set) var meter = LaneMeter()
    private var lastTrouble = "connecting"
    /// Failed attempts to connect since the last success.
    private var failures = 0
    private var waiting = FIFO<Segment>()
    /// Retired connections that do not answer but may still finish.
    private var overdue = 0
    private let count: Int
    private let kind: Kind
    private let connector: Connector
    private let limits: Limits
    private let poller: Poller
    private let deadlines: Deadlines
    private let log: (LaneEvent) -> Void
    private var isClosed = false
    /// Called with each new connection.
    var onOpen: ((Connection) -> Void)?

    init(
        _ name: String, _ kind: Kind, _ count: Int, _ connector: Connector, _ limits: Limits, on core: isolated Core,
        log: @escaping (LaneEvent) -> Void
    ) {
        self.name = name
        self.kind = kind
        self.count = count
        self.connector = connector
        self.limits = limits
        poller = core.poller
        deadlines = core.deadlines
        self.log = log
        for _ in 0..<count {
            core.start(self) { lane, core in await lane.keepConnected(on: core) }
        }
    }

    /// Why it can't serve now; nil if it can.
    var trouble: String? { connections.isEmpty ? lastTrouble : nil }

    /// It is closed, or has no connection and could not open one.
    var isAway: Bool { isClosed || connections.isEmpty && failures > 0 }

    var unavailable: PostgresError { .unavailable(reason: isClosed ? "the server stops" : lastTrouble) }

    var statistics: LaneStatistics {
        var statistics = LaneStatistics(name: name)
        statistics.connections = connections.count
        statistics.configured = count
        statistics.inFlight = connections.reduce(0) { $0 + $1.outstanding }
        statistics.waiting = waiting.count
        meter.fill(&statistics)
        return statistics
    }

    /// Runs queries as one segment.
    ///
    /// - Parameter hidden: how many results at the front are left out.
    func run(
        _ queries: [Query], hidden: Int, scope: Scope, margin: Int
    ) async throws(PostgresError) -> Outcome {
        let segment = try Segment(
            queries, hidden: hidden, patience: .milliseconds(scope.timeout + margin),
            statementTimeout: .milliseconds(scope.timeout), repeats: 2, deadlines: deadlines, timing: scope.timing)
        try admit(segment)
        return try await segment.outcome(on: poller)
    }

    /// Counts a request that was refused before it reached the lane.
    func refuse() { meter.refused += 1 }

    func close() {
        isClosed = true
        for connection in connections { connection.close("the server stops") }
        for segment in waiting.takeAll() { segment.finish(unavailable) }
    }
}

// MARK: Waiting

extension Lane {
    private func admit(_ segment: Segment) throws(PostgresError) {
        if waiting.isEmpty {
            while let connection = place() {
                if connection.send(segment) { return }
            }
        }
        guard !isAway else { throw unavailable }
        // A request that would wait only to be refused is refused at once.
        guard waiting.count < limits.waiting, expectedWait <= limits.time else {
            meter.refused += 1
            throw .overloaded
        }
        segment.wait(in: self, limits.time)
        waiting.append(segment)
    }

    /// Sends waiting segments as soon as there is room.
    private func pump() {
        while let segment = waiting.first, let connection = place() {
            _ = waiting.popFirst()
            if !connection.send(segment) { waiting.prepend([segment]) }
        }
    }

    /// A segment has waited too long.
    func expire(_ segment: Segment) {
        waiting.removeFirst { $0 === segment }
        if connections.isEmpty { return segment.finish(unavailable) }
        meter.refused += 1
        segment.finish(.overloaded)
    }

    /// Estimated from the segments ahead and from how long segments took recently.
    private var expectedWait: UInt64 {
        let ahead = connections.reduce(waiting.count) { $0 + $1.outstanding }
        return UInt64(ahead) * meter.mean / UInt64(max(1, connections.count))
    }

    /// The connection that is likely to answer a segment first, if it has room. If it has none, waiting for it is
    /// better than a place behind a slow segment.
    ///
    /// A segment that has run for long is likely to run that long again, so its age counts.
    private func place() -> Connection? {
        if connections.count == 1 {
            let only = connections[0]
            return only.isOpen && only.outstanding < limits.window ? only : nil
        }
        var best: Connection?
        var lowest = UInt64.max
        var now: UInt64 = 0
        for connection in connections where connection.isOpen {
            if connection.outstanding == 0 { return connection }
            if now == 0 { now = Clock.now }
            let cost = max(meter.mean, connection.age(now)) &+ UInt64(connection.outstanding - 1) &* meter.mean
            if cost < lowest {
                lowest = cost
                best = connection
            }
        }
        guard let best, best.outstanding < limits.window else { return nil }
        return best
    }
}

// MARK: Connections

extension Lane {
    private func keepConnected(on core: isolated Core) async {
        var delay = UInt64.milliseconds(100)
        while !isClosed {
            do {
                let connection = try await connect()
                delay = .milliseconds(100)
                await serve(connection, on: core)
                // Otherwise writes would be refused in a loop. Reconnect no faster than this.
                if connection.onlyReads && !isClosed { await core.sleep(delay) }
            } catch {
                if isClosed { return }
                failures += 1
                if case .unavailable(let reason) = error { lastTrouble = reason }
                log(.refused(lane: name, reason: lastTrouble))
                await core.sleep(delay + UInt64.random(in: 0...delay / 2))
                delay = min(delay * 2, .seconds(5))
            }
        }
    }

    private func connect() async throws(PostgresError) -> Connection {
        let connection = try await connector.connect(timeout: .seconds(5))
        guard !isClosed else {
            connection.close("the server stops")
            throw unavailable
        }
        if kind != .read, connection.parameter("in_hot_standby") == "on" {
            connection.close("standby")
            throw .unavailable(reason: "the server is a standby, which only reads")
        }
        return connection
    }

    /// Lets a connection serve until it is lost or retires.
    private func serve(_ connection: Connection, on core: isolated Core) async {
        let end = Suspension()
        connection.onClose = { [weak self, unowned connection] in
            self?.left(connection, $0)
            end.resume()
        }
        connection.onLoss = { [weak self] in self?.takeBack($0) ?? $0 }
        connection.onAnswer = { [weak self, unowned connection] in self?.answered(connection, $0) }
        connection.onOverdue = { [weak self, unowned connection] in self?.replace(connection) }
        connection.onWarning = { [log, name] in log(.warning(lane: name, reason: $0.debugDescription)) }
        failures = 0
        connections.append(connection)
        log(.connected(lane: name))
        onOpen?(connection)
        pump()
        if connections.contains(where: { $0 === connection }) { await end.wait(on: core.poller) }
    }

    private func left(_ connection: Connection, _ reason: String) {
        connections.removeAll { $0 === connection }
        if isClosed || connection.isBloated || connection.isAbandoned { return }
        meter.lost += 1
        lastTrouble = reason
        log(.lost(lane: name, reason: reason))
    }

    private func answered(_ connection: Connection, _ time: UInt64) {
        meter.answered(time)
        if kind != .leased, let defect = defect(of: connection) { connection.retire(defect) }
        if !waiting.isEmpty { pump() }
    }

    /// Why a connection should not be used again; nil if it may.
    func defect(of connection: Connection) -> String? {
        if connection.onlyReads && kind != .read { return "the server is read-only" }
        return connection.isBloated ? "grown by a large value" : nil
    }

    /// Replaces a connection that does not answer. It closes if it never answers, see `Connection`.
    private func replace(_ connection: Connection) {
        // At most as many may hang as there are connections that serve.
        guard kind != .leased, overdue < count else { return }
        overdue += 1
        connection.onDrained = { [weak self] in self?.overdue -= 1 }
        connection.retire("no answer in time")
    }

    /// Reads that were lost with their connection move to another, before later ones.
    private func takeBack(_ lost: [Segment]) -> [Segment] {
        guard kind == .read, !isClosed else { return lost }
        let repeated = lost.filter { !$0.wasLost && !$0.isDone }
        for segment in repeated {
            segment.wasLost = true
            segment.wait(in: self, limits.time)
        }
        waiting.prepend(repeated)
        pump()
        return lost.filter { lost in !repeated.contains { $0 === lost } }
    }
}
