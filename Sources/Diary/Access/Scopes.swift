/// What an integration may do. It has no user and no role; each route lists the scopes that allow it.
package enum ProgramScope: String, Sendable, Hashable, CaseIterable {
    /// The set-up: years, terms, bells, rooms, subjects, classes, groups, sections, settings, readiness.
    case schoolRead = "school.read"
    /// Students, guardians, staff, guardianships, and the members of classes and groups. Reads of profiles are recorded
    /// (K2).
    case peopleRead = "people.read"
    case importsWrite = "imports.write"
    /// Classes, sections, journals and the history of marks, of the whole school.
    case journalRead = "journal.read"
    /// The exports of the whole school; those of people need `people.read`, too.
    case exportsRead = "exports.read"
}

/// What an app may do for a person who has authorized it: everything the person may do, or only read.
package enum PersonScope: String, Sendable, Hashable, CaseIterable {
    case person
    case personRead = "person.read"
}

/// Scopes as RFC 6749 section 3.3 writes them: words separated by spaces.
package enum ScopeList {
    /// The registered scopes that the request asks for, each once; all registered scopes when it asks for none. Nil
    /// when it asks for a scope that is not registered.
    package static func granted(_ asked: String?, of registered: [String]) -> [String]? {
        guard let asked else { return registered }
        let words = asked.split(separator: " ").map { String($0) }
        guard !words.isEmpty, words.allSatisfy({ registered.contains($0) }) else { return nil }
        return registered.filter { words.contains($0) }
    }

    package static func words(_ text: String) -> [String] { text.split(separator: " ").map { String($0) } }
}
