/// A sheet of a workbook, and how it is printed: on A4, as wide as one page.
package struct Sheet: Sendable {
    package struct Column: Sendable {
        /// In characters, at most 255.
        package let width: Double
        /// Heads with a word that is longer than the column is wide are written upwards.
        package let isUpright: Bool
        /// Values stand in the middle, as marks do.
        package let isCentred: Bool

        package init(width: Double, isUpright: Bool = false, isCentred: Bool = false) {
            self.width = width
            self.isUpright = isUpright
            self.isCentred = isCentred
        }
    }

    /// A part of a line above or below each printed page.
    package enum Margin: Sendable {
        case text(String)
        case page
        case pages
    }

    /// Mended if Excel does not accept it: at most 31 characters, none of `[]:*?/\`, and unique.
    package var name: String
    package var columns: [Column]
    package var isLandscape = false
    /// How many columns stay visible on the screen, from the left. On paper all columns are on one page.
    package var fixedColumns = 0
    package var header: [Margin] = []
    package var footer: [Margin] = []

    package init(_ name: String, columns: [Column]) {
        self.name = name
        self.columns = columns
    }
}
