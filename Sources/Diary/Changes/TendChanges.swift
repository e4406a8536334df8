import Postgres

/// Adds partitions to the log of changes and drops old ones. Every piece of work belongs to a school, but each of these
/// maintains the whole log; if two run at the same time, the second does nothing.
extension BackgroundWork {
    /// - Parameter days: the minimum number of days for which changes are kept.
    package static func tendChanges(keeping days: Int) -> BackgroundWork {
        BackgroundWork("tend_changes", .every(seconds: 3600)) { attempt in
            let rows = try await attempt.run([statement(.integer(days)), renumber(.integer(renumbered))])
            return rows[1].integer(0, "count") == renumbered ? .more : .done
        }
    }

    /// How many notifications of another cluster get a new number at a time.
    private static let renumbered = 10_000
    private static let statement = Statement("SELECT lyceum.tend_changes(make_interval(days => $1::int))")
    private static let renumber = Statement("SELECT lyceum.renumber_notifications($1::int) AS count")
}

package enum ChangeLog {
    /// The default of `changes.keep`: the number of days for which changes are kept. Older cursors have expired.
    package static let days = 60
}
