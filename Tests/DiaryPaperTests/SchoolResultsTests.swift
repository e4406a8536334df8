import DiaryTestSupport
import Foundation
import JSON
import Testing

/// The results of the school with figures by hand; see `ResultsSchool`.
@Suite struct SchoolResultsTests {
    @Test func classesGradeLevelsSubjectsAndTeachers() async throws {
        let results = try await ResultsSchool()
        let school = results.school
        let answer = try school.deputy.get("/v1/reports/school-results")
        try #require(answer.status == 200, "\(answer.text)")
        let json = answer.json
        let first = try school.term(1)

        func figures(_ by: String, _ name: String) -> [String]? {
            let row = json["rows"]?.array.first { $0["by"]?.string == by && $0["name"]?.string == name }
            return row.map { row in
                ["achievement_percent", "quality_percent", "learning_percent"].map { figure in
                    row["cells"]?.array.first { $0["figure"]?.string == figure && $0["term_id"]?.string == first }?
                        .texts("value")[0] ?? "-"
                }
            }
        }
        // Of students: 5 / 7 and 3 / 7. Of marks: n5 = 3 + 3 + 4, n4 = 2 + 3 + 1, n3 = 1 + 1 + 1, n2 = 1, not assessed 1,
        // N = 21: (1000 + 384 + 108 + 16 + 7) / 21 = 1515 / 21 = 72.14.
        #expect(figures("class", "7А") == ["71.4", "42.9", "72.1"])
        #expect(figures("grade_level", "7") == ["71.4", "42.9", "72.1"])
        #expect(figures("subject", "Алгебра") == ["75.0", "62.5", "60.9"])
        // English and physical education: N = 7 + 6; 13 / 13; (6 + 5) / 13 = 84.62; (700 + 256 + 72) / 13 = 79.08.
        #expect(figures("teacher", "Петров Имя") == ["100.0", "84.6", "79.1"])
        #expect(figures("teacher", "Соколова Имя") == ["75.0", "62.5", "60.9"])
        // Grade 1 is no row. The second quarter has no marks, and so no cells: N = 0 is empty, not 0.
        #expect(figures("class", "1А") == nil)
        let second = try school.term(2)
        #expect(
            json["rows"]!.array.allSatisfy { row in row["cells"]!.array.allSatisfy { $0["term_id"]?.string != second } }
        )
        // Both quarters and the semester that have ended are columns, three figures each.
        #expect(json["columns"]?.array.count == 9)

        // The whole school: the students of 7А, 5 / 7 and 3 / 7, and their marks: (5 · 10 + 4 · 6 + 3 · 3 + 2) / 20 = 4.25. In
        // the second quarter 8 students have no marks; nobody is in grades 10 and 11. There are no year marks.
        let dynamics = json["dynamics"]!.array.map { period in
            period.texts(
                "term.kind", "term.name", "students", "assessed", "achievement_percent", "quality_percent",
                "learning_percent", "average")
        }
        #expect(
            dynamics == [
                ["quarter", "1 четверть", "8", "7", "71.4", "42.9", "72.1", "4.25"],
                ["quarter", "2 четверть", "8", "0", "null", "null", "null", "null"],
                ["semester", "1 полугодие", "0", "0", "null", "null", "null", "null"],
            ], "\(dynamics)")

        let subjects = try school.deputy.get("/v1/reports/school-results?by=subject").json
        #expect(Set(subjects["rows"]!.array.map { $0["by"]?.string }) == ["subject"])
        #expect(try school.client(results.sokolova, "teacher").get("/v1/reports/school-results").status == 403)
    }

    /// The quality of 7А as a bar, of its last quarter with marks, and a line over the quarters. One semester is no line.
    @Test func chartsShowTheFiguresOfTheTables() async throws {
        let school = try await ResultsSchool().school
        let html = try school.deputy.get("/v1/reports/school-results?format=html").text
        let pictures = html.components(separatedBy: "<figure>").dropFirst()
        try #require(pictures.count == 3, "\(pictures.count)")
        let all = Array(pictures)
        #expect(all[0].contains("Качество знаний по классам") && all[0].contains(">7А<") && all[0].contains(">42,9<"))
        #expect(!all[0].contains(">1А<"))
        #expect(all[1].contains("Успеваемость и качество по четвертям, %"))
        #expect(all[1].contains(">71,4<") && all[1].contains(">42,9<") && all[1].contains(">2 четверть<"))
        #expect(all[2].contains("Средний балл по четвертям") && all[2].contains(">4,25<"))
        #expect(!html.contains("по полугодиям"))
        #expect(html.contains("<h2>Динамика по периодам</h2>"))
        let csv = try school.deputy.get("/v1/reports/school-results?format=csv&table=dynamics").text
        #expect(csv.contains("1 четверть,8,7,71.4,42.9,72.1,4.25"), "\(csv)")
    }
}
