/// Text of RFC 5545: content lines that end in CRLF and are folded at 75 octets.
struct ICalendar {
    private(set) var bytes: [UInt8] = []

    /// The longest line without its CRLF (section 3.1).
    private static let lineLength = 75

    /// A line whose value needs no escaping: a date, a number, a word.
    mutating func line(_ name: String, _ value: String) { fold(Array("\(name):\(value)".utf8)) }

    /// A line with a value of type TEXT (section 3.3.11).
    mutating func text(_ name: String, _ value: String) {
        var escaped: [UInt8] = Array("\(name):".utf8)
        var previous: UInt8 = 0
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: ";"), UInt8(ascii: ","): escaped += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                if byte == UInt8(ascii: "\r") || previous != UInt8(ascii: "\r") { escaped += Array("\\n".utf8) }
            // Other controls are not allowed in a text.
            case 0..<0x20 where byte != UInt8(ascii: "\t"), 0x7F: break
            default: escaped.append(byte)
            }
            previous = byte
        }
        fold(escaped)
    }

    /// A continuation begins with a space, which counts. No fold is inside a UTF-8 sequence.
    private mutating func fold(_ line: [UInt8]) {
        var start = 0
        while line.count - start > room(from: start) {
            var end = start + room(from: start)
            while line[end] & 0xC0 == 0x80 { end -= 1 }
            append(line[start..<end], from: start)
            start = end
        }
        append(line[start...], from: start)
    }

    private func room(from start: Int) -> Int { start == 0 ? Self.lineLength : Self.lineLength - 1 }

    private mutating func append(_ piece: ArraySlice<UInt8>, from start: Int) {
        if start > 0 { bytes.append(UInt8(ascii: " ")) }
        bytes += piece
        bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    }
}
