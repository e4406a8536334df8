extension BlockingConnection {
    /// Whether this connection has a session of the server for itself. Behind a proxy that shares sessions between
    /// transactions it has not, and what belongs to a session (locks, prepared statements, settings) is somebody else's.
    ///
    /// A second connection keeps a transaction open: such a proxy gives it the session that we believe to be ours, and us
    /// another one.
    ///
    /// - Parameter url: what this connection was made with.
    package func hasOwnSession(_ url: String) throws(Failure) -> Bool {
        let backend = try query("SELECT pg_backend_pid()").first
        let second = try BlockingConnection(url: url)
        try second.execute("BEGIN")
        let other = try second.query("SELECT pg_backend_pid()").first
        let own = try query("SELECT pg_backend_pid()").first
        try second.execute("ROLLBACK")
        return other != backend && own == backend
    }
}
