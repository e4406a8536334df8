/// The value of Authorization: a scheme, one or more spaces, and the credentials (RFC 9110 section 11.4).
package struct AuthorizationField: Sendable, Hashable {
    private let scheme: String
    /// The credentials; empty if there is only a scheme.
    package let rest: String

    package init(_ value: String) {
        let end = value.utf8.firstIndex(of: Bytes.space) ?? value.endIndex
        scheme = String(value[..<end])
        rest = String(Substring(value.utf8[end...].drop { $0 == Bytes.space }))
    }

    /// Scheme names are case-insensitive (RFC 9110 section 11.1).
    package func isScheme(_ name: String) -> Bool {
        Bytes.equal(scheme.utf8.span, 0..<scheme.utf8.count, ignoringCase: name)
    }
}
