import Diary
import HTTP1
import JSON
import Postgres
import Spreadsheet
import Web

/// Exports for other programs: all rows of a noun from one snapshot, or what has changed since a watermark. See
/// docs/exports.md.
package enum Exports {
    /// The nouns, in the order in which a program without data reads them: later ones refer to earlier ones.
    package static let all: [Export] = [
        terms, subjects, classes, groups, sections, staff, students, guardians, enrollments, lessons, homework, marks,
        attendance, finals,
    ]

    package static let routes: [Route<Access, Caller>] = all.map { export in
        .get("/v1/exports/\(export.name)", export.operation, access: export.access) { request, caller in
            try await ExportAnswer(export, request, caller).response()
        }
    }

    /// Heads and deputy heads read what the journal has; administrators do not.
    static let ofJournal = Access.headsOfSchool.programs(.exportsRead)
    static let ofOffice = Access.managers.programs(.exportsRead)

    /// A date as the parameters take it, for the command line.
    package static func isDate(_ text: String) -> Bool { CalendarDate.isValid(text) }
}

/// One request for an export.
private struct ExportAnswer {
    private let export: Export
    private let request: Request
    private let caller: Caller
    private let form: ExportForm
    private let hasMark: Bool
    private let selection: ExportSelection
    /// The watermark of a broken stream, which this one continues.
    private let first: ChangeCursor?

    init(_ export: Export, _ request: Request, _ caller: Caller) throws {
        self.export = export
        self.request = request
        self.caller = caller
        var query = try QueryReader(request)
        form = try ExportForm(&query, request)
        var selection = ExportSelection()
        for filter in ExportFilter.ofRequests where export.filters[filter] != nil {
            switch filter {
            case .from, .to: selection.filters[filter] = query.date(filter.rawValue)
            case .schoolClass, .subject, .academicYear: selection.filters[filter] = query.identifier(filter.rawValue)
            }
        }
        if let from = selection.filters[.from], let to = selection.filters[.to], to < from {
            query.add("to", "before_from", Text(ru: "Конец раньше начала.", en: "The end is before the beginning."))
        }
        selection.isPseudonymous = query.flag("pseudonymous")
        selection.since = try ChangeCursor(&query, "updated_since", pages: false)
        selection.after = query.identifier("after")
        first = try ChangeCursor(&query, "watermark", pages: false)
        hasMark = query.flag("bom")
        Self.check(selection, form, hasMark, &query)
        try query.finish()
        self.selection = selection
    }

    private static func check(
        _ selection: ExportSelection, _ form: ExportForm, _ hasMark: Bool, _ query: inout QueryReader
    ) {
        if selection.since != nil, let filter = selection.filters.keys.min(by: { $0.rawValue < $1.rawValue }) {
            query.add(
                filter.rawValue, "not_with_updated_since",
                Text(
                    ru: "С updated_since приходят изменения всей школы: уберите этот параметр и отберите строки сами.",
                    en:
                        "updated_since returns the changes of the whole school: leave this out and select rows yourself."
                ))
        }
        if selection.after != nil {
            query.require("watermark")
            if !form.hasLines {
                query.add(
                    "after", "not_with_this_form",
                    Text(
                        ru: "Продолжить можно только csv и ndjson.", en: "Only csv and ndjson can be continued."))
            }
        } else if query.text("watermark") != nil {
            query.add(
                "watermark", "not_without_after",
                Text(
                    ru: "watermark передают вместе с after; изменения с метки — это updated_since.",
                    en: "watermark goes together with after; for changes since a watermark, send updated_since."))
        }
        if hasMark && form != .csv {
            query.add(
                "bom", "not_with_this_form",
                Text(ru: "Метка порядка байтов бывает только в csv.", en: "Only csv has a byte order mark."))
        }
    }

    func response() async throws -> Response {
        if export.showsPeople && !selection.isPseudonymous && caller.isIntegration
            && !caller.scopes.contains(.peopleRead)
        {
            throw Problem.insufficientScope([ProgramScope.peopleRead.rawValue])
        }
        if selection.isPseudonymous {
            _ = try await caller.services.lanes.write(caller.scope, [Self.keepKey()])
        }
        let preface = ExportPreface(
            export, selection, form, first: first, school: caller.school.id, isRecorded: isRecorded)
        let snapshot = try await caller.services.lanes.snapshot(caller.scope, preface.queries)
        let results = Results(preface.queries, snapshot.first)
        do {
            try preface.check(results)
            try await caller.recordReadings(of: preface.profiles(results))
            // HEAD reads no rows; the connection need not wait for the stream to be closed.
            if request.head.method == .head { await snapshot.finish() }
            return try response(snapshot, watermark: preface.watermark(results), preface.continuation(results))
        } catch {
            await snapshot.finish()
            throw error
        }
    }

    private var isRecorded: Bool { export.showsProfiles && !selection.isPseudonymous }

    private func response(_ snapshot: HeldSnapshot, watermark: String, _ continuation: String?) throws -> Response {
        var response = Response(.ok, contentType: contentType, stream: stream(snapshot, watermark: watermark))
        response.headers = [
            ("Content-Disposition", "attachment; filename=\"\(export.name).\(form.word)\""),
            ("Cache-Control", "private, no-store"), ("Vary", "Accept"), ("Lyceum-Watermark", watermark),
        ]
        if let continuation { response.headers.append(("Lyceum-Continuation", continuation)) }
        return response
    }

    private func stream(_ snapshot: HeldSnapshot, watermark: String) -> any ContentStream {
        var statement = ExportStatement(export, selection, form, school: caller.school.id)
        switch form {
        case .csv, .ndjson:
            let frame = ExportFrame.lines(hasMark: hasMark && selection.after == nil)
            return ExportStream(snapshot, statement.copy(), frame)
        case .json: return ExportStream(snapshot, statement.copy(), .document(watermark: watermark))
        case .xlsx:
            return ExportSheet(
                snapshot, statement.query(), export.columns(pseudonymous: selection.isPseudonymous), name: export.name,
                caller.services)
        }
    }

    /// RFC 4180 section 3 names the parameter `header`.
    private var contentType: String {
        form == .csv
            ? "text/csv; charset=utf-8; header=\(selection.after == nil ? "present" : "absent")" : form.rawValue
    }

    private static let keepKey = Statement("SELECT lyceum.keep_pseudonym_key()")
}

/// The short queries of an export's snapshot, which come before its rows.
struct ExportPreface {
    private let export: Export
    private let now: Query
    private let first: ChangeCursor?
    private let ofFirst: Query?
    private let changed: Query?
    private let gates: [Query]
    private let readings: Query?
    private let exceeds: Query?

    /// - Parameters:
    ///   - first: the watermark of the stream that is continued.
    ///   - isRecorded: whether the readings of profiles are recorded.
    init(
        _ export: Export, _ selection: ExportSelection, _ form: ExportForm, first: ChangeCursor?, school: Int,
        isRecorded: Bool
    ) {
        self.export = export
        self.first = first
        now = ChangeCursor.now(selection.since)
        ofFirst = first.map { ChangeCursor.now($0) }
        changed = first.map { export.hasChanged(.integer(school), $0.since) }
        gates = [
            selection.filters[.schoolClass].map { Self.schoolClass(.integer(school), .text($0)) },
            selection.filters[.subject].map { Self.subject(.integer(school), .text($0)) },
        ].compactMap { $0 }
        readings =
            isRecorded
            ? export.profiles.map { statement in
                statement(
                    .integer(school), .text(selection.filters[.schoolClass]), selection.since?.since ?? .null,
                    .text(selection.after), .text(selection.filters[.academicYear]))
            } : nil
        // Nobody waits for a workbook that cannot be made. Its first row is the head.
        var statement = ExportStatement(export, selection, form, school: school)
        exceeds = form == .xlsx ? statement.exceeds(Workbook.maximumRows - 1) : nil
    }

    var queries: [Query] { [now] + gates + [ofFirst, changed, readings, exceeds].compactMap { $0 } }

    /// - Throws: 404 for a class or subject that the school does not have, 410 for a watermark that has expired, 422 for
    ///   more rows than a sheet holds.
    func check(_ results: Results) throws {
        for gate in gates where try results[gate].isEmpty { throw Problem(.notFound) }
        for query in [now, ofFirst].compactMap({ $0 }) where try results[query].boolean(0, "_expired") {
            throw Problem(.cursorExpired)
        }
        if let exceeds, try results[exceeds].boolean(0, "_exceeds") { throw Problem(.tooManyRows) }
    }

    /// The watermark of the answer; that of the first stream stands for all that continue it.
    func watermark(_ results: Results) throws -> String { try first?.text ?? ChangeCursor(results[now]).text }

    /// For a stream that continues another one: whether rows have changed since the first watermark.
    func continuation(_ results: Results) throws -> String? {
        try changed.map { try results[$0].boolean(0, "changed") ? "changed" : "unchanged" }
    }

    func profiles(_ results: Results) throws -> [String] { try readings.map { try results[$0].texts("ids") } ?? [] }

    private static let schoolClass = Statement("SELECT c.id FROM classes c WHERE c.school_id = $1 AND c.id = $2::uuid")
    private static let subject = Statement("SELECT j.id FROM subjects j WHERE j.school_id = $1 AND j.id = $2::uuid")
}
