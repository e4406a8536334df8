import CPostgres
import Glibc
import Reactor

/// Opens a libpq connection without blocking the core.
@safe final class ConnectionAttempt {
    private var connection: OpaquePointer?
    private let waiter = Suspension()
    private var isExpired = false

    /// Begins to connect. The parameters name one server by its address.
    init(_ parameters: [(key: String, value: String)]) throws(PostgresError) {
        let pointer = unsafe CStrings.with(parameters.map { $0.key }) { keys in
            unsafe CStrings.with(parameters.map { $0.value }) { values in
                unsafe PQconnectStartParams(keys, values, 0)
            }
        }
        guard let pointer = unsafe pointer else { throw .unavailable(reason: "out of memory") }
        unsafe connection = unsafe pointer
        guard unsafe PQstatus(pointer) != CONNECTION_BAD else { throw .unavailable(reason: message) }
    }

    deinit { if let connection = unsafe connection { unsafe PQfinish(connection) } }

    /// Waits until the connection is established and returns it.
    ///
    /// - Parameter timeout: in nanoseconds. libpq ignores `connect_timeout` for connections made this way.
    func finish(poller: Poller, deadlines: Deadlines, timeout: UInt64) async throws(PostgresError) -> OpaquePointer {
        let expiry = deadlines.make { [unowned self] in expire() }
        expiry.set(after: timeout)
        defer { expiry.cancel() }
        // Begin as if PQconnectPoll had asked to write (PostgreSQL, "Database Connection Control Functions"). Polled
        // before the socket is connected, it would consider the connection established.
        var step = PGRES_POLLING_WRITING
        while true {
            switch step {
            case PGRES_POLLING_OK:
                let made = unsafe connection!
                unsafe connection = nil
                return unsafe made
            case PGRES_POLLING_READING: try await wait(for: .readable, poller)
            case PGRES_POLLING_WRITING: try await wait(for: .writable, poller)
            default: throw .unavailable(reason: message)
            }
            step = unsafe PQconnectPoll(connection)
        }
    }

    /// The descriptor may change between polls, so each wait registers it again.
    private func wait(for interest: Readiness, _ poller: Poller) async throws(PostgresError) {
        let token: Poller.Token
        do {
            token = try unsafe poller.add(PQsocket(connection), interest) { [unowned self] _ in waiter.resume() }
        } catch {
            throw .unavailable(reason: "\(error)")
        }
        if !isExpired { await waiter.wait(on: poller) }
        poller.remove(token)
        if isExpired { throw .unavailable(reason: "no connection in time") }
    }

    private func expire() {
        isExpired = true
        waiter.resume()
    }

    private var message: String {
        let text = unsafe String(cString: PQerrorMessage(connection))
        return text.split(separator: "\n").first.map { String($0) } ?? "refused"
    }
}

/// NULL-terminated arrays of C strings.
private enum CStrings {
    static func with<Value>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value) -> Value {
        let copies = unsafe texts.map { unsafe strdup($0) }
        defer { unsafe copies.forEach { unsafe free($0) } }
        var pointers = unsafe copies.map { unsafe UnsafePointer($0) }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
    }
}
