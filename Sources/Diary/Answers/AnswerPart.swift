import JSON
import Postgres
import Web

/// A node of an answer's tree. `Gate`, `Fields`, `List` and the other types below make them.
package enum AnswerPart {
    case gate(Gate)
    case fields(Query)
    case list(List)
    case object(Object)
    case member(Member)
    case silent(Query)
    case parts([AnswerPart])
}

/// A condition for the whole answer: the query returns a row, and the row does not refuse. Other parts of the tree may
/// write the columns of the same query.
package struct Gate {
    let query: Query
    let refusal: String?
    let problem: (Results) throws -> Problem

    /// - Parameters:
    ///   - refusal: a boolean column that closes the gate when it is true.
    ///   - problem: the problem that the caller gets.
    package init(
        _ query: Query, unless refusal: String? = nil,
        else problem: @autoclosure @escaping () -> Problem = Problem(.notFound)
    ) {
        self.init(query, unless: refusal) { _ in problem() }
    }

    /// - Parameter problem: makes the problem that the caller gets, from the results of the gates above this one.
    package init(_ query: Query, unless refusal: String? = nil, problem: @escaping (Results) throws -> Problem) {
        self.query = query
        self.refusal = refusal
        self.problem = problem
    }
}

/// The columns of a one-row query, as members of the enclosing object.
package struct Fields {
    let query: Query

    package init(_ query: Query) { self.query = query }
}

/// A named object.
package struct Object {
    let name: String
    let query: Query?
    let parts: [AnswerPart]

    /// The columns of a one-row query, followed by the parts; null without a row.
    package init(_ name: String, _ query: Query, @AnswerBuilder _ parts: () -> [AnswerPart] = { [] }) {
        self.name = name
        self.query = query
        self.parts = parts()
    }

    /// An object that consists of parts only.
    package init(_ name: String, @AnswerBuilder _ parts: () -> [AnswerPart]) {
        self.name = name
        query = nil
        self.parts = parts()
    }
}

/// A query's rows as a named list, with lists inside each row, see `RowList`. The rows of an inner list come in the
/// order of the outer rows; their column `_parent` has the outer row's key.
package struct List {
    let name: String
    let query: Query
    let limit: Int
    let hidden: Set<String>
    let children: [List]

    /// - Parameters:
    ///   - limit: the number of rows to write; a page queries one more than it shows.
    ///   - hidden: members that are not written.
    package init(
        _ name: String, _ query: Query, limit: Int = .max, without hidden: Set<String> = [],
        @ListBuilder _ children: () -> [List] = { [] }
    ) {
        self.name = name
        self.query = query
        self.limit = limit
        self.hidden = hidden
        self.children = children()
    }
}

/// A member that a closure writes, from the results of the queries.
package struct Member {
    let name: String
    let write: (inout JSONWriter, Results) throws -> Void

    package init(_ name: String, _ write: @escaping (inout JSONWriter, Results) throws -> Void) {
        self.name = name
        self.write = write
    }
}

/// A query that writes nothing itself: it makes settings for the queries after it, or a `Member` uses its rows.
package struct Silent {
    package let query: Query

    package init(_ query: Query) { self.query = query }
}

@resultBuilder
package enum AnswerBuilder {
    package static func buildExpression(_ gate: Gate) -> AnswerPart { .gate(gate) }
    package static func buildExpression(_ fields: Fields) -> AnswerPart { .fields(fields.query) }
    package static func buildExpression(_ list: List) -> AnswerPart { .list(list) }
    package static func buildExpression(_ object: Object) -> AnswerPart { .object(object) }
    package static func buildExpression(_ member: Member) -> AnswerPart { .member(member) }
    package static func buildExpression(_ parts: [AnswerPart]) -> AnswerPart { .parts(parts) }
    package static func buildExpression(_ silent: Silent) -> AnswerPart { .silent(silent.query) }
    package static func buildBlock(_ parts: AnswerPart...) -> [AnswerPart] { parts }
    package static func buildOptional(_ parts: [AnswerPart]?) -> AnswerPart { .parts(parts ?? []) }
    package static func buildEither(first parts: [AnswerPart]) -> AnswerPart { .parts(parts) }
    package static func buildEither(second parts: [AnswerPart]) -> AnswerPart { .parts(parts) }
}

@resultBuilder
package enum ListBuilder {
    package static func buildBlock(_ lists: List...) -> [List] { lists }
}
