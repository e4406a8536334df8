import DiaryTestSupport
import Testing

/// H1: the due date of homework, and where homework is not allowed.
@Suite struct HomeworkRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    static let dueBefore = SQLRefusal("LYH01", "due_before_lesson")
    static let notAllowed = SQLRefusal("LYH01", "homework_not_allowed")

    @Test(arguments: [("2026-10-13", dueBefore), ("2026-10-14", nil), ("2026-10-16", nil)])
    func h1DueNotBeforeTheLesson(_ due: String, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.homework(.recent, of: .maths7, due: due)) == wanted)
        let word = try school.value("SELECT lyceum.homework_refusal(\(school.id), \(RuleKey.recent), '\(due)')")
        #expect(word == wanted?.word)
    }

    @Test func h1ChangedHomeworkIsCheckedToo() throws {
        try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
        let due = { (date: String) in RuleSchool.update("homework", .new, "due_on = '\(date)'") }
        #expect(try school.refusal(of: due("2026-10-14")) == nil)
        #expect(try school.refusal(of: due("2026-10-13")) == Self.dueBefore)
    }

    @Test func h1NoneInTheFirstGradeUnlessTheSchoolAllowsIt() throws {
        let homework = RuleSchool.homework(.firstGrade, of: .maths1, due: "2026-10-16")
        #expect(try school.refusal(of: homework) == Self.notAllowed)
        #expect(try school.refusal(of: RuleSchool.homework(.secondGrade, of: .maths2, due: "2026-10-16")) == nil)
        try school.run(
            "UPDATE school_settings SET homework_in_grade_1 = true WHERE school_id = lyceum.current_school()")
        #expect(try school.refusal(of: homework) == nil)
    }

    @Test func h1OneForAllAndAnyNumberForSomeStudents() throws {
        try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
        let more = RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16", id: .other)
        #expect(try school.refusal(of: more) == .duplicate("homework_one_for_all"))
        let forSome = RuleSchool.update("homework", .new, "for_all = false") + more
        #expect(try school.refusal(of: forSome) == nil)
        let instead = RuleSchool.update("homework", .new, "deleted_at = now()") + more
        #expect(try school.refusal(of: instead) == nil)
    }

    @Test func h1HomeworkBelongsToTheLessonsSectionAndDoesNotMove() throws {
        let foreign = RuleSchool.homework(.recent, of: .club, due: "2026-10-16")
        #expect(
            try school.refusal(of: foreign) == .foreignKey("homework_school_id_lesson_id_section_id_fkey"))
        try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
        let move = RuleSchool.update("homework", .new, "lesson_id = \(RuleKey.substituted)")
        #expect(try school.refusal(of: move) == SQLRefusal("LYL02", "not_movable"))
    }

    @Test func h1CancelledLessonTakesNoHomework() throws {
        let homework = RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16")
        #expect(try school.refusal(of: homework) == nil)
        try school.run(RuleSchool.update("lessons", .recent, "state = 'cancelled'"))
        #expect(try school.refusal(of: homework) == SQLRefusal("LYL02", "lesson_cancelled"))
    }

    @Test func m4HomeworkIsWrittenUntilTheTermCloses() throws {
        let homework = RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16")
        try school.run(homework)
        let delete = RuleSchool.update("homework", .new, "deleted_at = now()")
        for (today, wanted) in [("2026-10-28", nil), ("2026-10-29", SQLRefusal.editWindowClosed)] {
            try school.today(today)
            #expect(try school.refusal(of: delete) == wanted)
            #expect(try school.refusal(of: RuleSchool.homework(.old, of: .maths7, due: today, id: .other)) == wanted)
        }
    }
}
