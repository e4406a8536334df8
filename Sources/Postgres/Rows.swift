import CPostgres
import Glibc
import JSON

/// The results of a segment: the rows of each statement up to the one that PostgreSQL refused. A refused segment has
/// been rolled back; the results before the refusal help to explain it.
package struct Outcome {
    package internal(set) var rows: [Rows]
    package let refusal: ServerError?

    func get() throws(PostgresError) -> [Rows] {
        if let refusal { throw .refused(refusal) }
        return rows
    }
}

/// The rows of one statement, kept in libpq's memory until the last reference is gone.
@safe package final class Rows {
    package let count: Int
    private(set) var shape: RowShape
    private let result: OpaquePointer
    let isBinary: Bool

    /// Takes over the result.
    init(_ result: OpaquePointer, shape: RowShape) {
        unsafe self.result = unsafe result
        self.shape = shape
        count = unsafe Int(PQntuples(result))
        isBinary = unsafe PQbinaryTuples(result) == 1
    }

    deinit { unsafe PQclear(result) }

    /// Leaves members out of what is rendered; their values can still be read.
    package func hide(_ members: Set<String>) { shape = shape.without(members) }

    package var isEmpty: Bool { count == 0 }

    /// Whether the query returns a column with this alias.
    package func has(_ name: String) -> Bool { shape.names.contains(name) }

    /// Bytes used in memory.
    var size: Int { unsafe PQresultMemorySize(result) }

    /// How many rows an INSERT, UPDATE or DELETE changed.
    package var affected: Int { unsafe Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// The command tag: `COMMIT`, `INSERT 0 1`.
    var command: String { unsafe String(cString: PQcmdStatus(result)) }

    package func isNull(_ row: Int, _ column: Int) -> Bool {
        unsafe PQgetisnull(result, Int32(row), Int32(column)) != 0
    }

    /// A value as text, by the column's alias; nil for NULL.
    package func text(_ row: Int, _ name: String) -> String? {
        let column = shape.index(of: name)
        return isNull(row, column) ? nil : text(row, column)
    }

    private func text(_ row: Int, _ column: Int) -> String {
        let value = unsafe value(row, column)
        if isBinary, let form = shape.forms?[column], form != .same {
            return unsafe String(unsafeUninitializedCapacity: BinaryForm.longest) { output in
                unsafe form.write(
                    value.assumingMemoryBound(to: UInt8.self).baseAddress!, value.count, to: output.baseAddress!)
            }
        }
        return unsafe String(decoding: value, as: UTF8.self)
    }

    package func integer(_ row: Int, _ name: String) -> Int? { text(row, name).flatMap { Int($0) } }

    package func boolean(_ row: Int, _ name: String) -> Bool { text(row, name) == "t" }

    /// A `bytea` in hex format.
    package func bytes(_ row: Int, _ name: String) -> [UInt8]? {
        let column = shape.index(of: name)
        guard !isNull(row, column) else { return nil }
        let text = unsafe value(row, column)
        guard text.count >= 2, unsafe text[1] == UInt8(ascii: "x") else { return nil }
        func digit(_ character: UInt8) -> UInt8 {
            character <= UInt8(ascii: "9") ? character - UInt8(ascii: "0") : (character | 32) - 87
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: (text.count - 2) / 2) { bytes, count in
            count = bytes.count
            for index in bytes.indices {
                unsafe bytes[index] = digit(text[2 + 2 * index]) << 4 | digit(text[3 + 2 * index])
            }
        }
    }

    /// Writes a row's fields as members of an object, see `RowWriter`.
    func write(
        _ row: Int, from position: Int, into output: inout OutputSpan<UInt8>, _ needsComma: inout Bool
    ) -> (position: Int, needed: Int) {
        unsafe output.withUnsafeMutableBufferPointer { buffer, count in
            unsafe shape.steps.withUnsafeBufferPointer { steps in
                unsafe shape.keys.withUnsafeBufferPointer { keys in
                    var writer = unsafe RowWriter(
                        result, row: row, isBinary: isBinary, steps, keys: keys.baseAddress!, output: buffer,
                        from: count, needsComma: needsComma)
                    let end = writer.write(from: position)
                    count = unsafe writer.written(in: buffer)
                    needsComma = writer.needsComma
                    return end
                }
            }
        }
    }

    /// Whether two values have the same text.
    func isValue(_ row: Int, _ column: Int, sameAs other: Rows, _ otherRow: Int, _ otherColumn: Int) -> Bool {
        // A statement that has just been prepared still returns text.
        guard isBinary == other.isBinary else {
            return text(row, column) == other.text(otherRow, otherColumn)
        }
        let value = unsafe value(row, column)
        let otherValue = unsafe other.value(otherRow, otherColumn)
        return unsafe value.count == otherValue.count
            && (value.isEmpty || memcmp(value.baseAddress!, otherValue.baseAddress!, value.count) == 0)
    }

    private func value(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: PQgetvalue(result, Int32(row), Int32(column)),
            count: Int(PQgetlength(result, Int32(row), Int32(column))))
    }
}
