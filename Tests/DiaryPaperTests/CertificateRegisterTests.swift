import DiaryTestSupport
import JSON
import Postgres
import Testing

/// M11: certificate marks, the award that they allow, and the register of issue, with figures worked out by hand.
@Suite struct CertificateRegisterTests {
    private func report(_ school: ReportSchool, _ schoolClass: String) throws -> JSONValue {
        let answer = try school.deputy.get("/v1/reports/certificate-register?class_id=\(schoolClass)")
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    /// `subject: mark basis total/marks` of each cell, without zeros.
    private func marks(_ report: JSONValue, of name: String) -> [String] {
        let subjects = Dictionary(
            uniqueKeysWithValues: (report["subjects"]?.array ?? []).map { ($0["id"]!.string!, $0["name"]!.string!) })
        let student = report["students"]?.array.first { $0["last_name"]?.string == name }
        return (student?["cells"]?.array ?? []).map { cell in
            let value = cell["value"]?["number"]?.int.map { "\($0)" } ?? cell["value"]?["code"]?.string ?? "-"
            let mean = cell["total"]?.int.map { " \($0)/\(cell["marks"]?.int ?? 0)" } ?? ""
            return "\(subjects[cell["subject_id"]!.string!]!): \(value) \(cell["basis"]?.string ?? "-")\(mean)"
        }
    }

    private func student(_ report: JSONValue, _ name: String) throws -> JSONValue {
        try #require(report["students"]?.array.first { $0["last_name"]?.string == name })
    }

    private func readings(_ school: ReportSchool, _ student: String) throws -> Int {
        let count = try school.owner.query(
            "SELECT count(*) FROM audit_log WHERE school_id = $1 AND action = 'read' AND entity_id = $2",
            [String(school.id), student])
        return try #require(count.first.flatMap { Int($0) })
    }

    /// A year before the first one, with its terms.
    private func yearBefore(_ school: ReportSchool) throws -> String {
        let year = try school.insert(
            "academic_years",
            [
                ("name", "2024/2025"), ("starts_on", "2024-09-01"), ("ends_on", "2025-05-31"),
                ("second_half_starts_on", "2025-01-12"),
            ])
        try school.owner.query(
            """
            INSERT INTO terms (school_id, id, academic_year_id, kind, ordinal, name, starts_on, ends_on, marks_close_on, grade_levels)
            SELECT school_id, gen_random_uuid(), $2, kind, ordinal, name, (starts_on - interval '1 year')::date,
                (ends_on - interval '1 year')::date, (marks_close_on - interval '1 year')::date, grade_levels
            FROM terms WHERE school_id = $1 AND academic_year_id = $3
            """, [String(school.id), year, school.year])
        return year
    }

    private func composite(_ school: ReportSchool, _ subject: String, _ parts: String...) throws {
        for part in parts {
            try school.insert(
                "subject_parts",
                [
                    ("academic_year_id", school.year), ("subject_id", school.subject(subject)),
                    ("part_id", school.subject(part)),
                ])
        }
    }

    @Test func M11_from9AsYearMarksToTheRegister() async throws {
        let school = try await ReportSchool(today: "2026-06-20")
        let before = try yearBefore(school)
        let class8A = try school.schoolClass("8А", year: before)
        let class9A = try school.schoolClass("9А")
        for subject in ["Музыка", "Математика"] { _ = try school.section(subject, of: class8A, year: before) }
        for subject in [
            "Алгебра", "Геометрия", "Вероятность и статистика", "Русский язык", "Химия", "Физическая культура",
        ] {
            _ = try school.section(subject, of: class9A, hours: 2)
        }
        _ = try school.section("Кружок", of: class9A, kind: "extracurricular")
        try composite(school, "Математика", "Алгебра", "Геометрия", "Вероятность и статистика")

        let akimova = try school.student("Акимова", in: class8A, from: "2024-09-01", to: "2025-08-31")
        try school.enroll(akimova, in: class9A, from: "2025-09-01")
        try school.final(akimova, "Музыка", .year, .number(5), year: before)
        // Mathematics of grade 8 goes on in its parts, so it is not carried.
        try school.final(akimova, "Математика", .year, .number(3), year: before)
        try school.final(akimova, "Алгебра", .year, .number(5))
        try school.final(akimova, "Геометрия", .year, .number(4))
        try school.final(akimova, "Вероятность и статистика", .year, .number(5))
        try school.final(akimova, "Русский язык", .year, .number(4))
        try school.final(akimova, "Русский язык", .exam, .number(5))
        try school.final(akimova, "Химия", .year, .number(5))
        try school.final(akimova, "Физическая культура", .year, .code("exempt"), order: school.order("12"))

        let belov = try school.student("Белов", in: class9A)
        try school.final(belov, "Алгебра", .year, .number(4))
        try school.final(belov, "Геометрия", .year, .number(3))
        try school.final(belov, "Вероятность и статистика", .year, .number(3))
        try school.final(belov, "Русский язык", .year, .number(4))
        try school.final(belov, "Русский язык", .exam, .number(3))
        try school.final(belov, "Химия", .year, .number(4))
        try school.final(belov, "Химия", .final, .number(5), isHeldBack: true)
        try school.final(belov, "Физическая культура", .year, .number(5))

        let vlasov = try school.student("Власов", in: class9A)
        try school.final(vlasov, "Алгебра", .year, .number(3))
        try school.final(vlasov, "Вероятность и статистика", .year, .number(3))
        try school.final(vlasov, "Русский язык", .year, .number(2))
        try school.final(vlasov, "Химия", .year, .code("not_assessed"))
        try school.final(vlasov, "Физическая культура", .year, .number(4))
        let leaver = try school.student("Громов", in: class9A, to: "2026-03-01")
        try school.final(leaver, "Химия", .year, .number(5))

        let report = try report(school, class9A)
        #expect(report["students"]?.array.map { $0["last_name"]?.string } == ["Акимова", "Белов", "Власов"])
        // Mathematics: (5 + 4 + 5) / 3 = 4.67, so 5. Russian: (4 + 5) / 2 = 4.5, so 5.
        #expect(
            Set(marks(report, of: "Акимова")) == [
                "Математика: 5 parts 14/3", "Русский язык: 5 year_and_exam 9/2", "Химия: 5 year 5/1",
                "Физическая культура: exempt year", "Музыка: 5 carried",
            ])
        // Mathematics: (4 + 3 + 3) / 3 = 3.33, so 3. Russian: (4 + 3) / 2 = 3.5, so 4. Chemistry: the teacher's final mark.
        #expect(
            Set(marks(report, of: "Белов")) == [
                "Математика: 3 parts 10/3", "Русский язык: 4 year_and_exam 7/2", "Химия: 5 final",
                "Физическая культура: 5 year 5/1",
            ])
        // Geometry has no year mark, so mathematics has none.
        #expect(
            Set(marks(report, of: "Власов")) == [
                "Математика: - -", "Русский язык: 2 year 2/1", "Химия: not_assessed year",
                "Физическая культура: 4 year 4/1",
            ])
        #expect(try student(report, "Акимова")["award"]?.string == "honours")
        #expect(try student(report, "Белов")["award"] == .null)
        #expect(try student(report, "Белов")["lacking"]?.int == 0)
        #expect(try student(report, "Власов")["lacking"]?.int == 3)
        let lacking = (report["lacking"]?.array ?? []).map {
            "\($0["student"]?["last_name"]?.string ?? "") \($0["subject"]?["name"]?.string ?? "") \($0["reason"]?.string ?? "")"
        }
        #expect(
            Set(lacking) == [
                "Власов Математика missing", "Власов Русский язык unsatisfactory", "Власов Химия not_assessed",
            ])
        let debts = (report["debts"]?.array ?? []).map {
            "\($0["student"]?["last_name"]?.string ?? "") \($0["subject"]?["name"]?.string ?? "")"
        }
        #expect(Set(debts) == ["Власов Русский язык", "Власов Химия"])
        let summary = { (report: JSONValue) in
            ["students", "complete", "awards", "issued"].map { report["summary"]?[$0]?.int }
        }
        #expect(summary(report) == [3, 2, 1, 0])

        // The family sees the same carried subject.
        let finals = try school.deputy.get("/v1/students/\(akimova)/finals?academic_year_id=\(school.year)")
        #expect(finals.json["carried"]?.array.map { $0["subject"]?["name"]?.string } == ["Музыка"])

        let order = try school.order("41", issued: "2026-06-18")
        let issued = try school.deputy.post(
            "/v1/certificates",
            json: """
                {"student_id": "\(akimova)", "kind": "basic", "award": "honours", "entry_number": 1,
                "form_number": "07424009876543", "issued_on": "2026-06-20", "order_id": "\(order)"}
                """)
        #expect(issued.status == 201, "\(issued.text)")
        let again = try school.deputy.post(
            "/v1/certificates",
            json: """
                {"student_id": "\(akimova)", "kind": "basic", "entry_number": 2, "form_number": "07424009876544",
                "issued_on": "2026-06-20", "order_id": "\(order)"}
                """)
        #expect(again.status == 409 && again.json["errors"]?[0]?["pointer"]?.string == "/student_id", "\(again.text)")
        let seen = try readings(school, akimova)
        let after = try self.report(school, class9A)
        #expect(summary(after) == [3, 2, 1, 1])
        let entry = try #require(after["certificates"]?.array.first)
        #expect(entry["student"]?["last_name"]?.string == "Акимова" && entry["order"]?["number"]?.string == "41")
        #expect(entry["form_number"]?.string == "07424009876543" && entry["award"]?.string == "honours")
        #expect(try readings(school, akimova) == seen + 1, "K2")
        let html = try school.deputy.get("/v1/reports/certificate-register?class_id=\(class9A)&format=html").text
        #expect(html.contains("с отличием") && html.contains("№ 41 от 18.06.2026"))

        // N = 0, and a class without certificates.
        let empty = try self.report(school, school.schoolClass("9Б"))
        #expect(summary(empty) == [0, 0, 0, 0] && empty["students"]?.array.isEmpty == true)
        let refused = try school.deputy.get("/v1/reports/certificate-register?class_id=\(school.schoolClass("7А"))")
        #expect(refused.status == 400 && refused.json["errors"]?[0]?["code"]?.string == "no_certificates")
    }

    /// Grade 11: the mean of all semester and year marks of grades 10 and 11.
    @Test func M11_grade11AndMedals() async throws {
        let school = try await ReportSchool(today: "2026-06-20")
        let before = try yearBefore(school)
        let class10A = try school.schoolClass("10А", year: before)
        let class11A = try school.schoolClass("11А")
        for subject in ["Алгебра", "История", "Информатика"] {
            _ = try school.section(subject, of: class10A, hours: 2, year: before)
        }
        for subject in ["Алгебра", "История"] { _ = try school.section(subject, of: class11A, hours: 2) }
        let finals = { (student: String, subject: String, tenth: [Int], eleventh: [Int]) in
            for (marks, year) in [(tenth, before), (eleventh, school.year)] where !marks.isEmpty {
                try school.final(student, subject, .term(1), .number(marks[0]), year: year)
                try school.final(student, subject, .term(2), .number(marks[1]), year: year)
                try school.final(student, subject, .year, .number(marks[2]), year: year)
            }
        }
        let points = { (student: String, subject: String, points: Int) in
            try school.on("2026-05-31") {
                _ = try school.owner.query(
                    """
                    INSERT INTO final_marks (school_id, id, student_id, subject_id, academic_year_id, kind, exam_points, source,
                        published_at)
                    VALUES ($1, gen_random_uuid(), $2, $3, $4, 'exam', $5, 'transferred', now())
                    """, [String(school.id), student, school.subject(subject), school.year, String(points)])
            }
        }
        let member = { (name: String) in
            let student = try school.student(name, in: class10A, from: "2024-09-01", to: "2025-08-31")
            try school.enroll(student, in: class11A, from: "2025-09-01")
            return student
        }
        let akimova = try member("Акимова")
        try finals(akimova, "Алгебра", [4, 5, 5], [4, 5, 5])
        try finals(akimova, "История", [4, 4, 4], [5, 4, 5])
        try finals(akimova, "Информатика", [5, 5, 5], [])
        try points(akimova, "Алгебра", 68)
        try points(akimova, "История", 72)
        let belov = try member("Белов")
        try finals(belov, "Алгебра", [5, 5, 5], [5, 5, 5])
        try finals(belov, "История", [4, 5, 5], [4, 4, 5])
        try finals(belov, "Информатика", [4, 5, 5], [])
        try points(belov, "Алгебра", 70)
        try points(belov, "История", 84)
        let vlasov = try member("Власов")
        try finals(vlasov, "Алгебра", [5, 5, 5], [5, 5, 5])
        try finals(vlasov, "История", [5, 5, 5], [5, 5, 5])
        try finals(vlasov, "Информатика", [5, 5, 5], [])
        try points(vlasov, "Алгебра", 59)

        let report = try report(school, class11A)
        // (4 + 5 + 5 + 4 + 5 + 5) / 6 = 4.67, so 5; (4 + 4 + 4 + 5 + 4 + 5) / 6 = 4.33, so 4.
        #expect(
            Set(marks(report, of: "Акимова")) == [
                "Алгебра: 5 terms_and_years 28/6", "История: 4 terms_and_years 26/6",
                "Информатика: 5 terms_and_years 15/3",
            ])
        // 27 / 6 = 4.5, so 5; 14 / 3 = 4.67, so 5.
        #expect(
            Set(marks(report, of: "Белов")) == [
                "Алгебра: 5 terms_and_years 30/6", "История: 5 terms_and_years 27/6",
                "Информатика: 5 terms_and_years 14/3",
            ])
        #expect(try student(report, "Акимова")["award"]?.string == "medal_second")
        #expect(try student(report, "Белов")["award"]?.string == "medal_first")
        #expect(try student(report, "Власов")["award"] == .null, "one exam with 59 points")
    }

    /// M10: the years of another school count, too.
    @Test func M10_transferredMarksAreCarried() async throws {
        let school = try await ReportSchool(today: "2026-06-20")
        let before = try yearBefore(school)
        let class9A = try school.schoolClass("9А")
        _ = try school.section("Химия", of: class9A)
        let newcomer = try school.student("Новиков", in: class9A)
        try school.final(newcomer, "Химия", .year, .number(4))
        try school.on("2025-05-31") {
            _ = try school.owner.query(
                """
                INSERT INTO final_marks (school_id, id, student_id, subject_id, academic_year_id, kind, value_kind, number, source,
                    published_at)
                VALUES ($1, gen_random_uuid(), $2, $3, $4, 'year', 'number', 5, 'transferred', now())
                """, [String(school.id), newcomer, school.subject("Музыка"), before])
        }
        #expect(
            try Set(marks(report(school, class9A), of: "Новиков")) == ["Химия: 4 year 4/1", "Музыка: 5 carried"])
    }
}
