import CLinux
import Glibc
import Synchronization

/// The only isolation domain of the server: one thread, one epoll, and the connections, database lanes, timers and counters
/// that live on it as plain classes. Nothing on a request's path leaves its core.
package actor Core {
    package nonisolated let index: Int
    package nonisolated let executor: CoreExecutor
    /// Connections open on this core, read by the listener of another.
    package nonisolated let load = Atomic<Int>(0)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    package nonisolated var isCurrent: Bool { executor.isOnThread }

    /// The core whose thread this is; nil on any other thread.
    package static var current: Core? { Registry.cores.withLock { $0.first { $0.value?.isCurrent == true }?.value } }

    /// For `current`, which is for tests and assertions: it takes a lock.
    private enum Registry {
        struct Entry: Sendable {
            weak var value: Core?
        }
        static let cores = Mutex<[Entry]>([])
    }

    package var poller: Poller { executor.poller }
    package var deadlines: Deadlines { executor.deadlines }

    /// Makes a core and starts its thread.
    package init(index: Int) throws {
        self.index = index
        executor = try CoreExecutor()
        Registry.cores.withLock { cores in
            cores.removeAll { $0.value == nil }
            cores.append(Registry.Entry(value: self))
        }
        executor.poller.core = self
        let executor = executor
        try Thread.start(name: "core-\(index)") { executor.run() }
    }

    /// Starts a task on this core from anywhere.
    package nonisolated func spawn(_ body: @escaping @Sendable (isolated Core) async -> Void) {
        executor.post { [self] in
            assumeIsolated { $0.start(()) { _, core in await body(core) } }
        }
    }

    /// Starts a task of this core, from this core, with an object of this core.
    ///
    /// The core's executor is the task's preference too: what has no actor of its own, such as the resumption of a
    /// continuation, would else run on the runtime's pool and come back, two changes of thread a wait.
    package func start<Value>(
        _ value: Value, _ body: @escaping @Sendable (Value, isolated Core) async -> Void
    ) {
        let transfer = unsafe Transfer(value)
        Task(executorPreference: executor) { unsafe await self.run(transfer, body) }
    }

    /// The same from a handler of the core's events, which the compiler does not know to be on the core.
    package nonisolated func startHere<Value>(
        _ value: Value, _ body: @escaping @Sendable (Value, isolated Core) async -> Void
    ) {
        let transfer = unsafe Transfer(value)
        assumeIsolated { unsafe $0.start(transfer.value, body) }
    }

    private func run<Value>(
        _ transfer: Transfer<Value>, _ body: @Sendable (Value, isolated Core) async -> Void
    ) async {
        unsafe await body(transfer.value, self)
    }

    /// Ends the thread. Tasks that wait for events or moments of this core never resume: stop the server first. Jobs that
    /// come later run on a thread that all stopped cores share.
    package nonisolated func stop() { executor.stop() }

    /// Waits on the core's own timers (`Task.sleep` would leave the core).
    package func sleep(_ nanoseconds: UInt64) async {
        let deadlines = deadlines
        var deadline: Deadline?
        unsafe await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            deadline = deadlines.make { unsafe continuation.resume() }
            deadline?.set(after: nanoseconds)
        }
    }
}

/// Threads of our own: the runtime's pool is left to what is not a request.
enum Thread {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                unsafe lyceum_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemError(call: "pthread_create", code: code)
        }
        pthread_detach(thread)
    }
}
