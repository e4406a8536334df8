import Postgres

/// What a transaction of the owner says of itself, until its end.
extension BlockingConnection {
    /// The reason that its audit rows get (A5).
    package func explain(_ reason: String) throws {
        try query("SELECT \(Setting.reason.set(to: "$1"))", [reason])
    }

    /// The school and its clock.
    package func enter(school: Int, timeZone: String) throws {
        try query(
            "SELECT \(Setting.school.set(text: "$1")), \(Setting.timeZone.set(to: "$2"))",
            [String(school), timeZone])
    }
}
