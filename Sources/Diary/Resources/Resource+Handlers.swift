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
        let page = Page(&query, keys: order.map { $0.sortKey } + [.identifier])
        try query.finish()
        let position = (0...order.count).map { Parameter.text(page.after?[$0]) } + [.integer(page.limit + 1)]
        var steps = Steps()
        steps.add(Query(statement: statements.list, parameters: school + parent + values + position), as: .list)
        steps.add(
            Query(
                statement: statements.total, parameters: school + parent + values + [.boolean(page.wantsTotal)]),
            as: .total)
        steps.add(Query(statement: statements.parent, parameters: school + parent), as: .parent)
        let results = steps.results(try await caller.read(steps.queries))
        guard !results[.parent].isEmpty else { throw Problem(.notFound) }
        return ListAnswer(request, caller, page).response(
            results[.list], key: order.map { $0.name } + ["id"], total: results[.total])
    }

    func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let id = try identifier(request)
        var steps = Steps()
        steps.add(show(caller, id, try parent(request)), as: .row)
        guard let record = reading(caller, id) else {
            return try answer(steps.results(try await caller.read(steps.queries))[.row])
        }
        steps.add(record)
        return try answer(try await run(steps, .segment(caller.services.lanes, caller.scope), .get)[.row])
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
        var steps = Steps()
        if let person { steps.add(Self.demandPerson(.text(person))) }
        if let demands { steps.add(demands(.text(body), .text(id))) }
        steps.add(Query(statement: statements.insert, parameters: [school, .text(id), .text(body)] + parent))
        for child in children { steps.add(child(school, .text(body))) }
        steps.add(show(caller, id, parent), as: .row)
        return try await Idempotency.run(request, caller, keeper: keeper(caller, parent)) { work in
            var response = try answer(try await run(steps, work, .create)[.row], status: .created)
            let base = caller.services.settings.publicURL ?? request.origin ?? ""
            response.headers.append(("Location", "\(base)\(request.head.path)/\(id)"))
            return response
        }
    }

    func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try identifier(request)
        let parent = try parent(request)
        let body = try content(of: try await request.json(), isNew: false)
        let school = Parameter.integer(caller.school.id)
        var steps = Steps()
        steps.add(lock(caller, id, parent, versions.parameter), as: .lock)
        if let demands { steps.add(demands(.text(body), .text(id))) }
        steps.add(statements.update(school, .text(body)))
        for child in children { steps.add(child(school, .text(body))) }
        if let record = reading(caller, id) { steps.add(record) }
        steps.add(show(caller, id, parent), as: .row)
        return try await Idempotency.run(request, caller, keeper: keeper(caller, parent)) { work in
            let results = try await run(steps, work, .update)
            try versions.check(results[.lock])
            return try answer(results[.row])
        }
    }

    func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try identifier(request)
        var steps = Steps()
        steps.add(lock(caller, id, try parent(request), versions.parameter), as: .lock)
        steps.add(statements.delete(.integer(caller.school.id)))
        let results = try await run(steps, .segment(caller.services.lanes, caller.scope), .delete)
        try versions.check(results[.lock])
        return Response(.noContent)
    }

    /// A kept answer about a person is given again only to a caller who may still make such a change (A3): somebody else
    /// sees less of the row by now, or nothing.
    private func keeper(_ caller: Caller, _ parent: [Parameter]) -> ((String) -> Query)? {
        guard visibility != nil else { return nil }
        return { id in lock(caller, id, parent, .null) }
    }

    /// The body's fields as one JSON object, checked.
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

    /// The person who becomes the row, where the body names one. Managers name anybody of the school; other callers could
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

    /// The parent's id in the path, where there is one.
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

    /// The record that a profile was read, for callers whose reading is recorded (K2).
    private func reading(_ caller: Caller, _ id: String) -> Query? {
        caller.isFamilyOnly ? nil : recordsReading?(.text(id))
    }

    private func run(_ steps: Steps, _ work: Work, _ operation: Operation) async throws -> Steps.Results {
        // Deferred constraints speak here, while the answer can still say so.
        let outcome = try await work.attempt(steps.queries + [Idempotency.settle()])
        if let refusal = outcome.refusal {
            throw problem(for: refusal, operation: operation) ?? PostgresError.refused(refusal)
        }
        return steps.results(outcome.rows)
    }

    private func answer(_ rows: Rows, status: Status = .ok) throws -> Response {
        guard !rows.isEmpty, let version = rows.integer(0, "version") else { throw Problem(.notFound) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.fields(rows, row: 0)
        writer.endObject()
        // What the row shows of other tables, and to whom, changes without a new version.
        let digest = visibility == nil ? "" : "." + ContentTag.of(writer.bytes).opaque.prefix(16)
        var response = Response.tagged(writer, EntityTag("v\(version)\(digest)"))
        response.status = status
        return response
    }
}

/// The queries of one round trip, of which some have a name that their rows are found by.
private struct Steps {
    enum Name { case list, total, parent, lock, row }

    private(set) var queries: [Query] = []
    private var places: [Name: Int] = [:]

    mutating func add(_ query: Query, as name: Name? = nil) {
        if let name { places[name] = queries.count }
        queries.append(query)
    }

    func results(_ rows: [Rows]) -> Results { Results(rows: rows, places: places) }

    struct Results {
        fileprivate let rows: [Rows]
        fileprivate let places: [Name: Int]

        subscript(name: Name) -> Rows { rows[places[name]!] }
    }
}
