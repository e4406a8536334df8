/// Suspends a task of a core until an event resumes it.
///
/// `withUnsafeContinuation` alone is not enough: in a function that runs on its caller's actor, it resumes on the
/// runtime's pool and returns from there, two thread changes for each wait. With the core as its isolation it resumes
/// on the core.
@safe package final class Suspension: @unchecked Sendable {
    private var continuation: UnsafeContinuation<Void, Never>?
    /// `wait` has begun. The runtime may run a turn of the loop before it passes the continuation, and an event of that
    /// turn must not be lost.
    package private(set) var isWaiting = false
    private var isResumed = false

    package init() {}

    /// Suspends the task until `resume()`. Only one task may wait at a time.
    ///
    /// - Parameter poller: of the core on which the task runs.
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

    /// Resumes the waiting task. False if there is none.
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
