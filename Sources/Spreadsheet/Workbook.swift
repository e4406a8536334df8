import CXlsxWriter
import Reactor

/// Writes a workbook for Excel and LibreOffice (`.xlsx`, ECMA-376), sheet after sheet and row after row. The same calls
/// give the same bytes. All calls need the processor or block, so make them on a thread of an `Offload`, one after the
/// other.
///
/// Sendable, because one thread uses it at a time.
@safe package final class Workbook: @unchecked Sendable {
    package enum Failure: Error, Equatable {
        /// A sheet has at most 1,048,576 rows and 16,384 columns.
        case sheetIsFull
        /// What libxlsxwriter says: there is no space or no memory.
        case library(String)
    }

    package static let mediaType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    package static let maximumRows = 1_048_576
    private static let maximumColumns = 16_384
    /// Excel warns about more links in a sheet.
    private static let maximumLinks = 65_530
    /// Heads below this row do not stay on the screen: the rows above would fill it.
    private static let lowestFixedRow = 12

    private let file: TemporaryFile
    private let isStreamed: Bool
    private var workbook: UnsafeMutablePointer<lxw_workbook>?
    private var formats: CellFormats
    private var names: Set<String> = []

    // The last sheet.
    private var worksheet: UnsafeMutablePointer<lxw_worksheet>?
    private var sheet: Sheet?
    private var row = 0
    private var links = 0
    private var heads: Range<Int>?

    /// - Parameters:
    ///   - created: seconds since 1970, the time of creation in the properties of the file.
    ///   - isStreamed: rows leave memory when the next is appended. Equal texts are then written each time, and no cell
    ///     spans rows.
    ///   - directory: for temporary files; nil for `TMPDIR`.
    package init(title: String, author: String, created: Int, isStreamed: Bool, in directory: String? = nil) throws {
        file = try TemporaryFile(in: directory)
        self.isStreamed = isStreamed
        var options = unsafe lxw_workbook_options()
        unsafe options.constant_memory = isStreamed ? 1 : 0
        unsafe options.use_zip64 = isStreamed ? 1 : 0
        let path = file.path
        let made = unsafe Self.withMutableText(directory) { directory in
            unsafe options.tmpdir = unsafe directory
            return unsafe workbook_new_opt(path, &options)
        }
        guard let made = unsafe made else { throw Failure.library("no memory") }
        unsafe workbook = unsafe made
        formats = unsafe CellFormats(made)
        unsafe Self.withMutableText(SheetTexts.cut(SheetTexts.xml(title), to: SheetTexts.marginLimit)) { title in
            unsafe Self.withMutableText(SheetTexts.cut(SheetTexts.xml(author), to: SheetTexts.marginLimit)) { author in
                var properties = unsafe lxw_doc_properties()
                unsafe properties.title = unsafe title
                unsafe properties.author = unsafe author
                unsafe properties.created = created
                // It copies the texts.
                unsafe _ = workbook_set_properties(made, &properties)
            }
        }
    }

    deinit {
        if let workbook = unsafe workbook { unsafe lxw_workbook_free(workbook) }
    }

    /// Rows that the last sheet can still take.
    package var rowsLeft: Int { Self.maximumRows - row }

    // MARK: Sheets

    package func add(_ sheet: Sheet) throws {
        endSheet()
        guard sheet.columns.count <= Self.maximumColumns else { throw Failure.sheetIsFull }
        let name = SheetTexts.sheetName(sheet.name, taken: names)
        guard let workbook = unsafe workbook, let worksheet = unsafe workbook_add_worksheet(workbook, name) else {
            throw Failure.library("no sheet \(name)")
        }
        names.insert(name.lowercased())
        unsafe self.worksheet = unsafe worksheet
        self.sheet = sheet
        row = 0
        links = 0
        heads = nil
        unsafe setUpPages(of: worksheet, sheet)
        for (index, column) in sheet.columns.enumerated() {
            let place = UInt16(index)
            unsafe _ = worksheet_set_column(worksheet, place, place, min(max(column.width, 1), 255), nil)
        }
    }

    private func setUpPages(of worksheet: UnsafeMutablePointer<lxw_worksheet>, _ sheet: Sheet) {
        let a4: UInt8 = 9
        unsafe worksheet_set_paper(worksheet, a4)
        if sheet.isLandscape {
            unsafe worksheet_set_landscape(worksheet)
        } else {
            unsafe worksheet_set_portrait(worksheet)
        }
        // In inches.
        unsafe worksheet_set_margins(worksheet, 0.4, 0.4, 0.6, 0.6)
        unsafe worksheet_fit_to_pages(worksheet, 1, 0)
        if !sheet.header.isEmpty { unsafe _ = worksheet_set_header(worksheet, SheetTexts.margin(sheet.header)) }
        if !sheet.footer.isEmpty { unsafe _ = worksheet_set_footer(worksheet, SheetTexts.margin(sheet.footer)) }
    }

    private func endSheet() {
        guard let worksheet = unsafe worksheet, let sheet else { return }
        if let heads {
            unsafe _ = worksheet_repeat_rows(worksheet, UInt32(heads.lowerBound), UInt32(heads.upperBound - 1))
        }
        let fixedRows = heads.map { $0.upperBound <= Self.lowestFixedRow ? $0.upperBound : 0 } ?? 0
        if fixedRows > 0 || sheet.fixedColumns > 0 {
            unsafe worksheet_freeze_panes(worksheet, UInt32(fixedRows), UInt16(sheet.fixedColumns))
        }
        unsafe self.worksheet = nil
    }

    // MARK: Rows

    package func append(_ rows: [Row]) throws {
        for row in rows { try append(row) }
    }

    package func append(_ new: Row) throws {
        guard let worksheet = unsafe worksheet, row < Self.maximumRows, new.cells.count <= Self.maximumColumns else {
            throw Failure.sheetIsFull
        }
        if new.style == .head {
            if heads == nil {
                heads = row..<row + 1
            } else if heads!.upperBound == row {
                heads = heads!.lowerBound..<row + 1
            }
        }
        if let height = height(of: new) {
            unsafe try check(worksheet_set_row(worksheet, UInt32(row), height, nil))
        }
        for (column, cell) in new.cells.enumerated() { unsafe try write(cell, new.style, column, worksheet) }
        for span in new.spans where span.columns > 1 || span.rows > 1 {
            unsafe try merge(span, new, worksheet)
        }
        row += 1
    }

    /// In points. Excel makes rows as high as their texts need, but not for upright and merged ones, and LibreOffice not
    /// when it only opens the file. In a streamed workbook only heads are worth the time.
    private func height(of row: Row) -> Double? {
        let isMeasured = row.style == .head || !isStreamed && (row.style == .body || row.style == .total)
        guard isMeasured, let sheet, !sheet.columns.isEmpty else { return nil }
        var height = 0.0
        for (column, cell) in row.cells.enumerated() {
            let span = row.spans.first { $0.column == column }
            // A head of two rows has the height of both.
            guard case .text(let text) = cell, span?.rows ?? 1 == 1 else { continue }
            let needed =
                row.style == .head && isUpright(text, column, span)
                ? Double(text.count) * 7.2 + 12 : Double(HeadText.lines(text, width(column, span))) * 15
            height = max(height, needed)
        }
        return height > 15 ? min(height, 300) : nil
    }

    /// In characters.
    private func width(_ column: Int, _ span: Row.Span?) -> Double {
        guard let sheet else { return 0 }
        return sheet.columns.dropFirst(column).prefix(span?.columns ?? 1).reduce(0) { $0 + $1.width }
    }

    private func isUpright(_ text: String, _ column: Int, _ span: Row.Span?) -> Bool {
        guard let sheet, column < sheet.columns.count, sheet.columns[column].isUpright else { return false }
        return Double(HeadText.longestWord(of: text)) > width(column, span)
    }

    private func merge(_ span: Row.Span, _ new: Row, _ worksheet: UnsafeMutablePointer<lxw_worksheet>) throws {
        precondition(span.rows == 1 || !isStreamed, "A streamed workbook has no cells that span rows")
        var isUpright = false
        if new.cells.indices.contains(span.column), case .text(let text) = new.cells[span.column] {
            isUpright = self.isUpright(text, span.column, span)
        }
        let format = unsafe format(.text, new.style, span.column, isUpright: isUpright)
        unsafe try check(
            worksheet_merge_range(
                worksheet, UInt32(row), UInt16(span.column), UInt32(row + span.rows - 1),
                UInt16(span.column + span.columns - 1), "", format))
        if new.cells.indices.contains(span.column), case .text(let text) = new.cells[span.column] {
            unsafe try check(
                worksheet_write_string(worksheet, UInt32(row), UInt16(span.column), SheetTexts.cell(text), format))
        }
    }

    private func write(
        _ cell: Cell, _ style: Row.Style, _ column: Int, _ worksheet: UnsafeMutablePointer<lxw_worksheet>
    ) throws {
        let place = (row: UInt32(row), column: UInt16(column))
        func number(_ value: Double, _ content: CellFormats.Key.Content) throws {
            guard value.isFinite else { return unsafe try write(.empty, style, column, worksheet) }
            let format = unsafe format(content, style, column)
            unsafe try check(worksheet_write_number(worksheet, place.row, place.column, value, format))
        }
        func text(_ value: String) throws {
            let format = unsafe format(.text, style, column, isUpright: isUpright(value, column, nil))
            unsafe try check(
                worksheet_write_string(worksheet, place.row, place.column, SheetTexts.cell(value), format))
        }
        func time(_ value: lxw_datetime, _ content: CellFormats.Key.Content) throws {
            var value = value
            let format = unsafe format(content, style, column)
            unsafe try check(worksheet_write_datetime(worksheet, place.row, place.column, &value, format))
        }
        switch cell {
        case .taken: break
        case .empty:
            // Without a format the cell would not be written, and have no border.
            let format = unsafe format(.text, style, column)
            unsafe try check(worksheet_write_blank(worksheet, place.row, place.column, format))
        case .text(let value): try text(value)
        case .integer(let value):
            // Excel's numbers have 15 digits.
            if value.magnitude < 1_000_000_000_000_000 {
                try number(Double(value), .integer)
            } else {
                try text(String(value))
            }
        case .decimal(let value, let digits): try number(value, .decimal(digits: digits))
        case .percentage(let value, let digits): try number(value, .percentage(digits: digits))
        case .date(let year, let month, let day):
            if (1901...9999).contains(year) {
                try time(
                    lxw_datetime(year: Int32(year), month: Int32(month), day: Int32(day), hour: 0, min: 0, sec: 0),
                    .date)
            } else {
                // Excel's calendar begins in 1900, with a day that did not exist.
                try text("\(year)-\(Self.twoDigits(month))-\(Self.twoDigits(day))")
            }
        case .moment(let year, let month, let day, let hour, let minute, let second):
            guard (1901...9999).contains(year) else {
                return try text(
                    "\(year)-\(Self.twoDigits(month))-\(Self.twoDigits(day)) \(Self.twoDigits(hour)):\(Self.twoDigits(minute))"
                )
            }
            try time(
                lxw_datetime(
                    year: Int32(year), month: Int32(month), day: Int32(day), hour: Int32(hour), min: Int32(minute),
                    sec: Double(second)), .moment)
        case .link(let address, let value):
            guard SheetTexts.isAddress(address), links < Self.maximumLinks else { return try text(value) }
            links += 1
            let format = unsafe format(.link, style, column)
            unsafe try check(
                worksheet_write_url_opt(
                    worksheet, place.row, place.column, address, format, SheetTexts.cell(value), nil))
        }
    }

    /// - Parameter isUpright: only heads are.
    private func format(
        _ content: CellFormats.Key.Content, _ style: Row.Style, _ column: Int, isUpright: Bool = false
    ) -> UnsafeMutablePointer<lxw_format>? {
        var key = CellFormats.Key(style: style, content: content)
        if let sheet, column < sheet.columns.count, style == .head || style == .body || style == .total {
            key.isUpright = style == .head && isUpright
            key.isCentred = sheet.columns[column].isCentred
        }
        return unsafe formats.format(key)
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    // MARK: The end

    /// The complete file. The workbook takes nothing more.
    package func finish() throws -> TemporaryFile {
        // Excel opens no workbook without a sheet.
        if names.isEmpty { try add(Sheet("1", columns: [])) }
        endSheet()
        guard let closing = unsafe workbook else { return file }
        // It frees the workbook also when it fails.
        unsafe workbook = nil
        unsafe try check(workbook_close(closing))
        try file.measure()
        return file
    }

    private func check(_ error: lxw_error) throws {
        guard error != LXW_NO_ERROR else { return }
        throw Failure.library(unsafe String(cString: lxw_strerror(error)))
    }

    private static func withMutableText<Result>(
        _ text: String?, _ body: (UnsafeMutablePointer<CChar>?) -> Result
    ) -> Result {
        guard let text else { return body(nil) }
        var bytes = Array(text.utf8CString)
        return unsafe bytes.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress) }
    }
}
