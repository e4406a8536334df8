/// An object that a file of `Migrations/functions/` defines: a function (or procedure), a view or a trigger.
struct SchemaObject: Hashable, CustomStringConvertible {
    enum Kind: String {
        case function
        case view
        case trigger
    }

    var kind: Kind
    /// `lyceum.holds`, `public.staff_profiles`, `version on public.rooms`. Functions with the same name share it.
    var name: String

    var description: String { "\(kind.rawValue) \(name)" }
    /// A view in `public` may belong to somebody else; everything in `lyceum` is ours.
    var isViewOfPublic: Bool { kind == .view && name.hasPrefix("public.") }

    /// The object that a statement defines; nil if it defines none of these.
    init?(_ words: [String]) {
        guard words.first == "CREATE" else { return nil }
        var rest = words.dropFirst()
        if rest.starts(with: ["OR", "REPLACE"]) { rest = rest.dropFirst(2) }
        if rest.first == "CONSTRAINT" { rest = rest.dropFirst() }
        switch rest.popFirst() {
        case "FUNCTION", "PROCEDURE": self.init(.function, named: rest)
        case "VIEW": self.init(.view, named: rest)
        case "TRIGGER":
            guard let name = rest.first, let on = rest.firstIndex(of: "ON") else { return nil }
            guard let table = Self.name(rest[(on + 1)...]) else { return nil }
            self.init(.trigger, name: "\(name.lowercased()) on \(table)")
        default: return nil
        }
    }

    /// What `CALL lyceum.log_changes('table', …)` creates: the function and the triggers that log the table's changes,
    /// for a table with a time of publication also those that log the publication, and for one whose rows have days the
    /// function that logs what a new day brings.
    static func ofTheLog(_ call: String) -> [SchemaObject] {
        let parts = call.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return [] }
        let isPublished = parts[2].contains("p_published =>")
        let functions =
            ["log"] + (isPublished ? ["publish"] : []) + (parts[2].contains("p_days =>") ? ["log_days"] : [])
        let triggers = ["log_made", "log_changed", "log_deleted"] + (isPublished ? ["log_publication"] : [])
        return functions.map { SchemaObject(.function, name: "lyceum.\($0)_\(parts[1])") }
            + triggers.map { SchemaObject(.trigger, name: "\($0) on public.\(parts[1])") }
    }

    init(_ kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }

    private init?(_ kind: Kind, named words: ArraySlice<String>) {
        guard let name = Self.name(words) else { return nil }
        self.init(kind, name: name)
    }

    /// `schema.name`; a name without a schema is in `public`.
    private static func name(_ words: ArraySlice<String>) -> String? {
        guard let first = words.first else { return nil }
        let parts = words.dropFirst().first == "." ? [first] + words.dropFirst(2).prefix(1) : ["public", first]
        // A quoted name is not in `words`.
        guard parts.count == 2, parts.allSatisfy({ $0 != "\"" }) else { return nil }
        return parts.joined(separator: ".").lowercased()
    }
}

/// The functions, views and triggers in a database's catalog.
struct SchemaObjects {
    struct Entry {
        var object: SchemaObject
        /// The form that DROP accepts: `lyceum.holds(date, date, date)`, `version ON rooms`.
        var identity: String
    }

    let entries: [Entry]
    private let counts: [SchemaObject: Int]

    init(_ connection: BlockingConnection) throws {
        entries = try connection.query(Self.catalog).rows.compactMap { row in
            guard let kind = SchemaObject.Kind(rawValue: row[0] ?? "") else { return nil }
            return Entry(object: SchemaObject(kind, name: row[1] ?? ""), identity: row[2] ?? "")
        }
        counts = entries.reduce(into: [:]) { $0[$1.object, default: 0] += 1 }
    }

    func count(_ object: SchemaObject) -> Int { counts[object] ?? 0 }

    /// One statement for each kind except triggers, so that objects that depend on each other are dropped together.
    /// Nothing else is dropped with them.
    static func drop(_ entries: [Entry]) -> [String] {
        let triggers = entries.filter { $0.object.kind == .trigger }.map { "DROP TRIGGER \($0.identity)" }
        let views = entries.filter { $0.object.kind == .view }.map(\.identity).joined(separator: ", ")
        let functions = entries.filter { $0.object.kind == .function }.map(\.identity).joined(separator: ", ")
        return triggers + (views.isEmpty ? [] : ["DROP VIEW \(views)"])
            + (functions.isEmpty ? [] : ["DROP ROUTINE \(functions)"])
    }

    /// Functions of the schema `lyceum`, views of both schemas, and triggers that call such a function. All names are
    /// qualified, whatever the session's search path is.
    private static let catalog = """
        SELECT 'function', n.nspname || '.' || p.proname,
               format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
          FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = 'lyceum'
        UNION ALL
        SELECT 'view', n.nspname || '.' || c.relname, format('%I.%I', n.nspname, c.relname)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('lyceum', 'public') AND c.relkind = 'v'
           AND NOT EXISTS (
               SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        UNION ALL
        SELECT 'trigger', t.tgname || ' on ' || n.nspname || '.' || c.relname,
               format('%I ON %I.%I', t.tgname, n.nspname, c.relname)
          FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_proc p ON p.oid = t.tgfoid
         WHERE NOT t.tgisinternal AND p.pronamespace = to_regnamespace('lyceum')
         ORDER BY 1, 2, 3
        """
}
