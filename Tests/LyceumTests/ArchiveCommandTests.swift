import Crypto
import Foundation
import Glibc
import Postgres
import TestSupport
import TestTools
import Testing

/// `lyceum export archive` and `lyceum export verify`, run as processes against a database.
@Suite struct ArchiveCommandTests {
    private let database: TestDatabase
    private let owner: BlockingConnection
    private let directory: URL
    private static let today = "2026-06-10"
    private static let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
    private static let keys = "archive-1:\(key)"

    private var archive: String { directory.appending(path: "2025").path }

    /// 7А with one section: a lesson, a mark, and a year mark.
    init() throws {
        database = try TestDatabase(.migrated)
        owner = try BlockingConnection(url: database.ownerURL)
        directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lyceum-archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let made = try Executable.run(
            [
                "school", "create", "lyceum29", "--name", "Лицей № 29", "--time-zone", "Asia/Yekaterinburg",
                "--template", "ru", "--year", "2025",
            ], owner: database)
        try #require(made.status == 0, "\(made.errors)")
        for (kind, text) in [
            ("classes", "Класс\n7А\n"), ("staff", "Код;Фамилия;Имя;Роли\nS1;Щербакова;Дарья;Учитель\n"),
            ("students", "Код;Фамилия;Имя;Класс\n1;Ковалёв;Артём;7А\n2;Щукина;Яна;7А\n"),
            ("load", "Класс;Предмет;Учитель\n7А;Алгебра;S1\n"),
        ] {
            let file = directory.appending(path: "import.csv")
            try Data(text.utf8).write(to: file)
            let done = try Executable.run(
                ["import", kind, file.path, "--school", "lyceum29"], owner: database, today: "2025-09-01")
            try #require(done.status == 0, "\(kind): \(done.output)\(done.errors)")
            try FileManager.default.removeItem(at: file)
        }
        try owner.execute(
            """
            SET lyceum.school_id = '1'; SET lyceum.time_zone = 'Asia/Yekaterinburg'; SET lyceum.today = '2025-09-01';
            INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, state, topic, teacher_id)
            SELECT s.school_id, gen_random_uuid(), s.id, '2025-09-01', 1, '8:00', '8:40', 'held', 'Ёмкость — «щука»', t.teacher_id
            FROM sections s JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id;
            INSERT INTO line_items (school_id, id, lesson_id, section_id, weight, is_default)
            SELECT school_id, gen_random_uuid(), id, section_id, 1, true FROM lessons;
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number, published_at)
            SELECT i.school_id, gen_random_uuid(), i.id, u.id, 'number', 5, CASE u.last_name WHEN 'Щукина' THEN now() END
            FROM line_items i, users u WHERE u.last_name IN ('Щукина', 'Ковалёв');
            RESET lyceum.today
            """)
    }

    private func environment(keys: String? = Self.keys, _ more: [String: String] = [:]) -> [String: String] {
        var environment = [
            "LYCEUM_OWNER_DATABASE_URL": database.ownerURL, "LYCEUM_RESOURCES_DIRECTORY": TestDatabase.repository,
            "PGOPTIONS": "-c lyceum.today=\(Self.today)",
        ]
        environment["LYCEUM_ARCHIVE_KEYS"] = keys
        return environment.merging(more) { $1 }
    }

    private var command: [String] {
        ["export", "archive", "--school", "lyceum29", "--year", "2025", "--directory", archive]
    }

    private func write(_ arguments: String..., keys: String? = Self.keys) throws -> Executable.Outcome {
        try Executable.run(command + arguments, environment: environment(keys: keys))
    }

    private func verify(
        keys: String? = Self.keys, _ arguments: String...
    ) throws -> Executable.Outcome {
        // Without a database.
        var environment: [String: String] = [:]
        environment["LYCEUM_ARCHIVE_KEYS"] = keys
        return try Executable.run(["export", "verify", archive] + arguments, environment: environment)
    }

    private func faults(keys: String? = Self.keys) throws -> [String] {
        let outcome = try verify(keys: keys, "--json")
        let faults = try #require(outcome.json["faults"] as? [[String: Any]], "\(outcome.errors)")
        #expect(outcome.status == (faults.isEmpty ? 0 : 2))
        return faults.map { "\($0["code"] ?? "") \($0["name"] ?? "")" }
    }

    private func path(_ file: String) -> String { "\(archive)/\(file)" }

    private func text(_ file: String) throws -> String { try String(contentsOfFile: path(file), encoding: .utf8) }

    private func change(_ file: String, to text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(file)))
    }

    private var entries: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() }
    }

    /// The commands of README.txt, as its reader types them, with the key as the input.
    private func runReadme(key: String = Self.key) throws -> (output: String, status: Int32) {
        let commands = try text("README.txt").split(separator: "\n").filter {
            $0.hasPrefix("    ") && !$0.hasPrefix("     ")
        }.map { $0.dropFirst(4) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", commands.joined(separator: "\n")]
        process.currentDirectoryURL = URL(filePath: archive)
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data("\(key)\n".utf8))
        try input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (text, process.terminationStatus)
    }

    // MARK: Writing

    @Test func documentsAsPDF() throws {
        let outcome = try write("--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.json["closed"] as? Bool == false && outcome.json["key"] as? String == "archive-1")
        #expect(try entries == ["2025"])
        let index = try JSONSerialization.jsonObject(with: Data(text("archive.json").utf8)) as? [String: Any]
        let documents = try #require(index?["documents"] as? [[String: Any]])
        let names = documents.compactMap { $0["name"] as? String }
        #expect(index?["document_format"] as? String == "pdf")
        #expect(names.contains("journals/7a/algebra-7a") && names.contains("classes/7a/report-cards"), "\(names)")
        for name in names {
            let pdf = try Data(contentsOf: URL(filePath: path(name + ".pdf")))
            #expect(pdf.starts(with: Data("%PDF".utf8)), "\(name)")
            #expect(!FileManager.default.fileExists(atPath: path(name + ".html")))
        }
        let journal = try Python.program(
            "/usr/bin/pdftotext", ["-layout", path("journals/7a/algebra-7a.pdf"), "-"], input: [])
        #expect(journal.contains("Щукина") && journal.contains("Ёмкость — «щука»") && journal.contains("Лицей № 29"))
        // One page for each term at least, all four with their heads.
        #expect(journal.components(separatedBy: "Страница классного журнала").count > 4)
        let mode = try FileManager.default.attributesOfItem(atPath: path("README.txt"))[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try faults() == [])
    }

    @Test func theReadmeIsRight() throws {
        #expect(try write("--no-pdf").status == 0)
        let right = try runReadme()
        #expect(right.output == "OK\nOK\nOK\n" && right.status == 0, "\(right.output)")
        let other = try runReadme(key: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        #expect(other.output.contains("differ") && other.status != 0, "\(other.output)")
        try change("journals/more.csv", to: "x")
        #expect(try runReadme().output == "OK\nOK\n")
        try FileManager.default.removeItem(atPath: path("journals/more.csv"))
        try change("tables/terms.csv", to: text("tables/terms.csv") + "x")
        let changed = try runReadme()
        #expect(changed.output.contains("tables/terms.csv") && !changed.output.hasPrefix("OK\n"))
    }

    @Test func theReadmeInEnglish() throws {
        #expect(try write("--no-pdf", "--language", "en").status == 0)
        #expect(try text("README.txt").hasPrefix("Archive of the academic year 2025/2026\nЛицей № 29\n"))
        #expect(try runReadme().output == "OK\nOK\nOK\n")
        #expect(try text("journals/7a/algebra-7a.html").contains("Journal page"))
    }

    /// What is held back (M12) is in the journal of heads and not in the tables. Profiles are recorded (K2).
    @Test func whatIsInIt() throws {
        #expect(try write("--no-pdf").status == 0)
        let journal = try text("journals/7a/algebra-7a-quarter-1-students.csv")
        #expect(journal.components(separatedBy: ",5,").count == 3, "\(journal)")
        #expect(try text("tables/marks.csv").split(separator: "\r\n").count == 2)
        #expect(try text("tables/students.csv").contains("Ковалёв"))
        let recorded = try owner.query(
            "SELECT count(*) FROM audit_log WHERE action = 'read' AND reason = 'command line: archive'"
        ).first
        #expect(recorded == "2")
    }

    @Test func theSameDataGiveTheSameTables() throws {
        #expect(try write("--no-pdf").status == 0)
        let first = try csv()
        #expect(first.count > 20)
        #expect(try write("--no-pdf", "--replace").status == 0)
        #expect(try csv() == first)
        #expect(try entries == ["2025"])
    }

    private func csv() throws -> [String: Data] {
        let names = FileManager.default.enumerator(atPath: archive)?.compactMap { $0 as? String } ?? []
        var content: [String: Data] = [:]
        for name in names where name.hasSuffix(".csv") {
            content[name] = try Data(contentsOf: URL(filePath: path(name)))
        }
        return content
    }

    // MARK: Refusals

    @Test func nothingIsReplacedUnasked() throws {
        #expect(try write("--no-pdf").status == 0)
        let sums = try text("SHA256SUMS")
        let again = try write("--no-pdf")
        #expect(again.status == 2 && again.errors.contains("--replace"), "\(again.errors)")
        #expect(try text("SHA256SUMS") == sums)
        try FileManager.default.removeItem(atPath: path("archive.json"))
        let foreign = try write("--no-pdf", "--replace")
        #expect(foreign.status == 2 && foreign.errors.contains("is no archive"), "\(foreign.errors)")
        #expect(try text("SHA256SUMS") == sums)
    }

    @Test func whatIsWrongIsSaid() throws {
        let unsigned = try write("--no-pdf", keys: nil)
        #expect(unsigned.status == 78 && unsigned.errors.contains("--unsigned"), "\(unsigned.errors)")
        let short = try write("--no-pdf", keys: "archive-1:c2hvcnQ")
        #expect(short.status == 78 && !short.errors.contains("c2hvcnQ"), "\(short.errors)")
        let year = try Executable.run(
            [
                "export", "archive", "--school", "lyceum29", "--year", "2019", "--directory", archive, "--no-pdf",
            ], environment: environment())
        #expect(year.status == 2 && year.errors.contains("2025/2026"), "\(year.errors)")
        let school = try Executable.run(
            ["export", "archive", "--school", "nowhere", "--year", "2025", "--directory", archive, "--no-pdf"],
            environment: environment())
        #expect(school.status == 2 && school.errors.contains("lyceum school list"), "\(school.errors)")
        let python = try Executable.run(
            command, environment: environment(["LYCEUM_REPORTS_PYTHON": "/nonexistent/python"]))
        #expect(python.status == 2 && python.errors.contains("--no-pdf"), "\(python.errors)")
        let none = try Executable.run(["export", "verify", directory.path])
        #expect(none.status == 2 && none.errors.contains("holds no archive"), "\(none.errors)")
        for wrong in [["--year", "25"], ["--processes", "0"], ["--language", "de"]] {
            #expect(try Executable.run(command + wrong, environment: environment()).status == 64, "\(wrong)")
        }
        #expect(try entries == [])
    }

    // MARK: Interruptions

    @Test func aSignalWhileItReads() throws {
        try owner.execute("BEGIN; LOCK TABLE terms IN ACCESS EXCLUSIVE MODE")
        let running = try Executable.start(command + ["--no-pdf"], environment: environment())
        let other = try BlockingConnection(url: database.ownerURL)
        let waiting = """
            SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND datname = current_database()
            """
        while try running.isRunning && other.query(waiting).first == "0" {}
        running.signal(SIGINT)
        let outcome = running.outcome()
        try owner.execute("ROLLBACK")
        #expect(outcome.status == 130 && outcome.errors.contains("Stopped."), "\(outcome.errors)")
        #expect(try entries == [])
    }

    /// A program in the place of Python says that it has begun, and prints when it is told to.
    @Test func aSignalWhileItPrints() throws {
        #expect(try write("--no-pdf").status == 0)
        let before = try text("SHA256SUMS")
        let python = directory.appending(path: "python").path
        let (begun, go) = (directory.appending(path: "begun").path, directory.appending(path: "go").path)
        try Data(
            """
            #!/bin/sh
            case "$*" in *--version*) echo 1.0; exit;; esac
            mkdir -p \(begun)
            until [ -e \(go) ]; do sleep 0.05; done
            echo %PDF
            """.utf8
        ).write(to: URL(filePath: python))
        chmod(python, 0o700)
        let running = try Executable.start(
            command + ["--replace"], environment: environment(["LYCEUM_REPORTS_PYTHON": python]))
        while running.isRunning && !FileManager.default.fileExists(atPath: begun) {}
        // A second run leaves the first one alone.
        let second = try write("--no-pdf", "--replace")
        #expect(second.status == 2 && second.errors.contains("Another run"), "\(second.errors)")
        running.signal(SIGTERM)
        try Data().write(to: URL(filePath: go))
        let outcome = running.outcome()
        #expect(outcome.status == 143 && outcome.errors.contains("Stopped."), "\(outcome.errors)")
        #expect(try text("SHA256SUMS") == before)
        #expect(try entries == ["2025", "begun", "go", "python"])
    }

    @Test func theRestOfAKilledRun() throws {
        let part = archive + ".part"
        try FileManager.default.createDirectory(atPath: part, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(filePath: part + "/file"))
        let foreign = try write("--no-pdf")
        #expect(foreign.status == 2 && foreign.errors.contains("move it away"), "\(foreign.errors)")
        #expect(try String(contentsOfFile: part + "/file", encoding: .utf8) == "mine")
        try Data().write(to: URL(filePath: part + "/INCOMPLETE"))
        #expect(try write("--no-pdf").status == 0)
        #expect(try entries == ["2025"])
        #expect(try faults() == [])
    }

    @Test func aTerminalShowsTheProgress() throws {
        let outcome = try Executable.runAtTerminal(
            command + ["--no-pdf", "--unsigned"], answering: "", owner: database)
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("journals/7a/algebra-7a"), "\(outcome.output)")
    }

    // MARK: Verification

    @Test func eachChangeIsFound() throws {
        #expect(try write("--no-pdf").status == 0)
        let marks = try text("tables/marks.csv")
        var bytes = Array(marks.utf8)
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: URL(filePath: path("tables/marks.csv")))
        #expect(try faults() == ["changed tables/marks.csv"])
        let said = try verify()
        #expect(said.status == 2 && said.errors.contains("changed: tables/marks.csv"), "\(said.errors)")
        try FileManager.default.removeItem(atPath: path("tables/marks.csv"))
        #expect(try faults() == ["missing tables/marks.csv"])
        try change("tables/marks.csv", to: marks)
        try change("journals/extra.csv", to: "")
        #expect(try faults() == ["additional journals/extra.csv"])
        try FileManager.default.removeItem(atPath: path("journals/extra.csv"))
        // A link to the same content is no file of the archive.
        try FileManager.default.moveItem(atPath: path("tables/marks.csv"), toPath: directory.path + "/marks.csv")
        try FileManager.default.createSymbolicLink(
            atPath: path("tables/marks.csv"), withDestinationPath: directory.path + "/marks.csv")
        #expect(try faults() == ["not_a_file tables/marks.csv"])
        try FileManager.default.removeItem(atPath: path("tables/marks.csv"))
        try FileManager.default.moveItem(atPath: directory.path + "/marks.csv", toPath: path("tables/marks.csv"))
        #expect(try faults() == [])
    }

    @Test func aForgedManifestIsFound() throws {
        #expect(try write("--no-pdf").status == 0)
        let sums = try text("SHA256SUMS")
        let marks = try text("tables/marks.csv")
        let old = try Hexadecimal.encode(SHA256.hash(Array(marks.utf8)))
        let new = try Hexadecimal.encode(SHA256.hash(Array((marks + "x").utf8)))
        try change("tables/marks.csv", to: marks + "x")
        try change("SHA256SUMS", to: sums.replacing(old, with: new))
        // The sums alone do not show it.
        #expect(try faults(keys: nil) == [])
        let unproven = try verify(keys: nil)
        #expect(unproven.output.contains("The signature was not checked"), "\(unproven.output)")
        #expect(try faults() == ["wrong_signature archive-1"])
        try change("tables/marks.csv", to: marks)
        for (forged, fault) in [
            (sums + "\(old)  ../outside.csv\n", "missing ../outside.csv"),
            (sums + "nonsense\n", "wrong_format SHA256SUMS"),
            (sums + "\(old)  tables/marks.csv\n", "wrong_format SHA256SUMS"),
            (String(sums.dropLast()), "wrong_format SHA256SUMS"),
        ] {
            try change("SHA256SUMS", to: forged)
            #expect(try faults(keys: nil) == [fault])
        }
    }

    @Test func keysAndSignatures() throws {
        let other = "archive-2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        #expect(try write("--no-pdf", keys: "\(Self.keys),\(other)").status == 0)
        #expect(try faults(keys: other) == ["unknown_key archive-1"])
        let sameName = other.replacing("archive-2", with: "archive-1")
        #expect(try faults(keys: sameName) == ["wrong_signature archive-1"])
        // After a rotation the old key still verifies.
        #expect(try faults(keys: "\(other),\(Self.keys)") == [])
        let right = try verify()
        #expect(right.status == 0 && right.output.contains("signed with the key archive-1"), "\(right.output)")
        let signature = try text("SHA256SUMS.hmac")
        try change("SHA256SUMS.hmac", to: "nonsense\n")
        #expect(try faults() == ["wrong_format SHA256SUMS.hmac"])
        try FileManager.default.removeItem(atPath: path("SHA256SUMS.hmac"))
        #expect(try faults() == ["not_signed SHA256SUMS.hmac"])
        #expect(try faults(keys: nil) == ["missing SHA256SUMS.hmac"])
        try change("SHA256SUMS.hmac", to: signature)
        #expect(try faults() == [])
    }

    @Test func anUnsignedArchiveSaysSo() throws {
        #expect(try write("--no-pdf", "--unsigned", keys: nil).status == 0)
        #expect(!FileManager.default.fileExists(atPath: path("SHA256SUMS.hmac")))
        let outcome = try verify(keys: nil)
        #expect(outcome.status == 0 && outcome.output.contains("The archive is not signed."), "\(outcome.output)")
        #expect(try faults() == ["not_signed SHA256SUMS.hmac"])
        #expect(try text("README.txt").contains("Архив не подписан."))
        #expect(try runReadme().output == "OK\nOK\n")
    }
}
