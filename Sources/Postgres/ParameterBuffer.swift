import Glibc

/// The parameters of a segment's queries as libpq wants them: C strings in one buffer.
struct ParameterBuffer {
    private var bytes: [UInt8] = []
    /// Where each value begins in `bytes`; -1 for NULL.
    private var offsets: [Int] = []
    /// Where each query's values end in `offsets`.
    private var ends: [Int] = []

    init(_ queries: [Query]) throws(PostgresError) {
        var size = 0
        var values = 0
        for query in queries {
            values += query.parameters.count
            for parameter in query.parameters { size += parameter.roughSize }
        }
        bytes.reserveCapacity(size)
        offsets.reserveCapacity(values)
        ends.reserveCapacity(queries.count)
        for query in queries {
            for parameter in query.parameters { try append(parameter) }
            ends.append(offsets.count)
        }
    }

    /// The number of bytes that are sent to the server.
    var size: Int { bytes.count }

    /// Calls `body` with the values of one query, valid during the call.
    func withPointers<Value>(
        of query: Int, _ body: (UnsafeMutableBufferPointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        let first = query == 0 ? 0 : ends[query - 1]
        let count = ends[query] - first
        return unsafe bytes.withUnsafeBytes { buffer in
            let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
                for index in 0..<count {
                    let offset = offsets[first + index]
                    unsafe pointers.initializeElement(at: index, to: offset < 0 ? nil : base! + offset)
                }
                return unsafe body(pointers)
            }
        }
    }

    private mutating func append(_ parameter: Parameter) throws(PostgresError) {
        offsets.append(bytes.count)
        switch parameter {
        case .null:
            offsets[offsets.count - 1] = -1
            return
        case .text(let text): try append(text)
        case .integer(let value): append(value)
        case .boolean(let value): bytes.append(UInt8(ascii: value ? "t" : "f"))
        case .bytes(let value): append(value)
        case .texts(let values): try append(values)
        }
        bytes.append(0)
    }

    /// libpq's text parameters end at the first NUL; the rest would silently be lost.
    private mutating func append(_ text: String) throws(PostgresError) {
        let utf8 = text.utf8.span
        let hasNull = unsafe utf8.withUnsafeBufferPointer { buffer in
            unsafe buffer.count > 0 && memchr(buffer.baseAddress!, 0, buffer.count) != nil
        }
        if hasNull { throw .nullCharacter }
        append(copying: utf8)
    }

    private mutating func append(copying span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ number: Int) {
        var digits: InlineArray<20, UInt8> = InlineArray(repeating: 0)
        var start = 20
        var rest = number.magnitude
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        } while rest > 0
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        while start < 20 {
            bytes.append(digits[start])
            start += 1
        }
    }

    /// Appends a `bytea` in hex format.
    private mutating func append(_ value: [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: "x"))
        bytes.append(addingCapacity: value.count * 2) { output in
            for byte in value {
                output.append(Self.digit(byte >> 4))
                output.append(Self.digit(byte & 15))
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    /// PostgreSQL, "Array Input and Output Syntax": every element is quoted, `"` and `\` are escaped.
    private mutating func append(_ values: [String?]) throws(PostgresError) {
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for value in values {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            if let value {
                bytes.append(UInt8(ascii: "\""))
                try append(escaping: value.utf8.span)
                bytes.append(UInt8(ascii: "\""))
            } else {
                append(copying: "NULL".utf8.span)
            }
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func append(escaping text: Span<UInt8>) throws(PostgresError) {
        var start = 0
        for index in 0..<text.count {
            let byte = text[index]
            if byte == 0 { throw .nullCharacter }
            guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            append(copying: text.extracting(start..<index))
            bytes.append(UInt8(ascii: "\\"))
            start = index
        }
        append(copying: text.extracting(start..<text.count))
    }
}

extension Parameter {
    /// Approximately the bytes that the value takes, so that the buffer is allocated once.
    fileprivate var roughSize: Int {
        switch self {
        case .null: 0
        case .text(let text): text.utf8.count + 1
        case .integer: 12
        case .boolean: 2
        case .bytes(let bytes): bytes.count * 2 + 3
        case .texts(let texts): texts.reduce(3) { $0 + ($1?.utf8.count ?? 2) + 3 }
        }
    }
}
