import Postgres
import Web

/// A position in the stream of changes: the client may not have seen changes by this transaction and later ones.
///
/// Each changed row has the number of its transaction (`changed_xid`). Together with the rows a reader gets the oldest
/// transaction that was still running. A request from that position returns each change at least once and misses none,
/// even if a transaction commits late.
package struct FeedCursor {
    package let transaction: String

    /// Nil when the parameter is missing.
    package init?(_ query: inout QueryReader, _ name: String) {
        guard let text = query.text(name) else { return nil }
        guard text.hasPrefix("x"), let number = UInt64(text.dropFirst()), number > 0, "x\(number)" == text else {
            query.add(
                name, "invalid_cursor",
                Text(ru: "Курсор неверен; прочтите всё с начала.", en: "The cursor is not valid; read from the start."))
            return nil
        }
        transaction = String(number)
    }

    /// The cursor of the snapshot, and whether the given cursor belongs to another history of this database (after a
    /// restore).
    package static let now = Statement(
        """
        SELECT 'x' || pg_snapshot_xmin(pg_current_snapshot()) AS cursor,
            coalesce($1::text::xid8 > pg_snapshot_xmax(pg_current_snapshot()), false) AS _expired
        """)
}
