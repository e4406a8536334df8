extension BlockingConnection {
    /// Whether this connection has a session of the server for itself. Behind a proxy that shares sessions between
    /// transactions it has not, and its locks, prepared statements and settings may end up in a session of somebody
    /// else.
    ///
    /// To find out, a second connection keeps a transaction open. Such a proxy gives it the session that we had, and
    /// gives us another one.
    ///
    /// - Parameter url: the one that this connection was opened with.
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
