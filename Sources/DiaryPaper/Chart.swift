import Diary
import Postgres
import Printing
import Web

/// A picture of the rows of a query, above the tables on paper. The other forms have the numbers alone.
package struct Chart {
    package enum Form: Sendable {
        /// Bars for each row, one for each value: the quality of each class.
        case bars
        /// Each row is a period. Each value is a line; with `series`, the first value is a line for each series.
        case lines
        /// Cells for each row, the darker the worse. Each value has its scale.
        case heat([Scale])
    }

    /// Where a value is good and where it is bad: 100 and 0 where much is good, 0 and 20 where little is good.
    package struct Scale: Sendable {
        let good: Double
        let bad: Double

        package init(good: Double, bad: Double) {
            self.good = good
            self.bad = bad
        }

        /// Of percentages that should be 100.
        package static let full = Scale(good: 100, bad: 0)
    }

    let form: Form
    let title: Text
    let query: Query
    let only: (key: String, value: String)?
    let label: Column
    let values: [Column]
    let series: Column?
    let ends: ClosedRange<Double>?

    /// - Parameters:
    ///   - query: its rows; usually that of a table.
    ///   - only: draws the rows that have this value in this column.
    ///   - label: names a row.
    ///   - values: numbers and percentages.
    ///   - series: for lines of a long table, which names the line that the row belongs to.
    ///   - ends: of the axis; nil: the values decide.
    package init(
        _ form: Form, title: Text, _ query: Query, only: (key: String, value: String)? = nil, label: Column,
        values: [Column], series: Column? = nil, ends: ClosedRange<Double>? = nil
    ) {
        self.form = form
        self.title = title
        self.query = query
        self.only = only
        self.label = label
        self.values = values
        self.series = series
        self.ends = ends
    }

    /// SVG; nothing if there are no rows, and no lines of one period.
    func pictures(_ rows: Rows, _ labels: Labels, _ language: Language) -> [String] {
        let all = (0..<rows.count).filter { row in only.map { rows.text(row, $0.key) == $0.value } ?? true }
        guard !all.isEmpty else { return [] }
        func text(_ row: Int, _ column: Column) -> String { Cell(rows, row, column, labels).plain }
        func number(_ row: Int, _ column: Column) -> Double? { Cell(rows, row, column, labels).number }
        switch form {
        case .bars:
            var chart = BarChart(
                title: title[language], categories: all.map { text($0, label) },
                series: values.map { column in
                    BarChart.Series(name: column.title[language], values: all.map { number($0, column) })
                })
            chart.maximum = ends?.upperBound
            chart.digits = values.first?.digits ?? 1
            return chart.pictures
        case .lines:
            var chart = lines(all, text, number, language)
            guard chart.periods.count > 1 else { return [] }
            chart.range = ends
            chart.digits = values.first?.digits ?? 1
            return [chart.markup]
        case .heat(let scales):
            return HeatTable(
                title: title[language],
                columns: zip(values, scales).map { column, scale in
                    HeatTable.Column(
                        name: column.title[language], good: scale.good, bad: scale.bad, digits: column.digits)
                },
                rows: all.map { row in
                    HeatTable.Row(name: text(row, label), values: values.map { number(row, $0) })
                }
            ).pictures
        }
    }

    private func lines(
        _ all: [Int], _ text: (Int, Column) -> String, _ number: (Int, Column) -> Double?, _ language: Language
    ) -> LineChart {
        guard let series else {
            return LineChart(
                title: title[language], periods: all.map { text($0, label) },
                series: values.map { column in
                    BarChart.Series(name: column.title[language], values: all.map { number($0, column) })
                })
        }
        // In the order in which they come.
        var periods: [String] = []
        var names: [String] = []
        var met: [[String]: Double] = [:]
        for row in all {
            let (period, name) = (text(row, label), text(row, series))
            if !periods.contains(period) { periods.append(period) }
            if !names.contains(name) { names.append(name) }
            if let value = values.first { met[[period, name]] = number(row, value) }
        }
        return LineChart(
            title: title[language], periods: periods,
            series: names.map { name in
                BarChart.Series(name: name, values: periods.map { met[[$0, name]] })
            })
    }
}

extension Column {
    fileprivate var digits: Int {
        switch kind {
        case .decimal(let digits): digits
        case .percent: 1
        default: 0
        }
    }
}

extension Cell {
    fileprivate var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .decimal(let text, _), .percent(let text): Double(text)
        default: nil
        }
    }

    fileprivate var plain: String {
        switch self {
        case .text(let text), .date(let text), .moment(let text), .decimal(let text, _), .percent(let text): text
        case .integer(let number): String(number)
        case .empty, .flag: ""
        }
    }
}
