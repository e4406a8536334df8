import Diary
import Postgres
import Transfer

/// A row of the outbox while it is sent. What it says is decided anew at each attempt (A3); the list of notifications
/// is fixed by the first one.
enum Delivery {
    enum Outcome: Sendable {
        /// There was nothing left to tell, or the delivery had ended.
        case skipped
        case sent
        /// The target does not exist any more.
        case gone
        /// The other side refused the message for good.
        ///
        /// - Parameter fails: whether it will refuse every message to this target.
        case refused(String, fails: Bool)
        /// The other side refuses more than this message, and an operator has to act.
        case blocked(String, seconds: Double)
        /// Quiet hours, or an answer that asks to come back.
        case postponed(seconds: Double)
        /// The message could not be delivered this time.
        case failed(String, attempt: Int, retryAfter: Int? = nil)
    }

    /// Begins an attempt.
    ///
    /// - Parameter load: reads what to send, for the school `$1` and the delivery `$2`. No row: there is no target.
    /// - Returns: nil if the delivery has ended.
    static func begin(_ piece: Piece, _ lanes: Lanes, _ load: Statement) async throws -> Rows? {
        let delivery: [Parameter] = [.integer(piece.school), .text(piece.id)]
        let rows = try await lanes.transaction(piece.scope) { transaction in
            try await transaction.run([
                Query(statement: start, parameters: delivery), Query(statement: load, parameters: delivery),
            ])
        }
        return rows[0].affected == 1 ? rows[1] : nil
    }

    /// Records the outcome, in the transaction that ends the piece.
    ///
    /// - Parameters:
    ///   - forget: deletes the target of the delivery `$2` of the school `$1`.
    ///   - fail: marks the target as failing.
    ///   - recover: ends that mark.
    static func end(
        _ attempt: Attempt, _ outcome: Outcome, forget: Statement?, fail: Statement, recover: Statement?
    ) async throws -> BackgroundWork.Progress {
        let delivery: [Parameter] = [.integer(attempt.piece.school), .text(attempt.piece.id)]
        func record(_ outcome: String, _ failure: String? = nil, _ more: [Statement] = []) async throws {
            _ = try await attempt.run(
                more.map { Query(statement: $0, parameters: delivery) }
                    + [Query(statement: finish, parameters: delivery + [.text(outcome), .text(failure)])])
        }
        /// What is a day late is no news.
        func isLate(_ failure: String) async throws -> Bool {
            let rows = try await attempt.run([Query(statement: note, parameters: delivery + [.text(failure)])])
            return rows[0].boolean(0, "is_late")
        }
        switch outcome {
        case .skipped: try await record("skipped")
        case .sent: try await record("sent", nil, recover.map { [$0] } ?? [])
        case .gone: try await record("gone", nil, forget.map { [$0] } ?? [])
        case .refused(let failure, let fails): try await record("refused", failure, fails ? [fail] : [])
        case .postponed(let seconds): return .again(seconds: seconds)
        case .failed(let failure, let number, let retryAfter):
            if try await !isLate(failure) {
                return .again(seconds: max(backOff(number), Double(min(retryAfter ?? 0, 24 * 3600))))
            }
            try await record("failed", failure)
        case .blocked(let failure, let seconds):
            if try await !isLate(failure) { return .blocked(seconds: seconds, code: failure) }
            try await record("failed", failure)
        }
        return .done
    }

    /// Half a minute, then twice as long each time, up to an hour; minus a random share, so that deliveries that failed
    /// together are not repeated together.
    private static func backOff(_ attempt: Int) -> Double {
        min(30 * Double(1 << min(max(attempt - 1, 0), 10)), 3600) * .random(in: 0.5...1)
    }

    private static let this = "school_id = $1 AND id = $2::uuid AND ended_at IS NULL"
    private static let start = Statement(
        "UPDATE deliveries SET started_at = coalesce(started_at, now()), attempts = attempts + 1 WHERE \(this)")
    private static let note = Statement(
        "UPDATE deliveries SET failure = $3 WHERE \(this) RETURNING \(isLate)")
    private static let finish = Statement(
        "UPDATE deliveries SET ended_at = now(), outcome = $3, failure = coalesce($4, failure) WHERE \(this)")

    static let isLate = "due_at < now() - interval '1 day' AS is_late"
}

extension TransferFailure {
    /// For `deliveries.failure`.
    var code: String { status.map { "smtp_\($0)" } ?? kind.rawValue }
}
