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
    var write: [ImportCall] {
        let planning = file.kind.firesJoins ? ImportStatements.joinFreely : ImportStatements.joinByHash
        return [ImportCall(planning)] + writing.enumerated().map { call($0.element, .write($0.offset)) }
            + [ImportCall(ImportStatements.joinByHash)] + (statements.verify.map { [call($0, .verify)] } ?? [])
            + [ImportCall(ImportStatements.joinFreely)]
    }

    var steps: Int { (look + write).filter { $0.isStep }.count }

    private func call(_ statement: Statement, _ purpose: ImportCall.Purpose) -> ImportCall {
        ImportCall(statement, purpose, .rows(file.rows))
    }

    /// Faults out of what `examine` or `verify` answered.
    func faults(_ findings: [[String?]]) -> [ImportFault] {
        findings.map { row in
            var fault = ImportFault(row: Int(row[0] ?? "") ?? 0, column: row[1] ?? "", row[2] ?? "", row[3] ?? "")
            fault.file = file.name
            return fault
        }
    }

    /// - Parameter changes: what each of `writing` answered.
    func report(_ changes: [[[String?]]], missing: Int, isDryRun: Bool) -> ImportReport {
        func keys(_ answers: ArraySlice<[[String?]]>) -> Set<String> { Set(answers.joined().compactMap { $0[0] }) }
        let position = statements.update.count
        let made = keys(changes[position...position])
        let touched = keys(changes[...])
        return ImportReport(
            kind: file.kind, file: file.name, isDryRun: isDryRun, rows: file.count, made: made.count,
            updated: touched.count - made.count, unchanged: file.count - touched.count, missing: missing)
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
    /// Known by an external id, and not in the file. They stay as they are.
    package let missing: Int
}

/// Why an import changed nothing.
package enum ImportRefusal: Error, Equatable {
    /// By file and row, never empty.
    case faults([ImportFault])
    /// More than a tenth of who is known is missing: the file is likely cut.
    case shrinks(file: String?, known: Int, missing: Int)

    /// Nil without faults.
    init?(_ faults: [ImportFault], order: [String?]) {
        if faults.isEmpty { return nil }
        let places = Dictionary(order.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        func place(_ fault: ImportFault) -> Int { places[fault.file] ?? -1 }
        self = .faults(
            faults.enumerated().sorted {
                (place($0.element), $0.element.row, $0.offset) < (place($1.element), $1.element.row, $1.offset)
            }.map { $0.element })
    }

    /// Most of the faults that are told.
    static let toldFaults = 100
}
