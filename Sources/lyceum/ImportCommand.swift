import ArgumentParser
import DiaryExchange
import DiaryServer
import Foundation
import Glibc
import Postgres

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import a school from CSV or zip.",
        discussion: """
            Rows are matched by external id or name: a known one is updated where it differs, an unknown one is made; \
            all of them or none. Nobody is deleted. What rests on other things comes after them: subjects, rooms, \
            classes, staff, students, guardians, groups, load, timetable, plans. An archive may hold a file for each, \
            called students.csv or Ученики.csv; it is imported in that order, all or nothing. docs/imports.md has the \
            columns; `--template` prints a file to begin with. Connects as the owner (LYCEUM_OWNER_DATABASE_URL).

            Each fault of the file is a line on standard error, with its row and column; rows are counted as a \
            spreadsheet counts them.

            EXAMPLES:
              lyceum import students --template > students.csv
              lyceum import students students.csv --school lyceum29 --dry-run
              lyceum import students students.csv --school lyceum29
              export-from-elsewhere | lyceum import staff - --school lyceum29 --json
              lyceum import all --template > templates.zip
              lyceum import school.zip --school lyceum29

            EXIT CODES:
              0   imported; with --dry-run, it would be
              2   refused, and nothing was changed: the file has faults or can't be read, it leaves out more than a \
            tenth of those who are known (--force), there is no such school, the schema is not this program's
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """)

    @Argument(
        help: "subjects, rooms, classes, …; all for an archive; or the path of an archive, x.zip, and nothing more.")
    var what: Subject

    @Argument(help: "CSV, of all a zip; - is standard input.")
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

    /// What an import is of.
    enum Subject: ExpressibleByArgument {
        case kind(ImportKind)
        case all
        /// By the path of its archive.
        case archive(String)

        init?(argument: String) {
            if let kind = ImportKind(rawValue: argument) {
                self = .kind(kind)
            } else if argument == "all" {
                self = .all
            } else if argument.lowercased().hasSuffix(".zip") {
                self = .archive(argument)
            } else {
                return nil
            }
        }
    }

    private var path: String? { if case .archive(let path) = what { path } else { file } }

    func validate() throws {
        if case .archive = what, file != nil || template {
            throw ValidationError("An archive is all there is to import: no other file, and no --template.")
        }
        if template {
            guard file == nil, school == nil else { throw ValidationError("--template goes with the kind alone.") }
            return
        }
        guard path != nil else { throw ValidationError("Which file? Give its path, or - for standard input.") }
        guard school != nil else { throw ValidationError("--school is missing.") }
    }

    func run() async throws {
        let kind: ImportKind? = if case .kind(let kind) = what { kind } else { nil }
        if template {
            return FileHandle.standardOutput.write(Data(kind?.template ?? ImportKind.templates))
        }
        guard let path, let school else { return }
        try await reportingErrors {
            let bytes = try read(path)
            let task = OwnerImport(try await settings.load().ownerConnection(), school: school, kind, bytes)
            do {
                let bar = ProgressBar()
                defer { bar.clear() }
                let reports = try task.run(isDryRun: dryRun, isForced: force) { bar.show($0, of: $1) }
                bar.clear()
                try show(reports, isArchive: kind == nil)
            } catch let refusal as ImportRefusal {
                for line in refusal.lines(of: path) { complain(line) }
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

    private func show(_ reports: [ImportReport], isArchive: Bool) throws {
        if json {
            let documents = reports.map { Document($0) }
            return isArchive
                ? try printJSON(Documents(dryRun: dryRun, imports: documents)) : try printJSON(documents.first)
        }
        let counts = reports.map { report in
            (isArchive ? [report.file ?? ""] : [])
                + [report.rows, report.made, report.updated, report.unchanged, report.missing].map { String($0) }
        }
        printTable([(isArchive ? ["FILE"] : []) + ["ROWS", "MADE", "UPDATED", "UNCHANGED", "MISSING"]] + counts)
        if dryRun { print("\nThis was a dry run: nothing was changed.") }
        if reports.contains(where: { $0.missing > 0 }) {
            print("\nWhat is missing from a file stays as it is.")
        }
    }

    private struct Documents: Encodable {
        let dryRun: Bool
        let imports: [Document]

        enum CodingKeys: String, CodingKey {
            case dryRun = "dry_run"
            case imports
        }
    }

    private struct Document: Encodable {
        let file: String?
        let kind: String
        let dryRun: Bool
        let rows: Int
        let made: Int
        let updated: Int
        let unchanged: Int
        let missing: Int

        init(_ report: ImportReport) {
            file = report.file
            kind = report.kind.rawValue
            dryRun = report.isDryRun
            rows = report.rows
            made = report.made
            updated = report.updated
            unchanged = report.unchanged
            missing = report.missing
        }

        enum CodingKeys: String, CodingKey {
            case file, kind, rows, made, updated, unchanged, missing
            case dryRun = "dry_run"
        }
    }
}

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
