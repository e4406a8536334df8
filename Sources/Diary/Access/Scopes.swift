/// What an integration may do, which is nobody and has no role. Each route says which of these let one in.
package enum ProgramScope: String, Sendable, Hashable, CaseIterable {
    /// The set-up: years, terms, bells, rooms, subjects, classes, groups, sections, settings, readiness.
    case schoolRead = "school.read"
    /// Pupils, guardians, staff, who represents whom, who is in which class and group. Readings of profiles are recorded (K2).
    case peopleRead = "people.read"
    case importsWrite = "imports.write"
    /// Classes, sections, journals and the history of marks, of the whole school.
    case journalRead = "journal.read"
}

/// What an app may do for a person who let it in: what the person may, or of that only what reads.
package enum PersonScope: String, Sendable, Hashable, CaseIterable {
    case person
    case personRead = "person.read"
}

/// Scopes as RFC 6749 section 3.3 writes them: words with a space between.
package enum ScopeList {
    /// Of the registered ones those that are asked for, each once; all of them when nothing is asked for. Nil when one is
    /// asked for that is not registered.
    package static func granted(_ asked: String?, of registered: [String]) -> [String]? {
        guard let asked else { return registered }
        let words = asked.split(separator: " ").map { String($0) }
        guard !words.isEmpty, words.allSatisfy({ registered.contains($0) }) else { return nil }
        return registered.filter { words.contains($0) }
    }

    package static func words(_ text: String) -> [String] { text.split(separator: " ").map { String($0) } }
}
