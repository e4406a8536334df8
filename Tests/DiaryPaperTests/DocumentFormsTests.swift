import Foundation
import JSON
import Printing
import TestSupport
import TestTools
import Testing
import Web

@testable import DiaryPaper

/// Pages and workbooks of documents that no report has: many columns, long names, nothing at all.
@Suite struct DocumentFormsTests {
    private func document(_ tables: [DocumentTable], charts: [String] = []) -> ReportDocument {
        ReportDocument(
            title: "Журнал <7А>", language: .russian, school: "Лицей № 29", printed: "2026-11-30 08:05",
            facts: [(label: "Период", value: .text("I четверть"))], tables: tables, charts: charts,
            notes: ["Одна заметка"], signatures: ["Директор"], orientation: .landscape, layout: "journal-page")
    }

    /// Students by lessons, as in a journal.
    private func journal(columns: Int, group: String? = nil, width: Double = 3) -> DocumentTable {
        let dates = (0..<columns).map { index in
            DocumentColumn(
                title: "\(10 + index % 20).09", group: group, kind: .mark, width: width, isAcross: true)
        }
        return DocumentTable(
            name: "students", title: nil,
            columns: [DocumentColumn(title: "Ученик", group: nil, kind: .shortPerson, width: 20)] + dates,
            rows: (1...30).map { row in
                [.text("Константинопольская-Задунайская А. \(row)")]
                    + (0..<columns).map { $0 % 3 == 0 ? .integer(5) : .empty }
            })
    }

    private func page(_ document: ReportDocument) throws -> String {
        func file(_ name: String) throws -> String {
            try String(contentsOfFile: "\(TestDatabase.repository)/Templates/reports/\(name)", encoding: .utf8)
        }
        return try HTMLForm(page: file("report.mustache"), style: file("report.css")).page(document)
    }

    @Test func headsAreUprightWhereTheyDoNotFit() throws {
        let many = try page(document([journal(columns: 40)]))
        #expect(many.components(separatedBy: "across upright\" height=\"").count == 41)
        #expect(try !page(document([journal(columns: 10)])).contains("across upright\""))
        // The words of a group have the width of all its columns.
        #expect(
            try page(document([journal(columns: 2, group: "Изобразительное искусство", width: 1)])).contains(
                "group upright"))
        #expect(try !page(document([journal(columns: 20, group: "Алгебра")])).contains("group upright"))
    }

    @Test func fortyColumnsFitOnAPageOfA4() async throws {
        let printer = try PDFPrinter(
            PDFPrinter.Configuration(script: TestDatabase.repository + "/Templates/print.py"))
        let pdf = try await printer.pdf(Array(page(document([journal(columns: 40)])).utf8), seconds: 60)
        let text = try Python.program("/usr/bin/pdftotext", ["-layout", "-", "-"], input: pdf)
        let pages = text.split(separator: "\u{C}")
        // Long names take two lines each: 30 students are two pages.
        #expect(pages.count == 2, "\(pages.count)")
        for (index, page) in pages.enumerated() {
            #expect(page.contains("страница \(index + 1) из 2") && page.contains("Ученик"))
        }
        #expect(pages.last?.contains("Директор") == true)
    }

    /// The year of a class: 16 subjects of five marks. The words of the other columns are whole, nothing is wider than the
    /// page, and 25 students fit on two pages. Percentages stand upright.
    @Test(arguments: [(Cell.integer(5), 25), (.percent("100.0"), 3)])
    func eightyColumnsFitOnAPageOfA4(_ cell: Cell, _ rows: Int) async throws {
        let across = (0..<80).map { index in
            DocumentColumn(
                title: index % 5 == 4 ? "год" : "\(index % 5 + 1)", group: "Изобразительное искусство \(index / 5)",
                kind: .mark, width: 4, isAcross: true)
        }
        let table = DocumentTable(
            name: "students", title: nil,
            columns: [DocumentColumn(title: "Ученик", group: nil, kind: .shortPerson, width: 20)] + across + [
                DocumentColumn(title: "Средний балл", group: nil, kind: .decimal(2), width: 6),
                DocumentColumn(title: "Пропущено уроков", group: nil, kind: .integer, width: 5),
            ],
            rows: (1...rows).map { row in
                [.text("Овчинникова В. \(row)")] + across.map { _ in cell } + [
                    .decimal("4.25", digits: 2), .integer(12),
                ]
            })
        let html = try page(document([table]))
        #expect(html.contains("across upright\" height=\"33\"><span>100,0</span>") == (cell == .percent("100.0")))
        let printer = try PDFPrinter(
            PDFPrinter.Configuration(script: TestDatabase.repository + "/Templates/print.py"))
        let pdf = try await printer.pdf(Array(html.utf8), seconds: 120)
        let box = try Python.program("/usr/bin/pdftotext", ["-bbox", "-", "-"], input: pdf)
        let words = box.matches(of: /xMin="[0-9.-]+" yMin="[0-9.-]+" xMax="([0-9.]+)" yMax="[0-9.-]+">([^<]+)</)
        let texts = words.map { String($0.2) }
        for word in ["Овчинникова", "Средний", "Пропущено", "4,25", "12"] { #expect(texts.contains(word), "\(word)") }
        // A4 on its side, without its margin.
        #expect(words.allSatisfy { Double($0.1)! < 842 - 28 })
        #expect(box.components(separatedBy: "<page ").count - 1 <= 2)
    }

    /// However many rows there are, the signature stands below one of them.
    @Test func signaturesDoNotStandAloneOnAPage() async throws {
        let printer = try PDFPrinter(
            PDFPrinter.Configuration(script: TestDatabase.repository + "/Templates/print.py"))
        for count in [29, 30, 31, 32, 33, 34] {
            let table = DocumentTable(
                name: "students", title: nil,
                columns: [DocumentColumn(title: "Ученик", group: nil, kind: .text, width: 20)],
                rows: (1...count).map { [.text("Овчинникова №\($0)")] })
            let document = ReportDocument(
                title: "Отчёт", language: .russian, school: "Лицей № 29", printed: "2026-11-30 08:05", facts: [],
                tables: [table], charts: [], notes: [], signatures: ["Директор", "Секретарь"], orientation: .landscape,
                layout: "report")
            let pdf = try await printer.pdf(Array(page(document).utf8), seconds: 120)
            let text = try Python.program("/usr/bin/pdftotext", ["-layout", "-", "-"], input: pdf)
            let last = try #require(text.split(separator: "\u{C}").last)
            #expect(last.contains("Секретарь") && last.contains("Овчинникова"), "\(count) rows: \(last)")
        }
    }

    /// Grade 1 has no marks: neither an empty column for them, nor a table of figures without a single column.
    @Test func whatIsOptionalAndEmptyIsNotOnPaper() throws {
        func table(_ mean: Cell) -> DocumentTable {
            DocumentTable(
                name: "students", title: nil,
                columns: [
                    DocumentColumn(title: "Ученик", group: nil, kind: .text, width: 20),
                    DocumentColumn(title: "Средний", group: nil, kind: .decimal(2), width: 6, isOptional: true),
                ], rows: [[.text("Быков"), .empty], [.text("Волков"), mean]])
        }
        let figures = DocumentTable(
            name: "figures", title: "Показатели",
            columns: [DocumentColumn(title: "Показатель", group: nil, kind: .text, width: 20)],
            rows: [[.text("Качество")]], isLeftOut: true)
        let html = try page(document([table(.empty), figures]))
        #expect(html.contains("Быков") && !html.contains("Средний") && !html.contains("Показател"))
        #expect(try page(document([table(.decimal("4.5", digits: 2))])).contains("Средний"))
    }

    @Test func anEmptyTableSaysSo() throws {
        let html = try page(
            document([
                DocumentTable(
                    name: "debts", title: "Задолженности",
                    columns: [DocumentColumn(title: "Ученик", group: nil, kind: .person, width: 30)], rows: [])
            ]))
        #expect(html.contains("<h2>Задолженности</h2>") && html.contains("Нет данных.") && !html.contains("<table"))
        #expect(html.contains("Одна заметка") && html.contains("Директор"))
        #expect(html.contains("Журнал &lt;7А&gt;") && html.contains("class=\"landscape journal-page\""))
        #expect(html.contains("Напечатано 30.11.2026 08:05"))
    }

    @Test func chartsStandOnThePageAsTheyAre() throws {
        let chart = BarChart(
            title: "Качество <b>", categories: ["7А"], series: [BarChart.Series(name: "Качество", values: [50])])
        let html = try page(document([], charts: [chart.markup]))
        #expect(html.contains("<figure><svg ") && html.contains("Качество &lt;b&gt;"))
    }

    // MARK: Workbooks

    private static let reader = """
        import io, json, openpyxl, sys
        book = openpyxl.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        print(json.dumps([{
            "name": sheet.title, "titles": sheet.print_title_rows, "frozen": sheet.freeze_panes,
            "merged": sorted(str(one) for one in sheet.merged_cells.ranges),
            "bold": [cell.font.b for cell in sheet[sheet.max_row]],
            "last": [str(cell.value) for cell in sheet[sheet.max_row]], "formats": [cell.number_format for cell in sheet[sheet.max_row]],
            "rotation": [cell.alignment.textRotation for cell in sheet[sheet.freeze_panes and int(sheet.freeze_panes[1:]) - 2 or 1]],
        } for sheet in book.worksheets], ensure_ascii=False))
        """

    private func sheets(_ document: ReportDocument) throws -> [JSONValue] {
        let text = try Python.run(Self.reader, input: XLSXForm.bytes(document))
        guard case .array(let sheets) = try JSONValue(parsing: Array(text.utf8)) else { return [] }
        return sheets
    }

    private func texts(_ value: JSONValue?) -> [String] {
        guard case .array(let items)? = value else { return [] }
        return items.map {
            if case .string(let text) = $0 { text } else if case .number(let text) = $0 { text } else { "\($0)" }
        }
    }

    /// The longest name that a sheet may have, in Cyrillic: the name of its print titles holds it too.
    @Test func headsAreRepeatedWhateverTheNameOfTheSheet() throws {
        var table = journal(columns: 5, group: "Изобразительное искусство")
        table = DocumentTable(
            name: table.name, title: "Итоговые отметки учащихся за весь год", columns: table.columns, rows: table.rows)
        let sheet = try #require(sheets(document([table])).first)
        #expect(texts(sheet["merged"]).count == 2, "\(sheet)")
        guard case .string(let titles)? = sheet["titles"] else {
            Issue.record("no print titles: \(sheet)")
            return
        }
        #expect(titles == "$6:$7")
    }

    @Test func totalsAndTypesOfCells() throws {
        let kinds: [(Column.Kind, Cell)] = [
            (.text, .text("Итого")), (.integer, .integer(7)), (.decimal(2), .decimal("4.567", digits: 2)),
            (.percent, .percent("87.5")), (.date, .date("2026-09-01")), (.moment, .moment("2026-09-01 08:30")),
            (.flag, .flag(true)),
        ]
        let table = DocumentTable(
            name: "all", title: nil,
            columns: kinds.map { DocumentColumn(title: "К", group: nil, kind: $0.0, width: 12) },
            rows: [kinds.map { $0.1 }], hasTotal: true)
        let document = ReportDocument(
            title: "Отчёт", language: .english, school: "Лицей", printed: "2026-11-30 08:05", facts: [],
            tables: [table, table],
            charts: [], notes: [], signatures: [], orientation: .portrait, layout: "report")
        let sheets = try sheets(document)
        #expect(sheets.count == 2)
        #expect(
            texts(sheets[0]["last"]) == [
                "Итого", "7", "4.567", "0.875", "2026-09-01 00:00:00", "2026-09-01 08:30:00", "yes",
            ])
        #expect(
            texts(sheets[0]["formats"]) == [
                "General", "0", "0.00", "0.0%", "dd\\.mm\\.yyyy", "dd\\.mm\\.yyyy hh:mm", "General",
            ])
        #expect(sheets[0]["bold"] == .array([JSONValue](repeating: .bool(true), count: 7)))
        #expect(sheets.map { $0["name"] } == [.string("Отчёт"), .string("Отчёт (2)")])
    }

    @Test func aDocumentWithoutTablesIsAWorkbook() throws {
        #expect(try sheets(document([])).count == 1)
    }
}
