import HTTP1
import JSON
import Postgres
import Web

/// People and classes from CSV files: see docs/imports.md.
enum Imports {
    static let routes: [Route<Access, Caller>] = [
        .post("/v1/imports/{kind}", "importRows", access: .managers.programs(.importsWrite), create),
        .get("/v1/imports/templates/{kind}", "getImportTemplate", access: .managers.programs(.importsWrite), template),
    ]

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        let kind = try kind(request, caller)
        guard request.mediaType == "text/csv" else {
            throw Problem(
                .unsupportedMediaType, detail: Text(ru: "Ожидается text/csv.", en: "The body has to be text/csv."))
        }
        var query = try QueryReader(request)
        let isDryRun = query.flag("dry_run")
        let isForced = query.flag("force")
        try query.finish()
        let file = ImportFile(kind, try await request.body()) { caller.services.newID() }
        let task = Import(file, isForced: isForced)
        var scope = caller.scope
        scope.timeout = max(scope.timeout, statementTimeout)
        return try await Idempotency.run(request, caller, scope: scope) { work in
            do {
                switch work {
                case .transaction(let transaction):
                    return answer(try await run(task, caller, isDryRun: isDryRun, in: transaction))
                case .segment(let lanes, let scope):
                    return answer(
                        try await lanes.transaction(scope) { try await run(task, caller, isDryRun: isDryRun, in: $0) })
                }
            } catch let refusal as ImportRefusal {
                throw refusal.problem
            }
        }
    }

    /// Milliseconds: one statement is for all rows.
    private static let statementTimeout = 30_000

    @Sendable static func template(_ request: Request, _ caller: Caller) async throws -> Response {
        let kind = try kind(request, caller)
        try QueryReader(request).finish()
        var response = Response(.ok, contentType: "text/csv; charset=utf-8", body: kind.template)
        response.headers = [
            ("Content-Disposition", "attachment; filename=\"\(kind.rawValue).csv\""),
            ("Cache-Control", "private, no-store"),
        ]
        return response
    }

    /// Administrators alone keep staff (A2), and with no program of others, since roles come with it.
    private static func kind(_ request: Request, _ caller: Caller) throws -> ImportKind {
        guard let kind = request.path["kind"].flatMap({ ImportKind(rawValue: $0) }) else { throw Problem(.notFound) }
        guard kind != .staff || caller.roles.contains(.administrator) else { throw Problem(.forbidden) }
        guard kind != .staff || caller.client == nil else { throw Problem.insufficientScope([]) }
        return kind
    }

    private static func run(
        _ task: Import, _ caller: Caller, isDryRun: Bool, in transaction: Transaction
    ) async throws -> ImportReport {
        let parameters: [Parameter] = [.integer(caller.school.id), .text(task.file.rows)]
        func query(_ statement: Statement) -> Query { Query(statement: statement, parameters: parameters) }
        let keepers: [Role] = task.file.kind == .staff ? [.administrator] : [.administrator, .head, .deputyHead]
        let seen = try await transaction.run([
            ImportStatements.keeps(.texts(keepers.map { $0.rawValue })),
            ImportStatements.lock(.integer(caller.school.id)),
            query(task.statements.examine), query(task.statements.compare),
        ])
        guard seen[0].boolean(0, "keeps") else { throw Problem(.forbidden) }
        let missing = try task.check(
            findings: seen[2].table(ImportStatements.findingColumns),
            comparison: seen[3].table(ImportStatements.comparisonColumns))
        let outcome = try await transaction.attempt(
            [savepoint()] + task.writing.map { query($0) } + [Idempotency.settle()])
        // Somebody wrote in between what the rows were compared with.
        if let refusal = outcome.refusal {
            throw refusal.sqlState.hasPrefix("23") ? Problem(.conflict) : PostgresError.refused(refusal)
        }
        if isDryRun { _ = try await transaction.run([rollback()]) }
        return task.report(
            outcome.rows[1...task.writing.count].map { $0.table(ImportStatements.keyColumns) }, missing: missing,
            isDryRun: isDryRun)
    }

    private static let savepoint = Statement("SAVEPOINT import")
    private static let rollback = Statement("ROLLBACK TO SAVEPOINT import")

    private static func answer(_ report: ImportReport) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
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
        return .json(writer)
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
        case .shrinks(let known, let missing):
            Problem(
                .importShrinks,
                detail: Text(
                    ru: "В файле нет \(missing) из \(known) известных; может быть, он обрезан. Если нет — force=true.",
                    en: "The file leaves out \(missing) of \(known) that are known: it may be cut. If not, force=true.")
            )
        case .faults(let faults):
            Problem(
                .validationFailed,
                detail: faults.count <= Import.toldFaults
                    ? nil
                    : Text(
                        ru: "Ошибок в файле: \(faults.count); здесь первые \(Import.toldFaults).",
                        en: "The file has \(faults.count) faults; these are the first \(Import.toldFaults)."),
                items: faults.prefix(Import.toldFaults).map {
                    .init(
                        pointer: "/rows/\($0.row)" + JSONPointer($0.column).text, code: $0.code, detail: $0.detail)
                })
        }
    }
}
