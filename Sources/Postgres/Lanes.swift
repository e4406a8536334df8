import Reactor

/// A core's connections to PostgreSQL, in three lanes:
///
/// - *read*, shared: one snapshot for all result sets of a segment;
/// - *write*, shared: one segment, one transaction;
/// - *leased*: one request at a time, for transactions that look and then write.
package final class Lanes {
    /// How many connections, and how much may wait for them.
    package struct Pool: Sendable, Equatable {
        /// Connections of each lane on each core.
        package var readers = 1
        package var writers = 2
        package var leased = 3
        /// How many of the leased ones may serve long reads at a time. One is always left to others, where there are two.
        package var longReads: Int { min(2, max(1, leased - 1)) }
        /// Requests that may wait for each lane, and for how many milliseconds.
        package var queue = 512
        package var queueTimeout = 2000
        /// Segments in flight on a shared connection.
        package var window = 8

        package init() {}

        /// Of one core, when nothing hangs; see `Lane` for those beyond.
        package var connections: Int { readers + writers + leased }
    }

    package struct Configuration: Sendable {
        package var url: ConnectionURL
        package var pool: Pool
        /// The name of the leased lane, in log and metrics.
        package var leased: String

        package init(url: ConnectionURL, pool: Pool = Pool(), leased: String = "leased") {
            self.url = url
            self.pool = pool
            self.leased = leased
        }
    }

    static let readLane = "read"

    private let read: Lane
    private let write: Lane
    let leased: LeasedLane
    private let deadlines: Deadlines

    /// Starts connecting; `isReady` says when.
    package init(
        _ configuration: Configuration, offload: Offload, on core: isolated Core, log: @escaping (LaneEvent) -> Void
    ) {
        let limits = Lane.Limits(
            window: configuration.pool.window, waiting: configuration.pool.queue,
            time: .milliseconds(configuration.pool.queueTimeout))
        deadlines = core.deadlines
        func lane(_ name: String, _ kind: Lane.Kind, _ count: Int, _ options: String) -> Lane {
            let connector = Connector(
                configuration.url.noticingLoss, options: "\(Self.options) \(options)", offload: offload,
                poller: core.poller, deadlines: core.deadlines)
            return Lane(name, kind, count, connector, limits, on: core, log: log)
        }
        // In `options`, a backslash keeps a space inside a value (PostgreSQL, "Connection Control Functions").
        read = lane(
            Self.readLane, .read, configuration.pool.readers,
            "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read -c statement_timeout=5s")
        write = lane("write", .write, configuration.pool.writers, "-c idle_in_transaction_session_timeout=10s")
        leased = LeasedLane(
            lane(
                configuration.leased, .leased, configuration.pool.leased,
                "-c idle_in_transaction_session_timeout=10s"), limits, longReads: configuration.pool.longReads,
            poller: core.poller, deadlines: core.deadlines)
    }

    /// The server looks every five seconds whether the connection of a statement that runs is still there.
    private static let options = """
        -c TimeZone=UTC -c DateStyle=ISO -c lock_timeout=2000 -c jit=off -c plan_cache_mode=force_generic_plan \
        -c random_page_cost=1.1 -c client_connection_check_interval=5s
        """

    /// Why the database cannot serve now; nil when it can.
    package var trouble: String? { read.trouble ?? write.trouble ?? leased.lane.trouble }

    /// Of the lanes that there are.
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

    /// Asks one question in a snapshot of its own, without the settings of the scope: its statement takes as parameters all that
    /// it has to know, and row-level security shows it no rows.
    package func ask(_ scope: Scope, _ query: Query) async throws(PostgresError) -> Rows {
        do {
            return try await read.run([query], hidden: 0, scope: scope, margin: 2000).get()[0]
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
        try await write.run([scope.forWriting] + queries, hidden: 1, scope: scope, margin: 5000)
    }

    /// Runs `body` with a connection of its own, inside BEGIN and COMMIT; an error thrown by `body` rolls back.
    ///
    /// `body` is run once more, from the beginning, when PostgreSQL rolled the transaction back because it met another one or
    /// because a plan was out of date: it leaves traces in the database only.
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

    /// Begins to copy, in one snapshot that only reads. Waits, and is turned away, as a transaction is, and where too many long
    /// reads are on their way.
    package func copy(
        _ scope: Scope, _ query: CopyQuery, _ work: LongWork = LongWork()
    ) async throws(PostgresError) -> CopyOut {
        let arguments = query.arguments.map { [$0] } ?? []
        return try await CopyOut(LongRead.begin(leased, scope, arguments, work, deadlines), query)
    }

    /// As `copy`, with the rows of a query.
    package func rows(
        _ scope: Scope, _ query: Query, _ work: LongWork = LongWork()
    ) async throws(PostgresError) -> RowStream {
        try await RowStream(LongRead.begin(leased, scope, [], work, deadlines), query)
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

    /// The read lane has a connection more or less.
    package var isOfTheReadLane: Bool {
        switch self {
        case .connected(let lane), .lost(let lane, _): lane == Lanes.readLane
        case .refused: false
        }
    }
}
