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
        case .examine, .verify: ["line", "field", "code", "argument"]
        case .compare: ["known", "missing"]
        case .write: ["key"]
        }
    }

    var isStep: Bool { purpose != .setting }
}

/// Files that are imported together, all of them or none: which statements run, in which order, and what their answers mean.
///
/// It reaches no database itself. A driver runs what `next` gives, in one transaction, and hands the rows back until there is
/// nothing more to run; `reports` then says what was done. There are two drivers: the API's (`Imports`) on a connection that
/// its core shares, and the owner's (`OwnerImport`) on one that blocks.
struct ImportChoreography: Sendable {
    private enum State {
        case beginning
        case looking(Import)
        case writing(Import, missing: Int)
        case settling
    }

    private let order: [String?]
    private let isForced: Bool
    private let isDryRun: Bool
    private var waiting: ArraySlice<Import>
    private var state = State.beginning
    private var asked: [ImportCall] = []
    private var faults: [ImportFault]
    private var refused: Set<ImportKind>
    private(set) var reports: [ImportReport] = []

    /// Whether a file is of staff, which administrators alone keep (A2).
    let keepsStaff: Bool

    /// Calls that are steps: of all files, and of those that are done with.
    let steps: Int
    private(set) var done = 0

    /// - Parameter faults: of what the files came in.
    init(_ files: [ImportFile], faults: [ImportFault] = [], isForced: Bool, isDryRun: Bool) {
        let imports = files.map { Import($0) }
        order = files.map { $0.name }
        steps = imports.reduce(0) { $0 + $1.steps }
        keepsStaff = files.contains { $0.kind == .staff }
        waiting = imports[...]
        self.isForced = isForced
        self.isDryRun = isDryRun
        self.faults = faults + files.flatMap { $0.faults }
        refused = Set(files.filter { !$0.faults.isEmpty }.map { $0.kind })
    }

    /// - Parameter answers: the rows of what was given before, call by call.
    /// - Returns: what to run next; nothing when the import is done.
    mutating func next(_ answers: [[[String?]]]) throws(ImportRefusal) -> [ImportCall] {
        let rows = Dictionary(zip(asked, answers).map { ($0.purpose, $1) }) { first, _ in first }
        asked = try following(rows)
        return asked
    }

    private mutating func following(
        _ rows: [ImportCall.Purpose: [[String?]]]
    ) throws(ImportRefusal) -> [ImportCall] {
        switch state {
        case .beginning:
            return ImportStatements.entrance + (try look())
        case .looking(let file):
            if let missing = try check(file, findings: rows[.examine] ?? [], comparison: rows[.compare] ?? []) {
                state = .writing(file, missing: missing)
                return file.write
            }
            done += file.steps
            return try look()
        case .writing(let file, let missing):
            finish(file, rows, missing: missing)
            done += file.steps
            return try look()
        case .settling: return []
        }
    }

    /// Looks at the next file. A file is skipped while one that its rows name has faults: its own would be echoes.
    private mutating func look() throws(ImportRefusal) -> [ImportCall] {
        while let file = waiting.popFirst() {
            if file.file.kind.needs.isDisjoint(with: refused) {
                state = .looking(file)
                return file.look
            }
            refused.insert(file.file.kind)
            done += file.steps
        }
        if let refusal = ImportRefusal(faults, order: order) { throw refusal }
        state = .settling
        return [ImportCall(Idempotency.settle)] + (isDryRun ? [ImportCall(ImportStatements.rollback)] : [])
    }

    /// - Returns: how many the file leaves out; nil when it is not written.
    private mutating func check(
        _ file: Import, findings: [[String?]], comparison: [[String?]]
    ) throws(ImportRefusal) -> Int? {
        let found = file.faults(findings)
        if !found.isEmpty || !file.file.faults.isEmpty {
            refuse(file, found)
            return nil
        }
        let counts = (comparison.first ?? []).map { Int($0 ?? "") ?? 0 }
        guard counts.count == 2 else { return 0 }
        // A file that was cut on its way looks like a school that lost its pupils.
        if !isForced, counts[1] * 10 > counts[0] {
            throw .shrinks(file: file.file.name, known: counts[0], missing: counts[1])
        }
        return counts[1]
    }

    private mutating func finish(_ file: Import, _ rows: [ImportCall.Purpose: [[String?]]], missing: Int) {
        let found = file.faults(rows[.verify] ?? [])
        if !found.isEmpty { refuse(file, found) }
        let changes = file.writing.indices.map { rows[.write($0)] ?? [] }
        reports.append(file.report(changes, missing: missing, isDryRun: isDryRun))
    }

    private mutating func refuse(_ file: Import, _ found: [ImportFault]) {
        faults += found
        refused.insert(file.file.kind)
    }
}
