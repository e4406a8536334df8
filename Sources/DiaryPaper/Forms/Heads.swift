/// The heads of a table on paper: one row, or two if columns have titles of groups above them.
struct Heads {
    private let columns: [DocumentColumn]
    private let widths: Widths

    init(_ table: DocumentTable, _ widths: Widths) {
        columns = table.columns
        self.widths = widths
    }

    var all: [[String: Any]] { row(columns.indices.map { head(of: $0) }) }

    /// Titles above their neighbours, and the heads of the columns without one.
    var upper: [[String: Any]] {
        var heads: [Head] = []
        var index = 0
        while index < columns.count {
            let column = columns[index]
            guard let group = column.group else {
                heads.append(head(of: index, rows: 2))
                index += 1
                continue
            }
            let end = columns[index...].firstIndex { $0.group != group } ?? columns.count
            heads.append(
                Head(
                    title: group, style: "group", columns: end - index, isAcross: column.isAcross,
                    room: widths.millimetres[index..<end].reduce(0, +)))
            index = end
        }
        return row(heads)
    }

    /// The heads below the groups.
    var lower: [[String: Any]] { row(columns.indices.filter { columns[$0].group != nil }.map { head(of: $0) }) }

    private struct Head {
        let title: String
        let style: String
        let columns: Int
        let isAcross: Bool
        /// In millimetres.
        let room: Double
        var rows = 1
    }

    private func head(of index: Int, rows: Int = 1) -> Head {
        Head(
            title: columns[index].title, style: columns[index].style, columns: 1, isAcross: columns[index].isAcross,
            room: widths.millimetres[index], rows: rows)
    }

    /// If the head of one column among many does not fit, those of all of them are upright.
    private func row(_ heads: [Head]) -> [[String: Any]] {
        let isUpright = heads.contains { $0.isAcross && !fits($0) }
        return heads.map { head in
            var values: [String: Any] = [
                "title": head.title, "rows": head.rows, "columns": head.columns, "class": head.style,
            ]
            if isUpright, head.isAcross {
                values["class"] = head.style + " upright"
                // In pixels.
                values["height"] = min(12 + Int(5.3 * Double(head.title.count)), 220)
            }
            return values
        }
    }

    /// Whether no word of the title would be broken. A bold letter of 8.5 points is about 1.75 mm wide.
    private func fits(_ head: Head) -> Bool {
        let words: [Substring] = head.title.split(separator: " ")
        return words.allSatisfy { Double($0.count) * 1.75 + 1 <= head.room }
    }
}
