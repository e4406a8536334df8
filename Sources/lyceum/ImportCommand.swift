import ArgumentParser
import DiaryExchange
import DiaryServer
import Foundation
import Glibc
import Postgres

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import a school's records from CSV files or a zip archive.",
        discussion: """
            Rows are matched by external id or by name: a known record is updated where it differs, an unknown one is \
            added. Either all rows are imported or none. Nothing is deleted. Import in this order, because later files \
            refer to earlier ones: subjects, rooms, staff, classes, students, guardians, groups, load, timetable, plans. \
            An archive may hold one file of each kind, named students.csv or Ученики.csv; its files are imported in that \
            order. docs/imports.md lists the columns; --template prints a file to start from. Connects as the owner of \
            the database (LYCEUM_OWNER_DATABASE_URL).

            All faults of all files are reported at once, up to 100, each with its row as a spreadsheet numbers it and \
            its column as the file names it. With --json they are printed to standard output as the API's problem: \
            errors[] with pointer, code and detail, and file, row, column and header.

            EXAMPLES:
              lyceum import students --template > students.csv
              lyceum import students students.csv --school lyceum29 --dry-run
              lyceum import students students.csv --school lyceum29
              lyceum import students newcomers.csv --school lyceum29 --partial
              export-from-elsewhere | lyceum import staff - --school lyceum29 --json
              lyceum import all --template > templates.zip
              lyceum import school.zip --school lyceum29

            EXIT CODES:
              0   imported; with --dry-run, it would be
              2   refused, and nothing was changed: the file has faults or can't be read, it leaves out more than a \
            tenth of the known records (see --force and --partial), there is no such school, or the schema is not the \
            one that this program needs
              3   the database can't be reached, or a statement failed
              64  wrong use of the command line
              78  a setting is missing or wrong
            """)

    @Argument(
        help: "subjects, rooms, staff, classes, …; all for an archive; or just the path of an archive, x.zip.")
    var what: Subject

    @Argument(help: "The CSV file, or with all the zip archive; - reads standard input.")
    var file: String?

    @Option(help: ArgumentHelp("The school's code.", valueName: "code"))
    var school: String?

    @Flag(help: "Do everything, show the counts, and roll back.")
    var dryRun = false

    @Flag(help: "The file is complete, even if it leaves out many known records.")
    var force = false

    @Flag(help: "The file holds only some of the records: add and update these, and don't count the others as missing.")
    var partial = false

    @Flag(help: "Print a file to start from, and do nothing else.")
    var template = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    /// The argument that says what to import.
    enum Subject: ExpressibleByArgument {
        case kind(ImportKind)
        case all
        /// An archive, given by its path.
        case archive(String)

        static var allValueStrings: [String] { ImportKind.allCases.map { $0.rawValue } + ["all", "archive.zip"] }

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
            throw ValidationError("The path of an archive can't be combined with another file or with --template.")
        }
        if template {
            guard file == nil, school == nil else { throw ValidationError("--template takes no file and no --school.") }
            return
        }
        guard path != nil else { throw ValidationError("Missing file: give its path, or - for standard input.") }
        guard school != nil else { throw ValidationError("Missing option --school.") }
        if force && partial {
            throw ValidationError(
                "--force is for complete files and --partial for files with some of the records: give one of them.")
        }
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
                let options = ImportOptions(isDryRun: dryRun, isForced: force, isPartial: partial)
                let reports = try task.run(options) { bar.show($0, of: $1) }
                bar.clear()
                try show(reports, isArchive: kind == nil)
            } catch let refusal as ImportRefusal {
                let report = ImportFaultReport(refusal: refusal, path: path)
                if json { try printJSON(report.document) } else { for line in report.lines { complain(line) } }
                throw Exit.refused
            }
        }
    }

    private func read(_ file: String) throws -> [UInt8] {
        do {
            if file == "-" { return Array(try FileHandle.standardInput.readToEnd() ?? Data()) }
            return Array(try Data(contentsOf: URL(filePath: file)))
        } catch {
            complain("Can't read \(file). Nothing was changed.")
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
                + [report.rows, report.made, report.updated, report.unchanged].map { String($0) }
                + [report.missing.map { String($0) } ?? "-"]
        }
        printTable([(isArchive ? ["FILE"] : []) + ["ROWS", "ADDED", "UPDATED", "UNCHANGED", "MISSING"]] + counts)
        if dryRun { print("\nThis was a dry run: nothing was changed.") }
        if reports.contains(where: { $0.missing ?? 0 > 0 }) {
            print("\nRecords that are missing from a file stay as they are.")
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
        let missing: Int?

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
