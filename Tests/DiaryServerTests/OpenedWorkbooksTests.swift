import DiaryExchange
import DiaryTestSupport
import FoundationEssentials
import JSON
import Postgres
import TestSupport
import TestTools
import Testing

/// Workbooks in two programs that share nothing with the library that writes them: openpyxl and LibreOffice, which must
/// see the same cells, with the types of the columns and the values of CSV (Tests/Workbooks/read.py).
@Suite(
    .serialized,
    .enabled(
        if: FileManager.default.fileExists(atPath: "/usr/bin/soffice"),
        "LibreOffice is missing: script/test --long installs it")
)
struct OpenedWorkbooksTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient

    /// A name that a spreadsheet would run.
    private static let formula = "=cmd|' /C calc'!A0"

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        try server.owner().query("UPDATE users SET last_name = $2 WHERE id = $1", [ids.others[0], Self.formula])
    }

    @Test func exportsHaveTypes() throws {
        let files = try Files()
        for export in Exports.all {
            let hasDays = ["lessons", "homework", "marks", "attendance"].contains(export.name)
            let path = "/v1/exports/\(export.name)?" + (hasDays ? "from=2025-11-10&to=2025-11-12&" : "")
            let kinds = export.columns(pseudonymous: false).map { Self.word($0.kind) } + ["text"]
            try files.add(
                export.name, kinds, xlsx: deputy.get(path + "format=xlsx"), csv: deputy.get(path + "format=csv"))
        }
        let opened = try files.open()
        for export in Exports.all {
            let sheet = try #require(opened[export.name]?[0])
            #expect(sheet["name"]?.string == export.name)
            let widths = sheet["widths"]?.array.compactMap {
                if case .number(let text) = $0 { Double(text) } else { nil }
            }
            // An id is shown whole.
            #expect(widths?.first ?? 0 > 36 && widths?.min() ?? 0 > 8, "\(widths ?? [])")
        }
        let types = try #require(opened["marks"]?[0]?["types"])
        #expect(types["n"]?.int ?? 0 > 100 && types["d"]?.int ?? 0 > 100 && types["s"]?.int ?? 0 > 100, "\(types)")
        #expect(opened["students"]?[0]?["texts_like_formulas"]?.array == [.string(Self.formula)])
    }

    private static func word(_ kind: ExportColumn.Kind) -> String {
        switch kind {
        case .integer, .decimal: "number"
        case .date: "date"
        case .moment: "moment"
        case .identifier, .person, .text, .word, .boolean, .list: "text"
        }
    }

    @Test func reportsHaveTypes() throws {
        let files = try Files()
        // The table that is compared with CSV, and the kinds of its columns.
        let tables = [
            ("movement", "students", "number text date text text date text date text text"),
            ("anomalies", "late_lessons", "date number text text flag flag flag number"),
            ("informing-families", "students", "text text date text flag number number flag date"),
            ("plan-coverage", "sections", "number text text number number number number percent number number number"),
            (
                "journal-control", "classes",
                "text number percent percent percent number number percent number number percent percent percent"
            ),
        ]
        for (name, table, kinds) in tables {
            let path = "/v1/reports/\(name)?format="
            try files.add(
                name, kinds.split(separator: " ").map { String($0) }, xlsx: deputy.get(path + "xlsx"),
                csv: deputy.get(path + "csv&table=\(table)"))
        }
        let opened = try files.open()
        #expect(opened["movement"]?.array.count == 4, "a sheet for each table")
        for (name, _, _) in tables {
            for sheet in opened[name]?.array ?? [] {
                #expect(sheet["heads"]?.array.count == 2, "the heads are repeated on each page: \(sheet)")
            }
        }
        let texts = opened["movement"]?[3]?["texts_like_formulas"]?.array.compactMap { $0.string } ?? []
        #expect(texts.count == 1 && texts[0].hasPrefix(Self.formula + " "), "\(texts)")
    }
}

/// A directory of workbooks, until the test ends.
private final class Files {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "lyceum-books-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: directory) }

    func add(_ name: String, _ kinds: [String], xlsx: TestClient.Answer, csv: TestClient.Answer) throws {
        #expect(
            xlsx.status == 200 && csv.status == 200, "\(name): \(xlsx.status), \(csv.status) \(csv.text.prefix(300))")
        try Data(xlsx.body).write(to: directory.appending(path: "\(name).xlsx"))
        try Data(csv.body).write(to: directory.appending(path: "\(name).csv"))
        try Data(kinds.joined(separator: " ").utf8).write(to: directory.appending(path: "\(name).kinds"))
    }

    /// What both programs see; a difference is an error.
    func open() throws -> JSONValue {
        let script = TestDatabase.repository + "/Tests/Workbooks/read.py"
        let text = try Python.program("/usr/bin/python3", [script, directory.path], seconds: 300)
        return try JSONValue(parsing: Array(text.utf8))
    }
}
