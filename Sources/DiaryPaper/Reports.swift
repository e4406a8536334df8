import Diary
import JSON
import Postgres
import Web

/// All reports: the catalogue and each report in all its forms.
package enum Reports {
    /// A new report needs a line here and nothing else in the server.
    package static let all: [Report] = [
        StudentDiarySheet.report,
        AttendanceReport.report,
        AssessmentSchedule.report,
        JournalPage.report,
        SubstitutionLog.report,
        ReportCard.report,
        StudentProgress.report,
        SectionResults.report,
        ClassResults.report,
        ClassRegister.report,
        SchoolResults.report,
        PreliminaryResults.report,
        DebtsReport.report,
        PlanBase.report,
        PlanCoverage.report,
        JournalControl.report,
        Anomalies.report,
        HomeworkLoad.report,
        InformingFamilies.report,
        CertificateRegister.report,
        Movement.report,
        TransferSheetReport.report,
        OrderSheet.report,
        Promotion.report,
    ]

    package static let routes: [Route<Access, Caller>] =
        [.get("/v1/reports", "listReports", access: .signedIn.programs(.schoolRead, .journalRead), list)]
        + all.map { report in
            .get(report.path, report.operation, access: report.access) { request, caller in
                try await show(report, request, caller)
            }
        }

    private static func show(_ report: Report, _ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let form = try ReportForm(&query, request)
        let order = ReportOrder(report, form, &query, caller, request.language)
        try query.finish()
        try order.checkTable()
        let reading = try await ReportReading(report, order.input)
        try await caller.recordReadings(of: reading.profiles)
        if form == .json {
            var response = try reading.answer.tagged(reading.results)
            response.headers = [("Cache-Control", "private, no-cache"), ("Vary", "Accept, Authorization")]
            return response
        }
        let paper = caller.services.area(PaperServices.self)
        return order.response(try await paper.bytes(order, reading, .now), paper)
    }

    // MARK: The catalogue

    /// The reports that the caller's roles allow.
    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        try await caller.requireAccess()
        var writer = JSONWriter(reservingCapacity: 16 * 1024)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for report in all where report.access.admits(caller) { write(report, request.language, to: &writer) }
        writer.endArray()
        writer.endObject()
        var response = Response.tagged(writer)
        response.headers = [
            ("Cache-Control", "private, no-cache"), ("Content-Language", request.language.rawValue),
            ("Vary", "Accept-Language, Authorization"),
        ]
        return response
    }

    private static func write(_ report: Report, _ language: Language, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(report.name)
        writer.key("path")
        writer.string(report.path)
        writer.key("title")
        writer.string(report.title[language])
        writer.key("summary")
        writer.string(report.summary[language])
        writer.key("formats")
        writer.beginArray()
        for form in ReportForm.allCases { writer.string(form.rawValue) }
        writer.endArray()
        writer.key("parameters")
        writer.beginArray()
        for parameter in report.parameters { write(parameter, language, to: &writer) }
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ parameter: ReportParameter, _ language: Language, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(parameter.name)
        writer.key("kind")
        writer.string(parameter.kind.name)
        writer.key("required")
        writer.boolean(parameter.isRequired)
        writer.key("description")
        writer.string(parameter.description[language])
        if case .option(let values) = parameter.kind {
            writer.key("values")
            writer.beginArray()
            for value in values { writer.string(value) }
            writer.endArray()
        }
        if case .integer(let range) = parameter.kind {
            writer.key("minimum")
            writer.integer(range.lowerBound)
            writer.key("maximum")
            writer.integer(range.upperBound)
        }
        writer.endObject()
    }
}

extension ReportParameter.Kind {
    fileprivate var name: String {
        switch self {
        case .identifier: "id"
        case .date: "date"
        case .flag: "flag"
        case .option: "option"
        case .integer: "integer"
        }
    }
}
