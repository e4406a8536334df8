import Diary
import DiaryExchange
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// `POST /v1/imports/{kind}` on the demo school: see docs/imports.md.
@Suite(.serialized) struct ImportsTests {
    private let server: TestServer
    private let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    /// Sent with `force`, because other tests leave records that a file does not have.
    private func send(
        _ kind: String, _ bytes: [UInt8], as login: String = "admin", query: String = "?force=true",
        headers: [(String, String)] = [], type: String = "text/csv; charset=utf-8"
    ) throws -> TestClient.Answer {
        try server.client(login).send(
            "POST", "/v1/imports/\(kind)\(query)", headers: headers + [("Content-Type", type)], body: bytes)
    }

    private func send(_ kind: String, _ lines: String..., query: String = "?force=true") throws -> TestClient.Answer {
        try send(kind, Array((lines.joined(separator: "\n") + "\n").utf8), query: query)
    }

    private func counts(_ answer: TestClient.Answer) -> [Int?] {
        ["rows", "made", "updated", "unchanged"].map { answer.json[$0]?.int }
    }

    private func faults(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }

    private func owner(_ sql: String, _ parameters: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + parameters).rows
    }

    private func audits() throws -> String? {
        try owner("SELECT count(*) FROM audit_log WHERE school_id = $1")[0][0]
    }

    private func person(_ externalID: String) throws -> [String?] {
        try owner(
            "SELECT last_name, first_name, middle_name FROM users WHERE school_id = $1 AND external_id = $2", externalID
        ).first ?? []
    }

    private func enrollments(_ externalID: String) throws -> [[String?]] {
        try owner(
            """
            SELECT c.name, e.starts_on, e.ends_on FROM enrollments e
            JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id AND u.external_id = $2
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            WHERE e.school_id = $1 ORDER BY e.starts_on
            """, externalID)
    }

    // MARK: Students

    @Test func studentsAreMadeAndEnrolled() throws {
        let answer = try send(
            "students", "Код;Фамилия;Имя;Отчество;Дата рождения;Пол;Класс;Телефон;Адрес",
            "s1;Яхонтова;Анна;Юрьевна;14.03.2013;Ж;7А;+7 900;\"ул. Мира, 5\nкв. \"\"12\"\"\"",
            "s2;Яшин;Пётр;;2013-05-01;муж;7 \"б\";;", query: "?force=true")
        #expect(answer.status == 422)
        #expect(faults(answer) == ["/rows/3/7 stray_quote"])

        let text = #"""
            Код;Фамилия;Имя;Отчество;Дата рождения;Пол;Класс;Телефон;Адрес
            s1;Яхонтова;Анна;Юрьевна;14.03.2013;Ж;7А;+7 900;"ул. Мира, 5
            кв. ""12"""
            s2;Яшин;Пётр;;2013-05-01;муж;7a;;
            """#
        let made = try send("students", Array(text.utf8))
        #expect(made.status == 200, "\(made.text)")
        #expect(counts(made) == [2, 2, 0, 0])
        #expect(
            try owner(
                """
                SELECT p.birth_date, p.sex, p.phone, p.address, p.state FROM student_profiles p
                WHERE p.school_id = $1 AND p.external_id = 's1'
                """) == [["2013-03-14", "female", "+7 900", "ул. Мира, 5\nкв. \"12\"", "new"]])
        #expect(try enrollments("s1") == [["7А", "2025-09-01", nil]])
        #expect(try enrollments("s2") == [["7А", "2025-09-01", nil]])
        // The class's group changes with the enrollment.
        #expect(
            try owner(
                """
                SELECT count(*) FROM group_members m JOIN users u ON u.school_id = m.school_id AND u.id = m.student_id
                WHERE m.school_id = $1 AND u.external_id IN ('s1', 's2')
                """) == [["2"]])

        let audits = try audits()
        let again = try send("students", Array(text.utf8))
        #expect(counts(again) == [2, 0, 0, 2], "\(again.text)")
        #expect(try self.audits() == audits)

        let changed = try send(
            "students", "external_id,last_name,first_name,phone", "s1,Яхонтова,Анна,", "s2,Яшин,Павел,1")
        #expect(counts(changed) == [2, 0, 1, 1], "\(changed.text)")
        #expect(try person("s2") == ["Яшин", "Павел", nil])
        // An empty cell keeps the present value.
        #expect(
            try owner("SELECT phone FROM student_profiles WHERE school_id = $1 AND external_id = 's1'") == [["+7 900"]])
    }

    @Test func classChangesNeedADate() throws {
        let header = "Код;Фамилия;Имя;Класс;Дата зачисления;Подгруппы"
        #expect(counts(try send("students", header, "c1;Юдин;Юрий;7А;;")) == [1, 1, 0, 0])
        let undated = try send("students", header, "c1;Юдин;Юрий;7Б;;")
        #expect(faults(undated) == ["/rows/2/class class_change_needs_date"])
        #expect(undated.json["errors"]?[0]?["detail"]?.string?.contains("7А") == true)
        // L5: the change names the subgroups, or says that there are none.
        let unnamed = try send("students", header, "c1;Юдин;Юрий;7Б;10.11.2025;")
        #expect(faults(unnamed) == ["/rows/2/subgroups subgroups_not_named"])
        #expect(unnamed.json["errors"]?[0]?["detail"]?.string?.contains("7Б, 1 группа") == true, "\(unnamed.text)")
        let unknown = try send("students", header, "c1;Юдин;Юрий;7Б;10.11.2025;7А, 1 группа")
        #expect(faults(unknown) == ["/rows/2/subgroups unknown_group", "/rows/2/subgroups unknown_group"])
        #expect(counts(try send("students", header, "c1;Юдин;Юрий;7Б;10.11.2025;Нет")) == [1, 0, 1, 0])
        #expect(
            try enrollments("c1") == [["7А", "2025-09-01", "2025-11-09"], ["7Б", "2025-11-10", nil]])
        #expect(counts(try send("students", header, "c1;Юдин;Юрий;7Б;10.11.2025;Нет")) == [1, 0, 0, 1])
        // L5: it is undone like any other class change.
        let joined = try owner(
            """
            SELECT e.student_id, e.id FROM enrollments e
            JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id AND u.external_id = 'c1'
            WHERE e.school_id = $1 AND e.starts_on = '2025-11-10'
            """)[0]
        let undone = try server.client("deputy").delete("/v1/students/\(joined[0]!)/class-changes/\(joined[1]!)")
        #expect(undone.status == 200, "\(undone.text)")
        #expect(try enrollments("c1") == [["7А", "2025-09-01", nil]])
    }

    /// L5: the new enrollment has the end that was planned, its reason, and the form of study of the old one.
    @Test func L5_aClassChangeKeepsThePlannedEndAndTheFormOfStudy() throws {
        let header = "Код;Фамилия;Имя;Класс;Дата зачисления;Подгруппы"
        #expect(counts(try send("students", header, "c2;Юркин;Яков;7А;;")) == [1, 1, 0, 0])
        _ = try owner(
            """
            UPDATE enrollments e SET ends_on = '2026-03-31', end_reason = 'Переезд', in_class_group = false
            FROM users u WHERE e.school_id = $1 AND u.school_id = $1 AND u.id = e.student_id AND u.external_id = 'c2'
            """)
        _ = try owner(
            "UPDATE groups SET external_id = 'p1' WHERE school_id = $1 AND name = '7Б, 1 группа' AND kind = 'part'")
        #expect(counts(try send("students", header, "c2;Юркин;Яков;7Б;10.11.2025;p1")) == [1, 0, 1, 0])
        #expect(
            try owner(
                """
                SELECT g.name, m.starts_on, m.ends_on FROM group_members m
                JOIN groups g ON g.school_id = m.school_id AND g.id = m.group_id AND g.kind = 'part'
                JOIN users u ON u.school_id = m.school_id AND u.id = m.student_id AND u.external_id = 'c2'
                WHERE m.school_id = $1
                """) == [["7Б, 1 группа", "2025-11-10", "2026-03-31"]])
        #expect(
            try owner(
                """
                SELECT c.name, e.starts_on, e.ends_on, e.end_reason, e.in_class_group FROM enrollments e
                JOIN users u ON u.school_id = e.school_id AND u.id = e.student_id AND u.external_id = 'c2'
                JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
                WHERE e.school_id = $1 ORDER BY e.starts_on
                """) == [
                    ["7А", "2025-09-01", "2025-11-09", "Переезд", "f"],
                    ["7Б", "2025-11-10", "2026-03-31", "Переезд", "f"],
                ])
    }

    @Test func allFaultsAreNamed() throws {
        let answer = try send(
            "students", "Код;Фамилия;Имя;Дата рождения;Пол;Класс;Дата зачисления",
            "f1;Ф;А;31.02.2013;М;7А;", "f1;Ф;Б;;;;", "f3;;В;;Х;99Я;", "f4;Ф;Г;01.01.2099;;7А;01.01.2020",
            ";Ф;Д;;;;", "f6;Ф;Е;;;;01.10.2025")
        #expect(answer.status == 422)
        #expect(answer.code == "validation_failed")
        #expect(
            Set(faults(answer)) == [
                "/rows/2/birth_date not_a_date", "/rows/3/external_id repeated", "/rows/4/last_name required",
                "/rows/4/sex not_one_of", "/rows/4/class unknown_class", "/rows/5/birth_date in_the_future",
                "/rows/5/enrolled_on outside_year", "/rows/6/external_id required", "/rows/7/enrolled_on needs_class",
            ])
        let rows = (answer.json["errors"]?.array ?? []).compactMap { $0["pointer"]?.string?.split(separator: "/")[1] }
        #expect(rows == rows.sorted())
        #expect(try person("f4") == [])
    }

    @Test func aHundredFaultsAreListedAndTheRestCounted() throws {
        let rows = (0..<150).map { "h\($0);Ф;И;завтра" }.joined(separator: "\n")
        let answer = try send("students", "Код;Фамилия;Имя;Дата рождения", rows)
        #expect(answer.status == 422)
        #expect(faults(answer).count == 100)
        #expect(answer.json["detail"]?.string?.contains("150") == true)
        #expect(answer.json["detail"]?.string?.contains("50") == true)
    }

    @Test func headersAreChecked() throws {
        #expect(try send("students", [0x41], query: "?force=true&partial=true").status == 400)
        #expect(
            faults(try send("students", "Код;Фамилия;Фамилия;Рост;", "1;2;3;4;5")) == [
                "/rows/1/Фамилия repeated", "/rows/1/Рост unknown_column", "/rows/1/5 unknown_column",
                "/rows/1/first_name required",
            ])
        #expect(faults(try send("students", [])) == ["/rows/1/1 no_header"])
        #expect(faults(try send("students", [0xFF, 0xFE, 0x41, 0])) == ["/rows/1/1 bad_encoding"])
        #expect(counts(try send("students", "Код;Фамилия;Имя")) == [0, 0, 0, 0])
        #expect(try send("students", [0x41], type: "application/json").status == 415)
        #expect(try send("students", [0x41], query: "?dry_run=yes").status == 400)
        #expect(try send("students", [0x41], query: "?dry=true").status == 400)
        #expect(try send("pupils", [0x41]).status == 404)
    }

    @Test func windows1251AndMarksAreRead() throws {
        // Код;Фамилия;Имя / w1;Ёлкина;Мария
        var bytes: [UInt8] = []
        for scalar in "Код;Фамилия;Имя\r\nw1;Ёлкина;Мария\r\n".unicodeScalars {
            switch scalar.value {
            case 0x401: bytes.append(0xA8)
            case 0x410...0x44F: bytes.append(UInt8(scalar.value - 0x410 + 0xC0))
            default: bytes.append(UInt8(scalar.value))
            }
        }
        #expect(counts(try send("students", bytes)) == [1, 1, 0, 0])
        #expect(try person("w1") == ["Ёлкина", "Мария", nil])
        let marked = try send("students", [0xEF, 0xBB, 0xBF] + Array("Код,Фамилия,Имя\nw1,Ёлкина,Мария\n".utf8))
        #expect(counts(marked) == [1, 0, 0, 1])
    }

    @Test func dryRunChangesNothing() throws {
        let before = try audits()
        let answer = try send(
            "students", "Код;Фамилия;Имя;Класс", "d1;Сухов;Иван;7А", query: "?force=true&dry_run=true")
        #expect(counts(answer) == [1, 1, 0, 0])
        #expect(answer.json["dry_run"]?.bool == true)
        #expect(try person("d1") == [])
        #expect(try audits() == before)
        let keyed = try send(
            "students", Array("Код;Фамилия;Имя\nd1;Сухов;Иван\n".utf8), query: "?force=true&dry_run=true",
            headers: [("Idempotency-Key", "dry")])
        #expect(counts(keyed) == [1, 1, 0, 0])
        #expect(try person("d1") == [])
    }

    @Test func repeatsWithAKeyGetTheFirstAnswer() throws {
        for _ in 1...2 {
            let answer = try send(
                "students", Array("Код;Фамилия;Имя\nk1;Ким;Анна\n".utf8), headers: [("Idempotency-Key", "import-k1")])
            #expect(counts(answer) == [1, 1, 0, 0])
        }
    }

    // MARK: Missing records

    @Test func truncatedFilesAreRefused() async throws {
        let server = try await TestServer()
        try server.owner().query("UPDATE users SET external_id = NULL WHERE external_id IS NOT NULL")
        let client = try server.client("deputy")
        func send(_ ids: Range<Int>, _ query: String = "") throws -> TestClient.Answer {
            let rows = ids.map { "g\($0);Громов;Глеб\n" }.joined()
            return try client.send(
                "POST", "/v1/imports/students\(query)", headers: [("Content-Type", "text/csv")],
                body: Array(("Код;Фамилия;Имя\n" + rows).utf8))
        }
        #expect(try send(0..<20).json["made"]?.int == 20)
        #expect(try send(0..<18).json["missing"]?.int == 2)
        let cut = try send(0..<17)
        #expect(cut.status == 409)
        #expect(cut.code == "import_shrinks")
        #expect(cut.json["detail"]?.string?.contains("3") == true)
        #expect(try send(0..<17, "?dry_run=true").status == 409)
        let partial = try send(17..<21, "?partial=true")
        #expect(partial.json["made"]?.int == 1 && partial.json["unchanged"]?.int == 3, "\(partial.text)")
        #expect(partial.json["missing"]?.isNull == true)
        try server.owner().query("UPDATE users SET external_id = NULL WHERE external_id = 'g20'")
        let forced = try send(0..<17, "?force=true")
        #expect(forced.json["missing"]?.int == 3)
        #expect(forced.json["unchanged"]?.int == 17)
        // They are missing from the file but stay in the school.
        #expect(
            try server.owner().query("SELECT count(*) FROM users WHERE external_id LIKE 'g%'").first == "20")
    }

    // MARK: Guardians

    @Test func A3_guardiansAreTiedToTheirChildren() throws {
        _ = try send("students", "Код;Фамилия;Имя", "p1;Орлов;Иван", "p2;Орлова;Яна")
        let header = "Код;Фамилия;Имя;Дети;Кем приходится;Доступ"
        let row = "pg1;Орлова;Ольга;\"p1, p2\";Мать;"
        #expect(counts(try send("guardians", header, row)) == [1, 1, 0, 0])
        let ties = """
            SELECT c.external_id, g.relation, g.access, g.starts_on, g.version FROM guardianships g
            JOIN users u ON u.school_id = g.school_id AND u.id = g.guardian_id AND u.external_id = 'pg1'
            JOIN users c ON c.school_id = g.school_id AND c.id = g.student_id
            WHERE g.school_id = $1 ORDER BY 1
            """
        let today = TestServer.today
        #expect(
            try owner(ties) == [["p1", "mother", "full", today, "1"], ["p2", "mother", "full", today, "1"]])
        let before = try audits()
        #expect(counts(try send("guardians", header, row)) == [1, 0, 0, 1])
        #expect(try audits() == before)

        #expect(counts(try send("guardians", header, "pg1;Орлова;Ольга;p2;Мать;Нет")) == [1, 0, 1, 0])
        #expect(try owner(ties).map { $0[2] } == ["full", "none"])
        // A file does not open closed access.
        #expect(
            faults(try send("guardians", header, "pg1;Орлова;Ольга;p2;Мать;Полный")) == ["/rows/2/access access_closed"]
        )
        #expect(counts(try send("guardians", header, "pg1;Орлова;Ольга;p2;Мать;")) == [1, 0, 0, 1])
        try server.owner().query(
            "UPDATE guardianships g SET starts_on = '2025-09-01', ends_on = '2025-09-02' FROM users u WHERE u.external_id = 'p2' AND g.student_id = u.id"
        )
        #expect(
            faults(try send("guardians", header, "pg1;Орлова;Ольга;p2;Мать;")) == ["/rows/2/children guardianship_over"]
        )

        #expect(
            faults(
                try send(
                    "guardians", header, "pg2;Орлов;Олег;никто;Отец;", "p1;Орлов;Иван;p1;Отец;", "pg3;О;О;p1;;")) == [
                    "/rows/2/children unknown_child", "/rows/3/children self", "/rows/4/relation required",
                ])
    }

    /// Today is 19 November 2025. The two have a guardianship of the past, one of today and one of next year.
    @Test func A3_aFileClosesAllThatHasNotEnded() throws {
        _ = try send("students", "Код;Фамилия;Имя", "pc1;Орлов;Иван")
        let header = "Код;Фамилия;Имя;Дети;Кем приходится;Доступ"
        #expect(counts(try send("guardians", header, "gc1;Орлова;Ольга;pc1;Мать;")) == [1, 1, 0, 0])
        try server.owner().query(
            """
            WITH today AS (
                UPDATE guardianships g SET ends_on = '2025-12-31' FROM users u
                WHERE u.external_id = 'pc1' AND g.student_id = u.id RETURNING g.*
            )
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, starts_on, ends_on)
            SELECT t.school_id, gen_random_uuid(), t.guardian_id, t.student_id, 'legal_guardian', d.starts_on, d.ends_on
            FROM today t, (VALUES ('2024-09-01'::date, '2025-06-30'::date), ('2026-01-01', NULL)) d (starts_on, ends_on)
            """)
        let access = """
            SELECT g.access, g.relation FROM guardianships g
            JOIN users u ON u.school_id = g.school_id AND u.id = g.student_id AND u.external_id = 'pc1'
            WHERE g.school_id = $1 ORDER BY g.starts_on
            """
        // The relation is that of today.
        let unchanged = try send("guardians", header, "gc1;Орлова;Ольга;pc1;Мать;")
        #expect(counts(unchanged) == [1, 0, 0, 1], "\(unchanged.text)")
        #expect(counts(try send("guardians", header, "gc1;Орлова;Ольга;pc1;Мать;Нет")) == [1, 0, 1, 0])
        #expect(
            try owner(access) == [["full", "legal_guardian"], ["none", "mother"], ["none", "legal_guardian"]])
        #expect(counts(try send("guardians", header, "gc1;Орлова;Ольга;pc1;Мать;Нет")) == [1, 0, 0, 1])
        #expect(
            faults(try send("guardians", header, "gc1;Орлова;Ольга;pc1;Мать;Полный")) == [
                "/rows/2/access access_closed"
            ])
    }

    /// The same names as those that the API stores.
    @Test func namesOfPeopleAreTidied() throws {
        let made = try send("guardians", "Код;Фамилия;Имя;Отчество", "gn1;фон  дер\u{A0}Пален;\u{A0}Пётр ; Ильич")
        #expect(counts(made) == [1, 1, 0, 0], "\(made.text)")
        let name = "SELECT last_name, first_name, middle_name FROM users WHERE school_id = $1 AND external_id = 'gn1'"
        #expect(try owner(name) == [["фон дер Пален", "Пётр", "Ильич"]])
        let again = try send("guardians", "Код;Фамилия;Имя;Отчество", "gn1;фон дер   Пален;Пётр;Ильич")
        #expect(counts(again) == [1, 0, 0, 1], "\(again.text)")
    }

    /// Another person's external id does not merge two people, and staff stay unchanged.
    @Test func staffAreNotChangedByOtherImports() throws {
        let staff = try send(
            "staff", "Код;Фамилия;Имя;Должность;Роли", "t1;Титова;Тамара;Учитель;Учитель, Завуч", "t2;Тихий;Тит;;")
        #expect(counts(staff) == [2, 2, 0, 0])
        let roles = "SELECT roles FROM staff_profiles WHERE school_id = $1 AND external_id = 't1'"
        #expect(try owner(roles) == [["{deputy_head,teacher}"]])
        let taken = try send("guardians", "Код;Фамилия;Имя", "t1;Другая;Женщина")
        #expect(faults(taken) == ["/rows/2/external_id another_person"])
        let before = try owner("SELECT to_jsonb(p) FROM staff_profiles p WHERE school_id = $1 AND external_id = 't1'")
        #expect(counts(try send("guardians", "Код;Фамилия;Имя;Телефон", "t1;Титова;Тамара;5")) == [1, 1, 0, 0])
        #expect(counts(try send("guardians", "Код;Фамилия;Имя;Телефон", "t1;Иная;Тамара;6")) == [1, 0, 1, 0])
        #expect(
            try owner("SELECT to_jsonb(p) FROM staff_profiles p WHERE school_id = $1 AND external_id = 't1'") == before)
        #expect(try owner("SELECT phone FROM guardian_profiles WHERE school_id = $1 AND external_id = 't1'") == [["6"]])

        // An empty cell keeps the roles; roles that the file leaves out are removed in a new version.
        #expect(counts(try send("staff", "Код;Фамилия;Имя;Роли", "t1;Титова;Тамара;")) == [1, 0, 0, 1])
        #expect(counts(try send("staff", "Код;Фамилия;Имя;Роли", "t1;Титова;Тамара;Учитель")) == [1, 0, 1, 0])
        #expect(try owner(roles) == [["{teacher}"]])
        #expect(
            faults(try send("staff", "Код;Фамилия;Имя;Принят;Уволен", "t1;Титова;Тамара;01.09.2025;01.08.2025")) == [
                "/rows/2/left_on before_start"
            ])
    }

    @Test func K2_erasedPeopleStayErased() throws {
        _ = try send("students", "Код;Фамилия;Имя", "e1;Ершов;Егор")
        try server.owner().query("UPDATE users SET depersonalised_at = now() WHERE external_id = 'e1'")
        #expect(
            faults(try send("students", "Код;Фамилия;Имя", "e1;Ершов;Егор")) == ["/rows/2/external_id depersonalised"])
    }

    // MARK: Classes

    @Test func classesAreMatchedByCodeOrName() throws {
        let made = try send("classes", "Код;Класс;Профиль", "k5;5Ю;физический", ";5Щ;")
        #expect(counts(made) == [2, 2, 0, 0], "\(made.text)")
        #expect(
            try owner(
                "SELECT name, grade_level, letter, profile FROM classes WHERE school_id = $1 AND external_id = 'k5'")
                == [["5Ю", "5", "Ю", "физический"]])
        #expect(counts(try send("classes", "Класс", "5 ю", "5Щ")) == [2, 0, 1, 1])
        #expect(counts(try send("classes", "Код;Класс", "k5;5Э")) == [1, 0, 1, 0])
        let wrong = try send(
            "classes", "Код;Класс;Параллель", "k5;5Щ;5", ";7А;8", ";Лесной;", ";5э;", ";5Э;", ";12А;")
        #expect(
            faults(wrong).sorted() == [
                "/rows/2/name already_exists", "/rows/3/grade_level fixed_field",
                "/rows/4/grade_level required", "/rows/6/name repeated", "/rows/7/grade_level out_of_range",
            ])
    }

    // MARK: Permissions

    @Test func A2_onlyAdministratorsImportStaff() throws {
        let body = Array("Код;Фамилия;Имя;Роли\nx1;Хитров;Хрисанф;Администратор\n".utf8)
        for login in ["head", "deputy", "teacher", "parent", "student"] {
            #expect(try send("staff", body, as: login).status == 403, "\(login)")
            #expect(try server.client(login).get("/v1/imports/templates/staff").status == 403, "\(login)")
        }
        #expect(try person("x1") == [])
    }

    /// A former administrator with an older token cannot import.
    @Test func rolesComeFromTheDatabase() throws {
        let made = try send("staff", "Код;Фамилия;Имя;Роли", "y1;Уваров;Устин;Администратор")
        #expect(made.status == 200, "\(made.text)")
        let id = try #require(try owner("SELECT id FROM users WHERE school_id = $1 AND external_id = 'y1'")[0][0])
        let client = try server.session(of: id, roles: ["administrator"])
        let body = Array("Код;Фамилия;Имя\ny2;А;Б\n".utf8)
        func status() throws -> Int {
            try client.send(
                "POST", "/v1/imports/students?force=true", headers: [("Content-Type", "text/csv")], body: body
            ).status
        }
        #expect(try status() == 200)
        #expect(counts(try send("staff", "Код;Фамилия;Имя;Роли", "y1;Уваров;Устин;Учитель")) == [1, 0, 1, 0])
        // The session ended with the role.
        #expect(try status() == 401)
    }

    @Test func A1_otherSchoolsAreNotTouched() throws {
        try server.owner().query(
            "UPDATE users SET external_id = 'z1' WHERE school_id = $1 AND id = $2",
            [String(ids.otherSchool), ids.stranger])
        let theirs = "SELECT to_jsonb(u) FROM users u WHERE school_id <> $1 AND external_id = 'z1'"
        let before = try owner(theirs)
        #expect(counts(try send("students", "Код;Фамилия;Имя", "z1;Свой;Ученик")) == [1, 1, 0, 0])
        #expect(try owner(theirs) == before)
        #expect(try person("z1") == ["Свой", "Ученик", nil])
    }

    // MARK: Size and concurrency

    @Test func twoThousandRowsAreMadeAndThenUnchanged() async throws {
        let rows = (0..<2000).map { "b\($0);Быстров\($0);Борис;Б;2013-01-01;М;+7;ул. Мира;\(1 + $0 % 9)А\n" }.joined()
        let text = "Код;Фамилия;Имя;Отчество;Дата рождения;Пол;Телефон;Адрес;Класс\n" + rows
        let made = try send("students", Array(text.utf8))
        #expect(counts(made) == [2000, 2000, 0, 0], "\(made.text)")
        let again = try send("students", Array(text.utf8))
        #expect(counts(again) == [2000, 0, 0, 2000], "\(again.text)")
    }

    @Test func concurrentImportsRunOneAfterAnother() async throws {
        let body = Array(
            ("Код;Фамилия;Имя;Класс\n" + (0..<50).map { "q\($0);Кравцов;Карл;8А\n" }.joined()).utf8)
        let clients = try (0..<4).map { _ in try server.client("admin") }
        let answers = await withTaskGroup(of: TestClient.Answer?.self) { group in
            for client in clients {
                group.addTask {
                    try? client.send(
                        "POST", "/v1/imports/students?force=true", headers: [("Content-Type", "text/csv")], body: body)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.compactMap { $0?.status } == [200, 200, 200, 200])
        #expect(answers.compactMap { $0?.json["made"]?.int }.sorted() == [0, 0, 0, 50])
        #expect(
            try owner("SELECT count(*) FROM users WHERE school_id = $1 AND external_id LIKE 'q%'") == [["50"]])
    }

    // MARK: Templates

    @Test(arguments: ImportKind.allCases)
    func templatesAreCSV(_ kind: ImportKind) throws {
        let answer = try server.client("admin").get("/v1/imports/templates/\(kind.rawValue)")
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == "text/csv; charset=utf-8")
        #expect(answer["Content-Disposition"] == "attachment; filename=\"\(kind.rawValue).csv\"")
        #expect(answer.body.starts(with: [0xEF, 0xBB, 0xBF]))
    }

    /// A file too large for memory is spooled; the same key with the same content is the same request.
    @Test func longFilesAreSpooled() throws {
        let rows = (1...3000).map { "s\($0);Предмет с длинным названием \($0);" + String(repeating: "х", count: 20) }
        let content = Array((["Код;Название;Кратко"] + rows).joined(separator: "\n").utf8)
        #expect(content.count > 200_000)
        let answer = try send("subjects", content, query: "?dry_run=true&force=true")
        #expect(answer.status == 200, "\(answer.text.prefix(300))")
        #expect(answer.json["rows"]?.int == 3000)
        let key = [("Idempotency-Key", "spooled")]
        let first = try send("subjects", content, query: "?dry_run=true&force=true", headers: key)
        let second = try send("subjects", content, query: "?dry_run=true&force=true", headers: key)
        #expect(first.status == 200 && second.body == first.body && second["Idempotency-Replayed"] == "true")
        let other = try send("subjects", content + [10], query: "?dry_run=true&force=true", headers: key)
        #expect(other.status == 422 && other.code == "idempotency_key_reused", "\(other.text)")
        #expect(try send("subjects", Array(repeating: 120, count: 2 << 20)).status == 413)
    }
}
