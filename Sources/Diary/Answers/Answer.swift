import HTTP1
import JSON
import Postgres
import Web

/// A JSON object and its queries as one tree: what is read, which conditions have to be met, and what is written.
///
///     Answer {
///         Gate(student)
///         Object("student", student)
///         List("lessons", lessons(school)) {
///             List("homework", homework(school))
///         }
///     }
///
/// All queries form one segment: one round trip, one snapshot. They are sent in the order of the tree, so a query may
/// rely on settings made by queries above it; a query that the tree names again is not sent again. The gates are then
/// checked from the top, and JSON is written only when all of them are open.
package struct Answer {
    private let parts: [AnswerPart]
    private let untagged: [AnswerPart]
    private let capacity: Int

    /// - Parameters:
    ///   - capacity: the expected number of bytes of JSON.
    ///   - parts: the parts of the object.
    ///   - untagged: fields at the end of the object that change independently of the rest: the entity tag leaves them
    ///     out.
    package init(
        capacity: Int = 1024, @AnswerBuilder _ parts: () -> [AnswerPart],
        @AnswerBuilder untagged: () -> [AnswerPart] = { [] }
    ) {
        self.capacity = capacity
        self.parts = parts()
        self.untagged = untagged()
    }

    /// The object with an entity tag, for `If-None-Match`; the tag is weak when it leaves fields out.
    package func tagged(for caller: Caller) async throws -> Response {
        try tagged(try await read(for: caller))
    }

    /// The same, from results whose gates have been checked.
    package func tagged(_ results: Results) throws -> Response {
        var writer = JSONWriter(reservingCapacity: capacity)
        writer.beginObject()
        try parts.write(results, to: &writer)
        guard !untagged.isEmpty else {
            writer.endObject()
            return .tagged(writer)
        }
        let tag = ContentTag.of(writer.bytes)
        try untagged.write(results, to: &writer)
        writer.endObject()
        return .tagged(writer, EntityTag(tag.opaque, isWeak: true))
    }

    /// The object, and the results, from which the caller builds the rest of the response.
    ///
    /// - Parameter isRecorded: one of the queries records the reading (K2), so they run as a write.
    package func plain(
        for caller: Caller, isRecorded: Bool = false
    ) async throws -> (response: Response, results: Results) {
        let results: Results
        if isRecorded {
            results = Results(queries, try await caller.services.lanes.write(caller.scope, queries))
            try check(results)
        } else {
            results = try await read(for: caller)
        }
        return (.json(try json(results)), results)
    }

    /// Runs all queries, then checks the gates.
    func read(for caller: Caller) async throws -> Results {
        let results = try await caller.results(of: queries)
        try check(results)
        return results
    }

    /// Each query once, in the order of the tree.
    package var queries: [Query] {
        var queries: [Query] = []
        queries.reserveCapacity(16)
        parts.collect(into: &queries)
        untagged.collect(into: &queries)
        return queries
    }

    /// - Throws: the problem of the first closed gate.
    package func check(_ results: Results) throws {
        try parts.check(results)
        try untagged.check(results)
    }

    package func json(_ results: Results) throws -> JSONWriter {
        var writer = JSONWriter(reservingCapacity: capacity)
        writer.beginObject()
        try parts.write(results, to: &writer)
        try untagged.write(results, to: &writer)
        writer.endObject()
        return writer
    }
}

extension [AnswerPart] {
    fileprivate func collect(into queries: inout [Query]) {
        for part in self {
            switch part {
            case .gate(let gate): queries.add(gate.query)
            case .fields(let query): queries.add(query)
            case .silent(let query): queries.add(query)
            case .list(let list): list.collect(into: &queries)
            case .object(let object):
                if let query = object.query { queries.add(query) }
                object.parts.collect(into: &queries)
            case .member: break
            case .parts(let parts): parts.collect(into: &queries)
            }
        }
    }

    fileprivate func check(_ results: Results) throws {
        for part in self {
            switch part {
            case .gate(let gate): try gate.check(results)
            case .object(let object): try object.parts.check(results)
            case .parts(let parts): try parts.check(results)
            case .fields, .silent, .list, .member: break
            }
        }
    }

    fileprivate func write(_ results: Results, to writer: inout JSONWriter) throws {
        for part in self {
            switch part {
            case .gate, .silent: break
            case .fields(let query): writer.fields(try results[query], row: 0)
            case .list(let list): writer.list(try list.rows(results))
            case .object(let object): try object.write(results, to: &writer)
            case .member(let member):
                writer.key(member.name)
                try member.write(&writer, results)
            case .parts(let parts): try parts.write(results, to: &writer)
            }
        }
    }
}

extension List {
    fileprivate func collect(into queries: inout [Query]) {
        queries.add(query)
        for child in children { child.collect(into: &queries) }
    }

    fileprivate func rows(_ results: Results) throws -> RowList {
        try RowList(name, results[query], children.map { try $0.rows(results) }, limit: limit, without: hidden)
    }
}

extension Object {
    fileprivate func write(_ results: Results, to writer: inout JSONWriter) throws {
        writer.key(name)
        let rows = try query.map { try results[$0] }
        if let rows, rows.isEmpty { return writer.null() }
        writer.beginObject()
        if let rows { writer.fields(rows, row: 0) }
        try parts.write(results, to: &writer)
        writer.endObject()
    }
}

extension Gate {
    fileprivate func check(_ results: Results) throws {
        let rows = try results[query]
        if rows.isEmpty || refusal.map({ rows.boolean(0, $0) }) == true { throw try problem(results) }
    }
}

extension [Query] {
    fileprivate mutating func add(_ query: Query) {
        if !contains(query) { append(query) }
    }
}
