import CPostgres
import Reactor

/// Limits of a read that is sent on to the client while it is read.
package struct LongWork: Sendable {
    /// Seconds from beginning to end, including the reader's time. During that time it occupies a connection and
    /// PostgreSQL keeps a snapshot.
    package var longest: Double
    /// Seconds that PostgreSQL may take until the first row, and between rows.
    package var silence: Double

    package init(longest: Double = 1800, silence: Double = 120) {
        self.longest = longest
        self.silence = silence
    }
}

/// A read on a leased connection, in one snapshot, whose result is taken piece by piece. It returns the connection
/// once, at its end or in `close`. If it is closed in the middle, it ends the connection, which is the quickest way to
/// free it, and the lane opens another.
final class LongRead {
    private let leased: LeasedLane
    private let work: LongWork
    private var lease: Lease?
    private let transaction: Transaction
    private var isDirect = false
    private let end: Deadline
    private let quiet: Deadline
    let connection: Connection
    /// The rows of the queries with which it began.
    private(set) var first: [Rows] = []

    /// Waits for a connection, begins the transaction and runs the first queries, such as those that set arguments.
    static func begin(
        _ leased: LeasedLane, _ scope: Scope, _ queries: [Query], _ work: LongWork, _ deadlines: Deadlines
    ) async throws(PostgresError) -> LongRead {
        let lease = try await leased.take(.stream)
        scope.timing?.queue += lease.waited
        let read = LongRead(leased, lease, scope, work, deadlines)
        let time = Parameter.integer(Int(work.longest * 1000))
        do throws(PostgresError) {
            read.first = Array(try await read.transaction.run([Self.timeouts(time)] + queries).dropFirst())
        } catch {
            await read.finish()
            throw error
        }
        return read
    }

    /// The time of the statement includes that of its reader, and so does the time between its end and the COMMIT.
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

    /// Runs further queries in the snapshot, before the long one.
    func run(_ queries: [Query]) async throws(PostgresError) -> [Rows] {
        guard lease != nil, !isDirect else { throw .unavailable(reason: "the read has ended") }
        return queries.isEmpty ? [] : try await transaction.run(queries)
    }

    /// Sends the query. From then on only this read uses the connection.
    func send(_ body: (OpaquePointer) -> Int32) throws(PostgresError) {
        try unsafe connection.beginDirect(body)
        isDirect = true
    }

    /// The next result, within the time allowed for the database; nil after the last.
    func nextResult() async throws(PostgresError) -> OpaquePointer? {
        try expect()
        defer { quiet.cancel() }
        return try unsafe await connection.nextResult()
    }

    /// The next rows of a COPY, within the time allowed for the database; see `Connection.copyRows`.
    func copyRows(
        into piece: inout [UInt8], atLeast size: Int, endsWithCRLF: Bool
    ) async throws(PostgresError) -> Bool {
        try expect()
        defer { quiet.cancel() }
        return try await connection.copyRows(into: &piece, atLeast: size, endsWithCRLF: endsWithCRLF)
    }

    private func expect() throws(PostgresError) {
        guard lease != nil else { throw .unavailable(reason: "the read has ended") }
        quiet.set(at: Clock.now + .seconds(work.silence))
    }

    /// Takes the results after the last row.
    ///
    /// - Parameter refusal: an error among the results taken before; it is thrown here.
    /// - Returns: the command tag, such as `COPY 5`.
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

    /// After an error: rolls back if possible and returns the connection.
    func finish() async {
        guard lease != nil else { return }
        if !isDirect { await transaction.rollback() }
        close()
    }

    /// The reader is gone; a wait for rows ends with an error.
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
