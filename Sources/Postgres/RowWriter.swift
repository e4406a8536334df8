import CPostgres
import Glibc
import JSON

/// Writes the fields of one row as members of a JSON object, directly from libpq's memory into the answer.
///
/// Every value of every row passes through here: no references are counted, and text is scanned and copied by words.
@safe struct RowWriter {
    private let result: OpaquePointer
    private let row: Int32
    private let isBinary: Bool
    private let steps: UnsafeBufferPointer<RowShape.Step>
    private let keys: UnsafePointer<UInt8>
    private var cursor: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>
    private(set) var needsComma: Bool

    init(
        _ result: OpaquePointer, row: Int, isBinary: Bool, _ steps: UnsafeBufferPointer<RowShape.Step>,
        keys: UnsafePointer<UInt8>, output: UnsafeMutableBufferPointer<UInt8>, from start: Int, needsComma: Bool
    ) {
        unsafe self.result = unsafe result
        self.row = Int32(row)
        self.isBinary = isBinary
        unsafe self.steps = unsafe steps
        unsafe self.keys = unsafe keys
        unsafe cursor = output.baseAddress! + start
        unsafe end = output.baseAddress! + output.count
        self.needsComma = needsComma
    }

    func written(in output: UnsafeMutableBufferPointer<UInt8>) -> Int { unsafe cursor - output.baseAddress! }

    /// Continues from a step until the output is full.
    ///
    /// - Returns: the step to continue from and the bytes that it needs; the number of steps when all are done.
    mutating func write(from position: Int) -> (position: Int, needed: Int) {
        var position = position
        while unsafe position < steps.count {
            let step = unsafe steps[position]
            let length = step.column < 0 ? 0 : unsafe Int(PQgetlength(result, row, step.column))
            // An escape takes six bytes, and copying by words writes up to seven bytes too many.
            let needed = Int(step.keyCount) + 6 * length + 16
            if unsafe end - cursor < needed { return (position, needed) }
            position += 1
            if step.kind == .end {
                put(0x7D)
                needsComma = true
                continue
            }
            write(key: step)
            needsComma = step.kind != .begin
            // Both NULL and the empty text have no bytes.
            if length == 0, step.column >= 0, unsafe PQgetisnull(result, row, step.column) != 0 {
                put("null")
                if step.kind == .beginUnlessNull { position = Int(step.next) }
                continue
            }
            switch step.kind {
            case .begin: put(0x7B)
            case .beginUnlessNull:
                put(0x7B)
                needsComma = false
            default:
                let value = unsafe UnsafeRawPointer(PQgetvalue(result, row, step.column)!).assumingMemoryBound(
                    to: UInt8.self)
                if isBinary && step.form != .same {
                    unsafe write(value, length, step.form)
                } else {
                    unsafe write(value, length, step.kind)
                }
            }
        }
        return (position, 0)
    }

    /// These values contain no byte that needs an escape.
    private mutating func write(_ value: UnsafePointer<UInt8>, _ length: Int, _ form: BinaryForm) {
        switch form {
        case .integer: unsafe cursor += form.write(value, length, to: cursor)
        case .boolean: put(unsafe value[0] == 0 ? "false" : "true")
        default:
            put(0x22)
            let count = unsafe form.write(value, length, to: cursor)
            if form == .moment { write(moment: count) } else { unsafe cursor += count }
            put(0x22)
        }
    }

    private mutating func write(_ value: UnsafePointer<UInt8>, _ length: Int, _ kind: RowShape.Step.Kind) {
        switch kind {
        case .verbatim:
            // NaN and the infinities of float and numeric have no JSON form.
            let first = unsafe value[0] == UInt8(ascii: "-") ? value[1] : value[0]
            if first == UInt8(ascii: "N") || first == UInt8(ascii: "I") { return put("null") }
            unsafe memcpy(cursor, value, length)
            unsafe cursor += length
        case .boolean: put(unsafe value[0] == UInt8(ascii: "t") ? "true" : "false")
        case .moment:
            put(0x22)
            unsafe memcpy(cursor, value, length)
            write(moment: length)
            put(0x22)
        default: unsafe write(text: value, length)
        }
    }

    private mutating func write(key step: RowShape.Step) {
        let skipped = needsComma ? 0 : 1
        let count = Int(step.keyCount) - skipped
        let source = unsafe UnsafeRawPointer(keys + Int(step.key) + skipped)
        let target = unsafe UnsafeMutableRawPointer(cursor)
        var index = 0
        while index < count {
            unsafe target.storeBytes(
                of: source.loadUnaligned(fromByteOffset: index, as: UInt64.self), toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        unsafe cursor += count
    }

    /// Turns the text at the cursor into RFC 3339 in UTC: `2026-09-01 08:30:00+00` becomes `2026-09-01T08:30:00Z`.
    /// Sessions use UTC and ISO. Infinity and years without four digits stay as PostgreSQL writes them.
    private mutating func write(moment length: Int) {
        let isUsual = unsafe length >= 22 && cursor[10] == UInt8(ascii: " ") && cursor[length - 3] == UInt8(ascii: "+")
        guard isUsual else { return unsafe cursor += length }
        unsafe cursor[10] = UInt8(ascii: "T")
        unsafe cursor += length - 3
        put(UInt8(ascii: "Z"))
    }

    private mutating func write(text value: UnsafePointer<UInt8>, _ length: Int) {
        put(0x22)
        let source = unsafe UnsafeRawPointer(value)
        var index = 0
        while index &+ 8 <= length {
            let word = unsafe source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            unsafe UnsafeMutableRawPointer(cursor).storeBytes(of: word, as: UInt64.self)
            let marks = Escaping.marks(UInt64(littleEndian: word))
            if marks == 0 {
                index &+= 8
                unsafe cursor += 8
            } else {
                let clean = marks.trailingZeroBitCount / 8
                unsafe cursor += clean
                index &+= clean
                write(escaped: unsafe value[index])
                index &+= 1
            }
        }
        if index < length && length >= 8 {
            // Write the last eight bytes as one word; some of them are written again unchanged. If there is an escape
            // among them, their positions differ in the output, and they are written one by one.
            let word = unsafe source.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)
            if Escaping.marks(UInt64(littleEndian: word)) == 0 {
                let rest = length &- index
                unsafe UnsafeMutableRawPointer(cursor - (8 &- rest)).storeBytes(of: word, as: UInt64.self)
                unsafe cursor += rest
                index = length
            }
        }
        while index < length {
            let byte = unsafe value[index]
            if Escaping.needsEscape(byte) { write(escaped: byte) } else { put(byte) }
            index &+= 1
        }
        put(0x22)
    }

    private mutating func write(escaped byte: UInt8) {
        put(0x5C)
        if let letter = Escaping.letter(for: byte) { return put(letter) }
        put("u00")
        put(0x30 + byte >> 4)
        put(byte & 15 < 10 ? 0x30 + byte & 15 : 0x57 + byte & 15)
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        unsafe cursor.pointee = byte
        unsafe cursor += 1
    }

    @inline(__always)
    private mutating func put(_ text: StaticString) {
        unsafe memcpy(cursor, text.utf8Start, text.utf8CodeUnitCount)
        unsafe cursor += text.utf8CodeUnitCount
    }
}
