import Reactor

/// Gives each connection to one request at a time, in the order of asking.
final class LeasedLane {
    let lane: Lane
    private(set) var idle: [Connection] = []
    private var waiters = FIFO<Waiter>()
    /// Nanoseconds that a connection was away lately, the last times weighing most.
    private var mean: UInt64 = 1_000_000
    private let poller: Poller
    private let deadlines: Deadlines
    private let limits: Lane.Limits

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

    init(_ lane: Lane, _ limits: Lane.Limits, poller: Poller, deadlines: Deadlines) {
        self.lane = lane
        self.poller = poller
        self.deadlines = deadlines
        self.limits = limits
        lane.onOpen = { [unowned self] in offer($0) }
    }

    var statistics: LaneStatistics {
        var statistics = lane.statistics
        statistics.waiting = waiters.count
        return statistics
    }

    /// A connection, until it is given back.
    func take() async throws(PostgresError) -> Lease {
        while let connection = idle.popLast() {
            if connection.isOpen { return Lease(connection) }
        }
        let asked = Clock.now
        guard !lane.isAway else { throw lane.unavailable }
        let expected = UInt64(waiters.count + 1) * mean / UInt64(max(1, lane.connections.count))
        guard waiters.count < limits.waiting, expected <= limits.time else {
            lane.refuse()
            throw .overloaded
        }
        let waiter = Waiter()
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
        return Lease(connection, asked: asked)
    }

    func give(_ lease: Lease) {
        mean = mean - mean / 8 + (Clock.now &- lease.began) / 8
        if let defect = lane.defect(of: lease.connection) { lease.connection.close(defect) }
        offer(lease.connection)
    }

    /// Nobody is served any more.
    func close() {
        lane.close()
        while let waiter = waiters.popFirst() { _ = waiter.resume(nil) }
    }

    private func offer(_ connection: Connection) {
        guard connection.isOpen else { return }
        while let waiter = waiters.popFirst() {
            if waiter.resume(connection) { return }
        }
        // One that died while idle would keep its descriptor until it is taken, behind all that came later.
        idle.removeAll { !$0.isOpen }
        idle.append(connection)
    }
}

/// A connection that is one request's alone.
struct Lease {
    let connection: Connection
    let began: UInt64
    /// Nanoseconds that it was waited for.
    let waited: UInt64

    init(_ connection: Connection) {
        self.connection = connection
        began = Clock.now
        waited = 0
    }

    init(_ connection: Connection, asked: UInt64) {
        self.connection = connection
        began = Clock.now
        waited = began &- asked
    }
}
