import Postgres

extension BackgroundWork {
    /// M12: logs a row of the table when its time of publication comes. The table's trigger `log_publication` adds a
    /// piece of work for each row that is to be published later.
    package static func publishing(_ table: String) -> BackgroundWork {
        BackgroundWork("publish_\(table)", .onDemand) { attempt in
            let rows = try await attempt.run([publish(.text(table), .text(attempt.piece.id))])[0]
            return rows.boolean(0, "is_done") ? .done : .more
        }
    }

    private static let publish = Statement("SELECT lyceum.publish($1, $2::uuid) AS is_done")
}
