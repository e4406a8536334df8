import Diary

/// The fields of every person: the name and the school's own id.
enum PersonFields {
    static let name = [
        ResourceField("last_name", .text(maximum: 100)).personName,
        ResourceField("first_name", .text(maximum: 100)).personName,
        ResourceField("middle_name", .text(maximum: 100)).nullable.personName,
    ]

    static let order = ["last_name", "first_name"]

    static let refusals: [String: Refusal] = ["users_name": .invalid("last_name")]

    /// The account for signing in: set by the server, changed through credentials.
    static let account = [
        ResourceField("login", .text(maximum: 100)).readOnly, ResourceField("state", .word([])).readOnly,
    ]

    /// Numbers in addition to `phone`, which is the one to call first.
    static let otherPhones = ResourceField("other_phones", .texts(maximumCount: 5, maximum: 50)).initially("[]")

    /// The callers who read all people: managers, and clients with the scope.
    static let reader =
        "(SELECT lyceum.has_role('administrator', 'head', 'deputy_head') OR lyceum.has_scope('people.read'))"

    /// Fields that only some of the row's readers see: NULL for the others.
    static func hidden(_ fields: [ResourceField], unless condition: String) -> [ResourceField] {
        fields.map { $0.selected(as: "CASE WHEN \(condition) THEN \($0.selected) END") }
    }
}
