import CLinux
import Glibc
import Synchronization

/// The only isolation domain of the server: one thread, one epoll, and the connections, database lanes, timers and
/// counters that belong to it as plain classes. No work of a request leaves its core.
package actor Core {
    package nonisolated let index: Int
    package nonisolated let executor: CoreExecutor
    /// Connections open on this core. Listeners on other cores read it.
    package nonisolated let load = Atomic<Int>(0)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    package nonisolated var isCurrent: Bool { executor.isOnThread }

    /// The core whose thread is running; nil on any other thread.
    package static var current: Core? { Registry.cores.withLock { $0.first { $0.value?.isCurrent == true }?.value } }

    /// For `current`, which takes a lock and is only for tests and assertions.
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

    /// Starts a task on this core; may be called on any thread.
    package nonisolated func spawn(_ body: @escaping @Sendable (isolated Core) async -> Void) {
        executor.post { [self] in
            assumeIsolated { $0.start(()) { _, core in await body(core) } }
        }
    }

    /// Starts a task on this core with an object of this core. To be called on the core.
    ///
    /// The core's executor is also the task's preference. Without it, code that has no actor, such as the resumption of
    /// a continuation, would run on the runtime's pool and come back: two thread changes for each wait.
    package func start<Value>(
        _ value: Value, _ body: @escaping @Sendable (Value, isolated Core) async -> Void
    ) {
        let transfer = unsafe Transfer(value)
        Task(executorPreference: executor) { unsafe await self.run(transfer, body) }
    }

    /// The same for handlers of the core's events: they run on the core, but the compiler does not know it.
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

    /// Ends the thread. Tasks that wait for events or timers of this core never resume, so stop the server first. Later
    /// jobs run on a thread that all stopped cores share.
    package nonisolated func stop() { executor.stop() }

    /// Waits on the core's timers; `Task.sleep` would leave the core.
    package func sleep(_ nanoseconds: UInt64) async {
        let deadlines = deadlines
        var deadline: Deadline?
        unsafe await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            deadline = deadlines.make { unsafe continuation.resume() }
            deadline?.set(after: nanoseconds)
        }
    }
}

/// Threads of our own. The runtime's pool does no work of requests.
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
