extension Migrator {
    /// What `up` would do to functions: for each file, the difference from the applied text to the current one. An
    /// incomplete file has no difference.
    package func planFunctions() throws -> [(entry: FunctionHistory.Entry, difference: String)] {
        let history = try functionHistory()
        let sources = Dictionary(uniqueKeysWithValues: migrations.functions.map { ($0.path, $0.source) })
        return history.open.map { entry in
            let name = "functions/" + entry.path
            let difference = LineDifference(
                from: history.applied[entry.path] ?? "", to: sources[entry.path] ?? "",
                names: (
                    entry.appliedAt.map { "\(name) (applied \($0))" } ?? "/dev/null",
                    sources[entry.path] == nil ? "/dev/null" : name
                ))
            return (entry, difference.text)
        }
    }

    /// Applies the changed files, or all, inside a transaction.
    ///
    /// - Parameter file: the numbered file of the same transaction.
    /// - Returns: the paths of the files.
    func applyFunctions(after file: MigrationFile?, all: Bool = false) throws -> [String] {
        let clock = ContinuousClock()
        let start = clock.now
        try connection.query("SELECT set_config('lock_timeout', $1, true)", [lockTimeout])
        try connection.execute("SET LOCAL search_path TO DEFAULT")
        let history = try functionHistory()
        let open = Set(history.open.map(\.path))
        let files = migrations.functions.filter { all || open.contains($0.path) }
        try run(
            files.flatMap { file in file.statements.map { Step(file: file.fileName, statement: $0) } },
            with: file?.fileName)
        for statement in SchemaObjects.drop(history.abandoned) {
            do {
                try connection.execute(statement)
            } catch {
                throw MigrationError.functions(file: nil, line: nil, with: file?.fileName, error)
            }
        }
        try record(files, removed: history.entries.filter { $0.state == .removed }.map(\.path))
        let catalog = try SchemaObjects(connection)
        let faults =
            FunctionHistory.doubles(catalog, known: migrations.objects)
            + FunctionHistory.repeated(catalog, known: files.flatMap(\.objects))
        if !faults.isEmpty { throw MigrationError.mismatch(faults) }
        let paths = history.entries.map(\.path).filter { open.contains($0) || all }
        if !paths.isEmpty { report(.functions(paths, seconds: (clock.now - start) / .seconds(1))) }
        return paths
    }

    /// Drops everything that the functions' files have defined, inside a transaction.
    func dropFunctions() throws {
        for statement in SchemaObjects.drop(try functionHistory().made) { try connection.execute(statement) }
        try connection.execute("DELETE FROM public.schema_functions WHERE true")
    }

    private struct Step {
        var file: String
        var statement: SQLScript.Statement
    }

    /// Retries a statement that needs another one's object after that one. If no statement makes progress, throws the
    /// failure of the first.
    private func run(_ steps: [Step], with numbered: String?) throws {
        var steps = steps
        while !steps.isEmpty {
            var postponed: [Step] = []
            var first: BlockingConnection.Failure?
            for step in steps {
                do {
                    try connection.execute("SAVEPOINT step")
                    try connection.execute(step.statement.text)
                } catch {
                    // Class 42: a named object is missing or wrong.
                    guard error.sqlState?.hasPrefix("42") == true else { throw failed(step, numbered, error) }
                    try connection.execute("ROLLBACK TO SAVEPOINT step")
                    postponed.append(step)
                    first = first ?? error
                }
                try connection.execute("RELEASE SAVEPOINT step")
            }
            if let first, postponed.count == steps.count { throw failed(postponed[0], numbered, first) }
            steps = postponed
        }
    }

    private func failed(_ step: Step, _ numbered: String?, _ failure: BlockingConnection.Failure) -> MigrationError {
        let before = failure.position.map { position in
            step.statement.text.unicodeScalars.prefix(position - 1).count { $0 == "\n" }
        }
        return .functions(file: step.file, line: step.statement.line + (before ?? 0), with: numbered, failure)
    }

    private func record(_ files: [FunctionFile], removed: [String]) throws {
        for file in files {
            try connection.query(
                """
                INSERT INTO public.schema_functions (path, source, applied_at)
                VALUES ($1, $2, clock_timestamp())
                ON CONFLICT (path) DO UPDATE
                SET source = excluded.source, applied_at = excluded.applied_at
                """, [file.path, file.source])
        }
        for path in removed {
            try connection.query("DELETE FROM public.schema_functions WHERE path = $1", [path])
        }
    }
}
