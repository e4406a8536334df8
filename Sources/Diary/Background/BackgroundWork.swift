import Postgres

/// A kind of background work: its name, how often it runs, how long it may take, and what it does.
///
/// The work consists of pieces, each for one school and without a user. A piece is one transaction, which also ends the
/// piece.
package struct BackgroundWork: Sendable {
    package enum Rhythm: Sendable {
        /// Each school has one piece, which is due again this many seconds after it was done.
        case every(seconds: Int)
        /// A piece is a row that some code inserts into `pending`; the row is deleted when the piece is done.
        case onDemand
    }

    package enum Progress: Sendable, Equatable {
        case done
        /// More remains. The piece is queued behind all pieces that are due, and is taken again.
        case more
        /// The piece is due again after so many seconds. This is no failure of the work: attempts count anew.
        case again(seconds: Double)
        /// As `again`, because of something that an operator has to mend, such as a key that the other side does not
        /// accept. It is logged with the code, and counted.
        case blocked(seconds: Double, code: String)
    }

    package typealias Handler = @Sendable (Attempt) async throws -> Progress
    /// Returns the handler for its result.
    typealias Effect = @Sendable (Piece, Lanes) async throws -> Handler

    enum Body {
        case handler(Handler)
        /// What the effect returned.
        case ofEffect
        /// Deletes at most `$2` rows of the school `$1`.
        case deletion(Statement)
    }

    /// `pending.kind`, and the label of metrics: lower-case letters and underscores.
    package let name: String
    let rhythm: Rhythm
    /// The time for one attempt, in seconds.
    let deadline: Int
    /// The number of attempts after which a piece is given up.
    let attempts: Int
    let body: Body
    /// Something to do outside the database, before the transaction.
    let effect: Effect?

    /// - Parameter body: runs in the piece's transaction.
    package init(
        _ name: String, _ rhythm: Rhythm, deadline: Int = 10, attempts: Int = 10, _ body: @escaping Handler
    ) {
        self.init(name, rhythm, deadline: deadline, attempts: attempts, effect: nil, body: .handler(body))
    }

    /// Work with an effect outside the database. While the effect lasts, the piece needs no connection.
    ///
    /// - Parameters:
    ///   - effect: runs before the transaction, at least once: a retry after a crash or a failure repeats it with the
    ///     same `Piece.id`, so that the other side can detect the repetition. It finishes before `Piece.effectEnd`; after
    ///     `Piece.end` the attempt has failed.
    ///   - body: runs in the piece's transaction, and gets the result of the effect.
    package init<Outcome: Sendable>(
        _ name: String, _ rhythm: Rhythm, deadline: Int = 10, attempts: Int = 10,
        effect: @escaping @Sendable (Piece, Lanes) async throws -> Outcome,
        _ body: @escaping @Sendable (Attempt, Outcome) async throws -> Progress
    ) {
        self.init(
            name, rhythm, deadline: deadline, attempts: attempts,
            effect: { piece, lanes in
                let outcome = try await effect(piece, lanes)
                return { attempt in try await body(attempt, outcome) }
            }, body: .ofEffect)
    }

    /// Deletes rows that are no longer needed, oldest first and a thousand per transaction, until none is left.
    ///
    /// - Parameters:
    ///   - condition: an SQL condition for the rows to delete. It needs an index.
    ///   - order: the column or expression to sort rows by age.
    package static func deleting(
        _ name: String, every seconds: Int, from table: String, where condition: String, oldestFirst order: String
    ) -> BackgroundWork {
        // The condition is repeated outside, so that a row that changes during the search is checked again in its new
        // state.
        let statement = Statement(
            """
            DELETE FROM \(table) t
            WHERE t.ctid = ANY (ARRAY(
                SELECT t.ctid FROM \(table) t
                WHERE t.school_id = $1 AND \(condition)
                ORDER BY \(order)
                LIMIT $2::int
            ))
                AND t.school_id = $1 AND \(condition)
            """)
        return BackgroundWork(
            name, .every(seconds: seconds), deadline: 10, attempts: 10, effect: nil, body: .deletion(statement))
    }

    private init(
        _ name: String, _ rhythm: Rhythm, deadline: Int, attempts: Int, effect: Effect?, body: Body
    ) {
        self.name = name
        self.rhythm = rhythm
        self.deadline = deadline
        self.attempts = attempts
        self.effect = effect
        self.body = body
    }

    /// The maximum number of rows per transaction.
    static let batch = 1000

    package var isRecurring: Bool { if case .every = rhythm { true } else { false } }

    /// - Parameter result: what the effect returned.
    func perform(_ attempt: Attempt, _ result: Handler?) async throws -> Progress {
        switch body {
        case .handler(let handler): return try await handler(attempt)
        case .ofEffect: return try await result!(attempt)
        case .deletion(let statement):
            let rows = try await attempt.run([statement(.integer(attempt.piece.school), .integer(Self.batch))])
            return rows[0].affected < Self.batch ? .done : .more
        }
    }
}
