import Postgres
import Reactor

/// A row of `pending` that this process has taken.
package struct Piece: Sendable {
    package let school: Int
    let timeZone: String
    let kind: String
    /// The other server that an effect sends to, as a number.
    let target: Int?
    /// The same at every attempt: the id of the record that the piece is about, or an id of the piece itself.
    package let id: String
    /// Unique to this attempt. Log lines and audit records use it as their request id.
    let lease: String
    /// The number of attempts, including this one.
    let attempt: Int
    /// The deadline of the attempt, by `Clock.now`.
    package let end: UInt64
    /// When an effect has to be over, so that the transaction has time to record what came of it.
    package var effectEnd: UInt64 { end - .seconds(Self.recording) }
    private static let recording = 3.0

    /// The scope of the attempt's transactions.
    package var scope: Scope {
        Scope(school: school, timeZone: timeZone, requestID: lease, timeout: millisecondsLeft)
    }

    var isOverdue: Bool { Clock.now >= end }

    /// At least 1: to PostgreSQL 0 means no limit.
    fileprivate var millisecondsLeft: Int {
        let now = Clock.now
        return now < end ? Int((end - now) / 1_000_000) + 1 : 1
    }

    fileprivate var key: [Parameter] { [.integer(school), .text(kind), .text(id), .text(lease)] }
}

/// One attempt at a piece, inside the transaction that ends it.
package struct Attempt {
    package let piece: Piece
    private let transaction: Transaction

    struct Overdue: Error {}
    /// The lease has expired, and another process has taken the piece.
    struct LeaseLost: Error {}

    /// Locks the piece's row for the whole transaction, so that no other process can take the piece.
    static func begin(_ piece: Piece, _ transaction: Transaction) async throws -> Attempt {
        let rows = try await transaction.run([Query(statement: hold, parameters: piece.key)])
        guard !rows[0].isEmpty else { throw LeaseLost() }
        return Attempt(piece: piece, transaction: transaction)
    }

    /// Runs queries in one round trip, within the time that the piece has left.
    package func run(_ queries: [Query]) async throws -> [Rows] {
        guard !piece.isOverdue else { throw Overdue() }
        return Array(try await transaction.run([Self.limit(.integer(piece.millisecondsLeft))] + queries).dropFirst())
    }

    /// Ends the piece, in the same transaction.
    func finish(_ progress: BackgroundWork.Progress, _ rhythm: BackgroundWork.Rhythm) async throws {
        let rest: Query
        switch (progress, rhythm) {
        case (.more, _): rest = postpone(milliseconds: 0)
        case (.again(let seconds), _), (.blocked(let seconds, _), _): rest = postpone(milliseconds: seconds * 1000)
        case (.done, .every(let seconds)):
            // The random variation spreads the schools' pieces over time.
            rest = postpone(milliseconds: Double(seconds * 1000) * .random(in: 0.9...1.1))
        case (.done, .onDemand): rest = Query(statement: Self.remove, parameters: piece.key)
        }
        guard try await transaction.run([rest])[0].affected == 1 else { throw LeaseLost() }
    }

    private func postpone(milliseconds: Double) -> Query {
        Query(statement: Self.postpone, parameters: piece.key + [.integer(Int(milliseconds))])
    }

    private static let mine = "school_id = $1 AND kind = $2 AND id = $3::uuid AND lease = $4::uuid"
    private static let hold = Statement("SELECT FROM pending WHERE \(mine) FOR UPDATE")
    private static let limit = Statement("SELECT set_config('statement_timeout', $1, true)")
    private static let postpone = Statement(
        """
        UPDATE pending
        SET lease = NULL, attempts = 0, failure = NULL, due_at = clock_timestamp() + $5::int * interval '1 millisecond'
        WHERE \(mine)
        """)
    private static let remove = Statement("DELETE FROM pending WHERE \(mine)")
}
