/// Compares the files of functions with the rows of schema_functions and the objects of the catalog.
package struct FunctionHistory: Sendable {
    package enum State: String, Sendable, Codable {
        case applied
        /// Not applied yet.
        case new
        /// The file differs from the one that was applied.
        case changed
        /// Applied, but some of its objects are missing in the database.
        case incomplete
        /// Applied, but the file is gone: its objects will be dropped.
        case removed
    }

    package struct Entry: Sendable, Codable, Equatable {
        package var path: String
        package var state: State
        /// RFC 3339 in UTC.
        package var appliedAt: String?
    }

    /// Every file and every row, sorted by path.
    package let entries: [Entry]
    /// The entries that `up` would change.
    package var open: [Entry] { entries.filter { $0.state != .applied } }
    /// Objects that differ from what was applied, one line each.
    package let problems: [String]

    /// The applied texts by path.
    let applied: [String: String]
    /// Objects of these texts that no file defines any more.
    let abandoned: [SchemaObjects.Entry]
    /// All objects of these texts.
    let made: [SchemaObjects.Entry]

    init(_ migrations: Migrations, connection: BlockingConnection) throws {
        let files = Dictionary(uniqueKeysWithValues: migrations.functions.map { ($0.path, $0) })
        let rows = try Self.rows(connection)
        let catalog = try SchemaObjects(connection)
        var entries: [Entry] = []
        var problems: [String] = []
        var appliedObjects: [SchemaObject] = []
        for (path, row) in rows.sorted(by: { $0.key < $1.key }) {
            let file = files[path]
            let isSame = file?.source == row.source
            let objects = (isSame ? file : try? FunctionFile(path: path, contents: row.source))?.objects ?? []
            appliedObjects += objects
            let missing = Set(objects.filter { catalog.count($0) == 0 })
            problems += missing.map { "the \($0) of functions/\(path) is not in the database: run `lyceum migrate up`" }
                .sorted()
            guard file != nil else {
                entries.append(Entry(path: path, state: .removed, appliedAt: row.appliedAt))
                continue
            }
            let state: State = !isSame ? .changed : missing.isEmpty ? .applied : .incomplete
            entries.append(Entry(path: path, state: state, appliedAt: row.appliedAt))
        }
        entries += migrations.functions.filter { rows[$0.path] == nil }.map { Entry(path: $0.path, state: .new) }
        entries.sort { $0.path < $1.path }
        self.entries = entries
        applied = rows.mapValues(\.source)

        let known = Set(appliedObjects)
        let kept = Set(migrations.objects)
        made = catalog.entries.filter { known.contains($0.object) }
        abandoned = made.filter { !kept.contains($0.object) }
        let all = appliedObjects + migrations.ofTables
        self.problems = problems + Self.strangers(catalog, known: all) + Self.doubles(catalog, known: all)
    }

    /// Objects that are in the database but in no file. Views in `public` that are in no file are not ours.
    private static func strangers(_ catalog: SchemaObjects, known: [SchemaObject]) -> [String] {
        let known = Set(known)
        return catalog.entries
            .filter { !known.contains($0.object) && !$0.object.isViewOfPublic }
            .map { "the \($0.object.kind.rawValue) \($0.identity) is in the database but in no file: drop it" }
    }

    /// Functions with more versions in the database than in the files.
    static func doubles(_ catalog: SchemaObjects, known: [SchemaObject]) -> [String] {
        let counts: [SchemaObject: Int] = known.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        let doubled = catalog.entries.filter { catalog.count($0.object) > counts[$0.object, default: .max] }
        return Dictionary(grouping: doubled, by: \.object.name).values
            .map { entries in
                entries.map(\.identity).joined(separator: " and ")
                    + " are in the database, but the files have fewer functions of that name: to change a signature, add a "
                    + "numbered file with DROP FUNCTION IF EXISTS"
            }
            .sorted()
    }

    /// Functions that the files define twice with the same signature: the later text replaces the earlier.
    static func repeated(_ catalog: SchemaObjects, known: [SchemaObject]) -> [String] {
        let counts: [SchemaObject: Int] = known.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        return counts.filter { $0.key.kind == .function && $0.value > catalog.count($0.key) }
            .map { "the files define the \($0.key) \($0.value) times, and the database has \(catalog.count($0.key))" }
            .sorted()
    }

    private typealias Row = (source: String, appliedAt: String?)

    private static func rows(_ connection: BlockingConnection) throws -> [String: Row] {
        guard try connection.query("SELECT to_regclass('public.schema_functions')").first != nil else { return [:] }
        let answer = try connection.query(
            """
            SELECT path, source, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
              FROM public.schema_functions
            """)
        return answer.rows.reduce(into: [:]) { $0[$1[0] ?? ""] = ($1[1] ?? "", $1[2]) }
    }
}
