import Compression
import DiaryExchange
import DiaryServer
import DiaryTestSupport
import JSON
import Postgres
import Reactor
import TestSupport
import Testing

/// `POST /v1/imports`: several files in one archive and one transaction.
@Suite(.serialized) struct ImportArchiveTests {
    private let server: TestServer
    private let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    private func send(
        _ bytes: [UInt8], as login: String = "admin", query: String = "?force=true", type: String = "application/zip"
    ) throws -> TestClient.Answer {
        try server.client(login).send("POST", "/v1/imports\(query)", headers: [("Content-Type", type)], body: bytes)
    }

    private func send(_ files: [(String, String)], as login: String = "admin", query: String = "?force=true") throws
        -> TestClient.Answer
    {
        try send(ZipWriter.archive(files.map { (name: $0.0, content: Array($0.1.utf8)) }), as: login, query: query)
    }

    private func faults(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }

    private func count(_ sql: String) throws -> String? { try server.owner().query(sql).first }

    @Test func filesThatDependOnOneAnotherAreImportedTogether() throws {
        // The order of the archive differs from that of the import.
        let files = [
            ("students.csv", "Код;Фамилия;Имя;Класс\nza1;Зорин;Захар;5Ъ\n"), ("classes.csv", "Класс\n5Ъ\n"),
            ("load.csv", "Предмет;Класс\nМатематика;5Ъ\n"),
            ("timetable.csv", "Предмет;Класс;День;Урок\nМатематика;5Ъ;Пн;1\n"),
        ]
        let dry = try send(files, query: "?force=true&dry_run=true")
        #expect(dry.status == 200, "\(dry.text)")
        #expect(dry.json["dry_run"]?.bool == true)
        #expect(try count("SELECT count(*) FROM classes WHERE name = '5Ъ'") == "0")
        let made = try send(files, as: "deputy")
        #expect(made.status == 200, "\(made.text)")
        let imports = made.json["imports"]?.array ?? []
        #expect(imports.map { $0["file"]?.string } == ["classes.csv", "students.csv", "load.csv", "timetable.csv"])
        #expect(imports.map { $0["made"]?.int } == [1, 1, 1, 1])
        let again = try send(files)
        #expect((again.json["imports"]?.array ?? []).map { $0["unchanged"]?.int } == [1, 1, 1, 1], "\(again.text)")
    }

    @Test func faultsNameFileRowAndColumn() throws {
        let answer = try send([
            ("classes.csv", "Класс\n5Ы\nЛесной\n"),
            ("students.csv", "Код;Фамилия;Имя;Класс;Пол\nzb1;Зорин;Захар;5Ы;М\nzb2;;З;6Ы;?\n"),
            ("subjects.csv", "Предмет\nРисование\n"), ("plans.csv", "Предмет;Параллель;Тема\nНет такого;5;А\n"),
            ("rooms.csv", "Комната\n"),
        ])
        #expect(answer.status == 422)
        // The class in row zb2 is unknown; the class in row zb1 is in the archive.
        #expect(
            Set(faults(answer)) == [
                "/files/rooms.csv/rows/1/Комната unknown_column", "/files/rooms.csv/rows/1/name required",
                "/files/classes.csv/rows/3/grade_level required", "/files/students.csv/rows/3/last_name required",
                "/files/students.csv/rows/3/sex not_one_of", "/files/students.csv/rows/3/class unknown_class",
                "/files/plans.csv/rows/2/subject unknown_subject",
            ])
        #expect(try count("SELECT count(*) FROM subjects WHERE name = 'Рисование'") == "0")
        #expect(try count("SELECT count(*) FROM classes WHERE name = '5Ы'") == "0")
    }

    /// Covers every file and every step of the import; only faults that follow from another one are left out.
    @Test func allFaultsOfAllFilesAreReportedAtOnce() throws {
        let school = try ImportedSchool()
        let state = try school.state()
        let files: [(String, String)] = [
            // The header of one file, and unreadable lines of another.
            ("Предметы.csv", "Код;Предмет\nП9;Черчение\nП10;Чер\"чение\nП11\n"),
            ("Кабинеты.csv", "Код;Кабинет;Этаж\nК9;9;2\n;;3\n"),
            ("Сотрудники.csv", "Код;Фамилия;Имя\nС8;Ким;Ян\nС9;;Яна\n"),
            ("Классы.csv", "Код;Класс;Классный руководитель\nк5А;5А;С8\nк5Б;5Б;С9\nк5;Лесной;\nк5В;5В;С77\n"),
            (
                "Ученики.csv",
                "Код;Фамилия;Имя;Дата рождения;Класс\nУ8;А;Б;;5А\nУ9;А;Б;;5Б\nУ10;А;Б;вчера;5А\nУ11;А;Б;;9Ю\nУ12;А;Б;;Лесной\n"
            ),
            (
                "Родители.csv",
                "Код;Фамилия;Имя;Дети;Кем приходится\nР8;А;Б;У8;Мать\nР9;А;Б;У10;Мать\nР10;А;Б;У99;Мать\n"
            ),
            // Two lessons of one class at the same time, among rows with faults of their own.
            (
                "Расписание.csv",
                "Код;Нагрузка;День;Урок;Кабинет\nе8;Н1;Сб;1;К12\nе9;Н3;Сб;1;К13\nе10;Н1;Сб;2;К9\nе11;Н1;Вос;2;\nе12;Н1;Сб;3;К77\n"
            ),
            ("КТП.csv", "Предмет;Параллель;Тема\nЧерчение;5;А\nНет такого;5;А\n"),
        ]
        let archive = ZipWriter.archive(files.map { (name: $0.0, content: Array($0.1.utf8)) })
        let faults = try school.faults(nil, archive)
        #expect(
            faults == [
                "Предметы.csv 3 2 stray_quote", "Предметы.csv 4 1 cell_count", "Кабинеты.csv 1 Этаж unknown_column",
                "Кабинеты.csv 3 name required",
                "Сотрудники.csv 3 last_name required", "Классы.csv 4 grade_level required",
                "Классы.csv 5 class_teacher unknown_teacher", "Ученики.csv 4 birth_date not_a_date",
                "Ученики.csv 5 class unknown_class", "Родители.csv 4 children unknown_child",
                "Расписание.csv 3 slot student_overlap", "Расписание.csv 5 weekday not_one_of",
                "КТП.csv 3 subject unknown_subject",
            ], "\(faults.sorted())")
        #expect(try school.state() == state)
    }

    @Test func A2_onlyAdministratorsImportArchivesWithStaff() throws {
        let files = [("Сотрудники.csv", "Код;Фамилия;Имя;Роли\nzs1;Хитров;Хрисанф;Администратор\n")]
        for login in ["head", "deputy", "teacher", "parent"] {
            #expect(try send(files, as: login).status == 403, "\(login)")
        }
        #expect(try count("SELECT count(*) FROM users WHERE external_id = 'zs1'") == "0")
        #expect(try send(files).status == 200)
    }

    @Test func otherArchivesAreRefused() throws {
        #expect(faults(try send([UInt8](), as: "deputy")) == [" not_an_archive"])
        #expect(faults(try send(Array("Код;Класс\n".utf8))) == [" not_an_archive"])
        #expect(faults(try send([UInt8]([0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)))) == [" empty_archive"])
        let answer = try send([
            ("dir/students.csv", "Код\n"), ("../rooms.csv", "Код\n"), ("notes.txt", "?"), ("all.zip", "PK"),
            ("rooms.csv", "Кабинет\n"),
            ("Кабинеты.csv", "Кабинет\n"),
        ])
        #expect(
            Set(faults(answer)) == [
                "/files/dir~1students.csv path_in_name", "/files/..~1rooms.csv path_in_name",
                "/files/notes.txt unknown_file",
                "/files/all.zip unknown_file", "/files/Кабинеты.csv repeated",
            ])
        #expect(try send(ZipWriter.archive([]), type: "text/csv").status == 415)
        #expect(try send([("rooms.csv", "Кабинет\n")], query: "?dry=1").status == 400)
        let many = (0..<33).map { ("\($0).csv", "") }
        #expect(faults(try send(many)) == [" too_many_files"])
        let bomb = ZipWriter.archive([("rooms.csv", [UInt8](repeating: 0x30, count: 20 * 1024 * 1024))])
        #expect(faults(try send(bomb)) == ["/files/rooms.csv unpacks_too_large"])
    }

    /// Truncated at, or changed in, each byte: the answer is 200 or 422.
    @Test func damagedArchivesAreRefused() throws {
        let archive = ZipWriter.archive([("rooms.csv", Array("Код;Кабинет\nzz1;Подвал\n".utf8))])
        let client = try server.client("admin")
        func status(_ bytes: [UInt8]) throws -> Int {
            try client.send(
                "POST", "/v1/imports?force=true&dry_run=true", headers: [("Content-Type", "application/zip")],
                body: bytes
            ).status
        }
        for count in 0..<archive.count { #expect(try status(Array(archive[..<count])) == 422, "\(count)") }
        for place in archive.indices {
            var bytes = archive
            bytes[place] ^= 0x55
            let status = try status(bytes)
            #expect(status == 200 || status == 422, "byte \(place): \(status)")
        }
        #expect(try status(archive) == 200)
    }

    /// Larger than other requests may be, up to the limit.
    @Test func archivesMayBeLarge() throws {
        var state: UInt64 = 29
        func noise(_ count: Int) -> String {
            var text = ""
            while text.utf8.count < count {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += String(state >> 8, radix: 36)
            }
            return text
        }
        let rows = (0..<3500).map { "zl\($0);Зуев;Зосима;\(noise(490).prefix(490))\n" }.joined()
        let archive = ZipWriter.archive([
            (name: "students.csv", content: Array(("Код;Фамилия;Имя;Адрес\n" + rows).utf8))
        ])
        try #require(archive.count > 1024 * 1024)
        let answer = try send(archive, query: "?force=true&dry_run=true")
        #expect(answer.json["imports"]?[0]?["made"]?.int == 3500, "\(answer.text.prefix(300))")
        #expect(try send([UInt8](repeating: 0, count: 8 * 1024 * 1024 + 1)).status == 413)
    }

    @Test func templatesComeInAnArchive() throws {
        for (login, kinds) in [("admin", ImportKind.allCases), ("deputy", ImportKind.allCases.filter { $0 != .staff })]
        {
            let answer = try server.client(login).get("/v1/imports/templates")
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "application/zip")
            #expect(answer["Content-Disposition"] == "attachment; filename=\"templates.zip\"")
            let entries = try ZipReader.entries(of: answer.body) { _ in true }
            #expect(entries.map { $0.name } == kinds.map { $0.rawValue + ".csv" })
        }
    }

    /// The rows of the templates fit together: all of them can be imported into one small school.
    @Test func templatesAreImported() throws {
        let school = try ImportedSchool(isFilled: false)
        let reports = try school.run(nil, ImportKind.templates)
        #expect(reports.map { $0.kind } == ImportKind.allCases)
        #expect(reports.allSatisfy { $0.rows == 1 })
    }

    @Test func aSchoolIsFilledFromOneArchive() throws {
        let school = try ImportedSchool(isFilled: false)
        // File names as Russian Windows encodes them.
        let archive = SmallSchool.archive
        let dry = try school.run(nil, archive, .init(isDryRun: true, isForced: true))
        let empty = try school.state()
        let reports = try school.run(nil, archive)
        #expect(reports.map { $0.counts } == dry.map { $0.counts })
        #expect(reports.map { $0.made } == [1, 3, 3, 3, 4, 3, 4, 9, 8, 5])
        let state = try school.state()
        #expect(state != empty)
        let again = try school.run(nil, archive)
        #expect(again.allSatisfy { $0.unchanged == $0.rows && $0.missing == 0 })
        #expect(try school.state() == state)
    }

    /// After the import and the issue of credentials, the school passes the readiness check.
    @Test func anImportedSchoolIsReady() async throws {
        let school = try ImportedSchool()
        let server = try await TestServer.start(school.database, cores: 1)
        #expect(await server.waitUntilReady(seconds: 20) == nil)
        try school.owner.execute(
            "UPDATE users SET state = 'active', login = 'login-' || external_id, password_hash = 'none'")
        let row = try school.rows(
            """
            INSERT INTO sessions (school_id, id, user_id, app, refresh_hash, expires_at)
            SELECT school_id, gen_random_uuid(), id, 'test', '\\x00', now() + interval '1 day' FROM users
            WHERE external_id = 'С3' RETURNING school_id, id, user_id
            """)[0].map { $0! }
        let now = Clock.wall.seconds
        let token = try TestServer.token(
            """
            {"iss":"lyceum","aud":"lyceum","sub":"\(row[2])","school":\(row[0]),"sid":"\(row[1])",\
            "roles":["deputy_head","teacher"],"iat":\(now - 1),"exp":\(now + 900)}
            """)
        let answer = try TestClient(port: server.port, token: token).get("/v1/school/readiness")
        #expect(answer.json["ready"]?.bool == true, "\(answer.text)")
        let missing = (answer.json["checks"]?.array ?? []).filter { $0["ok"]?.bool == false }
        #expect(missing.compactMap { $0["code"]?.string } == [])
        _ = await server.shutDown(graceSeconds: 1)
    }
}

extension SmallSchool {
    /// The files with names in CP866, without the UTF-8 flag.
    static var archive: [UInt8] {
        var bytes = ZipWriter.archive(
            files.enumerated().map { index, file in
                (name: String(repeating: String(index), count: file.name.count), content: Array(file.text.utf8))
            })
        for (index, file) in files.enumerated() {
            let old = [UInt8](repeating: UInt8(ascii: "0") + UInt8(index), count: file.name.count)
            let new = file.name.unicodeScalars.map { scalar -> UInt8 in
                switch scalar.value {
                case 0x410...0x43F: UInt8(scalar.value - 0x410 + 0x80)
                case 0x440...0x44F: UInt8(scalar.value - 0x440 + 0xE0)
                default: UInt8(scalar.value)
                }
            }
            for place in bytes.indices.dropLast(old.count - 1) where bytes[place..<place + old.count].elementsEqual(old)
            {
                bytes.replaceSubrange(place..<place + old.count, with: new)
            }
        }
        return bytes
    }
}
