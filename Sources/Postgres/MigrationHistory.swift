/// Compares the files with the rows of schema_migrations.
package struct MigrationHistory: Sendable {
    package enum State: String, Sendable, Codable {
        case applied
        case pending
        /// A file without a transaction that did not run to its end.
        case started
        /// Applied, but the file has changed since.
        case changed
        /// Applied, but there is no file: the database is newer than this program.
        case missing
    }

    package struct Entry: Sendable, Codable, Equatable {
        package var version: Int
        package var name: String
        package var state: State
        /// RFC 3339 in UTC.
        package var appliedAt: String?
        package var seconds: Double?
    }

    package let entries: [Entry]
    /// The problems, one line each.
    package let problems: [String]
    /// The database's first migration is not among these files: the files were replaced since.
    let isOfOtherFiles: Bool

    init(files: [(file: MigrationFile, checksum: String)], connection: BlockingConnection) throws {
        let rows = try Self.rows(connection)
        var entries: [Entry] = []
        var problems: [String] = []
        let first = rows[1]?.entry.name
        isOfOtherFiles = first != nil && files.first.map { $0.file.name != first } ?? false
        for (file, checksum) in files {
            guard let row = rows[file.version] else {
                entries.append(Entry(version: file.version, name: file.name, state: .pending))
                continue
            }
            var entry = row.entry
            // A started file may be corrected before it runs again.
            if entry.state == .applied, row.checksum != checksum || row.entry.name != file.name {
                entry.state = .changed
                problems.append(
                    row.entry.name == file.name
                        ? "\(file.fileName) was changed after it had been applied: put it back, make a new file instead"
                        : "\(file.fileName) was applied as \(row.entry.name): give the file its name back")
            }
            entries.append(entry)
        }
        let known = Set(files.map(\.file.version))
        for (version, row) in rows.sorted(by: { $0.key < $1.key }) where !known.contains(version) {
            var entry = row.entry
            entry.state = .missing
            entries.append(entry)
            problems.append(
                "migration \(version) (\(entry.name)) is applied, but there is no file: use a newer program")
        }
        entries.sort { $0.version < $1.version }
        let newest = rows.keys.max() ?? 0
        for entry in entries where entry.version < newest && (entry.state == .pending || entry.state == .started) {
            problems.append(
                "migration \(entry.version) (\(entry.name)) is \(entry.state), but \(newest) is applied: "
                    + "out of order; give it the next free number")
        }
        self.entries = entries
        self.problems =
            isOfOtherFiles
            ? [
                "the database was made by other files (its first is \(first ?? ""), here it is \(files[0].file.name)): if the "
                    + "files were only merged, `lyceum migrate baseline` takes the database over without loss; "
                    + "docs/operations.md (Migrate) says at which file"
            ] : problems
    }

    private typealias Row = (entry: Entry, checksum: String)

    private static func rows(_ connection: BlockingConnection) throws -> [Int: Row] {
        guard try connection.query("SELECT to_regclass('public.schema_migrations')").first != nil else { return [:] }
        let answer = try connection.query(
            """
            SELECT version, name, checksum,
                   to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), extract(epoch FROM duration)
              FROM public.schema_migrations
            """)
        return answer.rows.reduce(into: [:]) { rows, row in
            guard let version = row[0].flatMap({ Int($0) }) else { return }
            let entry = Entry(
                version: version, name: row[1] ?? "", state: row[3] == nil ? .started : .applied, appliedAt: row[3],
                seconds: row[4].flatMap { Double($0) })
            rows[version] = (entry, row[2] ?? "")
        }
    }
}
