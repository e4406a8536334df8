/// The widths of the columns of a table on paper. They share the page by what the columns declare, but no column is
/// narrower than the longest word in it, so that words are not broken. If that is too wide for the page, the columns that
/// are data become narrower.
struct Widths {
    /// Of each column.
    let millimetres: [Double]
    /// Cells of columns that are data stand upright: the page is too narrow for their words.
    let areCellsUpright: Bool
    private let page: Double

    init(_ table: DocumentTable, page: Double, words: Words) {
        self.page = page
        var least = table.columns.indices.map { Self.leastOfCells(of: table, $0, words) }
        let heads = table.columns.map { Self.leastOfHead($0) }
        let across = table.columns.indices.filter { table.columns[$0].isAcross }
        areCellsUpright =
            zip(least, heads).reduce(0) { $0 + max($1.0, $1.1) } > page
            && across.contains { least[$0] > Self.ofShortWord }
        if areCellsUpright {
            for index in across { least[index] = Self.ofUprightCell }
        }
        // Heads get what the cells leave.
        let rest = page - least.reduce(0, +)
        let wish = zip(least, heads).reduce(0) { $0 + max(0, $1.1 - $1.0) }
        if rest > 0, wish > 0 {
            least = zip(least, heads).map { $0 + max(0, $1 - $0) * min(1, rest / wish) }
        }
        let missing = least.reduce(0, +) - page
        guard missing > 0 else {
            millimetres = Self.sharing(page, least: least, wishes: table.columns.map { $0.width })
            return
        }
        let room = across.reduce(-missing) { $0 + least[$1] }
        if let narrow = across.isEmpty ? nil : room / Double(across.count), narrow >= Self.narrowest {
            millimetres = table.columns.indices.map { table.columns[$0].isAcross ? narrow : least[$0] }
        } else {
            millimetres = least.map { $0 * page / (page + missing) }
        }
    }

    /// Of the page, in percent with two digits.
    func share(_ index: Int) -> String {
        let hundredths = Int(10_000 * millimetres[index] / page)
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// A digit and the lines beside it.
    private static let narrowest = 2.0
    /// Three narrow letters, such as «зач».
    private static let ofShortWord = 4.9
    private static let ofUprightCell = 2.7

    /// The letters of a head are bold, and those of data narrow; all are of 8.5 points.
    private static func leastOfHead(_ column: DocumentColumn) -> Double {
        // Heads of data stand upright where they do not fit.
        column.isAcross ? 0 : min(Double(longestWord(column.title)) * 1.85 + 2.2, 28)
    }

    private static func leastOfCells(of table: DocumentTable, _ index: Int, _ words: Words) -> Double {
        let longest = Double(table.rows.reduce(0) { max($0, longestWord(words.text($1[index]))) })
        return table.columns[index].isAcross
            ? max(2.4, min(longest, 10) * 1.35 + 0.8) : max(5, min(longest * 1.65 + 2.2, 32))
    }

    private static func longestWord(_ text: String) -> Int {
        text.split(whereSeparator: { $0 == " " || $0 == "-" }).reduce(0) { max($0, $1.count) }
    }

    private static func sharing(_ page: Double, least: [Double], wishes: [Double]) -> [Double] {
        var widths = [Double?](repeating: nil, count: least.count)
        while true {
            let open = widths.indices.filter { widths[$0] == nil }
            let rest = page - widths.reduce(0) { $0 + ($1 ?? 0) }
            let sum = open.reduce(0) { $0 + wishes[$1] }
            let narrow = open.filter { wishes[$0] * rest / sum < least[$0] }
            guard !narrow.isEmpty else { return widths.indices.map { widths[$0] ?? wishes[$0] * rest / sum } }
            for index in narrow { widths[index] = least[index] }
        }
    }
}
