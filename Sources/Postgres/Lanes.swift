import Reactor

/// A core's connections to PostgreSQL, in three lanes:
///
/// - *read*, shared: one snapshot for all result sets of a segment;
/// - *write*, shared: one segment, one transaction;
/// - *leased*: one request at a time, for transactions that look and then write.
package final class Lanes {
    package struct Configuration: Sendable {
        package var url: ConnectionURL
        /// Connections of each lane on each core.
        package var readers: Int
        package var writers: Int
        package var leased: Int
        /// Segments that may wait on one shared connection, and requests that may wait for a leased one.
        package var queue: Int
        /// Milliseconds a request waits for a leased connection.
        package var leaseTimeout: Int

        package init(
            url: ConnectionURL, readers: Int = 1, writers: Int = 2, leased: Int = 2, queue: Int = 512,
            leaseTimeout: Int = 5000
        ) {
            self.url = url
            self.readers = readers
            self.writers = writers
            self.leased = leased
            self.queue = queue
            self.leaseTimeout = leaseTimeout
        }
    }

    private let configuration: Configuration
    private let read: Lane
    private let write: Lane
    let leased: LeasedLane

    /// Starts connecting; `isReady` says when.
    package init(
        _ configuration: Configuration, offload: Offload, on core: isolated Core, log: @escaping (LaneEvent) -> Void
    ) {
        self.configuration = configuration
        func lane(_ name: String, _ count: Int, _ options: String) -> Lane {
            let connector = Connector(
                configuration.url,
                options:
                    "-c TimeZone=UTC -c DateStyle=ISO -c lock_timeout=2000 -c jit=off -c plan_cache_mode=force_generic_plan \(options)",
                offload: offload, poller: core.poller, deadlines: core.deadlines)
            return Lane(name, count, connector, queue: configuration.queue, on: core, log: log)
        }
        // In `options`, a backslash keeps a space inside a value (PostgreSQL, "Connection Control Functions").
        read = lane(
            "read", configuration.readers,
            "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read")
        write = lane("write", configuration.writers, "-c idle_in_transaction_session_timeout=10s")
        leased = LeasedLane(
            lane("leased", configuration.leased, "-c idle_in_transaction_session_timeout=10s"),
            poller: core.poller, deadlines: core.deadlines, queue: configuration.queue,
            timeout: .milliseconds(configuration.leaseTimeout))
    }

    /// Why the database cannot serve now; nil when it can.
    package var trouble: String? { read.trouble ?? write.trouble ?? leased.lane.trouble }

    package var statistics: [LaneStatistics] { [read, write, leased.lane].map { $0.statistics } }

    /// Runs queries that only read, in one snapshot.
    package func read(_ scope: Scope, _ queries: [Query]) async throws(PostgresError) -> [Rows] {
        do {
            return try await read.run(scope.forReading, queries, timeout: .milliseconds(scope.timeout + 2000)).get()
        } catch .outcomeUnknown(let reason) {
            throw .unavailable(reason: reason)  // a read has no outcome
        }
    }

    /// Runs queries as one transaction. The answer is given after the commit.
    package func write(_ scope: Scope, _ queries: [Query]) async throws(PostgresError) -> [Rows] {
        try await attempt(scope, queries).get()
    }

    /// As `write`, but a refusal is part of the answer, beside what was answered before it.
    package func attempt(_ scope: Scope, _ queries: [Query]) async throws(PostgresError) -> Outcome {
        try await write.run(scope.forWriting, queries, timeout: .milliseconds(scope.timeout + 5000))
    }

    /// Runs `body` with a connection of its own, inside BEGIN and COMMIT; an error thrown by `body` rolls back.
    package func transaction<Value>(
        _ scope: Scope, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        let connection = try await leased.take()
        let transaction = Transaction(connection, scope)
        do {
            let value = try await body(transaction)
            try await transaction.commit()
            leased.give(connection)
            return value
        } catch {
            await transaction.rollback()
            leased.give(connection)
            throw error
        }
    }

    package func close() {
        read.close()
        write.close()
        leased.lane.close()
    }
}

/// What happens to a lane's connections, for the log.
package enum LaneEvent: Sendable {
    case connected(lane: String)
    case lost(lane: String, reason: String)
    case refused(lane: String, reason: String)
}

/// Connections of one kind that reconnect by themselves, with back-off.
final class Lane {
    let name: String
    private(set) var connections: [Connection] = []
    private(set) var lastTrouble = "connecting"
    private let count: Int
    private let connector: Connector
    private let queue: Int
    private let log: (LaneEvent) -> Void
    private var isClosed = false
    /// Told of each new connection.
    var onOpen: ((Connection) -> Void)?

    init(
        _ name: String, _ count: Int, _ connector: Connector, queue: Int, on core: isolated Core,
        log: @escaping (LaneEvent) -> Void
    ) {
        self.name = name
        self.count = count
        self.connector = connector
        self.queue = queue
        self.log = log
        for _ in 0..<count {
            core.start(self) { lane, core in await lane.keepConnected(on: core) }
        }
    }

    var trouble: String? { connections.isEmpty ? lastTrouble : nil }

    var statistics: LaneStatistics {
        var statistics = LaneStatistics(name: name)
        statistics.connections = connections.count
        statistics.configured = count
        statistics.inFlight = connections.reduce(0) { $0 + $1.outstanding }
        return statistics
    }

    func run(_ prefix: Query, _ queries: [Query], timeout: UInt64) async throws(PostgresError) -> Outcome {
        guard let connection = leastBusy else { throw .unavailable(reason: lastTrouble) }
        guard connection.outstanding < queue else { throw .overloaded }
        var outcome = try await connection.run([prefix] + queries, timeout: timeout, mayRepeat: true)
        if !outcome.rows.isEmpty { outcome.rows.removeFirst() }
        return outcome
    }

    func close() {
        isClosed = true
        for connection in connections { connection.close("the server stops") }
    }

    private var leastBusy: Connection? {
        var best: Connection?
        for connection in connections where connection.outstanding < best?.outstanding ?? .max { best = connection }
        return best
    }

    private func keepConnected(on core: isolated Core) async {
        var delay = UInt64.milliseconds(100)
        while !isClosed {
            do {
                let connection = try await connector.connect(timeout: .seconds(5))
                delay = .milliseconds(100)
                connections.append(connection)
                log(.connected(lane: name))
                onOpen?(connection)
                let reason = await closing(of: connection, on: core)
                connections.removeAll { $0 === connection }
                lastTrouble = reason
                if !isClosed { log(.lost(lane: name, reason: reason)) }
            } catch {
                if case .unavailable(let reason) = error { lastTrouble = reason }
                log(.refused(lane: name, reason: lastTrouble))
                await core.sleep(delay + UInt64.random(in: 0...delay / 2))
                delay = min(delay * 2, .seconds(5))
            }
        }
    }

    private func closing(of connection: Connection, on core: isolated Core) async -> String {
        guard connection.isOpen else { return "closed" }
        let suspension = Suspension()
        var reason = "closed"
        connection.onClose = {
            reason = $0
            suspension.resume()
        }
        await suspension.wait(on: core.poller)
        return reason
    }
}

/// Gives each connection to one request at a time, in the order of asking.
final class LeasedLane {
    let lane: Lane
    private(set) var idle: [Connection] = []
    private var waiters: [Waiter] = []
    private let poller: Poller
    private let deadlines: Deadlines
    private let queue: Int
    private let timeout: UInt64

    private final class Waiter {
        let suspension = Suspension()
        private(set) var connection: Connection?
        var deadline: Deadline?

        func resume(_ connection: Connection?) -> Bool {
            guard suspension.isWaiting else { return false }
            deadline?.cancel()
            self.connection = connection
            return suspension.resume()
        }
    }

    init(_ lane: Lane, poller: Poller, deadlines: Deadlines, queue: Int, timeout: UInt64) {
        self.lane = lane
        self.poller = poller
        self.deadlines = deadlines
        self.queue = queue
        self.timeout = timeout
        lane.onOpen = { [unowned self] in give($0) }
    }

    func take() async throws(PostgresError) -> Connection {
        while let connection = idle.popLast() {
            if connection.isOpen { return connection }
        }
        if let trouble = lane.trouble { throw .unavailable(reason: trouble) }
        guard waiters.count < queue else { throw .overloaded }
        let waiter = Waiter()
        waiter.deadline = deadlines.make { [unowned waiter] in _ = waiter.resume(nil) }
        waiter.deadline?.set(after: timeout)
        waiters.append(waiter)
        await waiter.suspension.wait(on: poller)
        guard let connection = waiter.connection else {
            waiters.removeAll { $0 === waiter }
            throw .overloaded
        }
        return connection
    }

    func give(_ connection: Connection) {
        guard connection.isOpen else { return }
        while !waiters.isEmpty {
            if waiters.removeFirst().resume(connection) { return }
        }
        // One that died while idle would keep its descriptor until it is taken, behind all that came later.
        idle.removeAll { !$0.isOpen }
        idle.append(connection)
    }
}
