/// A task of a core that waits to be resumed by an event.
///
/// `withUnsafeContinuation` alone would not do: called from a function that runs on its caller's actor, it resumes on the
/// runtime's pool and comes back from there, two changes of thread a wait. Told the core, it resumes on it.
@safe package final class Suspension: @unchecked Sendable {
    private var continuation: UnsafeContinuation<Void, Never>?

    package init() {}

    package var isWaiting: Bool { unsafe continuation != nil }

    /// Suspends the task until `resume()`. One task at a time.
    ///
    /// - Parameter poller: of the core that the task runs on.
    package func wait(on poller: Poller) async {
        let core = poller.core
        unsafe await withUnsafeContinuation(isolation: core) { unsafe continuation = $0 }
    }

    /// Resumes the task that waits; false when none does.
    @discardableResult
    package func resume() -> Bool {
        guard let waiting = unsafe continuation else { return false }
        unsafe continuation = nil
        unsafe waiting.resume()
        return true
    }
}
