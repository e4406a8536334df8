import Crypto
import Diary
import HTTP1
import JSON
import Postgres
import Reactor
import Web

/// Imports a school's records from CSV files, one by one or in an archive: see docs/imports.md.
package enum Imports {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/imports", "importArchive", access: .managers.programs(.importsWrite), createAll),
        .post("/v1/imports/{kind}", "importRows", access: .managers.programs(.importsWrite), create),
        .get("/v1/imports/templates", "getImportTemplates", access: .managers.programs(.importsWrite), templates),
        .get("/v1/imports/templates/{kind}", "getImportTemplate", access: .managers.programs(.importsWrite), template),
    ]

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        let kind = try kind(request, caller)
        let options = try options(request, caller, mediaType: "text/csv")
        let (file, hash) = try await read(request, caller) { bytes, newID in ImportFile(kind, bytes, newID: newID) }
        try demand([file], caller)
        return try await run(ImportChoreography([file], options), request, hash, caller) { reports in
            var writer = JSONWriter()
            for report in reports { write(report, to: &writer) }
            return .json(writer)
        }
    }

    @Sendable static func createAll(_ request: Request, _ caller: Caller) async throws -> Response {
        let options = try options(request, caller, mediaType: "application/zip")
        let (archive, hash) = try await read(request, caller, atMost: ImportArchive.largest) { bytes, newID in
            ImportArchive(bytes, newID: newID)
        }
        for file in archive.files { try demand(file.kind, caller) }
        try demand(archive.files, caller)
        let choreography = ImportChoreography(archive.files, faults: archive.faults, options)
        return try await run(choreography, request, hash, caller) { reports in
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("dry_run")
            writer.boolean(options.isDryRun)
            writer.key("imports")
            writer.beginArray()
            for report in reports { write(report, to: &writer) }
            writer.endArray()
            writer.endObject()
            return .json(writer)
        }
    }

    /// Receives the upload, and reads it on a separate thread; only there the whole file is in memory.
    ///
    /// - Returns: the result of `parse`, and the hash of the request.
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

    /// Milliseconds. One statement handles all rows of a file.
    private static let statementTimeout = 30_000

    @Sendable static func template(_ request: Request, _ caller: Caller) async throws -> Response {
        let kind = try kind(request, caller)
        try QueryReader(request).finish()
        try await caller.requireAccess()
        return file("\(kind.rawValue).csv", "text/csv; charset=utf-8", kind.template)
    }

    @Sendable static func templates(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        try await caller.requireAccess()
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

    /// Only administrators import staff (A2), and never through an app or an integration, because the import assigns
    /// roles.
    private static func demand(_ kind: ImportKind, _ caller: Caller) throws {
        guard kind == .staff else { return }
        guard caller.client == nil else { throw Problem(.notForPrograms) }
        guard caller.roles.contains(.administrator) else { throw Problem(.forbidden) }
    }

    /// Apps and integrations do not appoint class teachers (`Access.appointers`).
    private static func demand(_ files: [ImportFile], _ caller: Caller) throws {
        guard caller.client != nil, files.contains(where: { $0.appointsClassTeachers }) else { return }
        throw Problem(.notForPrograms)
    }

    private static func options(_ request: Request, _ caller: Caller, mediaType: String) throws -> ImportOptions {
        guard request.mediaType == mediaType else {
            throw Problem(
                .unsupportedMediaType,
                detail: Text(ru: "Тело запроса должно быть \(mediaType).", en: "The body must be \(mediaType)."))
        }
        var query = try QueryReader(request)
        let options = ImportOptions(
            isDryRun: query.flag("dry_run"), isForced: query.flag("force"), isPartial: query.flag("partial"),
            tellsKnown: !caller.isIntegration || caller.scopes.contains(.peopleRead))
        if options.isForced && options.isPartial {
            query.add(
                "force", "contradiction",
                Text(
                    ru: "force — для полных файлов, partial — для файлов с частью записей: укажите что-то одно.",
                    en: "force is for complete files, partial for files with some of the records: give one of them.")
            )
        }
        try query.finish()
        return options
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
        // A repeated transaction starts again with a fresh copy.
        var choreography = planned
        var calls = try choreography.next([])
        while !calls.isEmpty {
            let rows = try await attempt(
                calls.map { $0.query(school: caller.school.id) }, mayFail: choreography.mayFail, in: transaction)
            calls = try choreography.next(rows.map { zip(calls, $0).map { $1.table($0.columns) } })
        }
        return choreography.reports
    }

    /// Another transaction may have changed the records that the rows were compared with.
    ///
    /// - Returns: nil when a query failed that may fail.
    private static func attempt(
        _ queries: [Query], mayFail: Bool, in transaction: Transaction
    ) async throws -> [Rows]? {
        let outcome = try await transaction.attempt(queries)
        if let refusal = outcome.refusal {
            if mayFail { return nil }
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
            ("unchanged", report.unchanged),
        ] {
            writer.key(name)
            writer.integer(count)
        }
        writer.key("missing")
        if let missing = report.missing { writer.integer(missing) } else { writer.null() }
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
        var problem = Problem(kind)
        problem.detail = explanation
        problem.items = faults.map { .init(pointer: $0.pointer, code: $0.code, detail: $0.detail) }
        return problem
    }
}
