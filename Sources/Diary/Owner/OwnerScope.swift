import Postgres

/// What a transaction of the owner says of itself, until its end.
extension BlockingConnection {
    /// The reason that its audit rows get (A5).
    package func explain(_ reason: String) throws {
        try query("SELECT set_config('lyceum.reason', $1, true)", [reason])
    }

    /// The school and its clock.
    package func enter(school: Int, timeZone: String) throws {
        try query(
            "SELECT set_config('lyceum.school_id', $1, true), set_config('lyceum.time_zone', $2, true)",
            [String(school), timeZone])
    }
}
