import Postgres
import Reactor
import Web

/// The one place where an error of the database becomes a problem of the API.
package enum DatabaseProblems {
    package static func problem(for error: any Error) -> Problem? {
        switch error {
        case let error as PostgresError: problem(for: error)
        case is Offload.Full: Problem(.overloaded, headers: [("Retry-After", "1")])
        default: nil
        }
    }

    private static func problem(for error: PostgresError) -> Problem? {
        switch error {
        case .unavailable: Problem(.databaseUnavailable, headers: [("Retry-After", "2")])
        case .overloaded: Problem(.overloaded, headers: [("Retry-After", "1")])
        case .outcomeUnknown: Problem(.outcomeUnknown, headers: [("Retry-After", "2")])
        case .nullCharacter: Problem(.malformedRequest)
        case .refused(let error): problem(for: error)
        }
    }

    private static func problem(for error: ServerError) -> Problem? {
        if let constraint = error.constraint, let kind = constraints[constraint] { return Problem(kind) }
        switch error.sqlState {
        case "LYA00": return Problem.invalidToken
        case "LYA06": return Problem.insufficientScope([])
        case "LYE04": return Problem(recordedDays: error.detail)
        case "LYL03": return Problem(timetableCollision: error.detail)
        // The message of a rule is its problem's code (docs/decisions/0010). One that is no code is a mistake of ours.
        case let state where state.hasPrefix("LY"): return ProblemKind.all[error.message].map { Problem($0) }
        case "22003": return Problem(.conflict)  // a number beyond its column, such as a version
        // query_canceled: the statement ran into its timeout.
        case "57014": return Problem(.timeout, headers: [("Retry-After", "2")])
        // lock_not_available, serialization_failure, deadlock_detected: what could be tried again has been.
        case "55P03", "40001", "40P01": return Problem(.writeContention, headers: [("Retry-After", "1")])
        // The server goes, is not up yet, or is a standby that only reads; the connection is replaced.
        case let state where state.hasPrefix("57P") || state.hasPrefix("08") || state == "25006":
            return Problem(.databaseUnavailable, headers: [("Retry-After", "2")])
        // The schema changes faster than statements are prepared.
        case _ where error.isStalePlan: return Problem(.databaseUnavailable, headers: [("Retry-After", "2")])
        // Insufficient resources: disk full, out of memory, too many connections, a limit of the configuration.
        case let state where state.hasPrefix("53"):
            return Problem(.databaseUnavailable, headers: [("Retry-After", "5")])
        // The rest is nobody's to mend but ours: a wrong statement, a damaged page.
        default: return nil
        }
    }

    /// Constraints that a client can run into, by name.
    private static let constraints: [String: ProblemKind] = [
        "marks_cell_key": .staleVersion, "attendance_cell_key": .staleVersion, "feedback_cell_key": .staleVersion,
        "line_items_pkey": .notInSection, "line_items_one_default": .staleVersion,
        "homework_one_for_all": .staleVersion,
        "feedback_pkey": .notInSection, "users_login_key": .loginTaken,
    ]
}
