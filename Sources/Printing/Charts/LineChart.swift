/// Lines over periods: the dynamics of quality over terms. Readable in black and white: each line has its own dashes and
/// points, and its name at its end.
package struct LineChart: Sendable {
    package var title: String
    /// Along the axis, from left to right.
    package var periods: [String]
    package var series: [BarChart.Series]
    /// The ends of the axis; nil: the values decide.
    package var range: ClosedRange<Double>?
    package var digits = 1
    package var unit = ""
    package var width = 680.0
    package var height = 280.0

    package init(title: String, periods: [String], series: [BarChart.Series]) {
        self.title = title
        self.periods = periods
        self.series = series
    }

    private static let dashes = ["", "6 3", "2 2", "8 3 2 3", "12 4", "4 2 1 2"]
    private static let shades = ["#000000", "#555555", "#000000", "#777777"]

    package var markup: String {
        let top = 34.0
        let bottom = height - 24
        let left = 40.0
        let names = min(200, (series.map { TextWidth.of($0.name, size: 10) }.max() ?? 0) + 14)
        let right = width - names
        var svg = SVG(width: width, height: height)
        svg.text(title, 0, 12, size: 12, isBold: true, room: width)

        let values = series.flatMap { $0.values.compactMap { $0 } }.filter { $0.isFinite }
        let ends = range ?? Axis.range(of: values)
        let span = ends.upperBound - ends.lowerBound
        func y(_ value: Double) -> Double {
            bottom - (bottom - top) * (min(max(value, ends.lowerBound), ends.upperBound) - ends.lowerBound) / span
        }
        func x(_ index: Int) -> Double {
            let step = (right - left - 40) / Double(max(1, periods.count - 1))
            return periods.count == 1 ? (left + right) / 2 : left + 20 + step * Double(index)
        }
        for tick in Axis.ticks(from: ends.lowerBound, to: ends.upperBound) {
            svg.line(left, y(tick), right, y(tick), stroke: "#bbbbbb", width: 0.5)
            svg.text(Axis.label(tick, digits: span < 5 ? 1 : 0) + unit, left - 4, y(tick) + 3, size: 9, anchor: .end)
        }
        let room = (right - left) / Double(max(1, periods.count)) - 4
        for (index, period) in periods.enumerated() {
            svg.text(period, x(index), bottom + 15, size: 9, anchor: .middle, room: max(room, 20))
        }
        svg.line(left, bottom, right, bottom, stroke: "#000")
        svg.line(left, top, left, bottom, stroke: "#000")

        var labels: [(name: String, y: Double)] = []
        var taken: [(x: Double, y: Double)] = []
        for (number, one) in series.enumerated() {
            let shade = Self.shades[number % Self.shades.count]
            var data = ""
            var last: Double?
            var isDrawing = false
            for index in periods.indices {
                // The line breaks where a value is missing.
                guard index < one.values.count, let value = one.values[index], value.isFinite else {
                    isDrawing = false
                    continue
                }
                data += "\(isDrawing ? "L" : "M")\(svg.number(x(index))) \(svg.number(y(value)))"
                isDrawing = true
                last = y(value)
            }
            svg.path(data, fill: "none", stroke: shade, width: 1.6, dashes: Self.dashes[number % Self.dashes.count])
            for index in periods.indices {
                guard index < one.values.count, let value = one.values[index], value.isFinite else { continue }
                point(number, x(index), y(value), shade, in: &svg)
                // A label that would lie on another is left out: the axis tells the value.
                let place = (x: x(index), y: y(value) - 6)
                guard !taken.contains(where: { abs($0.x - place.x) < 24 && abs($0.y - place.y) < 10 }) else { continue }
                taken.append(place)
                svg.text(Axis.label(value, digits: digits), place.x, place.y, size: 8, anchor: .middle)
            }
            if let last { labels.append((one.name, last)) }
        }
        drawNames(labels, at: right + 6, room: names - 8, from: top, to: bottom, in: &svg)
        return svg.markup(title: title)
    }

    /// The names at the ends of the lines, moved apart where lines end close together.
    private func drawNames(
        _ labels: [(name: String, y: Double)], at x: Double, room: Double, from top: Double, to bottom: Double,
        in svg: inout SVG
    ) {
        let sorted = labels.enumerated().sorted { ($0.element.y, $0.offset) < ($1.element.y, $1.offset) }
        var places: [Double] = []
        for (_, label) in sorted { places.append(max(label.y, (places.last ?? -.infinity) + 11)) }
        // Pushed below the end: everything moves up again.
        var limit = bottom
        for index in places.indices.reversed() {
            places[index] = min(places[index], limit)
            limit = places[index] - 11
        }
        for (place, (_, label)) in zip(places, sorted) { svg.text(label.name, x, place + 3.5, room: room) }
    }

    private func point(_ number: Int, _ x: Double, _ y: Double, _ shade: String, in svg: inout SVG) {
        func n(_ value: Double) -> String { svg.number(value) }
        let fill = number % 8 < 4 ? shade : "#ffffff"
        switch number % 4 {
        case 0: svg.path("M\(n(x - 3)) \(n(y - 3))h6v6h-6z", fill: fill, stroke: shade)
        case 1: svg.path("M\(n(x)) \(n(y - 4))l4 7h-8z", fill: fill, stroke: shade)
        case 2: svg.path("M\(n(x)) \(n(y - 4))l4 4l-4 4l-4 -4z", fill: fill, stroke: shade)
        default:
            svg.path(
                "M\(n(x - 3)) \(n(y - 3))l6 6M\(n(x - 3)) \(n(y + 3))l6 -6", fill: "none", stroke: shade, width: 1.5)
        }
    }
}
