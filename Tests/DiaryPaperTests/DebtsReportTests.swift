import DiaryTestSupport
import JSON
import Postgres
import Testing

/// M13: debts of a year, open, settled and cancelled.
@Suite struct DebtsReportTests {
    @Test func m13OpenAndSettledDebts() async throws {
        let school = try await ReportSchool(today: "2026-09-15")
        let sokolova = try school.teacher("Соколова")
        let class8A = try school.schoolClass("8А", teacher: sokolova)
        let class8B = try school.schoolClass("8Б")
        let anna = try school.student("Белова", in: class8A)
        let boris = try school.student("Громов", in: class8B)
        // A final mark that is held back opens a debt that only heads see (M12).
        let hidden = try school.student("Власов", in: class8A)
        try school.final(anna, "Алгебра", .year, .number(2))
        let second = try school.final(anna, "Физика", .year, .code("not_assessed"))
        try school.final(boris, "Алгебра", .year, .number(2))
        try school.final(hidden, "Алгебра", .year, .number(2), isHeldBack: true)
        // A correction cancels the debt; exempt and 3 open none.
        let wrong = try school.final(boris, "Физика", .year, .number(2))
        try school.on("2026-05-31") {
            try school.owner.query("UPDATE final_marks SET number = 3 WHERE id = $1", [wrong])
        }
        let order = try school.order("12", issued: "2026-09-10")
        try school.insert(
            "debt_attempts",
            [
                ("debt_id", second), ("ordinal", "1"), ("held_on", "2026-06-10"), ("result", "failed"), ("number", "2"),
                ("order_id", order),
            ])
        try school.insert(
            "debt_attempts",
            [
                ("debt_id", second), ("ordinal", "2"), ("held_on", "2026-09-10"), ("result", "passed"), ("number", "4"),
                ("order_id", order), ("commission", "Иванов, Петров"),
            ])

        func rows(_ client: TestClient, _ query: String = "") throws -> [[String]] {
            let answer = try client.get("/v1/reports/debts" + query)
            try #require(answer.status == 200, "\(answer.text)")
            return answer.json["debts"]!.array.map {
                $0.texts("student.last_name", "class.name", "subject.name", "state", "number", "protocol.number")
            }
        }
        let annas = [
            ["Белова", "8А", "Алгебра", "open", "null", "-"], ["Белова", "8А", "Физика", "settled", "4", "12"],
        ]
        let boriss = ["Громов", "8Б", "Алгебра", "open", "null", "-"]
        let hiddens = ["Власов", "8А", "Алгебра", "open", "null", "-"]
        #expect(try rows(school.deputy) == [annas[0], hiddens, boriss, annas[1]])
        #expect(try rows(school.deputy, "?state=settled") == [annas[1]])
        #expect(try rows(school.deputy, "?class_id=\(class8B)") == [boriss])
        let totals = try school.deputy.get("/v1/reports/debts").json["totals"]!
        #expect(totals.texts("open", "settled", "students") == ["3", "1", "3"])

        let teacher = try school.client(sokolova, "teacher", "class_teacher")
        #expect(try rows(teacher) == annas)
        #expect(try teacher.get("/v1/reports/debts?class_id=\(class8B)").status == 404)
        let settled = try school.deputy.get("/v1/reports/debts?state=settled").json["debts"]![0]!
        #expect(
            settled.texts(
                "opened_by.code", "first_attempt.result", "second_attempt.result", "second_attempt.held_on",
                "settled_on")
                == ["not_assessed", "failed", "passed", "2026-09-10", "2026-09-10"])
        // N = 0: no debts in another year.
        #expect(try rows(school.deputy, "?academic_year_id=\(order)") == [])
    }
}
