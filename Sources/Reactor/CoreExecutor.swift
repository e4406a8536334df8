import CLinux
import Glibc
import Synchronization

/// Runs a core's jobs on its one thread, between two waits for events.
///
/// Everything but `inbox`, `stopping` and `thread` belongs to that thread. A job from the thread itself (a continuation
/// resumed by an event, the common case) is an append. A job from another thread is a push under a lock and a write to
/// an eventfd.
package final class CoreExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
    private enum Work {
        case job(UnownedJob)
        case closure(@Sendable () -> Void)
    }

    let poller: Poller
    let deadlines = Deadlines()
    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private let inbox = Mutex<[Work]>([])
    private let mailed = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)
    private let thread = Atomic<UInt>(0)
    private let wakeup: Int32
    /// Jobs that came from another thread. Those of requests do not, except the ones that return from `Offload`.
    package let arrivals = Atomic<Int>(0)
    /// How long events wait for the loop. Read it on the core.
    package private(set) var loopTime = LoopTime()

    init() throws(SystemError) {
        poller = try Poller()
        wakeup = try systemCall("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
        let wakeup = wakeup
        _ = try poller.add(wakeup, .readable) { _ in
            var count: UInt64 = 0
            _ = unsafe read(wakeup, &count, 8)
        }
    }

    deinit { close(wakeup) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnThread {
            jobs.append(job)
        } else {
            arrivals.add(1, ordering: .relaxed)
            mail(.job(job))
        }
    }

    /// Runs a closure on the core's thread, soon.
    package func post(_ closure: @escaping @Sendable () -> Void) {
        mail(.closure(closure))
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Without these two functions `assumeIsolated` traps on a thread that the runtime did not make.
    package func checkIsolated() {
        precondition(isOnThread, "not on this core's thread")
    }

    package func isIsolatingCurrentContext() -> Bool? { isOnThread }

    package var isOnThread: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        wake()
    }

    /// The loop: posted work, jobs, events, deadlines. Returns after `stop()`; `afterlife` runs jobs that come later.
    func run() {
        moveHere()
        deadlines.begin()
        while !stopping.load(ordering: .relaxed) {
            takeMail()
            runJobs()
            let idle = jobs.isEmpty && !mailed.load(ordering: .relaxed)
            let now = Clock.now
            loopTime.add(now - deadlines.now)
            // The turn begins before its first handler. The delays that a handler sets then count from this moment and
            // not from the previous turn, which may be seconds ago.
            poller.wait(milliseconds: idle ? deadlines.timeout(at: now) : 0) { deadlines.begin() }
            deadlines.fire()
        }
        ended.store(true, ordering: .sequentiallyConsistent)
        Self.afterlife?.post { self.runRest() }
    }

    private func moveHere() {
        thread.store(UInt(pthread_self()), ordering: .sequentiallyConsistent)
        poller.thread = UInt(pthread_self())
    }

    private func runJobs() {
        swap(&jobs, &running)
        for job in running {
            unsafe job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
        running.removeAll(keepingCapacity: true)
    }

    /// Runs the jobs of stopped cores on one thread. Some of them may be turns of actors without an executor of their
    /// own, which run where the calling task prefers. If such a turn were lost with the core, all callers of the actor
    /// would wait for ever.
    private static let afterlife: CoreExecutor? = {
        guard let executor = try? CoreExecutor() else { return nil }
        return (try? Thread.start(name: "stopped-cores") { executor.run() }).map { executor }
    }()

    private func runRest() {
        moveHere()
        while mailed.load(ordering: .relaxed) || !jobs.isEmpty {
            takeMail()
            runJobs()
        }
    }

    private func mail(_ work: Work) {
        inbox.withLock { $0.append(work) }
        if !mailed.exchange(true, ordering: .sequentiallyConsistent) { wake() }
    }

    private func takeMail() {
        guard mailed.load(ordering: .relaxed) else { return }
        mailed.store(false, ordering: .sequentiallyConsistent)
        let work = inbox.withLock { inbox in
            let taken = inbox
            inbox.removeAll()
            return taken
        }
        for item in work {
            switch item {
            case .job(let job): jobs.append(job)
            case .closure(let closure): closure()
            }
        }
    }

    private func wake() {
        if ended.load(ordering: .sequentiallyConsistent) {
            Self.afterlife?.post { self.runRest() }
            return
        }
        var one: UInt64 = 1
        _ = unsafe write(wakeup, &one, 8)
    }
}
