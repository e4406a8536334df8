import ArgumentParser
import Diary
import DiaryExchange
import FoundationEssentials
import Postgres

struct ExportTablesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tables",
        abstract: "Write tables of a school to CSV or NDJSON files, all from one snapshot.",
        discussion: """
            Writes a file for each noun, such as marks.csv, with the rows of GET /v1/exports/marks: docs/exports.md \
            lists the columns. Marks that are held back are left out. Each profile of a student that is written is \
            recorded in the audit log, with the reason "command line: export". Connects as the owner of the database \
            (LYCEUM_OWNER_DATABASE_URL).

            The files replace those of an earlier export only when all of them are complete. export.json, written last, \
            lists them with their rows and bytes, and has the watermark of the snapshot: a program goes on from there \
            with updated_since. A directory without export.json holds no complete export. After an error or a signal \
            the files are as they were.

            EXAMPLES:
              lyceum export --school lyceum29 --directory /var/backups/lyceum29
              lyceum export marks finals --school lyceum29 --directory marks --format ndjson
              lyceum export marks --school lyceum29 --directory year --from 2025-09-01 --to 2026-05-31
              lyceum export --school lyceum29 --directory research --pseudonymous --json

            EXIT CODES:
              0    written
              2    refused: there is no such school, a file can't be written, or the schema is not the one that this \
            program needs
              3    the database can't be reached, or a statement failed
              64   wrong use of the command line
              78   a setting is missing or wrong
              130  stopped by SIGINT (Ctrl-C), 143 by SIGTERM
            """)

    @Argument(help: "What to write: marks, students, …; default: everything.")
    var nouns: [Noun] = []

    @Option(help: ArgumentHelp("The school's code.", valueName: "code"))
    var school: String

    @Option(help: ArgumentHelp("Where to; it is made if there is none.", valueName: "directory"))
    var directory: String

    @Option(help: ArgumentHelp("csv or ndjson.", valueName: "format"))
    var format = Format.csv

    @Option(
        help: ArgumentHelp(
            "First day of lessons, of what belongs to them, and of enrollments.", valueName: "YYYY-MM-DD"))
    var from: String?

    @Option(help: ArgumentHelp("Last day, inclusive.", valueName: "YYYY-MM-DD"))
    var to: String?

    @Flag(help: "Pseudonyms instead of people's ids; no names, contacts, birthdays and free texts.")
    var pseudonymous = false

    @Flag(help: "A byte order mark at the beginning of CSV files, for spreadsheets.")
    var bom = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case csv, ndjson
    }

    struct Noun: ExpressibleByArgument {
        let export: Export

        static var allValueStrings: [String] { Exports.all.map { $0.name } }

        init?(argument: String) {
            guard let export = Exports.all.first(where: { $0.name == argument }) else { return nil }
            self.export = export
        }
    }

    func validate() throws {
        for (name, value) in [("--from", from), ("--to", to)] {
            guard let value else { continue }
            guard Exports.isDate(value) else { throw ValidationError("\(name) must be a date, YYYY-MM-DD.") }
        }
        if let from, let to, to < from { throw ValidationError("--to is before --from.") }
        if bom && format != .csv { throw ValidationError("--bom is only for CSV.") }
    }

    func run() async throws {
        try await reportingErrors {
            let settings = try await settings.load()
            let connection = try settings.ownerConnection()
            let recorder = try BlockingConnection(url: settings.requireOwnerDatabaseURL())
            let snapshot = try OwnerSnapshot(
                connection, recorder: recorder, school: school, reason: "command line: export")
            let export = OwnerExport(snapshot)
            let interruption = SignalWatch.begin()
            interruption.attach(connection)
            let bar = ProgressBar()
            defer { bar.clear() }
            do {
                let report = try write(export, bar)
                bar.clear()
                try show(report)
            } catch let failure as BlockingConnection.Failure {
                guard let signal = interruption.signal else { throw failure }
                bar.clear()
                complain("Stopped. No file was changed.")
                throw ExitCode(128 + signal)
            } catch let failure as ExportFiles.Failure {
                bar.clear()
                complain(failure.description)
                throw Exit.refused
            }
        }
    }

    private func write(_ export: OwnerExport, _ bar: ProgressBar) throws -> ExportFiles.Report {
        let exports =
            nouns.isEmpty ? Exports.all : Exports.all.filter { one in nouns.contains { $0.export.name == one.name } }
        let files = try ExportFiles(
            directory: directory, extension: format.rawValue, mark: bom ? Array("\u{FEFF}".utf8) : [])
        var filters: [ExportFilter: String] = [:]
        filters[.from] = from
        filters[.to] = to
        do {
            var done = 0
            let watermark = try export.run(
                exports, ExportForm(word: format.rawValue)!, filters: filters, isPseudonymous: pseudonymous
            ) { export, piece in
                try files.add(piece, to: export.name)
                bar.show(done, of: exports.count, files.progress)
            } isDone: { _, rows in
                try files.finish(rows: rows)
                done += 1
            }
            return try files.publish(
                .init(
                    school: school, watermark: watermark, format: format.rawValue, pseudonymous: pseudonymous,
                    from: from,
                    to: to))
        } catch {
            files.discard()
            throw error
        }
    }

    private func show(_ report: ExportFiles.Report) throws {
        if json { return try printJSON(report) }
        printTable(
            [["FILE", "ROWS", "BYTES"]] + report.files.map { [$0.name, String($0.rows), String($0.bytes)] })
        print("\nWatermark: \(report.watermark)")
    }
}
