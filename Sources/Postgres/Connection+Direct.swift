import CPostgres
import Glibc
import Reactor

/// One query outside of pipeline mode, whose answer is taken piece by piece: COPY does not work in a pipeline. For leased
/// connections, which nobody else sends on.
///
/// libpq reads all that the socket has when it is told to read, so it is told only when what it has is used up: a slow reader
/// then fills the kernel's buffers, and PostgreSQL waits.
extension Connection {
    /// Leaves pipeline mode and sends the query.
    func beginDirect(_ send: (OpaquePointer) -> Int32) throws(PostgresError) {
        poller.assertOnThread()
        guard isOpen else { throw .unavailable(reason: "connection closed") }
        precondition(outstanding == 0, "a pipeline is in the way")
        guard unsafe PQexitPipelineMode(connection) == 1, unsafe send(connection) == 1 else { throw broken(message) }
        directWaiter = Suspension()
        flush()
    }

    /// Goes back to pipeline mode, when the query has been answered to its end.
    func endDirect() throws(PostgresError) {
        guard isOpen else { throw .unavailable(reason: closeReason) }
        unmask()
        directWaiter = nil
        guard unsafe PQenterPipelineMode(connection) == 1 else { throw broken(message) }
    }

    /// Reads what has come. When that is nothing, waits until something does.
    func receive() async throws(PostgresError) {
        guard isOpen, let waiter = directWaiter else { throw .unavailable(reason: closeReason) }
        unmask()
        await waiter.wait(on: poller)
        guard isOpen else { throw .unavailable(reason: closeReason) }
        guard unsafe PQconsumeInput(connection) == 1 else { throw broken(message) }
    }

    /// The next result; nil behind the last.
    func nextResult() async throws(PostgresError) -> OpaquePointer? {
        guard isOpen else { throw .unavailable(reason: closeReason) }
        while unsafe PQisBusy(connection) == 1 { try await receive() }
        return unsafe PQgetResult(connection)
    }

    /// Appends rows of a COPY until there are `size` bytes, or no more without waiting; waits when there would be none at all.
    ///
    /// - Parameter endsWithCRLF: whether CRLF is put in the place of each row's LF.
    /// - Returns: false behind the last row.
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

    /// Ends the connection in the middle of a query, on purpose. Its backend is told at once: it would else send on until
    /// libpq's own end of the connection, which comes with the last reference to it.
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

    /// What the database sends to a query that is taken piece by piece.
    func becameDirect(_ readiness: Readiness, _ waiter: Suspension) {
        if waiter.resume() { return }
        // An error is reported whatever one waits for, again and again.
        if readiness.contains(.failed) { return close("connection lost") }
        mask()
    }
}
