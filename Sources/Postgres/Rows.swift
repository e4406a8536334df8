import CPostgres
import JSON

/// What a segment answered: the rows of each statement, up to the one that PostgreSQL refused. A refused segment has been
/// rolled back; what its statements answered before tells why.
package struct Outcome {
    package internal(set) var rows: [Rows]
    package let refusal: ServerError?

    func get() throws(PostgresError) -> [Rows] {
        if let refusal { throw .refused(refusal) }
        return rows
    }
}

/// The rows that one statement answered, in libpq's memory until the last reference goes.
@safe package final class Rows {
    package let count: Int
    let shape: RowShape
    private let result: OpaquePointer

    /// Takes the result over.
    init(_ result: OpaquePointer, shape: RowShape) {
        unsafe self.result = unsafe result
        self.shape = shape
        count = unsafe Int(PQntuples(result))
    }

    deinit { unsafe PQclear(result) }

    package var isEmpty: Bool { count == 0 }

    /// Bytes that it holds in memory.
    var size: Int { unsafe PQresultMemorySize(result) }

    /// Rows that an INSERT, UPDATE or DELETE touched.
    package var affected: Int { unsafe Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// The command's tag: `COMMIT`, `INSERT 0 1`.
    var command: String { unsafe String(cString: PQcmdStatus(result)) }

    package func isNull(_ row: Int, _ column: Int) -> Bool {
        unsafe PQgetisnull(result, Int32(row), Int32(column)) != 0
    }

    /// A value's text, by the column's alias; nil for NULL.
    package func text(_ row: Int, _ name: String) -> String? {
        let column = shape.index(of: name)
        return isNull(row, column) ? nil : unsafe String(cString: PQgetvalue(result, Int32(row), Int32(column)))
    }

    package func integer(_ row: Int, _ name: String) -> Int? { text(row, name).flatMap { Int($0) } }

    package func boolean(_ row: Int, _ name: String) -> Bool { text(row, name) == "t" }

    /// A `bytea` in hex form.
    package func bytes(_ row: Int, _ name: String) -> [UInt8]? {
        guard let text = text(row, name), text.hasPrefix("\\x") else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text.utf8.dropFirst(2) {
            let digit = character <= UInt8(ascii: "9") ? character - UInt8(ascii: "0") : (character | 32) - 87
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }

    func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(result, Int32(row), Int32(column)),
            count: Int(PQgetlength(result, Int32(row), Int32(column))))
    }
}

/// How a statement's columns become JSON, worked out once a connection from their aliases and types:
///
/// | alias | becomes |
/// |---|---|
/// | `name` | `"name": …` |
/// | `subject.name` | `"subject": {"name": …}`, with its neighbours of the same first part |
/// | `room?.id` | the same, or `"room": null` when this first column of the object is NULL |
/// | `_parent` | nothing: a column for the server's own use |
final class RowShape {
    enum Kind { case verbatim, boolean, moment, text }

    enum Step {
        case begin(key: JSONKey)
        /// An object that is null when this column is, and where the steps go on then.
        case beginUnlessNull(key: JSONKey, column: Int, end: Int)
        case end
        case value(key: JSONKey, column: Int, kind: Kind)
    }

    private(set) var steps: [Step] = []
    let names: [String]
    /// The column that children of a row point to with `_parent`: `_key`, else `id`.
    let key: Int?

    init(_ result: OpaquePointer) {
        let count = unsafe PQnfields(result)
        names = (0..<count).map { unsafe String(cString: PQfname(result, $0)) }
        key = names.firstIndex(of: "_key") ?? names.firstIndex(of: "id")
        var open: String?
        var optional: Int?
        func close() {
            guard open != nil else { return }
            steps.append(.end)
            if let position = optional, case .beginUnlessNull(let key, let column, _) = steps[position] {
                steps[position] = .beginUnlessNull(key: key, column: column, end: steps.count)
            }
            open = nil
            optional = nil
        }
        for (column, name) in names.enumerated() where !name.hasPrefix("_") {
            let parts = name.split(separator: ".", maxSplits: 1).map { String($0) }
            let group = parts.count == 2 ? parts[0] : nil
            if group != open { close() }
            if let group, open == nil {
                open = group
                if group.hasSuffix("?") {
                    optional = steps.count
                    steps.append(.beginUnlessNull(key: JSONKey(String(group.dropLast())), column: column, end: 0))
                } else {
                    steps.append(.begin(key: JSONKey(group)))
                }
            }
            let kind = unsafe Self.kind(ofType: PQftype(result, Int32(column)))
            steps.append(.value(key: JSONKey(parts.last!), column: column, kind: kind))
        }
        close()
    }

    func index(of name: String) -> Int {
        guard let index = names.firstIndex(of: name) else { preconditionFailure("no column \(name) in \(names)") }
        return index
    }

    /// Object identifiers of the built-in types (pg_type.dat).
    private static func kind(ofType oid: Oid) -> Kind {
        switch oid {
        case 16: .boolean
        case 20, 21, 23, 26, 700, 701, 1700, 114, 3802: .verbatim  // numbers and json as they are
        case 1184: .moment
        default: .text
        }
    }
}
