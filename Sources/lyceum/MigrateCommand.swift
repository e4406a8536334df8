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

func shown(seconds: Double) -> String {
    let milliseconds = Int((seconds * 1000).rounded())
    return milliseconds < 1000 ? "\(milliseconds) ms" : "\(Double(milliseconds / 100) / 10) s"
}

func padded(_ version: Int) -> String {
    let digits = String(version)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
