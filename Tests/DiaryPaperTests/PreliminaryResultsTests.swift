import DiaryTestSupport
import JSON
import Testing

/// The expected results of a term, two weeks before its end, with figures by hand.
@Suite struct PreliminaryResultsTests {
    @Test func expectedMarksAndRisks() async throws {
        let school = try await ReportSchool(today: "2025-12-16")
        let sokolova = try school.teacher("Соколова")
        let class7A = try school.schoolClass("7А", teacher: sokolova)
        // M7: 3 marks of a quarter are the minimum for an hour a week.
        let algebra = try school.section("Алгебра", of: class7A, teacher: sokolova, hours: 1)
        let english = try school.section("Английский язык", of: class7A, hours: 1)
        let lessons = try ["2025-11-10", "2025-11-11", "2025-11-12"].map { date in
            (try school.lesson(algebra, date), try school.lesson(english, date, slot: 2))
        }
        var students: [String: String] = [:]
        let marks: [(String, [Int], [Int])] = [
            // 14 / 3 = 4.67 is 5 (M6); 13 / 3 = 4.33 is the only 4.
            ("Аверина", [5, 5, 4], [4, 4, 5]),
            // Two marks are too few.
            ("Белов", [5, 5], [5, 5, 5]),
            // 7 / 3 = 2.33.
            ("Власова", [2, 2, 3], [4, 4, 4]),
            // No marks in algebra.
            ("Громов", [], [3, 4, 4]),
            // 10 / 3 = 3.33 is the only 3.
            ("Дёмин", [3, 3, 4], [5, 4, 4]),
        ]
        for (name, first, second) in marks {
            let student = try school.student(name, in: class7A)
            students[name] = student
            for (lesson, number) in zip(lessons, first) { try school.mark(student, at: lesson.0, .number(number)) }
            for (lesson, number) in zip(lessons, second) { try school.mark(student, at: lesson.1, .number(number)) }
        }
        // A leaver of this term, and a final mark that was given.
        let leaver = try school.student("Зуев", in: class7A, to: "2025-11-30")
        try school.mark(leaver, at: lessons[0].0, .number(2))
        try school.absence(students["Громов"]!, at: lessons[0].0, "ill")
        try school.final(students["Громов"]!, "Английский язык", .term(2), .number(3))

        let path = "/v1/reports/preliminary-results?class_id=\(class7A)"
        let answer = try school.client(sokolova, "teacher", "class_teacher").get(path)
        try #require(answer.status == 200, "\(answer.text)")
        let json = answer.json
        #expect(json.at("period.term.name")?.string == "2 четверть")
        // 30 December is in 14 days. Власова and Громов would fail; Белов and Громов have too few marks.
        #expect(
            json["totals"]?.texts("days_left", "students", "at_risk", "below_norm", "finals_missing")
                == ["14", "5", "2", "2", "9"])
        func row(_ name: String) -> [String]? {
            json.item("students", "last_name", name).map { row in
                row.texts("result", "below_norm")
                    + ["Алгебра", "Английский язык"].flatMap { subject -> [String] in
                        let id = try? school.subject(subject)
                        let cell = row["cells"]!.array.first { $0["subject_id"]?.string == id }
                        return cell.map {
                            [$0["expected"]?["number"]?.int.map { "\($0)" } ?? $0.texts("expected.code")[0]]
                        }
                            ?? ["-"]
                    }
            }
        }
        #expect(row("Аверина") == ["good", "0", "5", "4"])
        #expect(row("Белов") == ["excellent", "1", "5", "5"])
        #expect(row("Власова") == ["failing", "0", "2", "4"])
        // 11 / 3 = 3.67 would be 4, but the given 3 stands.
        #expect(row("Громов") == ["failing", "1", "not_assessed", "3"])
        #expect(row("Дёмин") == ["satisfactory", "0", "3", "4"])
        #expect(row("Зуев") == nil)
        #expect(
            json["risks"]?.array.map {
                $0.texts("student.last_name", "subject.name", "reason", "average", "marks", "minimum")
            }
                == [
                    ["Власова", "Алгебра", "failing", "2.33", "3", "3"],
                    ["Громов", "Алгебра", "not_assessed", "null", "0", "3"],
                    ["Белов", "Алгебра", "below_norm", "5.00", "2", "3"],
                    ["Дёмин", "Алгебра", "only_three", "3.33", "3", "3"],
                    ["Аверина", "Английский язык", "only_four", "4.33", "3", "3"],
                ])
        // One of three lessons.
        #expect(json["risks"]![1]!.texts("lessons", "lessons_missed", "missed_percent") == ["3", "1", "33.3"])

        // M1: nothing is expected of grade 2 in its first half-year.
        let class2A = try school.schoolClass("2А")
        _ = try school.student("Второклассник", in: class2A)
        _ = try school.section("Математика", of: class2A)
        let second = try school.deputy.get("/v1/reports/preliminary-results?class_id=\(class2A)")
        #expect(second.status == 200 && second.json["students"]?.array.isEmpty == true, "\(second.text)")
        let other = try school.client(school.teacher("Петров"), "teacher", "class_teacher")
        #expect(try other.get(path).status == 404)
    }
}
