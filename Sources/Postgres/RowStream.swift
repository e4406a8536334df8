import CPostgres

/// The rows of a query, a few at a time: a pull stream with constant memory, on a connection of its own.
package final class RowStream {
    private let read: LongRead
    private var shape: RowShape?
    private var isOver = false

    init(_ read: LongRead, _ query: Query) async throws(PostgresError) {
        self.read = read
        do throws(PostgresError) {
            let parameters = try ParameterBuffer([query])
            try unsafe read.send { connection in
                // Not prepared: such a query is rare and long, and should be planned for its values.
                let sent = unsafe parameters.withPointers(of: 0) { pointers in
                    unsafe PQsendQueryParams(
                        connection, query.statement.sql, Int32(pointers.count), nil, pointers.baseAddress, nil, nil, 0)
                }
                return sent == 1 ? unsafe lyceum_row_mode(connection) : 0
            }
        } catch {
            await read.finish()
            throw error
        }
    }

    /// The next rows, at least one; nil at the end, when the connection has been returned.
    package func next() async throws(PostgresError) -> Rows? {
        if isOver { return nil }
        do throws(PostgresError) {
            let result = try unsafe await read.nextResult()
            if let result = unsafe result {
                if unsafe lyceum_are_rows(PQresultStatus(result)) == 1 {
                    let shape = unsafe shape ?? RowShape(result)
                    self.shape = shape
                    let rows = unsafe Rows(result, shape: shape)
                    read.connection.noteValue(of: rows.size / max(1, rows.count))
                    return rows
                }
                let refusal = unsafe PQresultStatus(result) == PGRES_FATAL_ERROR ? ServerError(result) : nil
                unsafe PQclear(result)
                _ = try await read.complete(refusal)
            } else {
                _ = try await read.complete()
            }
            isOver = true
            return nil
        } catch {
            await read.finish()
            throw error
        }
    }

    /// Ends a wait in `next`, which then throws.
    package func cancel() { read.cancel() }

    /// Returns the connection, unless that has happened already. Must not be called while `next` runs.
    package func close() { read.close() }
}
