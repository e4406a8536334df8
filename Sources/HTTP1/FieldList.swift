/// The members of a comma-separated field value (RFC 9110 section 5.6.1), compared whole and case-insensitively.
package struct FieldList: Sendable {
    private let value: String

    package init(_ value: String) { self.value = value }

    /// - Parameter token: not empty.
    package func contains(_ token: String) -> Bool {
        let bytes = value.utf8.span
        var start = 0
        while start <= bytes.count {
            let end = Bytes.firstIndex(of: Bytes.comma, in: bytes, from: start) ?? bytes.count
            if Bytes.equal(bytes, Bytes.trimmed(bytes, start..<end), ignoringCase: token) { return true }
            start = end + 1
        }
        return false
    }
}
