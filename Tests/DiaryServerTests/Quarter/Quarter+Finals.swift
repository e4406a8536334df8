import DiaryTestSupport
import JSON
import Testing

/// The final marks of the quarter and of the year, and a debt until October.
extension Quarter {
    private func finals(_ client: TestClient, _ section: String, _ query: String) throws -> [String: JSONValue] {
        let answer = try school.get(client, "/v1/sections/\(section)/finals\(query)")
        let students = answer["students"]?.array ?? []
        return Dictionary(uniqueKeysWithValues: students.map { ($0["first_name"]!.string!, $0) })
    }

    /// Marks, weighted sum, sum of weights, minimum and suggestion, as they were worked out by hand.
    private func basis(_ student: JSONValue?) -> String {
        let number = { (key: String) in
            if case .number(let text)? = student?[key] { String(text) } else { "-" }
        }
        let suggestion = student?["suggestions"]?["term"]
        let value = suggestion?["code"]?.string ?? suggestion?["number"]?.int.map { String($0) } ?? "-"
        let average = number("weighted_sum") + "/" + number("weight_sum")
        return "\(number("marks")) marks \(average) of \(number("minimum")): \(value)"
    }

    private func final(
        _ name: String, _ kind: String, term: String? = nil, _ value: String, version: Int = 0, reason: String? = nil
    ) -> String {
        """
        {"student_id": "\(students[name]!)", "kind": "\(kind)"\(term.map { ", \"term_id\": \"\($0)\"" } ?? ""),
        "value": \(value)\(reason.map { ", \"reason\": \"\($0)\"" } ?? ""), "version": \(version)}
        """
    }

    private func number(_ number: Int) -> String { #"{"kind": "number", "number": \#(number)}"# }

    private func give(_ client: TestClient, _ section: String, _ finals: [String]) throws -> TestClient.Answer {
        try client.put("/v1/sections/\(section)/finals", json: #"{"finals": [\#(finals.joined(separator: ","))]}"#)
    }

    /// The quarters of grade 7, in order.
    private func quarters() throws -> [(id: String, ends: String)] {
        let terms = try school.get(school.deputy, "/v1/terms?limit=50")["items"]?.array ?? []
        return terms.filter { $0["kind"]?.string == "quarter" }
            .map { ($0["id"]!.string!, $0["ends_on"]!.string!) }.sorted { $0.ends < $1.ends }
    }

    /// M6, M7, M10: the suggestions of the quarter, and what the teachers give.
    func giveFinals() throws {
        try school.day("2025-10-30")
        // P2: 23 of 24 hours.
        let coverage = try school.get(school.deputy, "/v1/sections/\(algebraA)/coverage")
        #expect(coverage["given_hours"]?.int == 23 && coverage["planned_hours"]?.int == 24, "\(coverage)")
        #expect(coverage["percent"] == .number("95.8"))
        let quarter = try quarters()[0].id
        let seven = try finals(school.sokolova, algebraA, "?term_id=\(quarter)")
        #expect(basis(seven["Анна"]) == "8 marks 42.00/9.00 of 7: 5")
        #expect(basis(seven["Борис"]) == "8 marks 20.00/9.00 of 7: 2")
        #expect(basis(seven["Вера"]) == "2 marks 10.00/2.00 of 7: not_assessed")
        #expect(basis(seven["Дина"]) == "8 marks 31.00/9.00 of 7: 3")
        let vera = seven["Вера"]
        #expect(vera?["lessons"]?.int == 24 && vera?["missed"]?.int == 20, "\(String(describing: vera))")
        let parallel = try finals(school.petrov, algebraB, "?term_id=\(quarter)")
        #expect(basis(parallel["Глеб"]) == "7 marks 31.00/7.00 of 7: 4")

        // M10: the teacher of the last section gives the mark; M7: 5 for Vera would need a reason.
        let notHers = try give(school.sokolova, algebraA, [final("Глеб", "term", term: quarter, number(4))])
        #expect(notHers.status == 409 && notHers.code == "not_a_member", "\(notHers.text)")
        let tooFew = try give(school.sokolova, algebraA, [final("Вера", "term", term: quarter, number(5))])
        #expect(tooFew.status == 409 && tooFew.code == "reason_required", "\(tooFew.text)")
        let notAssessed = #"{"kind": "code", "code": "not_assessed"}"#
        let given = try give(
            school.sokolova, algebraA,
            [
                final("Анна", "term", term: quarter, number(5)), final("Борис", "term", term: quarter, number(2)),
                final("Вера", "term", term: quarter, notAssessed), final("Дина", "term", term: quarter, number(3)),
            ])
        #expect(given.status == 200, "\(given.text)")
        let moved = try give(school.petrov, algebraB, [final("Глеб", "term", term: quarter, number(4))])
        #expect(moved.status == 200, "\(moved.text)")
    }

    // MARK: The year

    static let later3: [String: [Int]] = [
        "Анна": [5, 4, 5], "Борис": [2, 3, 2], "Вера": [4, 4, 4], "Глеб": [4, 5, 4], "Дина": [3, 4, 4],
    ]

    /// M11: the year's marks from those of the quarters; M13: a 2 of the year opens a debt.
    func endTheYear() throws {
        for (index, quarter) in try quarters().dropFirst().enumerated() {
            try school.day(quarter.ends)
            for (client, section, names) in [
                (school.sokolova, algebraA, ["Анна", "Борис", "Вера", "Дина"]), (school.petrov, algebraB, ["Глеб"]),
            ] {
                let marks = names.map {
                    final($0, "term", term: quarter.id, number(Self.later3[$0]![index]), reason: "Бумажный журнал")
                }
                let answer = try give(client, section, marks)
                #expect(answer.status == 200, "\(answer.text)")
            }
        }
        let (own, parallel) = (try finals(school.sokolova, algebraA, ""), try finals(school.petrov, algebraB, ""))
        func year(_ student: JSONValue?) -> Int? { student?["suggestions"]?["year"]?["number"]?.int }
        #expect(["Анна", "Борис", "Дина"].map { year(own[$0]) } == [5, 2, 4])
        #expect(year(parallel["Глеб"]) == 4)
        let given = try give(
            school.sokolova, algebraA,
            [
                final("Анна", "year", number(5)), final("Борис", "year", number(2)), final("Вера", "year", number(4)),
                final("Дина", "year", number(4)),
            ])
        #expect(given.status == 200, "\(given.text)")
        #expect(try give(school.petrov, algebraB, [final("Глеб", "year", number(4))]).status == 200)

        let debts = try school.get(school.deputy, "/v1/debts?state=open")["items"]?.array ?? []
        #expect(debts.map { $0["student"]?["first_name"]?.string } == ["Борис"])
        let years = try school.get(school.deputy, "/v1/academic-years")["items"]?[0]?["id"]?.string ?? ""
        let council = try school.deputy.post(
            "/v1/academic-years/\(years)/promotions",
            json: """
                {"student_id": "\(students["Борис"]!)", "decision": "conditional", "debts": "Алгебра", "protocol": "7",
                "decided_on": "\(school.today)"}
                """)
        #expect(council.status == 201, "\(council.text)")
        let closed = try school.deputy.patch(
            "/v1/academic-years/\(years)", json: #"{"state": "closed"}"#, headers: [("If-Match", "*")])
        #expect(closed.status == 200, "\(closed.text)")
        let late = try give(school.sokolova, algebraA, [final("Борис", "year", number(3), version: 1)])
        #expect(late.status == 409 && late.code == "edit_window_closed", "\(late.text)")
    }

    /// M13: in October of the next year the debt is settled under a protocol; the mark of the closed year is a 3, and its
    /// history knows of the 2.
    func settleInOctober() throws {
        try school.day("2026-10-07")
        let debt = try #require(
            try school.get(school.deputy, "/v1/debts?state=open")["items"]?[0]?["id"]?.string)
        let order = try school.deputy.post(
            "/v1/orders",
            json: """
                {"kind": "council_protocol", "number": "12", "issued_on": "2026-10-07", "text": "О ликвидации долга",
                "signatory": "Директор"}
                """)
        let attempt = try school.deputy.post(
            "/v1/debt-attempts",
            json: """
                {"debt_id": "\(debt)", "ordinal": 1, "held_on": "2026-10-07", "result": "passed", "number": 3,
                "order_id": "\(order.json["id"]?.string ?? "")"}
                """)
        #expect(attempt.status == 201, "\(attempt.text)")
        let boris = try school.server.session(of: students["Борис"]!, school: school.id, roles: ["student"])
        let year = try school.get(school.deputy, "/v1/academic-years")["items"]?[0]?["id"]?.string ?? ""
        let subjects = try school.get(
            boris, "/v1/students/\(students["Борис"]!)/finals?academic_year_id=\(year)")["subjects"]
        let finals = subjects?.array.first { $0["name"]?.string == "Алгебра" }?["finals"]?.array ?? []
        #expect(finals.map { $0["value"]?["number"]?.int } == [2, 2, 3, 2, 3], "\(finals)")
        let last = finals.last
        #expect(last?["kind"]?.string == "year" && last?["debt"]?["state"]?.string == "settled")
        #expect(last?["debt"]?["opened_by"]?["number"]?.int == 2)
        let promotion = try school.get(school.deputy, "/v1/academic-years/\(year)/promotions")["items"]?[0]
        #expect(promotion?["settled_on"]?.string == "2026-10-07")
    }
}
