import DiaryTestSupport
import JSON
import Postgres
import Testing

/// The diary on paper, the schedule of control works, and the log of substitutions.
@Suite struct DailyReportsTests {
    /// A1, A3, M12: the family sees its own child's week without held-back marks.
    @Test func m12TheDiaryIsForTheFamily() async throws {
        let school = try await ReportSchool()
        let class7A = try school.schoolClass("7А")
        let anna = try school.student("Анина", in: class7A)
        let boris = try school.student("Борисов", in: class7A)
        let mother = try school.guardian("Анина", of: anna)
        let barred = try school.guardian("Анин", of: anna, access: "none")
        let algebra = try school.section("Алгебра", of: class7A, hours: 4)
        let monday = try school.lesson(algebra, "2025-11-10", topic: "Степени")
        let tuesday = try school.lesson(algebra, "2025-11-11", topic: "Корни")
        try school.homework(monday, "№ 5", due: "2025-11-11")
        try school.mark(anna, at: monday, .number(5))
        try school.mark(anna, at: tuesday, .number(2), isHeldBack: true)
        try school.mark(boris, at: monday, .number(3))
        try school.absence(anna, at: tuesday, "late")
        func path(_ student: String) -> String {
            "/v1/reports/student-diary?student_id=\(student)&from=2025-11-10&to=2025-11-16"
        }
        let lessons = try school.client(mother, "guardian").get(path(anna)).json["lessons"]?.array ?? []
        #expect(lessons.map { $0["topic"]?.string } == ["Степени", "Корни"])
        #expect(lessons.map { $0["marks"]?.array.map { $0["number"]?.int } } == [[5], []])
        #expect(lessons.map { $0["homework_due"]?.string } == [nil, "№ 5"])
        #expect(lessons[1]["absence"]?.string == "ОП")
        #expect(try school.client(mother, "guardian").get(path(boris)).status == 404)
        #expect(try school.client(barred, "guardian").get(path(anna)).status == 404)
        let csv = try school.client(anna, "student").get(path(anna) + "&format=csv").text
        #expect(csv.contains("понедельник 10.11,1,Алгебра,Степени,,5,\r\nвторник 11.11,1,Алгебра,Корни,№ 5,,ОП\r\n"))
    }

    /// M9: everybody reads the schedule; works of one student only staff.
    @Test func m9TheScheduleOfControlWorks() async throws {
        let school = try await ReportSchool()
        let class7A = try school.schoolClass("7А")
        let anna = try school.student("Анина", in: class7A)
        let home = try school.student("Домашний", in: class7A, inGroup: false)
        let alone = try school.insert(
            "groups",
            [("academic_year_id", school.year), ("kind", "individual"), ("name", "Домашний"), ("grade_level", "7")])
        try school.insert("group_members", [("group_id", alone), ("student_id", home), ("starts_on", "2025-09-01")])
        let work = try school.owner.query(
            "SELECT id FROM categories WHERE school_id = $1 AND is_control ORDER BY position LIMIT 1",
            [String(school.id)]
        ).first
        let name = try school.owner.query("SELECT name FROM categories WHERE id = $1", [work]).first ?? ""
        let works = [(class7A, "2025-11-10", "Степени"), (alone, "2025-11-12", "\(name) № 2")]
        for (group, date, title) in works {
            let section = try school.section("Алгебра", of: group, hours: 4)
            let lesson = try school.lesson(section, date, slot: 2)
            try school.on(date) {
                try school.insert(
                    "line_items",
                    [
                        ("lesson_id", lesson), ("section_id", section), ("category_id", work), ("title", title),
                        ("weight", "1"),
                    ])
            }
        }
        func dates(_ client: TestClient, _ query: String) throws -> [String?] {
            try client.get("/v1/reports/assessment-schedule?from=2025-11-01&to=2025-11-30" + query).json["works"]?.array
                .map { $0["date"]?.string } ?? []
        }
        #expect(try dates(school.deputy, "") == ["2025-11-10", "2025-11-12"])
        // The name of the category does not stand twice.
        let csv = try school.deputy.get("/v1/reports/assessment-schedule?from=2025-11-01&to=2025-11-30&format=csv").text
        #expect(csv.contains(",\(name): Степени\r\n") && csv.contains(",\(name) № 2\r\n"), "\(csv)")
        #expect(try dates(school.client(anna, "student"), "") == ["2025-11-10"])
        #expect(try dates(school.deputy, "&class_id=\(class7A)") == ["2025-11-10", "2025-11-12"])
        let other = try school.schoolClass("7Б")
        #expect(try dates(school.deputy, "&class_id=\(other)") == [])
        #expect(
            try school.deputy.get("/v1/reports/assessment-schedule?class_id=\(DemoSchoolIDs.nothing)").status == 404)
    }

    /// Petrova gave one lesson for another teacher in November; the one of December is not over yet.
    @Test func theLogCountsLessonsGivenForOthers() async throws {
        let school = try await ReportSchool()
        let sokolova = try school.teacher("Соколова")
        let petrova = try school.teacher("Петрова")
        let class7A = try school.schoolClass("7А")
        let algebra = try school.section("Алгебра", of: class7A, teacher: sokolova, hours: 4)
        let dates = ["2025-11-10", "2025-11-11", "2025-12-08"]
        let lessons = try dates.map {
            try school.lesson(algebra, $0, state: "planned", topic: nil, roll: false, teacher: sokolova)
        }
        for (lesson, date) in zip(lessons, dates) {
            try school.on(date) {
                try school.insert(
                    "substitutions",
                    [("kind", "replace"), ("lesson_id", lesson), ("teacher_id", petrova), ("reason", "Болезнь")])
            }
        }
        try school.owner.query("UPDATE substitutions SET cancelled_at = now() WHERE lesson_id = $1", [lessons[1]])
        let log = try school.deputy.get("/v1/reports/substitution-log?from=2025-11-01&to=2025-12-31").json
        #expect(log["substitutions"]?.array.map { $0["date"]?.string } == ["2025-11-10", "2025-12-08"])
        #expect(log["substitutions"]?[0]?["old_teacher"]?["id"]?.string == sokolova)
        #expect(log["months"]?.array.map { $0["month"]?.string } == ["2025-11"])
        #expect(log["teachers"]?.array.map { $0["id"]?.string } == [petrova])
        #expect(log["teachers"]?[0]?["lessons"]?.int == 1)
        let sheet = try school.deputy.get("/v1/reports/substitution-log?from=2025-11-10&to=2025-11-10&format=csv").text
        #expect(sheet.contains("1,2025-11-10,1,7А,Алгебра,Соколова\u{A0}И.,замещение,Петрова\u{A0}И.,,Болезнь,\r\n"))
    }
}
