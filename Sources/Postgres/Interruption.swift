import CPostgres
import Synchronization

/// A request from outside, such as a signal, to stop what runs on a `BlockingConnection`.
///
/// PostgreSQL goes on with a statement whose client is gone, and its locks stay: so the statement is cancelled. It then
/// fails with SQLSTATE 57014, and its transaction is rolled back.
package final class Interruption: Sendable {
    private struct State {
        var signal: Int32?
        var isServed = false
        var canceller: Canceller?
    }

    private let state = Mutex(State())

    package init() {}

    /// The signal that asked for it.
    package var signal: Int32? { state.withLock { $0.signal } }

    /// Asks to stop, and cancels the statement that runs now. Between two statements there is nothing to cancel, so it
    /// is to be repeated as long as it answers true.
    package func request(signal: Int32) -> Bool {
        state.withLock { state in
            state.signal = state.signal ?? signal
            if state.isServed { return false }
            state.canceller?.cancel()
            return true
        }
    }

    package func attach(_ connection: BlockingConnection) {
        connection.interruption = self
        let canceller = connection.canceller()
        state.withLock { $0.canceller = canceller }
    }

    /// A statement was cancelled, or no other one will run: what follows has to run undisturbed.
    func serve() { state.withLock { $0.isServed = true } }
}

/// Cancels statements of a connection, from any thread.
@safe final class Canceller: @unchecked Sendable {
    private let handle: OpaquePointer

    /// - Parameter handle: of PQgetCancel.
    init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe PQfreeCancel(handle) }

    func cancel() {
        var message: [CChar] = Array(repeating: 0, count: 256)
        _ = unsafe message.withUnsafeMutableBufferPointer { buffer in
            unsafe PQcancel(handle, buffer.baseAddress, Int32(buffer.count))
        }
    }
}
