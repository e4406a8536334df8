/// Figures as a table in shades: the keeping of journals, a row for each teacher. The darker a cell, the more it needs
/// to be looked at. Each cell has its number too, so that a copy in black and white loses nothing.
package struct HeatTable: Sendable {
    package struct Column: Sendable {
        package let name: String
        /// Where a cell is white, and where it is darkest: 100 and 0 where much is good, 0 and 20 where little is good.
        package let good: Double
        package let bad: Double
        package let digits: Int

        package init(name: String, good: Double, bad: Double, digits: Int = 0) {
            self.name = name
            self.good = good
            self.bad = bad
            self.digits = digits
        }
    }

    package struct Row: Sendable {
        package let name: String
        package let values: [Double?]

        package init(name: String, values: [Double?]) {
            self.name = name
            self.values = values
        }
    }

    package var title: String
    package var columns: [Column]
    package var rows: [Row]
    package var missing = "—"
    package var width = 680.0

    package init(title: String, columns: [Column], rows: [Row]) {
        self.title = title
        self.columns = columns
        self.rows = rows
    }

    /// From the best to the worst, with the colour of the text.
    private static let shades = [
        ("#ffffff", "#000"), ("#e6e6e6", "#000"), ("#c8c8c8", "#000"), ("#969696", "#000"), ("#595959", "#fff"),
    ]
    /// Rows of a picture: a picture can't be broken over pages, so a long table is several, each with its heads. They fit
    /// on a page on its side below the title of a report.
    private static let rowsOfPicture = 24

    package var pictures: [String] {
        // Alike in length.
        let count = max(1, (rows.count + Self.rowsOfPicture - 1) / Self.rowsOfPicture)
        let length = max(1, (rows.count + count - 1) / count)
        let starts = Array(stride(from: 0, to: max(rows.count, 1), by: length))
        return starts.enumerated().map { number, start in
            let part = rows[min(start, rows.count)..<min(start + length, rows.count)]
            return picture(part, title: starts.count == 1 ? title : "\(title) (\(number + 1)/\(starts.count))")
        }
    }

    private func picture(_ rows: ArraySlice<Row>, title: String) -> String {
        let rowHeight = 17.0
        let longest = (self.rows.map { TextWidth.of($0.name, size: 10) }.max() ?? 0) + 10
        let left = min(max(longest, 60), width * 0.4)
        let cell = min((width - left) / Double(max(1, columns.count)), 90)
        // Names that don't fit across stand upright.
        let isUpright = columns.contains { TextWidth.of($0.name, size: 9) > cell - 4 }
        let heads = isUpright ? min(130, (columns.map { TextWidth.of($0.name, size: 9) }.max() ?? 0) + 8) : 18
        let top = 20 + heads
        var svg = SVG(width: width, height: top + rowHeight * Double(rows.count) + 2)
        svg.text(title, 0, 12, size: 12, isBold: true, room: width)
        for (index, column) in columns.enumerated() {
            let x = left + cell * (Double(index) + 0.5)
            if isUpright {
                svg.text(column.name, x + 3, top - 4, size: 9, room: heads - 4, upright: true)
            } else {
                svg.text(column.name, x, top - 5, size: 9, anchor: .middle)
            }
        }
        for (number, row) in rows.enumerated() {
            let y = top + rowHeight * Double(number)
            svg.text(row.name, 0, y + 12, room: left - 6)
            for (index, column) in columns.enumerated() {
                let x = left + cell * Double(index)
                let value = index < row.values.count ? row.values[index] : nil
                guard let value, value.isFinite else {
                    svg.rectangle(x, y, cell, rowHeight, fill: "#fff", stroke: "#888")
                    svg.text(missing, x + cell / 2, y + 12, anchor: .middle)
                    continue
                }
                let (shade, ink) = Self.shades[step(value, column)]
                svg.rectangle(x, y, cell, rowHeight, fill: shade, stroke: "#888")
                svg.text(
                    Axis.label(value, digits: column.digits), x + cell / 2, y + 12, anchor: .middle, fill: ink)
            }
        }
        return svg.markup(title: title)
    }

    private func step(_ value: Double, _ column: Column) -> Int {
        guard column.good != column.bad else { return 0 }
        let share = (value - column.good) / (column.bad - column.good)
        return min(max(Int((share * Double(Self.shades.count)).rounded(.down)), 0), Self.shades.count - 1)
    }
}
