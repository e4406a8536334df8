import Postgres
import Reactor
import Web

/// The only place where database errors become API problems.
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
        case "LYE04": return Problem(recordedDays: error.detail)
        case "LYM09": return Problem(controlWork: error.detail)
        case "LYL03": return Problem(timetableCollision: error.detail)
        // A rule's message is the problem's code (docs/decisions/0010). An unknown code is a defect of the server.
        case let state where state.hasPrefix("LY"): return ProblemKind.all[error.message].map { Problem($0) }
        case "22003": return Problem(.conflict)  // a number beyond its column, such as a version
        // query_canceled: the statement exceeded its timeout.
        case "57014": return Problem(.timeout, headers: [("Retry-After", "2")])
        // lock_not_available, serialization_failure, deadlock_detected: retries are already exhausted.
        case "55P03", "40001", "40P01": return Problem(.writeContention, headers: [("Retry-After", "1")])
        // PostgreSQL is shutting down, starting, or a read-only standby; the connection is replaced.
        case let state where state.hasPrefix("57P") || state.hasPrefix("08") || state == "25006":
            return Problem(.databaseUnavailable, headers: [("Retry-After", "2")])
        // The schema changes more often than statements can be prepared.
        case _ where error.isStalePlan: return Problem(.databaseUnavailable, headers: [("Retry-After", "2")])
        // Insufficient resources: disk full, out of memory, too many connections, a limit of the configuration.
        case let state where state.hasPrefix("53"):
            return Problem(.databaseUnavailable, headers: [("Retry-After", "5")])
        // Everything else is a defect of the server or its database: a wrong statement, a damaged page.
        default: return nil
        }
    }

    /// Constraints that a client's request can violate, by name.
    private static let constraints: [String: ProblemKind] = [
        "marks_cell_key": .staleVersion, "final_marks_key": .staleVersion,
        "attendance_cell_key": .staleVersion, "feedback_cell_key": .staleVersion,
        "line_items_pkey": .notInSection, "line_items_one_default": .staleVersion,
        "homework_one_for_all": .staleVersion,
        "feedback_pkey": .notInSection, "users_login_key": .loginTaken,
    ]
}
