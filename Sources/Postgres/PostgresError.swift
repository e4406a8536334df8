import CPostgres

/// What can go wrong between a query and its rows.
package enum PostgresError: Error {
    /// PostgreSQL refused the query; the transaction was rolled back.
    case refused(ServerError)
    /// There is no connection now. Nothing was sent, or none of it can have taken effect.
    case unavailable(reason: String)
    /// Too many requests wait for a connection, or the wait was too long. Nothing was sent.
    case overloaded
    /// The connection broke or no answer came in time after the query was sent. It may or may not have taken effect.
    case outcomeUnknown(reason: String)
    /// A text contains U+0000, which PostgreSQL cannot store.
    case nullCharacter
}

/// The fields of a server error that decide the response or are logged.
package struct ServerError: Error, Sendable, CustomDebugStringConvertible {
    package let sqlState: String
    /// For our own rules (class LY) the problem's code; otherwise PostgreSQL's message, which never leaves the server.
    package let message: String
    package let detail: String?
    package let constraint: String?
    package let table: String?

    /// For logs. Without DETAIL, which repeats values of rows.
    package var debugDescription: String {
        "\(sqlState) \(message)" + (constraint.map { " (constraint \($0))" } ?? "")
    }

    init(_ result: OpaquePointer?) {
        func field(_ code: Int32) -> String? {
            unsafe PQresultErrorField(result, code).map { unsafe String(cString: $0) }
        }
        sqlState = field(Int32(UInt8(ascii: "C"))) ?? "XX000"
        message = field(Int32(UInt8(ascii: "M"))) ?? ""
        detail = field(Int32(UInt8(ascii: "D")))
        constraint = field(Int32(UInt8(ascii: "n")))
        table = field(Int32(UInt8(ascii: "t")))
    }

    /// The backend is shutting down (class 57, operator intervention, without query_canceled 57014).
    var isShutdown: Bool { sqlState.hasPrefix("57P") }

    /// The prepared statement no longer fits the schema or is gone. It can be prepared again.
    package var isStalePlan: Bool {
        sqlState == "26000" || (sqlState == "0A000" && message.contains("cached plan"))
    }

    /// A name or type does not exist. For a statement that was valid when it was prepared this means that the schema
    /// has changed: if prepared again, `$1` may get another type.
    var isSchemaMismatch: Bool { ["42703", "42P01", "42804", "42883"].contains(sqlState) }

    /// The transaction was rolled back because of a conflict with another one. A second attempt may succeed.
    package var isRace: Bool { sqlState == "40001" || sqlState == "40P01" }
}
