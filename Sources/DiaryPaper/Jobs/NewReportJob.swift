import Diary
import JSON
import Postgres
import Web

/// The body of a new job: `{"report": "class-register", "format": "pdf", "parameters": {"class_id": "…"}}`.
struct NewReportJob {
    private let report: Report
    private let form: ReportForm
    private let parameters: [(name: String, value: String)]
    private let language: Language?

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        let name = reader.enumeration("report", of: Reports.all.map { $0.name }).value
        let form = reader.enumeration("format", ReportForm.self).value
        language = reader.enumeration("language", of: Language.allCases.map { $0.rawValue }, .nullable).value
            .flatMap { Language(rawValue: $0) }
        _ = reader.object("parameters", .optional)
        parameters = Self.texts(body["parameters"], problems)
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        guard let form, let report = Reports.all.first(where: { $0.name == name }) else {
            preconditionFailure("The reader names what is missing")
        }
        self.form = form
        self.report = report
    }

    /// - Throws: what a request for the report would answer, with pointers into `parameters`.
    func order(_ caller: Caller, _ requested: Language) throws -> ReportOrder {
        try ReportOrder(report, form, parameters, caller, language ?? requested)
    }

    /// The parameters as an object of texts.
    var parametersText: String {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in parameters {
            writer.key(name)
            writer.string(value)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Numbers and booleans are written as in a query.
    private static func texts(_ value: JSONValue?, _ problems: FieldProblems) -> [(name: String, value: String)] {
        guard case .object(let members)? = value else { return [] }
        let place = JSONPointer("parameters")
        return members.compactMap { name, value in
            switch value {
            case .string(let text), .number(let text): return (name, text)
            case .bool(let flag): return (name, flag ? "true" : "false")
            case .null: return nil
            case .array, .object:
                problems.add(place.appending(name), .wrongType, ["expected": "string"])
                return nil
            }
        }
    }
}

/// A job as the table has it.
struct StoredReportJob {
    private let report: String
    private let form: ReportForm
    private let parameters: [(name: String, value: String)]
    private let language: Language

    /// - Parameter rows: one row with `report`, `format`, `parameters` and `language`.
    init(_ rows: Rows) {
        report = rows.text(0, "report") ?? ""
        // The table allows no other words.
        form = ReportForm(rawValue: rows.text(0, "format") ?? "") ?? .json
        language = Language(rawValue: rows.text(0, "language") ?? "") ?? .russian
        let text = rows.text(0, "parameters") ?? ""
        guard case .object(let members)? = try? JSONValue(parsing: Array(text.utf8)) else {
            parameters = []
            return
        }
        parameters = members.compactMap { name, value in value.text.map { (name, $0) } }
    }

    /// - Throws: what a request would answer now, and `not_found` for a report that this version does not have.
    func order(_ caller: Caller) throws -> ReportOrder {
        guard let report = Reports.all.first(where: { $0.name == report }) else { throw Problem(.notFound) }
        return try ReportOrder(report, form, parameters, caller, language)
    }
}

extension Problem {
    /// A problem of the parameters of a query as one of the fields of `parameters`.
    var ofParameters: Problem {
        guard kind == .invalidParameter else { return self }
        let place = "/query/"
        return Problem(
            .validationFailed,
            items: items.map { item in
                var item = item
                if item.pointer.hasPrefix(place) { item.pointer = "/parameters/" + item.pointer.dropFirst(place.count) }
                return item
            })
    }
}

extension ReportOrder {
    /// An order whose parameters do not stand in a URL. The caller needs a role that the report allows.
    fileprivate init(
        _ report: Report, _ form: ReportForm, _ parameters: [(name: String, value: String)], _ caller: Caller,
        _ language: Language
    ) throws {
        guard report.access.admits(caller) else { throw Problem(.forbidden) }
        var query = QueryReader(parameters, in: JSONPointer("parameters"))
        self.init(report, form, &query, caller, language)
        do {
            try query.finish()
        } catch let problem as Problem {
            // Here they are fields of a body.
            throw Problem(.validationFailed, items: problem.items)
        }
    }
}
