import Postgres

/// One import: what it decides between looking and writing, however its statements reach the database.
struct Import {
    let file: ImportFile
    let isForced: Bool
    let statements: ImportStatements

    /// Most of the faults that are told.
    static let toldFaults = 100

    init(_ file: ImportFile, isForced: Bool) {
        self.file = file
        self.isForced = isForced
        statements = .of(file.kind)
    }

    /// Statements that write, in their order. Who is known is brought up to date before others are made, so that nobody is
    /// written twice.
    var writing: [Statement] { statements.update + [statements.insert] + statements.follow }

    /// - Parameters:
    ///   - findings: what `examine` answered, `comparison` what `compare` did.
    /// - Returns: how many the file leaves out.
    func check(findings: [[String?]], comparison: [[String?]]) throws(ImportRefusal) -> Int {
        let found = findings.map { row in
            ImportFault(row: Int(row[0] ?? "") ?? 0, column: row[1] ?? "", row[2] ?? "", row[3] ?? "")
        }
        if let refusal = ImportRefusal(file.faults + found) { throw refusal }
        let counts = (comparison.first ?? []).map { Int($0 ?? "") ?? 0 }
        guard counts.count == 2 else { return 0 }
        // A file that was cut on its way looks like a school that lost its pupils.
        if !isForced, counts[1] * 10 > counts[0] { throw .shrinks(known: counts[0], missing: counts[1]) }
        return counts[1]
    }

    /// - Parameter changes: what each of `writing` answered.
    func report(_ changes: [[[String?]]], missing: Int, isDryRun: Bool) -> ImportReport {
        func keys(_ answers: ArraySlice<[[String?]]>) -> Set<String> { Set(answers.joined().compactMap { $0[0] }) }
        let position = statements.update.count
        let made = keys(changes[position...position])
        let touched = keys(changes[...])
        return ImportReport(
            kind: file.kind, isDryRun: isDryRun, rows: file.count, made: made.count,
            updated: touched.count - made.count, unchanged: file.count - touched.count, missing: missing)
    }
}

/// What an import did, or would do.
package struct ImportReport: Sendable, Equatable {
    package let kind: ImportKind
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
    /// By row, never empty.
    case faults([ImportFault])
    /// More than a tenth of who is known is missing: the file is likely cut.
    case shrinks(known: Int, missing: Int)

    /// Nil without faults.
    init?(_ faults: [ImportFault]) {
        if faults.isEmpty { return nil }
        self = .faults(
            faults.enumerated().sorted { ($0.element.row, $0.offset) < ($1.element.row, $1.offset) }.map { $0.element })
    }
}
