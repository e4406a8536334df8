import Diary
import DiaryExchange
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// The sheet of marks of a student who leaves (M10), and its import in the next school.
@Suite(.serialized) struct FinalsImportTests {
    private let server: TestServer
    private let ids: DemoSchoolIDs
    private let deputy: TestClient
    /// The next school.
    private let next: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        next = try server.client("deputy", school: "lyceum30")
    }

    private func send(_ text: String, query: String = "", as client: TestClient? = nil) throws -> TestClient.Answer {
        try (client ?? next).send(
            "POST", "/v1/imports/finals\(query)", headers: [("Content-Type", "text/csv; charset=utf-8")],
            body: Array(text.utf8))
    }

    private func counts(_ answer: TestClient.Answer) -> [Int?] {
        ["rows", "made", "updated", "unchanged"].map { answer.json[$0]?.int }
    }

    private func faults(_ answer: TestClient.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map { "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")" }
    }

    private func other(_ sql: String, _ parameters: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.otherSchool)] + parameters).rows
    }

    /// A new student of a class of the next school, with an external id.
    private func arrive(_ code: String, in name: String = "7А") throws -> String {
        let made = try next.post(
            "/v1/students", json: #"{"last_name": "Новиков", "first_name": "Иван", "external_id": "\#(code)"}"#)
        let student = try #require(made.json["id"]?.string, "\(made.text)")
        let schoolClass = try other(
            """
            SELECT c.id FROM classes c JOIN academic_years y ON y.school_id = c.school_id AND y.id = c.academic_year_id
            WHERE c.school_id = $1 AND c.name = $2 AND y.state = 'open'
            """, name)[0][0]!
        let enrolled = try next.post(
            "/v1/enrollments",
            json: #"{"student_id": "\#(student)", "class_id": "\#(schoolClass)", "starts_on": "2025-11-19"}"#)
        #expect(enrolled.status == 201, "\(enrolled.text)")
        return student
    }

    private func double(_ value: JSONValue?) -> Double? {
        if case .number(let text)? = value { Double(text) } else { nil }
    }

    private func averages(_ sheet: JSONValue) -> [String] {
        (sheet["subjects"]?.array ?? []).map { subject in
            let values = ["average", "plain_average"].map { subject[$0].map { "\($0)" } ?? "" }
            return "\(subject["subject"]?["name"]?.string ?? ""): \(values), \(subject["marks"]?.array.count ?? 0)"
        }
    }

    private func finals(_ sheet: JSONValue) -> [String] {
        (sheet["finals"]?.array ?? []).map {
            [
                $0["academic_year"]?.string, $0["subject"]?["name"]?.string, $0["kind"]?.string,
                $0["term"]?["ordinal"]?.int.map { "\($0)" }, $0["value"].map { "\($0)" },
            ].map { $0 ?? "-" }.joined(separator: " ")
        }
    }

    /// From one school to the other: the marks, the averages and the finals are the same.
    @Test func M10_theSheetOfOneSchoolIsImportedIntoAnother() throws {
        let sheet = try deputy.get("/v1/students/\(ids.child)/transfer-sheet")
        #expect(sheet.status == 200, "\(sheet.text)")
        #expect(sheet.json["student"]?["id"]?.string == ids.child)
        #expect(sheet.json["on"]?.string == TestServer.today)
        #expect(sheet.json["term"]?["ordinal"]?.int == 2)
        let subjects = sheet.json["subjects"]?.array ?? []
        #expect(subjects.count > 5)
        #expect(try #require(sheet.json["finals"]?.array.count) > 5)
        #expect(sheet.json["attendance"]?.array.count == 2)
        // The average of one subject by hand (M6).
        let algebra = try #require(subjects.first { $0["subject"]?["name"]?.string == "Алгебра" })
        var (sum, weights) = (0.0, 0.0)
        for mark in algebra["marks"]?.array ?? [] {
            guard let number = mark["value"]?["number"]?.int, let weight = double(mark["weight"]) else { continue }
            sum += Double(number) * weight
            weights += weight
        }
        let average = try #require(double(algebra["average"]))
        #expect(weights > 0 && abs(average - sum / weights) <= 0.0051)

        let file = try deputy.get("/v1/students/\(ids.child)/transfer-sheet?format=csv")
        #expect(file.status == 200 && file["Content-Type"]?.hasPrefix("text/csv") == true)
        let newcomer = try arrive("n-1")
        var lines = file.text.split(separator: "\r\n").map { String($0) }
        for index in lines.indices.dropFirst() {
            lines[index] = "n-1" + lines[index].drop { $0 != ";" }
        }
        let text = lines.joined(separator: "\n") + "\n"
        let journal = "/v1/sections/\(try section("Алгебра"))/journal"
        let before = try next.get(journal)
        #expect(carried(before, newcomer).isEmpty)
        let dry = try send(text, query: "?dry_run=true")
        #expect(dry.status == 200, "\(dry.text)")
        #expect(try next.get("/v1/students/\(newcomer)/transfer-sheet").json["subjects"]?.array.isEmpty == true)
        let made = try send(text)
        #expect(counts(made) == [lines.count - 1, lines.count - 1, 0, 0], "\(made.text)")
        #expect(counts(try send(text)) == [lines.count - 1, 0, 0, lines.count - 1])

        let there = try next.get("/v1/students/\(newcomer)/transfer-sheet")
        #expect(averages(there.json) == averages(sheet.json))
        #expect(finals(there.json) == finals(sheet.json))
        #expect(there.json["finals"]?.array.allSatisfy { $0["source"]?.string == "transferred" } == true)
        // A page that was kept shows them, too.
        let carried = carried(try next.get(journal), newcomer)
        #expect(carried.count == algebra["marks"]?.array.count)
        #expect(carried.allSatisfy { $0["section_name"]?.string == "Лицей № 29" && $0["lesson_id"] == nil })
    }

    private func section(_ subject: String) throws -> String {
        try other("SELECT s.id FROM sections s WHERE s.school_id = $1 AND s.name = $2", "\(subject) 7А")[0][0]!
    }

    private func carried(_ journal: TestClient.Answer, _ student: String) -> [JSONValue] {
        (journal.json["carried_marks"]?.array ?? []).filter { $0["student_id"]?.string == student }
    }

    private static let header = "Ученик;Предмет;Учебный год;Вид;Номер периода;Дата;Вид работы;Отметка;Вес;Школа\n"

    /// A5: a mark is corrected and cleared by another import, and its history shows it.
    @Test func A5_marksAreCorrectedAndCleared() throws {
        let newcomer = try arrive("n-2")
        let path = "/v1/students/\(newcomer)/transferred-marks"
        let row = { (value: String) in Self.header + "n-2;Алгебра;;Текущая;;10.11.2025;Ответ;\(value);1,5;Школа № 5\n" }
        #expect(counts(try send(row("4"))) == [1, 1, 0, 0])
        #expect(counts(try send(row("5"))) == [1, 0, 1, 0])
        let marks = try next.get(path)
        #expect(marks.json["items"]?.array.count == 1)
        let mark = try #require(marks.json["items"]?[0])
        #expect(mark["value"]?["number"]?.int == 5 && double(mark["weight"]) == 1.5)
        #expect(mark["school_name"]?.string == "Школа № 5")
        #expect(
            mark["history"]?.array.map { [$0["from"]?["number"]?.int, $0["to"]?["number"]?.int] } == [
                [nil, 4], [4, 5],
            ])
        #expect(counts(try send(row("нет"))) == [1, 0, 1, 0])
        #expect(try next.get(path).json["items"]?.array.isEmpty == true)
        #expect(counts(try send(row("нет"))) == [1, 0, 0, 1])
        // Two marks of a day for the same kind of work
        let two = row("4") + "n-2;Алгебра;;Текущая;;10.11.2025;Ответ;3;;Школа № 5\n"
        #expect(counts(try send(two)) == [2, 1, 1, 0])
        #expect(counts(try send(two)) == [2, 0, 0, 2])
    }

    @Test func M2_M10_faultsAreNamed() throws {
        _ = try arrive("n-3")
        _ = try arrive("n-4", in: "1А")
        let rows = [
            "nobody;Алгебра;;Годовая;;;;4;;", "n-3;Ботаника;;Годовая;;;;4;;", "n-3;Алгебра;1999/2000;Годовая;;;;4;;",
            "n-3;Алгебра;;Четверть;;;;4;;", "n-3;Алгебра;;Триместр;1;;;4;;", "n-3;Алгебра;;Текущая;;;;4;;Школа",
            "n-3;Алгебра;;Текущая;;10.11.2025;;4;;", "n-3;Алгебра;;Текущая;;01.12.2025;;4;;Школа",
            "n-3;Алгебра;;Текущая;;10.11.2025;;н/а;;Школа", "n-3;Алгебра;;Текущая;;10.11.2024;;4;;Школа",
            "n-3;Алгебра;;Текущая;;10.11.2025;;1;;Школа", "n-3;Алгебра;;Текущая;;10.09.2025;;4;;Школа",
            "n-4;Математика;;Текущая;;10.11.2025;;5;;Школа", "n-4;Математика;;Годовая;;;;5;;",
            "n-3;Геометрия;;Годовая;;;;5;;", "n-3;Геометрия;;Годовая;;;;4;;", "n-3;Геометрия;;Год;;;;9;;",
            "n-3;Геометрия;;Текущая;;10.11.2025;;5;много;Школа",
        ]
        let answer = try send(Self.header + rows.joined(separator: "\n") + "\n")
        #expect(answer.status == 422)
        let told = faults(answer)
        let wanted = [
            "/rows/2/student unknown_child", "/rows/3/subject unknown_subject", "/rows/4/academic_year unknown_year",
            "/rows/5/number required", "/rows/6/number unknown_term", "/rows/7/date required",
            "/rows/8/school required",
            "/rows/9/date in_the_future", "/rows/10/value value_not_allowed", "/rows/11/date outside_year",
            "/rows/12/value value_not_allowed", "/rows/13/date edit_window_closed", "/rows/14/value marks_not_allowed",
            "/rows/15/value marks_not_allowed", "/rows/17/student repeated", "/rows/18/value not_one_of",
            "/rows/18/student repeated",
            "/rows/19/weight not_a_weight",
        ]
        #expect(told == wanted)
        #expect(answer.json["errors"]?.array.allSatisfy { $0["detail"]?.string != "Неверное значение." } == true)
    }

    /// A final mark of this school is not changed by a file.
    @Test func M10_ownFinalsStay() throws {
        let final = try other(
            """
            SELECT j.name, t.ordinal, x.student_id, x.number FROM final_marks x
            JOIN subjects j ON j.school_id = x.school_id AND j.id = x.subject_id
            JOIN terms t ON t.school_id = x.school_id AND t.id = x.term_id AND t.kind = 'quarter'
            WHERE x.school_id = $1 AND x.number = 4 ORDER BY x.id LIMIT 1
            """)[0]
        _ = try other("UPDATE users SET external_id = 'own-1' WHERE school_id = $1 AND id = $2", final[2]!)
        let answer = try send(Self.header + "own-1;\(final[0]!);;Четверть;\(final[1]!);;;5;;\n")
        #expect(faults(answer) == ["/rows/2/value own_final"], "\(answer.text)")
    }

    @Test func A1_othersGetNoSheet() throws {
        let path = "/v1/students/\(ids.child)/transfer-sheet"
        for login in ["admin", "parent", "student"] { #expect(try server.client(login).get(path).status == 403) }
        #expect(try next.get(path).status == 404)
        #expect(try server.client("teacher").get(path).status == 200)
        #expect(try server.client("teacher").get("/v1/students/\(ids.firstGrader)/transfer-sheet").status == 404)
        #expect(try deputy.get(path + "?on=2025-10-01").json["term"]?["ordinal"]?.int == 1)
        #expect(try deputy.get(path + "?on=2001-10-01").json["academic_year"]?.isNull == true)
        #expect(try deputy.get(path + "?on=2001-10-01&format=csv").status == 200)
    }
}
