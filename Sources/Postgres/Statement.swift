import Synchronization

/// A constant SQL statement. Each connection prepares it at its first use.
///
/// Column aliases are the JSON keys of its result; `RowShape` describes their syntax.
package struct Statement: Sendable, Equatable {
    let id: Int
    package let sql: String

    private static let count = Atomic<Int>(0)

    package init(_ sql: String) {
        self.sql = sql
        id = Self.count.add(1, ordering: .relaxed).newValue
    }

    package static func == (left: Statement, right: Statement) -> Bool { left.id == right.id }

    package func callAsFunction(_ parameters: Parameter...) -> Query {
        Query(statement: self, parameters: parameters)
    }
}

/// A statement with the values of its `$1…`.
package struct Query: Equatable {
    package let statement: Statement
    package let parameters: [Parameter]

    package init(statement: Statement, parameters: [Parameter]) {
        self.statement = statement
        self.parameters = parameters
    }
}

/// A value that is sent to PostgreSQL as text; the casts in the statement give the type.
package enum Parameter: Sendable, Equatable {
    case null
    case text(String)
    case integer(Int)
    case boolean(Bool)
    case bytes([UInt8])
    case texts([String?])

    package static func text(_ value: String?) -> Parameter { value.map { .text($0) } ?? .null }
    package static func integer(_ value: Int?) -> Parameter { value.map { .integer($0) } ?? .null }
    package static func boolean(_ value: Bool?) -> Parameter { value.map { .boolean($0) } ?? .null }
    package static func integers(_ values: [Int?]) -> Parameter { .texts(values.map { $0.map { String($0) } }) }
    package static func booleans(_ values: [Bool?]) -> Parameter { .texts(values.map { $0.map { $0 ? "t" : "f" } }) }
}
