import JSON
import Postgres
import Web

/// A node of an answer's tree. `Gate`, `Fields`, `List` and the others below make them.
package enum AnswerPart {
    case gate(Gate)
    case fields(Query)
    case list(List)
    case object(Object)
    case member(Member)
    case silent(Query)
    case parts([AnswerPart])
}

/// What has to hold, or there is no answer: the query has a row, and the row does not refuse. What is written of the row is
/// said elsewhere in the tree, by the same query.
package struct Gate {
    let query: Query
    let refusal: String?
    let problem: (Results) throws -> Problem

    /// - Parameters:
    ///   - refusal: a boolean column that closes the gate where it is true.
    ///   - problem: what the caller is told.
    package init(
        _ query: Query, unless refusal: String? = nil,
        else problem: @autoclosure @escaping () -> Problem = Problem(.notFound)
    ) {
        self.init(query, unless: refusal) { _ in problem() }
    }

    /// - Parameter problem: what the caller is told, by what the gates above this one answered.
    package init(_ query: Query, unless refusal: String? = nil, problem: @escaping (Results) throws -> Problem) {
        self.query = query
        self.refusal = refusal
        self.problem = problem
    }
}

/// The columns of a query's one row, as members of the object around them.
package struct Fields {
    let query: Query

    package init(_ query: Query) { self.query = query }
}

/// An object by name.
package struct Object {
    let name: String
    let query: Query?
    let parts: [AnswerPart]

    /// The query's one row and the parts behind it; null without a row.
    package init(_ name: String, _ query: Query, @AnswerBuilder _ parts: () -> [AnswerPart] = { [] }) {
        self.name = name
        self.query = query
        self.parts = parts()
    }

    /// An object of parts alone.
    package init(_ name: String, @AnswerBuilder _ parts: () -> [AnswerPart]) {
        self.name = name
        query = nil
        self.parts = parts()
    }
}

/// A query's rows as a list by name, and lists inside of each row, see `RowList`: rows of an inner list come in the order of
/// the outer rows, whose key stands in `_parent`.
package struct List {
    let name: String
    let query: Query
    let limit: Int
    let hidden: Set<String>
    let children: [List]

    /// - Parameters:
    ///   - limit: rows to write; a page asks for one more than it shows.
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

/// A member that is written by hand, from what the queries answered.
package struct Member {
    let name: String
    let write: (inout JSONWriter, Results) throws -> Void

    package init(_ name: String, _ write: @escaping (inout JSONWriter, Results) throws -> Void) {
        self.name = name
        self.write = write
    }
}

/// A query of which nothing is written by itself: it makes settings for those behind it, or a member reads it.
package struct Silent {
    let query: Query

    package init(_ query: Query) { self.query = query }
}

@resultBuilder
package enum AnswerBuilder {
    package static func buildExpression(_ gate: Gate) -> AnswerPart { .gate(gate) }
    package static func buildExpression(_ fields: Fields) -> AnswerPart { .fields(fields.query) }
    package static func buildExpression(_ list: List) -> AnswerPart { .list(list) }
    package static func buildExpression(_ object: Object) -> AnswerPart { .object(object) }
    package static func buildExpression(_ member: Member) -> AnswerPart { .member(member) }
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
