import Postgres

/// The import of one file: its statements, and the meaning of their answers.
struct Import: Sendable {
    let file: ImportFile
    let statements: ImportStatements

    init(_ file: ImportFile) {
        self.file = file
        statements = .of(file.kind)
    }

    /// The statements that write, in order. Known records are updated before new ones are inserted, so that no record
    /// is written twice.
    var writing: [Statement] { statements.update + [statements.insert] + statements.follow }

    /// Examines the rows and compares them with the known records.
    var look: [ImportCall] {
        [
            ImportCall(ImportStatements.joinByHash), call(statements.examine, .examine),
            call(statements.compare, .compare), ImportCall(ImportStatements.joinFreely),
        ]
    }

    /// Writes the rows and verifies the result.
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

    /// Writes the valid rows in order to find further faults.
    func attempt(without left: Set<Int>) -> [ImportCall] {
        [ImportCall(ImportStatements.attempt)] + write(without: left)
    }

    var steps: Int { (look + write()).filter { $0.isStep }.count }

    private func call(_ statement: Statement, _ purpose: ImportCall.Purpose) -> ImportCall {
        ImportCall(statement, purpose, .rows(file.rows))
    }

    /// The findings in the answer of `examine` or `verify`.
    func findings(_ rows: [[String?]]) -> [ImportFinding] { rows.map { ImportFinding($0) } }

    /// - Parameter tellsKnown: whether the faults may contain names that only the database knows.
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

    /// - Parameter changes: the answers of the statements in `writing`.
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

/// A row in the answer of `examine` or `verify`.
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

/// What the import of a file did, or would do in a dry run.
package struct ImportReport: Sendable, Equatable {
    package let kind: ImportKind
    /// The file's name in an archive.
    package let file: String?
    package let isDryRun: Bool
    package let rows: Int
    package let made: Int
    package let updated: Int
    package let unchanged: Int
    /// The number of records with an external id that are not in the file. They stay unchanged. Nil for a partial
    /// import, which does not count them.
    package let missing: Int?
}
