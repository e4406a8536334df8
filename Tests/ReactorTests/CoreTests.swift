import Glibc
import Reactor
import Synchronization
import TestTools
import Testing

@Suite final class CoreTests {
    let core: Core

    init() throws { core = try Core(index: 0) }
    deinit { core.stop() }

    actor Elsewhere {
        func isOn(_ core: Core) -> Bool { core.isCurrent }
    }

    static func nested(_ depth: Int, _ core: Core) async -> Bool {
        guard depth > 0 else { return core.isCurrent }
        return await nested(depth - 1, core) && core.isCurrent
    }

    @Test func staysOnItsThreadThroughEveryAwait() async {
        let places = await core.run { core in
            var places = [core.isCurrent]
            await withCheckedContinuation { continuation in continuation.resume() }
            places.append(core.isCurrent)
            await withCheckedContinuation { continuation in
                Task.detached { continuation.resume() }
            }
            places.append(core.isCurrent)
            places.append(await Self.nested(5, core))
            let isElsewhereOnCore = await Elsewhere().isOn(core)
            places.append(!isElsewhereOnCore)
            places.append(core.isCurrent)
            let stored: () async -> Bool = { core.isCurrent }
            places.append(await stored())
            await core.sleep(1000)
            places.append(core.isCurrent)
            return places
        }
        #expect(places == Array(repeating: true, count: 8))
        #expect(!core.isCurrent)
    }

    /// A delay that a handler sets counts from its own turn, not from the turn before the wait.
    @Test func aTurnBeginsBeforeItsFirstHandler() async {
        let (ours, theirs) = connectedPair()
        let (written, seen) = await core.run { core in
            let poller = core.poller
            let deadlines = core.deadlines
            var token: Poller.Token?
            var written: UInt64 = 0
            let seen = await withCheckedContinuation { continuation in
                token = try? poller.add(ours, [.readable, .edge]) { _ in continuation.resume(returning: deadlines.now) }
                written = Clock.now
                theirs.write("x")
            }
            if let token { poller.remove(token) }
            close(ours)
            return (written, seen)
        }
        #expect(seen > written)
    }

    @Test func knowsItsOwnThread() async {
        #expect(core.executor.isIsolatingCurrentContext() == false)
        let inside = await core.run { core in
            core.executor.checkIsolated()
            return core.executor.isIsolatingCurrentContext()
        }
        #expect(inside == true)
    }

    @Test func assumesIsolationInPostedClosures() async {
        let core = core
        let index = await withCheckedContinuation { continuation in
            core.executor.post { continuation.resume(returning: core.assumeIsolated { $0.index }) }
        }
        #expect(index == 0)
    }

    @Test func spawnedTasksRunOnIt() async {
        let core = core
        let isCurrent = await withCheckedContinuation { continuation in
            core.spawn { core in continuation.resume(returning: core.isCurrent) }
        }
        #expect(isCurrent)
    }

    @Test func runsWhatOneThreadPostsInOrder() async {
        let core = core
        let seen = Mutex<[Int]>([])
        await withCheckedContinuation { continuation in
            for number in 0..<1000 { core.executor.post { seen.withLock { $0.append(number) } } }
            core.executor.post { continuation.resume() }
        }
        #expect(seen.withLock { $0 } == Array(0..<1000))
    }

    @Test func losesNothingThatManyThreadsPost() async {
        let core = core
        final class Counter: Sendable {
            let count = Atomic<Int>(0)
        }
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        await core.run { _ in _ = counter.count.add(1, ordering: .relaxed) }
                    }
                }
            }
        }
        #expect(counter.count.load(ordering: .relaxed) == 4000)
    }

    @Test func twoCoresHandWorkToEachOther() async throws {
        let other = try Core(index: 1)
        defer { other.stop() }
        let core = core
        let places = await core.run { core in
            var places: [Bool] = []
            for _ in 0..<100 {
                places.append(await other.run { $0.isCurrent && !core.isCurrent })
                places.append(core.isCurrent)
            }
            return places
        }
        #expect(places.count == 200)
        #expect(!places.contains(false))
    }

    @Test func sleepsEndInTheOrderOfTheirMoments() async {
        let order = await core.run { core in
            let order = Mutex<[Int]>([])
            var tasks: [Task<Void, Never>] = []
            for milliseconds in [200, 1, 100] {
                tasks.append(
                    Task {
                        await core.sleep(.milliseconds(milliseconds))
                        order.withLock { $0.append(milliseconds) }
                    })
            }
            for task in tasks { await task.value }
            return order.withLock { $0 }
        }
        #expect(order == [1, 100, 200])
    }

    @Test func localObjectsAreMadeAndReachedOnTheirCore() async {
        final class Plain {
            var calls: [Int] = []
            var wasMadeOnCore = false
        }
        let local = CoreLocal(core) { core in
            let plain = Plain()
            plain.wasMadeOnCore = core.isCurrent
            return plain
        }
        for number in 0..<10 { local.post { plain, core in plain.calls.append(core.isCurrent ? number : -1) } }
        let calls = await local.read { plain, _ in plain.calls }
        #expect(calls == Array(0..<10))
        #expect(await local.read { plain, _ in plain.wasMadeOnCore })
    }

    @Test func loopTimeIsCounted() async throws {
        let before = await core.run { $0.executor.loopTime }
        await core.run { _ in
            let end = Clock.now + .milliseconds(30)
            while Clock.now < end {}
        }
        let after = await core.run { $0.executor.loopTime }
        #expect(after.turns > before.turns)
        #expect(after.sum - before.sum >= .milliseconds(30))
        #expect(after.longest >= .milliseconds(30))
        #expect(after.buckets[3] + after.buckets[4] > before.buckets[3] + before.buckets[4])
    }

    /// An actor without an executor of its own runs where the calling task prefers, here on the core. If its turn were
    /// lost with the core, later callers of the actor would wait for ever.
    @Test(.timeLimit(.minutes(1))) func stoppedCoreHoldsUpNobody() async throws {
        actor Shared {
            var count = 0
            func add() { count += 1 }
        }
        for _ in 0..<50 {
            let core = try Core(index: 9)
            let shared = Shared()
            core.spawn { _ in for _ in 0..<50 { await shared.add() } }
            core.stop()
            for _ in 0..<50 { await shared.add() }
            #expect(await eventually { await shared.count == 100 })
        }
    }

    @Test(.timeLimit(.minutes(1))) func stoppedCoreStillAnswers() async throws {
        let core = try Core(index: 9)
        let local = CoreLocal(core) { _ in 7 }
        core.stop()
        for _ in 0..<10 { #expect(await local.read { value, core in core.isCurrent ? value : 0 } == 7) }
    }
}
