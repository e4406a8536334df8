import DiaryTestSupport
import JSON
import Postgres
import Testing

/// «Табель» of a student of 9А with a debt in algebra, before and after it was settled in the next year.
@Suite struct ReportCardTests {
    private struct Card {
        let school: ReportSchool
        let class9A: String
        let anna: String
        let mother: TestClient
        let teacher: TestClient
        let debt: String

        /// Today is a day of September 2026: the year 2025/26 is closed.
        init() async throws {
            school = try await ReportSchool(today: "2026-09-15")
            let sokolova = try school.teacher("Соколова")
            class9A = try school.schoolClass("9А", teacher: sokolova)
            anna = try school.student("Белова", in: class9A)
            let algebra = try school.section("Алгебра", of: class9A, teacher: sokolova, hours: 3)
            _ = try school.section("Геометрия", of: class9A, teacher: sokolova, hours: 2)
            let lesson = try school.lesson(algebra, "2025-09-01")
            try school.absence(anna, at: lesson, "ill")
            try school.absence(anna, at: school.lesson(algebra, "2025-11-10"), "late")
            // «Математика» consists of algebra and geometry.
            for part in ["Алгебра", "Геометрия"] {
                try school.insert(
                    "subject_parts",
                    [
                        ("academic_year_id", school.year), ("subject_id", school.subject("Математика")),
                        ("part_id", school.subject(part)),
                    ])
            }
            for (ordinal, number) in [3, 2, 2, 2].enumerated() {
                try school.final(anna, "Алгебра", .term(ordinal + 1), .number(number))
                try school.final(anna, "Геометрия", .term(ordinal + 1), .number(4))
            }
            debt = try school.final(anna, "Алгебра", .year, .number(2))
            try school.final(anna, "Геометрия", .year, .number(4))
            try school.final(anna, "Геометрия", .exam, .number(5))
            try school.final(anna, "Физика", .term(1), .number(5), isHeldBack: true)
            let protocol7 = try school.order("7", issued: "2026-05-29")
            try school.insert(
                "promotions",
                [
                    ("academic_year_id", school.year), ("student_id", anna), ("decision", "conditional"),
                    ("decided_on", "2026-05-29"), ("order_id", protocol7),
                ])
            try school.owner.query("UPDATE academic_years SET state = 'closed' WHERE id = $1", [school.year])
            mother = try school.client(school.guardian("Белова", of: anna), "guardian")
            teacher = try school.client(sokolova, "teacher", "class_teacher")
        }

        var path: String { "/v1/reports/report-card?student_id=\(anna)&academic_year_id=\(school.year)" }

        func settle() throws {
            let order = try school.order("12", issued: "2026-09-10")
            try school.insert(
                "debt_attempts",
                [
                    ("debt_id", debt), ("ordinal", "1"), ("held_on", "2026-09-10"), ("result", "passed"),
                    ("number", "3"),
                    ("order_id", order),
                ])
        }
    }

    /// The values of a subject by kind, terms in their order.
    private func values(_ json: JSONValue, _ subject: String) -> [String]? {
        json.item("subjects", "name", subject).map { row in
            json["columns"]!.array.map { column in
                let cell = row["cells"]!.array.first {
                    $0["kind"] == column["kind"] && $0["term_id"] == column["term"]?["id"] ?? .null
                }
                return cell?.texts("value.number")[0] ?? ""
            }
        }
    }

    @Test func m13TheCardOfAClosedYearShowsWhatADebtWasSettledWith() async throws {
        let card = try await Card()
        let before = try card.mother.get(card.path)
        try #require(before.status == 200, "\(before.text)")
        #expect(
            before.json["columns"]!.array.map { $0["kind"]?.string } == [
                "term", "term", "term", "term", "year", "exam",
            ])
        #expect(values(before.json, "Алгебра") == ["3", "2", "2", "2", "2", ""])
        #expect(values(before.json, "Геометрия") == ["4", "4", "4", "4", "4", "5"])
        // M11: (2 + 4) / 2 = 3; of exams those that were held: 5.
        #expect(values(before.json, "Математика") == ["", "", "", "", "3", "5"])
        // M12: held back, so the card does not even have the subject.
        #expect(values(before.json, "Физика") == nil)
        #expect(before.json["notes"]?.array.isEmpty == true)
        #expect(
            before.json["decision"]?.texts("decision", "decided_on", "protocol.number", "settled_on")
                == ["conditional", "2026-05-29", "7", "null"])
        #expect(before.json["class"]?.texts("name") == ["9А"])

        try card.settle()
        let after = try card.mother.get(card.path)
        #expect(values(after.json, "Алгебра") == ["3", "2", "2", "2", "3", ""])
        // (3 + 4) / 2 = 3.5, rounded half up.
        #expect(values(after.json, "Математика") == ["", "", "", "", "4", "5"])
        let note = after.json["notes"]![0]!
        #expect(
            note.texts("code", "subject.name", "before.number", "after.number", "settled_on", "protocol.number")
                == ["debt_settled", "Алгебра", "2", "3", "2026-09-10", "12"])
        #expect(after.json["decision"]?.texts("settled_on") == ["2026-09-10"])
        let html = try card.teacher.get(card.path + "&format=html").text
        #expect(
            html.contains(
                "Алгебра, год: задолженность ликвидирована 10.09.2026, отметка 2 изменена на 3 (протокол № 12 от 10.09.2026)."
            ))
        #expect(html.contains("переведён условно"))
    }

    @Test func absencesByTerm() async throws {
        let card = try await Card()
        let json = try card.mother.get(card.path).json
        // T3: the only lesson of 1 September was missed, so the day was; being late misses nothing.
        #expect(
            json["terms"]!.array.map {
                $0.texts("name", "days_missed", "lessons_missed", "ill", "without_reason", "late")
            }
                == [
                    ["1 четверть", "1", "1", "1", "0", "0"], ["2 четверть", "0", "0", "0", "0", "1"],
                    ["3 четверть", "0", "0", "0", "0", "0"], ["4 четверть", "0", "0", "0", "0", "0"],
                ])
        #expect(json["terms_total"]?.texts("days", "days_missed", "lessons", "lessons_missed") == ["2", "1", "2", "1"])
    }

    @Test func a1FamiliesSeeOnlyTheirOwn() async throws {
        let card = try await Card()
        let school = card.school
        let other = try school.student("Чужова", in: card.class9A)
        let stranger = try school.client(school.guardian("Чужова", of: other), "guardian")
        #expect(try stranger.get(card.path).status == 404)
        #expect(try school.client(other, "student").get(card.path).status == 404)
        #expect(try school.client(card.anna, "student").get(card.path).status == 200)
        // A3
        let barred = try school.client(school.guardian("Белов", of: card.anna, access: "none"), "guardian")
        #expect(try barred.get(card.path).status == 404)
        let petrov = try school.teacher("Петров")
        #expect(try school.client(petrov, "teacher").get(card.path).status == 404)
        #expect(try card.teacher.get(card.path).status == 200)
        #expect(
            try card.mother.get("/v1/reports/report-card?student_id=\(card.anna)&academic_year_id=\(card.anna)").status
                == 400)
    }

    /// M1: no marks, no symbols, an empty row.
    @Test func theCardOfGrade1() async throws {
        let school = try await ReportSchool()
        let class1A = try school.schoolClass("1А")
        let student = try school.student("Первоклассник", in: class1A)
        _ = try school.section("Математика", of: class1A)
        let json = try school.deputy.get("/v1/reports/report-card?student_id=\(student)").json
        #expect(json["subjects"]?.array.map { $0["cells"]?.array.count } == [0])
        #expect(json["decision"]?.isNull == true)
    }
}
