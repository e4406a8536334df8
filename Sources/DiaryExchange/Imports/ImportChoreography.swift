import Diary
import Postgres

/// A statement of an import, independent of the connection that runs it.
struct ImportCall: Sendable {
    /// The use of its rows.
    enum Purpose: Hashable, Sendable {
        /// It has no rows.
        case setting
        case examine
        case compare
        /// One of the statements that write, by its index.
        case write(Int)
        case verify
    }

    enum Parameters: Sendable {
        case none
        /// `$1` is the school.
        case school
        /// `$1` is the school, `$2` the file's rows as JSON.
        case rows(String)
    }

    let statement: Statement
    let purpose: Purpose
    let parameters: Parameters

    init(_ statement: Statement, _ purpose: Purpose = .setting, _ parameters: Parameters = .none) {
        self.statement = statement
        self.purpose = purpose
        self.parameters = parameters
    }

    /// The columns of its answer, in the order of a row.
    var columns: [String] {
        switch purpose {
        case .setting: []
        case .examine, .verify: ["line", "field", "code", "said", "known", "other"]
        case .compare: ["known", "missing"]
        case .write: ["key"]
        }
    }

    var isStep: Bool { purpose != .setting }
}

/// Options of an import.
package struct ImportOptions: Sendable, Equatable {
    /// Runs everything and rolls it back.
    package var isDryRun = false
    /// The files are complete, however many known records they leave out.
    package var isForced = false
    /// The files contain only some of the records; the records that they leave out are not counted.
    package var isPartial = false
    /// Whether faults may contain names of people that only the database knows.
    package var tellsKnown = true

    package init(isDryRun: Bool = false, isForced: Bool = false, isPartial: Bool = false, tellsKnown: Bool = true) {
        self.isDryRun = isDryRun
        self.isForced = isForced
        self.isPartial = isPartial
        self.tellsKnown = tellsKnown
    }
}

/// The import of several files, all or nothing: which statements run, in which order, and what their answers mean.
///
/// It has no database connection itself. A driver runs the statements that `next` returns, in one transaction, and
/// passes their rows to the next call until no statement is left; `reports` then has the result. There are two drivers:
/// the API's (`Imports`), on a shared connection of its core, and the owner's (`OwnerImport`), on a blocking one.
///
/// All faults of all files are reported at once. When a file has faulty rows, its other rows are still written, in
/// order to find their conflicts and the faults of files that refer to them. At the end everything is rolled back.
struct ImportChoreography: Sendable {
    private enum State {
        case beginning
        case looking(Import)
        case writing(Import, missing: Int?)
        /// Some rows are skipped.
        case attempting(Import, without: Set<Int>)
        /// The attempt failed.
        case abandoning
        case settling
    }

    private let options: ImportOptions
    private var waiting: ArraySlice<Import>
    private var state = State.beginning
    private var asked: [ImportCall] = []
    private var faults: ImportFaults
    private var echoes = ImportEchoes()
    private(set) var reports: [ImportReport] = []

    /// Whether a file contains staff, which only administrators import (A2).
    let keepsStaff: Bool

    /// The number of steps: in all files, and (`done`) in the finished ones.
    let steps: Int
    private(set) var done = 0

    /// - Parameter faults: faults of the archive.
    init(_ files: [ImportFile], faults: [ImportFault] = [], _ options: ImportOptions) {
        let imports = files.map { Import($0) }
        steps = imports.reduce(0) { $0 + $1.steps }
        keepsStaff = files.contains { $0.kind == .staff }
        waiting = imports[...]
        self.options = options
        self.faults = ImportFaults(order: files.map { $0.name })
        for fault in faults { self.faults.add([fault], of: fault.file) }
        for file in files { self.faults.add(file.faults, of: file.name) }
    }

    /// Whether the calls of the last `next` may fail; the import then continues with nil as their answer.
    var mayFail: Bool { if case .attempting = state { true } else { false } }

    /// - Parameter answers: the rows of the previous calls, call by call; nil when a call failed that may fail.
    mutating func next(_ answers: [[[String?]]]?) throws(ImportRefusal) -> [ImportCall] {
        let rows = answers.map { answers in
            Dictionary(zip(asked, answers).map { ($0.purpose, $1) }) { first, _ in first }
        }
        asked = try following(rows)
        return asked
    }

    private mutating func following(
        _ rows: [ImportCall.Purpose: [[String?]]]?
    ) throws(ImportRefusal) -> [ImportCall] {
        switch state {
        case .beginning:
            let partial = options.isPartial ? [ImportCall(ImportStatements.partial)] : []
            return ImportStatements.entrance + partial + (try look())
        case .looking(let file):
            return try check(file, rows ?? [:])
        case .writing(let file, let missing):
            finish(file, rows ?? [:], missing: missing)
            done += file.steps
            return try look()
        case .attempting(let file, let left):
            done += file.steps
            guard let rows else {
                echoes.note(file.file)
                state = .abandoning
                return [ImportCall(ImportStatements.abandon)]
            }
            add(collisions(file, rows, without: left), of: file)
            echoes.note(file.file, rows: left)
            return try look()
        case .abandoning: return try look()
        case .settling: return []
        }
    }

    /// Looks at the next file that can be compared with the database.
    private mutating func look() throws(ImportRefusal) -> [ImportCall] {
        while let file = waiting.popFirst() {
            if file.file.isComparable {
                state = .looking(file)
                return file.look
            }
            echoes.note(file.file)
            done += file.steps
        }
        if let refusal = faults.refusal { throw refusal }
        state = .settling
        return [ImportCall(Idempotency.settle)] + (options.isDryRun ? [ImportCall(ImportStatements.rollback)] : [])
    }

    private mutating func check(
        _ file: Import, _ rows: [ImportCall.Purpose: [[String?]]]
    ) throws(ImportRefusal) -> [ImportCall] {
        let findings = file.findings(rows[.examine] ?? [])
        let left = file.file.faultyRows.union(findings.map { $0.row })
        add(findings.filter { !isEcho($0, of: file) }, of: file)
        if left.isEmpty, file.file.isWhole, echoes.isComplete(file.file.kind.needs) {
            let missing = options.isPartial ? nil : missing(file, rows[.compare] ?? [])
            state = .writing(file, missing: missing)
            return file.write()
        }
        state = .attempting(file, without: left)
        return file.attempt(without: left)
    }

    /// The number of known records that the file leaves out.
    private mutating func missing(_ file: Import, _ comparison: [[String?]]) -> Int {
        let counts = (comparison.first ?? []).map { Int($0 ?? "") ?? 0 }
        guard counts.count == 2 else { return 0 }
        // A truncated file looks like a school that lost its students.
        if !options.isForced, counts[1] * 10 > counts[0] {
            faults.add(
                [ImportFault(file: file.file.name, missing: counts[1], of: counts[0])], of: file.file.name)
        }
        return counts[1]
    }

    private mutating func finish(_ file: Import, _ rows: [ImportCall.Purpose: [[String?]]], missing: Int?) {
        let found = collisions(file, rows, without: [])
        if !found.isEmpty {
            add(found, of: file)
            echoes.note(file.file, rows: [])
        }
        let changes = file.writing.indices.map { rows[.write($0)] ?? [] }
        reports.append(file.report(changes, missing: missing, isDryRun: options.isDryRun))
    }

    /// The findings of `verify`, without conflicts with skipped rows: these still have their old values.
    private func collisions(
        _ file: Import, _ rows: [ImportCall.Purpose: [[String?]]], without left: Set<Int>
    ) -> [ImportFinding] {
        file.findings(rows[.verify] ?? []).filter { finding in
            guard let other = finding.names.row.flatMap({ Int($0) }) else { return true }
            return !left.contains(other)
        }
    }

    private func isEcho(_ finding: ImportFinding, of file: Import) -> Bool {
        echoes.contains(code: finding.code, said: finding.names.said)
            // An unreadable cell counts as empty.
            || file.file.isFaulty(row: finding.row, column: finding.column)
    }

    private mutating func add(_ findings: [ImportFinding], of file: Import) {
        faults.add(file.faults(findings, tellsKnown: options.tellsKnown), of: file.file.name)
    }
}
