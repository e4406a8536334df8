import DiaryTestSupport
import JSON
import Testing

/// T3: the report on attendance, with figures worked out by hand.
@Suite struct AttendanceReportTests {
    /// Two days with two lessons each. Anna was there. Boris was ill on the whole first day, and missed one lesson of the
    /// second. Vera left after the first day, on which she was late. Gleb came on the second.
    @Test func t3FiguresOfAClass() async throws {
        let school = try await ReportSchool()
        let teacher = try school.teacher("Соколова")
        let class7A = try school.schoolClass("7А", teacher: teacher)
        let anna = try school.student("Анина", in: class7A)
        let boris = try school.student("Борисов", in: class7A)
        let vera = try school.student("Верина", in: class7A, to: "2025-09-01")
        let gleb = try school.student("Глебов", in: class7A, from: "2025-09-02")
        let algebra = try school.section("Алгебра", of: class7A, teacher: teacher, hours: 4)
        let first = try [1, 2].map { try school.lesson(algebra, "2025-09-01", slot: $0) }
        let second = try [1, 2].map { try school.lesson(algebra, "2025-09-02", slot: $0) }
        for lesson in first { try school.absence(boris, at: lesson, "ill") }
        try school.absence(boris, at: second[1], "absent")
        try school.absence(vera, at: first[0], "late")

        let path = "/v1/reports/attendance?class_id=\(class7A)&from=2025-09-01&to=2025-09-30"
        let report = try school.client(teacher, "teacher", "class_teacher").get(path).json
        let rows = report["students"]?.array ?? []
        #expect(rows.map { $0["id"]?.string } == [anna, boris, vera, gleb])
        func row(_ days: (Int, Int, Int), _ lessons: (Int, Int, Int, Int, Int), _ percent: String) -> [String] {
            ["\(days)", "\(lessons)", percent]
        }
        func figures(_ value: JSONValue?) -> [String] {
            func count(_ group: String, _ name: String) -> Int { value?[group]?[name]?.int ?? -1 }
            let days = (count("days", "count"), count("days", "missed"), count("days", "ill"))
            let lessons = (
                count("lessons", "count"), count("lessons", "missed"), count("lessons", "ill"),
                count("lessons", "absent"), count("lessons", "late")
            )
            return row(days, lessons, value?["missed_percent"].map { "\($0)" } ?? "")
        }
        #expect(figures(rows[0]) == row((2, 0, 0), (4, 0, 0, 0, 0), "\(JSONValue.number("0.0"))"))
        // 3 of 4 lessons.
        #expect(figures(rows[1]) == row((2, 1, 1), (4, 3, 2, 1, 0), "\(JSONValue.number("75.0"))"))
        #expect(figures(rows[2]) == row((1, 0, 0), (2, 0, 0, 0, 1), "\(JSONValue.number("0.0"))"))
        #expect(figures(rows[3]) == row((1, 0, 0), (2, 0, 0, 0, 0), "\(JSONValue.number("0.0"))"))
        // 2 + 2 + 1 + 1 days; 4 + 4 + 2 + 2 lessons, of which 3 are 25 %.
        #expect(
            figures(report["students_total"]) == row((6, 1, 1), (12, 3, 2, 1, 1), "\(JSONValue.number("25.0"))"))
        let csv = try school.deputy.get(path + "&format=csv").text
        #expect(csv.contains("\r\nВсего,,6,1,1,") || csv.contains(",Всего,6,1,1,"))
    }

    /// N = 0: nothing was held, so there is no percentage.
    @Test func aClassWithoutLessonsHasNoPercentage() async throws {
        let school = try await ReportSchool()
        let class7B = try school.schoolClass("7Б")
        _ = try school.student("Дальняя", in: class7B)
        let report = try school.deputy.get("/v1/reports/attendance?class_id=\(class7B)").json
        #expect(report["students"]?[0]?["missed_percent"]?.isNull == true)
        #expect(report["students_total"]?["lessons"]?["count"]?.int == 0)
        #expect(report["students_total"]?["missed_percent"]?.isNull == true)
    }
}
