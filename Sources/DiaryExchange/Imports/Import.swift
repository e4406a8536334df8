import Postgres

/// One file's import: its statements, and what their answers mean.
struct Import: Sendable {
    let file: ImportFile
    let statements: ImportStatements

    init(_ file: ImportFile) {
        self.file = file
        statements = .of(file.kind)
    }

    /// Statements that write, in their order. Who is known is brought up to date before others are made, so that nobody is
    /// written twice.
    var writing: [Statement] { statements.update + [statements.insert] + statements.follow }

    /// To examine and to compare.
    var look: [ImportCall] {
        [
            ImportCall(ImportStatements.joinByHash), call(statements.examine, .examine),
            call(statements.compare, .compare), ImportCall(ImportStatements.joinFreely),
        ]
    }

    /// To write and to verify.
    ///
    /// - Parameter left: rows that are not written.
    func write(without left: Set<Int> = []) -> [ImportCall] {
        let planning = file.kind.firesJoins ? ImportStatements.joinFreely : ImportStatements.joinByHash
        let rows = file.rows(without: left)
        return [ImportCall(planning)]
            + writing.enumerated().map { ImportCall($0.element, .write($0.offset), .rows(rows)) }
            + [ImportCall(ImportStatements.joinByHash)] + (statements.verify.map { [call($0, .verify)] } ?? [])
            + [ImportCall(ImportStatements.joinFreely)]
    }

    /// Writes the rows that may be written, to find what else is wrong.
    func attempt(without left: Set<Int>) -> [ImportCall] {
        [ImportCall(ImportStatements.attempt)] + write(without: left)
    }

    var steps: Int { (look + write()).filter { $0.isStep }.count }

    private func call(_ statement: Statement, _ purpose: ImportCall.Purpose) -> ImportCall {
        ImportCall(statement, purpose, .rows(file.rows))
    }

    /// What `examine` or `verify` answered.
    func findings(_ rows: [[String?]]) -> [ImportFinding] { rows.map { ImportFinding($0) } }

    /// - Parameter tellsKnown: whether the faults may name what only the database knows.
    func faults(_ findings: [ImportFinding], tellsKnown: Bool) -> [ImportFault] {
        findings.map { finding in
            var names = finding.names
            if !tellsKnown { names.known = nil }
            var fault = ImportFault(
                row: finding.row, column: finding.column, header: file.headers[finding.column], finding.code, names)
            fault.file = file.name
            return fault
        }
    }

    /// - Parameter changes: what each of `writing` answered.
    func report(_ changes: [[[String?]]], missing: Int?, isDryRun: Bool) -> ImportReport {
        func keys(_ answers: ArraySlice<[[String?]]>) -> Set<String> { Set(answers.joined().compactMap { $0[0] }) }
        let position = statements.update.count
        let made = keys(changes[position...position])
        let touched = keys(changes[...])
        return ImportReport(
            kind: file.kind, file: file.name, isDryRun: isDryRun, rows: file.count, made: made.count,
            updated: touched.count - made.count, unchanged: file.count - touched.count, missing: missing)
    }
}

/// A row of what `examine` or `verify` answered.
struct ImportFinding: Sendable {
    let row: Int
    let column: String
    let code: String
    let names: ImportNames

    init(_ columns: [String?]) {
        row = Int(columns[0] ?? "") ?? 0
        column = columns[1] ?? ""
        code = columns[2] ?? ""
        names = ImportNames(said: columns[3] ?? "", known: columns[4], row: columns[5])
    }
}

/// What the import of a file did, or would do.
package struct ImportReport: Sendable, Equatable {
    package let kind: ImportKind
    /// Of an archive's file, its name.
    package let file: String?
    package let isDryRun: Bool
    package let rows: Int
    package let made: Int
    package let updated: Int
    package let unchanged: Int
    /// Known by an external id, and not in the file. They stay as they are. Nil of a partial import, which doesn't count them.
    package let missing: Int?
}
