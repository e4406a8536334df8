import Diary

/// A column of an export, the same in all forms.
package struct ExportColumn: Sendable {
    package enum Kind: Sendable {
        case identifier
        /// The id of a student, a guardian or a member of staff.
        case person
        /// What people have written.
        case text
        /// One of the contract's words, or a code.
        case word
        case date, integer, decimal, boolean, moment
        /// JSON inside a row; in a cell as its text.
        case list
    }

    package let name: String
    package let kind: Kind
    /// The value, as SQL over the tables of the export.
    let value: @Sendable (PersonID) -> String
    /// Whether the pseudonymous form leaves it out: names, contacts, birthdays, and everything that people have written.
    package private(set) var isPersonal = false

    private init(_ name: String, _ kind: Kind, _ value: @escaping @Sendable (PersonID) -> String) {
        self.name = name
        self.kind = kind
        self.value = value
    }

    private init(_ name: String, _ kind: Kind, _ value: String) { self.init(name, kind) { _ in value } }

    static func identifier(_ name: String, _ value: String) -> Self { Self(name, .identifier, value) }
    static func person(_ name: String, _ value: String) -> Self { Self(name, .person, value) }
    static func text(_ name: String, _ value: String) -> Self { Self(name, .text, value) }
    static func word(_ name: String, _ value: String) -> Self { Self(name, .word, value) }
    static func date(_ name: String, _ value: String) -> Self { Self(name, .date, value) }
    static func integer(_ name: String, _ value: String) -> Self { Self(name, .integer, value) }
    static func decimal(_ name: String, _ value: String) -> Self { Self(name, .decimal, "trim_scale(\(value))") }
    static func boolean(_ name: String, _ value: String) -> Self { Self(name, .boolean, value) }
    static func moment(_ name: String, _ value: String) -> Self { Self(name, .moment, value) }
    /// - Parameter value: SQL of type json. Ids of people inside it go through the argument.
    static func list(_ name: String, _ value: @escaping @Sendable (PersonID) -> String) -> Self {
        Self(name, .list, value)
    }

    var personal: Self {
        var column = self
        column.isPersonal = true
        return column
    }

    /// When the row was last changed, and its version.
    static func state(_ row: String) -> [Self] {
        [.moment("changed_at", "\(row).changed_at"), .integer(version, "\(row).version")]
    }

    private static let version = "version"

    /// Whether it tells rows apart that are otherwise alike: by the microsecond, somebody who also has a list with names
    /// finds the person.
    var isTrace: Bool { kind == .moment || name == Self.version }
}

/// How ids of people are written: as they are, or as pseudonyms.
package struct PersonID: Sendable {
    let isPseudonymous: Bool

    /// - Parameter id: SQL of type uuid. `$1` is the school.
    package func callAsFunction(_ id: String) -> String {
        isPseudonymous ? "lyceum.pseudonym(\(id), \(Self.block("inner")), \(Self.block("outer")))" : id
    }

    /// A scalar subquery, which PostgreSQL evaluates once for each statement.
    private static func block(_ side: String) -> String {
        "(SELECT lyceum.pseudonym_block(k.key, '\(side)') FROM pseudonym_keys k WHERE k.school_id = $1::int)"
    }
}
