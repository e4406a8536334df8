import HTTP1
import JSON
import Postgres
import Web

/// A JSON object and the queries that it is made of, as one tree: what is asked, what has to hold, and what is written.
///
///     Answer {
///         Gate(student)
///         Object("student", student)
///         List("lessons", lessons(school)) {
///             List("homework", homework(school))
///         }
///     }
///
/// All queries are one segment: one round trip, one snapshot. They are sent in the order in which the tree names them, so a
/// query may rely on settings of those above it; a query that is named again is not sent again. Then the gates are asked
/// from the top, and only then is anything written.
package struct Answer {
    private let parts: [AnswerPart]
    private let untagged: [AnswerPart]
    private let capacity: Int

    /// - Parameters:
    ///   - capacity: how many bytes of JSON are expected.
    ///   - parts: of the object.
    ///   - untagged: fields at its end that change without the rest of it: the entity tag leaves them out.
    package init(
        capacity: Int = 1024, @AnswerBuilder _ parts: () -> [AnswerPart],
        @AnswerBuilder untagged: () -> [AnswerPart] = { [] }
    ) {
        self.capacity = capacity
        self.parts = parts()
        self.untagged = untagged()
    }

    /// The object with an entity tag, for `If-None-Match`; a weak one when the tag leaves fields out.
    package func tagged(for caller: Caller) async throws -> Response {
        try tagged(try await read(for: caller))
    }

    /// The same, of results whose gates have been asked.
    func tagged(_ results: Results) throws -> Response {
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

    /// The object, and the results for what else the response says.
    package func plain(for caller: Caller) async throws -> (response: Response, results: Results) {
        let results = try await read(for: caller)
        return (.json(try json(results)), results)
    }

    /// Asks everything, then the gates.
    func read(for caller: Caller) async throws -> Results {
        let results = try await caller.results(of: queries)
        try check(results)
        return results
    }

    /// Each query once, in the order in which the tree names them.
    package var queries: [Query] {
        var queries: [Query] = []
        queries.reserveCapacity(16)
        parts.collect(into: &queries)
        untagged.collect(into: &queries)
        return queries
    }

    /// - Throws: the problem of the first gate that is closed.
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
        try RowList(name, results[query], children.map { try $0.rows(results) }, limit: limit)
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
    /// Adds a query that is not there yet.
    fileprivate mutating func add(_ query: Query) {
        if !contains(query) { append(query) }
    }
}
