import DiaryExchange
import DiaryTestSupport
import Postgres
import Testing

@Suite struct PlanImportTests {
    private let school: ImportedSchool
    private let header = "Предмет;Параллель;Раздел;Тема;Часы"

    init() throws { school = try ImportedSchool() }

    private func topics() throws -> [[String?]] {
        try school.rows(
            """
            SELECT u.position, u.title, t.position, t.title, t.hours FROM plan_topics t
            JOIN curriculum_plans p ON p.school_id = t.school_id AND p.id = t.plan_id AND p.title LIKE 'Математика%'
            LEFT JOIN plan_units u ON u.school_id = t.school_id AND u.id = t.unit_id ORDER BY t.position
            """)
    }

    @Test func P1_plansAreDrafts() throws {
        #expect(
            try school.rows("SELECT title, state, section_id, grade_level FROM curriculum_plans ORDER BY 1") == [
                ["Математика, 7 класс", "draft", nil, "7"], ["Робототехника, 7 класс", "draft", nil, "7"],
            ])
        #expect(try topics().map { $0[0] } == ["1", "1", "1", "2"])
        #expect(
            try school.rows(
                "SELECT homework, planned_week, is_control FROM plan_topics WHERE hours <> 2 OR position = 1 ORDER BY position, hours"
            )
                == [[nil, nil, "f"], ["п. 1", "1", "f"], [nil, "3", "t"]])
    }

    @Test func topicsThatAFileLeavesOutMoveToTheEnd() throws {
        let text = [header, "Математика;7;Введение;Новая;0,5", "Математика;7;Степени;Свойства степени;3"]
        let refusal = try #require(throws: ImportRefusal.self) {
            try school.counts(.plans, text[0], text[1], text[2], options: .init())
        }
        #expect(refusal.isShrinking && "\(refusal.faults[0].detail)".contains("leaves out 2 of 4"))
        #expect(try school.counts(.plans, text[0], text[1], text[2]) == [2, 0, 2, 0, 2])
        #expect(
            try topics() == [
                ["1", "Введение", "1", "Новая", "0.5"], ["2", "Степени", "2", "Свойства степени", "3.0"],
                ["2", "Степени", "3", "Контрольная работа", "1.0"], ["3", "Одночлены", "4", "Одночлен", "2.0"],
            ])
        let state = try school.state()
        #expect(try school.counts(.plans, text[0], text[1], text[2]) == [2, 0, 0, 2, 2])
        #expect(try school.state() == state)
    }

    /// Some topics in any order: known ones keep their places, new ones come last, and the rest is unchanged.
    @Test func aPartialFileAddsTopics() throws {
        let before = try topics()
        let text = ["Предмет;Параллель;Раздел;Тема;Часы", "Математика;7;;Одночлен;5", "Математика;7;Итоги;Новая;1"]
        let partial = ImportOptions(isPartial: true)
        #expect(try school.counts(.plans, text[0], text[1], text[2], options: partial) == [2, 1, 1, 0, nil])
        let after = try topics()
        #expect(after.count == 5 && after.prefix(3) == before.prefix(3), "\(after)")
        #expect(Array(after[3][2...]) == ["4", "Одночлен", "5.0"] && Array(after[4][2...]) == ["5", "Новая", "1.0"])
        let state = try school.state()
        #expect(try school.counts(.plans, text[0], text[2], text[1], options: partial) == [2, 0, 0, 2, nil])
        #expect(try school.state() == state)
        // A title that occurs twice needs the topic's id.
        try school.owner.execute("UPDATE plan_topics SET title = 'Одночлен' WHERE title = 'Новая'")
        let refusal = try #require(throws: ImportRefusal.self) {
            try school.counts(.plans, text[0], text[1], text[2], text[2], options: partial)
        }
        #expect(refusal.faults.map { "\($0.row) \($0.code)" } == ["2 ambiguous"])
    }

    @Test func topicsWithCodesMove() throws {
        let header = "Предмет;Параллель;Тема;Код темы"
        func row(_ topic: String) -> String { "Физика;7;\(topic);т\(topic)" }
        #expect(try school.counts(.plans, header, row("1"), row("2"), row("3")) == [3, 3, 0, 0, 0])
        #expect(try school.counts(.plans, header, row("1"), row("4"), row("3"), row("2")) == [4, 1, 1, 2, 0])
        #expect(
            try school.rows("SELECT title, position FROM plan_topics WHERE external_id LIKE 'т%' ORDER BY position")
                == [["1", "1"], ["4", "2"], ["3", "3"], ["2", "4"]])
        #expect(try school.counts(.plans, header, row("1"), row("4"), row("3"), row("2")) == [4, 0, 0, 4, 0])
        #expect(
            try school.faults(.plans, header, "Химия;8;Вещество;т1", "Химия;8;Вещество;т9", "Химия;8;Атом;т9") == [
                "2 topic_id already_exists", "4 topic_id repeated",
            ])
    }

    @Test func P1_approvedPlansAreNotChanged() throws {
        try school.owner.execute("UPDATE curriculum_plans SET state = 'approved', approved_at = now()")
        let state = try school.state()
        #expect(
            try school.counts(
                .plans, header, "Математика;7;Степени;Степень с натуральным показателем;2",
                "Математика;7;;Свойства степени;") == [2, 0, 0, 2, 2])
        #expect(
            try school.faults(
                .plans, header, "Математика;7;Степени;Степень с натуральным показателем;2", "Математика;7;;Свойства;",
                "Математика;7;Другой раздел;Контрольная работа;") == ["3 topic plan_approved", "4 topic plan_approved"])
        #expect(
            try school.faults(
                .plans, header + ";Название", "Робототехника;7;;Первая машина;;Робототехника, 7 класс",
                "Робототехника;7;;Вторая;;")
                == ["3 topic plan_approved"])
        #expect(try school.state() == state)
    }

    @Test func faultsAreNamed() throws {
        #expect(
            try school.faults(
                .plans, "Код;Предмет;Параллель;Тема;Часы;Неделя", ";Нет;7;А;;", ";Физика;12;А;;", ";Физика;7;;;",
                ";Физика;8;А;1,25;46",
                "к1;Химия;8;А;;", "к1;Химия;9;Б;;", ";Химия;8;В;;") == [
                    "2 subject unknown_subject", "3 grade_level out_of_range", "4 topic required", "5 hours not_hours",
                    "5 week out_of_range", "7 title differs", "8 external_id lacks_code",
                ])
    }
}
