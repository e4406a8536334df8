import DiaryTestSupport
import Testing

/// M5: a deleted column clears its marks. M4: columns follow the close of the term.
@Suite struct LineItemRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    private static func delete(_ lesson: RuleKey) -> String {
        RuleSchool.update("line_items", lesson.column, "deleted_at = now()")
    }

    @Test func m5MarksOfADeletedColumnBecomeTombstones() throws {
        try school.run(
            RuleSchool.mark(.anna, at: .recent) + RuleSchool.mark(.boris, at: .recent, .owed(until: "2026-10-20")))
        try school.run(Self.delete(.recent))
        let marks = try school.rows(
            "SELECT kind, number, code, due_on, version FROM marks WHERE line_item_id = \(RuleKey.recent.column)")
        #expect(marks == Array(repeating: [nil, nil, nil, nil, "2"], count: 2))
        let history =
            "SELECT count(*) FROM mark_history WHERE line_item_id = \(RuleKey.recent.column) AND new_kind IS NULL"
        #expect(try school.value(history) == "2")
    }

    @Test func m4ColumnIsNotDeletedWhenItsMarksAreClosed() throws {
        try school.today("2026-10-10")
        try school.run(RuleSchool.mark(.anna, at: .old))
        try school.today("2026-10-15")
        let refusal = "SELECT lyceum.line_item_deletion_refusal(\(school.id), \(RuleKey.old.column))"
        #expect(try school.value(refusal) == "edit_window_closed")
        #expect(try school.refusal(of: Self.delete(.old)) == .editWindowClosed)
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-29", to: "2026-09-29", until: "2026-10-15"))
        #expect(try school.value(refusal) == nil)
        #expect(try school.refusal(of: Self.delete(.old)) == nil)
    }

    @Test func m5DeletedColumnDoesNotComeBack() throws {
        try school.run(Self.delete(.recent))
        let restored = RuleSchool.update("line_items", .recent.column, "deleted_at = NULL")
        #expect(try school.refusal(of: restored) == SQLRefusal("LYL02", "line_item_deleted"))
    }

    @Test(arguments: ["weight = 2", "category_id = \(RuleKey.control)", "title = 'Дроби'", "deleted_at = now()"])
    func m4ColumnIsWritableUntilTheTermCloses(_ assignment: String) throws {
        try school.run("UPDATE sections SET hours_per_week = 5 WHERE school_id = lyceum.current_school()")
        for (today, wanted) in [("2026-10-28", nil), ("2026-10-29", SQLRefusal.editWindowClosed)] {
            try school.today(today)
            #expect(
                try school.refusal(of: RuleSchool.update("line_items", .recent.column, assignment)) == wanted,
                "\(today)")
            #expect(try school.refusal(of: RuleSchool.column(.new, at: .recent, .answer)) == wanted)
            // The group of the choir has no grade level, so the close of the semester counts too.
            #expect(try school.refusal(of: RuleSchool.update("line_items", .choirLesson.column, assignment)) == nil)
        }
    }

    @Test func l2CancelledLessonTakesNoColumn() throws {
        try school.run(RuleSchool.update("lessons", .recent, "state = 'cancelled'"))
        #expect(
            try school.refusal(of: RuleSchool.column(.new, at: .recent, .answer))
                == SQLRefusal("LYL02", "lesson_cancelled"))
        #expect(try school.refusal(of: Self.delete(.recent)) == nil)
    }
}
