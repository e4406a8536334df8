import Diary
import Web

/// The refusal of an import, with the faults of its files. Nothing was changed.
package struct ImportRefusal: Error, Equatable {
    /// The first faults, by file and row; never empty.
    package let faults: [ImportFault]
    /// The number of all faults.
    package let count: Int

    /// The maximum number of listed faults.
    package static let toldFaults = 100

    /// The number of faults that are not listed.
    package var untold: Int { count - faults.count }

    /// Whether the only faults are that files leave out many known records.
    package var isShrinking: Bool { faults.allSatisfy { $0.code == ImportFault.shrinks } }

    package var kind: ProblemKind { isShrinking ? .importShrinks : .validationFailed }

    /// Replaces the problem's own sentence; nil where that fits.
    package var explanation: Text? {
        if untold > 0 {
            return Text(
                ru: "Ошибок: \(count); показаны первые \(faults.count), ещё \(untold) не показаны.",
                en: "There are \(count) faults; the first \(faults.count) are listed, \(untold) more are not.")
        }
        return isShrinking && faults.count == 1 ? faults[0].detail : nil
    }
}

/// Collects faults, those of the files and those from the database. For each file it keeps as many as can be listed.
struct ImportFaults: Sendable {
    private let order: [String?]
    private var kept: [String?: [ImportFault]] = [:]
    private var count = 0

    /// - Parameter order: the names of the files.
    init(order: [String?]) { self.order = order }

    /// - Parameter faults: faults of one file, or of the archive.
    mutating func add(_ faults: [ImportFault], of file: String?) {
        count += faults.count
        // A stable sort: faults of one row stay in the order in which they were found.
        let all = (kept[file, default: []] + faults).enumerated().sorted {
            ($0.element.row, $0.offset) < ($1.element.row, $1.offset)
        }
        kept[file] = all.prefix(ImportRefusal.toldFaults).map { $0.element }
    }

    /// Nil without faults. Faults of the archive and of unknown files come first.
    var refusal: ImportRefusal? {
        if count == 0 { return nil }
        let others = kept.keys.filter { !order.contains($0) }.sorted { ($0 ?? "") < ($1 ?? "") }
        let faults = (others + order).flatMap { kept[$0] ?? [] }
        return ImportRefusal(faults: Array(faults.prefix(ImportRefusal.toldFaults)), count: count)
    }
}
