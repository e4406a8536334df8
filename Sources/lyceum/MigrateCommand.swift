import ArgumentParser
import Glibc
import Postgres

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema to where Migrations/ is, and back.",
        discussion: """
            Connects as the owner (LYCEUM_OWNER_DATABASE_URL), straight to PostgreSQL, not through a \
            transaction-pooling proxy. Tables and data change in numbered files, NNNN_name.sql with `-- migrate:up` and \
            `-- migrate:down`; a file and its row in public.schema_migrations are one transaction. Functions, views and \
            triggers are files of functions/; what has changed of them is applied again, in the transaction of the last \
            numbered file.

            EXAMPLES:
              lyceum migrate status
              lyceum migrate plan
              lyceum migrate up
              lyceum migrate down --steps 2

            EXIT CODES:
              0   done; for status: nothing is pending
              1   status: something is pending
              2   refused: a gap, a double, a changed file, a database newer than the files, a destructive statement \
            without --allow-destructive, a question not answered with yes, a schema that is not schema.sql's
              3   the database can't be reached, is locked, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """,
        subcommands: [
            Up.self, Down.self, Status.self, Plan.self, Verify.self, New.self, Dump.self, Baseline.self, Repair.self,
        ])
}

/// What all of them need.
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
    @Option(help: ArgumentHelp("How long a statement may wait for a table.", valueName: "seconds"))
    var lockTimeout = 5.0

    @Option(help: ArgumentHelp("How long to wait for another migration to finish.", valueName: "seconds"))
    var wait = 60.0

    var options: Migrator.Options {
        var options = Migrator.Options()
        options.lockTimeout = .seconds(lockTimeout)
        options.patience = .seconds(wait)
        return options
    }

    func validate() throws {
        guard (0.001...86_400).contains(lockTimeout), (0.001...86_400).contains(wait) else {
            throw ValidationError("Times are between 0.001 and 86400 seconds.")
        }
    }
}

extension MigrateCommand {
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run what is pending.",
            discussion: """
                Files before one that fails stay applied; of the one that fails nothing stays. Functions that changed are \
                applied with the last one, or alone. Destructive statements (see `plan`) need --allow-destructive, except \
                in a database that has no tables yet.

                EXAMPLES:
                  lyceum migrate up
                  lyceum migrate up --to 12
                  lyceum migrate up --allow-destructive --lock-timeout 30
                """)

        @OptionGroup var migrate: MigrateOptions
        @OptionGroup var waiting: MigrateWaiting

        @Option(help: ArgumentHelp("Stop after this version.", valueName: "version"))
        var to: Int?

        @Flag(help: "Run statements that lose data or rewrite a table.")
        var allowDestructive = false

        func run() async throws {
            try await reportingErrors {
                let migrator = try await migrate.migrator(options: waiting.options, report: show)
                let outcome = try endingLine { try migrator.up(to: to, allowDestructive: allowDestructive) }
                if outcome.versions.isEmpty && outcome.functions.isEmpty {
                    print("Nothing is pending.")
                } else {
                    print("\(outcome.versions.count) applied, \(outcome.functions.count) files of functions.")
                }
            }
        }
    }

    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Undo the newest migrations.",
            discussion: """
                Asks before it does; a program says --yes. Data in what is dropped is lost. All functions, views and \
                triggers are dropped first, since they are those of the newest tables: the next `up`, of this program or \
                of an older one, applies its own.

                EXAMPLES:
                  lyceum migrate down
                  lyceum migrate down --steps 3 --yes
                """)

        @OptionGroup var migrate: MigrateOptions
        @OptionGroup var waiting: MigrateWaiting

        @Option(help: ArgumentHelp("How many to undo.", valueName: "n"))
        var steps = 1

        @Flag(help: "Don't ask.")
        var yes = false

        func validate() throws {
            if steps < 1 { throw ValidationError("--steps is at least 1.") }
        }

        func run() async throws {
            try await reportingErrors {
                let migrator = try await migrate.migrator(options: waiting.options, report: show)
                if !yes { try confirm(migrator.planDown(steps: steps)) }
                let versions = try endingLine { try migrator.down(steps: steps) }
                print("\(versions.count) undone.")
            }
        }

        private func confirm(_ files: [MigrationFile]) throws {
            print("Drop all functions, views and triggers; `lyceum migrate up` makes them again")
            for file in files { print("Undo \(file.fileName)") }
            guard isatty(STDIN_FILENO) == 1 else {
                complain("Nobody is there to ask. Say --yes to undo these. Nothing was changed.")
                throw Exit.refused
            }
            print("What they hold is lost. Type yes to go on: ", terminator: "")
            fflush(nil)
            if readLine() != "yes" {
                complain("Nothing was changed.")
                throw Exit.refused
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which migrations are applied; exit 1 when something is pending.",
            discussion: """
                States: applied, pending, started (a file without a transaction that didn't finish), changed (the file \
                isn't what was applied), missing (applied, but there is no file).
                Files of functions are listed when `up` has something to do about them: new, changed, incomplete \
                (something of it isn't in the database), removed (there is no file any more).

                EXAMPLES:
                  lyceum migrate status
                  lyceum migrate status --json

                EXIT CODES: 0 nothing is pending, 1 something is, 2 files and database don't agree, 3 no database
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
                        StatusDocument(migrations: entries, functions: functions, pending: pending, problems: problems))
                } else {
                    printTable(
                        entries.map { entry in
                            [
                                padded(entry.version), entry.name, entry.state.rawValue, entry.appliedAt ?? "",
                                entry.seconds.map { shown(seconds: $0) } ?? "",
                            ]
                        })
                    printTable(open.map { [$0.state.rawValue, "functions/" + $0.path, $0.appliedAt ?? ""] })
                    print(pending == 0 ? "Nothing is pending." : "\(pending) pending.")
                }
                if !problems.isEmpty { throw MigrationError.mismatch(problems) }
                if pending > 0 { throw Exit.pending }
            }
        }
    }

    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the SQL that `up` would run, and what of it is destructive.",
            discussion: """
                Of functions that changed, the difference is printed: from the text that was applied to the file.

                EXAMPLES:
                  lyceum migrate plan
                  lyceum migrate plan --json

                EXIT CODES: 0 printed, also when there is nothing, 2 `up` would refuse, 3 no database
                """)

        @OptionGroup var migrate: MigrateOptions

        @Option(help: ArgumentHelp("Stop after this version.", valueName: "version"))
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
            abstract: "Check that what is applied is what the files say.",
            discussion: """
                Functions, views and triggers are looked for by name: what is missing in the database, and what is in it \
                and in no file.

                EXAMPLES:
                  lyceum migrate verify
                  lyceum migrate verify --json

                EXIT CODES: 0 files and database agree (something may be pending), 2 they don't, 3 no database
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
            abstract: "Make the next numbered file from a template.",
            discussion: """
                EXAMPLES:
                  lyceum migrate new lesson_rooms
                """)

        @Argument(help: "Small letters, digits, underscores.")
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
        complain("Another migration is running\(holder.map { " (backend \($0))" } ?? ""); waiting for it.")
    case .running(let file, let up):
        print("\(up ? "up  " : "down")  \(file.fileName)", terminator: "")
        fflush(nil)
    case .functions(let paths, let seconds):
        print("  \(paths.count) files of functions: \(shown(seconds: seconds))")
    case .done(_, _, let seconds):
        print("  \(shown(seconds: seconds))")
    }
}

/// A file that fails leaves its line open.
private func endingLine<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as MigrationError {
        switch error {
        case .failed, .interrupted, .functions(_, _, .some, _): print("  failed")
        default: break
        }
        throw error
    }
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
    var destructive: [Destructive]
    var sql: String

    init(_ file: MigrationFile) {
        version = file.version
        name = file.name
        transaction = file.isTransactional
        destructive = file.destructive.map { Destructive(line: $0.line, what: $0.what) }
        sql = file.up
    }
}
