import DiaryTestSupport
import JSON
import Testing

/// One quarter as a school lives it, through the API, to numbers worked out by hand.
@Suite(.serialized) struct QuarterTests {
    @Test func aQuarterIsLived() async throws {
        let school = try await QuarterSchool()
        var quarter = Quarter(school)
        try quarter.open()
        try quarter.plan()
        try quarter.live()
        try quarter.payDebt()
        try quarter.giveFinals()
        try quarter.closeAndUnlock()
        try quarter.endTheYear()
        try quarter.settleInOctober()
    }
}

/// The quarter, step by step. Marks by number of the lesson, 1 to 24; the 22nd is a control work with double weight.
///
/// - Anna: 5 4→5 5 5 4 5 5, control 4. (5+5+5+5+4+5+5 + 2·4) / 9 = 42/9 = 4.67, which gives 5.
/// - Boris: 2 2 3 2 2 3 2, control 2: 20/9; with a 4 under the unlock 24/10 = 2.4, which gives 2.
/// - Vera: ill at 20 of 24 lessons (83 %), two marks: not assessed.
/// - Gleb: 4 4 5 in 7А, then 5 5 4 4 in 7Б: 31/7 = 4.43, which gives 4.
/// - Dina: 3 4 3 4 3, owed and then paid with 4, 4, control 3: (25 + 2·3) / 9 = 31/9 = 3.44, which gives 3.
///
/// The other quarters are given without lessons, with a reason. Year: Anna (5+5+4+5)/4 = 4.75, 5; Boris (2+2+3+2)/4 = 2.25,
/// 2 and a debt, settled with 3 in October; Dina (3+3+4+4)/4 = 3.5, 4; Gleb (4+4+5+4)/4 = 4.25, 4.
struct Quarter {
    let school: QuarterSchool
    var classA = ""
    var classB = ""
    /// Algebra of 7А and of 7Б.
    var algebraA = ""
    var algebraB = ""
    var students: [String: String] = [:]
    var lessonsA: [String: String] = [:]
    var lessonsB: [String: String] = [:]
    var controlCategory = ""
    /// The topics of the section's own plan, in order.
    var topics: [String] = []

    init(_ school: QuarterSchool) { self.school = school }

    static let dates = QuarterSchool.dates
    private func lesson(_ number: Int) -> String { lessonsA[Self.dates[number - 1]]! }

    // MARK: August

    mutating func open() throws {
        try school.load("classes", "Класс;Классный руководитель\n7А;С\n7Б;П")
        try school.load(
            "students",
            """
            Код;Фамилия;Имя;Класс
            Анна;Аннина;Анна;7А
            Борис;Борисов;Борис;7А
            Вера;Верина;Вера;7А
            Глеб;Глебов;Глеб;7А
            Дина;Динина;Дина;7А
            """)
        try school.load("rooms", "Кабинет\n12\n13")
        try school.load(
            "load",
            """
            Предмет;Класс;Учитель;Часов в неделю
            Алгебра;7А;С;3
            Алгебра;7Б;П;3
            """)
        let week = ["Пн", "Ср", "Пт"]
        try school.load(
            "timetable",
            "Предмет;Класс;День;Урок;Кабинет\n"
                + week.map { "Алгебра;7А;\($0);1;12\nАлгебра;7Б;\($0);2;13" }.joined(separator: "\n"))
        classA = try school.find("/v1/classes", "name", "7А")
        classB = try school.find("/v1/classes", "name", "7Б")
        algebraA = try school.get(school.deputy, "/v1/sections?class_id=\(classA)")["items"]![0]!["id"]!.string!
        algebraB = try school.get(school.deputy, "/v1/sections?class_id=\(classB)")["items"]![0]!["id"]!.string!
        controlCategory = try school.find("/v1/categories", "name", "Контрольная работа")
        for student in try school.get(school.deputy, "/v1/students")["items"]!.array {
            students[student["first_name"]!.string!] = student["id"]!.string!
        }
        #expect(students.count == 5)

        let quarter = #"{"from": "2025-09-01", "to": "2025-10-24"}"#
        let made = try school.deputy.post("/v1/lessons/generation", json: quarter)
        #expect(made.status == 200 && made.json["made"]?.int == 48, "\(made.text)")
        lessonsA = try school.lessons(algebraA)
        lessonsB = try school.lessons(algebraB)
        #expect(lessonsA.keys.sorted() == Self.dates)
    }

    /// P1: the plan of grade 7, 24 topics of an hour each, three in a week; a deputy head approves it, and the teacher
    /// copies it into the section.
    mutating func plan() throws {
        let rows = (1...24).map { "Алгебра;7;Дроби;Тема \($0);1;\(($0 + 2) / 3);\($0 == 22 ? "Да" : "")" }
        try school.load(
            "plans", "Предмет;Параллель;Раздел;Тема;Часы;Неделя;Контрольная\n" + rows.joined(separator: "\n"))
        let base = try #require(
            try school.get(school.deputy, "/v1/curriculum-plans")["items"]?[0]?["id"]?.string)
        let approved = try school.deputy.send(
            "PUT", "/v1/curriculum-plans/\(base)/approval", headers: [("If-Match", "*")])
        #expect(approved.status == 200, "\(approved.text)")
        let copy = try school.sokolova.post(
            "/v1/curriculum-plans/\(base)/copies", json: #"{"section_id": "\#(algebraA)"}"#)
        #expect(copy.status == 201, "\(copy.text)")
        let own = try school.get(school.sokolova, "/v1/curriculum-plans/\(copy.json["id"]?.string ?? "")")
        topics = own["topics"]?.array.compactMap { $0["id"]?.string } ?? []
        #expect(topics.count == 24)
    }

    // MARK: The lessons

    static let marks: [String: [Int: Int]] = [
        "Анна": [2: 5, 5: 4, 8: 5, 11: 5, 14: 4, 17: 5, 20: 5],
        "Борис": [2: 2, 5: 2, 8: 3, 11: 2, 14: 2, 17: 3, 20: 2],
        "Вера": [21: 5, 23: 5],
        "Глеб": [2: 4, 8: 4, 14: 5],
        "Дина": [2: 3, 5: 4, 8: 3, 11: 4, 14: 3, 20: 4],
    ]
    static let control = ["Анна": 4, "Борис": 2, "Дина": 3]
    /// Gleb's marks in 7Б.
    static let later = [16: 5, 18: 5, 20: 4, 22: 4]

    mutating func live() throws {
        for (index, date) in Self.dates.enumerated() {
            let number = index + 1
            if number == 16 { try moveGleb() }
            try school.day(date)
            let teacher = number == 10 ? try substitute() : school.sokolova
            try teach(number, date, by: teacher)
            if number == 6 { try correct() }
        }
    }

    /// L2, A4: at the tenth lesson Petrov teaches 7А; the family sees it, and Sokolova's own lessons stay hers.
    private func substitute() throws -> TestClient {
        let petrov = try school.get(school.petrov, "/v1/me")["user"]?["id"]?.string ?? ""
        let refused = try school.petrov.patch(
            "/v1/sections/\(algebraA)/journal",
            json: #"{"lessons": [{"id": "\#(lesson(10))", "version": 1, "topic": "Т"}]}"#)
        #expect(refused.status == 404, "\(refused.text)")
        let made = try school.deputy.post(
            "/v1/substitutions",
            json: """
                {"kind": "replace", "lesson_id": "\(lesson(10))", "teacher_id": "\(petrov)", "reason": "Больничный лист"}
                """)
        #expect(made.status == 201, "\(made.text)")
        let anna = try school.server.session(of: students["Анна"]!, school: school.id, roles: ["student"])
        let diary = try school.get(
            anna, "/v1/students/\(students["Анна"]!)/diary?from=\(school.today)&to=\(school.today)")
        #expect(diary["lessons"]?[0]?["substitution"]?["kind"]?.string == "replace", "\(diary)")
        #expect(diary["lessons"]?[0]?["teacher"]?["last_name"]?.string == "Петров")
        return school.petrov
    }

    /// One PATCH for everything that happened at the lesson of the day.
    private func teach(_ number: Int, _ date: String, by teacher: TestClient) throws {
        var marks = Self.marks.sorted { $0.key < $1.key }.compactMap { name, marks in
            marks[number].map { mark(lesson(number), name, #"{"kind": "number", "number": \#($0)}"#) }
        }
        var columns: [String] = []
        if number == 17 {
            // M4: may be paid until 29 October, before the term closes on 31 October.
            marks.append(mark(lesson(17), "Дина", #"{"kind": "code", "code": "owed", "due_on": "2025-10-29"}"#))
        }
        if number == 22 {
            let column = "0199fd00-0000-7000-8000-000000000022"
            columns.append(
                """
                {"id": "\(column)", "lesson_id": "\(lesson(22))", "category_id": "\(controlCategory)",
                "title": "Дроби", "weight": 2, "version": 0}
                """)
            marks += Self.control.sorted { $0.key < $1.key }.map { name, number in
                """
                {"line_item_id": "\(column)", "student_id": "\(students[name]!)",
                "value": {"kind": "number", "number": \(number)}, "version": 0}
                """
            }
        }
        let absences =
            number <= 20
            ? [
                """
                {"lesson_id": "\(lesson(number))", "student_id": "\(students["Вера"]!)", "meaning": "ill", "version": 0}
                """
            ] : []
        let homework = number < 24 ? #""homework": {"text": "№ \#(number)"}"# : #""no_homework": true"#
        // The seventh lesson has no topic of the plan.
        let topic = number == 7 ? "" : #", "plan_topic_id": "\#(topics[number - 1])""#
        let version = number == 10 ? 2 : 1
        try school.write(
            teacher, algebraA,
            """
            {"lessons": [{"id": "\(lesson(number))", "version": \(version), "state": "held", "topic": "Тема \(number)"\(topic),
            \(homework), "attendance_taken": true}], "line_items": [\(columns.joined(separator: ","))],
            "marks": [\(marks.joined(separator: ","))], "attendance": [\(absences.joined(separator: ","))]}
            """)
        if let value = Self.later[number] {
            let later = mark(lessonsB[date]!, "Глеб", #"{"kind": "number", "number": \#(value)}"#)
            try school.write(
                school.petrov, algebraB,
                """
                {"lessons": [{"id": "\(lessonsB[date]!)", "version": 1, "state": "held", "topic": "Тема \(number)",
                "attendance_taken": true, "no_homework": true}], "marks": [\(later)]}
                """)
        }
    }

    private func mark(_ lesson: String, _ name: String, _ value: String, version: Int = 0) -> String {
        """
        {"lesson_id": "\(lesson)", "student_id": "\(students[name]!)", "value": \(value), "version": \(version)}
        """
    }

    /// The teacher corrects Anna's 4 of the fifth lesson; with the version of before, the correction is refused (M5).
    private func correct() throws {
        let corrected = mark(lesson(5), "Анна", #"{"kind": "number", "number": 5}"#, version: 1)
        try school.write(school.sokolova, algebraA, #"{"marks": [\#(corrected)]}"#)
        let stale = try school.sokolova.patch(
            "/v1/sections/\(algebraA)/journal",
            json: #"{"marks": [\#(mark(lesson(5), "Анна", #"{"kind": "number", "number": 3}"#, version: 1))]}"#)
        #expect(stale.status == 409 && stale.code == "stale_version", "\(stale.text)")
        #expect(stale.json["errors"]?[0]?["current"]?["value"]?["number"]?.int == 5)
    }

    /// L5: from 6 October on Gleb is in 7Б. A day earlier would leave marks outside, and is refused with their list.
    private func moveGleb() throws {
        func move(_ day: String) throws -> TestClient.Answer {
            try school.deputy.post(
                "/v1/students/\(students["Глеб"]!)/class-changes",
                json: """
                    {"class_id": "\(classB)", "starts_on": "\(day)", "reason": "Приказ № 31", "group_ids": []}
                    """)
        }
        let refused = try move("2025-09-29")
        #expect(refused.status == 409, "\(refused.text)")
        let moved = try move("2025-10-06")
        #expect(moved.status == 201, "\(moved.text)")
    }

    // MARK: After the lessons

    /// M4: the debt of 8 October is paid on its 21st day, although the edit window of 14 days has ended.
    func payDebt() throws {
        try school.day("2025-10-29")
        let other = mark(lesson(17), "Анна", #"{"kind": "number", "number": 4}"#, version: 1)
        let late = try school.sokolova.patch("/v1/sections/\(algebraA)/journal", json: #"{"marks": [\#(other)]}"#)
        #expect(late.status == 409 && late.code == "edit_window_closed", "\(late.text)")
        let paid = mark(lesson(17), "Дина", #"{"kind": "number", "number": 4}"#, version: 1)
        try school.write(school.sokolova, algebraA, #"{"marks": [\#(paid)]}"#)
    }

    /// M4: the term closes on 31 October; a deputy head unlocks its last week, and the history says so.
    func closeAndUnlock() throws {
        try school.day("2025-11-05")
        let added = #"{"marks": [\#(mark(lesson(24), "Борис", #"{"kind": "number", "number": 4}"#))]}"#
        let closed = try school.sokolova.patch("/v1/sections/\(algebraA)/journal", json: added)
        #expect(closed.status == 409 && closed.code == "edit_window_closed", "\(closed.text)")
        let unlock = try school.deputy.post(
            "/v1/sections/\(algebraA)/unlocks",
            json: """
                {"starts_on": "2025-10-20", "ends_on": "2025-10-24", "expires_on": "2025-11-10",
                "reason": "Учитель болел, приказ № 17"}
                """)
        #expect(unlock.status == 201, "\(unlock.text)")
        let written = try school.write(school.sokolova, algebraA, added)
        let id = try #require(written["marks"]?[0]?["id"]?.string)
        let history = try school.get(school.sokolova, "/v1/marks/\(id)/history")
        #expect(history["items"]?[0]?["unlock"]?["id"]?.string == unlock.json["id"]?.string, "\(history)")
    }
}
