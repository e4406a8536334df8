import Testing

@testable import Printing

@Suite struct ChartTests {
    @Test(arguments: [
        (87.25, 1, "87,3"), (0.15, 1, "0,2"), (99.95, 1, "100,0"), (-0.04, 1, "0,0"), (-2.5, 0, "−3"), (4, 0, "4"),
    ])
    func numbersAreRoundedHalfUpWithAComma(_ value: Double, _ digits: Int, _ expected: String) {
        #expect(Axis.label(value, digits: digits) == expected)
    }

    @Test(
        arguments: [
            ([3.1, 4.7], 3.0...5.0), ([87.0, 93.5], 86.0...94.0), ([], 0.0...1.0), ([4.0], 3.9...4.1),
            ([0.0], -0.02...0.02),
        ] as [([Double], ClosedRange<Double>)])
    func axesEndAtRoundNumbers(_ values: [Double], _ expected: ClosedRange<Double>) {
        let range = Axis.range(of: values)
        #expect(abs(range.lowerBound - expected.lowerBound) < 1e-9, "\(range)")
        #expect(abs(range.upperBound - expected.upperBound) < 1e-9, "\(range)")
        #expect((2...8).contains(Axis.ticks(from: range.lowerBound, to: range.upperBound).count))
    }

    @Test func textsAreEscapedAndCut() {
        let chart = BarChart(
            title: "<script>&\"", categories: ["7А <b>", String(repeating: "Щ", count: 90)],
            series: [BarChart.Series(name: "a<b", values: [nil, 12.5])])
        let markup = chart.markup
        #expect(!markup.contains("<script>") && !markup.contains("<b>") && !markup.contains("a<b"))
        #expect(markup.contains("&lt;script&gt;&amp;&quot;") && markup.contains("ЩЩ…"))
        // A value that is missing is a dash, and no bar of length zero.
        #expect(markup.contains(">—</text>") && markup.contains(">12,5</text>"))
    }

    @Test func aLineBreaksWhereAValueIsMissing() {
        let chart = LineChart(
            title: "Качество", periods: ["1", "2", "3", "4"],
            series: [BarChart.Series(name: "7А", values: [50, nil, 60, 61])])
        let data = chart.markup.split(separator: "<path d=\"")[1].split(separator: "\"")[0]
        #expect(data.filter { $0 == "M" }.count == 2 && data.filter { $0 == "L" }.count == 1)
    }

    @Test func heatIsDarkWhereMuchIsMissingAndLongTablesAreSeveralPictures() {
        let columns = [
            HeatTable.Column(name: "Темы, %", good: 100, bad: 0), HeatTable.Column(name: "Замечания", good: 0, bad: 10),
        ]
        let table = HeatTable(
            title: "Журнал", columns: columns,
            rows: [
                HeatTable.Row(name: "Иванова", values: [0, 0]), HeatTable.Row(name: "Петрова", values: [100, nil]),
            ])
        let cells = table.pictures[0].split(separator: "<rect ").dropFirst().map {
            $0.split(separator: "fill=\"")[1].prefix(7)
        }
        #expect(cells == ["#595959", "#ffffff", "#ffffff", "#fff\" s"])
        let long = HeatTable(
            title: "Журнал", columns: columns, rows: (1...81).map { HeatTable.Row(name: "\($0)", values: [50, 5]) })
        // 21, 21, 21 and 18 rows, each picture less high than the page is on its side.
        #expect(long.pictures.count == 4)
        #expect(long.pictures.allSatisfy { $0.contains("Темы, %") })
        let heights = long.pictures.compactMap { $0.firstMatch(of: /height="([0-9.]+)"/).flatMap { Double($0.1) } }
        #expect(heights.count == 4 && heights.allSatisfy { $0 < 570 }, "\(heights)")
        #expect(HeatTable(title: "Журнал", columns: columns, rows: []).pictures.count == 1)
    }

    /// A school of 60 classes: each class in one of the pictures, on the same axis.
    @Test func manyBarsAreSeveralPictures() {
        var chart = BarChart(
            title: "Качество", categories: (1...60).map { "класс \($0);" },
            series: [BarChart.Series(name: "Качество", values: (1...60).map { Double($0) })])
        #expect(chart.pictures.count == 3)
        for number in 1...60 {
            let met = chart.pictures.filter { $0.contains(">класс \(number);<") }
            #expect(met.count == 1 && met[0].contains(">\(number),0<"))
        }
        #expect(chart.pictures.allSatisfy { $0.contains(">60</text>") })
        let heights = chart.pictures.compactMap { $0.firstMatch(of: /height="([0-9.]+)"/).flatMap { Double($0.1) } }
        #expect(heights.count == 3 && heights.allSatisfy { $0 < 570 }, "\(heights)")
        chart.categories = ["7А"]
        #expect(chart.pictures == [chart.markup])
    }

    @Test func nothingToShowIsNoFault() {
        #expect(BarChart(title: "", categories: [], series: []).markup.hasSuffix("</svg>"))
        #expect(LineChart(title: "", periods: [], series: []).markup.hasSuffix("</svg>"))
        let odd = LineChart(title: "", periods: ["1"], series: [BarChart.Series(name: "", values: [.nan, 3, 4])])
        #expect(!odd.markup.contains("nan"))
    }
}
