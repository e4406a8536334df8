/// What `serve` compares with the database before it serves.
///
/// Only equal texts are recognized, so the numbered files need not be parsed: a file was parsed when it was applied.
/// `Migrator.standing` says what differs.
package struct InstalledSchema {
    private let files: [(name: String, source: String)]
    private let functions: [FunctionFile]

    /// - Parameter directory: of `Migrations/`.
    package init(directory: String) throws(MigrationError) {
        files = try MigrationFile.sources(directory: directory)
        functions = try FunctionFile.load(directory: directory + "/functions")
    }

    /// Whether exactly these files are applied and all their functions, views and triggers are in the database.
    ///
    /// - Parameter checksum: SHA-256 of a text, in hexadecimal digits.
    package func isApplied(_ connection: BlockingConnection, checksum: (String) throws -> String) throws -> Bool {
        let tables = try connection.query(
            "SELECT to_regclass('public.schema_migrations'), to_regclass('public.schema_functions')"
        ).rows[0]
        guard tables.allSatisfy({ $0 != nil }) else { return false }
        return try hasFiles(connection, checksum) && hasFunctions(connection)
    }

    private func hasFiles(_ connection: BlockingConnection, _ checksum: (String) throws -> String) throws -> Bool {
        let rows = try connection.query(
            "SELECT version, name, checksum, applied_at IS NULL FROM public.schema_migrations"
        ).rows
        guard rows.allSatisfy({ $0[3] == "f" }) else { return false }
        let applied = rows.map { row in
            [MigrationFile.fileName(version: row[0].flatMap { Int($0) } ?? 0, name: row[1] ?? ""), row[2] ?? ""]
        }
        return try Set(applied) == Set(files.map { [$0.name, try checksum($0.source)] })
    }

    private func hasFunctions(_ connection: BlockingConnection) throws -> Bool {
        let rows = try connection.query("SELECT path, source FROM public.schema_functions").rows
        let applied = rows.reduce(into: [:]) { $0[$1[0] ?? ""] = $1[1] ?? "" }
        guard applied.count == functions.count, functions.allSatisfy({ applied[$0.path] == $0.source }) else {
            return false
        }
        let catalog = try SchemaObjects(connection)
        return functions.allSatisfy { $0.objects.allSatisfy { catalog.count($0) > 0 } }
    }
}
