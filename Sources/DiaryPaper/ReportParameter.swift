import Diary
import Postgres
import Web

/// A query parameter of a report. The catalogue describes it, and requests are read by it.
package struct ReportParameter: Sendable {
    package enum Kind: Sendable {
        case identifier, date, flag
        case option([String])
        case integer(ClosedRange<Int>)
    }

    package let name: String
    package let kind: Kind
    package let isRequired: Bool
    package let description: Text

    package init(_ name: String, _ kind: Kind, isRequired: Bool = false, ru: String, en: String) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        description = Text(ru: ru, en: en)
    }

    package static let ofClass = ReportParameter(
        "class_id", .identifier, isRequired: true, ru: "Класс.", en: "The class.")
    package static let student = ReportParameter(
        "student_id", .identifier, isRequired: true, ru: "Ученик.", en: "The student.")
    package static let section = ReportParameter(
        "section_id", .identifier, isRequired: true, ru: "Страница журнала.", en: "The section.")
    package static let academicYear = ReportParameter(
        "academic_year_id", .identifier, ru: "Учебный год; по умолчанию текущий.",
        en: "The academic year; the current one by default.")
    package static let term = ReportParameter(
        "term_id", .identifier, ru: "Период; по умолчанию текущий.", en: "The term; the running one by default.")

    /// The time that a report is about, see `ReportPeriod`: a term or two days; the running term by default.
    package static let period = [
        term,
        ReportParameter("from", .date, ru: "Первый день, вместе с `to`.", en: "The first day, together with `to`."),
        ReportParameter("to", .date, ru: "Последний день.", en: "The last day."),
    ]
}

/// Who asks for a report, and with which parameters.
package struct ReportInput {
    package let caller: Caller
    package let language: Language
    private let values: [String: String]

    /// Reads the parameters that the report declares. The caller of this then calls `finish`, which reports faults.
    init(_ report: Report, _ query: inout QueryReader, _ caller: Caller, _ language: Language) {
        self.caller = caller
        self.language = language
        var values: [String: String] = [:]
        let names = report.parameters.map { $0.name }
        if names.contains("from") {
            let range = query.dateRange(longest: Self.longestRange)
            values["from"] = range?.from
            values["to"] = range?.to
        }
        for parameter in report.parameters where !["from", "to"].contains(parameter.name) {
            let name = parameter.name
            if parameter.isRequired { query.require(name) }
            switch parameter.kind {
            case .identifier: values[name] = query.identifier(name)
            case .date: values[name] = query.date(name)
            case .flag: values[name] = query.flag(name) ? "true" : nil
            case .option(let options): values[name] = query.option(name, of: options)
            case .integer(let range): values[name] = query.integer(name, in: range).map { String($0) }
            }
        }
        if values["term_id"] != nil, values["from"] != nil {
            query.add(
                "term_id", "with_days",
                Text(ru: "Передайте либо term_id, либо from и to.", en: "Give either term_id, or from and to."))
        }
        self.values = values
    }

    /// Days.
    static let longestRange = 366

    package var school: Parameter { .integer(caller.school.id) }

    /// The value as a parameter of a statement, which casts it; NULL if it was not given.
    package subscript(_ name: String) -> Parameter { .text(values[name]) }

    /// The value; nil if it was not given.
    package func text(_ name: String) -> String? { values[name] }

    /// The value of a required parameter.
    package func required(_ name: String) -> String {
        guard let value = values[name] else { preconditionFailure("\(name) is not a required parameter") }
        return value
    }
}
