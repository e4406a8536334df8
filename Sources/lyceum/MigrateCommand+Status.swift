import ArgumentParser
import Glibc
import Postgres

/// What `migrate` tells without changing anything.
extension MigrateCommand {
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
