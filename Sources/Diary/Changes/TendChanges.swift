import Postgres

/// Adds partitions to the log of changes and drops old ones. Each school's turn tends to the whole table, so that it happens
/// although each piece of work belongs to a school; a second turn at the same time changes nothing.
extension BackgroundWork {
    /// - Parameter days: how long changes can be asked for at least.
    package static func tendChanges(keeping days: Int) -> BackgroundWork {
        BackgroundWork("tend_changes", .every(seconds: 3600)) { attempt in
            _ = try await attempt.run([statement(.integer(days))])
            return .done
        }
    }

    private static let statement = Statement("SELECT lyceum.tend_changes(make_interval(days => $1::int))")
}

package enum ChangeLog {
    /// Days for which changes are kept where nothing else is set. A cursor from before has expired.
    package static let days = 60
}
