/// What a role lacks, when PostgreSQL refuses with SQLSTATE 42501: the message names the object, but neither the role
/// nor the grant.
struct MissingPrivilege {
    let role: String
    /// PostgreSQL's, in English. In other languages the role is all that can be said.
    let message: String
    let statement: String

    /// What to do.
    var advice: String {
        if message.contains("row-level security") {
            return
                "The role \(role) is bound by row-level security; the owner's commands need the role that owns the tables. "
                + "Connect as it: LYCEUM_OWNER_DATABASE_URL."
        }
        if let object = rest(behind: "must be owner of ") {
            return
                "The role \(role) does not own the \(object). Connect as the role that does: LYCEUM_OWNER_DATABASE_URL."
        }
        if message.contains("permission denied to create role") {
            return
                "The role \(role) lacks CREATEROLE, which the first migration needs when the role lyceum_app does not exist. "
                + "Run docs/roles.sql as a superuser; it creates the role."
        }
        if rest(behind: "permission denied to create extension ") != nil {
            return "The role \(role) lacks CREATE on the database. As the database's owner or a superuser, run: "
                + "GRANT CREATE ON DATABASE … TO \(quoted(role));"
        }
        guard let (kind, name) = object else {
            return "The role \(role) lacks a privilege. docs/roles.sql creates the roles with all that they need."
        }
        let privilege = privilege(on: kind, name)
        let lack = "The role \(role) lacks \(privilege ?? "a privilege") on the \(kind) \(name)."
        let owner = "Connect as the role that owns the tables: LYCEUM_OWNER_DATABASE_URL."
        // No grant: `serve` refuses a role that can create tables, and this may be the server's role.
        if kind == "database" || kind == "schema" {
            return "\(lack) \(owner) docs/roles.sql creates the database and its roles with all that they need."
        }
        let server = "The server's role needs GRANT lyceum_app TO \(quoted(role));"
        guard let privilege else { return "\(lack) \(owner) \(server)" }
        let target = kind == "view" ? "" : kind.uppercased() + " "
        return "\(lack) \(owner) \(server) Another role needs "
            + "GRANT \(privilege) ON \(target)\(quoted(name)) TO \(quoted(role));"
    }

    /// `table`, `users` of `permission denied for table users`.
    private var object: (kind: String, name: String)? {
        guard let rest = rest(behind: "permission denied for ") else { return nil }
        let words = rest.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return nil }
        return (String(words[0]), words[1].filter { $0 != "\"" })
    }

    private func rest(behind start: String) -> String? {
        guard let range = message.firstRange(of: start) else { return nil }
        return String(message[range.upperBound...].prefix { !$0.isNewline })
    }

    /// Nil where the statement doesn't tell: a trigger's function may have touched the table.
    private func privilege(on kind: String, _ name: String) -> String? {
        let words = statement.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map { $0.uppercased() }
        switch kind {
        case "database": return statement.isEmpty ? "CONNECT" : "CREATE"
        case "schema": return words.first == "CREATE" ? "CREATE" : "USAGE"
        case "sequence": return "USAGE"
        case "function", "procedure", "routine": return "EXECUTE"
        case "table", "view", "relation":
            guard let place = words.firstIndex(of: name.uppercased()) else { return nil }
            let before = words[..<place].filter { $0 != "PUBLIC" && $0 != "ONLY" }.suffix(2)
            if before.suffix(2) == ["INSERT", "INTO"] { return "INSERT" }
            if before.suffix(2) == ["DELETE", "FROM"] { return "DELETE" }
            if before.last == "UPDATE" { return "UPDATE" }
            if before.last == "TRUNCATE" { return "TRUNCATE" }
            return ["FROM", "JOIN"].contains(before.last ?? "") ? "SELECT" : nil
        default: return nil
        }
    }

    private func quoted(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2E
        }
        return isPlain ? name : "\"\(name.replacing("\"", with: "\"\""))\""
    }
}
