import Glibc
import Synchronization

/// Work that may block, on its own thread: two connections that wait for each other would starve the tests' pool.
package final class WorkThread<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let thread: Mutex<pthread_t>

    package init(_ body: @escaping @Sendable () -> Value) {
        thread = Mutex(0)
        let work = Unmanaged.passRetained(Work { self.value.withLock { $0 = body() } })
        thread.withLock { thread in
            let status = pthread_create(
                &thread, nil,
                { pointer in
                    Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue().run()
                    return nil
                }, work.toOpaque())
            precondition(status == 0, "pthread_create: \(status)")
        }
    }

    /// Waits for the work and returns its result. May be called once.
    package func join() -> Value {
        pthread_join(thread.withLock { $0 }, nil)
        return value.withLock { $0! }
    }
}

private final class Work: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
