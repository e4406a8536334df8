import Diary
import JSON
import Postgres
import Web

/// What an archive has about one subject, such as the journal of a section: reports of one kind, which stand one after
/// the other on paper, and their tables as CSV.
package struct ArchiveDocument {
    /// The path without an extension.
    package let name: String
    package let title: String
    private let report: Report
    package var reportName: String { report.name }
    let parts: [Part]
    /// Whether there is CSV; if not, other documents have the same as tables.
    let hasTables: Bool

    struct Part {
        /// In the names of CSV files, between those of the document and the table; empty for a single part.
        let label: String
        let parameters: [(name: String, value: String)]
    }

    /// A document that has been read.
    package struct Content {
        /// The page for printing.
        package let page: [UInt8]
        /// CSV, by path. A table without rows is not among them.
        package let tables: [(path: String, content: [UInt8])]
    }

    /// Why a report could not be made.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    init(
        _ name: String, _ title: String, _ report: Report, hasTables: Bool = true, _ parts: [Part]
    ) {
        self.name = name
        self.title = title
        self.report = report
        self.parts = parts
        self.hasTables = hasTables
    }

    /// Reads it as the head of the school does.
    ///
    /// - Throws: `Failure`, or `BlockingConnection.Failure`.
    package func read(in snapshot: OwnerSnapshot, _ html: HTMLForm, _ language: Language) throws -> Content {
        var documents: [ReportDocument] = []
        var tables: [(path: String, content: [UInt8])] = []
        let form = CSVForm(hasByteOrderMark: false)
        for part in parts {
            let document = try self.document(part, snapshot, language)
            documents.append(document)
            guard hasTables else { continue }
            for table in document.tables where !table.rows.isEmpty {
                let path = [name, part.label, table.name].filter { !$0.isEmpty }.joined(separator: "-")
                tables.append(("\(path).csv", form.bytes(table)))
            }
        }
        return Content(page: Array(html.page(documents, title: title).utf8), tables: tables)
    }

    private func document(_ part: Part, _ snapshot: OwnerSnapshot, _ language: Language) throws -> ReportDocument {
        do {
            var query = QueryReader(part.parameters, in: JSONPointer("parameters"))
            let input = ReportInput(report, &query, snapshot.caller, language)
            try query.finish()
            let reading = try ReportReading(report, input, in: snapshot)
            try snapshot.recordReadings(of: reading.profiles)
            return try ReportDocument(reading)
        } catch let problem as Problem {
            let causes = problem.items.map { $0.detail[.english] }.joined(separator: " ")
            throw Failure(
                description: "\(name): the report \(report.name) can't be made: \(problem.kind.code) \(causes)")
        }
    }
}
