import Reactor

/// A core's connections to PostgreSQL, in three lanes:
///
/// - *read*, shared: one snapshot for all result sets of a segment;
/// - *write*, shared: one segment is one transaction;
/// - *leased*: one request at a time, for transactions that read and then write.
package final class Lanes {
    /// How many connections there are, and how many requests may wait for them.
    package struct Pool: Sendable, Equatable {
        /// Connections of each lane on each core.
        package var readers = 1
        package var writers = 2
        package var leased = 4
        /// How many leased connections may serve long reads at a time. If there are at least two, one is always left
        /// for transactions.
        package var longReads: Int { max(1, leased - 1) }
        /// How many of these may be streams, whose length a slow reader decides. If there are at least three leased
        /// connections, one is always left for other long reads.
        package var streams: Int { max(1, longReads - 1) }
        /// How many requests may wait for each lane, and for how many milliseconds.
        package var queue = 512
        package var queueTimeout = 2000
        /// The maximum number of segments in flight on a shared connection.
        package var window = 8

        package init() {}

        /// Connections of one core while none hangs; see `Lane` for the additional ones.
        package var connections: Int { readers + writers + leased }
    }

    package struct Configuration: Sendable {
        package var url: ConnectionURL
        package var pool: Pool
        /// The names of lanes in logs and metrics.
        package var read: String
        package var leased: String
        /// Milliseconds for a query of `ask`. Other queries have the timeout of their scope.
        package var askTimeout: Int

        package init(
            url: ConnectionURL, pool: Pool = Pool(), read: String = Lanes.readLane, leased: String = "leased",
            askTimeout: Int = 5000
        ) {
            self.url = url
            self.pool = pool
            self.read = read
            self.leased = leased
            self.askTimeout = askTimeout
        }
    }

    package static let readLane = "read"

    private let read: Lane
    private let write: Lane
    let leased: LeasedLane
    private let hasWriters: Bool
    private let deadlines: Deadlines

    /// Starts to connect. `trouble` is nil when all lanes can serve.
    package init(
        _ configuration: Configuration, offload: Offload, on core: isolated Core, log: @escaping (LaneEvent) -> Void
    ) {
        let limits = Lane.Limits(
            window: configuration.pool.window, waiting: configuration.pool.queue,
            time: .milliseconds(configuration.pool.queueTimeout))
        deadlines = core.deadlines
        hasWriters = configuration.pool.writers > 0
        func lane(_ name: String, _ kind: Lane.Kind, _ count: Int, _ options: String) -> Lane {
            let connector = Connector(
                configuration.url.noticingLoss, options: "\(Self.options) \(options)", offload: offload,
                poller: core.poller, deadlines: core.deadlines)
            return Lane(name, kind, count, connector, limits, on: core, log: log)
        }
        // In `options`, a backslash escapes a space inside a value (PostgreSQL, "Connection Control Functions").
        read = lane(
            configuration.read, .read, configuration.pool.readers,
            "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read "
                + "-c statement_timeout=\(configuration.askTimeout)")
        write = lane("write", .write, configuration.pool.writers, "-c idle_in_transaction_session_timeout=10s")
        leased = LeasedLane(
            lane(
                configuration.leased, .leased, configuration.pool.leased,
                "-c idle_in_transaction_session_timeout=10s"), limits, longReads: configuration.pool.longReads,
            streams: configuration.pool.streams,
            poller: core.poller, deadlines: core.deadlines)
    }

    /// While a statement runs, the server checks every five seconds whether the client is still connected.
    private static let options = """
        -c TimeZone=UTC -c DateStyle=ISO -c lock_timeout=2000 -c jit=off -c plan_cache_mode=force_generic_plan \
        -c random_page_cost=1.1 -c client_connection_check_interval=5s
        """

    /// Why the database cannot serve now; nil if it can.
    package var trouble: String? { read.trouble ?? write.trouble ?? leased.lane.trouble }

    /// The statistics of all lanes that have connections configured.
    package var statistics: [LaneStatistics] {
        [read.statistics, write.statistics, leased.statistics].filter { $0.configured > 0 }
    }

    /// Runs queries that only read, in one snapshot.
    package func read(_ scope: Scope, _ queries: [Query]) async throws(PostgresError) -> [Rows] {
        do {
            return try await read.run([scope.forReading] + queries, hidden: 1, scope: scope, margin: 2000).get()
        } catch .outcomeUnknown(let reason) {
            throw .unavailable(reason: reason)  // a read has no outcome
        }
    }

    /// Runs one query in a snapshot of its own, without setting the school and the caller first. Row-level security
    /// then shows it no rows, so it has to call a function of the owner that gets everything as parameters.
    package func ask(_ scope: Scope, _ query: Query) async throws(PostgresError) -> Rows {
        do {
            return try await read.run([query], hidden: 0, scope: scope, margin: 2000).get()[0]
        } catch .outcomeUnknown(let reason) {
            throw .unavailable(reason: reason)  // a read has no outcome
        }
    }

    /// Runs queries as one transaction. Returns after the commit.
    package func write(_ scope: Scope, _ queries: [Query]) async throws(PostgresError) -> [Rows] {
        try await attempt(scope, queries).get()
    }

    /// Like `write`, but returns a refusal together with the results before it.
    package func attempt(_ scope: Scope, _ queries: [Query]) async throws(PostgresError) -> Outcome {
        guard hasWriters else { return try await attemptAlone(scope, queries) }
        return try await write.run([scope.forWriting] + queries, hidden: 1, scope: scope, margin: 5000)
    }

    /// The background has only leased connections.
    private func attemptAlone(_ scope: Scope, _ queries: [Query]) async throws(PostgresError) -> Outcome {
        let lease = try await leased.take()
        defer { leased.give(lease) }
        let transaction = Transaction(lease.connection, scope)
        do throws(PostgresError) {
            let outcome = try await transaction.attempt(queries)
            if outcome.refusal == nil { try await transaction.commit() } else { await transaction.rollback() }
            return outcome
        } catch {
            await transaction.rollback()
            throw error
        }
    }

    /// Runs `body` between BEGIN and COMMIT on a leased connection. An error thrown by `body` rolls back.
    ///
    /// If PostgreSQL rolled the transaction back because of a conflict or a stale plan, `body` runs once more from the
    /// beginning. It must therefore have no effects outside the database.
    package func transaction<Value>(
        _ scope: Scope, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        let lease = try await leased.take()
        defer { leased.give(lease) }
        scope.timing?.queue += lease.waited
        var isFirst = true
        while true {
            let transaction = Transaction(lease.connection, scope)
            do {
                let value = try await body(transaction)
                try await transaction.commit()
                return value
            } catch {
                await transaction.rollback()
                guard isFirst, transaction.deservesRepeat, lease.connection.isOpen else { throw error }
                isFirst = false
            }
        }
    }

    /// Like `read`, on a leased connection: for queries that take so long that others would wait behind them.
    package func readLong(_ scope: Scope, _ queries: [Query]) async throws(PostgresError) -> [Rows] {
        let lease = try await leased.take(.long)
        defer { leased.give(lease) }
        scope.timing?.queue += lease.waited
        let transaction = Transaction(lease.connection, scope, onlyReads: true)
        do throws(PostgresError) {
            let rows = try await transaction.run(queries)
            try await transaction.commit()
            return rows
        } catch {
            await transaction.rollback()
            throw error
        }
    }

    /// Begins a COPY in one read-only snapshot. Waits and may be refused like a transaction, and also when too many
    /// long reads are in progress.
    package func copy(
        _ scope: Scope, _ query: CopyQuery, _ work: LongWork = LongWork()
    ) async throws(PostgresError) -> CopyOut {
        let arguments = query.arguments.map { [$0] } ?? []
        return try await CopyOut(LongRead.begin(leased, scope, arguments, work, deadlines), query)
    }

    /// Like `copy`, with the rows of a query.
    package func rows(
        _ scope: Scope, _ query: Query, _ work: LongWork = LongWork()
    ) async throws(PostgresError) -> RowStream {
        try await RowStream(LongRead.begin(leased, scope, [], work, deadlines), query)
    }

    /// Begins a read-only snapshot for short queries and then one long read.
    package func snapshot(
        _ scope: Scope, _ queries: [Query], _ work: LongWork = LongWork()
    ) async throws(PostgresError) -> HeldSnapshot {
        HeldSnapshot(try await LongRead.begin(leased, scope, queries, work, deadlines))
    }

    package func close() {
        read.close()
        write.close()
        leased.close()
    }
}

/// What happens to a lane's connections, for the log.
package enum LaneEvent: Sendable {
    case connected(lane: String)
    case lost(lane: String, reason: String)
    case refused(lane: String, reason: String)
    /// PostgreSQL warned about a statement.
    case warning(lane: String, reason: String)

    /// Whether the read lane has opened or lost a connection.
    package var isOfTheReadLane: Bool {
        switch self {
        case .connected(let lane), .lost(let lane, _): lane == Lanes.readLane
        case .refused, .warning: false
        }
    }
}
