import JSON
import Synchronization

/// What the writers of a section's cells were told: versions that were acknowledged, and current values that came with
/// a refusal.
final class SharedJournal: Sendable {
    struct Cell: Hashable {
        let lesson: String
        let student: String
    }

    /// A version of a cell, with its number.
    struct Version: Hashable {
        let cell: Cell
        let version: Int
        let number: Int
    }

    private let state = Mutex((acknowledged: [Version](), shown: Set<Version>()))

    var acknowledged: [Version] { state.withLock { $0.acknowledged } }
    /// The current values of refusals.
    var shown: Set<Version> { state.withLock { $0.shown } }

    func acknowledge(_ versions: [Version]) { state.withLock { $0.acknowledged += versions } }
    func show(_ versions: [Version]) { state.withLock { $0.shown.formUnion(versions) } }
}
