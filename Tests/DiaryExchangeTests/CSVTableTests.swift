import Testing

@testable import DiaryExchange

/// CSV files as spreadsheets and school systems write them.
@Suite struct CSVTableTests {
    private func cells(_ text: String) -> [[String]] { CSVTable(Array(text.utf8)).records.map { $0.cells } }

    private func fault(_ text: String, limits: CSVTable.Limits = .init()) -> CSVTable.Fault? {
        CSVTable(Array(text.utf8), limits: limits).faults.first
    }

    @Test(arguments: [
        ("a;b\n1;2\n", [["a", "b"], ["1", "2"]]),
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        ("a;b\r1;2", [["a", "b"], ["1", "2"]]),
        ("a;b\n1;2", [["a", "b"], ["1", "2"]]),
        ("a;b\n1;\n;2\n", [["a", "b"], ["1", ""], ["", "2"]]),
        ("a\n1\n", [["a"], ["1"]]),
        ("\"a\";\"b\"\n\"1;\"\"2\"\"\";\"x\r\ny\"\n", [["a", "b"], ["1;\"2\"", "x\r\ny"]]),
        ("\"a,b\";c\n1,5;2\n", [["a,b", "c"], ["1,5", "2"]]),
        ("a;b\n  1 ;\u{A0}2\u{A0}\n", [["a", "b"], ["1", "2"]]),
        ("a;b\n\"\";2\n", [["a", "b"], ["", "2"]]),
        ("\u{FEFF}a;b\n1;2\n", [["a", "b"], ["1", "2"]]),
    ])
    func tables(_ text: String, _ expected: [[String]]) { #expect(cells(text) == expected) }

    /// A file truncated at any byte gives a shorter table or a fault, and nothing worse.
    @Test func everyBeginningIsReadOrRefused() {
        let text = Array("имя;\"класс\"\r\n\"Анна \"\"А\"\"\";\"7\r\nА\"\r\nПётр;8Б\r\n".utf8)
        for length in 0...text.count {
            let table = CSVTable(Array(text[..<length]))
            #expect(table.records.count <= 3)
            #expect(!table.records.isEmpty || !table.faults.isEmpty)
            #expect(table.records.allSatisfy { $0.cells.count == table.records[0].cells.count })
        }
    }

    @Test func blankRowsAreCountedAndLeftOut() {
        let records = CSVTable(Array("a;b\n\n;\n1;2\n\n".utf8)).records
        #expect(records.map { $0.row } == [1, 4])
    }

    /// A line break inside a cell does not start a row, as in a spreadsheet.
    @Test func rowsAreThoseOfASpreadsheet() {
        let records = CSVTable(Array("a;b\n\"1\n1\";2\n3;4\n".utf8)).records
        #expect(records.map { $0.row } == [1, 2, 3])
    }

    @Test(arguments: [
        ("", CSVTable.Fault.Reason.noHeader, 1, 1), ("\n\n", .noHeader, 1, 1),
        ("a;b\n1;2;3\n", .cellCount, 2, 3), ("a;b\n1;2\n3\n", .cellCount, 3, 1),
        ("a;b\n1;\"2\n3;4\n", .openQuote, 2, 2), ("a;b\n1;\"2\"3\n", .strayQuote, 2, 2),
        ("a;b\n7 \"А\";2\n", .strayQuote, 2, 1), ("a;b\n1;2\u{0}\n", .nullCharacter, 2, 2),
    ])
    func faultsAreFound(_ text: String, _ reason: CSVTable.Fault.Reason, _ row: Int, _ column: Int) {
        #expect(fault(text) == CSVTable.Fault(reason: reason, row: row, column: column))
    }

    /// Reading continues after an unreadable row.
    @Test func allUnreadableRowsAreReported() {
        let table = CSVTable(Array("a;b\n1\n2;x\"y;z\n\n3;4\n\"5\"6;7\n8;\u{0}\n9;9;9\n0;\"".utf8))
        #expect(table.records.map { $0.row } == [1, 5])
        #expect(
            table.faults.map { "\($0.row) \($0.column) \($0.reason.rawValue)" } == [
                "2 1 cell_count", "3 2 stray_quote", "6 1 stray_quote", "7 2 null_character", "8 3 cell_count",
                "9 2 open_quote",
            ])
        #expect(CSVTable(Array("a;\"b\n1;2\n".utf8)).records.isEmpty)
    }

    @Test func limitsAreEnforced() {
        let limits = CSVTable.Limits(rows: 3, columns: 2, cell: 4)
        #expect(fault("a;b\n1;2\n3;4\n", limits: limits) == nil)
        #expect(fault("a;b\n1;2\n3;4\n5;6\n", limits: limits)?.reason == .tooManyRows)
        #expect(fault("a;b;c\n", limits: limits)?.reason == .tooManyColumns)
        #expect(fault("a;b\n1;12345\n", limits: limits) == .init(reason: .cellTooLong, row: 2, column: 2))
    }

    // MARK: Encodings

    /// All characters of windows-1251 that Russian files contain.
    @Test func windows1251IsRead() {
        let letters = (0xC0...0xFF).map { UInt8($0) }
        let expected = String(String.UnicodeScalarView((0x410...0x44F).map { Unicode.Scalar(UInt32($0))! }))
        #expect(CSVTable(letters + [0xA8, 0xB8, 0xB9]).records[0].cells == [expected + "Ёё№"])
        #expect(TextEncoding.utf8(from: [0x80, 0x81, 0x88, 0x8F, 0x90, 0x97, 0x99, 0x9F]) == Array("ЂЃ€Џђ—™џ".utf8))
        #expect(TextEncoding.utf8(from: [0xA0, 0xAA, 0xAD, 0xAF, 0xB0, 0xBF, 0xC0]) == Array("\u{A0}Є\u{AD}Ї°їА".utf8))
    }

    @Test(
        arguments: [
            [0xC8, 0xE8, 0x98, 0x41], [0xEF, 0xBB, 0xBF, 0xC8], [0xFF, 0xFE, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x61],
            // Иванов, truncated inside a letter.
            [0xD0, 0x98, 0xD0, 0xB2, 0xD0, 0xB0, 0xD0, 0xBD, 0xD0, 0xBE, 0xD0],
        ] as [[UInt8]])
    func whatIsNeitherIsRefused(_ bytes: [UInt8]) {
        let table = CSVTable(bytes)
        #expect(table.faults == [CSVTable.Fault(reason: .badEncoding, row: 1, column: 1)] && table.records.isEmpty)
    }
}
