import JSON

/// Rows on their way to a JSON list, with the lists inside them: child rows come in the order of their parents and carry
/// the parent's key in a column `_parent`, so that one pass over both renders them.
package struct RowList {
    package let name: String
    package let rows: Rows
    package let children: [RowList]
    /// Rows to render, from the first; a page asks for one more than it shows.
    package let count: Int

    package init(_ name: String, _ rows: Rows, _ children: [RowList] = [], limit: Int = .max) {
        self.name = name
        self.rows = rows
        self.children = children
        count = min(limit, rows.count)
    }
}

extension JSONWriter {
    /// Writes `"name": [ … ]` of all rows.
    package mutating func list(_ list: RowList) {
        var cursor = RowCursor(list)
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
        let steps = rows.shape.steps
        var position = 0
        while position < steps.count {
            switch steps[position] {
            case .begin(let name):
                key(name)
                beginObject()
            case .beginUnlessNull(let name, let column, let end):
                key(name)
                if rows.isNull(row, column) {
                    null()
                    position = end
                    continue
                }
                beginObject()
            case .end:
                endObject()
            case .value(let name, let column, let kind):
                key(name)
                value(rows, row, column, kind)
            }
            position += 1
        }
    }

    private mutating func value(_ rows: Rows, _ row: Int, _ column: Int, _ kind: RowShape.Kind) {
        if rows.isNull(row, column) { return null() }
        let bytes = unsafe rows.value(row, column)
        let span = unsafe Span<UInt8>(_unsafeElements: bytes.assumingMemoryBound(to: UInt8.self))
        switch kind {
        case .verbatim:
            // NaN and the infinities of float and numeric have no JSON form.
            let first = span[0] == UInt8(ascii: "-") && span.count > 1 ? span[1] : span[0]
            if first == UInt8(ascii: "N") || first == UInt8(ascii: "I") { return null() }
            raw(span)
        case .boolean: boolean(span[0] == UInt8(ascii: "t"))
        case .moment: moment(span)
        case .text: string(span)
        }
    }

    /// `2026-09-01 08:30:00+00` as RFC 3339 in UTC: `2026-09-01T08:30:00Z`. Sessions run in UTC and ISO.
    private mutating func moment(_ text: Span<UInt8>) {
        guard text.count >= 22 else { return string(text) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        for index in 0..<(text.count - 3) { bytes.append(text[index]) }
        bytes[10] = UInt8(ascii: "T")
        bytes.append(UInt8(ascii: "Z"))
        string(bytes.span)
    }
}

/// Walks a list and its children side by side.
private struct RowCursor {
    let list: RowList
    var row = 0
    private var children: [RowCursor]
    private let parent: Int?

    init(_ list: RowList) {
        self.list = list
        parent = list.rows.shape.names.firstIndex(of: "_parent")
        children = list.children.map { RowCursor($0) }
    }

    mutating func renderRow(_ writer: inout JSONWriter) {
        writer.beginObject()
        writer.fields(list.rows, row: row)
        for index in children.indices {
            writer.key(children[index].list.name)
            writer.beginArray()
            while children[index].belongs(to: list.rows, row) { children[index].renderRow(&writer) }
            writer.endArray()
        }
        writer.endObject()
        row += 1
    }

    private func belongs(to rows: Rows, _ parentRow: Int) -> Bool {
        guard row < list.count, let parent, let key = rows.shape.key else { return false }
        return unsafe list.rows.value(row, parent).elementsEqual(rows.value(parentRow, key))
    }
}
