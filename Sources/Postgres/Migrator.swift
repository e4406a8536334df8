/// Brings a database's schema to where the files of `Migrations/` are, and back.
///
/// `public.schema_migrations` holds a row per applied file. A file and its row are one transaction; a session
/// advisory lock keeps a second migrator out, and is looked at again before every file.
package final class Migrator {
    package struct Options: Sendable {
        /// How long a statement may wait for a table's lock before its file is rolled back.
        package var lockTimeout: Duration = .seconds(5)
        /// How long to wait for another migrator to finish.
        package var patience: Duration = .seconds(60)

        package init() {}
    }

    package enum Event: Sendable {
        case waiting(holder: Int?)
        case running(MigrationFile, up: Bool)
        case done(MigrationFile, up: Bool, seconds: Double)
    }

    package enum Standing: Sendable, Equatable {
        case current
        case older([MigrationHistory.Entry])
        case newer([MigrationHistory.Entry])
        case different([MigrationHistory.Entry])
    }

    package let files: [MigrationFile]
    private let url: String
    private let options: Options
    private let connection: BlockingConnection
    private let report: (Event) -> Void

    /// Connects. `files` are as `MigrationFile.load` gives them.
    package init(
        url: String, files: [MigrationFile], options: Options = Options(), report: @escaping (Event) -> Void = { _ in }
    ) throws {
        try MigrationFile.checkSequence(files)
        self.url = url
        self.files = files
        self.options = options
        self.report = report
        connection = try BlockingConnection(url: url)
        try prepareSession()
    }

    // MARK: Looking

    /// Every file and every row of schema_migrations, by version. Changes nothing, takes no lock.
    package func status() throws -> [MigrationHistory.Entry] { try history().entries }

    /// What is wrong between files and database, one line each; empty when all is well. Pending files are not wrong.
    package func verify() throws -> [String] { try history().problems }

    /// How the database stands to this program's files; `serve` wants `current`.
    package func standing() throws -> Standing {
        let entries = try history().entries
        let newer = entries.filter { $0.state == .missing }
        if !newer.isEmpty { return .newer(newer) }
        let changed = entries.filter { $0.state == .changed }
        if !changed.isEmpty { return .different(changed) }
        let older = entries.filter { $0.state != .applied }
        return older.isEmpty ? .current : .older(older)
    }

    /// The files that `up` would run, in order.
    package func plan(to target: Int? = nil) throws -> [MigrationFile] {
        let history = try history()
        if !history.problems.isEmpty { throw MigrationError.mismatch(history.problems) }
        return pending(history, to: target)
    }

    /// The files that `down` would undo, in order.
    package func planDown(steps: Int = 1) throws -> [MigrationFile] {
        let history = try history()
        if !history.problems.isEmpty { throw MigrationError.mismatch(history.problems) }
        let present = history.entries.filter { $0.state == .applied || $0.state == .started }.map(\.version)
        if present.isEmpty { throw MigrationError.nothingApplied }
        let undone = files.filter { present.contains($0.version) }.reversed().prefix(steps)
        for file in undone where file.down == nil { throw MigrationError.irreversible(file.fileName) }
        return Array(undone)
    }

    // MARK: Doing

    /// Runs what is pending, up to and with version `target`.
    ///
    /// - Returns: the versions that were run; empty when there was nothing to do.
    /// - Throws: `MigrationError`, `BlockingConnection.Failure`. Files before the one that failed stay applied.
    @discardableResult
    package func up(to target: Int? = nil, allowDestructive: Bool = false) throws -> [Int] {
        try locked { lock in
            try createTable()
            let files = try plan(to: target)
            if !allowDestructive { try refuseDestructive(files) }
            for file in files {
                try lock.confirm()
                try run(file, up: true)
            }
            return files.map(\.version)
        }
    }

    /// Undoes the newest `steps` migrations.
    ///
    /// - Returns: the versions that were undone.
    @discardableResult
    package func down(steps: Int = 1) throws -> [Int] {
        try locked { lock in
            let files = try planDown(steps: steps)
            for file in files {
                try lock.confirm()
                try run(file, up: false)
            }
            return files.map(\.version)
        }
    }

    private func run(_ file: MigrationFile, up: Bool) throws {
        report(.running(file, up: up))
        let clock = ContinuousClock()
        let start = clock.now
        if file.isTransactional {
            try runInTransaction(file, up: up)
        } else {
            try runWithoutTransaction(file, up: up)
        }
        report(.done(file, up: up, seconds: (clock.now - start) / .seconds(1)))
        try prepareSession()
    }

    private func runInTransaction(_ file: MigrationFile, up: Bool) throws {
        let script = up ? file.up : file.down ?? ""
        let checksum = try checksum(file)
        do {
            try connection.transaction {
                try connection.query("SELECT set_config('lock_timeout', $1, true)", [lockTimeout])
                try connection.execute(script)
                // The file may have left its mark on the session.
                try connection.execute("RESET ROLE; SET LOCAL search_path TO pg_catalog")
                if up {
                    try connection.query(
                        """
                        INSERT INTO public.schema_migrations (version, name, checksum, applied_at, duration)
                        VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp() - transaction_timestamp())
                        """, [String(file.version), file.name, checksum])
                } else {
                    try connection.query(
                        "DELETE FROM public.schema_migrations WHERE version = $1", [String(file.version)])
                }
            }
        } catch let failure as BlockingConnection.Failure {
            let first = up ? file.upLine : file.downLine
            let line = failure.position.map { position in
                first + script.unicodeScalars.prefix(position - 1).count { $0 == "\n" }
            }
            throw MigrationError.failed(file: file.fileName, line: line, failure)
        }
    }

    private func runWithoutTransaction(_ file: MigrationFile, up: Bool) throws {
        let statements = up ? file.upStatements : file.downStatements
        let clock = ContinuousClock()
        let start = clock.now
        // On the way down the row loses its mark first: what is half undone is not applied.
        try connection.query(
            """
            INSERT INTO public.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)
            ON CONFLICT (version) DO UPDATE SET name = excluded.name, checksum = excluded.checksum, applied_at = NULL
            """, [String(file.version), file.name, try checksum(file)])
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

    // MARK: Rules

    private func pending(_ history: MigrationHistory, to target: Int?) -> [MigrationFile] {
        let open = history.entries.filter { $0.state == .pending || $0.state == .started }.map(\.version)
        return files.filter { open.contains($0.version) && $0.version <= target ?? .max }
    }

    private func refuseDestructive(_ files: [MigrationFile]) throws {
        let statements = files.flatMap { file in file.destructive.map { (file: file.fileName, statement: $0) } }
        if statements.isEmpty { return }
        // A database without tables has nothing to lose: a new installation runs all files in one go.
        let holdsTables = try connection.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_class
                 WHERE relkind IN ('r', 'p', 'm', 'f') AND relpersistence <> 't'
                   AND relnamespace::regnamespace::text !~ '^(pg_.*|information_schema)$'
                   AND oid <> to_regclass('public.schema_migrations'))
            """
        ).first
        if holdsTables == "t" { throw MigrationError.destructive(statements) }
    }

    private func history() throws -> MigrationHistory {
        try MigrationHistory(files: files.map { ($0, try checksum($0)) }, connection: connection)
    }

    // MARK: Session

    private var lockTimeout: String { "\(Int(options.lockTimeout / .milliseconds(1)))ms" }

    /// At the start and after each file, whatever the file set.
    private func prepareSession() throws {
        try connection.execute("RESET ROLE; RESET ALL; SET client_min_messages TO warning; SET statement_timeout TO 0")
    }

    private func locked<Value>(_ body: (MigrationLock) throws -> Value) throws -> Value {
        let lock = try MigrationLock(
            connection: connection, url: url, patience: options.patience, waiting: { self.report(.waiting(holder: $0)) }
        )
        defer { lock.release() }
        return try body(lock)
    }

    private func createTable() throws {
        let encoding = try connection.query("SHOW server_encoding").first ?? ""
        if encoding != "UTF8" { throw MigrationError.encoding(encoding) }
        // Readable by all: `serve` compares it with its own files, and it holds nothing but names.
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS public.schema_migrations (
                version integer PRIMARY KEY CHECK (version > 0),
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz,
                duration interval
            );
            COMMENT ON COLUMN public.schema_migrations.applied_at IS 'null: started without a transaction, not finished';
            GRANT SELECT ON public.schema_migrations TO PUBLIC
            """)
    }

    /// SHA-256 of the file, worked out by the server.
    private func checksum(_ file: MigrationFile) throws -> String {
        try connection.query("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", [file.source]).first ?? ""
    }

    private func invalidIndexes() throws -> [String] {
        try connection.query("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
            .rows.compactMap { $0[0] }
    }
}
