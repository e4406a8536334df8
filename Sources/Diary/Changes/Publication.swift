import Postgres

extension BackgroundWork {
    /// Tells of rows of a table at the moment from which families see them (M12). The trigger `log_publication` of the table
    /// adds a piece for each row that waits.
    package static func publishing(_ table: String) -> BackgroundWork {
        BackgroundWork("publish_\(table)", .onDemand) { attempt in
            let rows = try await attempt.run([publish(.text(table), .text(attempt.piece.id))])[0]
            return rows.boolean(0, "is_done") ? .done : .more
        }
    }

    private static let publish = Statement("SELECT lyceum.publish($1, $2::uuid) AS is_done")
}
