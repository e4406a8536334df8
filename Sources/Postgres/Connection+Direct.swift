import CPostgres
import Glibc
import Reactor

/// Runs one query outside pipeline mode, because COPY does not work in a pipeline, and takes its result piece by piece.
/// Only for leased connections, on which nobody else sends.
///
/// libpq reads everything that the socket has whenever it is asked to read. We ask only when it has nothing left, so
/// that a slow reader lets the kernel's buffers fill up and PostgreSQL waits.
extension Connection {
    /// Leaves pipeline mode and sends the query.
    func beginDirect(_ send: (OpaquePointer) -> Int32) throws(PostgresError) {
        poller.assertOnThread()
        guard isOpen else { throw .unavailable(reason: "connection closed") }
        precondition(outstanding == 0, "the pipeline is not empty")
        guard unsafe PQexitPipelineMode(connection) == 1, unsafe send(connection) == 1 else { throw broken(message) }
        directWaiter = Suspension()
        flush()
    }

    /// Returns to pipeline mode after the last result of the query.
    func endDirect() throws(PostgresError) {
        guard isOpen else { throw .unavailable(reason: closeReason) }
        unmask()
        directWaiter = nil
        guard unsafe PQenterPipelineMode(connection) == 1 else { throw broken(message) }
    }

    /// Reads what has arrived; waits if there is nothing.
    func receive() async throws(PostgresError) {
        guard isOpen, let waiter = directWaiter else { throw .unavailable(reason: closeReason) }
        unmask()
        await waiter.wait(on: poller)
        guard isOpen else { throw .unavailable(reason: closeReason) }
        guard unsafe PQconsumeInput(connection) == 1 else { throw broken(message) }
    }

    /// The next result; nil after the last one.
    func nextResult() async throws(PostgresError) -> OpaquePointer? {
        guard isOpen else { throw .unavailable(reason: closeReason) }
        while unsafe PQisBusy(connection) == 1 { try await receive() }
        return unsafe PQgetResult(connection)
    }

    /// Appends rows of a COPY until there are `size` bytes or no more are available without waiting. Waits only for the
    /// first row.
    ///
    /// - Parameter endsWithCRLF: replaces each row's LF with CRLF.
    /// - Returns: false after the last row.
    func copyRows(
        into piece: inout [UInt8], atLeast size: Int, endsWithCRLF: Bool
    ) async throws(PostgresError) -> Bool {
        guard isOpen else { throw .unavailable(reason: closeReason) }
        while piece.count < size {
            var row: UnsafeMutablePointer<CChar>?
            let count = unsafe Int(PQgetCopyData(connection, &row, 1))
            if count > 0 {
                unsafe piece.append(contentsOf: UnsafeRawBufferPointer(start: row, count: count))
                unsafe PQfreemem(row)
                if endsWithCRLF && piece.last == UInt8(ascii: "\n") {
                    piece[piece.count - 1] = UInt8(ascii: "\r")
                    piece.append(UInt8(ascii: "\n"))
                }
                noteValue(of: count)
            } else if count == 0 {
                if !piece.isEmpty { return true }
                try await receive()
            } else if count == -1 {
                return false
            } else {
                throw broken(message)
            }
        }
        return true
    }

    /// Ends the connection in the middle of a query, on purpose. The socket is shut down at once: otherwise the backend
    /// would keep sending until libpq closes the connection, which happens with the last reference to it.
    func abandon(_ reason: String) {
        guard isOpen else { return }
        isAbandoned = true
        close(reason)
        unsafe shutdown(PQsocket(connection), Int32(SHUT_RDWR))
    }

    func broken(_ reason: String) -> PostgresError {
        close(reason)
        return .unavailable(reason: reason)
    }

    /// Handles readiness while a query's result is taken piece by piece.
    func becameDirect(_ readiness: Readiness, _ waiter: Suspension) {
        if waiter.resume() { return }
        // epoll reports errors whatever we wait for, and keeps reporting them.
        if readiness.contains(.failed) { return close("connection lost") }
        mask()
    }
}
