extension Migrator {
    /// The schema of the database in the form of schema.sql.
    package func dump() throws -> String {
        try connection.transaction { try SchemaDump(connection, of: migrations).text }
    }

    /// Takes over a database whose tables were made by other files: writes rows for these files up to `version`, runs
    /// the later files and applies the functions, all in one transaction. Before the commit it compares the result with
    /// schema.sql.
    ///
    /// - Parameter version: the file whose state the database's tables have; nil for the newest.
    package func baseline(at version: Int? = nil, allowDestructive: Bool = false) throws {
        let version = version ?? files.count
        let (standing, missing) = (files.prefix { $0.version <= version }, files.drop { $0.version <= version })
        guard standing.last?.version == version else {
            throw MigrationError.notToAdopt("There is no file \(version): the newest is \(files.count).")
        }
        if !allowDestructive { try refuseDestructive(Array(missing)) }
        if let file = missing.first(where: { !$0.isTransactional }) {
            throw MigrationError.notToAdopt(
                "\(file.fileName) runs without a transaction, so its result can't be checked before it is in effect."
            )
        }
        try wholly { lock in
            let history = try history()
            if history.problems.isEmpty && history.entries.allSatisfy({ $0.state == .applied }) {
                throw MigrationError.notToAdopt("The files and the database agree: there is nothing to take over.")
            }
            guard try connection.query("SELECT to_regnamespace('lyceum')").first != nil else {
                throw MigrationError.notToAdopt("The database is empty: `lyceum migrate up` makes the schema.")
            }
            try createTables()
            try lock.confirm()
            try adopt {
                // The objects of the other files, whatever their names. Functions that tables depend on are kept.
                let kept = Set(migrations.ofTables)
                let named = Set(migrations.objects)
                let outdated = try SchemaObjects(connection).entries.filter {
                    !kept.contains($0.object) && (!$0.object.isViewOfPublic || named.contains($0.object))
                }
                for statement in SchemaObjects.drop(outdated) { try connection.execute(statement) }
                try connection.execute(
                    "DELETE FROM public.schema_functions WHERE true; DELETE FROM public.schema_migrations WHERE true")
                for file in standing { try insertRow(of: file) }
                for file in missing { try runUp(file) }
            }
        }
    }

    /// Accepts files that were changed after they had been applied (in a comment, for example), and applies all
    /// functions again, which undoes changes made by hand. As with `baseline`, the result has to match schema.sql.
    ///
    /// - Returns: the numbered files whose rows were rewritten.
    @discardableResult
    package func repair() throws -> [String] {
        try wholly { lock in
            let history = try history()
            let changed = history.entries.filter { $0.state == .changed }.map(\.version)
            guard !history.isOfOtherFiles, history.problems.count == changed.count else {
                throw MigrationError.mismatch(history.problems)
            }
            if history.entries.contains(where: { $0.state == .pending || $0.state == .started }) {
                throw MigrationError.notToAdopt(
                    "A migration is pending, so the database can't be what schema.sql says: repair it with the files that it "
                        + "stands at.")
            }
            let files = files.filter { changed.contains($0.version) }
            try createTables()
            try lock.confirm()
            try adopt {
                for file in files {
                    try connection.query(
                        "UPDATE public.schema_migrations SET name = $2, checksum = $3 WHERE version = $1",
                        [String(file.version), file.name, try checksum(file.source)])
                }
            }
            return files.map(\.fileName)
        }
    }

    /// As `locked`, for what is one transaction.
    private func wholly<Value>(_ body: (MigrationLock) throws -> Value) throws -> Value {
        do {
            return try locked(body)
        } catch {
            interruption?.serve()
            if let signal = interruption?.signal { throw MigrationError.abandoned(signal: signal) }
            throw error
        }
    }

    private func adopt(_ rows: () throws -> Void) throws {
        guard let schema = migrations.schema else { throw MigrationError.noSchemaFile }
        try connection.transaction {
            try connection.query("SELECT set_config('lock_timeout', $1, true)", [lockTimeout])
            try rows()
            _ = try applyFunctions(after: nil, all: true)
            let difference = LineDifference(
                from: schema, to: try SchemaDump(connection, of: migrations).text,
                names: (Migrations.schemaFile, "the database"))
            if !difference.text.isEmpty { throw MigrationError.otherSchema(difference.text) }
        }
        try prepareSession()
    }
}
