import DiaryPaper
import DiaryTestSupport
import JSON
import Postgres
import Printing
import TestTools
import Testing

/// XLSX and PDF of reports, opened by other programs.
@Suite(.serialized) struct PaperFormsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
    }

    private var register: String { "/v1/reports/class-register?class_id=\(ids.class7A)" }

    // MARK: XLSX

    private static let sheets = """
        import io, json, openpyxl, sys
        book = openpyxl.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        print(json.dumps([{
            "name": sheet.title, "frozen": sheet.freeze_panes, "heads": sheet.print_title_rows,
            "orientation": sheet.page_setup.orientation, "paper": sheet.page_setup.paperSize,
            "foot": sheet.oddFooter.center.text, "rows": [[cell.value for cell in row] for row in sheet.iter_rows()],
        } for sheet in book.worksheets], ensure_ascii=False, default=str))
        """

    private func sheet(_ answer: TestClient.Answer) throws -> JSONValue {
        let text = try Python.run(Self.sheets, input: answer.body)
        let book = try JSONValue(parsing: Array(text.utf8))
        return try #require(book.array.first)
    }

    /// The same cells as in JSON, as numbers, below two rows of heads that stay.
    @Test func xlsxHasTheCellsOfJSON() throws {
        let answer = try teacher.get(register + "&format=xlsx")
        #expect(
            answer["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                && answer["Content-Disposition"] == "attachment; filename=\"class-register.xlsx\"")
        let sheet = try sheet(answer)
        #expect(sheet["orientation"]?.string == "landscape" && sheet["paper"]?.int == 9)
        #expect(sheet["foot"]?.string?.contains("страница &P из &N") == true, "\(sheet["foot"] ?? .null)")
        let rows = sheet["rows"]?.array.map { $0.array } ?? []
        let head = try #require(rows.firstIndex { $0.first?.string == "№" })
        #expect(sheet["frozen"]?.string == "C\(head + 3)" && sheet["heads"]?.string == "$\(head + 1):$\(head + 2)")
        let json = try teacher.get(register).json
        let columns = json["columns"]?.array ?? []
        let students = json["students"]?.array ?? []
        try #require(students.count > 20 && columns.count > 10)
        for (row, student) in zip(rows[(head + 2)...], students) {
            #expect(row[1].string?.hasPrefix(student["last_name"]?.string ?? "?") == true)
            let numbers = columns.map { column in
                let cell = student["cells"]?.array.first {
                    $0["subject_id"] == column["subject"]?["id"] ?? .null && $0["kind"] == column["kind"]
                        && $0["term_id"] == column["term"]?["id"] ?? .null
                }
                return cell?["value"]?["number"]?.int
            }
            #expect(row[2...].prefix(columns.count).map { $0.int } == numbers)
        }
    }

    @Test func theSameReportIsTheSameWorkbook() throws {
        // The minute of printing is in both.
        let first = try teacher.get(register + "&format=xlsx")
        let second = try teacher.get(register + "&format=xlsx")
        let printed = try [first, second].map { try sheet($0)["foot"]?.string }
        #expect(printed[0] != printed[1] || first.body == second.body)
    }

    // MARK: PDF

    @Test func pdfHasCyrillicPagesAndHeadsOnEach() throws {
        let answer = try teacher.get(register + "&format=pdf")
        #expect(answer.status == 200 && answer["Content-Type"] == "application/pdf", "\(answer.text.prefix(500))")
        #expect(answer["Content-Disposition"] == "attachment; filename=\"class-register.pdf\"")
        let text = try Python.program("/usr/bin/pdftotext", ["-layout", "-", "-"], input: answer.body)
        let info = try Python.program("/usr/bin/pdfinfo", ["-"], input: answer.body)
        let count = try #require(
            info.split(separator: "\n").first { $0.hasPrefix("Pages:") }?.split(separator: " ").last.flatMap { Int($0) }
        )
        let pages = text.split(separator: "\u{C}", omittingEmptySubsequences: true)
        #expect(pages.count == count)
        for (index, page) in pages.enumerated() {
            #expect(page.contains("страница \(index + 1) из \(count)"), "\(page)")
            #expect(page.contains("Сводная ведомость успеваемости"))
        }
        #expect(text.contains("Лицей № 29") && text.contains("Классный руководитель"))
        // A4 on its side.
        #expect(info.contains("841.8") && info.contains("595.2"))
        for student in try teacher.get(register).json["students"]?.array ?? [] {
            #expect(text.contains(student["last_name"]?.string ?? "?"))
        }
    }

    /// Each of these is opened: its pages are numbered and have its title, and Cyrillic is text.
    @Test func otherReportsArePDFToo() throws {
        let deputy = try server.client("deputy")
        let reports = [
            ("report-card?student_id=\(ids.child)", "Табель успеваемости", "Родитель (законный представитель)"),
            ("journal-page?section_id=\(ids.section)", "Страница классного журнала", "Домашнее задание"),
            ("journal-control?from=2025-10-01&to=2025-11-18", "Контроль ведения журнала", "Накопляемость"),
            ("substitution-log?from=2025-09-01&to=2025-11-18", "Журнал замещения уроков", "Дано уроков за других"),
        ]
        for (report, title, word) in reports {
            let answer = try deputy.get("/v1/reports/\(report)&format=pdf")
            #expect(answer.status == 200, "\(report): \(answer.text.prefix(300))")
            let text = try Python.program("/usr/bin/pdftotext", ["-layout", "-", "-"], input: answer.body)
            let pages = text.split(separator: "\u{C}")
            #expect(!pages.isEmpty && text.contains("Лицей № 29") && text.contains(word), "\(report): \(text)")
            for (index, page) in pages.enumerated() {
                #expect(page.contains("страница \(index + 1) из \(pages.count)") && page.contains(title), "\(page)")
            }
        }
    }

    @Test func pdfIsInEnglishToo() throws {
        var english = try server.client("deputy")
        english.language = "en"
        let answer = try english.get("/v1/reports/plan-base?format=pdf")
        let text = try Python.program("/usr/bin/pdftotext", ["-layout", "-", "-"], input: answer.body)
        #expect(text.contains("page 1 of ") && text.contains("Curriculum plans of the common base"))
    }

    /// A table without a title has no heading; that of the page is not repeated.
    @Test func theTitleOfThePageStandsOnce() throws {
        let html = try teacher.get(register + "&format=html").text
        #expect(html.contains("<h1>") && !html.contains("<h2>"))
    }

    /// A person's own words stay words: on the page, in the PDF and in the workbook.
    @Test func markupInDataIsText() throws {
        let words = "<img src=\"file:///etc/passwd\">&<link rel=attachment href='file:///etc/passwd'>"
        let owner = try server.owner()
        let name = try #require(
            try owner.query("SELECT name FROM schools WHERE id = $1", ["\(ids.school)"]).first)
        try owner.query("UPDATE schools SET name = $2 WHERE id = $1", ["\(ids.school)", words])
        defer { _ = try? owner.query("UPDATE schools SET name = $2 WHERE id = $1", ["\(ids.school)", name]) }
        let html = try teacher.get(register + "&format=html")
        #expect(!html.text.contains("<img") && !html.text.contains("<link"))
        let pdf = try teacher.get(register + "&format=pdf")
        let text = try Python.program("/usr/bin/pdftotext", ["-layout", "-", "-"], input: pdf.body)
        #expect(text.contains("<img src=\"file:///etc/passwd\">") && !text.contains("root:"))
        let sheet = try sheet(teacher.get(register + "&format=xlsx"))
        #expect(sheet["rows"]?[0]?[0]?.string == words)
    }

    @Test func withoutWeasyPrintPDFIsANamedProblem() async throws {
        let other = try await TestServer(paper: TestServer.paper { $0.python = "" })
        let ids = try DemoSchoolIDs(other)
        let teacher = try other.client("teacher")
        let answer = try teacher.get("/v1/reports/class-register?class_id=\(ids.class7A)&format=pdf")
        #expect(answer.status == 501 && answer.code == "pdf_not_available")
        #expect(try teacher.get("/v1/reports/class-register?class_id=\(ids.class7A)&format=xlsx").status == 200)
    }
}
