import Diary
import Web

/// Why an import changed nothing: all that is wrong with its files.
package struct ImportRefusal: Error, Equatable {
    /// The first ones, by file and row; never empty.
    package let faults: [ImportFault]
    /// Of all of them.
    package let count: Int

    /// Most of the faults that are told.
    package static let toldFaults = 100

    /// How many faults are not among them.
    package var untold: Int { count - faults.count }

    /// Whether files only leave out much of what is known.
    package var isShrinking: Bool { faults.allSatisfy { $0.code == ImportFault.shrinks } }

    package var kind: ProblemKind { isShrinking ? .importShrinks : .validationFailed }

    /// Instead of the problem's own sentence; nil where that will do.
    package var explanation: Text? {
        if untold > 0 {
            return Text(
                ru: "Ошибок: \(count); показаны первые \(faults.count), ещё \(untold) не показаны.",
                en: "There are \(count) faults; the first \(faults.count) are listed, \(untold) more are not.")
        }
        return isShrinking && faults.count == 1 ? faults[0].detail : nil
    }
}

/// Faults as they are found, a file's own and those of the database. It keeps as many of each file as can be told.
struct ImportFaults: Sendable {
    private let order: [String?]
    private var kept: [String?: [ImportFault]] = [:]
    private var count = 0

    /// - Parameter order: the files' names.
    init(order: [String?]) { self.order = order }

    /// - Parameter faults: of one file, or of the archive.
    mutating func add(_ faults: [ImportFault], of file: String?) {
        count += faults.count
        // Stable: what is found first of a row is told first.
        let all = (kept[file, default: []] + faults).enumerated().sorted {
            ($0.element.row, $0.offset) < ($1.element.row, $1.offset)
        }
        kept[file] = all.prefix(ImportRefusal.toldFaults).map { $0.element }
    }

    /// Nil without faults. Those of the archive and of files that are no imports come first.
    var refusal: ImportRefusal? {
        if count == 0 { return nil }
        let others = kept.keys.filter { !order.contains($0) }.sorted { ($0 ?? "") < ($1 ?? "") }
        let faults = (others + order).flatMap { kept[$0] ?? [] }
        return ImportRefusal(faults: Array(faults.prefix(ImportRefusal.toldFaults)), count: count)
    }
}
