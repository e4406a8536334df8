import Reactor

/// An explicit transaction on a leased connection. No other connection is used inside it.
package final class Transaction {
    private let connection: Connection
    private let scope: Scope
    private let begins: [Query]
    private var hasBegun = false
    private var isOver = false
    /// It has left nothing open on its connection.
    var isFinished: Bool { !hasBegun || isOver }
    /// A result did not arrive.
    private var isLost = false
    /// The first refusal, which decides.
    private var refusal: ServerError?

    private static let begin = Statement("BEGIN")
    private static let beginReading = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    private static let commit = Statement("COMMIT")
    private static let rollback = Statement("ROLLBACK")

    /// - Parameter onlyReads: the transaction has one snapshot and cannot write.
    init(_ connection: Connection, _ scope: Scope, onlyReads: Bool = false) {
        self.connection = connection
        self.scope = scope
        begins = onlyReads ? [Self.beginReading(), scope.forReading] : [Self.begin(), scope.forWriting]
    }

    /// Runs queries in one round trip. After an error only a rollback is possible (to a savepoint, or by throwing).
    package func run(_ queries: [Query]) async throws(PostgresError) -> [Rows] {
        try await attempt(queries).get()
    }

    /// Like `run`, but returns a refusal together with the results before it.
    package func attempt(_ queries: [Query]) async throws(PostgresError) -> Outcome {
        if hasBegun { return try await send(queries) }
        let outcome = try await start(queries)
        guard outcome.refusal?.isStalePlan == true else { return outcome }
        // Nothing has been done yet: begin again, with the statements prepared anew.
        await rollback()
        return try await start(queries)
    }

    private func start(_ queries: [Query]) async throws(PostgresError) -> Outcome {
        hasBegun = true
        isOver = false
        refusal = nil
        return try await send(begins + queries, hidden: begins.count)
    }

    func commit() async throws(PostgresError) {
        guard hasBegun else { return }
        let outcome = try await send([Self.commit()])
        isOver = true
        let rows = try outcome.get()
        // COMMIT of a failed transaction returns ROLLBACK without an error.
        if rows.first?.command != "COMMIT" {
            throw refusal.map { .refused($0) } ?? .unavailable(reason: "the transaction had failed")
        }
    }

    func rollback() async {
        guard hasBegun, !isOver, connection.isOpen else { return }
        // Do not wait for a statement that may still run: nobody else uses the connection.
        if isLost { return connection.close("no answer in time") }
        do {
            _ = try await send([Self.rollback()]).get()
            isOver = true
        } catch {
            connection.close("rollback failed")
        }
    }

    /// PostgreSQL refused it for a reason that a second attempt may avoid.
    var deservesRepeat: Bool { refusal.map { $0.isRace || $0.isStalePlan } ?? false }

    private func send(_ queries: [Query], hidden: Int = 0) async throws(PostgresError) -> Outcome {
        do {
            let outcome = try await connection.run(
                queries, hidden: hidden, timeout: .milliseconds(scope.timeout + 5000),
                statementTimeout: .milliseconds(scope.timeout), mayRepeat: false, timing: scope.timing)
            refusal = refusal ?? outcome.refusal
            return outcome
        } catch {
            if case .outcomeUnknown = error { isLost = true }
            throw error
        }
    }
}
