import Synchronization

/// One SQL text of the program, a static constant. Each connection prepares it at its first use.
///
/// Column aliases are the JSON keys of what it answers; see `RowShape` for their small language.
package struct Statement: Sendable {
    let id: Int
    package let sql: String

    private static let count = Atomic<Int>(0)

    package init(_ sql: String) {
        self.sql = sql
        id = Self.count.add(1, ordering: .relaxed).newValue
    }

    package func callAsFunction(_ parameters: Parameter...) -> Query {
        Query(statement: self, parameters: parameters)
    }
}

/// A statement with the values of its `$1…`.
package struct Query {
    package let statement: Statement
    package let parameters: [Parameter]

    package init(statement: Statement, parameters: [Parameter]) {
        self.statement = statement
        self.parameters = parameters
    }
}

/// A value sent to PostgreSQL in its text form; the statement's casts give the type.
package enum Parameter: Sendable {
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

/// The parameters of one query as libpq wants them: C strings in one buffer.
struct ParameterBuffer {
    private var bytes: [UInt8] = []
    private var offsets: [Int] = []

    init(_ parameters: [Parameter]) throws(PostgresError) {
        bytes.reserveCapacity(parameters.count * 40)
        for parameter in parameters { try append(parameter) }
    }

    func withPointers<Value>(_ body: ([UnsafePointer<CChar>?]) -> Value) -> Value {
        unsafe bytes.withUnsafeBytes { buffer in
            let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe body(offsets.map { unsafe $0 < 0 ? nil : base! + $0 })
        }
    }

    private mutating func append(_ parameter: Parameter) throws(PostgresError) {
        offsets.append(bytes.count)
        switch parameter {
        case .null:
            offsets[offsets.count - 1] = -1
            return
        case .text(let text): bytes.append(contentsOf: text.utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .boolean(let value): bytes.append(UInt8(ascii: value ? "t" : "f"))
        case .bytes(let value):
            bytes.append(contentsOf: "\\x".utf8)
            for byte in value {
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            }
        case .texts(let values): appendArray(values)
        }
        // libpq's text parameters end at the first NUL: the rest would be lost silently.
        if bytes[offsets.last!...].contains(0) { throw .nullCharacter }
        bytes.append(0)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// PostgreSQL, "Array Input and Output Syntax": every element quoted, `"` and `\` escaped.
    private mutating func appendArray(_ values: [String?]) {
        bytes.append(UInt8(ascii: "{"))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            guard let value else {
                bytes.append(contentsOf: "NULL".utf8)
                continue
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in value.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
    }
}
