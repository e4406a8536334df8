/// Writes JSON text (RFC 8259) into one growing array. It writes the commas; the caller has to close arrays and objects
/// and to give members their keys.
package struct JSONWriter: Sendable {
    /// The output so far. The caller may take it or append to it between values.
    package var bytes: [UInt8] = []

    /// Whether the next value or key follows another one.
    private var needsComma = false

    package init() {}

    package init(reservingCapacity capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// Starts again, keeping the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Makes room for `count` more bytes. When it grows, the capacity at least doubles.
    package mutating func reserve(_ count: Int) {
        guard bytes.capacity - bytes.count < count else { return }
        bytes.reserveCapacity(max(bytes.count + count, 2 * bytes.capacity))
    }

    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    package mutating func key(_ key: JSONKey) {
        bytes.append(contentsOf: needsComma ? key.bytes[...] : key.bytes[1...])
        needsComma = false
    }

    /// Writes a key that is only known at run time.
    package mutating func key(_ name: String) {
        string(name)
        bytes.append(0x3A)
        needsComma = false
    }

    package mutating func string(_ text: String) {
        quoted(text.utf8.span)
    }

    /// Writes a string from bytes that are known to be UTF-8, such as the text of a row.
    package mutating func string(_ utf8: Span<UInt8>) {
        quoted(utf8)
    }

    package mutating func integer(_ number: Int) {
        separate()
        appendDecimal(number)
    }

    package mutating func boolean(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    package mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes a number whose literal is known to be valid (RFC 8259 section 6), such as PostgreSQL's `numeric` as text.
    package mutating func number(_ literal: Span<UInt8>) {
        separate()
        bytes.append(copying: literal)
    }

    package mutating func number(_ literal: String) {
        separate()
        bytes.append(contentsOf: literal.utf8)
    }

    /// Writes a complete value that is already JSON text.
    package mutating func raw(_ json: Span<UInt8>) {
        separate()
        bytes.append(copying: json)
    }

    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): boolean(value)
        case .number(let literal): number(literal)
        case .string(let text): string(text)
        case .array(let items):
            beginArray()
            for item in items { self.value(item) }
            endArray()
        case .object(let members):
            beginObject()
            for (name, member) in members {
                key(name)
                self.value(member)
            }
            endObject()
        }
    }

    /// Lets `body` write values or members itself, including commas, into room for at least `capacity` bytes.
    package mutating func write(
        capacity: Int, _ body: (_ output: inout OutputSpan<UInt8>, _ needsComma: inout Bool) -> Void
    ) {
        bytes.append(addingCapacity: capacity) { body(&$0, &needsComma) }
    }

    // MARK: Parts

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    /// Most strings need no escape: they are copied in one piece, with one capacity check.
    @inline(__always)
    private mutating func quoted(_ text: Span<UInt8>) {
        let count = text.count
        guard Escaping.firstIndex(in: text, from: 0) == count else { return escaped(text) }
        let comma = needsComma
        needsComma = true
        bytes.append(addingCapacity: count &+ 3) { output in
            if comma { output.append(0x2C) }
            output.append(0x22)
            output.append(copying: text)
            output.append(0x22)
        }
    }

    private mutating func escaped(_ text: Span<UInt8>) {
        separate()
        bytes.append(0x22)
        var start = 0
        while true {
            let end = Escaping.firstIndex(in: text, from: start)
            bytes.append(copying: text.extracting(start..<end))
            guard end < text.count else { break }
            appendEscape(text[end])
            start = end + 1
        }
        bytes.append(0x22)
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(0x5C)
        if let letter = Escaping.letter(for: byte) {
            bytes.append(letter)
        } else {
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(0x30 + byte >> 4)
            bytes.append(byte & 15 < 10 ? 0x30 + byte & 15 : 0x57 + byte & 15)
        }
    }

    private mutating func appendDecimal(_ number: Int) {
        var digits: InlineArray<20, UInt8> = InlineArray(repeating: 0)
        var start = 20
        var rest = UInt64(number.magnitude)
        repeat {
            start &-= 1
            digits[start] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        bytes.append(addingCapacity: 21) { output in
            if number < 0 { output.append(0x2D) }
            while start < 20 {
                output.append(digits[start])
                start &+= 1
            }
        }
    }
}
