import Postgres

/// Why a piece of work failed: a code for `pending.failure`, and a text for the log.
package struct BackgroundFailure: Error {
    let code: String
    let text: String

    static let abandoned = BackgroundFailure(code: "abandoned", text: "no attempt has finished")

    /// - Parameter code: small letters and underscores, at most 40.
    package init(code: String, text: String) {
        self.code = code
        self.text = text
    }

    init(_ error: any Error) {
        switch error {
        case let failure as BackgroundFailure: self = failure
        case is Attempt.Overdue: self.init(code: "deadline", text: "the attempt exceeded its deadline")
        case PostgresError.refused(let refusal):
            // query_canceled: the statement exceeded the attempt's deadline.
            let code = refusal.sqlState == "57014" ? "deadline" : refusal.sqlState
            self.init(code: code, text: refusal.debugDescription)
        case PostgresError.unavailable(let reason): self.init(code: "unavailable", text: reason)
        case PostgresError.outcomeUnknown(let reason): self.init(code: "outcome_unknown", text: reason)
        case PostgresError.overloaded: self.init(code: "overloaded", text: "no connection was free in time")
        default: self.init(code: "unforeseen", text: String(reflecting: error))
        }
    }
}
