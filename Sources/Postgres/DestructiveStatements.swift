/// A statement of a migration that loses data, or that rewrites a table while everybody waits.
package struct DestructiveStatement: Sendable, Equatable, CustomStringConvertible {
    /// The line in the migration's file, from 1.
    package var line: Int
    package var what: String

    package var description: String { "line \(line): \(what)" }

    /// All such statements of a script. DO blocks are searched, functions are not: creating a function loses nothing.
    static func find(in script: SQLScript) -> [Self] {
        script.statements.flatMap { statement -> [Self] in
            if statement.words.first == "DO" {
                return statement.bodies.flatMap { body in
                    (try? SQLScript(body.text, firstLine: body.line)).map(find) ?? []
                }
            }
            return reasons(statement.words).map { Self(line: statement.line, what: $0) }
        }
    }

    private static func reasons(_ words: [String]) -> [String] {
        // These only mention such statements, for example a trigger on DELETE or a right to TRUNCATE.
        if let first = words.first, ["CREATE", "GRANT", "REVOKE", "COMMENT"].contains(first) { return [] }
        var reasons: [String] = []
        for index in words.indices {
            let next = index + 1 < words.count ? words[index + 1] : ""
            switch words[index] {
            case "TRUNCATE":
                reasons.append("TRUNCATE")
            case "DELETE" where next == "FROM":
                if !hasWhere(words[index...]) { reasons.append("DELETE without WHERE") }
            case "DROP":
                if let reason = drop(words, at: index) { reasons.append(reason) }
            case "TYPE" where isColumnType(words, at: index):
                reasons.append("ALTER COLUMN … TYPE")
            default: break
            }
        }
        return reasons
    }

    /// Whether a WHERE follows in the same parentheses as the DELETE.
    private static func hasWhere(_ words: ArraySlice<String>) -> Bool {
        var depth = 0
        for word in words {
            switch word {
            case "(": depth += 1
            case ")": depth -= 1
            case "WHERE" where depth == 0: return true
            default: break
            }
            if depth < 0 { return false }
        }
        return false
    }

    private static let harmlessInAlterTable: Set<String> = [
        "CONSTRAINT", "DEFAULT", "NOT", "IDENTITY", "EXPRESSION",
    ]

    private static func drop(_ words: [String], at index: Int) -> String? {
        let next = index + 1 < words.count ? words[index + 1] : ""
        switch next {
        case "TABLE", "SCHEMA", "DATABASE", "OWNED": return "DROP \(next)"
        case "COLUMN": return "DROP COLUMN"
        case "ATTRIBUTE": return "DROP ATTRIBUTE"
        case "FOREIGN" where index + 2 < words.count && words[index + 2] == "TABLE": return "DROP FOREIGN TABLE"
        default: break
        }
        let alters =
            words.starts(with: ["ALTER", "TABLE"]) || words.starts(with: ["ALTER", "FOREIGN", "TABLE"])
        // ALTER TABLE t DROP x: the word COLUMN is optional.
        if alters, !harmlessInAlterTable.contains(next) { return "DROP COLUMN" }
        if !alters, index == 0, words.last == "CASCADE" { return "DROP \(next) … CASCADE" }
        return nil
    }

    /// ALTER [COLUMN] c [SET DATA] TYPE in ALTER TABLE; ALTER ATTRIBUTE a [SET DATA] TYPE in ALTER TYPE.
    private static func isColumnType(_ words: [String], at index: Int) -> Bool {
        guard words.first == "ALTER", index > 2 else { return false }
        let before = words[..<index]
        if before.suffix(2) == ["SET", "DATA"] { return true }
        return before.suffix(2).first == "ALTER" || before.suffix(3).starts(with: ["ALTER", "COLUMN"])
            || before.suffix(3).starts(with: ["ALTER", "ATTRIBUTE"])
    }
}
