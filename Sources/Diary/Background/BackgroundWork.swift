import Postgres

/// A kind of work that runs behind the requests: what it is called, how often it comes, how long it may take, what it does.
///
/// It is done in pieces, each for one school and in the name of nobody. A piece is one transaction, which also ends the piece.
package struct BackgroundWork: Sendable {
    package enum Rhythm: Sendable {
        /// Each school has one piece, which comes again so many seconds after it was done.
        case every(seconds: Int)
        /// Whoever needs it adds a row to `pending`; the row goes when the piece is done.
        case onDemand
    }

    package enum Progress: Sendable {
        case done
        /// There is more of the same. The piece goes behind all that is due, and is taken again.
        case more
    }

    package typealias Handler = @Sendable (Attempt) async throws -> Progress
    package typealias Effect = @Sendable (Piece, Lanes) async throws -> Void

    enum Body {
        case handler(Handler)
        /// Deletes at most `$2` rows of the school `$1`.
        case deletion(Statement)
    }

    /// `pending.kind`, and the label of metrics: lower-case letters and underscores.
    package let name: String
    let rhythm: Rhythm
    /// Seconds for one attempt.
    let deadline: Int
    /// Attempts after which a piece is given up.
    let attempts: Int
    let body: Body
    /// What happens outside of the database, before the transaction. At least once: after a crash or a failure it happens
    /// again, with the same `Piece.id`, by which the other side can tell. It ends before `Piece.end`.
    let effect: Effect?

    /// - Parameter body: runs in the piece's transaction.
    package init(
        _ name: String, _ rhythm: Rhythm, deadline: Int = 10, attempts: Int = 10, effect: Effect? = nil,
        _ body: @escaping Handler
    ) {
        self.init(name, rhythm, deadline: deadline, attempts: attempts, effect: effect, body: .handler(body))
    }

    /// Deletes rows that nobody needs any more, the oldest first and a thousand in a transaction, until none is left.
    ///
    /// - Parameters:
    ///   - condition: which rows of the school, in SQL; an index finds them.
    ///   - order: the column or expression that tells their age.
    package static func deleting(
        _ name: String, every seconds: Int, from table: String, where condition: String, oldestFirst order: String
    ) -> BackgroundWork {
        // A row that changes while it is looked for is judged again as it is then: the condition stands outside too.
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

    /// Rows of one transaction.
    static let batch = 1000

    func perform(_ attempt: Attempt) async throws -> Progress {
        switch body {
        case .handler(let handler): return try await handler(attempt)
        case .deletion(let statement):
            let rows = try await attempt.run([statement(.integer(attempt.piece.school), .integer(Self.batch))])
            return rows[0].affected < Self.batch ? .done : .more
        }
    }
}
