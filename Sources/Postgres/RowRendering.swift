import JSON

/// Rows to be rendered as a JSON list, with nested lists. Child rows are sorted like their parents and have the
/// parent's key in a column `_parent`, so that one pass over both renders them.
package struct RowList {
    package let name: String
    package let rows: Rows
    package let children: [RowList]
    /// How many rows to render, from the first; a page query returns one more than it shows.
    package let count: Int

    package init(_ name: String, _ rows: Rows, _ children: [RowList] = [], limit: Int = .max) {
        self.name = name
        self.rows = rows
        self.children = children
        count = min(limit, rows.count)
    }

    /// Bytes in memory, including the nested lists.
    var size: Int { children.reduce(rows.size) { $0 + $1.size } }
}

extension JSONWriter {
    /// Writes `"name": [ … ]` with all rows.
    package mutating func list(_ list: RowList) {
        var cursor = RowCursor(list)
        // The JSON is about as large as the rows in memory, so the buffer grows only once.
        reserve(list.size)
        key(list.name)
        beginArray()
        while cursor.row < list.count { cursor.renderRow(&self) }
        endArray()
    }

    /// Writes `"name": { … }` with the first row, or null if there are no rows.
    package mutating func object(_ name: String, _ rows: Rows) {
        key(name)
        if rows.isEmpty {
            null()
        } else {
            object(rows, row: 0)
        }
    }

    package mutating func object(_ rows: Rows, row: Int) {
        beginObject()
        fields(rows, row: row)
        endObject()
    }

    /// Writes one row's fields into the open object.
    package mutating func fields(_ rows: Rows, row: Int) {
        let count = rows.shape.steps.count
        var position = 0
        var needed = 1024
        while position < count {
            write(capacity: needed) { output, needsComma in
                (position, needed) = rows.write(row, from: position, into: &output, &needsComma)
            }
        }
    }
}

/// Walks through a list and its children in parallel.
private struct RowCursor {
    let list: RowList
    var row = 0
    private let name: JSONKey
    private var children: [RowCursor]

    init(_ list: RowList) {
        self.list = list
        name = JSONKey(list.name)
        children = list.children.map { RowCursor($0) }
    }

    mutating func renderRow(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.fields(list.rows, row: row)
        for index in children.indices {
            writer.key(children[index].name)
            writer.beginArray()
            while children[index].belongs(to: list.rows, row) { children[index].renderRow(&writer) }
            writer.endArray()
        }
        writer.endObject()
        row += 1
    }

    private func belongs(to rows: Rows, _ parentRow: Int) -> Bool {
        guard row < list.count, let parent = list.rows.shape.parent, let key = rows.shape.key else { return false }
        return list.rows.isValue(row, parent, sameAs: rows, parentRow, key)
    }
}
