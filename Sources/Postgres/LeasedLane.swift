import Reactor

/// Gives each connection to one request at a time, first come, first served. Long reads get only some of the
/// connections, and streams, which may keep one for minutes, only some of those.
final class LeasedLane {
    enum Use {
        case transaction
        /// PostgreSQL limits its time.
        case long
        /// Ends when its reader has taken everything.
        case stream
    }

    let lane: Lane
    private(set) var idle: [Connection] = []
    private var waiters = FIFO<Waiter>()
    /// Long reads in progress, with the streams; `longLimit` is their maximum.
    private(set) var longReads = 0
    private let longLimit: Int
    private var streams = 0
    private let streamLimit: Int
    /// Average nanoseconds that recent transactions kept a connection, weighted towards the latest.
    private var mean: UInt64 = 1_000_000
    private let poller: Poller
    private let deadlines: Deadlines
    private let limits: Lane.Limits

    private final class Waiter {
        let suspension = Suspension()
        let use: Use
        private(set) var connection: Connection?
        var deadline: Deadline?

        init(_ use: Use) { self.use = use }

        func resume(_ connection: Connection?) -> Bool {
            guard suspension.isWaiting else { return false }
            deadline?.cancel()
            self.connection = connection
            return suspension.resume()
        }
    }

    init(_ lane: Lane, _ limits: Lane.Limits, longReads: Int, streams: Int, poller: Poller, deadlines: Deadlines) {
        self.lane = lane
        self.poller = poller
        self.deadlines = deadlines
        self.limits = limits
        longLimit = longReads
        streamLimit = streams
        lane.onOpen = { [unowned self] in offer($0) }
    }

    var statistics: LaneStatistics {
        var statistics = lane.statistics
        statistics.waiting = waiters.count
        return statistics
    }

    /// Waits for a connection, which the caller has to return with `give`.
    func take(_ use: Use = .transaction) async throws(PostgresError) -> Lease {
        if hasPlace(use) {
            while let connection = idle.popLast() {
                if connection.isOpen { return lease(connection, use) }
            }
        }
        let asked = Clock.now
        guard !lane.isAway else { throw lane.unavailable }
        guard waiters.count < limits.waiting, use != .transaction || expectedWait <= limits.time else {
            lane.refuse()
            throw .overloaded
        }
        let waiter = Waiter(use)
        waiter.deadline = deadlines.make { [unowned waiter] in _ = waiter.resume(nil) }
        waiter.deadline?.set(after: limits.time)
        waiters.append(waiter)
        await waiter.suspension.wait(on: poller)
        guard let connection = waiter.connection else {
            waiters.removeFirst { $0 === waiter }
            if lane.trouble != nil { throw lane.unavailable }
            lane.refuse()
            throw .overloaded
        }
        return Lease(connection, use, asked: asked)
    }

    func give(_ lease: Lease) {
        switch lease.use {
        case .transaction: mean = mean - mean / 8 + (Clock.now &- lease.began) / 8
        case .long, .stream: count(lease.use, -1)
        }
        if let defect = lane.defect(of: lease.connection) { lease.connection.close(defect) }
        offer(lease.connection)
        // A long read that ends may allow another one, even if it returns no connection.
        if lease.use != .transaction, let connection = idle.popLast() { offer(connection) }
    }

    /// Refuses everybody from now on.
    func close() {
        lane.close()
        while let waiter = waiters.popFirst() { _ = waiter.resume(nil) }
    }

    private func hasPlace(_ use: Use) -> Bool {
        switch use {
        case .transaction: true
        case .long: longReads < longLimit
        case .stream: longReads < longLimit && streams < streamLimit
        }
    }

    private func lease(_ connection: Connection, _ use: Use) -> Lease {
        count(use, 1)
        return Lease(connection, use)
    }

    private func count(_ use: Use, _ change: Int) {
        if use != .transaction { longReads += change }
        if use == .stream { streams += change }
    }

    /// Connections in use by long reads are not counted: waiting for them would take too long.
    private var expectedWait: UInt64 {
        UInt64(waiters.count + 1) * mean / UInt64(max(1, lane.connections.count - longReads))
    }

    private func offer(_ connection: Connection) {
        guard connection.isOpen else { return }
        while let waiter = nextWaiter() {
            count(waiter.use, 1)
            if waiter.resume(connection) { return }
            count(waiter.use, -1)
        }
        // A connection that died while idle would keep its descriptor until its turn comes, after all newer ones.
        idle.removeAll { !$0.isOpen }
        idle.append(connection)
    }

    /// The first waiter that may get a connection.
    private func nextWaiter() -> Waiter? { waiters.popFirst { hasPlace($0.use) } }
}

/// A connection that belongs to one request.
struct Lease {
    let connection: Connection
    let use: LeasedLane.Use
    let began: UInt64
    /// Nanoseconds that the request waited for it.
    let waited: UInt64

    init(_ connection: Connection, _ use: LeasedLane.Use) {
        self.connection = connection
        self.use = use
        began = Clock.now
        waited = 0
    }

    init(_ connection: Connection, _ use: LeasedLane.Use, asked: UInt64) {
        self.connection = connection
        self.use = use
        began = Clock.now
        waited = began &- asked
    }
}
