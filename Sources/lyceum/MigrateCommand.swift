import ArgumentParser
import Glibc
import Postgres

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Change the database's schema to match the files in Migrations/.",
        discussion: """
            Connects as the owner (LYCEUM_OWNER_DATABASE_URL), directly to PostgreSQL and not through a proxy that pools \
            transactions. Tables and data change in numbered files, NNNN_name.sql, with the parts `-- migrate:up` and \
            `-- migrate:down`; each file is one transaction, together with its row in public.schema_migrations. \
            Functions, views and triggers are in the files of functions/; those that have changed are applied again, in \
            the transaction of the last numbered file.

            Ctrl-C and SIGTERM cancel the statement that is running and roll back its file; a message says what was \
            applied and what is left.

            EXAMPLES:
              lyceum migrate status
              lyceum migrate plan
              lyceum migrate up
              lyceum migrate down

            EXIT CODES:
              0    done; for status: nothing is pending
              1    status: something is pending
              2    refused: a version that is missing, duplicate or unknown, a file that was changed after it \
            was applied, a database newer than the files, loss of data without --allow-destructive, a question not \
            answered with yes, a schema that differs from schema.sql
              3    the database can't be reached, is locked by another migration, or a statement failed
              64   wrong use of the command line
              78   a setting is missing or wrong
              130  stopped by SIGINT (Ctrl-C), 143 by SIGTERM
            """,
        subcommands: [
            Up.self, Down.self, Status.self, Plan.self, Verify.self, New.self, Dump.self, Baseline.self, Repair.self,
        ])
}

/// Options of all subcommands of `migrate`.
struct MigrateOptions: ParsableArguments {
    @OptionGroup var settings: SettingsOptions

    func migrator(
        options: Migrator.Options = .init(), report: @escaping (Migrator.Event) -> Void = { _ in }
    ) async throws -> Migrator {
        let settings = try await settings.load()
        let migrations = try Migrations.load(directory: InstalledFiles(settings: settings).migrations())
        return try Migrator(url: settings.requireOwnerDatabaseURL(), migrations, options: options, report: report)
    }
}

/// How long `up` and `down` wait.
struct MigrateWaiting: ParsableArguments {
    @Option(help: ArgumentHelp("How long a statement may wait for a lock on a table.", valueName: "seconds"))
    var lockTimeout = 5.0

    @Option(help: ArgumentHelp("How long to wait until another migration has finished.", valueName: "seconds"))
    var wait = 60.0

    func options(_ interruption: Interruption) -> Migrator.Options {
        var options = Migrator.Options()
        options.interruption = interruption
        options.lockTimeout = .seconds(lockTimeout)
        options.patience = .seconds(wait)
        return options
    }

    func validate() throws {
        guard (0.001...86_400).contains(lockTimeout), (0.001...86_400).contains(wait) else {
            throw ValidationError("--lock-timeout and --wait must be between 0.001 and 86400 seconds.")
        }
    }
}

extension MigrateCommand {
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply the pending migrations.",
            discussion: """
                When a file fails it is rolled back, and the files before it stay applied. Functions that changed are \
                applied with the last file, or alone. Statements that lose data or rewrite a table (see `plan`) need \
                --allow-destructive, unless the database has no tables yet.

                EXAMPLES:
                  lyceum migrate up
                  lyceum migrate up --to 12
                  lyceum migrate up --allow-destructive --lock-timeout 30

                EXIT CODES: 0 applied, also when nothing was pending, 2 refused, 3 no database or a statement failed, \
                130 stopped by SIGINT, 143 by SIGTERM
                """)

        @OptionGroup var migrate: MigrateOptions
        @OptionGroup var waiting: MigrateWaiting

        @Option(help: ArgumentHelp("The last version to apply.", valueName: "version"))
        var to: Int?

        @Flag(help: "Allow statements that lose data or rewrite a table.")
        var allowDestructive = false

        func run() async throws {
            try await reportingErrors {
                let interruption = SignalWatch.begin()
                let migrator = try await migrate.migrator(
                    options: waiting.options(interruption), report: show)
                let outcome = try endingLine { try migrator.up(to: to, allowDestructive: allowDestructive) }
                if outcome.versions.isEmpty && outcome.functions.isEmpty {
                    print("Nothing is pending\(to.map { " up to \(padded($0))" } ?? "").")
                } else {
                    print("Applied: \(count(outcome.versions.count, outcome.functions.count)).")
                }
            }
        }
    }

    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Undo the newest migrations.",
            discussion: """
                Asks before it starts, unless there is --yes. Undoing more than one migration, or one whose down part \
                loses data (DROP TABLE, DROP COLUMN, …), needs --allow-destructive. All functions, views and triggers are \
                dropped first, because they belong to the newest tables; the next `up`, of this program or of an older \
                one, applies its own.

                EXAMPLES:
                  lyceum migrate down
                  lyceum migrate down --steps 3 --allow-destructive --yes

                EXIT CODES: 0 undone, 2 refused: loss of data without --allow-destructive, a file without a down part, a \
                question not answered with yes, 3 no database or a statement failed, 130 stopped by SIGINT, 143 by SIGTERM
                """)

        @OptionGroup var migrate: MigrateOptions
        @OptionGroup var waiting: MigrateWaiting

        @Option(help: ArgumentHelp("How many migrations to undo.", valueName: "n"))
        var steps = 1

        @Flag(help: "Undo several migrations, or one that loses data.")
        var allowDestructive = false

        @Flag(help: "Don't ask.")
        var yes = false

        func validate() throws {
            if steps < 1 { throw ValidationError("--steps must be at least 1.") }
        }

        func run() async throws {
            try await reportingErrors {
                let interruption = SignalWatch.begin()
                let migrator = try await migrate.migrator(
                    options: waiting.options(interruption), report: show)
                let files = try migrator.planDown(steps: steps)
                if !allowDestructive { try migrator.refuseLoss(files) }
                if !yes { try confirm(files) }
                let versions = try endingLine {
                    try migrator.down(steps: steps, allowDestructive: allowDestructive)
                }
                print("Undone: \(versions.count == 1 ? "1 migration" : "\(versions.count) migrations").")
            }
        }

        private func confirm(_ files: [MigrationFile]) throws {
            print("Drop all functions, views and triggers (`lyceum migrate up` creates them again)")
            for file in files {
                print("Undo \(file.fileName)")
                for statement in file.destructiveDown { print("  loses data, \(statement)") }
            }
            guard try asks("Type yes to continue: ") else {
                complain("This needs a confirmation: add --yes. Nothing was changed.")
                throw Exit.refused
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which migrations are applied; exit with 1 if something is pending.",
            discussion: """
                States of numbered files: applied; pending; started (it runs without a transaction and did not finish); \
                changed (the file differs from what was applied); missing (it was applied, but there is no file).
                Files of functions are listed when `up` would do something about them: new; changed; incomplete \
                (something in it is not in the database); removed (the file no longer exists).
                The last line explains an exit code other than 0; --json has it in `state`: current, pending or mismatch.

                EXAMPLES:
                  lyceum migrate status
                  lyceum migrate status --json
                  lyceum migrate status >/dev/null || lyceum migrate up

                EXIT CODES: 0 nothing is pending, 1 something is pending, 2 the files and the database disagree, 3 no \
                database
                """)

        @OptionGroup var migrate: MigrateOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await reportingErrors {
                let migrator = try await migrate.migrator()
                let entries = try migrator.status()
                let functions = try migrator.functionStatus()
                let open = functions.filter { $0.state != .applied }
                let problems = try migrator.verify()
                let pending = entries.filter { $0.state == .pending || $0.state == .started }.count + open.count
                if json {
                    try printJSON(
                        StatusDocument(
                            state: !problems.isEmpty ? "mismatch" : pending > 0 ? "pending" : "current",
                            migrations: entries, functions: functions, pending: pending, problems: problems))
                } else {
                    printTable(
                        entries.map { entry in
                            [
                                padded(entry.version), entry.name, entry.state.rawValue, entry.appliedAt ?? "",
                                entry.seconds.map { shown(seconds: $0) } ?? "",
                            ]
                        })
                    printTable(open.map { [$0.state.rawValue, "functions/" + $0.path, $0.appliedAt ?? ""] })
                    if !problems.isEmpty {
                        print("The files and the database disagree (exit code 2).")
                    } else if pending > 0 {
                        print("\(pending) pending (exit code 1): run `lyceum migrate up`.")
                    } else {
                        print("Nothing is pending.")
                    }
                }
                fflush(nil)
                if !problems.isEmpty { throw MigrationError.mismatch(problems) }
                if pending > 0 { throw Exit.pending }
            }
        }
    }

    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the SQL that `up` would run, and which of it is destructive.",
            discussion: """
                For functions that changed it prints the difference between what was applied and the file. A file that \
                `down` could not undo is marked.

                EXAMPLES:
                  lyceum migrate plan
                  lyceum migrate plan --json

                EXIT CODES: 0 printed, also when nothing is pending, 2 `up` would refuse, 3 no database
                """)

        @OptionGroup var migrate: MigrateOptions

        @Option(help: ArgumentHelp("The last version to show.", valueName: "version"))
        var to: Int?

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await reportingErrors {
                let migrator = try await migrate.migrator()
                let files = try migrator.plan(to: to)
                let reachesEnd = try files.count == migrator.plan().count
                let functions = reachesEnd ? try migrator.planFunctions() : []
                if json {
                    try printJSON(PlanDocument(files: files, functions: functions))
                    return
                }
                for file in files {
                    print("-- \(file.fileName)\(file.isTransactional ? "" : " (without a transaction)")")
                    for statement in file.destructive { print("-- destructive, \(statement)") }
                    if file.down == nil { print("-- can't be undone: no statements under -- migrate:down") }
                    print(file.up.hasSuffix("\n") ? file.up : file.up + "\n")
                }
                for (entry, difference) in functions {
                    print("-- functions/\(entry.path) (\(entry.state.rawValue))")
                    if !difference.isEmpty { print(difference) }
                }
                if files.isEmpty && functions.isEmpty { print("-- Nothing is pending.") }
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that the database has what the files say.",
            discussion: """
                Functions, views and triggers are compared by name: it reports those that the database lacks, and those \
                that are in no file.

                EXAMPLES:
                  lyceum migrate verify
                  lyceum migrate verify --json

                EXIT CODES: 0 the files and the database agree (something may be pending), 2 they disagree, 3 no database
                """)

        @OptionGroup var migrate: MigrateOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await reportingErrors {
                let problems = try await migrate.migrator().verify()
                if json {
                    try printJSON(["problems": problems])
                    if !problems.isEmpty { throw Exit.refused }
                } else if problems.isEmpty {
                    print("The files and the database agree.")
                } else {
                    throw MigrationError.mismatch(problems)
                }
            }
        }
    }

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create the next numbered file from a template.",
            discussion: """
                Prints the path of the file.

                EXAMPLES:
                  lyceum migrate new lesson_rooms

                EXIT CODES: 0 created, 2 refused: the name is not valid, or the directory can't be written to, 78 no \
                Migrations/
                """)

        @Argument(help: "Lower-case letters, digits and underscores.")
        var name: String

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            try await reportingErrors {
                let directory = try InstalledFiles(settings: await settings.load()).migrations()
                print(try MigrationFile.create(name: name, directory: directory))
            }
        }
    }
}

/// The events of `up` and `down`, one line each.
func show(_ event: Migrator.Event) {
    switch event {
    case .waiting(let holder):
        complain(
            "Another migration is running\(holder.map { " (backend \($0))" } ?? ""); waiting until it has finished.")
    case .running(let file, let up):
        print("\(up ? "up  " : "down")  \(file.fileName)", terminator: "")
        fflush(nil)
    case .functions(let paths, let seconds):
        print("  \(files(paths.count)) of functions: \(shown(seconds: seconds))")
    case .done(_, _, let seconds):
        print("  \(shown(seconds: seconds))")
    }
}

/// Ends the open line of a file that fails.
private func endingLine<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as MigrationError {
        switch error {
        case .failed, .interrupted, .functions(_, _, .some, _): print("  failed")
        case .stopped(_, _, _, let left, _) where !left.isEmpty: print("  stopped")
        default: break
        }
        throw error
    }
}

private func files(_ count: Int) -> String { count == 1 ? "1 file" : "\(count) files" }

private func count(_ migrations: Int, _ functions: Int) -> String {
    let parts = [
        migrations == 0 ? nil : migrations == 1 ? "1 migration" : "\(migrations) migrations",
        functions == 0 ? nil : "\(files(functions)) of functions",
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
}

private func shown(seconds: Double) -> String {
    let milliseconds = Int((seconds * 1000).rounded())
    return milliseconds < 1000 ? "\(milliseconds) ms" : "\(Double(milliseconds / 100) / 10) s"
}

private func padded(_ version: Int) -> String {
    let digits = String(version)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}

private struct StatusDocument: Encodable {
    var state: String
    var migrations: [MigrationHistory.Entry]
    var functions: [FunctionHistory.Entry]
    var pending: Int
    var problems: [String]
}

private struct PlanDocument: Encodable {
    struct Functions: Encodable {
        var path: String
        var state: FunctionHistory.State
        var difference: String
    }

    var migrations: [PlannedDocument]
    var functions: [Functions]

    init(files: [MigrationFile], functions: [(entry: FunctionHistory.Entry, difference: String)]) {
        migrations = files.map { PlannedDocument($0) }
        self.functions = functions.map {
            Functions(path: $0.entry.path, state: $0.entry.state, difference: $0.difference)
        }
    }
}

private struct PlannedDocument: Encodable {
    struct Destructive: Encodable {
        var line: Int
        var what: String
    }

    var version: Int
    var name: String
    var transaction: Bool
    var reversible: Bool
    var destructive: [Destructive]
    var sql: String

    init(_ file: MigrationFile) {
        version = file.version
        name = file.name
        transaction = file.isTransactional
        reversible = file.down != nil
        destructive = file.destructive.map { Destructive(line: $0.line, what: $0.what) }
        sql = file.up
    }
}
