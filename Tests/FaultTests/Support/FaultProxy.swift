import Glibc
import Synchronization
import TestSupport

/// A network between the server and PostgreSQL that can be ordered to fail at a certain request.
///
/// Both sides are on 127.0.0.1. One thread carries the bytes. An order is executed once, on the connection on which its
/// marker (bytes of a request's parameter) goes to PostgreSQL.
final class FaultProxy: Sendable {
    enum Order: Sendable, CaseIterable {
        /// Both connections are closed. PostgreSQL does not get the bytes with the marker.
        case cutBefore
        /// PostgreSQL gets everything. The connections are closed when it has returned the marker in a row and reported
        /// the end of the transaction.
        case cutAfter
        /// From the marker on nothing arrives in either direction, and nothing is closed.
        case silence
    }

    let port: UInt16
    private let orders = Orders()
    private let over = Flag()
    private let thread: WorkThread<Void>

    /// - Parameter target: PostgreSQL's port.
    init(to target: UInt16) throws {
        let (listener, port) = try Loopback.listen(backlog: 64)
        self.port = port
        let (over, orders) = (over, orders)
        thread = WorkThread { Carrier(listener, target, orders).run(until: over) }
    }

    deinit {
        over.set()
        thread.join()
    }

    func order(_ order: Order, at marker: String) { orders.next = (order, Array(marker.utf8)) }

    /// The number of orders executed.
    var fired: Int { orders.fired }
}

private final class Orders: Sendable {
    private let state = Mutex(State())

    private struct State {
        var next: (order: FaultProxy.Order, marker: [UInt8])?
        var fired = 0
    }

    var fired: Int { state.withLock { $0.fired } }

    var next: (order: FaultProxy.Order, marker: [UInt8])? {
        get { state.withLock { $0.next } }
        set { state.withLock { $0.next = newValue } }
    }

    /// The order triggered by these bytes on their way to PostgreSQL.
    func take(_ bytes: ArraySlice<UInt8>) -> (order: FaultProxy.Order, marker: [UInt8])? {
        state.withLock { state in
            guard let next = state.next, bytes.end(of: next.marker) != nil else { return nil }
            state.next = nil
            state.fired += 1
            return next
        }
    }
}

/// The proxy's connections, on its thread.
private final class Carrier {
    private final class Pair {
        let near: Int32
        let far: Int32
        var order: FaultProxy.Order?
        var marker: [UInt8] = []
        var gaveMarkerBack = false
        var isOpen = true

        init(near: Int32, far: Int32) {
            self.near = near
            self.far = far
        }

        func cut() {
            isOpen = false
            close(near)
            close(far)
        }
    }

    private let listener: Int32
    private let target: UInt16
    private let orders: Orders
    private var pairs: [Pair] = []
    private var buffer = [UInt8](repeating: 0, count: 256 * 1024)

    init(_ listener: Int32, _ target: UInt16, _ orders: Orders) {
        self.listener = listener
        self.target = target
        self.orders = orders
    }

    func run(until over: Flag) {
        while !over.isSet {
            let carrying = pairs.filter { $0.order != .silence }
            var polled = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
            for pair in carrying {
                polled.append(pollfd(fd: pair.near, events: Int16(POLLIN), revents: 0))
                polled.append(pollfd(fd: pair.far, events: Int16(POLLIN), revents: 0))
            }
            guard poll(&polled, nfds_t(polled.count), 50) > 0 else { continue }
            if polled[0].revents != 0 { accept() }
            for (index, pair) in carrying.enumerated() {
                if polled[1 + 2 * index].revents != 0 { carryToPostgres(pair) }
                if pair.isOpen && polled[2 + 2 * index].revents != 0 { carryToServer(pair) }
            }
            pairs.removeAll { !$0.isOpen }
        }
        for pair in pairs { pair.cut() }
        close(listener)
    }

    private func accept() {
        let near = Glibc.accept(listener, nil, nil)
        guard near >= 0 else { return }
        _ = fcntl(near, F_SETFD, FD_CLOEXEC)
        guard let far = Loopback.connect(target) else {
            close(near)
            return
        }
        pairs.append(Pair(near: near, far: far))
    }

    private func carryToPostgres(_ pair: Pair) {
        let count = recv(pair.near, &buffer, buffer.count, 0)
        guard count > 0 else { return pair.cut() }
        if let (order, marker) = orders.take(buffer[..<count]) {
            pair.order = order
            pair.marker = marker
            if order == .cutBefore { return pair.cut() }
            if order == .silence { return }
        }
        if !Loopback.sendAll(pair.far, Array(buffer[..<count])) { pair.cut() }
    }

    private func carryToServer(_ pair: Pair) {
        let count = recv(pair.far, &buffer, buffer.count, 0)
        guard count > 0 else { return pair.cut() }
        if pair.order == .cutAfter {
            var rest = buffer[..<count]
            if !pair.gaveMarkerBack, let end = rest.end(of: pair.marker) {
                pair.gaveMarkerBack = true
                rest = rest[end...]
            }
            // ReadyForQuery outside a transaction: the commit is done.
            let isOver = rest.end(of: [UInt8(ascii: "Z"), 0, 0, 0, 5, UInt8(ascii: "I")]) != nil
            if pair.gaveMarkerBack && isOver { return pair.cut() }
        }
        if !Loopback.sendAll(pair.near, Array(buffer[..<count])) { pair.cut() }
    }
}

extension ArraySlice<UInt8> {
    /// The index after the first occurrence.
    fileprivate func end(of pattern: [UInt8]) -> Int? {
        withUnsafeBufferPointer { bytes in
            guard bytes.count >= pattern.count else { return nil }
            return (0...bytes.count - pattern.count).first { start in
                bytes[start] == pattern[0] && memcmp(bytes.baseAddress! + start, pattern, pattern.count) == 0
            }.map { startIndex + $0 + pattern.count }
        }
    }
}
