import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Movement of students, with figures worked out by hand.
@Suite struct MovementTests {
    private static let counts = ["at_start", "arrived", "moved_in", "left", "moved_out", "at_end"]

    private func counts(_ row: JSONValue?) -> [Int?] { Self.counts.map { row?[$0]?.int } }

    private func report(_ school: ReportSchool, _ from: String, _ to: String) throws -> JSONValue {
        let answer = try school.deputy.get("/v1/reports/movement?from=\(from)&to=\(to)")
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func order(_ school: ReportSchool, of student: String, _ column: String, _ order: String) throws {
        try school.owner.query(
            """
            UPDATE enrollments SET \(column) = $3
            WHERE school_id = $1 AND student_id = $2 AND (ends_on IS NOT NULL OR '\(column)' = 'order_id')
            """, [String(school.id), student, order])
    }

    @Test func Y2_theNumbersAddUp() async throws {
        let school = try await ReportSchool()
        let empty = try report(school, "2025-09-01", "2025-10-31")
        #expect(counts(empty["classes_total"]) == [0, 0, 0, 0, 0, 0])
        #expect(empty["classes"]?.array.isEmpty == true && empty["students"]?.array.isEmpty == true)

        let class5A = try school.schoolClass("5А")
        let class5B = try school.schoolClass("5Б")
        let anna = try school.student("Абрамова", in: class5A)
        let boris = try school.student("Белов", in: class5A, to: "2025-10-10")
        let clara = try school.student("Власова", in: class5A, from: "2025-10-01")
        let daria = try school.student("Громова", in: class5A, to: "2025-09-30")
        try school.enroll(daria, in: class5B, from: "2025-10-01")
        _ = try school.student("Егоров", in: class5A, from: "2025-09-15", to: "2025-09-20")
        try order(school, of: boris, "end_order_id", school.order("8-о", kind: "expulsion", issued: "2025-10-09"))
        try order(school, of: clara, "order_id", school.order("7-у", kind: "admission", issued: "2025-09-30"))
        try school.owner.query(
            "UPDATE students SET birth_date = '2014-05-06' WHERE school_id = $1 AND id = $2", [String(school.id), anna])

        let report = try report(school, "2025-09-01", "2025-10-31")
        // 5А on 1 September: Абрамова, Белов, Громова. Власова and Егоров arrive, Белов and Егоров leave, Громова moves:
        // 3 + 2 - 2 - 1 = 2.
        let classes = report["classes"]?.array ?? []
        #expect(classes.map { $0["class"]?["name"]?.string } == ["5А", "5Б"])
        #expect(counts(classes[0]) == [3, 2, 0, 2, 1, 2])
        #expect(counts(classes[1]) == [0, 0, 1, 0, 0, 1])
        #expect(counts(report["grade_levels"]?[0]) == [3, 2, 1, 2, 1, 3])
        #expect(counts(report["classes_total"]) == [3, 2, 1, 2, 1, 3])
        let moves = (report["movements"]?.array ?? []).map {
            [
                $0["day"]?.string, $0["kind"]?.string, $0["student"]?["last_name"]?.string,
                $0["class"]?["name"]?.string,
                $0["order"]?["number"]?.string,
            ].map { $0 ?? "-" }.joined(separator: " ")
        }
        #expect(
            moves == [
                "2025-09-15 arrived Егоров 5А -", "2025-09-20 left Егоров 5А -", "2025-09-30 moved_out Громова 5А -",
                "2025-10-01 arrived Власова 5А 7-у", "2025-10-01 moved_in Громова 5Б -",
                "2025-10-10 left Белов 5А 8-о",
            ])
        let register = (report["students"]?.array ?? []).map {
            [
                $0["last_name"]?.string, $0["birth_date"]?.string, $0["class"]?["name"]?.string,
                $0["arrived_on"]?.string, $0["arrival_order"]?["number"]?.string, $0["left_on"]?.string,
                $0["leaving_order"]?["number"]?.string,
            ].map { $0 ?? "-" }.joined(separator: " ")
        }
        #expect(
            register == [
                "Абрамова 2014-05-06 5А 2025-09-01 - - -", "Белов - 5А 2025-09-01 - 2025-10-10 8-о",
                "Власова - 5А 2025-10-01 7-у - -", "Громова - 5Б 2025-09-01 - - -",
                "Егоров - 5А 2025-09-15 - 2025-09-20 -",
            ])
        // K2: once for each student in the register.
        let read = try school.owner.query(
            """
            SELECT count(*), count(DISTINCT entity_id) FROM audit_log
            WHERE school_id = $1 AND action = 'read' AND entity = 'students' AND changed_by IS NOT NULL
            """, [String(school.id)]
        ).rows[0]
        #expect(read == ["5", "5"])
        let html = try school.deputy.get("/v1/reports/movement?from=2025-09-01&to=2025-10-31&format=html").text
        #expect(html.contains("Алфавитная книга") && html.contains("№ 8-о от 09.10.2025"))
        // Class teachers do not read the register of the school.
        let teacher = try school.client(school.teacher("Учителев"), "teacher")
        #expect(try teacher.get("/v1/reports/movement?from=2025-09-01&to=2025-10-31").status == 403)
    }

    /// Each quarter begins with the students with whom the one before ended: who leaves on its last day or in the holidays
    /// behind it is a departure, too, and so are arrivals in the holidays.
    @Test func Y2_theQuartersFollowEachOther() async throws {
        let school = try await ReportSchool(today: "2026-01-20")
        let class5A = try school.schoolClass("5А")
        // The first quarter ends on 24 October, the second one begins on 3 November and ends on 30 December.
        for (name, from, to) in [
            ("Абрамова", "2025-09-01", nil), ("Белов", "2025-09-01", "2025-10-24"),
            ("Власова", "2025-09-01", "2025-10-25"),
            ("Громов", "2025-11-03", nil), ("Дёмин", "2025-10-28", nil), ("Егоров", "2025-10-24", "2025-11-03"),
            ("Жукова", "2025-12-30", "2025-12-30"),
        ] { _ = try school.student(name, in: class5A, from: from, to: to) }
        func quarter(_ ordinal: Int) throws -> [Int?] {
            counts(
                try school.deputy.get("/v1/reports/movement?term_id=\(school.term(ordinal))").json["classes_total"])
        }
        // Абрамова, Белов, Власова; Егоров comes and Белов leaves on the last day.
        #expect(try quarter(1) == [3, 1, 0, 1, 0, 3])
        // Абрамова, Власова, Егоров; Дёмин, Громов and Жукова come; Власова, Егоров and Жукова leave.
        #expect(try quarter(2) == [3, 3, 0, 3, 0, 3])
        #expect(try quarter(3)[0] == 3)
    }

    /// A student who comes back after the summer has not left.
    @Test func Y1_theSummerIsNoDeparture() async throws {
        let school = try await ReportSchool()
        let before = try school.insert(
            "academic_years",
            [
                ("name", "2024/2025"), ("starts_on", "2024-09-01"), ("ends_on", "2025-05-31"),
                ("second_half_starts_on", "2025-01-12"),
            ])
        let class4A = try school.schoolClass("4А", year: before)
        let class5A = try school.schoolClass("5А")
        let anna = try school.student("Абрамова", in: class4A, from: "2024-09-01", to: "2025-05-31")
        try school.enroll(anna, in: class5A, from: "2025-09-01")
        _ = try school.student("Белов", in: class4A, from: "2024-09-01", to: "2025-05-31")
        let report = try report(school, "2025-05-01", "2025-09-30")
        #expect(counts(report["classes_total"]) == [2, 0, 1, 1, 1, 1])
        #expect(
            report["students"]?.array.map { $0["arrived_on"]?.string } == ["2024-09-01", "2024-09-01"])
        // The next year begins after the period, and she still goes on.
        #expect(counts(try self.report(school, "2025-05-01", "2025-07-01")["classes_total"]) == [2, 0, 0, 1, 1, 0])
    }
}
