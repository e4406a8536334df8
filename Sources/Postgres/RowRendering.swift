import JSON

/// Rows on their way to a JSON list, with the lists inside them: child rows come in the order of their parents and carry
/// the parent's key in a column `_parent`, so that one pass over both renders them.
package struct RowList {
    package let name: String
    package let rows: Rows
    package let children: [RowList]
    /// Rows to render, from the first; a page asks for one more than it shows.
    package let count: Int

    /// - Parameter hidden: members that are not rendered.
    package init(
        _ name: String, _ rows: Rows, _ children: [RowList] = [], limit: Int = .max, without hidden: Set<String> = []
    ) {
        if !hidden.isEmpty { rows.hide(hidden) }
        self.name = name
        self.rows = rows
        self.children = children
        count = min(limit, rows.count)
    }

    /// Bytes in memory, with those of the lists inside.
    var size: Int { children.reduce(rows.size) { $0 + $1.size } }
}

extension JSONWriter {
    /// Writes `"name": [ … ]` of all rows.
    package mutating func list(_ list: RowList) {
        var cursor = RowCursor(list)
        // What the rows take in memory is about what their JSON takes: one growth instead of one for each doubling.
        reserve(list.size)
        key(list.name)
        beginArray()
        while cursor.row < list.count { cursor.renderRow(&self) }
        endArray()
    }

    /// Writes `"name": { … }` of the first row, or null without rows.
    package mutating func object(_ name: String, _ rows: Rows) {
        key(name)
        if rows.isEmpty {
            null()
        } else {
            object(rows, row: 0)
        }
    }

    /// Writes one row as an object.
    package mutating func object(_ rows: Rows, row: Int) {
        beginObject()
        fields(rows, row: row)
        endObject()
    }

    /// Writes one row's fields into the object that is open.
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

/// Walks a list and its children side by side.
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
