import CLinux
import Glibc
import Synchronization

/// A small pool of threads with a bounded queue, for work that blocks or needs much CPU: password hashing, files, name
/// lookup.
package final class Offload: Sendable {
    /// The queue is full: the caller answers 503 with Retry-After.
    package struct Full: Error {}

    @safe private final class Queue: @unchecked Sendable {
        var mutex = unsafe pthread_mutex_t()
        var filled = pthread_cond_t()
        var work: [@Sendable () -> Void] = []
        var stopped = false
        private var started = 0

        init() {
            unsafe pthread_mutex_init(&mutex, nil)
            unsafe pthread_cond_init(&filled, nil)
        }

        deinit {
            unsafe pthread_mutex_destroy(&mutex)
            unsafe pthread_cond_destroy(&filled)
        }

        func push(_ item: @escaping @Sendable () -> Void, limit: Int) -> Bool {
            unsafe pthread_mutex_lock(&mutex)
            defer { unsafe pthread_mutex_unlock(&mutex) }
            guard !stopped, work.count < limit else { return false }
            work.append(item)
            unsafe pthread_cond_signal(&filled)
            return true
        }

        func pop() -> (@Sendable () -> Void)? {
            unsafe pthread_mutex_lock(&mutex)
            defer { unsafe pthread_mutex_unlock(&mutex) }
            while work.isEmpty && !stopped { unsafe pthread_cond_wait(&filled, &mutex) }
            guard !work.isEmpty else { return nil }
            started += 1
            return work.removeFirst()
        }

        var counts: (waiting: Int, started: Int) {
            unsafe pthread_mutex_lock(&mutex)
            defer { unsafe pthread_mutex_unlock(&mutex) }
            return (work.count, started)
        }

        func stop() {
            unsafe pthread_mutex_lock(&mutex)
            stopped = true
            unsafe pthread_cond_broadcast(&filled)
            unsafe pthread_mutex_unlock(&mutex)
        }
    }

    private let queue = Queue()
    private let limit: Int

    /// - Parameters:
    ///   - limit: how many work items may wait.
    ///   - niceness: 0...19, so that a burst of sign-ins does not slow down the cores.
    ///   - rest: after each item a thread sleeps this many times as long as it has worked. Only processor time counts:
    ///     otherwise a
    ///     thread that others displace would sleep even longer and, on a busy machine, hardly ever run.
    package init(name: String, threads: Int, limit: Int, niceness: Int32 = 0, rest: UInt64 = 0) throws {
        self.limit = limit
        let queue = queue
        for index in 0..<threads {
            try Thread.start(name: "\(name)-\(index)") {
                if niceness != 0 { _ = lyceum_nice_thread(niceness) }
                while let work = queue.pop() {
                    let begun = Clock.thread
                    work()
                    if rest > 0 { usleep(useconds_t(clamping: (Clock.thread - begun) / 1000 * rest)) }
                }
            }
        }
    }

    deinit { queue.stop() }

    /// Work items that wait for a thread.
    package var waiting: Int { queue.counts.waiting }

    /// Work items that a thread has begun so far.
    package var started: Int { queue.counts.started }

    /// Runs `work` on a thread of the pool. The caller resumes where it was.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try unsafe await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Value, any Error>) in
            let accepted = queue.push({ unsafe continuation.resume(with: Result(catching: work)) }, limit: limit)
            if !accepted { unsafe continuation.resume(throwing: Full()) }
        }
    }

    /// Queues work that nobody waits for. It is dropped if the queue is full.
    func submit(_ work: @escaping @Sendable () -> Void) {
        _ = queue.push(work, limit: limit)
    }
}
