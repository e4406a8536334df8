import Diary
import HTTP1
import Web

/// What somebody asks for: a report with its parameters, in a form with its own.
struct ReportOrder {
    let report: Report
    let form: ReportForm
    /// The table that CSV has; nil: the first one.
    let table: String?
    let hasByteOrderMark: Bool
    let input: ReportInput

    /// The caller of this then calls `finish`, which reports faults.
    init(_ report: Report, _ form: ReportForm, _ query: inout QueryReader, _ caller: Caller, _ language: Language) {
        self.report = report
        self.form = form
        table = form == .csv ? query.text("table", maximum: 50) : nil
        hasByteOrderMark = form == .csv && query.flag("bom")
        input = ReportInput(report, &query, caller, language)
    }

    /// - Throws: the problem of a `table` that the report does not have.
    func checkTable() throws {
        guard let table else { return }
        let names = try report.content(input).tableNames
        guard !names.contains(table) else { return }
        let list = names.joined(separator: ", ")
        throw Problem.invalid(
            parameter: "table", "not_one_of", ru: "Ожидается одно из: \(list).", en: "One of \(list) is expected.")
    }

    /// A file with the report's name; a page is shown.
    func response(_ bytes: [UInt8], _ paper: PaperServices) -> Response {
        var response = Response(.ok, contentType: form.contentType, body: bytes)
        response.headers = [
            ("Cache-Control", "private, no-store"), ("Content-Language", input.language.rawValue),
            ("Vary", "Accept, Accept-Language, Authorization"),
        ]
        if form == .html {
            response.headers.append(("Content-Security-Policy", paper.html.contentSecurityPolicy))
        } else {
            response.headers.append(("Content-Disposition", "attachment; filename=\"\(report.name).\(form.rawValue)\""))
        }
        return response
    }
}

extension ReportDocument {
    /// The table for CSV; the first one if no name is given. Every report has tables, and the order was checked.
    func table(_ name: String?) -> DocumentTable {
        guard let found = name.map({ name in tables.first { $0.name == name } }) ?? tables.first else {
            preconditionFailure("No table \(name ?? "") in \(title)")
        }
        return found
    }
}
