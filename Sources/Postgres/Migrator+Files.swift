/// Running one numbered file.
extension Migrator {
    /// - Parameter also: work for the file's transaction: after its SQL when going up, before it when going down. Not
    ///   called for a file without a transaction.
    func run(_ file: MigrationFile, up: Bool, also: () throws -> Void = {}) throws {
        report(.running(file, up: up))
        let clock = ContinuousClock()
        let start = clock.now
        if file.isTransactional {
            try runInTransaction(file, up: up, also: also)
        } else {
            try runWithoutTransaction(file, up: up)
        }
        report(.done(file, up: up, seconds: (clock.now - start) / .seconds(1)))
        try prepareSession()
    }

    private func runInTransaction(_ file: MigrationFile, up: Bool, also: () throws -> Void) throws {
        do {
            try connection.transaction {
                try connection.query("SELECT set_config('lock_timeout', $1, true)", [lockTimeout])
                if up {
                    try runUp(file)
                    try also()
                } else {
                    try also()
                    try execute(file.down ?? "", of: file, line: file.downLine)
                    try connection.query(
                        "DELETE FROM public.schema_migrations WHERE version = $1", [String(file.version)])
                }
            }
        } catch let failure as BlockingConnection.Failure {
            throw MigrationError.failed(file: file.fileName, line: nil, failure)
        }
    }

    /// Runs a file's up part and inserts its row, inside a transaction.
    func runUp(_ file: MigrationFile) throws {
        try execute(file.up, of: file, line: file.upLine)
        try insertRow(of: file)
    }

    func insertRow(of file: MigrationFile) throws {
        try connection.query(
            """
            INSERT INTO public.schema_migrations (version, name, checksum, applied_at, duration)
            VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp() - transaction_timestamp())
            """, [String(file.version), file.name, try checksum(file.source)])
    }

    private func execute(_ script: String, of file: MigrationFile, line first: Int) throws {
        do {
            try connection.execute("SET LOCAL search_path TO DEFAULT")
            try connection.execute(script)
            // The file may have changed the role or the search path.
            try connection.execute("RESET ROLE; SET LOCAL search_path TO pg_catalog")
        } catch {
            let line = error.position.map { position in
                first + script.unicodeScalars.prefix(position - 1).count { $0 == "\n" }
            }
            throw MigrationError.failed(file: file.fileName, line: line, error)
        }
    }

    private func runWithoutTransaction(_ file: MigrationFile, up: Bool) throws {
        let statements = up ? file.upStatements : file.downStatements
        let clock = ContinuousClock()
        let start = clock.now
        // When going down, the row is marked as unfinished first: a file that is half undone is not applied.
        try connection.query(
            """
            INSERT INTO public.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)
            ON CONFLICT (version) DO UPDATE SET name = excluded.name, checksum = excluded.checksum, applied_at = NULL
            """, [String(file.version), file.name, try checksum(file.source)])
        try connection.query("SELECT set_config('lock_timeout', $1, false)", [lockTimeout])
        for (index, statement) in statements.enumerated() {
            do {
                try connection.execute(statement.text)
            } catch {
                throw MigrationError.interrupted(
                    file: file.fileName, up: up, line: statement.line, statement: index + 1, of: statements.count,
                    invalidIndexes: (try? invalidIndexes()) ?? [], error)
            }
        }
        if up {
            let seconds = (clock.now - start) / .seconds(1)
            try connection.query(
                """
                UPDATE public.schema_migrations
                   SET applied_at = clock_timestamp(), duration = make_interval(secs => $2::float8) WHERE version = $1
                """, [String(file.version), String(seconds)])
        } else {
            try connection.query("DELETE FROM public.schema_migrations WHERE version = $1", [String(file.version)])
        }
    }

    private func invalidIndexes() throws -> [String] {
        try connection.query("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
            .rows.compactMap { $0[0] }
    }
}
