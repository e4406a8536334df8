import CPostgres
import Glibc
import Reactor

/// One libpq connection in pipeline mode, shared by many requests of its core.
///
/// Segments are answered in the order sent, so a queue holds the expected ones. This class never cancels a query,
/// because a cancel would hit whichever segment is running. The segment's own `statement_timeout` ends it instead, and
/// the result for a caller that has left is read and dropped.
@safe final class Connection {
    /// Called once, when the connection must not get new segments any more.
    var onClose: ((String) -> Void)?
    /// Gets the segments whose results are lost. Those that it returns fail; it has taken care of the others.
    var onLoss: (([Segment]) -> [Segment])?
    /// Called after each answered segment, with the nanoseconds that the database took.
    var onAnswer: ((UInt64) -> Void)?
    /// Called when the segment being answered takes longer than any caller waits.
    var onOverdue: (() -> Void)?
    /// Called for each WARNING of the server.
    var onWarning: ((ServerError) -> Void)?
    /// Called when the connection closes after it was retired.
    var onDrained: (() -> Void)?
    private(set) var isOpen = true
    /// It finishes what was sent, takes nothing new, then closes.
    private(set) var isRetired = false
    /// A very large value made its buffers grow, and libpq does not shrink them.
    private(set) var isBloated = false
    /// A query was left in the middle. Closing the connection is the quickest way to end it.
    var isAbandoned = false
    /// The server refused a write because it is read-only.
    private(set) var onlyReads = false
    /// Why the connection is closed.
    private(set) var closeReason = "connection closed"
    let connection: OpaquePointer
    let poller: Poller
    private let deadlines: Deadlines
    private var token: Poller.Token?
    private var isWritable = true
    private var inFlight = FIFO<Segment>()
    private var sawResult = false
    private var prepared: [Int: PreparedStatement] = [:]
    private var names = 0
    private var watchdog: Deadline!
    private var isOverdue = false
    /// The task that takes a query's result piece by piece, see `beginDirect`. Nil in pipeline mode.
    var directWaiter: Suspension?
    /// Reading is switched off because nobody waits for data.
    private var isMasked = false
    /// Keeps the object alive while it retires.
    private var itself: Connection?

    /// A single value with more bytes makes the buffers too large to keep.
    private static let large = 2 << 20

    var outstanding: Int { inFlight.count }

    /// Takes over a connected libpq connection.
    init(_ connection: OpaquePointer, poller: Poller, deadlines: Deadlines) throws(PostgresError) {
        unsafe self.connection = unsafe connection
        self.poller = poller
        self.deadlines = deadlines
        watchdog = deadlines.make { [unowned self] in watch() }
        // Without this libpq would print warnings to standard error. It calls the receiver only from calls of this
        // object.
        let itself = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().noticed(result)
            }, itself)
        guard unsafe PQsetnonblocking(connection, 1) == 0, unsafe PQenterPipelineMode(connection) == 1 else {
            throw .unavailable(reason: "pipeline mode refused")
        }
        do {
            // Level-triggered: PQconsumeInput may leave data in the socket.
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
    /// - Parameters:
    ///   - hidden: how many results at the front are left out.
    ///   - timeout: nanoseconds after which the caller stops waiting. A result that comes later is dropped.
    func run(
        _ queries: [Query], hidden: Int = 0, timeout: UInt64, statementTimeout: UInt64 = 0, mayRepeat: Bool,
        timing: RequestTiming? = nil
    ) async throws(PostgresError) -> Outcome {
        let segment = try Segment(
            queries, hidden: hidden, patience: timeout, statementTimeout: statementTimeout, repeats: mayRepeat ? 2 : 0,
            deadlines: deadlines, timing: timing)
        guard send(segment) else { throw .unavailable(reason: "connection closed") }
        return try await segment.outcome(on: poller)
    }

    /// Nanoseconds since the segment that is being answered began.
    func age(_ now: UInt64) -> UInt64 { inFlight.first.map { now &- $0.began } ?? 0 }

    /// A setting that the server reports by itself, such as `in_hot_standby`.
    func parameter(_ name: String) -> String? {
        unsafe PQparameterStatus(connection, name).map { unsafe String(cString: $0) }
    }

    /// Ends the connection. Waiting callers get `outcomeUnknown`.
    func close(_ reason: String) {
        guard isOpen else { return }
        isOpen = false
        closeReason = reason
        if let token { poller.remove(token) }
        token = nil
        watchdog.cancel()
        let lost = inFlight.takeAll()
        for segment in onLoss?(lost) ?? lost { segment.finish(.outcomeUnknown(reason: reason)) }
        directWaiter?.resume()
        leave(reason)
        if isRetired { onDrained?() }
        itself = nil
    }

    /// Lets the segments already sent finish, then closes.
    func retire(_ reason: String) {
        guard isOpen, !isRetired else { return }
        isRetired = true
        if outstanding == 0 { return close(reason) }
        itself = self
        leave(reason)
    }

    private func leave(_ reason: String) {
        onClose?(reason)
        onClose = nil
    }

    /// Handles a missing answer. Callers have deadlines of their own; this is about the connection. It is overdue when
    /// the caller at the front has left, and dead when all statements of the segment should have run into their
    /// timeouts.
    private func watch() {
        guard let segment = inFlight.first else { return }
        let age = age(Clock.now)
        if age >= segment.longest { return close("no answer from the database") }
        watchdog.set(after: segment.longest - age)
        if !isOverdue {
            isOverdue = true
            onOverdue?()
        }
    }

    /// A WARNING, NOTICE or the like, which libpq keeps.
    private func noticed(_ result: OpaquePointer?) {
        let severity = unsafe PQresultErrorField(result, Int32(UInt8(ascii: "V"))).map { unsafe String(cString: $0) }
        if severity == "WARNING" { onWarning?(unsafe ServerError(result)) }
    }

    var message: String {
        let text = unsafe String(cString: PQerrorMessage(connection))
        return text.split(separator: "\n").first.map { String($0) } ?? "connection lost"
    }
}

// MARK: Sending

extension Connection {
    /// Sends a segment, which finishes later.
    ///
    /// - Returns: false if the connection broke before the Sync, so that the segment can't have taken effect.
    func send(_ segment: Segment) -> Bool {
        poller.assertOnThread()
        guard isOpen else { return false }
        segment.begin()
        for query in segment.queries {
            guard let prepared = prepared[query.statement.id] ?? prepare(query.statement, for: segment) else {
                return false
            }
            segment.running.append(prepared)
        }
        for (index, prepared) in segment.running.enumerated() {
            let sent = unsafe segment.parameters.withPointers(of: index) { pointers in
                unsafe PQsendQueryPrepared(
                    connection, prepared.name, Int32(pointers.count), pointers.baseAddress, nil, nil,
                    prepared.resultFormat)
            }
            guard sent == 1 else {
                close(message)
                return false
            }
        }
        if segment.parameters.size > Self.large { isBloated = true }
        inFlight.append(segment)
        guard unsafe PQpipelineSync(connection) == 1 else {
            close(message)
            return true
        }
        segment.wasSent()
        if outstanding == 1 { face(segment, Clock.now) }
        flush()
        return true
    }

    /// A Prepare has its own Sync. If an earlier error skipped it, the next request that relies on it would fail.
    private func prepare(_ statement: Statement, for segment: Segment) -> PreparedStatement? {
        names += 1
        let made = PreparedStatement(statement, number: names)
        guard unsafe PQsendPrepare(connection, made.name, statement.sql, 0, nil) == 1,
            unsafe PQpipelineSync(connection) == 1
        else {
            close(message)
            return nil
        }
        prepared[statement.id] = made
        segment.preparing.append(made)
        return made
    }

    /// The database can begin with this segment.
    private func face(_ segment: Segment, _ now: UInt64) {
        segment.began = now
        isOverdue = false
        watchdog.set(after: segment.patience)
    }

    func flush() {
        guard isOpen else { return }
        let code = unsafe PQflush(connection)
        if code < 0 { return close(message) }
        let blocked = code == 1
        if blocked == isWritable {
            isWritable = !blocked
            watchSocket()
        }
    }

    private func watchSocket() {
        guard let token else { return }
        let reading: Readiness = isMasked ? [] : .readable
        try? poller.change(token, isWritable ? reading : [reading, .writable])
    }

    /// Leaves incoming data in the kernel.
    func mask() {
        guard !isMasked else { return }
        isMasked = true
        watchSocket()
    }

    func unmask() {
        guard isMasked else { return }
        isMasked = false
        watchSocket()
    }
}

// MARK: Answers

extension Connection {
    private func became(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        guard isOpen, !readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) else { return }
        if let directWaiter { return becameDirect(readiness, directWaiter) }
        guard unsafe PQconsumeInput(connection) == 1 else { return close(message) }
        readResults()
        if isOpen && outstanding > 0 { flush() }
    }

    private func readResults() {
        var empty = 0
        while isOpen, let segment = inFlight.first, unsafe PQisBusy(connection) == 0 {
            guard let result = unsafe PQgetResult(connection) else {
                // NULL ends a query's results; between two queries libpq may return it once more.
                if sawResult {
                    sawResult = false
                    segment.advance()
                    empty = 0
                } else {
                    empty += 1
                    if empty > 2 { break }
                }
                continue
            }
            empty = 0
            unsafe take(result, segment)
        }
        if isOpen, unsafe PQstatus(connection) == CONNECTION_BAD { close(message) }
    }

    /// Notes that a value of this many bytes passed through.
    func noteValue(of size: Int) {
        if size > Self.large { isBloated = true }
    }

    private func take(_ result: OpaquePointer, _ segment: Segment) {
        let status = unsafe PQresultStatus(result)
        if status == PGRES_PIPELINE_SYNC {
            unsafe PQclear(result)
            sawResult = false
            switch segment.step {
            case .prepared: segment.advance()
            case .committing: complete(segment)
            default: close("unexpected result from the database")
            }
            return
        }
        sawResult = true
        if status == PGRES_FATAL_ERROR {
            let error = unsafe ServerError(result)
            unsafe PQclear(result)
            return refused(error, segment)
        }
        // PGRES_PIPELINE_ABORTED: the rest of a failed segment.
        guard case .answering(let statement) = segment.step, segment.isWanted,
            status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK
        else { return unsafe PQclear(result) }
        let shape = unsafe statement.shape ?? RowShape(result)
        statement.shape = shape
        let rows = unsafe Rows(result, shape: shape)
        if rows.size > Self.large && rows.size / max(1, rows.count) > Self.large { isBloated = true }
        segment.take(rows)
    }

    private func refused(_ error: ServerError, _ segment: Segment) {
        if error.sqlState == "25006" { onlyReads = true }
        switch segment.step {
        case .preparing(let statement):
            segment.take(error, mayRepeat: false)
            forget(statement)
        case .prepared: break
        case .answering(let statement):
            segment.take(error, mayRepeat: outdates(statement, error, segment) || error.isRace)
        case .committing:
            // The error of the Sync itself: a deferred constraint failed at the commit. No NULL follows.
            segment.take(error, mayRepeat: error.isRace)
            sawResult = false
        }
        if unsafe PQstatus(connection) == CONNECTION_BAD { close(error.message) }
    }

    /// Whether the error means that the schema has changed or the prepared statements are gone. After a stale plan all
    /// statements are prepared anew, instead of finding the outdated ones one error at a time.
    private func outdates(_ statement: PreparedStatement, _ error: ServerError, _ segment: Segment) -> Bool {
        let isNew = segment.preparing.contains { $0 === statement }
        guard error.isStalePlan || error.isSchemaMismatch && !isNew else { return false }
        // Otherwise a failed Prepare caused this error, or another segment has already reported the change.
        if prepared[statement.statement.id] === statement {
            if error.isStalePlan { prepared.removeAll() } else { forget(statement) }
        }
        return true
    }

    private func forget(_ statement: PreparedStatement) {
        if prepared[statement.statement.id] === statement { prepared[statement.statement.id] = nil }
    }

    private func complete(_ segment: Segment) {
        _ = inFlight.popFirst()
        let now = Clock.now
        let time = now &- segment.began
        if let next = inFlight.first { face(next, now) } else { watchdog.cancel() }
        // Also on a retiring connection: the next place on it still belongs to this segment.
        if !(segment.takesRepeat() && send(segment)) { segment.finish(nil) }
        onAnswer?(time)
        if isRetired && outstanding == 0 { close("retired") }
    }
}
