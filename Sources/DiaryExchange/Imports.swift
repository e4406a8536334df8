import Crypto
import Diary
import HTTP1
import JSON
import Postgres
import Reactor
import Web

/// A school from CSV files, one by one or in an archive: see docs/imports.md.
package enum Imports {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/imports", "importArchive", access: .managers.programs(.importsWrite), createAll),
        .post("/v1/imports/{kind}", "importRows", access: .managers.programs(.importsWrite), create),
        .get("/v1/imports/templates", "getImportTemplates", access: .managers.programs(.importsWrite), templates),
        .get("/v1/imports/templates/{kind}", "getImportTemplate", access: .managers.programs(.importsWrite), template),
    ]

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        let kind = try kind(request, caller)
        let (isDryRun, isForced) = try flags(request, mediaType: "text/csv")
        let (file, hash) = try await read(request, caller) { bytes, newID in ImportFile(kind, bytes, newID: newID) }
        try demand([file], caller)
        return try await run(
            ImportChoreography([file], isForced: isForced, isDryRun: isDryRun), request, hash, caller
        ) { reports in
            var writer = JSONWriter()
            for report in reports { write(report, to: &writer) }
            return .json(writer)
        }
    }

    @Sendable static func createAll(_ request: Request, _ caller: Caller) async throws -> Response {
        let (isDryRun, isForced) = try flags(request, mediaType: "application/zip")
        let (archive, hash) = try await read(request, caller, atMost: ImportArchive.largest) { bytes, newID in
            ImportArchive(bytes, newID: newID)
        }
        for file in archive.files { try demand(file.kind, caller) }
        try demand(archive.files, caller)
        let choreography = ImportChoreography(
            archive.files, faults: archive.faults, isForced: isForced, isDryRun: isDryRun)
        return try await run(choreography, request, hash, caller) { reports in
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("dry_run")
            writer.boolean(isDryRun)
            writer.key("imports")
            writer.beginArray()
            for report in reports { write(report, to: &writer) }
            writer.endArray()
            writer.endObject()
            return .json(writer)
        }
    }

    /// Takes the upload, and reads it on a thread of its own: only there is it whole in memory.
    ///
    /// - Returns: what `parse` made of it, and the request's hash.
    private static func read<Value: Sendable>(
        _ request: Request, _ caller: Caller, atMost limit: Int? = nil,
        parse: @escaping @Sendable (_ content: [UInt8], _ newID: () -> String) -> Value
    ) async throws -> (Value, [UInt8]) {
        let upload = try await caller.services.area(UploadSpool.self).receive(request, atMost: limit)
        let line = Idempotency.line(of: request)
        return try await caller.services.files.run {
            let content = try upload.contents()
            var identifiers = UUIDv7()
            return (parse(content) { identifiers.next() }, try Idempotency.hash(line, content))
        }
    }

    /// Milliseconds: one statement is for all rows.
    private static let statementTimeout = 30_000

    @Sendable static func template(_ request: Request, _ caller: Caller) async throws -> Response {
        let kind = try kind(request, caller)
        try QueryReader(request).finish()
        return file("\(kind.rawValue).csv", "text/csv; charset=utf-8", kind.template)
    }

    @Sendable static func templates(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let kinds = ImportKind.allCases.filter { (try? demand($0, caller)) != nil }
        return file("templates.zip", "application/zip", ImportKind.templates(kinds))
    }

    private static func file(_ name: String, _ type: String, _ content: [UInt8]) -> Response {
        var response = Response(.ok, contentType: type, body: content)
        response.headers = [
            ("Content-Disposition", "attachment; filename=\"\(name)\""), ("Cache-Control", "private, no-store"),
        ]
        return response
    }

    private static func kind(_ request: Request, _ caller: Caller) throws -> ImportKind {
        guard let kind = request.path["kind"].flatMap({ ImportKind(rawValue: $0) }) else { throw Problem(.notFound) }
        try demand(kind, caller)
        return kind
    }

    /// Administrators alone keep staff (A2), and with no program of others, since roles come with it.
    private static func demand(_ kind: ImportKind, _ caller: Caller) throws {
        guard kind == .staff else { return }
        guard caller.client == nil else { throw Problem(.notForPrograms) }
        guard caller.roles.contains(.administrator) else { throw Problem(.forbidden) }
    }

    /// Class teachers issue credentials (A2): programs of others do not appoint them.
    private static func demand(_ files: [ImportFile], _ caller: Caller) throws {
        guard caller.client != nil, files.contains(where: { $0.appointsClassTeachers }) else { return }
        throw Problem(.notForPrograms)
    }

    private static func flags(_ request: Request, mediaType: String) throws -> (isDryRun: Bool, isForced: Bool) {
        guard request.mediaType == mediaType else {
            throw Problem(
                .unsupportedMediaType,
                detail: Text(ru: "Ожидается \(mediaType).", en: "The body has to be \(mediaType)."))
        }
        var query = try QueryReader(request)
        let flags = (query.flag("dry_run"), query.flag("force"))
        try query.finish()
        return flags
    }

    // MARK: The transaction

    private static func run(
        _ choreography: ImportChoreography, _ request: Request, _ hash: [UInt8], _ caller: Caller,
        answer: ([ImportReport]) -> Response
    ) async throws -> Response {
        var scope = caller.scope
        scope.timeout = max(scope.timeout, statementTimeout)
        return try await Idempotency.run(request, caller, scope: scope, hash: hash) { work in
            do {
                switch work {
                case .transaction(let transaction):
                    return answer(try await run(choreography, caller, in: transaction))
                case .segment(let lanes, let scope):
                    return answer(
                        try await lanes.transaction(scope) { try await run(choreography, caller, in: $0) })
                }
            } catch let refusal as ImportRefusal {
                throw refusal.problem
            }
        }
    }

    private static func run(
        _ planned: ImportChoreography, _ caller: Caller, in transaction: Transaction
    ) async throws -> [ImportReport] {
        let keepers: [Role] = planned.keepsStaff ? [.administrator] : [.administrator, .head, .deputyHead]
        let entrance = try await transaction.run([ImportStatements.keeps(.texts(keepers.map { $0.rawValue }))])
        guard entrance[0].boolean(0, "keeps") else { throw Problem(.forbidden) }
        // A transaction that is repeated begins anew.
        var choreography = planned
        var calls = try choreography.next([])
        while !calls.isEmpty {
            let rows = try await attempt(calls.map { $0.query(school: caller.school.id) }, in: transaction)
            calls = try choreography.next(zip(calls, rows).map { $1.table($0.columns) })
        }
        return choreography.reports
    }

    /// What the rows were compared with may have been changed by somebody else in between.
    private static func attempt(_ queries: [Query], in transaction: Transaction) async throws -> [Rows] {
        let outcome = try await transaction.attempt(queries)
        if let refusal = outcome.refusal {
            throw refusal.sqlState.hasPrefix("23") ? Problem(.conflict) : PostgresError.refused(refusal)
        }
        return outcome.rows
    }

    private static func write(_ report: ImportReport, to writer: inout JSONWriter) {
        writer.beginObject()
        if let file = report.file {
            writer.key("file")
            writer.string(file)
        }
        writer.key("kind")
        writer.string(report.kind.rawValue)
        writer.key("dry_run")
        writer.boolean(report.isDryRun)
        for (name, count) in [
            ("rows", report.rows), ("made", report.made), ("updated", report.updated),
            ("unchanged", report.unchanged), ("missing", report.missing),
        ] {
            writer.key(name)
            writer.integer(count)
        }
        writer.endObject()
    }
}

extension ImportCall {
    fileprivate func query(school: Int) -> Query {
        switch parameters {
        case .none: statement()
        case .school: statement(.integer(school))
        case .rows(let rows): statement(.integer(school), .text(rows))
        }
    }
}

extension Rows {
    fileprivate func table(_ columns: [String]) -> [[String?]] {
        (0..<count).map { row in columns.map { text(row, $0) } }
    }
}

extension ImportRefusal {
    fileprivate var problem: Problem {
        switch self {
        case .shrinks(let file, let known, let missing):
            Problem(
                .importShrinks,
                detail: Text(
                    ru: "В файле \(file.map { $0 + " " } ?? "")нет \(missing) из \(known) известных; может быть, он "
                        + "обрезан. Если нет — force=true.",
                    en:
                        "The file \(file.map { $0 + " " } ?? "")leaves out \(missing) of \(known) that are known: it may "
                        + "be cut. If not, force=true."))
        case .faults(let faults):
            Problem(
                .validationFailed,
                detail: faults.count <= Self.toldFaults
                    ? nil
                    : Text(
                        ru: "Ошибок: \(faults.count); здесь первые \(Self.toldFaults).",
                        en: "There are \(faults.count) faults; these are the first \(Self.toldFaults)."),
                items: faults.prefix(Self.toldFaults).map {
                    .init(pointer: $0.pointer, code: $0.code, detail: $0.detail)
                })
        }
    }
}

extension ImportFault {
    /// `/rows/2/name`; of an archive `/files/students.csv/rows/2/name`, `/files/students.csv`, or nothing for all of it.
    fileprivate var pointer: String {
        (file.map { "/files" + JSONPointer($0).text } ?? "")
            + (row == 0 ? "" : "/rows/\(row)" + JSONPointer(column).text)
    }
}
