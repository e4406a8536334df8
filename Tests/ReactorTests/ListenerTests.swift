import Glibc
import Synchronization
import TestTools
import Testing

@testable import Reactor

@Suite final class ListenerTests {
    let core: Core

    init() throws { core = try Core(index: 0) }
    deinit { core.stop() }

    private func listener(
        host: String = "127.0.0.1", port: UInt16 = 0,
        accepted: @escaping @Sendable (Listener.Accepted) -> Void = { _ in }
    ) -> CoreLocal<Result<Listener, any Error>> {
        CoreLocal(core) { core in
            Result {
                try Listener(
                    host: host, port: port, poller: core.poller, deadlines: core.deadlines, accepted: accepted)
            }
        }
    }

    private func port(_ listener: CoreLocal<Result<Listener, any Error>>) async throws -> UInt16 {
        try await listener.read { listener, _ in listener.map { $0.port } }.get()
    }

    /// Whether somebody who does not share the port can bind it.
    private func isFree(_ port: UInt16) -> Bool {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private func inode(_ descriptor: Int32) -> ino_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_ino : nil
    }

    /// The socket of this process that listens on the port.
    private func socket(boundTo port: UInt16) -> (descriptor: Int32, inode: ino_t)? {
        for descriptor in 0..<Int32(4096) {
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
            }
            if code == 0, address.sin_port == port.bigEndian, let inode = inode(descriptor) {
                return (descriptor, inode)
            }
        }
        return nil
    }

    @Test func kernelChoosesAPortAndConnectionsArrive() async throws {
        let seen = Mutex<[Listener.Accepted]>([])
        let listener = listener { accepted in seen.withLock { $0.append(accepted) } }
        let port = try await port(listener)
        #expect(port != 0)
        let wires = (0..<10).compactMap { _ in Wire(port: port) }
        #expect(wires.count == 10)
        #expect(await eventually { seen.withLock { $0.count } == 10 })
        let accepted = seen.withLock { $0 }
        #expect(accepted.allSatisfy { $0.peer == "127.0.0.1" })
        #expect(accepted.allSatisfy { fcntl($0.descriptor, F_GETFL) & O_NONBLOCK != 0 })
        for connection in accepted { close(connection.descriptor) }
        #expect(wires.allSatisfy { $0.read().isEmpty })
    }

    // The limit of descriptors belongs to the process, so these tests run in a process of their own.

    @Test func runsOutOfDescriptors() async throws {
        await #expect(processExitsWith: .success) { try await ListenerTests.runOutOfDescriptors() }
    }

    @Test func restsWithoutDescriptors() async throws {
        await #expect(processExitsWith: .success) { try await ListenerTests.restWithoutDescriptors() }
    }

    /// When there is no descriptor left, waiting clients are refused one by one instead of being left to wait.
    private static func runOutOfDescriptors() async throws {
        let seen = Mutex<[(isLast: Bool, descriptor: Int32)]>([])
        let tests = try ListenerTests()
        let listener = tests.listener { accepted in
            seen.withLock { $0.append((accepted.isLast, accepted.descriptor)) }
            if accepted.isLast { close(accepted.descriptor) }
        }
        let port = try await tests.port(listener)
        let waiting = (0..<5).map { _ in Wire(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)) }
        // All numbers below the limit are taken.
        let free = dup(0)
        close(free)
        try await withLimit(rlim_t(free)) {
            #expect(waiting.allSatisfy { $0.connect(port) })
            // The runtime's sleep may need a descriptor. `read` returns nothing only after the server has closed.
            #expect(waiting.allSatisfy { $0.read().isEmpty })
            #expect(seen.withLock { $0.count } == 5)
            #expect(seen.withLock { $0.allSatisfy { $0.isLast } })
        }
        let wire = try #require(Wire(port: port))
        #expect(await eventually { seen.withLock { $0.count } == 6 })
        #expect(seen.withLock { $0[5].isLast } == false)
        seen.withLock { _ = close($0[5].descriptor) }
        #expect(wire.read().isEmpty)
    }

    /// When the spare descriptor does not help either, accepting pauses and continues later.
    private static func restWithoutDescriptors() async throws {
        let seen = Mutex<[Listener.Accepted]>([])
        let tests = try ListenerTests()
        let listener = tests.listener { accepted in seen.withLock { $0.append(accepted) } }
        let port = try await tests.port(listener)
        let waiting = (0..<3).map { _ in Wire(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)) }
        try await withLimit(3) {
            #expect(waiting.allSatisfy { $0.connect(port) })
            let executor = tests.core.executor
            // The loop turns and accepts no connection.
            for _ in 0..<3 { await withCheckedContinuation { done in executor.post { done.resume() } } }
            #expect(seen.withLock { $0.isEmpty })
        }
        #expect(await eventually { seen.withLock { $0.count } == 3 })
        #expect(seen.withLock { $0.allSatisfy { !$0.isLast } })
    }

    /// Runs the body with only as many descriptors as the limit allows.
    private static func withLimit(_ limit: rlim_t, _ body: () async throws -> Void) async throws {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var before = rlimit()
        getrlimit(resource, &before)
        var low = rlimit(rlim_cur: limit, rlim_max: before.rlim_max)
        #expect(setrlimit(resource, &low) == 0)
        defer { setrlimit(resource, &before) }
        try await body()
    }

    @Test func limitOfDescriptorsIsRaisedToTheHardOne() {
        var before = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
        var low = rlimit(rlim_cur: min(before.rlim_cur, 4000), rlim_max: before.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &low)
        defer { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) }
        #expect(DescriptorLimit.raise() == Int(clamping: before.rlim_max))
        var after = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &after)
        #expect(after.rlim_cur == before.rlim_max)
    }

    @Test func closedRefusesAndFreesThePort() async throws {
        let listener = listener()
        let port = try await port(listener)
        #expect(!isFree(port))
        let (descriptor, before) = try #require(socket(boundTo: port))
        await listener.read { listener, _ in try? listener.get().close() }
        #expect(Wire(port: port) == nil)
        #expect(isFree(port))
        #expect(inode(descriptor) != before, "the descriptor is still open")
        // Closing again does no harm.
        await listener.read { listener, _ in try? listener.get().close() }
    }

    @Test func takenPortIsAnError() async throws {
        let first = listener()
        let port = try await port(first)
        let second = listener(port: port)
        let error = await #expect(throws: SystemError.self) { try await self.port(second) }
        #expect(error == SystemError(call: "bind", code: EADDRINUSE) || error?.call == "listen")
        withExtendedLifetime(first) {}
    }

    @Test func wantsANumericAddress() async throws {
        await #expect(throws: SystemError.self) { try await self.port(self.listener(host: "localhost")) }
    }
}

@Suite struct PollerTests {
    /// An event for a descriptor that was closed in the same round is not delivered.
    @Test func removedInTheSameRoundIsNotCalled() throws {
        let poller = try Poller()
        let pairs = [connectedPair(), connectedPair()]
        defer { for pair in pairs { close(pair.ours) } }
        for pair in pairs { pair.theirs.write("x") }
        var tokens: [Poller.Token] = []
        var calls: [Int] = []
        for (index, pair) in pairs.enumerated() {
            tokens.append(
                try poller.add(pair.ours, .readable) { _ in
                    calls.append(index)
                    poller.remove(tokens[1 - index])
                })
        }
        let end = Clock.now + .seconds(20)
        while calls.isEmpty && Clock.now < end { poller.wait(milliseconds: 100) }
        poller.wait(milliseconds: 0)
        #expect(Set(calls).count == 1)
    }

    @Test func slotOfARemovedOneIsUsedAgain() throws {
        let poller = try Poller()
        let pair = connectedPair()
        defer { close(pair.ours) }
        let first = try poller.add(pair.ours, .readable) { _ in Issue.record("removed and still called") }
        poller.remove(first)
        var called = false
        let second = try poller.add(pair.ours, .readable) { _ in called = true }
        #expect(first != second)
        #expect(first.slot == second.slot)
        poller.remove(first)
        try poller.change(first, .writable)
        pair.theirs.write("x")
        let end = Clock.now + .seconds(20)
        while !called && Clock.now < end { poller.wait(milliseconds: 100) }
        #expect(called)
    }

    @Test func unknownDescriptorIsAnError() throws {
        let poller = try Poller()
        #expect(throws: SystemError(call: "epoll_ctl", code: EBADF)) { _ = try poller.add(-1, .readable) { _ in } }
    }
}
