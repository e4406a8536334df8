/// Bars beside each other, a row for each category: the quality of each class. Readable in black and white: the bars of
/// a row have different shades, and each has its value at its end.
package struct BarChart: Sendable {
    package struct Series: Sendable {
        package let name: String
        /// One for each category; nil: there is no value, which is not zero.
        package let values: [Double?]

        package init(name: String, values: [Double?]) {
            self.name = name
            self.values = values
        }
    }

    package var title: String
    package var categories: [String]
    /// At most four.
    package var series: [Series]
    /// The end of the axis; nil: the largest value, rounded up.
    package var maximum: Double?
    /// Digits after the point of the values that are shown, and what follows them.
    package var digits = 1
    package var unit = ""
    /// Stands where there is no value.
    package var missing = "—"
    package var width = 680.0

    package init(title: String, categories: [String], series: [Series]) {
        self.title = title
        self.categories = categories
        self.series = Array(series.prefix(Self.shades.count))
    }

    private static let shades = ["#4d4d4d", "#b8b8b8", "#ffffff", "#808080"]

    private static let bar = 11.0
    private static let gap = 7.0
    /// Of a picture, beside a title: a picture can't be broken over pages.
    private static let tallest = 560.0

    private var rowHeight: Double { Self.bar * Double(max(1, series.count)) + Self.gap }

    /// A long chart is several pictures, with the same axis.
    package var pictures: [String] {
        let rows = Int((Self.tallest - 64) / rowHeight)
        let starts = Array(stride(from: 0, to: max(categories.count, 1), by: rows))
        guard starts.count > 1 else { return [markup] }
        return starts.enumerated().map { number, start in
            var part = self
            part.title = "\(title) (\(number + 1)/\(starts.count))"
            part.categories = Array(categories.dropFirst(start).prefix(rows))
            part.series = series.map { Series(name: $0.name, values: Array($0.values.dropFirst(start).prefix(rows))) }
            part.maximum = end
            return part.markup
        }
    }

    private var end: Double { maximum ?? Axis.end(of: series.flatMap { $0.values.compactMap { $0 } }.max() ?? 1) }

    package var markup: String {
        let (bar, gap) = (Self.bar, Self.gap)
        let top = 44.0
        let left = min(220, (categories.map { TextWidth.of($0, size: 10) }.max() ?? 0) + 10)
        let right = 48.0
        let plot = width - left - right
        let bottom = top + rowHeight * Double(categories.count)
        var svg = SVG(width: width, height: bottom + 20)
        svg.text(title, 0, 12, size: 12, isBold: true, room: width)
        Legend.draw(
            series.enumerated().map { ($1.name, Legend.Mark.box(Self.shades[$0])) }, at: 30, width: width, in: &svg)

        let end = end
        for tick in Axis.ticks(from: 0, to: end) {
            let x = left + plot * tick / end
            svg.line(x, top - 2, x, bottom, stroke: "#bbbbbb", width: 0.5)
            svg.text(Axis.label(tick, digits: end < 5 ? 1 : 0) + unit, x, bottom + 12, size: 9, anchor: .middle)
        }
        for (row, category) in categories.enumerated() {
            let y = top + rowHeight * Double(row)
            svg.text(category, left - 6, y + (rowHeight - gap) / 2 + 3.5, anchor: .end, room: left - 6)
            for (index, one) in series.enumerated() {
                let place = y + bar * Double(index)
                let value = row < one.values.count ? one.values[row] : nil
                guard let value, value.isFinite else {
                    svg.text(missing, left + 4, place + 9, size: 9)
                    continue
                }
                let length = plot * min(max(value, 0), end) / end
                svg.rectangle(left, place + 0.5, length, bar - 1, fill: Self.shades[index], stroke: "#000")
                svg.text(Axis.label(value, digits: digits) + unit, left + length + 4, place + 9, size: 9)
            }
        }
        svg.line(left, top - 2, left, bottom, stroke: "#000")
        return svg.markup(title: title)
    }
}
