import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// The page of a section for the paper archive.
@Suite struct JournalPageTests {
    /// Anna: 5 and, with weight 2, 4: (5 + 8) / 3 = 4.33. Boris was absent at the second lesson and got a 3 after the close.
    @Test func marksAbsencesAndChangesAfterTheClose() async throws {
        let school = try await ReportSchool()
        let teacher = try school.teacher("Соколова")
        let class7A = try school.schoolClass("7А", teacher: teacher)
        let anna = try school.student("Анина", in: class7A)
        let boris = try school.student("Борисов", in: class7A)
        let algebra = try school.section("Алгебра", of: class7A, teacher: teacher, hours: 4)
        let first = try school.lesson(algebra, "2025-09-01", topic: "Степени")
        let second = try school.lesson(algebra, "2025-10-02", topic: "Корни", noHomework: true)
        _ = try school.lesson(algebra, "2025-11-05", topic: "Вторая четверть")
        try school.homework(first, "№ 5", due: "2025-10-02")
        try school.mark(anna, at: first, .number(5))
        try school.mark(anna, at: second, .number(4), weight: "2", column: "Работа")
        let late = try school.mark(boris, at: first, .number(2))
        try school.absence(boris, at: second, "unexcused")
        try school.final(anna, "Алгебра", .term(1), .number(4))
        try Self.correct(late, school)

        let path = "/v1/reports/journal-page?section_id=\(algebra)&term_id=\(try school.term(1))"
        let page = try school.client(teacher, "teacher").get(path).json
        #expect(page["columns"]?.array.map { $0["date"]?.string } == ["2025-09-01", "2025-10-02"])
        let students = page["students"]?.array ?? []
        #expect(students.map { $0["id"]?.string } == [anna, boris])
        #expect(students[0]["average"] == .number("4.33") && students[0]["final"]?["number"]?.int == 4)
        #expect(students[0]["cells"]?.array.map { $0["marks"]?[0]?["number"]?.int } == [5, 4])
        #expect(students[1]["missed"]?.int == 1 && students[1]["final"]?.isNull == true)
        #expect(students[1]["cells"]?[1]?["absence"]?.string == "unexcused")
        let lessons = page["lessons"]?.array ?? []
        #expect(lessons.map { $0["topic"]?.string } == ["Степени", "Корни"])
        #expect(lessons.map { $0["homework"]?.string } == ["№ 5", "не задано"])
        let changes = page["changes"]?.array ?? []
        #expect(changes.count == 1)
        #expect(changes.first?["from"]?["number"]?.int == 2 && changes.first?["to"]?["number"]?.int == 3)
        #expect(changes.first?["reason"]?.string == "По решению комиссии")

        let csv = try school.deputy.get(path + "&format=csv").text
        #expect(csv.hasPrefix("№,Ученик,сентябрь: 01,октябрь: 02,Проп.,Ср.,Итог\r\n"))
        #expect(csv.contains("\r\n2,Борисов\u{A0}И.,3,нп,1,3.00,\r\n"))
        // M1: only absences where there are no marks is a page too.
        #expect(try school.deputy.get(path + "&format=html").text.contains("Страница классного журнала"))
    }

    /// A mark that is changed after the term was closed, under an unlock. The others were written in time.
    private static func correct(_ mark: String, _ school: ReportSchool) throws {
        let root = try BlockingConnection(url: school.server.database.superuserURL)
        try root.execute("UPDATE mark_history SET changed_at = '2025-09-01 12:00+00'")
        let section = try school.owner.query(
            "SELECT l.section_id FROM marks k JOIN line_items i ON i.id = k.line_item_id JOIN lessons l ON l.id = i.lesson_id WHERE k.id = $1",
            [mark]
        ).first
        let deputy = try school.owner.query("SELECT user_id FROM user_roles WHERE role = 'deputy_head'").first
        try school.insert("staff", id: deputy, [])
        try school.insert(
            "unlocks",
            [
                ("section_id", section), ("starts_on", "2025-09-01"), ("ends_on", "2025-10-25"),
                ("reason", "По решению комиссии"), ("expires_on", school.today), ("granted_by", deputy),
            ])
        try school.owner.query("UPDATE marks SET number = 3 WHERE id = $1", [mark])
    }

    /// A class teacher who does not teach the section would see a part of it only.
    @Test func aPageIsForThoseWhoReadAllOfIt() async throws {
        let school = try await ReportSchool()
        let leader = try school.teacher("Ведущая")
        let class7A = try school.schoolClass("7А", teacher: leader)
        let algebra = try school.section("Алгебра", of: class7A, teacher: try school.teacher("Соколова"), hours: 4)
        _ = try school.student("Анина", in: class7A)
        let path = "/v1/reports/journal-page?section_id=\(algebra)"
        #expect(try school.client(leader, "teacher", "class_teacher").get(path).status == 404)
        #expect(try school.deputy.get(path).status == 200)
    }
}
