import Postgres

/// Adds partitions to the log of changes and drops old ones. Every piece of work belongs to a school, but each of these
/// maintains the whole log; if two run at the same time, the second does nothing.
extension BackgroundWork {
    /// - Parameter days: the minimum number of days for which changes are kept.
    package static func tendChanges(keeping days: Int) -> BackgroundWork {
        BackgroundWork("tend_changes", .every(seconds: 3600)) { attempt in
            _ = try await attempt.run([statement(.integer(days))])
            return .done
        }
    }

    private static let statement = Statement("SELECT lyceum.tend_changes(make_interval(days => $1::int))")
}

package enum ChangeLog {
    /// The default of `changes.keep`: the number of days for which changes are kept. Older cursors have expired.
    package static let days = 60
}
