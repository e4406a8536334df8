import Postgres

/// Settings for an owner's transaction; they last until its end.
extension BlockingConnection {
    /// Sets the reason for the audit rows (A5).
    package func explain(_ reason: String) throws {
        try query("SELECT \(Setting.reason.set(to: "$1"))", [reason])
    }

    /// Sets the school and its time zone.
    package func enter(school: Int, timeZone: String) throws {
        try query(
            "SELECT \(Setting.school.set(text: "$1")), \(Setting.timeZone.set(to: "$2"))",
            [String(school), timeZone])
    }
}
