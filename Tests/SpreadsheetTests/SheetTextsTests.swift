import Testing

@testable import Spreadsheet

@Suite struct SheetTextsTests {
    @Test(arguments: [
        ("Ученик", "Ученик"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u{0}b\u{1F}c\u{FFFF}", "a\u{FFFD}b\u{FFFD}c\u{FFFD}"),
        ("_x0041_", "_x005F_x0041_"),
        ("_x004_ _x0041 x0041_", "_x004_ _x0041 x0041_"),
        ("=1+1", "=1+1"),
    ])
    func cellsHoldWhatXMLAllows(_ text: String, _ expected: String) {
        #expect(SheetTexts.cell(text) == expected)
    }

    @Test func longTextsAreCutBetweenCharacters() {
        let fits = String(repeating: "я", count: SheetTexts.cellLimit)
        #expect(SheetTexts.cell(fits) == fits)
        let cut = SheetTexts.cell(fits + "я")
        #expect(cut.utf16.count == SheetTexts.cellLimit && cut.hasSuffix("я…"))
        // A flag has four UTF-16 code units and is not cut in two.
        let flags = SheetTexts.cell(String(repeating: "🇷🇺", count: 10_000))
        #expect(flags.utf16.count <= SheetTexts.cellLimit && flags.dropLast().allSatisfy { $0 == "🇷🇺" })
    }

    @Test(
        arguments: [
            ("7А: оценки [I/II]", [], "7А  оценки  I II"),
            ("", [], "Sheet"),
            ("'кавычки'", [], "кавычки"),
            ("History", [], "History 1"),
            ("Итоги", ["итоги"], "Итоги (2)"),
            ("Итоги", ["итоги", "итоги (2)"], "Итоги (3)"),
            ("Основы безопасности и защиты Родины", [], "Основы безопасности и защиты Р…"),
            (
                "Основы безопасности и защиты Родины", ["основы безопасности и защиты р…"],
                "Основы безопасности и защи… (2)"
            ),
        ] as [(String, Set<String>, String)])
    func namesOfSheetsAreMended(_ name: String, _ taken: Set<String>, _ expected: String) {
        let mended = SheetTexts.sheetName(name, taken: taken)
        #expect(mended == expected)
        #expect(mended.utf16.count <= SheetTexts.sheetNameLimit)
    }

    @Test func marginsKeepAmpersandsAndTheLimit() {
        #expect(SheetTexts.margin([.text("A&B "), .page, .text(" / "), .pages]) == "&CA&&B &P / &N")
        let long = SheetTexts.margin([.page, .text(String(repeating: "&", count: 300))])
        #expect(long == "&C&P")
    }

    @Test(arguments: [
        ("https://school.example/v1/students/1", true), ("mailto:a@b.example", true), ("http://x.example", true),
        ("file:///etc/passwd", false), ("internal:Sheet1!A1", false), ("javascript:alert(1)", false),
        ("https://a.example/ b", false), ("https://" + String(repeating: "a", count: 2079), false),
    ])
    func onlyTheWebAndMailAreLinks(_ address: String, _ expected: Bool) {
        #expect(SheetTexts.isAddress(address) == expected)
    }
}
