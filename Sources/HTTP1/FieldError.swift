/// Why a response field was not written.
package enum FieldError: Error, Sendable, Hashable {
    /// Not a token (RFC 9110 section 5.6.2).
    case badName(String)
    /// A control byte, such as the CR or LF of an injected field, or whitespace at an end.
    case badValue(name: String)
    /// A field that `ResponseHead` writes itself.
    case reservedName(String)

    private static let reserved = ["content-length", "transfer-encoding", "connection", "date", "content-type"]

    static func check(name: String) throws(FieldError) {
        let bytes = name.utf8.span
        guard !bytes.isEmpty else { throw .badName(name) }
        for index in bytes.indices where !Bytes.isToken(bytes[index]) { throw .badName(name) }
        for other in reserved
        where other.utf8.count == bytes.count && Bytes.equal(bytes, 0..<bytes.count, ignoringCase: other) {
            throw .reservedName(name)
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
