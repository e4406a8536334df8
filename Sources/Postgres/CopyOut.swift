import CPostgres

/// The output of a COPY statement in pieces of whole rows: a pull stream with constant memory, on a connection of its
/// own.
package final class CopyOut {
    private let read: LongRead
    private let endsWithCRLF: Bool
    private var hasBegun = false
    private var isOver = false
    /// How many rows were copied; known at the end.
    package private(set) var rows: Int?

    /// The size in bytes after which a piece is passed on.
    private static let piece = 32 * 1024

    init(_ read: LongRead, _ query: CopyQuery) async throws(PostgresError) {
        self.read = read
        endsWithCRLF = query.statement.endsWithCRLF
        do throws(PostgresError) {
            try unsafe read.send { connection in unsafe PQsendQuery(connection, query.statement.sql) }
        } catch {
            await read.finish()
            throw error
        }
    }

    /// The next rows; nil at the end, when the connection has been returned. The first call throws PostgreSQL's error
    /// about the statement.
    package func next() async throws(PostgresError) -> [UInt8]? {
        if isOver { return nil }
        var piece: [UInt8] = []
        do throws(PostgresError) {
            if !hasBegun { try await begin() }
            piece.reserveCapacity(Self.piece + 4096)
            if try await !read.copyRows(into: &piece, atLeast: Self.piece, endsWithCRLF: endsWithCRLF) {
                isOver = true
                rows = Int(try await read.complete().split(separator: " ").last ?? "")
            }
        } catch {
            await read.finish()
            throw error
        }
        return piece.isEmpty ? nil : piece
    }

    private func begin() async throws(PostgresError) {
        hasBegun = true
        let result = try unsafe await read.nextResult()
        let status = unsafe PQresultStatus(result)
        let refusal = unsafe status == PGRES_FATAL_ERROR ? ServerError(result) : nil
        unsafe PQclear(result)
        if let refusal { _ = try await read.complete(refusal) }
        precondition(status == PGRES_COPY_OUT, "not a COPY TO STDOUT")
    }

    /// Ends a wait in `next`, which then throws.
    package func cancel() { read.cancel() }

    /// Returns the connection, unless that has happened already. Must not be called while `next` runs.
    package func close() { read.close() }
}
