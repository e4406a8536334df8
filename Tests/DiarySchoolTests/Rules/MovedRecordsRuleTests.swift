import DiaryTestSupport
import Testing

/// L5: the records of a backdated class change move to the lessons of the subject on the same days in the new class.
@Suite struct MovedRecordsRuleTests {
    let school: RuleSchool
    private static let class7B = RuleKey(79)
    private static let maths7B = RuleKey(609)
    private static let lesson7B = RuleKey(850)

    /// Another class of grade 7, with a lesson of mathematics on each day of Anna's.
    init() throws {
        school = try RuleSchool()
        try school.run(
            """
            INSERT INTO classes (school_id, id, academic_year_id, grade_level, letter, name)
                VALUES (\(RuleSchool.school), \(Self.class7B), \(RuleKey.year), 7, 'Б', '7Б');
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name)
                VALUES (\(RuleSchool.school), \(Self.maths7B), \(RuleKey.year), \(RuleKey.maths), \(Self.class7B), 'Математика 7Б');
            \(RuleSchool.lesson(Self.lesson7B, of: Self.maths7B, on: "2026-10-14", at: "10:00", to: "10:40"))
            """)
    }

    /// Anna changes class; each record with what became of it.
    private func move(to group: RuleKey = class7B, on day: String = "2026-10-14") throws -> [String?] {
        try school.run(
            """
            \(RuleSchool.update("enrollments", RuleSchool.enrollment(.anna), "ends_on = date '\(day)' - 1"))
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), \(group), '\(day)');
            """)
        return try school.values(
            """
            SELECT date || ' ' || what || ' ' || coalesce(refusal, to_name)
            FROM lyceum.move_records(\(RuleKey.anna), \(RuleKey.class7), '\(day)', 'Приказ № 31')
            """)
    }

    private func stands() throws { try school.run("SET CONSTRAINTS ALL IMMEDIATE") }

    @Test func l5MarkAbsenceAndFeedbackMove() throws {
        try school.run(
            RuleSchool.mark(.anna, at: .recent, .number(4)) + RuleSchool.attendance(.anna, at: .recent)
                + RuleSchool.decision(.anna, at: .recent, "ill")
                    + """
                    INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text) VALUES
                        (\(RuleSchool.school), \(RuleKey.other), \(RuleKey.anna), \(RuleKey.maths7), \(RuleKey.recent), 'Хорошо');
                    """)
        #expect(
            try move() == [
                "2026-10-14 absence Математика 7Б", "2026-10-14 feedback Математика 7Б",
                "2026-10-14 mark Математика 7Б",
            ])
        try stands()
        let marks = """
            SELECT l.id = \(Self.lesson7B) AND i.category_id = \(RuleKey.answer), k.number
            FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
            JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            WHERE k.school_id = \(RuleSchool.school) AND k.student_id = \(RuleKey.anna) ORDER BY 1
            """
        #expect(try school.rows(marks) == [["f", nil], ["t", "4"]])
        #expect(
            try school.rows(
                """
                SELECT lesson_id = \(Self.lesson7B), meaning, decided_meaning FROM attendance
                WHERE school_id = \(RuleSchool.school) AND student_id = \(RuleKey.anna) ORDER BY 1
                """) == [["f", nil, nil], ["t", "absent", "ill"]])
        #expect(
            try school.rows(
                """
                SELECT section_id = \(Self.maths7B), deleted_at IS NULL, text FROM feedback
                WHERE school_id = \(RuleSchool.school) AND student_id = \(RuleKey.anna) ORDER BY 1
                """) == [["f", "f", "Хорошо"], ["t", "t", "Хорошо"]])
    }

    /// A5: the history of the cleared mark and of the new one says why.
    @Test func a5TheHistorySaysThatTheMarkMoved() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent, .number(4)))
        _ = try move()
        #expect(
            try school.rows(
                """
                SELECT old_number, new_number, reason FROM mark_history
                WHERE school_id = \(RuleSchool.school) AND student_id = \(RuleKey.anna)
                ORDER BY reason NULLS FIRST, new_number NULLS FIRST
                """) == [[nil, "4", nil], ["4", nil, "Приказ № 31"], [nil, "4", "Приказ № 31"]])
    }

    /// The second lesson of the day to the second one. Two marks of a lesson need two columns.
    @Test func l5TwoLessonsOfADayStayTwo() throws {
        let (second, column, second7B) = (RuleKey(851), RuleKey(951), RuleKey(852))
        try school.run(
            RuleSchool.lesson(second, of: .maths7, on: "2026-10-14", at: "08:50", to: "09:30")
                + RuleSchool.column(column, at: second, .answer) + RuleSchool.column(RuleKey(953), at: second, .answer)
                    + """
                    INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
                        SELECT \(RuleSchool.school), gen_random_uuid(), c.id, \(RuleKey.anna), 'number', c.number
                        FROM (VALUES (\(column), 5), (\(RuleKey(953)), 3)) c (id, number);
                    """)
        try school.run("SAVEPOINT one_lesson")
        #expect(try move() == ["2026-10-14 mark no_lesson"])
        try school.run("ROLLBACK TO one_lesson")
        try school.run(RuleSchool.lesson(second7B, of: Self.maths7B, on: "2026-10-14", at: "11:00", to: "11:40"))
        #expect(try move() == ["2026-10-14 mark Математика 7Б"])
        try stands()
        #expect(
            try school.rows(
                """
                SELECT i.lesson_id = \(second7B), count(DISTINCT i.id), string_agg(k.number::text, ',' ORDER BY k.number)
                FROM marks k JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id
                WHERE k.school_id = \(RuleSchool.school) AND k.student_id = \(RuleKey.anna) AND k.kind IS NOT NULL
                GROUP BY 1
                """) == [["t", "2", "3,5"]])
    }

    /// No lesson of the subject, a cancelled one, marks before they begin (M1), and a closed lesson (M4).
    @Test func l5ARecordStaysWhereARuleRefusesIt() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        let cases: [(String, RuleKey, String, String)] = [
            ("", .class10, "2026-10-14", "2026-10-14 mark no_lesson"),
            (
                RuleSchool.update("lessons", Self.lesson7B, "state = 'cancelled'"), Self.class7B, "2026-10-14",
                "2026-10-14 mark no_lesson"
            ),
            ("", .class2, "2026-10-14", "2026-10-14 mark marks_not_allowed"),
            (
                "SET LOCAL lyceum.today = '2026-10-29';", Self.class7B, "2026-10-14",
                "2026-10-14 mark edit_window_closed"
            ),
        ]
        for (before, group, day, wanted) in cases {
            try school.run("SAVEPOINT attempt; \(before)")
            #expect(try move(to: group, on: day) == [wanted])
            #expect(try school.refusal(of: "SELECT 1") == SQLRefusal("LYE04", "recorded_days"))
            try school.run("ROLLBACK TO attempt")
        }
    }
}
