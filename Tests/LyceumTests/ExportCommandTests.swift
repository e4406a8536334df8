import Foundation
import Postgres
import TestSupport
import Testing

/// `lyceum export`, run as a process against a database.
@Suite struct ExportCommandTests {
    private let database: TestDatabase
    private let owner: BlockingConnection
    private let directory: URL
    private static let today = "2026-10-05"

    init() throws {
        database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
        directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lyceum-export-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let made = try Executable.run(
            [
                "school", "create", "lyceum29", "--name", "Лицей № 29", "--time-zone", "Asia/Yekaterinburg",
                "--template", "ru", "--year", "2026",
            ], owner: database)
        try #require(made.status == 0, "\(made.errors)")
        for (kind, text) in [
            ("classes", "Класс\n7А\n7Б\n"), ("staff", "Код;Фамилия;Имя;Роли\nS1;Абрамова;Дарья;Учитель\n"),
            ("students", "Код;Фамилия;Имя;Класс\n1;Ковалёв;Артём;7А\n2;Ковалёва;Яна;7Б\n"),
            ("guardians", "Код;Фамилия;Имя;Дети;Кем приходится\nG1;Ковалёва;Ольга;1,2;Мать\n"),
        ] {
            let file = directory.appending(path: "\(kind)-import.csv")
            try Data(text.utf8).write(to: file)
            let done = try Executable.run(
                ["import", kind, file.path, "--school", "lyceum29"], owner: database, today: Self.today)
            try #require(done.status == 0, "\(done.errors)")
            try FileManager.default.removeItem(at: file)
        }
    }

    private func export(_ arguments: String...) throws -> Executable.Outcome {
        try Executable.run(
            ["export", "--school", "lyceum29", "--directory", directory.path] + arguments, owner: database,
            today: Self.today)
    }

    private func text(_ file: String) throws -> String {
        try String(contentsOf: directory.appending(path: file), encoding: .utf8)
    }

    private var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() }
    }

    @Test func everythingIsWrittenFromOneSnapshot() throws {
        let outcome = try export("--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors == "")
        let listed = try #require(outcome.json["files"] as? [[String: Any]])
        #expect(
            listed.compactMap { $0["name"] as? String } == [
                "terms.csv", "subjects.csv", "classes.csv", "groups.csv", "sections.csv", "staff.csv", "students.csv",
                "guardians.csv", "enrollments.csv", "lessons.csv", "homework.csv", "marks.csv", "attendance.csv",
                "finals.csv",
            ])
        #expect(try files == (listed.compactMap { $0["name"] as? String } + ["export.json"]).sorted())
        for file in listed {
            let name = try #require(file["name"] as? String)
            let content = try text(name)
            #expect(file["bytes"] as? Int == content.utf8.count)
            #expect(file["rows"] as? Int == content.split(separator: "\r\n").count - 1)
            let mode = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
        let kept = try JSONSerialization.jsonObject(with: Data(text("export.json").utf8)) as? [String: Any]
        #expect(kept?["watermark"] as? String == outcome.json["watermark"] as? String)
        let id = try #require(try owner.query("SELECT id FROM users WHERE last_name = 'Ковалёв'").first)
        let classID = try #require(try owner.query("SELECT id FROM classes WHERE name = '7А'").first)
        #expect(try text("students.csv").contains("\r\n\(id),Ковалёв,Артём,,\(classID),,"))
        #expect(
            try text("marks.csv").hasPrefix("id,student_id,section_id,") && text("marks.csv").hasSuffix("deleted\r\n"))
        // K2: the readings of both profiles.
        #expect(
            try owner.query("SELECT count(*) FROM audit_log WHERE action = 'read' AND reason = 'command line: export'")
                .first == "2")
    }

    @Test func someNounsAsLines() throws {
        let outcome = try Executable.run(
            [
                "export", "students", "classes", "--school", "lyceum29", "--directory", directory.path, "--format",
                "ndjson",
            ],
            owner: database, today: Self.today)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("Watermark: "))
        #expect(try files == ["classes.ndjson", "export.json", "students.ndjson"])
        let lines = try text("students.ndjson").split(separator: "\n")
        #expect(lines.count == 2)
        let row = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
        #expect(row?["last_name"] as? String == "Ковалёв" && row?["deleted"] as? Bool == false)
    }

    @Test func pseudonymousFilesHaveNoNames() throws {
        #expect(try export("--pseudonymous", "--bom").status == 0)
        let students = try text("students.csv")
        #expect(students.hasPrefix("id,class_id,sex,deleted\r\n"))
        let bytes = try Data(contentsOf: directory.appending(path: "students.csv"))
        #expect(bytes.starts(with: [0xEF, 0xBB, 0xBF]), "the byte order mark, which String leaves out")
        for file in try files { #expect(try !text(file).contains("Ковал"), "\(file)") }
        #expect(try owner.query("SELECT count(*) FROM audit_log WHERE action = 'read'").first == "0")
        let guardian = try text("guardians.csv")
        let ids = students.split(separator: "\r\n").dropFirst().map { $0.prefix(36) }
        #expect(ids.count == 2 && ids.allSatisfy { guardian.contains($0) })
    }

    /// An export that fails leaves the files of the last one, and nothing unfinished.
    @Test func aFailureChangesNothing() throws {
        #expect(try export().status == 0)
        let before = try files.map { try text($0) }
        // The last file cannot be read.
        try owner.execute("BEGIN; LOCK TABLE final_marks IN ACCESS EXCLUSIVE MODE")
        let failed = try Executable.run(
            ["export", "--school", "lyceum29", "--directory", directory.path],
            environment: [
                "LYCEUM_OWNER_DATABASE_URL": database.ownerURL, "LYCEUM_RESOURCES_DIRECTORY": TestDatabase.repository,
                "PGOPTIONS": "-c lock_timeout=500",
            ])
        #expect(failed.status == 3, "\(failed.errors)")
        #expect(try files.count == before.count)
        #expect(try files.map { try text($0) } == before)
        try owner.execute("ROLLBACK")
        // An unfinished file of a process that was killed is replaced.
        try Data("rest".utf8).write(to: directory.appending(path: "marks.csv.part"))
        #expect(try export().status == 0)
        #expect(try !files.contains { $0.hasSuffix(".part") })
    }

    @Test func whatIsWrongIsSaid() throws {
        let unknown = try Executable.run(
            ["export", "--school", "nowhere", "--directory", directory.path], owner: database)
        #expect(unknown.status == 2 && unknown.errors.contains("lyceum school list"))
        #expect(try files.isEmpty)
        let file = directory.appending(path: "file").path
        try Data().write(to: URL(filePath: file))
        let place = try Executable.run(["export", "--school", "lyceum29", "--directory", file], owner: database)
        #expect(place.status == 2 && place.errors.contains("Can't write \(file)"), "\(place.errors)")
        for wrong in [["--from", "2026-13-01"], ["--from", "2026-10-02", "--to", "2026-10-01"], ["--format", "xml"]] {
            let outcome = try Executable.run(
                ["export", "--school", "lyceum29", "--directory", file] + wrong, owner: database)
            #expect(outcome.status == 64, "\(wrong)")
        }
    }

    @Test func aTerminalShowsTheProgress() throws {
        let outcome = try Executable.runAtTerminal(
            ["export", "--school", "lyceum29", "--directory", directory.path], answering: "", owner: database)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("0/14 terms.csv"), "\(outcome.output)")
    }

    /// A signal stops the running statement, and the files are as they were.
    @Test func aSignalStopsIt() throws {
        #expect(try export("--json").status == 0)
        let before = try text("export.json")
        // The export waits for this lock.
        try owner.execute("BEGIN; LOCK TABLE terms IN ACCESS EXCLUSIVE MODE")
        let running = try Executable.start(
            ["export", "--school", "lyceum29", "--directory", directory.path],
            environment: [
                "LYCEUM_OWNER_DATABASE_URL": database.ownerURL, "LYCEUM_RESOURCES_DIRECTORY": TestDatabase.repository,
            ])
        let other = try BlockingConnection(url: database.ownerURL)
        let waiting = """
            SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND datname = current_database()
            """
        while try running.isRunning && other.query(waiting).first == "0" {}
        running.signal(SIGINT)
        let outcome = running.outcome()
        try owner.execute("ROLLBACK")
        #expect(outcome.status == 130, "\(outcome.errors)")
        #expect(outcome.errors.contains("Stopped."))
        #expect(try text("export.json") == before)
        #expect(try !files.contains { $0.hasSuffix(".part") })
    }
}
