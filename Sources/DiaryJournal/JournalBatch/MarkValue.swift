import JSON

/// M2: a mark's value in a request. The database decides which values the school and the section allow.
package struct MarkValue: Sendable, Equatable {
    package let kind: String
    package var number: Int?
    package var code: String?
    /// The deadline of a debt; only with `owed`, and required there.
    package var dueOn: String?

    /// Reads `{"kind": "number", "number": 4}`, `{"kind": "code", "code": "…"}` or null. The member is required.
    package static func read(
        _ name: String, of item: inout ObjectReader, codes: [String] = ["pass", "fail", "exempt", "owed"]
    ) -> MarkValue? {
        guard case .value(let field) = item.any(name, .requiredNullable) else { return nil }
        var reader = ObjectReader(field, at: item.pointer.appending(name), problems: item.problems)
        guard let kind = reader.enumeration("kind", of: ["number", "code"]).value else { return nil }
        var value = MarkValue(kind: kind)
        if kind == "number" {
            value.number = reader.integer("number", in: 1...5).value
        } else {
            value.code = reader.enumeration("code", of: codes).value
            if value.code == "owed" { value.dueOn = reader.date("due_on").value }
        }
        reader.finish()
        return value
    }
}
