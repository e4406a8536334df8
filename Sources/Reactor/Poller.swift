import CLinux
import Glibc

/// What epoll reports about a descriptor.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
    package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    package static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    package static let failed = Readiness(rawValue: EPOLLERR.rawValue | EPOLLHUP.rawValue)
    package static let edge = Readiness(rawValue: EPOLLET.rawValue)
}

/// One epoll instance. It belongs to one core's thread and calls its handlers there.
///
/// A token names a registration by slot and generation. An event that epoll reported for a descriptor closed earlier in
/// the same round therefore never reaches the descriptor's successor.
@safe package final class Poller {
    package typealias Handler = (Readiness) -> Void

    package struct Token: Equatable {
        let slot: UInt32
        let generation: UInt32
    }

    private struct Entry {
        var handler: Handler?
        var generation: UInt32
        var descriptor: Int32
    }

    /// The thread of its core; 0 before the core runs.
    var thread: UInt = 0
    /// Its core; nil before the core is made.
    package internal(set) weak var core: Core?
    private let descriptor: Int32
    private var entries: [Entry] = []
    private var free: [UInt32] = []
    private let events: UnsafeMutableBufferPointer<epoll_event>

    init(capacity: Int = 512) throws(SystemError) {
        descriptor = try systemCall("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        unsafe events = .allocate(capacity: capacity)
        unsafe events.initialize(repeating: epoll_event())
    }

    deinit {
        unsafe events.deallocate()
        close(descriptor)
    }

    package func add(_ descriptor: Int32, _ interest: Readiness, _ handler: @escaping Handler) throws(SystemError)
        -> Token
    {
        let slot: UInt32
        if let last = free.popLast() {
            slot = last
        } else {
            slot = UInt32(entries.count)
            entries.append(Entry(handler: nil, generation: 0, descriptor: -1))
        }
        entries[Int(slot)].handler = handler
        entries[Int(slot)].descriptor = descriptor
        let token = Token(slot: slot, generation: entries[Int(slot)].generation)
        do {
            try control(EPOLL_CTL_ADD, descriptor, interest, token)
        } catch {
            release(slot)
            throw error
        }
        return token
    }

    package func change(_ token: Token, _ interest: Readiness) throws(SystemError) {
        guard isCurrent(token) else { return }
        try control(EPOLL_CTL_MOD, entries[Int(token.slot)].descriptor, interest, token)
    }

    package func remove(_ token: Token) {
        guard isCurrent(token) else { return }
        _ = try? control(EPOLL_CTL_DEL, entries[Int(token.slot)].descriptor, [], token)
        release(token.slot)
    }

    /// Waits until something is ready or the time has passed, then calls the handlers. A negative timeout waits for
    /// ever.
    ///
    /// - Parameter woke: called after the wait, before the first handler.
    func wait(milliseconds: Int32, _ woke: () -> Void = {}) {
        let count = unsafe epoll_wait(descriptor, events.baseAddress, Int32(events.count), milliseconds)
        woke()
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let data = unsafe lyceum_epoll_data(events.baseAddress! + index)
            let token = Token(
                slot: UInt32(truncatingIfNeeded: data), generation: UInt32(truncatingIfNeeded: data >> 32))
            guard isCurrent(token), let handler = entries[Int(token.slot)].handler else { continue }
            unsafe handler(Readiness(rawValue: events[index].events))
        }
    }

    /// In debug builds, traps when an object of a core is used on another thread.
    package func assertOnThread() {
        assert(thread == 0 || thread == UInt(pthread_self()), "a core's object is used on another thread")
    }

    private func isCurrent(_ token: Token) -> Bool {
        entries[Int(token.slot)].generation == token.generation
    }

    private func release(_ slot: UInt32) {
        entries[Int(slot)].handler = nil
        entries[Int(slot)].descriptor = -1
        entries[Int(slot)].generation &+= 1
        free.append(slot)
    }

    private func control(
        _ operation: Int32, _ target: Int32, _ interest: Readiness, _ token: Token
    ) throws(SystemError) {
        var event = unsafe epoll_event()
        unsafe lyceum_epoll_set(&event, interest.rawValue, UInt64(token.generation) << 32 | UInt64(token.slot))
        _ = try systemCall("epoll_ctl") { unsafe epoll_ctl(descriptor, operation, target, &event) }
    }
}
