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

    /// Whether what it writes fires no triggers that join.
    var writesByHash: Bool { ![.staff, .students, .guardians].contains(file.kind) }

    /// Statements in all: to look, to compare, to write, to look again.
    var steps: Int { 2 + writing.count + (statements.verify == nil ? 0 : 1) }

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

/// Files that are imported together, all of them or none: what is decided between looking and writing, however statements
/// reach the database.
///
/// For each of `tasks`, in their order: ask `isPossible`, run `examine` and `compare`, `check` their answers, run what
/// writes, `finish` with their answers. `conclude` at the end.
struct ImportBatch: Sendable {
    let tasks: [Import]
    private let isForced: Bool
    private let isDryRun: Bool
    private var faults: [ImportFault]
    private var refused: Set<ImportKind>
    private var reports: [ImportReport] = []

    /// - Parameter faults: of what the files came in.
    init(_ files: [ImportFile], faults: [ImportFault] = [], isForced: Bool, isDryRun: Bool) {
        tasks = files.map { Import($0) }
        self.isForced = isForced
        self.isDryRun = isDryRun
        self.faults = faults + files.flatMap { $0.faults }
        refused = Set(files.filter { !$0.faults.isEmpty }.map { $0.kind })
    }

    /// False while what its rows name has faults: theirs would be but echoes.
    func isPossible(_ task: Import) -> Bool {
        task.file.kind.needs.isDisjoint(with: refused)
    }

    mutating func skip(_ task: Import) { refused.insert(task.file.kind) }

    /// - Returns: how many the file leaves out; nil when it is not written.
    mutating func check(_ task: Import, findings: [[String?]], comparison: [[String?]]) throws(ImportRefusal) -> Int? {
        let found = task.faults(findings)
        if !found.isEmpty || !task.file.faults.isEmpty {
            faults += found
            refused.insert(task.file.kind)
            return nil
        }
        let counts = (comparison.first ?? []).map { Int($0 ?? "") ?? 0 }
        guard counts.count == 2 else { return 0 }
        // A file that was cut on its way looks like a school that lost its pupils.
        if !isForced, counts[1] * 10 > counts[0] {
            throw .shrinks(file: task.file.name, known: counts[0], missing: counts[1])
        }
        return counts[1]
    }

    /// - Parameter findings: what `verify` answered.
    mutating func finish(_ task: Import, _ changes: [[[String?]]], findings: [[String?]], missing: Int) {
        let found = task.faults(findings)
        if !found.isEmpty {
            faults += found
            refused.insert(task.file.kind)
        }
        reports.append(task.report(changes, missing: missing, isDryRun: isDryRun))
    }

    func conclude() throws(ImportRefusal) -> [ImportReport] {
        if let refusal = ImportRefusal(faults, order: tasks.map { $0.file.name }) { throw refusal }
        return reports
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
