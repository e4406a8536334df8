import CPostgres
import Glibc
import Reactor

/// One libpq connection in pipeline mode, shared by many requests of its core.
///
/// A segment is a request's queries and one Sync: one implicit transaction, whose error aborts that segment alone. Results
/// come back in the order of the queries, so what is expected stands in a queue. Nothing is ever cancelled here: a cancel
/// hits whoever is running. The segment's own `statement_timeout` ends it instead, and the answer for a caller that left is
/// read and dropped.
@safe final class Connection {
    private enum Expected {
        case prepare(Statement, Segment)
        case query(Prepared, Segment)
        case sync(Segment?)
    }

    @safe fileprivate final class Segment {
        var rows: [Rows] = []
        var error: PostgresError?
        var isStale = false
        let waiter = Suspension()
        var deadline: Deadline?
    }

    private final class Prepared {
        let statement: Statement
        let name: String
        var shape: RowShape?

        init(_ statement: Statement, name: String) {
            self.statement = statement
            self.name = name
        }
    }

    /// Called once, when the connection is of no more use.
    var onClose: ((String) -> Void)?
    private(set) var isOpen = true
    private(set) var outstanding = 0
    private let connection: OpaquePointer
    private let poller: Poller
    private let deadlines: Deadlines
    private var token: Poller.Token?
    private var isWritable = true
    private var expected: [Expected] = []
    private var head = 0
    private var sawResult = false
    private var prepared: [Int: Prepared] = [:]
    private var names = 0
    private var watchdog: Deadline!
    private static let silence = UInt64.seconds(20)

    /// Takes over a connected libpq connection.
    init(_ connection: OpaquePointer, poller: Poller, deadlines: Deadlines) throws(PostgresError) {
        unsafe self.connection = unsafe connection
        self.poller = poller
        self.deadlines = deadlines
        watchdog = deadlines.make { [unowned self] in
            if outstanding > 0 { close("no answer from the database") }
        }
        // libpq would print warnings to the process's standard error.
        _ = unsafe PQsetNoticeProcessor(connection, { _, _ in }, nil)
        guard unsafe PQsetnonblocking(connection, 1) == 0, unsafe PQenterPipelineMode(connection) == 1 else {
            throw .unavailable(reason: "pipeline mode refused")
        }
        do {
            // Level-triggered: PQconsumeInput does not promise to empty the socket.
            token = try unsafe poller.add(PQsocket(connection), .readable) { [unowned self] in became($0) }
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }

    deinit {
        if let token { poller.remove(token) }
        watchdog.cancel()
        unsafe PQfinish(connection)
    }

    /// Sends the queries as one segment and waits for its Sync.
    ///
    /// - Parameter timeout: nanoseconds after which the caller no longer waits; the answer is then dropped when it comes.
    func run(_ queries: [Query], timeout: UInt64, mayRepeat: Bool) async throws(PostgresError) -> Outcome {
        var segment = try await send(queries, timeout: timeout)
        if segment.isStale && mayRepeat && isOpen { segment = try await send(queries, timeout: timeout) }
        if case .refused(let error)? = segment.error { return Outcome(rows: segment.rows, refusal: error) }
        if let error = segment.error { throw error }
        return Outcome(rows: segment.rows, refusal: nil)
    }

    /// Ends the connection; who waits is told that the outcome is unknown.
    func close(_ reason: String) {
        guard isOpen else { return }
        isOpen = false
        if let token { poller.remove(token) }
        token = nil
        watchdog.cancel()
        let waiting = expected[head...]
        expected = []
        head = 0
        outstanding = 0
        for case .sync(let segment?) in waiting {
            segment.finish(.outcomeUnknown(reason: reason))
        }
        onClose?(reason)
        onClose = nil
    }

    private func send(_ queries: [Query], timeout: UInt64) async throws(PostgresError) -> Segment {
        poller.assertOnThread()
        guard isOpen else { throw .unavailable(reason: "connection closed") }
        let buffers = try encode(queries)
        let segment = Segment()
        for query in queries where prepared[query.statement.id] == nil {
            try prepare(query.statement, segment)
        }
        for (query, buffer) in zip(queries, buffers) {
            let prepared = prepared[query.statement.id]!
            let sent = unsafe buffer.withPointers { pointers in
                unsafe PQsendQueryPrepared(connection, prepared.name, Int32(pointers.count), pointers, nil, nil, 0)
            }
            try check(sent)
            expected.append(.query(prepared, segment))
        }
        try check(unsafe PQpipelineSync(connection))
        expected.append(.sync(segment))
        if outstanding == 0 { watchdog.set(after: Self.silence) }
        outstanding += 1
        flush()
        guard isOpen else { throw .outcomeUnknown(reason: "connection closed while sending") }
        segment.deadline = deadlines.make { [unowned segment] in
            segment.finish(.outcomeUnknown(reason: "no answer in time"))
        }
        segment.deadline?.set(after: timeout)
        await segment.waiter.wait(on: poller)
        segment.deadline?.cancel()
        return segment
    }

    private func encode(_ queries: [Query]) throws(PostgresError) -> [ParameterBuffer] {
        var buffers: [ParameterBuffer] = []
        for query in queries { buffers.append(try ParameterBuffer(query.parameters)) }
        return buffers
    }

    /// A Prepare has a Sync of its own: one that an earlier error skipped would break the next request that counts on it.
    private func prepare(_ statement: Statement, _ segment: Segment) throws(PostgresError) {
        names += 1
        let name = "s\(names)"
        try check(unsafe PQsendPrepare(connection, name, statement.sql, 0, nil))
        expected.append(.prepare(statement, segment))
        try check(unsafe PQpipelineSync(connection))
        expected.append(.sync(nil))
        prepared[statement.id] = Prepared(statement, name: name)
    }

    private func check(_ code: Int32) throws(PostgresError) {
        guard code == 1 else {
            let reason = message
            close(reason)
            throw .outcomeUnknown(reason: reason)
        }
    }

    private var message: String {
        let text = unsafe String(cString: PQerrorMessage(connection))
        return text.split(separator: "\n").first.map { String($0) } ?? "connection lost"
    }

    private func became(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        guard isOpen, !readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) else { return }
        guard unsafe PQconsumeInput(connection) == 1 else { return close(message) }
        readResults()
        if isOpen && outstanding > 0 { flush() }
    }

    private func flush() {
        guard isOpen, let token else { return }
        let code = unsafe PQflush(connection)
        if code < 0 { return close(message) }
        let blocked = code == 1
        if blocked == isWritable {
            isWritable = !blocked
            try? poller.change(token, blocked ? [.readable, .writable] : .readable)
        }
    }

    private func readResults() {
        var empty = 0
        while isOpen, head < expected.count, unsafe PQisBusy(connection) == 0 {
            guard let result = unsafe PQgetResult(connection) else {
                // NULL ends a query's results; between two queries libpq may say it once more.
                if sawResult {
                    sawResult = false
                    head += 1
                    empty = 0
                } else {
                    empty += 1
                    if empty > 2 { break }
                }
                continue
            }
            empty = 0
            unsafe take(unsafe result)
        }
        if head > 64 && head * 2 > expected.count {
            expected.removeFirst(head)
            head = 0
        }
        if isOpen, unsafe PQstatus(connection) == CONNECTION_BAD { close(message) }
    }

    private func take(_ result: OpaquePointer) {
        let status = unsafe PQresultStatus(result)
        if status == PGRES_PIPELINE_SYNC {
            unsafe PQclear(result)
            guard case .sync(let segment) = expected[head] else { return close("out of step with the database") }
            head += 1
            sawResult = false
            guard let segment else { return }
            outstanding -= 1
            if outstanding > 0 { watchdog.set(after: Self.silence) } else { watchdog.cancel() }
            segment.finish(nil)
            return
        }
        sawResult = true
        switch expected[head] {
        case .prepare(let statement, let segment):
            if status == PGRES_FATAL_ERROR {
                prepared[statement.id] = nil
                if segment.error == nil { segment.error = Self.failure(unsafe ServerError(result)) }
            }
            unsafe PQclear(result)
        case .query(let prepared, let segment):
            unsafe take(result, status, segment, prepared)
        case .sync:
            // An error raised by the Sync itself: a deferred constraint spoke at the commit.
            if status == PGRES_FATAL_ERROR, case .sync(let segment?) = expected[head] {
                if segment.error == nil { segment.error = Self.failure(unsafe ServerError(result)) }
                sawResult = false
            }
            unsafe PQclear(result)
        }
    }

    private static func failure(_ error: ServerError) -> PostgresError {
        error.isShutdown ? .outcomeUnknown(reason: error.message) : .refused(error)
    }

    private func take(_ result: OpaquePointer, _ status: ExecStatusType, _ segment: Segment, _ statement: Prepared) {
        switch status {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            let shape = unsafe statement.shape ?? RowShape(result)
            statement.shape = shape
            unsafe segment.rows.append(Rows(result, shape: shape))
        case PGRES_FATAL_ERROR:
            let error = unsafe ServerError(result)
            unsafe PQclear(result)
            if error.isStalePlan {
                if prepared[statement.statement.id] === statement { prepared[statement.statement.id] = nil }
                // Behind another error it is only that error's echo: the statement could not be prepared at all.
                if segment.error == nil { segment.isStale = true }
            }
            if segment.error == nil {
                segment.error = Self.failure(error)
            }
            if unsafe PQstatus(connection) == CONNECTION_BAD { close(error.message) }
        default:  // PGRES_PIPELINE_ABORTED: the rest of a segment that failed
            unsafe PQclear(result)
        }
    }
}

extension Connection.Segment {
    /// Resumes who waits, once.
    fileprivate func finish(_ failure: PostgresError?) {
        guard waiter.isWaiting else { return }
        if let failure, error == nil { error = failure }
        waiter.resume()
    }
}
