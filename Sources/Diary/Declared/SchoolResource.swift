import HTTP1
import JSON
import Postgres
import Web

/// A table of the school's set-up as a resource: a list, one row, and for those who keep it making, changing, deleting.
///
/// The fields are declared once. How a body is read, the statements, and which field a refusal of the database points at
/// follow from them. What a row may be is said by the table's constraints and triggers, and is not repeated here.
package struct SchoolResource: Sendable {
    package let path: String
    private let table: String
    package let noun: String
    private let plural: String
    package let fields: [ResourceField]
    package let filters: [String]
    private let order: [ResourceField]
    private let parent: Parent?
    package let readers: Access
    package let makers: Access
    package let writers: Access
    package let people: People?
    private let row: String
    private let refusals: [String: Refusal]
    private let isArchivable: Bool
    private let statements: Statements

    /// What rows belong to: the column that says so, and its table.
    package typealias Parent = (column: String, table: String)

    /// Where who sees a row depends on the row. SQL, of the row `t`.
    package struct People: Sendable {
        /// Whether the caller reads the row at all.
        package let sees: String
        /// Whether the caller may change it; with a parent also whether it may be made.
        package let keeps: String
        /// Whether the caller sees the parent, a row `p`: who does not is told that it has no such thing.
        package var seesParent = "true"
        /// Joins that the fields are read from.
        package var joins = ""
        /// More that is read, and not written.
        package var selected = ""
        /// What filters look at, where that is not a column of the row.
        package var filtered: [String: String] = [:]
        /// Whether lists are searched by name (`q`).
        package var isSearched = false
        /// The field that names a person who is there already, and becomes the row.
        package var identity: String?
        /// A statement that records that one row was read: `$1` is the row (K2).
        package var recordsReading: Statement?
        /// Joins of a list, where it shows less than one row does.
        package var listJoins: String?
        /// A statement that refuses fields that are not the caller's to name: `$1` the fields as JSON, `$2` the row.
        package var demands: Statement?

        package init(
            sees: String, keeps: String, seesParent: String = "true", joins: String = "", selected: String = "",
            filtered: [String: String] = [:], isSearched: Bool = false, identity: String? = nil,
            recordsReading: Statement? = nil, listJoins: String? = nil, demands: Statement? = nil
        ) {
            self.sees = sees
            self.keeps = keeps
            self.seesParent = seesParent
            self.joins = joins
            self.selected = selected
            self.filtered = filtered
            self.isSearched = isSearched
            self.identity = identity
            self.recordsReading = recordsReading
            self.listJoins = listJoins
            self.demands = demands
        }
    }

    /// - Parameters:
    ///   - path: behind `/v1/`; of a parent's rows it holds `{column}`.
    ///   - table: the path with underscores, when left out.
    ///   - noun: in operation ids, for one row; `plural` for many.
    ///   - filters: fields that a list can be narrowed by, all of them identifiers.
    ///   - order: fields that a list is sorted by, never null; `id` comes last by itself.
    ///   - rows: statements that write what stands in tables of its own. `$1` is the school, `$2` the fields as JSON; the row
    ///     is `changed`.
    ///   - makers: who makes rows, where that is not who changes them.
    ///   - refusals: constraints over several fields, by name.
    package init(
        _ path: String, table: String? = nil, row: String? = nil, noun: String, plural: String? = nil,
        parent: Parent? = nil, _ fields: [ResourceField], filters: [String] = [], order: [String],
        readers: Access = .signedIn,
        makers: Access? = nil, writers: Access = .managers, people: People? = nil, rows: [String] = [],
        refusals: [String: Refusal] = [:]
    ) {
        self.path = "/v1/\(path)"
        self.noun = noun
        self.plural = plural ?? noun + "s"
        self.fields = fields
        self.filters = filters
        self.order = order.map { name in fields.first { $0.name == name }! }
        self.parent = parent
        self.readers = readers
        self.makers = makers ?? writers
        self.writers = writers
        self.people = people
        self.refusals = refusals
        self.table = table ?? path.replacing("-", with: "_")
        self.row = row ?? self.table.singular + "_id"
        isArchivable = fields.contains { $0.name == ResourceField.archived.name }
        statements = Statements(
            self.table, fields, parent, people, filters, self.order, isArchivable: isArchivable, rows: rows)
    }

    private static let demandPerson = Statement("SELECT lyceum.demand_person($1::uuid)")

    /// The row that the transaction changes; NULL when it does not, since the client had seen another version.
    package static let changed = "nullif(current_setting('lyceum.changed', true), '')::uuid"

    /// - Parameters:
    ///   - lists: false where the noun has a list of its own.
    ///   - deletes: false where a row stays for ever.
    package func routes(lists: Bool = true, deletes: Bool = true) -> [Route<Access, Caller>] {
        let row = "\(path)/{\(row)}"
        let list: [Route<Access, Caller>] = [
            .get(path, "list\(plural)", access: readers) { try await self.list($0, $1) }
        ]
        let one: [Route<Access, Caller>] = [
            .post(path, "create\(noun)", access: makers) { try await create($0, $1) },
            .get(row, "get\(noun)", access: readers) { try await show($0, $1) },
            .patch(row, "update\(noun)", access: writers) { try await update($0, $1) },
        ]
        let removal: [Route<Access, Caller>] = [
            .delete(row, "delete\(noun)", access: writers) { try await delete($0, $1) }
        ]
        return (lists ? list : []) + one + (deletes ? removal : [])
    }

    // MARK: Reading

    private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let parent = try parent(request)
        var values: [Parameter] = [.integer(caller.school.id)] + parent
        for filter in filters { values.append(.text(query.identifier(filter))) }
        if isArchivable { values.append(.boolean(query.flag("archived"))) }
        if people?.isSearched == true { values.append(.text(query.text("q", maximum: 200))) }
        let page = Page(&query, keys: order.map { $0.sortKey } + [.identifier])
        try query.finish()
        let position = (0...order.count).map { Parameter.text(page.after?[$0]) } + [.integer(page.limit + 1)]
        let rows = try await caller.read(
            Query(statement: statements.list, parameters: values + position),
            Query(statement: statements.total, parameters: values + [.boolean(page.wantsTotal)]),
            Query(statement: statements.parent, parameters: [.integer(caller.school.id)] + parent))
        guard !rows[2].isEmpty else { throw Problem(.notFound) }
        return ListAnswer(request, caller, page).response(
            rows[0], key: order.map { $0.name } + ["id"], total: rows[1])
    }

    private func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try identifier(request)
        let query = show(caller, id, try parent(request))
        let record = reading(caller, id)
        guard !record.isEmpty else { return try answer(try await caller.read(query)[0]) }
        let rows = try await run(.segment(caller.services.lanes, caller.scope), [query] + record + [query])
        return try answer(rows[0])
    }

    // MARK: Writing

    private func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let parent = try parent(request)
        let json = try await request.json()
        let body = try content(of: json, isNew: true)
        let identity = try identity(of: json, caller)
        let id = identity ?? caller.services.newID()
        let demands = (identity.map { [Self.demandPerson(.text($0))] } ?? []) + demands(body, id)
        return try await Idempotency.run(request, caller, keeper: keeper(caller, parent)) { work in
            let school = Parameter.integer(caller.school.id)
            let rows = try await run(
                work,
                demands + [Query(statement: statements.insert, parameters: [school, .text(id), .text(body)] + parent)]
                    + children(school, body) + [show(caller, id, parent)])
            var response = try answer(rows[rows.count - 2], status: .created)
            let base = caller.services.settings.publicURL ?? request.origin ?? ""
            response.headers.append(("Location", "\(base)\(request.head.path)/\(id)"))
            return response
        }
    }

    private func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try identifier(request)
        let parent = try parent(request)
        let body = try content(of: try await request.json(), isNew: false)
        return try await Idempotency.run(request, caller, keeper: keeper(caller, parent)) { work in
            let school = Parameter.integer(caller.school.id)
            let rows = try await run(
                work,
                [lock(caller, id, parent, versions)] + demands(body, id) + [statements.update(school, .text(body))]
                    + children(school, body) + reading(caller, id) + [show(caller, id, parent)])
            try versions.check(rows[0])
            return try answer(rows[rows.count - 2])
        }
    }

    private func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try identifier(request)
        let rows = try await run(
            .segment(caller.services.lanes, caller.scope),
            [lock(caller, id, try parent(request), versions), statements.delete(.integer(caller.school.id))],
            deletes: true)
        try versions.check(rows[0])
        return Response(.noContent)
    }

    private func identifier(_ request: Request) throws -> String { try request.identifier(row) }

    /// The person who becomes the row, where the body names one. Managers name anybody of the school; for others it would be
    /// a way to look into accounts.
    private func identity(of body: JSONValue, _ caller: Caller) throws -> String? {
        guard let name = people?.identity, case .string(let id)? = body[name] else { return nil }
        guard caller.manages else { throw Problem(.forbidden) }
        return FieldParsing.canonicalUUID(id)
    }

    /// The parent's id in the path, where there is one.
    private func parent(_ request: Request) throws -> [Parameter] {
        guard let parent else { return [] }
        return [.text(try request.identifier(parent.column))]
    }

    private func demands(_ body: String, _ id: String) -> [Query] {
        people?.demands.map { [$0(.text(body), .text(id))] } ?? []
    }

    /// The record of a reading, for an answer that shows a profile to who is to be recorded (K2).
    private func reading(_ caller: Caller, _ id: String) -> [Query] {
        guard let record = people?.recordsReading, !caller.isFamilyOnly else { return [] }
        return [record(.text(id))]
    }

    /// A kept answer about a person is given again to who may still make such a change (A3): others see less of the row now,
    /// or nothing.
    private func keeper(_ caller: Caller, _ parent: [Parameter]) -> ((String) -> Query)? {
        guard people != nil else { return nil }
        return { id in
            Query(
                statement: statements.lock, parameters: [.integer(caller.school.id), .text(id), .null] + parent)
        }
    }

    private func show(_ caller: Caller, _ id: String, _ parent: [Parameter]) -> Query {
        Query(statement: statements.show, parameters: [.integer(caller.school.id), .text(id)] + parent)
    }

    private func lock(
        _ caller: Caller, _ id: String, _ parent: [Parameter], _ versions: VersionCondition
    ) -> Query {
        Query(
            statement: statements.lock,
            parameters: [.integer(caller.school.id), .text(id), versions.parameter] + parent)
    }

    /// The body's fields as one JSON object, checked.
    private func content(of body: JSONValue, isNew: Bool) throws -> String {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        var writer = JSONWriter()
        writer.beginObject()
        for field in fields { field.copy(from: &reader, to: &writer, isNew: isNew) }
        writer.endObject()
        if isNew, let name = people?.identity { _ = reader.uuid(name, .optional) }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func children(_ school: Parameter, _ body: String) -> [Query] {
        statements.rows.map { $0(school, .text(body)) }
    }

    private func run(_ work: Work, _ queries: [Query], deletes: Bool = false) async throws -> [Rows] {
        // Deferred constraints speak here, where they can still be told.
        let outcome = try await work.attempt(queries + [Idempotency.settle()])
        if let refusal = outcome.refusal {
            throw problem(for: refusal, deletes: deletes) ?? PostgresError.refused(refusal)
        }
        return outcome.rows
    }

    private func answer(_ rows: Rows, status: Status = .ok) throws -> Response {
        guard !rows.isEmpty, let version = rows.integer(0, "version") else { throw Problem(.notFound) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.fields(rows, row: 0)
        writer.endObject()
        // What is joined to the row changes without it.
        let digest = people == nil ? "" : "." + ContentTag.of(writer.bytes).opaque.prefix(16)
        var response = Response.tagged(writer, EntityTag("v\(version)\(digest)"))
        response.status = status
        return response
    }
}

// MARK: Refusals of the database

extension SchoolResource {
    /// PostgreSQL, "Error Codes", class 23: the constraint's name leads to the field.
    private func problem(for error: ServerError, deletes: Bool) -> Problem? {
        let constraint = error.constraint ?? ""
        if error.sqlState == "23503" && deletes { return Problem(.inUse) }
        if let refusal = refusals[constraint] { return refusal.problem }
        switch error.sqlState {
        case "23503":
            // A foreign key's name holds its columns.
            if let parent, constraint.contains(parent.column) { return Problem(.notFound) }
            guard let field = fields.first(where: { constraint.contains($0.name) }) else { return Problem(.conflict) }
            return Refusal.unknown(field.name).problem
        case "23505":
            guard let field = fields.first(where: { constraint.contains("_\($0.name)") }) else {
                return Problem(.alreadyExists)
            }
            return Refusal(
                .alreadyExists, field: field.name, code: "already_exists", ru: "Такое уже есть.",
                en: "There is one already."
            ).problem
        case "23514":
            guard let field = fields.first(where: { constraint == "\(table)_\($0.name)" }) else {
                return Problem(.conflict)
            }
            return Refusal(
                field: field.name, code: "invalid", ru: "Неверное значение.", en: "The value is not valid."
            ).problem
        // Integrity constraint violations that no declaration foresees.
        case let state where state.hasPrefix("23"): return Problem(.conflict)
        default: return nil
        }
    }
}

extension String {
    /// Of a table's name: `academic_years` is `academic_year`.
    fileprivate var singular: String {
        if hasSuffix("ies") { return dropLast(3) + "y" }
        return hasSuffix("sses") ? String(dropLast(2)) : String(dropLast())
    }
}
