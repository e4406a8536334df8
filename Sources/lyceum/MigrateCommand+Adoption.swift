import ArgumentParser
import Postgres

extension MigrateCommand {
    struct Dump: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the database's schema, sorted.",
            discussion: """
                Migrations/schema.sql is the dump of a migrated database.

                EXAMPLES:
                  lyceum migrate dump > Migrations/schema.sql

                EXIT CODES: 0 printed, 3 no database
                """)

        @OptionGroup var migrate: MigrateOptions

        func run() async throws {
            try await reportingErrors { print(try await migrate.migrator().dump(), terminator: "") }
        }
    }

    struct Baseline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take over a database whose tables were created by other migration files.",
            discussion: """
                For a database that was migrated before the migration files were merged into fewer ones. Replaces its \
                functions, views and triggers, records the files up to --at as applied without running them, and runs \
                the files after it, all in one transaction. If the result differs from schema.sql, it prints the \
                difference and changes nothing.

                EXAMPLES:
                  lyceum migrate baseline --at 7

                EXIT CODES: 0 taken over, 2 refused: the schema differs, or there is nothing to take over, 3 no database, \
                130 stopped by SIGINT, 143 by SIGTERM
                """)

        @OptionGroup var migrate: MigrateOptions
        @OptionGroup var waiting: MigrateWaiting

        @Option(
            help: ArgumentHelp("The file that its tables correspond to. Default: the newest.", valueName: "version"))
        var at: Int?

        @Flag(help: "Allow statements of the later files that lose data or rewrite a table.")
        var allowDestructive = false

        func run() async throws {
            try await reportingErrors {
                let interruption = SignalWatch.begin()
                try await migrate.migrator(options: waiting.options(interruption), report: show)
                    .baseline(at: at, allowDestructive: allowDestructive)
                print("The database was taken over: it matches schema.sql and these files.")
            }
        }
    }

    struct Repair: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accept files that were changed after they were applied, and apply all functions again.",
            discussion: """
                For a comment that was corrected in an applied file, or a function that was changed by hand in the \
                database. If the result differs from schema.sql, it prints the difference and changes nothing. No table \
                is touched.

                EXAMPLES:
                  lyceum migrate repair

                EXIT CODES: 0 repaired, 2 refused: the schema differs, or a migration is pending, 3 no database, 130 \
                stopped by SIGINT, 143 by SIGTERM
                """)

        @OptionGroup var migrate: MigrateOptions
        @OptionGroup var waiting: MigrateWaiting

        func run() async throws {
            try await reportingErrors {
                let interruption = SignalWatch.begin()
                let files = try await migrate.migrator(
                    options: waiting.options(interruption), report: show
                ).repair()
                for file in files { print("Accepted: \(file)") }
                print("The database matches schema.sql.")
            }
        }
    }
}
