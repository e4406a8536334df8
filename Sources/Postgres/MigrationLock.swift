/// The advisory lock that lets only one migrator at a time change a database, with a check that it is still held.
///
/// A session lock is worthless behind a proxy that gives each transaction another session, so the session is checked.
struct MigrationLock {
    private let connection: BlockingConnection
    private let backend: Int

    /// The characters "LYCE", and 1 for migrations.
    private static let key = (0x4C59_4345, 1)
    private static var arguments: [String?] { [String(key.0), String(key.1)] }

    /// - Parameter waiting: called once, with the holder's backend, if another session has the lock.
    init(
        connection: BlockingConnection, url: String, patience: Duration, waiting: (_ holder: Int?) -> Void
    ) throws {
        self.connection = connection
        backend = try connection.query("SELECT pg_backend_pid()").first.flatMap { Int($0) } ?? 0
        // Checked before locking: through such a proxy the lock would stay in a session that nobody can reach.
        guard try connection.hasOwnSession(url) else { throw MigrationError.pooled }
        let taken = try connection.query("SELECT pg_try_advisory_lock($1::int, $2::int)", Self.arguments).first
        if taken != "t" { try wait(patience, waiting) }
        try confirm()
        try connection.transaction { try confirm() }
    }

    /// Checks that the session is the one that took the lock and that it still has the lock.
    func confirm() throws {
        let answer = try connection.query(
            """
            SELECT pg_backend_pid() = $3::int AND EXISTS (
                SELECT FROM pg_locks
                 WHERE locktype = 'advisory' AND classid::int8 = $1::int8 AND objid::int8 = $2::int8 AND objsubid = 2
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                   AND pid = pg_backend_pid() AND granted)
            """, Self.arguments + [String(backend)])
        if answer.first != "t" { throw MigrationError.pooled }
    }

    func release() {
        _ = try? connection.query("SELECT pg_advisory_unlock($1::int, $2::int)", Self.arguments)
    }

    private func wait(_ patience: Duration, _ waiting: (Int?) -> Void) throws {
        let holder = try connection.query(
            """
            SELECT pid FROM pg_locks
             WHERE locktype = 'advisory' AND classid::int8 = $1::int8 AND objid::int8 = $2::int8 AND objsubid = 2
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND granted
            """, Self.arguments
        ).first.flatMap { Int($0) }
        waiting(holder)
        do {
            let milliseconds = max(1, Int(patience / .milliseconds(1)))
            try connection.query("SELECT set_config('lock_timeout', $1, false)", ["\(milliseconds)ms"])
            try connection.query("SELECT pg_advisory_lock($1::int, $2::int)", Self.arguments)
            try connection.execute("RESET lock_timeout")
        } catch {
            guard error.sqlState == "55P03" else { throw error }
            throw MigrationError.busy(holder: holder, waited: patience)
        }
    }
}
