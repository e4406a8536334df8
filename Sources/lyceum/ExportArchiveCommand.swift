import ArgumentParser
import Crypto
import Diary
import DiaryExchange
import DiaryPaper
import Foundation
import Postgres
import Web

struct ExportArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Write a year of a school to a directory for keeping, with sums and a signature.",
        discussion: """
            Writes the journals of all sections, class registers, results, attendance, report cards, certificates, debts, \
            promotion, movement, substitutions, control and orders of the year as PDF and CSV, and the tables of `lyceum \
            export` of that year, all from one snapshot. docs/exports.md lists the files.

            SHA256SUMS has the hash of each file, and SHA256SUMS.hmac its signature with the first of the keys in \
            LYCEUM_ARCHIVE_KEYS (`lyceum keys new` makes one). README.txt in the archive says how anybody checks it with \
            sha256sum and openssl; `lyceum export verify` does the same.

            The archive is as a head of the school sees it: it has held-back marks and names. Each profile of a student that \
            is written is recorded in the audit log, with the reason "command line: archive". Connects as the owner of the \
            database (LYCEUM_OWNER_DATABASE_URL).

            The directory has the suffix .part until it is complete. After an error or a signal it is removed, and an \
            earlier archive is as it was.

            EXAMPLES:
              lyceum export archive --school lyceum29 --year 2025 --directory /var/archives/lyceum29-2025
              lyceum export archive --school lyceum29 --year 2025 --directory /var/archives/lyceum29-2025 --replace --json
              lyceum export archive --school lyceum29 --year 2025 --directory draft --no-pdf --unsigned

            EXIT CODES:
              0    written
              2    refused: there is no such school or year, no WeasyPrint, an archive in the way, a file can't be written, \
            or the schema is not the one that this program needs
              3    the database can't be reached, or a statement failed
              64   wrong use of the command line
              78   a setting is missing or wrong
              130  stopped by SIGINT (Ctrl-C), 143 by SIGTERM
            """)

    @Option(help: ArgumentHelp("The school's code.", valueName: "code"))
    var school: String

    @Option(help: ArgumentHelp("The academic year, by the calendar year in which it begins.", valueName: "YYYY"))
    var year: Int

    @Option(help: ArgumentHelp("Where to; the directory is made.", valueName: "directory"))
    var directory: String

    @Option(help: ArgumentHelp("The language of documents and of README.txt: ru or en.", valueName: "language"))
    var language = Tongue.ru

    @Option(help: ArgumentHelp("How many PDF are made at a time; each takes up to 1 GiB of memory.", valueName: "n"))
    var processes = 2

    @Flag(name: .customLong("no-pdf"), help: "Write the documents as HTML. Needs no WeasyPrint.")
    var withoutPDF = false

    @Flag(help: "Write no signature. Needs no key.")
    var unsigned = false

    @Flag(help: "Put the archive in the place of one that is in the directory.")
    var replace = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var settings: SettingsOptions

    enum Tongue: String, ExpressibleByArgument, CaseIterable {
        case ru, en

        var language: Language { Language(rawValue: rawValue)! }
    }

    func validate() throws {
        guard (1900...9999).contains(year) else { throw ValidationError("--year must be a year, such as 2025.") }
        guard (1...32).contains(processes) else { throw ValidationError("--processes must be between 1 and 32.") }
    }

    func run() async throws {
        try await reportingErrors {
            let settings = try await settings.load()
            let keys = try keys(settings)
            let installed = InstalledFiles(settings: settings)
            let printing = try ArchivePrinting(
                python: settings.reportsPython, script: installed.printer(), processes: processes)
            let interruption = SignalWatch.begin()
            let bar = ProgressBar()
            defer { bar.clear() }
            do {
                let weasyPrint = withoutPDF ? nil : try await printing.version()
                let connection = try settings.ownerConnection()
                let recorder = try BlockingConnection(url: settings.requireOwnerDatabaseURL())
                let snapshot = try OwnerSnapshot(
                    connection, recorder: recorder, school: school, reason: "command line: archive")
                let writing = ArchiveWriting(
                    snapshot, year: year, language: language.language, html: try installed.reportPages(),
                    printing: weasyPrint == nil ? nil : printing, weasyPrint: weasyPrint, keys: keys, bar: bar,
                    interruption: interruption)
                interruption.attach(connection)
                let report = try await writing.write(to: ArchiveFiles(directory, replaces: replace))
                bar.clear()
                try show(report)
            } catch {
                bar.clear()
                throw refusal(error, interruption) ?? error
            }
        }
    }

    private func keys(_ settings: Settings) throws -> ArchiveKeys? {
        if unsigned { return nil }
        guard let keys = try settings.loadArchiveKeys() else {
            complain(
                "archive.keys is not set: set LYCEUM_ARCHIVE_KEYS to a key of `lyceum keys new`, or give --unsigned.")
            throw Exit.settings
        }
        return keys
    }

    /// What is said about an error; nil for those that all commands have.
    private func refusal(_ error: any Error, _ interruption: Interruption) -> ExitCode? {
        if let signal = interruption.signal, error is BlockingConnection.Failure || error is ArchiveWriting.Stopped {
            complain("Stopped. Nothing was written.")
            return ExitCode(128 + signal)
        }
        switch error {
        case let error as ArchiveFiles.Failure: complain(error.description)
        case let error as ArchivePrinting.Failure: complain(error.description)
        case let error as ArchiveDocument.Failure: complain("\(error.description). Nothing was written.")
        case let error as ArchiveYear.Unknown:
            complain(
                "\(school) has no academic year that begins in \(year). It has: "
                    + "\(error.names.isEmpty ? "none" : error.names.joined(separator: ", ")).")
        default: return nil
        }
        return Exit.refused
    }

    private func show(_ report: ArchiveWriting.Report) throws {
        if json { return try printJSON(report) }
        print(
            """
            \(report.directory): \(report.documents) documents, \(report.files) files, \(report.bytes / 1_000_000) MB
            Year \(report.year)\(report.isClosed ? "" : ", which is not closed yet")
            Watermark: \(report.watermark)
            """)
        print(report.key.map { "Signed with the key \($0)." } ?? "Not signed.")
    }
}
