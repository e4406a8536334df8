import DiaryTestSupport
import Foundation
import JSON
import Postgres
import Testing

/// Orders, decisions of the council and transfer sheets on paper.
@Suite struct OfficeReportsTests {
    @Test func Y2_anOrderNamesTheStudentsItConcerns() async throws {
        let school = try await ReportSchool()
        let class5A = try school.schoolClass("5А")
        let order = try school.order("7", text: "Перевести в следующий класс.")
        let empty = try school.deputy.get("/v1/reports/order?order_id=\(order)")
        #expect(empty.json["students"]?.array.isEmpty == true && empty.json["order"]?["number"]?.string == "7")
        let alone = try school.deputy.get("/v1/reports/order?order_id=\(order)&format=html").text
        #expect(alone.contains("Перевести в следующий класс.") && !alone.contains("Нет данных."))
        let boris = try school.student("Белов", in: class5A, to: "2025-10-10")
        let anna = try school.student("Абрамова", in: class5A)
        _ = try school.student("Громов", in: class5A)
        try school.owner.query(
            "UPDATE enrollments SET end_order_id = $3, end_reason = 'Переезд' WHERE school_id = $1 AND student_id = $2",
            [String(school.id), boris, order])
        try school.insert(
            "promotions",
            [
                ("academic_year_id", school.year), ("student_id", anna), ("decision", "promoted"),
                ("decided_on", "2025-11-18"), ("order_id", order),
            ])
        let report = try school.deputy.get("/v1/reports/order?order_id=\(order)").json
        let rows = (report["students"]?.array ?? []).map { row in
            let texts = ["last_name", "what", "detail", "day"].map { row[$0]?.string ?? "-" }
            return (texts + [row["class"]?["name"]?.string ?? "-"]).joined(separator: " ")
        }
        #expect(rows == ["Абрамова promotion promoted 2025-11-18 5А", "Белов leaving Переезд 2025-10-10 5А"])
        let html = try school.deputy.get("/v1/reports/order?order_id=\(order)&format=html").text
        #expect(html.contains("Перевести в следующий класс.") && html.contains("Протокол педагогического совета"))
        #expect(html.contains("переведён") && html.contains("Директор"))
        let text = try #require(html.range(of: "Перевести в следующий класс."))
        let students = try #require(html.range(of: "<table"))
        #expect(text.upperBound < students.lowerBound)
        let unknown = try school.deputy.get("/v1/reports/order?order_id=\(school.year)")
        #expect(unknown.status == 404)
        // An order that is named cannot be deleted.
        let tag = try #require(school.deputy.get("/v1/orders/\(order)")["ETag"])
        let refused = try school.deputy.send("DELETE", "/v1/orders/\(order)", headers: [("If-Match", tag)])
        #expect(refused.status == 409 && refused.code == "in_use", "\(refused.text)")
    }

    @Test func Y1_decisionsOfTheCouncil() async throws {
        let school = try await ReportSchool(today: "2026-06-20")
        let path = "/v1/reports/promotion?academic_year_id=\(school.year)"
        let keys = ["students", "promoted", "conditional", "repeats", "graduated", "left", "undecided"]
        let counts = { (row: JSONValue?) in keys.map { row?[$0]?.int } }
        #expect(counts(try school.deputy.get(path).json["classes_total"]) == [0, 0, 0, 0, 0, 0, 0])
        let class5A = try school.schoolClass("5А")
        let class6A = try school.schoolClass("6А")
        let students = try ["Абрамова", "Белов", "Власов"].map { try school.student($0, in: class5A) }
        _ = try school.student("Громов", in: class5A, to: "2026-03-01")
        _ = try school.student("Егоров", in: class6A)
        for (student, decision) in zip(students, ["promoted", "conditional", "repeats"]) {
            try school.insert(
                "promotions",
                [
                    ("academic_year_id", school.year), ("student_id", student), ("decision", decision),
                    ("debts", decision == "conditional" ? "Алгебра" : nil), ("protocol", "7"),
                    ("decided_on", "2026-05-28"),
                ])
        }
        let report = try school.deputy.get(path).json
        // The leaver of March counts nowhere.
        #expect(report["classes"]?.array.map(counts) == [[3, 1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0, 1]])
        #expect(counts(report["classes_total"]) == [4, 1, 1, 1, 0, 0, 1])
        #expect(report["students"]?[1]?["debts"]?.string == "Алгебра" && report["students"]?[3]?["decision"] == .null)
        #expect(try school.deputy.get(path + "&format=html").text.contains("№ 7 от 28.05.2026"))
    }

    /// M10, M6: the report has the averages of the sheet that the next school imports.
    @Test func M10_theTransferSheetOnPaper() async throws {
        let school = try await ReportSchool()
        let class7A = try school.schoolClass("7А")
        let algebra = try school.section("Алгебра", of: class7A, hours: 3)
        let anna = try school.student("Абрамова", in: class7A)
        let lesson = try school.lesson(algebra, "2025-11-10")
        try school.mark(anna, at: lesson, .number(5), weight: "2", column: "Контрольная")
        try school.mark(anna, at: lesson, .number(4))
        try school.mark(anna, at: school.lesson(algebra, "2025-11-11"), .number(2), isHeldBack: true)
        try school.final(anna, "Алгебра", .term(1), .code("not_assessed"))
        let path = "/v1/reports/transfer-sheet?student_id=\(anna)"
        let report = try school.deputy.get(path).json
        // (5 * 2 + 4) / 3 = 4.67; (5 + 4) / 2 = 4.5. The mark that is held back is left out (M12).
        #expect(report["subjects"]?.array.count == 1)
        #expect(report["subjects"]?[0]?["average"] == .number("4.67"))
        #expect(report["subjects"]?[0]?["plain_average"].map { "\($0)".contains("4.5") } == true)
        #expect(report["marks"]?.array.count == 2)
        #expect(report["finals"]?[0]?["cells"]?[0]?["value"]?["code"]?.string == "not_assessed")
        let sheet = try school.deputy.get("/v1/students/\(anna)/transfer-sheet").json
        #expect(sheet["subjects"]?[0]?["average"] == report["subjects"]?[0]?["average"])
        #expect(sheet["attendance"] == report["attendance"])
        let html = try school.deputy.get(path + "&format=html").text
        #expect(html.contains("4,67") && html.contains("Абрамова Имя"))
        let stranger = try school.client(school.teacher("Учителев"), "teacher", "class_teacher")
        #expect(try stranger.get(path).status == 404)
        let family = try school.client(school.guardian("Абрамов", of: anna), "guardian")
        #expect(try family.get(path).status == 403)
    }
}
