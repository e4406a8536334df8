import DiaryTestSupport
import JSON
import Testing

/// «Мониторинг успеваемости» with averages by hand.
@Suite struct StudentProgressTests {
    @Test func averagesTrendAbsenceAndFeedback() async throws {
        let school = try await ReportSchool(today: "2025-12-15")
        let sokolova = try school.teacher("Соколова")
        let class7A = try school.schoolClass("7А", teacher: sokolova)
        let anna = try school.student("Белова", in: class7A)
        let algebra = try school.section("Алгебра", of: class7A, teacher: sokolova, hours: 3)
        let english = try school.section("Английский язык", of: class7A, hours: 1)
        let sport = try school.section("Физическая культура", of: class7A, hours: 2)
        let club = try school.section("Шахматы", of: class7A, grading: "none", kind: "extracurricular")
        // Algebra: (5 + 3 x 2) / (1 + 2) = 11 / 3 = 3.67, then (4 + 4) / 2 = 4. The 2 is held back (M12).
        let first = try school.lesson(algebra, "2025-09-01")
        try school.mark(anna, at: first, .number(5))
        try school.mark(anna, at: first, .number(3), weight: "2", column: "Контрольная")
        let second = try school.lesson(algebra, "2025-11-10")
        try school.mark(anna, at: second, .number(4))
        let third = try school.lesson(algebra, "2025-11-11")
        try school.mark(anna, at: third, .number(4))
        try school.mark(anna, at: second, .number(2), column: "Диктант", isHeldBack: true)
        // English has marks in one term: no trend. A code is no number.
        try school.mark(anna, at: school.lesson(english, "2025-11-10", slot: 2), .number(3))
        try school.mark(anna, at: school.lesson(english, "2025-09-01", slot: 2), .code("exempt"))
        // Physical education: 4 and (3 + 5) / 2.
        try school.mark(anna, at: school.lesson(sport, "2025-09-02"), .number(4))
        try school.mark(anna, at: school.lesson(sport, "2025-11-12"), .number(3))
        try school.mark(anna, at: school.lesson(sport, "2025-11-13"), .number(5))
        try school.absence(anna, at: school.lesson(algebra, "2025-11-14"), "unexcused")
        _ = try school.lesson(club, "2025-09-03")
        for (text, lesson, published) in [("Работает увереннее", second, "2025-11-20"), ("Черновик", third, nil)] {
            try school.insert(
                "feedback",
                [
                    ("student_id", anna), ("section_id", algebra), ("lesson_id", lesson), ("text", text),
                    ("author_id", sokolova), ("published_at", published),
                ])
        }

        let path = "/v1/reports/student-progress?student_id=\(anna)"
        let mother = try school.client(school.guardian("Белова", of: anna), "guardian")
        let answer = try mother.get(path)
        try #require(answer.status == 200, "\(answer.text)")
        let json = answer.json
        func row(_ subject: String) -> [String]? {
            json.item("subjects", "name", subject).map { row in
                row.texts("trend", "marks", "lessons", "lessons_missed")
                    + row["cells"]!.array.flatMap { $0.texts("average") }
            }
        }
        #expect(json["terms"]?.array.map { $0["name"]?.string } == ["1 четверть", "2 четверть"])
        #expect(row("Алгебра") == ["up", "4", "4", "1", "3.67", "4.00"])
        #expect(row("Английский язык") == ["null", "1", "2", "0", "null", "3.00"])
        #expect(row("Физическая культура") == ["same", "3", "3", "0", "4.00", "4.00"])
        #expect(row("Шахматы") == nil)
        #expect(
            json["feedback"]?.array.map { $0.texts("date", "subject.name", "text", "author.last_name") }
                == [["2025-11-10", "Алгебра", "Работает увереннее", "Соколова"]])

        // A1, A3
        let stranger = try school.student("Чужов", in: class7A)
        #expect(try school.client(stranger, "student").get(path).status == 404)
        #expect(try school.client(sokolova, "teacher", "class_teacher").get(path).status == 200)
        // M1, N = 0: a student of grade 1 has no rows.
        let little = try school.student("Первоклассник", in: school.schoolClass("1А"))
        let empty = try school.deputy.get("/v1/reports/student-progress?student_id=\(little)")
        #expect(empty.status == 200 && empty.json["subjects"]?.array.isEmpty == true)
    }
}
