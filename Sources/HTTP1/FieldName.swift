/// Field names are case-insensitive (RFC 9110 section 5.1).
package enum FieldName {
    package static func equal(_ name: String, _ other: String) -> Bool {
        Bytes.equal(name.utf8.span, 0..<name.utf8.count, ignoringCase: other)
    }
}
