import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// What reports show to readers who may not read everything.
@Suite struct ReportReadersTests {
    /// M12: a class teacher reads of other teachers' marks what families read; a deputy head reads all.
    @Test func M12_aClassTeacherReadsNothingThatIsHeldBack() async throws {
        let school = try await ReportSchool(today: "2025-12-16")
        let sokolova = try school.teacher("Соколова")
        let class7A = try school.schoolClass("7А", teacher: sokolova)
        let algebra = try school.section("Алгебра", of: class7A, hours: 1)
        let anna = try school.student("Абрамова", in: class7A)
        for date in ["2025-11-10", "2025-11-11", "2025-11-12"] {
            try school.mark(anna, at: school.lesson(algebra, date), .number(2), isHeldBack: true)
        }
        try school.final(anna, "Алгебра", .term(1), .number(2), isHeldBack: true)
        let teacher = try school.client(sokolova, "teacher", "class_teacher")
        func read(_ report: String) throws -> [JSONValue] {
            try [teacher, school.deputy].map { client in
                let answer = try client.get("/v1/reports/\(report)class_id=\(class7A)")
                try #require(answer.status == 200, "\(answer.text)")
                return answer.json
            }
        }
        let first = try school.term(1)
        let register = try read("class-register?")
        #expect(register.map { $0["students"]?[0]?["cells"]?.array.count } == [0, 1])
        #expect(register.map { $0["students"]?[0]?.texts("average") } == [["null"], ["2.00"]])
        let results = try read("class-results?term_id=\(first)&")
        #expect(results.map { $0["students"]?[0]?["result"]?.string } == ["incomplete", "failing"])
        #expect(results.map { $0["subjects"]?[0]?["n2"]?.int } == [0, 1])
        let preliminary = try read("preliminary-results?")
        #expect(preliminary.map { $0["students"]?[0]?["cells"]?[0]?["marks"]?.int } == [0, 3])
        #expect(
            preliminary.map { $0["students"]?[0]?["cells"]?[0]?["expected"]?["code"]?.string } == ["not_assessed", nil])
        let given = try read("preliminary-results?term_id=\(first)&")
        #expect(given.map { $0["students"]?[0]?["cells"]?[0]?["is_given"]?.bool } == [false, true])
    }

    /// A3: after a student changes class, the marks stand in the register of the new class.
    @Test func A3_theRegisterEndsWhereTheStudentLeft() async throws {
        let school = try await ReportSchool(today: "2026-01-20")
        let sokolova = try school.teacher("Соколова")
        let class7A = try school.schoolClass("7А", teacher: sokolova)
        let class7B = try school.schoolClass("7Б")
        for name in [class7A, class7B] { _ = try school.section("Алгебра", of: name, hours: 1) }
        let anna = try school.student("Абрамова", in: class7A, to: "2025-11-20")
        let boris = try school.student("Белов", in: class7A, to: "2025-11-20")
        try school.enroll(anna, in: class7B, from: "2025-11-21")
        try school.final(anna, "Алгебра", .term(1), .number(4))
        try school.final(anna, "Алгебра", .term(2), .number(2))
        try school.final(boris, "Алгебра", .term(1), .number(3))
        func register(_ schoolClass: String) throws -> [String] {
            try school.deputy.get("/v1/reports/class-register?class_id=\(schoolClass)").json["students"]?.array.map {
                row in
                ([row["last_name"]?.string ?? ""]
                    + (row["cells"]?.array.map { "\($0["value"]?["number"]?.int ?? 0)" } ?? [])
                    + [row["links"]?["report_card"] == .null ? "left" : "linked"]).joined(separator: " ")
            } ?? []
        }
        #expect(try register(class7A) == ["Абрамова 4 left", "Белов 3 left"])
        #expect(try register(class7B) == ["Абрамова 4 2 linked"])
    }

    /// L4, M7: a period across the summer has the figures of the year in which it ends, and of no other.
    @Test func L4_aPeriodAcrossTheSummerIsOfOneYear() async throws {
        let school = try await ReportSchool(today: "2025-10-10")
        let before = try school.insert(
            "academic_years",
            [
                ("name", "2024/2025"), ("starts_on", "2024-09-01"), ("ends_on", "2025-05-31"),
                ("second_half_starts_on", "2025-01-12"),
            ])
        let class6A = try school.schoolClass("6А", year: before)
        let class7A = try school.schoolClass("7А")
        let anna = try school.student("Абрамова", in: class6A, from: "2024-09-01", to: "2025-05-31")
        try school.enroll(anna, in: class7A, from: "2025-09-01")
        let algebra = try school.section("Алгебра", of: class6A, hours: 1, year: before)
        try school.mark(anna, at: school.lesson(algebra, "2025-04-10"), .number(5))
        _ = try school.lesson(school.section("Алгебра", of: class7A, hours: 1), "2025-09-02")
        func control(_ from: String) throws -> JSONValue {
            let answer = try school.deputy.get("/v1/reports/journal-control?from=\(from)&to=2025-09-30")
            try #require(answer.status == 200, "\(answer.text)")
            return answer.json
        }
        let across = try control("2025-04-01")
        #expect(
            across["school_figures"]?.texts("due_lessons", "marks", "without_mark", "with_one_mark")
                == ["1", "0", "1", "0"])
        #expect(try across["school_figures"] == control("2025-09-01")["school_figures"])
        #expect(across["students"]?.array.count == 1)
    }

    /// M2: a debt is not a final mark yet, in each of the reports.
    @Test func M2_aDebtIsAMissingFinalMark() async throws {
        let school = try await ReportSchool(today: "2025-12-16")
        let class7A = try school.schoolClass("7А")
        _ = try school.section("Алгебра", of: class7A, hours: 1)
        let anna = try school.student("Абрамова", in: class7A)
        try school.final(anna, "Алгебра", .term(1), .owed(until: "2026-01-20"))
        let first = try school.term(1)
        func read(_ report: String) throws -> JSONValue {
            let answer = try school.deputy.get("/v1/reports/\(report)term_id=\(first)")
            try #require(answer.status == 200, "\(answer.text)")
            return answer.json
        }
        #expect(
            try read("class-results?class_id=\(class7A)&")["students"]?[0]?.texts("missing", "result") == [
                "1", "incomplete",
            ])
        #expect(try read("preliminary-results?class_id=\(class7A)&")["totals"]?.texts("finals_missing") == ["1"])
        #expect(try read("anomalies?")["missing_finals"]?.array.count == 1)
    }

    /// A2: administrators, who read no finals, see whom an order concerns and not in which subjects.
    @Test func A2_anOrderTellsAdministratorsNoSubjects() async throws {
        let school = try await ReportSchool()
        let class7A = try school.schoolClass("7А")
        _ = try school.section("Физическая культура", of: class7A, hours: 1)
        let anna = try school.student("Абрамова", in: class7A)
        let order = try school.order("7", kind: "other")
        try school.final(anna, "Физическая культура", .term(1), .code("exempt"), order: order)
        let administrator = try school.client(school.person("Админов", "administrator"), "administrator")
        let details = try [administrator, school.deputy].map {
            try $0.get("/v1/reports/order?order_id=\(order)").json["students"]?[0]?.texts("last_name", "what", "detail")
        }
        #expect(
            details == [
                ["Абрамова", "exemption", "null"], ["Абрамова", "exemption", "Физическая культура"],
            ])
    }

    /// The registers of the office and the snapshots of control have their writers in SQL, too.
    @Test func registersAreWrittenByTheOfficeOnly() async throws {
        let school = try await ReportSchool()
        let class9A = try school.schoolClass("9А")
        let student = try school.student("Абрамова", in: class9A)
        let order = try school.order("7")
        let connection = try school.server.connection()
        try connection.execute("SET lyceum.today = '\(school.today)'; SET lyceum.school_id = '\(school.id)'")
        for person in [student, try school.person("Админов", "administrator")] {
            try connection.execute("SET lyceum.user_id = '\(person)'")
            let snapshot = #expect(throws: BlockingConnection.Failure.self) {
                try connection.execute(
                    """
                    INSERT INTO control_snapshots (school_id, kind, starts_on, ends_on)
                    VALUES (\(school.id), 'term', '2025-09-01', '2025-10-24')
                    """)
            }
            #expect(snapshot?.sqlState == "LYR01")
        }
        try connection.execute("SET lyceum.user_id = '\(student)'")
        for statement in [
            "INSERT INTO orders (school_id, id, kind, number, issued_on, text, signatory) VALUES (\(school.id), gen_random_uuid(), 'other', '8', '2025-09-01', 'Решили', 'Я')",
            "UPDATE orders SET text = 'Иначе' WHERE id = '\(order)'", "DELETE FROM orders WHERE id = '\(order)'",
            "INSERT INTO certificates (school_id, id, student_id, kind, entry_number, form_number, issued_on, order_id) VALUES (\(school.id), gen_random_uuid(), '\(student)', 'basic', 1, '1', '2025-09-01', '\(order)')",
        ] {
            let failure = #expect(throws: BlockingConnection.Failure.self) { try connection.execute(statement) }
            #expect(failure?.sqlState == "LYR01", "\(statement)")
        }
    }
}
