import Diary
import JSON
import Postgres

/// The text of a delta of events, by person.
struct EventPage {
    private(set) var text: [String: [UInt8]] = [:]
    /// The position behind the last row.
    private(set) var last: EventCursor?
    let count: Int
    /// Whether the delta goes on behind these rows.
    let hasMore: Bool

    /// - Parameters:
    ///   - rows: of `Events.new`, in their order.
    ///   - limit: how many of them to take at most; more than the persons that they are for.
    init(_ rows: Rows, since start: EventCursor, until end: ChangeCursor, limit: Int = .max) {
        hasMore = rows.count > limit
        var count = min(rows.count, limit)
        if hasMore {
            // A notification to several persons is on one page.
            while count > 0, rows.text(count - 1, "id") == rows.text(limit, "id") { count -= 1 }
        }
        self.count = count
        let endText = EventCursor(end).text
        var lastRows: [String: Int] = [:]
        for row in 0..<count { lastRows[rows.text(row, "_person")!] = row }
        for row in 0..<count {
            let person = rows.text(row, "_person")!
            let place = start.moved(
                behind: .init(transaction: rows.integer(row, "_transaction")!, id: rows.text(row, "id")!), towards: end)
            last = place
            // The last event of a person is followed by nothing up to the end of the delta.
            let isLast = !hasMore && lastRows[person] == row
            Self.append("notification", id: isLast ? endText : place.text, to: &text[person, default: []]) {
                $0.object(rows, row: row)
            }
        }
    }

    /// One event.
    static func append(_ name: String, id: String, to text: inout [UInt8], _ write: (inout JSONWriter) -> Void) {
        var data = JSONWriter()
        write(&data)
        text.append(contentsOf: "event: \(name)\nid: \(id)\ndata: ".utf8)
        if data.bytes.contains(10) {
            // JSON that comes from PostgreSQL may have line breaks.
            text.append(contentsOf: data.bytes.split(separator: 10).joined(separator: Array("\ndata: ".utf8)))
        } else {
            text.append(contentsOf: data.bytes)
        }
        text.append(contentsOf: "\n\n".utf8)
    }
}
