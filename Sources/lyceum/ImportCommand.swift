import ArgumentParser
import Diary
import Foundation
import Glibc
import Postgres

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import people or classes of a school from CSV.",
        discussion: """
            Rows are matched by external id: a known one is updated where it differs, an unknown one is made; all of \
            them or none. Nobody is deleted. Import classes first, then staff, students, guardians. docs/imports.md \
            has the columns; `--template` prints a file to begin with. Connects as the owner \
            (LYCEUM_OWNER_DATABASE_URL).

            Each fault of the file is a line on standard error, with its row and column; rows are counted as a \
            spreadsheet counts them.

            EXAMPLES:
              lyceum import students --template > students.csv
              lyceum import students students.csv --school lyceum29 --dry-run
              lyceum import students students.csv --school lyceum29
              export-from-elsewhere | lyceum import staff - --school lyceum29 --json

            EXIT CODES:
              0   imported; with --dry-run, it would be
              2   refused, and nothing was changed: the file has faults or can't be read, it leaves out more than a \
            tenth of those who are known (--force), there is no such school, the schema is not this program's
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """)

    @Argument(help: "staff, students, guardians or classes.")
    var kind: ImportKind

    @Argument(help: "CSV; - is standard input.")
    var file: String?

    @Option(help: ArgumentHelp("The school's code.", valueName: "code"))
    var school: String?

    @Flag(help: "Do everything, show the counts, and roll back.")
    var dryRun = false

    @Flag(help: "The file is whole, however many it leaves out.")
    var force = false

    @Flag(help: "Print a file to begin with, and do nothing else.")
    var template = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        if template {
            guard file == nil, school == nil else { throw ValidationError("--template goes with the kind alone.") }
            return
        }
        guard file != nil else { throw ValidationError("Which file? Give its path, or - for standard input.") }
        guard school != nil else { throw ValidationError("--school is missing.") }
    }

    func run() async throws {
        if template { return FileHandle.standardOutput.write(Data(kind.template)) }
        guard let file, let school else { return }
        try await reportingErrors {
            let bytes = try read(file)
            let task = OwnerImport(try await settings.load().ownerConnection(), school: school, kind, bytes)
            do {
                let bar = ProgressBar()
                defer { bar.clear() }
                try show(task.run(isDryRun: dryRun, isForced: force) { bar.show($0, of: $1) })
            } catch let refusal as ImportRefusal {
                for line in refusal.lines(of: file) { complain(line) }
                throw Exit.refused
            }
        }
    }

    private func read(_ file: String) throws -> [UInt8] {
        do {
            if file == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
            return Array(try Data(contentsOf: URL(filePath: file)))
        } catch {
            complain("\(file) can't be read. Nothing was changed.")
            throw Exit.refused
        }
    }

    private func show(_ report: ImportReport) throws {
        if json { return try printJSON(Document(report)) }
        printTable([
            ["ROWS", "MADE", "UPDATED", "UNCHANGED", "MISSING"],
            [report.rows, report.made, report.updated, report.unchanged, report.missing].map { String($0) },
        ])
        if report.isDryRun { print("\nThis was a dry run: nothing was changed.") }
        if report.missing > 0 { print("\nWho is missing from the file stays as they are.") }
    }

    private struct Document: Encodable {
        let kind: String
        let dryRun: Bool
        let rows: Int
        let made: Int
        let updated: Int
        let unchanged: Int
        let missing: Int

        init(_ report: ImportReport) {
            kind = report.kind.rawValue
            dryRun = report.isDryRun
            rows = report.rows
            made = report.made
            updated = report.updated
            unchanged = report.unchanged
            missing = report.missing
        }

        enum CodingKeys: String, CodingKey {
            case kind, rows, made, updated, unchanged, missing
            case dryRun = "dry_run"
        }
    }
}

extension ImportKind: ExpressibleByArgument {}

/// How far a command is, on one line of standard error when that is a terminal.
private struct ProgressBar {
    private let isShown = isatty(STDERR_FILENO) == 1
    private static let width = 30

    func show(_ done: Int, of steps: Int) {
        let filled = done * Self.width / max(1, steps)
        write(
            "\r[" + String(repeating: "#", count: filled) + String(repeating: "-", count: Self.width - filled)
                + "] \(done)/\(steps)")
    }

    /// Leaves the line to what is printed next.
    func clear() { write("\r\u{1B}[K") }

    private func write(_ text: String) {
        if isShown { _ = Glibc.write(STDERR_FILENO, text, text.utf8.count) }
    }
}
