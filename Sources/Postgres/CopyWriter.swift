/// Writes rows in COPY's text format: the fields of a row one by one, then `endRow()`.
///
/// Bytes collect in one buffer, which is sent to the server whenever it is full. No field allocates memory.
package struct CopyWriter: ~Copyable {
    private let connection: BlockingConnection
    private var buffer: [UInt8] = []
    private var rowIsEmpty = true

    private static let chunk = 128 * 1024

    init(connection: BlockingConnection) {
        self.connection = connection
        buffer.reserveCapacity(Self.chunk + 16 * 1024)
    }

    package mutating func field(_ value: Int) {
        separate()
        Self.append(value, to: &buffer)
    }

    package mutating func field(_ value: Int?) {
        if let value { field(value) } else { null() }
    }

    package mutating func field(_ value: Bool) {
        separate()
        buffer.append(value ? UInt8(ascii: "t") : UInt8(ascii: "f"))
    }

    package mutating func field(_ value: String) {
        separate()
        append(escaping: value)
    }

    package mutating func field(_ value: String?) {
        if let value { field(value) } else { null() }
    }

    /// Writes a field whose bytes `body` appends unchanged: UUIDs, dates, numbers; nothing that needs an escape.
    package mutating func field(raw body: (inout [UInt8]) -> Void) {
        separate()
        body(&buffer)
    }

    package mutating func null() {
        separate()
        buffer.append(UInt8(ascii: "\\"))
        buffer.append(UInt8(ascii: "N"))
    }

    /// Ends the row. When the buffer is full, this sends it to the server.
    package mutating func endRow() throws(BlockingConnection.Failure) {
        buffer.append(UInt8(ascii: "\n"))
        rowIsEmpty = true
        if buffer.count >= Self.chunk { try flush() }
    }

    mutating func flush() throws(BlockingConnection.Failure) {
        if buffer.isEmpty { return }
        try connection.put(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Appends the decimal digits of `value`; also for `field(raw:)`.
    package static func append(_ value: Int, to buffer: inout [UInt8]) {
        if value < 0 { buffer.append(UInt8(ascii: "-")) }
        var low = buffer.count
        var rest = value.magnitude
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
            rest = quotient
        } while rest > 0
        var high = buffer.count - 1
        while low < high {
            buffer.swapAt(low, high)
            low += 1
            high -= 1
        }
    }

    private mutating func separate() {
        if rowIsEmpty { rowIsEmpty = false } else { buffer.append(UInt8(ascii: "\t")) }
    }

    private mutating func append(escaping text: String) {
        let bytes = text.utf8.span
        var clean = true
        for index in bytes.indices where Self.escape(bytes[index]) != nil {
            clean = false
            break
        }
        if clean {
            buffer.append(contentsOf: text.utf8)
            return
        }
        for index in bytes.indices {
            if let letter = Self.escape(bytes[index]) {
                buffer.append(UInt8(ascii: "\\"))
                buffer.append(letter)
            } else {
                buffer.append(bytes[index])
            }
        }
    }

    /// The letter after the backslash that stands for a byte; nil if the byte needs no escape.
    private static func escape(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\\"): UInt8(ascii: "\\")
        case UInt8(ascii: "\n"): UInt8(ascii: "n")
        case UInt8(ascii: "\r"): UInt8(ascii: "r")
        case UInt8(ascii: "\t"): UInt8(ascii: "t")
        default: nil
        }
    }
}
