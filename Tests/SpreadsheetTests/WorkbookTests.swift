import Reactor
import Spreadsheet
import TestTools
import Testing

/// Workbooks as openpyxl reads them.
@Suite struct WorkbookTests {
    private func workbook(isStreamed: Bool) throws -> [UInt8] {
        let book = try Workbook(title: "Отчёт", author: "Лицей № 29", created: 1_700_000_000, isStreamed: isStreamed)
        var sheet = Sheet(
            "Итоги: 7А",
            columns: [
                Sheet.Column(width: 30), Sheet.Column(width: 5, isUpright: true, isCentred: true),
                Sheet.Column(width: 12), Sheet.Column(width: 18), Sheet.Column(width: 10), Sheet.Column(width: 40),
            ])
        sheet.isLandscape = true
        sheet.fixedColumns = 1
        sheet.footer = [.text("Страница "), .page, .text(" из "), .pages]
        try book.add(sheet)
        try book.append([
            Row([.text("Лицей № 29 & Ко")], .title, spans: [Row.Span(column: 0, columns: 6)]),
            Row(
                [.text("Ученик"), .text("Оценка"), .text("Дата"), .text("Записано"), .text("%"), .text("Ссылка")], .head
            ),
            Row([
                .text("=HYPERLINK(\"http://x\")"), .integer(5), .date(year: 2026, month: 9, day: 1),
                .moment(year: 2026, month: 9, day: 1, hour: 8, minute: 30, second: 15),
                .percentage(0.875, digits: 1), .link("https://school.example/1", text: "Иванов"),
            ]),
            Row([
                .text("Ё\u{1}_x0041_"), .decimal(4.567, digits: 2), .empty, .empty, .decimal(.nan, digits: 1),
                .link("file:///etc/passwd", text: "файл"),
            ]),
            Row([.text("@SUM(A1)"), .integer(1_234_567_890_123_456), .date(year: 1899, month: 1, day: 2)], .total),
        ])
        try book.add(Sheet("итоги: 7а", columns: []))
        return try book.finish().contents()
    }

    private static let reader = """
        import io, openpyxl, sys
        book = openpyxl.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        print(book.properties.title, book.properties.creator, book.sheetnames)
        sheet = book.worksheets[0]
        print(sheet.freeze_panes, sheet.print_title_rows, sheet.print_title_cols, sheet.page_setup.orientation,
            sheet.page_setup.paperSize, sheet.oddFooter.center.text, sheet.merged_cells.ranges)
        print(sheet.column_dimensions["A"].width > 29, sheet["B2"].alignment.textRotation, sheet["A2"].font.bold)
        for row in sheet.iter_rows(min_row=3):
            for cell in row:
                if cell.value is not None:
                    print(cell.coordinate, cell.data_type, repr(cell.value), cell.number_format,
                        *([cell.hyperlink.target] if cell.hyperlink else []))
        """

    @Test(arguments: [false, true]) func typesHeadsAndPagesAreReadBack(_ isStreamed: Bool) throws {
        let text = try Python.run(Self.reader, input: workbook(isStreamed: isStreamed))
        let link = "https://school.example/1"
        #expect(
            text.split(separator: "\n") == [
                "Отчёт Лицей № 29 ['Итоги  7А', 'итоги  7а (2)']",
                "B3 $2:$2 None landscape 9 Страница &P из &N [<MergedCellRange A1:F1>]",
                "True 90 True",
                "A3 s '=HYPERLINK(\"http://x\")' General",
                "B3 n 5 0",
                "C3 d datetime.datetime(2026, 9, 1, 0, 0) dd\\.mm\\.yyyy",
                "D3 d datetime.datetime(2026, 9, 1, 8, 30, 15) dd\\.mm\\.yyyy hh:mm",
                "E3 n 0.875 0.0%",
                "F3 s 'Иванов' General \(link)",
                // openpyxl reads the escaped underscore only in the table of shared texts.
                isStreamed ? "A4 s 'Ё�_x005F_x0041_' General" : "A4 s 'Ё�_x0041_' General",
                "B4 n 4.567 0.00",
                "F4 s 'файл' General",
                "A5 s '@SUM(A1)' General",
                "B5 s '1234567890123456' General",
                "C5 s '1899-01-02' General",
            ])
    }

    @Test(arguments: [false, true]) func theSameCallsGiveTheSameBytes(_ isStreamed: Bool) throws {
        #expect(try workbook(isStreamed: isStreamed) == workbook(isStreamed: isStreamed))
    }

    @Test func aWorkbookWithoutSheetsOpens() throws {
        let empty = try Workbook(title: "", author: "", created: 1, isStreamed: false).finish().contents()
        #expect(try Python.run(Self.reader, input: empty).contains("['1']"))
    }

    /// The descriptors of a workbook that nobody finished are closed.
    @Test func unfinishedWorkbooksLeaveNothingOpen() throws {
        func make() throws {
            let book = try Workbook(title: "", author: "", created: 1, isStreamed: true)
            try book.add(Sheet("1", columns: []))
            try book.append(Row([.text("a")]))
        }
        // More often than a process may have files open, if each left two.
        for _ in 0..<2_000 { try make() }
    }

    @Test func aSheetTakesNoMoreThanExcelOpens() throws {
        let book = try Workbook(title: "", author: "", created: 1, isStreamed: true)
        #expect(throws: Workbook.Failure.sheetIsFull) { try book.append(Row([.empty])) }
        try book.add(Sheet("1", columns: []))
        #expect(throws: Workbook.Failure.sheetIsFull) { try book.append(Row([Cell](repeating: .empty, count: 16_385))) }
        #expect(book.rowsLeft == Workbook.maximumRows)
        let file = try book.finish()
        #expect(try file.read(from: 0, atMost: 2) == Array("PK".utf8))
        #expect(try file.read(from: file.count, atMost: 10) == [])
    }
}
