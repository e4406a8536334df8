import CPostgres
import Reactor

/// Bounds of a read that is sent on while it is read.
package struct LongWork: Sendable {
    /// Seconds from its beginning to its end, the reader's time included. For as long it keeps a connection, and PostgreSQL
    /// a snapshot.
    package var longest: Double
    /// Seconds that PostgreSQL may take until the first row, and from one to the next.
    package var silence: Double

    package init(longest: Double = 1800, silence: Double = 120) {
        self.longest = longest
        self.silence = silence
    }
}

/// A read on a leased connection whose answer is taken piece by piece, in one snapshot. It gives the connection back once:
/// at its end, or by `close`. In the middle that ends the connection, which is the quickest way to free it, and its place in
/// the lane is filled by another.
final class LongRead {
    private let leased: LeasedLane
    private let work: LongWork
    private var lease: Lease?
    private let transaction: Transaction
    private var isDirect = false
    private let end: Deadline
    private let quiet: Deadline
    let connection: Connection

    /// Waits for a connection, begins the transaction and sets what the query reads.
    static func begin(
        _ leased: LeasedLane, _ scope: Scope, _ arguments: [Query], _ work: LongWork, _ deadlines: Deadlines
    ) async throws(PostgresError) -> LongRead {
        let lease = try await leased.take(.long)
        scope.timing?.queue += lease.waited
        let read = LongRead(leased, lease, scope, work, deadlines)
        let time = Parameter.integer(Int(work.longest * 1000))
        do throws(PostgresError) {
            _ = try await read.transaction.run([Self.timeouts(time)] + arguments)
        } catch {
            await read.finish()
            throw error
        }
        return read
    }

    /// The statement's time is that of its reader too, and so is the time between its end and the COMMIT.
    private static let timeouts = Statement(
        """
        SELECT set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $1, true)
        """)

    private init(_ leased: LeasedLane, _ lease: Lease, _ scope: Scope, _ work: LongWork, _ deadlines: Deadlines) {
        self.leased = leased
        self.lease = lease
        self.work = work
        let connection = lease.connection
        self.connection = connection
        transaction = Transaction(connection, scope, onlyReads: true)
        end = deadlines.make { [weak connection] in connection?.abandon("a long read took too long") }
        quiet = deadlines.make { [weak connection] in connection?.close("no answer from the database") }
        end.set(after: .seconds(work.longest))
    }

    deinit { close() }

    /// Sends the query; what comes back is then the connection's to give.
    func send(_ body: (OpaquePointer) -> Int32) throws(PostgresError) {
        try unsafe connection.beginDirect(body)
        isDirect = true
    }

    /// The next result, in the time that the database has for it; nil behind the last.
    func nextResult() async throws(PostgresError) -> OpaquePointer? {
        try expect()
        defer { quiet.cancel() }
        return try unsafe await connection.nextResult()
    }

    /// The next rows of a COPY, in the time that the database has for them; see `Connection.copyRows`.
    func copyRows(
        into piece: inout [UInt8], atLeast size: Int, endsWithCRLF: Bool
    ) async throws(PostgresError) -> Bool {
        try expect()
        defer { quiet.cancel() }
        return try await connection.copyRows(into: &piece, atLeast: size, endsWithCRLF: endsWithCRLF)
    }

    private func expect() throws(PostgresError) {
        guard lease != nil else { throw .unavailable(reason: "the read is over") }
        quiet.set(at: Clock.now + .seconds(work.silence))
    }

    /// Takes the results behind the last row.
    ///
    /// - Parameter refusal: what was among the results taken before; it is thrown here.
    /// - Returns: the command's tag, such as `COPY 5`.
    func complete(_ refusal: ServerError? = nil) async throws(PostgresError) -> String {
        var tag = ""
        var refusal = refusal
        while let result = try unsafe await nextResult() {
            if unsafe PQresultStatus(result) == PGRES_FATAL_ERROR {
                refusal = unsafe refusal ?? ServerError(result)
            } else {
                tag = unsafe String(cString: PQcmdStatus(result))
            }
            unsafe PQclear(result)
        }
        try connection.endDirect()
        isDirect = false
        if let refusal { throw refusal.isShutdown ? connection.broken(refusal.message) : .refused(refusal) }
        try await transaction.commit()
        await finish()
        return tag
    }

    /// After an error: rolls back where that is possible, and gives the connection back.
    func finish() async {
        guard lease != nil else { return }
        if !isDirect { await transaction.rollback() }
        close()
    }

    /// Nobody reads on; who waits for rows is told.
    func cancel() { if lease != nil { connection.abandon("its reader has left") } }

    func close() {
        end.cancel()
        quiet.cancel()
        guard let lease else { return }
        self.lease = nil
        if isDirect || !transaction.isFinished { connection.abandon("its reader has left") }
        leased.give(lease)
    }
}
