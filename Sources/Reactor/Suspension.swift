/// A task of a core that waits to be resumed by an event.
///
/// `withUnsafeContinuation` alone would not do: called from a function that runs on its caller's actor, it resumes on the
/// runtime's pool and comes back from there, two changes of thread a wait. Told the core, it resumes on it.
@safe package final class Suspension: @unchecked Sendable {
    private var continuation: UnsafeContinuation<Void, Never>?
    /// `wait` has begun. The runtime may take a turn of the loop before it hands the continuation over, and an event of that
    /// turn must not be lost.
    package private(set) var isWaiting = false
    private var isResumed = false

    package init() {}

    /// Suspends the task until `resume()`. One task at a time.
    ///
    /// - Parameter poller: of the core that the task runs on.
    package func wait(on poller: Poller) async {
        isWaiting = true
        isResumed = false
        let core = poller.core
        unsafe await withUnsafeContinuation(isolation: core) { continuation in
            if isResumed {
                unsafe continuation.resume()
            } else {
                unsafe self.continuation = unsafe continuation
            }
        }
    }

    /// Resumes the task that waits; false when none does.
    @discardableResult
    package func resume() -> Bool {
        guard isWaiting else { return false }
        isWaiting = false
        isResumed = true
        if let waiting = unsafe continuation {
            unsafe continuation = nil
            unsafe waiting.resume()
        }
        return true
    }
}
