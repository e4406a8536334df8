import HTTP1
import JSON
import Postgres
import Web

// MARK: Reading

extension Resource {
    func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let school: [Parameter] = [.integer(caller.school.id)]
        let parent = try parent(request)
        let values = statements.conditions.map { $0.value(&query) }
        let more = summary.isEmpty ? nil : query.options("fields", amongst: further)
        let page = Page(&query, keys: order.map { $0.sortKey } + [.identifier] + Pull.keys)
        let since = try Pull.since(&query)
        let conditions = parent + values + [since?.since ?? .null]
        let pull = Pull(
            &query, page, behind: order.count + 1, filters: conditions + [.texts(more ?? [])], since: since)
        try query.finish()
        let position = (0...order.count).map { Parameter.text(page.after?[$0]) } + [.integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            behind: statements.parent.map { Query(statement: $0, parameters: school + parent) },
            Query(
                statement: more == nil ? statements.list : statements.whole,
                parameters: school + conditions + position),
            without: more.map { Set(further).subtracting($0) } ?? [],
            key: order.map { $0.name } + ["id"],
            total: Query(
                statement: statements.total, parameters: school + conditions + [.boolean(page.wantsTotal)]),
            pull: pull)
    }

    /// The fields that are not in the summary.
    package var further: [String] { fields.map { $0.name }.filter { !summary.contains($0) } }

    func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try identifier(request)
        let row = show(caller, id, try parent(request))
        guard let record = reading(caller, id) else {
            return try answer(try await caller.results(of: [row])[row])
        }
        return try answer(try await run([row, record], .segment(caller.services.lanes, caller.scope), .get)[row])
    }
}

// MARK: Writing

extension Resource {
    private static let demandPerson = Statement("SELECT lyceum.demand_person($1::uuid)")

    func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let parent = try parent(request)
        let json = try await request.json()
        let body = try content(of: json, isNew: true)
        let person = try person(in: json, caller)
        let id = person ?? caller.services.newID()
        let school = Parameter.integer(caller.school.id)
        let row = show(caller, id, parent)
        let queries =
            [person.map { Self.demandPerson(.text($0)) }, demands?(.text(body), .text(id))].compactMap { $0 }
            + [Query(statement: statements.insert, parameters: [school, .text(id), .text(body)] + parent)]
            + children.map { $0(school, .text(body)) } + [row]
        return try await Idempotency.run(request, caller, keeper: keeper(caller, parent)) { work in
            return try answer(try await run(queries, work, .create)[row])
                .created(at: "\(request.head.path)/\(id)", request, caller)
        }
    }

    func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try identifier(request)
        let parent = try parent(request)
        let body = try content(of: try await request.json(), isNew: false)
        let school = Parameter.integer(caller.school.id)
        let (lock, row) = (lock(caller, id, parent, versions.parameter), show(caller, id, parent))
        let queries =
            [
                takesTurns?(school, .text(body)), lock, demands?(.text(body), .text(id)),
                statements.update(school, .text(body)),
            ].compactMap { $0 }
            + children.map { $0(school, .text(body)) } + [reading(caller, id), row].compactMap { $0 }
        return try await Idempotency.run(request, caller, keeper: keeper(caller, parent)) { work in
            let results = try await run(queries, work, .update)
            try versions.check(results[lock])
            return try answer(results[row])
        }
    }

    func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try identifier(request)
        let lock = lock(caller, id, try parent(request), versions.parameter)
        let results = try await run(
            [lock, statements.delete(.integer(caller.school.id))], .segment(caller.services.lanes, caller.scope),
            .delete)
        try versions.check(results[lock])
        return Response(.noContent)
    }

    /// A kept answer about a person is replayed only if the caller may still make this change (A3): the caller may have
    /// lost access to the row since.
    private func keeper(_ caller: Caller, _ parent: [Parameter]) -> ((String) -> Query)? {
        guard visibility != nil else { return nil }
        return { id in lock(caller, id, parent, .null) }
    }

    /// Checks the body's fields and returns them as one JSON object.
    private func content(of body: JSONValue, isNew: Bool) throws -> String {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        var writer = JSONWriter()
        writer.beginObject()
        for field in fields { field.copy(from: &reader, to: &writer, isNew: isNew) }
        writer.endObject()
        if isNew, let identity { _ = reader.uuid(identity, .optional) }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The existing person whom the body names for the new row. Only managers may name a person: other callers could
    /// find out who has an account.
    private func person(in body: JSONValue, _ caller: Caller) throws -> String? {
        guard let identity, case .string(let id)? = body[identity] else { return nil }
        guard caller.manages else { throw Problem(.forbidden) }
        return FieldParsing.canonicalUUID(id)
    }
}

// MARK: What several operations need

extension Resource {
    private func identifier(_ request: Request) throws -> String { try request.identifier(row) }

    /// The parent's id from the path, if the resource has a parent.
    private func parent(_ request: Request) throws -> [Parameter] {
        guard let parent else { return [] }
        return [.text(try request.identifier(parent.column))]
    }

    private func show(_ caller: Caller, _ id: String, _ parent: [Parameter]) -> Query {
        Query(statement: statements.show, parameters: [.integer(caller.school.id), .text(id)] + parent)
    }

    private func lock(_ caller: Caller, _ id: String, _ parent: [Parameter], _ versions: Parameter) -> Query {
        Query(statement: statements.lock, parameters: [.integer(caller.school.id), .text(id), versions] + parent)
    }

    /// Records that a profile was read, for callers whose reads are recorded (K2).
    private func reading(_ caller: Caller, _ id: String) -> Query? {
        caller.isFamilyOnly ? nil : recordsReading?(.text(id))
    }

    private func run(_ queries: [Query], _ work: Work, _ operation: Operation) async throws -> Results {
        let results = try await work.results(of: queries + work.settling)
        if let refusal = results.refusal {
            throw problem(for: refusal, operation: operation) ?? PostgresError.refused(refusal)
        }
        return results
    }

    private func answer(_ rows: Rows) throws -> Response {
        // Columns from other tables can change without a new version, and callers see different columns.
        try .record(rows, changesAlone: visibility != nil)
    }
}
