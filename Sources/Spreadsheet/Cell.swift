/// What a cell of a sheet contains. Texts stay texts, whatever they begin with: none becomes a formula.
package enum Cell: Sendable, Equatable {
    case empty
    /// Nothing is written: a cell above or beside spans this one.
    case taken
    case text(String)
    case integer(Int)
    /// - Parameter digits: how many digits are shown after the point; the cell contains the whole number.
    case decimal(Double, digits: Int)
    /// A share: 0.5 is shown as 50 %.
    case percentage(Double, digits: Int)
    /// A day of the Gregorian calendar.
    case date(year: Int, month: Int, day: Int)
    /// A moment in the school's time zone: a sheet knows no time zones.
    case moment(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int)
    /// An address that begins with `https://`, `http://` or `mailto:`. Any other is written as a text.
    case link(String, text: String)
}

/// A row of a sheet.
package struct Row: Sendable {
    package enum Style: Sendable, Hashable {
        /// Large and bold.
        case title
        /// Above or below a table: names, dates, signatures.
        case plain
        /// Bold, with borders. The first block of heads stays visible on the screen and is repeated on each page.
        case head
        /// With borders.
        case body
        /// As a body, and bold.
        case total
    }

    /// A cell that takes the place of its neighbours.
    package struct Span: Sendable {
        package let column: Int
        package let columns: Int
        /// More than one only in a workbook that is not streamed.
        package let rows: Int

        package init(column: Int, columns: Int, rows: Int = 1) {
            self.column = column
            self.columns = columns
            self.rows = rows
        }
    }

    package let cells: [Cell]
    package let style: Style
    package let spans: [Span]

    package init(_ cells: [Cell], _ style: Style = .body, spans: [Span] = []) {
        self.cells = cells
        self.style = style
        self.spans = spans
    }
}
