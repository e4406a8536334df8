import Postgres

/// Adds partitions to the log of changes and drops old ones. Each school's turn tends to the whole table, so that it happens
/// although each piece of work belongs to a school; a second turn at the same time changes nothing.
extension BackgroundWork {
    package static let tendChanges = BackgroundWork("tend_changes", .every(seconds: 3600)) { attempt in
        _ = try await attempt.run([statement(.text(ChangeLog.retention))])
        return .done
    }

    private static let statement = Statement("SELECT lyceum.tend_changes($1::interval)")
}

package enum ChangeLog {
    /// How long changes can be asked for. A cursor from before has expired.
    package static let retention = "60 days"
}
