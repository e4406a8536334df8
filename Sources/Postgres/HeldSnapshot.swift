/// A read-only snapshot that is held for short queries and then one long read, so that all of them see the same rows.
/// It occupies a connection until `close`, `finish`, or the end of the long read.
package final class HeldSnapshot {
    private let read: LongRead
    /// The rows of the queries with which it began.
    package var first: [Rows] { read.first }

    init(_ read: LongRead) { self.read = read }

    /// Begins a COPY. The snapshot ends with it.
    package func copy(_ query: CopyQuery) async throws(PostgresError) -> CopyOut {
        do {
            _ = try await read.run(query.arguments.map { [$0] } ?? [])
        } catch {
            await read.finish()
            throw error
        }
        return try await CopyOut(read, query)
    }

    /// Begins to read the rows of a query. The snapshot ends with it.
    package func rows(_ query: Query) async throws(PostgresError) -> RowStream { try await RowStream(read, query) }

    /// Returns the connection in order, when there is no long read after all.
    package func finish() async { await read.finish() }

    /// Ends a wait for rows.
    package func cancel() { read.cancel() }

    /// Returns the connection, unless that has happened already. Must not be called during another call.
    package func close() { read.close() }
}
