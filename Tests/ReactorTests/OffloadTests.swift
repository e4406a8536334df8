import Synchronization
import TestTools
import Testing

@testable import Reactor

@Suite final class OffloadTests {
    let core: Core

    init() throws { core = try Core(index: 0) }
    deinit { core.stop() }

    /// Blocks a thread until it is opened.
    final class Gate: Sendable {
        private let ends: (Wire, Wire)

        init() {
            let pair = connectedPair()
            ends = (Wire(pair.ours), pair.theirs)
        }

        func wait() { _ = ends.1.read(atMost: 1) }
        func open() { ends.0.write("x") }
    }

    @Test func resultComesBackOnTheCore() async throws {
        let offload = try Offload(name: "offload", threads: 2, limit: 10)
        let (value, wasOnCore, isOnCore) = try await core.run { core in
            let (value, wasOnCore) = try await offload.run { (6 * 7, core.isCurrent) }
            return (value, wasOnCore, core.isCurrent)
        }
        #expect(value == 42)
        #expect(!wasOnCore)
        #expect(isOnCore)
    }

    @Test func errorComesBackOnTheCore() async throws {
        struct Broken: Error {}
        let offload = try Offload(name: "offload", threads: 1, limit: 10)
        let isOnCore = await core.run { core in
            await #expect(throws: Broken.self) { try await offload.run { throw Broken() } }
            return core.isCurrent
        }
        #expect(isOnCore)
    }

    /// A thread rests for its processor time, not for the time that other threads delayed it: five milliseconds of
    /// waiting would mean four minutes here.
    @Test func waitingDoesNotCountAsWork() async throws {
        let offload = try Offload(name: "offload", threads: 1, limit: 2, rest: 50_000)
        let gate = Gate()
        let done = Atomic<Bool>(false)
        await withCheckedContinuation { continuation in
            offload.submit {
                continuation.resume()
                gate.wait()
            }
        }
        offload.submit { done.store(true, ordering: .relaxed) }
        await core.run { core in await core.sleep(.milliseconds(5)) }
        gate.open()
        #expect(await eventually { done.load(ordering: .relaxed) })
    }

    @Test func refusesWhenItsQueueIsFull() async throws {
        let offload = try Offload(name: "offload", threads: 1, limit: 2)
        let gate = Gate()
        let done = Atomic<Int>(0)
        await withCheckedContinuation { continuation in
            offload.submit {
                continuation.resume()
                gate.wait()
            }
        }
        for _ in 0..<2 { offload.submit { done.add(1, ordering: .relaxed) } }
        await #expect(throws: Offload.Full.self) { try await offload.run {} }
        offload.submit { done.add(100, ordering: .relaxed) }
        gate.open()
        #expect(await eventually { done.load(ordering: .relaxed) >= 2 })
        try await offload.run {}
        #expect(done.load(ordering: .relaxed) == 2)
    }

    @Test func oneThreadWorksInOrder() async throws {
        let offload = try Offload(name: "offload", threads: 1, limit: 1000)
        let seen = Mutex<[Int]>([])
        for number in 0..<500 { offload.submit { seen.withLock { $0.append(number) } } }
        try await offload.run {}
        #expect(seen.withLock { $0 } == Array(0..<500))
    }

    @Test func threadsWorkSideBySide() async throws {
        let offload = try Offload(name: "offload", threads: 2, limit: 10, niceness: 5)
        let gate = Gate()
        await withCheckedContinuation { continuation in
            offload.submit {
                continuation.resume()
                gate.wait()
            }
        }
        // The other thread is free.
        #expect(try await offload.run { 1 } == 1)
        gate.open()
    }
}
