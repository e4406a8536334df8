import Diary

/// What every person has: a name, and the school's own id.
enum PersonFields {
    static let name = [
        ResourceField("last_name", .text(maximum: 100)),
        ResourceField("first_name", .text(maximum: 100)),
        ResourceField("middle_name", .text(maximum: 100)).nullable,
    ]

    static let order = ["last_name", "first_name"]

    static let refusals: [String: Refusal] = ["users_name": .invalid("last_name")]

    /// How the person signs in: the server's, changed through credentials.
    static let account = [
        ResourceField("login", .text(maximum: 100)).readOnly, ResourceField("state", .word([])).readOnly,
    ]

    /// Beside `phone`, which is the one to call first.
    static let otherPhones = ResourceField("other_phones", .texts(maximumCount: 5, maximum: 50)).initially("[]")

    /// Who reads everybody: managers, and programs that were given it.
    static let reader =
        "(SELECT lyceum.has_role('administrator', 'head', 'deputy_head') OR lyceum.has_scope('people.read'))"

    /// Fields that not everybody sees who sees the row: NULL for the others.
    static func hidden(_ fields: [ResourceField], unless condition: String) -> [ResourceField] {
        fields.map { $0.selected(as: "CASE WHEN \(condition) THEN \($0.selected) END") }
    }
}
