import Reactor

/// An explicit transaction on a leased connection. Inside it only its own connection is used.
package final class Transaction {
    private let connection: Connection
    private let scope: Scope
    private var hasBegun = false
    private var isOver = false

    private static let begin = Statement("BEGIN")
    private static let commit = Statement("COMMIT")
    private static let rollback = Statement("ROLLBACK")

    init(_ connection: Connection, _ scope: Scope) {
        self.connection = connection
        self.scope = scope
    }

    /// Runs queries in one round trip. After an error only a rollback is possible (to a savepoint, or by throwing).
    package func run(_ queries: [Query]) async throws(PostgresError) -> [Rows] {
        try await attempt(queries).get()
    }

    /// As `run`, but a refusal is part of the answer, beside what was answered before it.
    package func attempt(_ queries: [Query]) async throws(PostgresError) -> Outcome {
        if hasBegun { return try await connection.run(queries, timeout: timeout, mayRepeat: false) }
        let outcome = try await start(queries)
        guard outcome.refusal?.isStalePlan == true else { return outcome }
        // Nothing was done yet: begin again, with the statements prepared anew.
        await rollback()
        return try await start(queries)
    }

    private func start(_ queries: [Query]) async throws(PostgresError) -> Outcome {
        hasBegun = true
        let prefix = [Self.begin(), scope.forWriting]
        var outcome = try await connection.run(prefix + queries, timeout: timeout, mayRepeat: false)
        outcome.rows.removeFirst(min(prefix.count, outcome.rows.count))
        return outcome
    }

    func commit() async throws(PostgresError) {
        guard hasBegun else { return }
        let rows = try await connection.run([Self.commit()], timeout: timeout, mayRepeat: false).get()
        // COMMIT of a transaction that failed is answered with ROLLBACK, without an error.
        guard rows.first?.command == "COMMIT" else { throw .unavailable(reason: "the transaction had failed") }
        isOver = true
    }

    func rollback() async {
        guard hasBegun, !isOver, connection.isOpen else { return }
        do {
            _ = try await connection.run([Self.rollback()], timeout: timeout, mayRepeat: false).get()
        } catch {
            connection.close("rollback failed")
        }
    }

    private var timeout: UInt64 { .milliseconds(scope.timeout + 5000) }
}
