import Crypto
import Diary
import DiaryExchange
import DiaryPaper
import DiaryServer
import Foundation
import Postgres
import Web

/// Writes an archive: first everything that is read, from one snapshot, with pages as HTML; then PDF of the pages, while
/// no transaction is open; then the sums.
struct ArchiveWriting {
    /// A signal came between two statements or two pages.
    struct Stopped: Error {}

    struct Report: Encodable {
        let directory: String
        let school: String
        let year: String
        let isClosed: Bool
        let documents: Int
        let files: Int
        let bytes: Int
        let watermark: String
        let key: String?

        enum CodingKeys: String, CodingKey {
            case directory, school, year, documents, files, bytes, watermark, key
            case isClosed = "closed"
        }
    }

    private let snapshot: OwnerSnapshot
    private let year: Int
    private let language: Language
    private let html: HTMLForm
    private let printing: ArchivePrinting?
    private let weasyPrint: String?
    private let keys: ArchiveKeys?
    private let bar: ProgressBar
    private let interruption: Interruption

    /// - Parameters:
    ///   - printing: nil: the pages stay HTML.
    ///   - keys: nil: no signature.
    init(
        _ snapshot: OwnerSnapshot, year: Int, language: Language, html: HTMLForm, printing: ArchivePrinting?,
        weasyPrint: String?, keys: ArchiveKeys?, bar: ProgressBar, interruption: Interruption
    ) {
        self.snapshot = snapshot
        self.year = year
        self.language = language
        self.html = html
        self.printing = printing
        self.weasyPrint = weasyPrint
        self.keys = keys
        self.bar = bar
        self.interruption = interruption
    }

    func write(to files: ArchiveFiles) async throws -> Report {
        do {
            var index = try snapshot.read { watermark in try read(watermark, files) }
            try await print(index, files)
            try checkSignal()
            try seal(&index, files)
            let sizes = index.files.reduce(0) { $0 + $1.bytes }
            try files.publish()
            return Report(
                directory: files.goal, school: snapshot.school.code, year: index.academicYear.name,
                isClosed: index.academicYear.state == "closed", documents: index.documents.count,
                files: index.files.count, bytes: sizes, watermark: index.watermark, key: keys?.id)
        } catch {
            files.discard()
            throw error
        }
    }

    private func checkSignal() throws {
        if interruption.signal != nil { throw Stopped() }
    }

    // MARK: Reading

    private func read(_ watermark: String, _ files: ArchiveFiles) throws -> ArchiveIndex {
        let year = try ArchiveYear(year, in: snapshot)
        let plan = try ArchivePlan(year, in: snapshot, language)
        let steps = plan.documents.count + Exports.all.count
        for (number, document) in plan.documents.enumerated() {
            bar.show(number, of: steps, document.name)
            try checkSignal()
            let content = try document.read(in: snapshot, html, language)
            try files.write(content.page, to: document.name + ".html")
            for table in content.tables { try files.write(table.content, to: table.path) }
        }
        var tables: [ArchiveIndex.Table] = []
        for export in Exports.all {
            bar.show(plan.documents.count + tables.count, of: steps, export.name)
            tables.append(try table(export, year, files))
        }
        let about = try snapshot.connection.query(
            """
            SELECT to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), current_setting('server_version'),
                (SELECT max(version)::text FROM schema_migrations)
            """
        ).rows[0]
        return ArchiveIndex(
            school: .init(code: snapshot.school.code, name: snapshot.name),
            academicYear: .init(
                id: year.id, name: year.name, startsOn: year.firstDay, endsOn: year.lastDay, state: year.state),
            language: language.rawValue, madeAt: about[0] ?? "", watermark: watermark,
            versions: .init(
                lyceum: Program.version, schema: about[2] ?? "", postgresql: about[1] ?? "", weasyprint: weasyPrint),
            signature: keys.map { .init(key: $0.id) }, documentFormat: printing == nil ? "html" : "pdf",
            documents: plan.documents.map { .init(name: $0.name, title: $0.title, report: $0.reportName) },
            tables: tables)
    }

    private func table(_ export: Export, _ year: ArchiveYear, _ files: ArchiveFiles) throws -> ArchiveIndex.Table {
        let name = "tables/\(export.name).csv"
        let filters: [ExportFilter: String] = [.from: year.firstDay, .to: year.lastDay, .academicYear: year.id]
        try files.begin(name)
        let rows = try OwnerExport(snapshot).copy(export, .csv, filters: filters) { try files.add($0) }
        try files.end()
        return ArchiveIndex.Table(name: name, rows: rows)
    }

    // MARK: Printing

    private func print(_ index: ArchiveIndex, _ files: ArchiveFiles) async throws {
        guard let printing else { return }
        let pages = index.documents.map { $0.name }
        var done = 0
        bar.show(0, of: pages.count, "PDF")
        try await printing.print(pages, in: files.directory) { page in
            try checkSignal()
            done += 1
            files.replace(page + ".html", with: page + ".pdf")
            bar.show(done, of: pages.count, page + ".pdf")
        }
    }

    // MARK: The end

    private func seal(_ index: inout ArchiveIndex, _ files: ArchiveFiles) throws {
        bar.show(0, of: 1, ArchiveSums.file)
        let readme = ArchiveReadme(
            school: snapshot.name, year: index.academicYear.name, made: index.madeAt, key: keys?.id,
            hasPDF: printing != nil)
        try files.write(Array(readme.text(language).utf8), to: "README.txt")
        index.files = try files.names.sorted().map {
            .init(name: $0, bytes: try size(of: "\(files.directory)/\($0)"))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try files.write(Array(try encoder.encode(index)) + [10], to: "archive.json")
        let sums = Array(try ArchiveSums.text(of: files.names, in: files.directory).utf8)
        try files.write(sums, to: ArchiveSums.file)
        guard let keys else { return }
        try files.write(Array(try ArchiveSums.signature(of: sums, keys).utf8), to: ArchiveSums.signatureFile)
    }

    private func size(of path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
}
