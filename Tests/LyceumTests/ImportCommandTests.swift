import Compression
import Foundation
import Postgres
import TestSupport
import Testing

/// `lyceum import`, run as a process against a database.
@Suite struct ImportCommandTests {
    private let database: TestDatabase
    private let owner: BlockingConnection
    private let directory: URL
    private static let today = "2026-10-05"

    init() throws {
        database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
        directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lyceum-import-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let made = try Executable.run(
            [
                "school", "create", "lyceum29", "--name", "Лицей № 29", "--time-zone", "Asia/Yekaterinburg",
                "--template", "ru", "--year", "2026",
            ], owner: database)
        try #require(made.status == 0, "\(made.errors)")
    }

    private func run(_ kind: String, _ text: String, _ rest: String...) throws -> Executable.Outcome {
        let file = directory.appending(path: "\(kind).csv")
        try Data(text.utf8).write(to: file)
        return try Executable.run(
            ["import", kind, file.path, "--school", "lyceum29", "--json"] + rest, owner: database, today: Self.today)
    }

    private func counts(_ outcome: Executable.Outcome) -> [Int?] {
        ["rows", "made", "updated", "unchanged", "missing"].map { outcome.json[$0] as? Int }
    }

    private func number(_ query: String) throws -> Int { Int(try owner.query(query).first ?? "") ?? -1 }

    /// Four files fill a new school, and importing them again changes nothing.
    @Test func aSchoolIsFilled() throws {
        let files = [
            ("classes", "Класс\n7А\n7Б\n"),
            ("staff", "Код;Фамилия;Имя;Роли\nS1;Абрамова;Дарья;Учитель\n"),
            ("students", "Код;Фамилия;Имя;Класс\n1;Ковалёв;Артём;7А\n2;Ковалёва;Яна;7Б\n"),
            ("guardians", "Код;Фамилия;Имя;Дети;Кем приходится\nG1;Ковалёва;Ольга;1,2;Мать\n"),
        ]
        for (kind, text) in files {
            let dry = try run(kind, text, "--dry-run")
            #expect(dry.status == 0, "\(dry.errors)")
            #expect(dry.json["dry_run"] as? Bool == true)
            let made = try run(kind, text)
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.errors == "")
            #expect(counts(made)[1] == counts(made)[0])
            #expect(counts(made) == counts(dry))
        }
        #expect(try number("SELECT count(*) FROM enrollments WHERE starts_on = '2026-09-01'") == 2)
        #expect(try number("SELECT count(*) FROM guardianships WHERE starts_on = '\(Self.today)'") == 2)
        #expect(try number("SELECT count(*) FROM audit_log WHERE reason = 'command line: import'") > 0)
        let audits = try number("SELECT count(*) FROM audit_log")
        for (kind, text) in files {
            let again = try run(kind, text)
            #expect(counts(again)[3] == counts(again)[0], "\(again.output)")
        }
        #expect(try number("SELECT count(*) FROM audit_log") == audits)
    }

    /// One archive, as other systems export it.
    @Test func aSchoolIsFilledFromAnArchive() throws {
        let archive = directory.appending(path: "school.zip")
        try Data(ZipWriter.archive(SmallSchool.files.map { ($0.name, Array($0.text.utf8)) })).write(to: archive)
        let opened = try Executable.run(
            [
                "school", "create", "small", "--name", "Школа", "--time-zone", "Asia/Yekaterinburg", "--template", "ru",
                "--year", "2025",
            ], owner: database)
        try #require(opened.status == 0, "\(opened.errors)")
        func run(_ rest: String...) throws -> Executable.Outcome {
            try Executable.run(
                ["import", archive.path, "--school", "small"] + rest, owner: database, today: SmallSchool.today)
        }
        let dry = try run("--dry-run")
        #expect(dry.status == 0, "\(dry.errors)")
        #expect(dry.output.contains("dry run"))
        #expect(try number("SELECT count(*) FROM users") == 0)
        let made = try run("--json")
        #expect(made.status == 0, "\(made.errors)")
        #expect((made.json["imports"] as? [[String: Any]])?.compactMap { $0["file"] as? String }.last == "КТП.csv")
        let again = try run("--json")
        let imports = try #require(again.json["imports"] as? [[String: Any]])
        #expect(imports.count == 10)
        #expect(imports.allSatisfy { $0["unchanged"] as? Int == $0["rows"] as? Int })
        let table = try run()
        #expect(table.output.contains("Расписание.csv"))
    }

    @Test func faultsOfAnArchiveNameTheFile() throws {
        let archive = directory.appending(path: "school.zip")
        let classes = Array("Класс\n7А\nЛесной\n".utf8)
        try Data(ZipWriter.archive([("Классы.csv", classes), ("заметки.txt", [])])).write(to: archive)
        let outcome = try Executable.run(
            ["import", archive.path, "--school", "lyceum29"], owner: database, today: Self.today)
        #expect(outcome.status == 2)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].contains("school.zip: заметки.txt: Unknown file name."), "\(lines[0])")
        #expect(lines[1].contains("school.zip: Классы.csv: row 3, column grade_level: "), "\(lines[1])")
        let none = try Executable.run(["import", "/nowhere.zip", "--school", "lyceum29"], owner: database)
        #expect(none.status == 2)
        let templates = try Executable.run(["import", archive.path, "--template"], owner: database)
        #expect(templates.status == 64)
    }

    private static let faulty = "Код;Фамилия;Имя;Дата рождения;Класс\n1;К;А;вчера;\n2;К;Б;;7А\n"

    @Test func faultsAreReportedWithRowAndColumn() throws {
        let file = directory.appending(path: "students.csv")
        try Data(Self.faulty.utf8).write(to: file)
        let outcome = try Executable.run(
            ["import", "students", file.path, "--school", "lyceum29"], owner: database, today: Self.today)
        #expect(outcome.status == 2)
        #expect(outcome.output == "")
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines[0].contains("students.csv: row 2, column Дата рождения (birth_date): Expected a date"), "\(lines[0])")
        #expect(
            lines[1].contains("row 3, column Класс (class):") && lines[1].hasSuffix("(unknown_class)"), "\(lines[1])")
        #expect(lines[2].hasSuffix("Nothing was changed."))
        #expect(try number("SELECT count(*) FROM users") == 0)
    }

    /// The API's problem, with the place of each fault beside its pointer.
    @Test func faultsAreJSON() throws {
        let outcome = try run("students", Self.faulty)
        #expect(outcome.status == 2)
        #expect(outcome.errors == "")
        let problem = outcome.json
        #expect(problem["code"] as? String == "validation_failed" && problem["status"] as? Int == 422)
        #expect(problem["count"] as? Int == 2)
        let faults = try #require(problem["errors"] as? [[String: Any]])
        try #require(faults.count == 2)
        #expect(faults[0]["pointer"] as? String == "/rows/2/birth_date" && faults[0]["code"] as? String == "not_a_date")
        #expect(faults[0]["row"] as? Int == 2 && faults[0]["column"] as? String == "birth_date")
        #expect(faults[0]["header"] as? String == "Дата рождения")
        #expect((faults[0]["file"] as? String)?.hasSuffix("students.csv") == true)
        #expect((faults[0]["detail"] as? String)?.hasPrefix("Expected a date") == true)
        #expect(faults[1]["pointer"] as? String == "/rows/3/class")

        let rows = (0..<150).map { "h\($0);Ф;И;завтра" }.joined(separator: "\n")
        let many = try run("students", "Код;Фамилия;Имя;Дата рождения\n" + rows)
        #expect((many.json["errors"] as? [Any])?.count == 100 && many.json["count"] as? Int == 150)
    }

    @Test func aFewRowsAreAddedWithPartial() throws {
        let header = "Код;Фамилия;Имя\n"
        #expect(try run("students", header + "1;К;А\n2;К;Б\n").status == 0)
        let whole = try run("students", header + "3;К;В\n")
        #expect(whole.status == 2 && whole.json["code"] as? String == "import_shrinks", "\(whole.output)")
        let partial = try run("students", header + "3;К;В\n", "--partial")
        #expect(counts(partial) == [1, 1, 0, 0, nil])
        #expect(try number("SELECT count(*) FROM users") == 3)
        #expect(try run("students", header + "3;К;В\n", "--partial", "--force").status == 64)
    }

    @Test func wrongUseIsRefused() throws {
        func status(_ arguments: String...) throws -> Int32 {
            try Executable.run(["import"] + arguments, owner: database).status
        }
        #expect(try status("pupils", "x.csv", "--school", "lyceum29") == 64)
        #expect(try status("students", "--school", "lyceum29") == 64)
        #expect(try status("students", "x.csv") == 64)
        #expect(try status("students", directory.path + "/none.csv", "--school", "lyceum29") == 2)
        let file = directory.appending(path: "x.csv")
        try Data("Код;Фамилия;Имя\n".utf8).write(to: file)
        let unknown = try Executable.run(["import", "students", file.path, "--school", "none"], owner: database)
        #expect(unknown.status == 2)
        #expect(unknown.errors.contains("There is no school none"))
    }

    @Test func templatesArePrinted() throws {
        let outcome = try Executable.run(["import", "students", "--template"], owner: database)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("Внешний код;Фамилия;Имя;Отчество"))
        #expect(outcome.output.split(whereSeparator: \.isNewline).count == 2)
    }

    /// More than a request may have.
    @Test func largeFilesAreImported() throws {
        let rows = (0..<12_000).map {
            "L\($0);Большаков;Борис;Борисович;01.02.2013;М;+7 900 000-00-00;ул. Мира, дом \($0)\n"
        }
        let text = "Код;Фамилия;Имя;Отчество;Дата рождения;Пол;Телефон;Адрес\n" + rows.joined()
        try #require(text.utf8.count > 1024 * 1024)
        #expect(counts(try run("students", text)) == [12_000, 12_000, 0, 0, 0])
    }
}
