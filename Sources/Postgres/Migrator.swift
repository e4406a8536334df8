/// Brings a database's schema to the state of the files in `Migrations/`, and back.
///
/// `public.schema_migrations` has a row for each applied file. A file and its row are one transaction. A session
/// advisory lock keeps a second migrator out; it is checked before every file. `public.schema_functions` has a row for
/// each file of functions. Changed files are applied in the transaction of the last numbered file, or in one of their
/// own if no numbered file is pending (Migrator+Functions.swift).
package final class Migrator {
    package struct Options: Sendable {
        /// How long a statement may wait for a table's lock before its file is rolled back.
        package var lockTimeout: Duration = .seconds(5)
        /// How long to wait for another migrator to finish.
        package var patience: Duration = .seconds(60)
        /// Stops it from outside.
        package var interruption: Interruption?

        package init() {}
    }

    package enum Event: Sendable {
        case waiting(holder: Int?)
        case running(MigrationFile, up: Bool)
        case done(MigrationFile, up: Bool, seconds: Double)
        /// Files of functions were applied, in the transaction of the running numbered file if there is one.
        case functions([String], seconds: Double)
    }

    /// The files that `up` applied.
    package struct Outcome: Sendable, Equatable {
        package var versions: [Int] = []
        /// Paths below functions/.
        package var functions: [String] = []

        package init(versions: [Int] = [], functions: [String] = []) {
            self.versions = versions
            self.functions = functions
        }
    }

    package enum Standing: Sendable, Equatable {
        case current
        case older([MigrationHistory.Entry])
        case newer([MigrationHistory.Entry])
        case different([MigrationHistory.Entry])
        /// Its tables match the files, its functions do not.
        case functions([FunctionHistory.Entry])
    }

    package let migrations: Migrations
    var files: [MigrationFile] { migrations.files }
    private let url: String
    private let options: Options
    var interruption: Interruption? { options.interruption }
    let connection: BlockingConnection
    let report: (Event) -> Void

    /// Connects.
    package init(
        url: String, _ migrations: Migrations, options: Options = Options(),
        report: @escaping (Event) -> Void = { _ in }
    ) throws {
        self.url = url
        self.migrations = migrations
        self.options = options
        self.report = report
        connection = try BlockingConnection(url: url)
        options.interruption?.attach(connection)
        try prepareSession()
    }

    // MARK: Queries

    /// Every file and every row of schema_migrations, by version. Changes nothing and takes no lock.
    package func status() throws -> [MigrationHistory.Entry] { try history().entries }

    /// Every file of functions and every row of schema_functions, by path.
    package func functionStatus() throws -> [FunctionHistory.Entry] { try functionHistory().entries }

    /// Differences between files and database, one line each; empty if there are none. Pending files and changed files
    /// of functions do not count.
    package func verify() throws -> [String] {
        let history = try history()
        return history.isOfOtherFiles ? history.problems : try history.problems + functionHistory().problems
    }

    /// How the database relates to this program's files. `serve` requires `current`.
    package func standing() throws -> Standing {
        let history = try history()
        let entries = history.entries
        if history.isOfOtherFiles { return .different(entries) }
        let newer = entries.filter { $0.state == .missing }
        if !newer.isEmpty { return .newer(newer) }
        let changed = entries.filter { $0.state == .changed }
        if !changed.isEmpty { return .different(changed) }
        let older = entries.filter { $0.state != .applied }
        if !older.isEmpty { return .older(older) }
        let functions = try functionHistory().open
        return functions.isEmpty ? .current : .functions(functions)
    }

    /// The files that `up` would run, in order.
    package func plan(to target: Int? = nil) throws -> [MigrationFile] {
        if let target, !files.contains(where: { $0.version == target }) {
            throw MigrationError.noSuchVersion(target, newest: files.last?.version ?? 0)
        }
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
        if steps > present.count { throw MigrationError.tooManySteps(steps, applied: present.count) }
        let undone = files.filter { present.contains($0.version) }.reversed().prefix(steps)
        for (index, file) in undone.enumerated() where file.down == nil {
            throw MigrationError.irreversible(file.fileName, possible: index)
        }
        return Array(undone)
    }

    /// Undoing several files, or one whose down part loses data, has to be allowed.
    package func refuseLoss(_ files: [MigrationFile]) throws {
        guard files.count > 1 || files.contains(where: { !$0.destructiveDown.isEmpty }) else { return }
        throw MigrationError.losing(files.map { ($0.fileName, $0.destructiveDown) })
    }

    // MARK: Changes

    /// Runs the pending files up to and including version `target`, and applies the functions if none is left after it.
    ///
    /// - Throws: `MigrationError`, `BlockingConnection.Failure`. Files before the failed one stay applied.
    @discardableResult
    package func up(to target: Int? = nil, allowDestructive: Bool = false) throws -> Outcome {
        try stoppable(up: true) { progress in
            try locked { lock in
                try createTables()
                let files = try plan(to: target)
                if !allowDestructive { try refuseDestructive(files) }
                progress.left = files.map(\.fileName)
                let reachesEnd = try files.count == plan().count
                var outcome = Outcome(versions: files.map(\.version))
                for file in files {
                    try progress.next(lock, interruption)
                    let isLast = reachesEnd && file.version == files.last?.version
                    try run(file, up: true) { if isLast { outcome.functions = try self.applyFunctions(after: file) } }
                    progress.finish()
                }
                if reachesEnd, try !functionHistory().open.isEmpty {
                    try progress.next(lock, interruption)
                    try connection.transaction { outcome.functions = try applyFunctions(after: nil) }
                    try prepareSession()
                }
                return outcome
            }
        }
    }

    /// Undoes the newest `steps` migrations. All functions, views and triggers are dropped first, in the first file's
    /// transaction, because they belong to the newest tables. The next `up`, of this program or an older one, applies
    /// its own.
    ///
    /// - Returns: the versions that were undone.
    @discardableResult
    package func down(steps: Int = 1, allowDestructive: Bool = false) throws -> [Int] {
        try stoppable(up: false) { progress in
            try locked { lock in
                let files = try planDown(steps: steps)
                if !allowDestructive { try refuseLoss(files) }
                progress.left = files.map(\.fileName)
                for file in files {
                    try progress.next(lock, interruption)
                    if file.isTransactional {
                        try run(file, up: false) { try self.dropFunctions() }
                    } else {
                        try connection.transaction { try dropFunctions() }
                        try run(file, up: false)
                    }
                    progress.finish()
                }
                return files.map(\.version)
            }
        }
    }

    /// How far a run is, for one that is stopped.
    private struct Progress {
        var done: [String] = []
        var left: [String] = []

        /// - Throws: when the run is to stop before the next file.
        func next(_ lock: MigrationLock, _ interruption: Interruption?) throws {
            if interruption?.signal != nil { throw Stopped() }
            try lock.confirm()
        }

        mutating func finish() { done.append(left.removeFirst()) }

        private struct Stopped: Error {}
    }

    /// - Throws: `MigrationError.stopped`, whatever failed, after a request to stop.
    private func stoppable<Value>(up: Bool, _ body: (inout Progress) throws -> Value) throws -> Value {
        var progress = Progress()
        do {
            let value = try body(&progress)
            interruption?.serve()
            return value
        } catch {
            interruption?.serve()
            guard let signal = interruption?.signal else { throw error }
            var cause = error as? MigrationError
            // Of a file that is one transaction nothing is left, which is all there is to say.
            if case .interrupted = cause {} else { cause = nil }
            throw MigrationError.stopped(
                signal: signal, up: up, done: progress.done, left: progress.left, partly: cause?.description)
        }
    }

    // MARK: Rules

    private func pending(_ history: MigrationHistory, to target: Int?) -> [MigrationFile] {
        let open = history.entries.filter { $0.state == .pending || $0.state == .started }.map(\.version)
        return files.filter { open.contains($0.version) && $0.version <= target ?? .max }
    }

    func refuseDestructive(_ files: [MigrationFile]) throws {
        let statements = files.flatMap { file in file.destructive.map { (file: file.fileName, statement: $0) } }
        if statements.isEmpty { return }
        // A database without tables has nothing to lose: a new installation runs all files at once.
        let holdsTables = try connection.query(
            """
            SELECT EXISTS (
                SELECT FROM pg_class
                 WHERE relkind IN ('r', 'p', 'm', 'f') AND relpersistence <> 't'
                   AND relnamespace::regnamespace::text !~ '^(pg_.*|information_schema)$'
                   AND NOT (
                       relnamespace = 'public'::regnamespace AND relname IN ('schema_migrations', 'schema_functions'))
            )
            """
        ).first
        if holdsTables == "t" { throw MigrationError.destructive(statements) }
    }

    func history() throws -> MigrationHistory {
        try MigrationHistory(files: files.map { ($0, try checksum($0.source)) }, connection: connection)
    }

    func functionHistory() throws -> FunctionHistory {
        try FunctionHistory(migrations, connection: connection)
    }

    // MARK: Session

    var lockTimeout: String { "\(Int(options.lockTimeout / .milliseconds(1)))ms" }

    /// Called at the start and after each file, to undo whatever the file has set.
    func prepareSession() throws {
        try connection.execute("RESET ROLE; RESET ALL; SET client_min_messages TO warning; SET statement_timeout TO 0")
    }

    func locked<Value>(_ body: (MigrationLock) throws -> Value) throws -> Value {
        let lock = try MigrationLock(
            connection: connection, url: url, patience: options.patience, waiting: { self.report(.waiting(holder: $0)) }
        )
        defer { lock.release() }
        return try body(lock)
    }

    func createTables() throws {
        let encoding = try connection.query("SHOW server_encoding").first ?? ""
        if encoding != "UTF8" { throw MigrationError.encoding(encoding) }
        // Everybody may read them: `serve` compares them with its own files, and they contain nothing else.
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
            GRANT SELECT ON public.schema_migrations TO PUBLIC;

            CREATE TABLE IF NOT EXISTS public.schema_functions (
                path text PRIMARY KEY,
                source text NOT NULL,
                applied_at timestamptz NOT NULL
            );
            COMMENT ON COLUMN public.schema_functions.source IS 'the file as it was applied: what it made is known from it';
            GRANT SELECT ON public.schema_functions TO PUBLIC
            """)
    }

    /// SHA-256 of the file, computed by the server.
    func checksum(_ source: String) throws -> String {
        try connection.query("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", [source]).first ?? ""
    }
}
