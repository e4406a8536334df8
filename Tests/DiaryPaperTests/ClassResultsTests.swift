import DiaryTestSupport
import JSON
import Postgres
import Testing

/// «Отчёт классного руководителя» with figures by hand; see `ResultsSchool`.
@Suite struct ClassResultsTests {
    @Test func groupsAndFiguresOfAClass() async throws {
        let results = try await ResultsSchool()
        let school = results.school
        try results.addAbsences()
        let anna = results.students["Аверина"]!
        let mother = try school.guardian("Аверина", of: anna)
        try school.guardian("Белова", of: results.students["Белов"]!)
        try school.guardian("Отстранённый", of: anna, access: "none")
        try school.owner.query("UPDATE users SET activated_at = now() WHERE id = $1", [mother])
        try school.owner.query("UPDATE students SET profile_confirmed_on = '2025-09-10' WHERE id = $1", [anna])
        let teacher = try school.client(results.sokolova, "teacher", "class_teacher")
        let path = "/v1/reports/class-results?class_id=\(results.class7A)"
        let answer = try teacher.get(path + "&term_id=\(school.term(1))")
        try #require(answer.status == 200, "\(answer.text)")
        let json = answer.json
        let totals = json["totals"]!

        // Eight members on 24 October. Жуков has no mark in English. Of the other seven, two are failing: 5 / 7 = 71.43;
        // three have only 5 and 4: 3 / 7 = 42.86.
        #expect(totals.texts("members", "assessed", "incomplete") == ["8", "7", "1"])
        #expect(totals.texts("achievement_percent", "quality_percent") == ["71.4", "42.9"])
        #expect(
            totals.texts(
                "excellent", "good", "one_four", "satisfactory", "one_three", "failing", "not_assessed")
                == ["2", "1", "1", "2", "1", "2", "1"])
        // Белов missed both lessons of his only day, Власова one of two.
        #expect(
            totals.texts("days_missed", "lessons_missed", "lessons_ill", "without_reason") == ["1", "3", "1", "2"])
        // 1 / 8 profiles, 1 / 2 guardians; the one without access does not count.
        #expect(totals.texts("profiles_confirmed_percent", "guardians_activated_percent") == ["12.5", "50.0"])
        #expect(totals.texts("guardians", "guardians_activated") == ["2", "1"])

        // Algebra as a bar: 5, 5, 4, 4 and 5 of eight, 5 / 8.
        let html = try teacher.get(path + "&term_id=\(school.term(1))&format=html").text
        #expect(html.contains("Качество знаний по предметам, %") && html.contains(">62,5</text>"))

        let names = Dictionary(
            uniqueKeysWithValues: json["groups"]!.array.map { ($0["group"]!.string!, $0["names"]?.string ?? "") })
        #expect(
            names == [
                "excellent": "Аверина Имя, Ильина Имя", "good": "Белов Имя", "one_four": "Белов Имя (Английский язык)",
                "satisfactory": "Власова Имя, Громов Имя", "one_three": "Власова Имя (Физическая культура)",
                "failing": "Дёмин Имя, Ершова Имя", "not_assessed": "Ершова Имя", "incomplete": "Жуков Имя",
            ])

        func figures(_ subject: String) -> [String]? {
            json.item("subjects", "subject.name", subject)?.texts(
                "assessed", "achievement_percent", "quality_percent", "learning_percent", "average", "missing", "exempt"
            )
        }
        // 6 / 8; 5 / 8; (300 + 2 x 64 + 36 + 16 + 7) / 8 = 487 / 8 = 60.875; (15 + 8 + 3 + 2) / 7.
        #expect(figures("Алгебра") == ["8", "75.0", "62.5", "60.9", "4.00", "0", "0"])
        // 7 / 7; 6 / 7 = 85.71; (300 + 192 + 36) / 7 = 75.43; 30 / 7 = 4.29.
        #expect(figures("Английский язык") == ["7", "100.0", "85.7", "75.4", "4.29", "1", "0"])
        // 6 / 6, since exempt and pass stand outside; 5 / 6; (400 + 64 + 36) / 6 = 83.33; 27 / 6.
        #expect(figures("Физическая культура") == ["6", "100.0", "83.3", "83.3", "4.50", "0", "1"])
        #expect(json["subjects"]?.array.count == 3)

        let students = json["students"]!.array
        #expect(students.count == 8)
        #expect(
            students[1].texts("last_name", "result", "n5", "n4", "average", "days_missed", "without_reason")
                == ["Белов", "good", "2", "1", "4.67", "1", "2"])

        #expect(json.item("groups", "group", "good")?.texts("students") == ["1"])

        // The second quarter, the last one that has ended, has no marks: N = 0.
        let empty = try teacher.get(path).json
        #expect(empty.at("period.term.name")?.string == "2 четверть")
        #expect(empty.item("groups", "group", "good")?.texts("students", "names") == ["0", "null"])
        #expect(
            empty["totals"]!.texts("members", "assessed", "incomplete", "achievement_percent", "quality_percent")
                == ["8", "0", "8", "null", "null"])
        #expect(
            empty.item("subjects", "subject.name", "Алгебра")?.texts(
                "assessed", "achievement_percent", "learning_percent")
                == ["0", "null", "null"])
    }

    @Test func theYearTermsOfOthersAndGrade1() async throws {
        let results = try await ResultsSchool()
        let school = results.school
        let path = "/v1/reports/class-results?class_id=\(results.class7A)"
        // Year marks: everybody is incomplete, and none is assessed.
        let year = try school.deputy.get(path + "&kind=year").json
        #expect(year.at("period.term")?.isNull == true && year.at("period.kind")?.string == "year")
        #expect(year["totals"]?.texts("assessed", "incomplete") == ["0", "8"])
        // A semester is no term of 7А, and the year has none.
        let semester = try school.deputy.get(path + "&term_id=\(school.term(1, "semester"))")
        #expect(semester.status == 400 && semester.json["errors"]?[0]?["code"]?.string == "unknown_term")
        #expect(try school.deputy.get(path + "&kind=year&term_id=\(school.term(1))").status == 400)
        // The class teacher of another class.
        let other = try school.client(results.petrov, "teacher", "class_teacher")
        #expect(try other.get(path).status == 404)
        // M1: grade 1 has no marks, and so nobody is incomplete.
        let class1A = try school.owner.query("SELECT id FROM classes WHERE name = '1А'").first!
        let first = try school.deputy.get("/v1/reports/class-results?class_id=\(class1A)").json
        #expect(
            first["totals"]?.texts("members", "assessed", "incomplete", "achievement_percent") == [
                "1", "0", "0", "null",
            ])
        #expect(first["subjects"]?.array.isEmpty == true && first["students"]?.array.count == 1)
    }
}
