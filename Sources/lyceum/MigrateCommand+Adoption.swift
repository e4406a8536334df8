import ArgumentParser
import Postgres

extension MigrateCommand {
    struct Dump: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the database's schema, sorted.",
            discussion: """
                Migrations/schema.sql is what it prints of a database that is migrated.

                EXAMPLES:
                  lyceum migrate dump > Migrations/schema.sql
                """)

        @OptionGroup var migrate: MigrateOptions

        func run() async throws {
            try await reportingErrors { print(try await migrate.migrator().dump(), terminator: "") }
        }
    }

    struct Baseline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take over a database whose tables were made by other files.",
            discussion: """
                For a database that was migrated before the files were put together anew. Its functions, views and \
                triggers are replaced, and schema_migrations gets the rows of these files, without running them. When the \
                result isn't what schema.sql says, the difference is printed and nothing is changed. No table is touched.

                EXAMPLES:
                  lyceum migrate baseline

                EXIT CODES: 0 taken over, 2 refused: the schema is another, or there is nothing to take over, 3 no database
                """)

        @OptionGroup var migrate: MigrateOptions
        @OptionGroup var waiting: MigrateWaiting

        func run() async throws {
            try await reportingErrors {
                try await migrate.migrator(options: waiting.options, report: show).baseline()
                print("The database is what schema.sql says, and stands at these files now.")
            }
        }
    }

    struct Repair: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take over files that were changed after they had been applied, and apply all functions anew.",
            discussion: """
                For a comment that was mended in a file, or a function that was changed by hand. When the result isn't what \
                schema.sql says, the difference is printed and nothing is changed. No table is touched.

                EXAMPLES:
                  lyceum migrate repair

                EXIT CODES: 0 repaired, 2 refused: the schema is another, or a migration is pending, 3 no database
                """)

        @OptionGroup var migrate: MigrateOptions
        @OptionGroup var waiting: MigrateWaiting

        func run() async throws {
            try await reportingErrors {
                let files = try await migrate.migrator(options: waiting.options, report: show).repair()
                for file in files { print("Taken over: \(file)") }
                print("The database is what schema.sql says.")
            }
        }
    }
}
