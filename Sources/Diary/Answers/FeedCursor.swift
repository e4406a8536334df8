import Postgres
import Web

/// A place in the stream of changes: everything written by transactions from this one on has not been seen for sure.
///
/// What changes carries the number of its transaction (`changed_xid`). A reader gets, beside the rows, the oldest transaction
/// that was still running; asking again from there gives each change at least once and misses none, whatever commits late.
package struct FeedCursor {
    package let transaction: String

    /// Nil without the parameter.
    package init?(_ query: inout QueryReader, _ name: String) {
        guard let text = query.text(name) else { return nil }
        guard text.hasPrefix("x"), let number = UInt64(text.dropFirst()), number > 0, "x\(number)" == text else {
            query.add(name, "invalid_cursor", Text(ru: "Это не курсор отсюда.", en: "This is not a cursor from here."))
            return nil
        }
        transaction = String(number)
    }

    /// The cursor of the snapshot, and whether the given one is from another history of this database (a restore).
    package static let now = Statement(
        """
        SELECT 'x' || pg_snapshot_xmin(pg_current_snapshot()) AS cursor,
            coalesce($1::text::xid8 > pg_snapshot_xmax(pg_current_snapshot()), false) AS _expired
        """)
}
