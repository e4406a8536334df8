import CPostgres

/// What can go wrong between a query and its rows.
package enum PostgresError: Error {
    /// PostgreSQL refused: the transaction was rolled back.
    case refused(ServerError)
    /// There is no connection now. Nothing was sent, or nothing of it can have taken effect.
    case unavailable(reason: String)
    /// Too many wait for a connection, or it took too long. Nothing was sent.
    case overloaded
    /// The connection broke, or no answer came in time, after the query was sent: it may or may not have taken effect.
    case outcomeUnknown(reason: String)
    /// A text with U+0000, which PostgreSQL cannot hold.
    case nullCharacter
}

/// The fields of an error that the server decides by, or logs.
package struct ServerError: Error, Sendable, CustomDebugStringConvertible {
    package let sqlState: String
    /// For rules of ours (class LY) the problem's code; otherwise PostgreSQL's words, which never leave the server.
    package let message: String
    package let detail: String?
    package let constraint: String?
    package let table: String?

    /// For logs: without DETAIL, which repeats values of rows.
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

    /// The backend is going away (class 57, operator intervention, without query_canceled 57014).
    var isShutdown: Bool { sqlState.hasPrefix("57P") }

    /// The prepared statement does not fit the schema any more, or is gone: it can be prepared anew.
    package var isStalePlan: Bool {
        sqlState == "26000" || (sqlState == "0A000" && message.contains("cached plan"))
    }

    /// A name or a type that is not there. Of a statement that was right when it was prepared it says that the schema has
    /// changed: prepared anew, `$1` may be of another type.
    var isSchemaMismatch: Bool { ["42703", "42P01", "42804", "42883"].contains(sqlState) }

    /// Two transactions met, and this one was rolled back: the same again may go well.
    package var isRace: Bool { sqlState == "40001" || sqlState == "40P01" }
}
