import Diary
import Postgres

/// A statement of an import, whichever connection runs it.
struct ImportCall: Sendable {
    /// What its rows are for.
    enum Purpose: Hashable, Sendable {
        /// It has no rows.
        case setting
        case examine
        case compare
        /// One of those that write, by its place among them.
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

/// How files are imported.
package struct ImportOptions: Sendable, Equatable {
    /// Everything is done and rolled back.
    package var isDryRun = false
    /// The files are complete, however much they leave out.
    package var isForced = false
    /// The files hold some of the records: what they leave out is not counted.
    package var isPartial = false
    /// Whether faults may name what only the database knows of people.
    package var tellsKnown = true

    package init(isDryRun: Bool = false, isForced: Bool = false, isPartial: Bool = false, tellsKnown: Bool = true) {
        self.isDryRun = isDryRun
        self.isForced = isForced
        self.isPartial = isPartial
        self.tellsKnown = tellsKnown
    }
}

/// Files that are imported together, all of them or none: which statements run, in which order, and what their answers mean.
///
/// It reaches no database itself. A driver runs what `next` gives, in one transaction, and hands the rows back until there is
/// nothing more to run; `reports` then says what was done. There are two drivers: the API's (`Imports`) on a connection that
/// its core shares, and the owner's (`OwnerImport`) on one that blocks.
///
/// All faults of all files are told at once. So when a file has faulty rows, the others are written nevertheless, and what
/// they collide with is found; so are faults of the files that name them. In the end all of it is rolled back.
struct ImportChoreography: Sendable {
    private enum State {
        case beginning
        case looking(Import)
        case writing(Import, missing: Int?)
        /// Rows are left out.
        case attempting(Import, without: Set<Int>)
        /// It failed.
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

    /// Whether a file is of staff, which administrators alone keep (A2).
    let keepsStaff: Bool

    /// Calls that are steps: of all files, and of those that are done with.
    let steps: Int
    private(set) var done = 0

    /// - Parameter faults: of what the files came in.
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

    /// Whether what was given last may fail: then `next` wants nil, and the import goes on.
    var mayFail: Bool { if case .attempting = state { true } else { false } }

    /// - Parameter answers: the rows of what was given before, call by call; nil when a call failed that may.
    /// - Returns: what to run next; nothing when the import is done.
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

    /// Looks at the next file that can be compared with what is there.
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

    /// How many the file leaves out.
    private mutating func missing(_ file: Import, _ comparison: [[String?]]) -> Int {
        let counts = (comparison.first ?? []).map { Int($0 ?? "") ?? 0 }
        guard counts.count == 2 else { return 0 }
        // A file that was cut on its way looks like a school that lost its pupils.
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

    /// What `verify` found. A collision with a row that was left out, and so stands where it stood before, is none.
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
            // A cell that could not be read was taken for an empty one.
            || file.file.isFaulty(row: finding.row, column: finding.column)
    }

    private mutating func add(_ findings: [ImportFinding], of file: Import) {
        faults.add(file.faults(findings, tellsKnown: options.tellsKnown), of: file.file.name)
    }
}
