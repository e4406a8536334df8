/// Why a response field was not written.
package enum FieldError: Error, Sendable, Hashable {
    /// Not a token (RFC 9110 section 5.6.2).
    case badName(String)
    /// A control byte, such as a CR or LF that would inject a field, or whitespace at either end.
    case badValue(name: String)
    /// A field that `ResponseHead` writes itself.
    case reservedName(String)

    static func check(name: String) throws(FieldError) {
        let bytes = name.utf8.span
        guard !bytes.isEmpty else { throw .badName(name) }
        for index in bytes.indices where !Bytes.isToken(bytes[index]) { throw .badName(name) }
        if isReserved(bytes) { throw .reservedName(name) }
    }

    private static func isReserved(_ name: Span<UInt8>) -> Bool {
        func named(_ other: String) -> Bool { Bytes.equal(name, 0..<name.count, ignoringCase: other) }
        return switch name.count {
        case 4: named("Date")
        case 10: named("Connection")
        case 12: named("Content-Type")
        case 14: named("Content-Length")
        case 17: named("Transfer-Encoding")
        default: false
        }
    }

    static func check(value: String, of name: String) throws(FieldError) {
        let bytes = value.utf8.span
        let whole = 0..<bytes.count
        guard Bytes.isFieldValue(bytes, whole), Bytes.trimmed(bytes, whole) == whole else {
            throw .badValue(name: name)
        }
    }
}
