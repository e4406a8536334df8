import DiaryTestSupport
import JSON
import Postgres
import Testing

/// «Сводная ведомость» with figures by hand; see `ResultsSchool`.
@Suite struct ClassRegisterTests {
    @Test func marksFiguresAbsencesAndConduct() async throws {
        let results = try await ResultsSchool()
        let school = results.school
        try results.addAbsences()
        // The leaver has no final mark but stays in the register. Белов's conduct is marked.
        let term = try school.term(1)
        try school.owner.query(
            "UPDATE school_settings SET conduct_scale = 'five' WHERE school_id = $1", [String(school.id)])
        try school.on("2025-10-24") {
            try school.insert(
                "conduct_marks", [("student_id", results.students["Белов"]!), ("term_id", term), ("level", "4")])
        }
        let path = "/v1/reports/class-register?class_id=\(results.class7A)"
        let answer = try school.client(results.sokolova, "teacher", "class_teacher").get(path)
        try #require(answer.status == 200, "\(answer.text)")
        let json = answer.json
        let students = json["students"]!.array
        #expect(students.count == 9)
        // (5 + 4 + 5) / 3.
        #expect(
            students[1].texts("last_name", "average", "days_missed", "lessons_missed", "without_reason", "left_on")
                == ["Белов", "4.67", "1", "2", "2", "null"])
        #expect(
            json.item("students", "last_name", "Зуев")?.texts("average", "lessons_missed", "left_on")
                == ["null", "0", "2025-10-10"])
        let conduct = students[1]["cells"]!.array.first { $0["kind"]?.string == "conduct" }
        #expect(conduct?.texts("value.number", "subject_id") == ["4", "null"])
        #expect(
            json["columns"]!.array.last?.texts("kind", "subject", "term.name") == ["conduct", "null", "1 четверть"])

        // As in ClassResultsTests. The section with pass and fail has a column and no figures.
        func figures(_ subject: String) throws -> [String] {
            let id = try school.subject(subject)
            return json["figures"]!.array.map { row in
                row["cells"]!.array.first { $0["subject_id"]?.string == id }?.texts("value")[0] ?? "-"
            }
        }
        #expect(json["figures"]?.array.map { $0["figure"]?.string } == ["achievement", "quality", "learning"])
        #expect(try figures("Алгебра") == ["75.0", "62.5", "60.9"])
        #expect(try figures("Основы безопасности и защиты Родины") == ["-", "-", "-"])
        #expect(json["columns"]?.array.count == 5)

        // The rows with figures stand below the same columns.
        let csv = try school.deputy.get(path + "&format=csv&table=figures").text
        #expect(csv.hasPrefix("Показатель,") && csv.contains("\"Успеваемость, %\",100.0,75.0"))
    }
}
