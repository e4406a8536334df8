import DiaryTestSupport
import JSON
import Postgres
import Testing

/// «Отчёт учителя-предметника» with figures by hand; see `ResultsSchool`.
@Suite struct SectionResultsTests {
    @Test func sectionsOfATeacherByTerm() async throws {
        let results = try await ResultsSchool()
        let school = results.school
        try addPlan(results)
        let teacher = try school.client(results.sokolova, "teacher")
        let answer = try teacher.get("/v1/reports/section-results")
        try #require(answer.status == 200, "\(answer.text)")
        let rows = answer.json["sections"]!.array
        // Two terms have begun; the third too, on 12 January. The year has no marks.
        #expect(rows.map { $0.at("term.name")?.string } == ["1 четверть", "2 четверть", "3 четверть"])
        // See ClassResultsTests. Зуев left before the last day.
        #expect(
            rows[0].texts("members", "n5", "n4", "n3", "n2", "n1", "not_assessed", "exempt", "missing")
                == ["8", "3", "2", "1", "1", "0", "1", "0", "0"])
        #expect(
            rows[0].texts("assessed", "achievement_percent", "quality_percent", "learning_percent", "average")
                == ["8", "75.0", "62.5", "60.9", "4.00"])
        // P2: one of the two hours planned until 24 October was given.
        #expect(rows[0].texts("coverage_percent") == ["50.0"])
        // N = 0.
        #expect(
            rows[1].texts(
                "assessed", "achievement_percent", "quality_percent", "learning_percent", "average", "missing")
                == ["0", "null", "null", "null", "null", "8"])

        // English and physical education; the club and the section with pass and fail stand outside, and 1А has no marks.
        let petrov = try school.deputy.get("/v1/reports/section-results?teacher_id=\(results.petrov)").json
        #expect(petrov["sections"]?.array.filter { $0.at("term.name")?.string == "1 четверть" }.count == 2)
        let english = try school.deputy.get(
            "/v1/reports/section-results?teacher_id=\(results.petrov)&section_id=\(results.english)"
        ).json["sections"]!.array
        #expect(Set(english.map { $0.at("section.id")?.string }) == [results.english])
        // Without a plan there is no coverage.
        #expect(english[0].texts("assessed", "missing", "coverage_percent") == ["7", "1", "null"])
        // Teachers read about themselves.
        #expect(try teacher.get("/v1/reports/section-results?teacher_id=\(results.petrov)").status == 404)
    }

    /// A plan with two topics in the first two weeks, of which the first was given.
    private func addPlan(_ results: ResultsSchool) throws {
        let school = results.school
        let subject = try school.subject("Алгебра")
        let plan = try school.insert(
            "curriculum_plans",
            [
                ("academic_year_id", school.year), ("subject_id", subject), ("grade_level", "7"),
                ("section_id", results.algebra), ("title", "Алгебра"),
            ])
        func topic(_ position: String, _ week: String) throws -> String {
            try school.insert(
                "plan_topics",
                [
                    ("plan_id", plan), ("position", position), ("title", "Тема"), ("hours", "1"),
                    ("planned_week", week),
                ])
        }
        let first = try topic("1", "1")
        _ = try topic("2", "2")
        let lesson = try school.lesson(results.algebra, "2025-09-01")
        _ = try school.lesson(results.algebra, "2025-09-08")
        try school.on("2025-09-01") {
            try school.owner.query("UPDATE lessons SET plan_topic_id = $2 WHERE id = $1", [lesson, first])
        }
    }
}
