import DiaryTestSupport
import Testing

/// M1, M2, M3: which students get marks, and which values.
@Suite struct MarkRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    // MARK: M1

    @Test(arguments: [RuleValue.number(5), .code("pass"), .code("exempt"), .owed(until: "2026-10-20")])
    func m1FirstGradeTakesNoNumberAndNoCode(_ value: RuleValue) throws {
        #expect(try refusal(.firstGrader, .firstGrade, value) == .marksNotAllowed)
        #expect(try refusal(.anna, .recent, value) == nil)
    }

    @Test(arguments: [RuleValue.number(5), .code("pass"), .code("exempt")])
    func m1SecondGradeTakesMarksFromTheSecondHalf(_ value: RuleValue) throws {
        #expect(try refusal(.secondGrader, .secondGrade, value) == .marksNotAllowed)
        try school.today("2027-01-13")
        #expect(try refusal(.secondGrader, .secondGradeInJanuary, value) == nil)
    }

    @Test func m1LessonDateDecidesNotTheDayOfWriting() throws {
        try school.today("2027-01-13")
        try school.run(RuleSchool.unlock(.maths2, from: "2026-10-01", to: "2026-10-31", until: "2027-01-31"))
        #expect(try refusal(.secondGrader, .secondGrade) == .marksNotAllowed)
    }

    @Test(arguments: [("2027-01-12", nil), ("2027-01-13", SQLRefusal.marksNotAllowed)])
    func m1SecondHalfDoesNotMovePastMarks(_ day: String, _ wanted: SQLRefusal?) throws {
        try school.today("2027-01-13")
        try school.run(RuleSchool.mark(.secondGrader, at: .secondGradeInJanuary))
        let move = RuleSchool.update("academic_years", .year, "second_half_starts_on = '\(day)'")
        #expect(try school.refusal(of: move) == wanted)
    }

    @Test func m1ClassKeepsItsGradeLevel() throws {
        let rename = RuleSchool.update("classes", .class2, "name = '2Б', letter = 'Б'")
        #expect(try school.refusal(of: rename) == nil)
        let promote = RuleSchool.update("classes", .class2, "grade_level = 3")
        #expect(try school.refusal(of: promote) == SQLRefusal("LYE01", "class_not_movable"))
    }

    @Test func m1UngradedSectionTakesNoMark() throws {
        #expect(try refusal(.anna, .clubLesson) == .marksNotAllowed)
        try school.run(RuleSchool.update("sections", .club, "grading = 'marks'"))
        #expect(try refusal(.anna, .clubLesson) == nil)
    }

    @Test func m1WrittenFeedbackIsAllowedInTheFirstGrade() throws {
        try school.run(
            """
            INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.firstGrader), \(RuleKey.maths1),
                    \(RuleKey.firstGrade), 'Считает уверенно')
            """)
        #expect(try school.value("SELECT count(*) FROM feedback") == "1")
    }

    @Test func m1OneWrongMarkFailsTheWholeStatement() throws {
        let both = """
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number) VALUES
                (lyceum.current_school(), gen_random_uuid(), \(RuleKey.recent.column), \(RuleKey.anna), 'number', 5),
                (lyceum.current_school(), gen_random_uuid(), \(RuleKey.firstGrade.column), \(RuleKey.firstGrader),
                    'number', 5)
            """
        #expect(try school.refusal(of: both) == .marksNotAllowed)
    }

    // MARK: M2

    @Test(arguments: [
        (RuleValue.number(2), nil), (.number(5), nil), (.number(1), SQLRefusal.valueNotAllowed),
        (.code("pass"), nil), (.code("fail"), nil), (.code("exempt"), nil), (.owed(until: "2026-10-20"), nil),
        (.number(0), .check("marks_value")), (.number(6), .check("marks_value")),
        (.code("not_assessed"), .check("marks_value")), (.code("absent"), .check("marks_value")),
        (.code("owed"), .check("marks_due_on")),
        (.malformed("'number', 5, NULL, '2026-10-20'"), .check("marks_due_on")),
        (.malformed("'number', 4, 'pass', NULL"), .check("marks_value")),
        (.malformed("'number', NULL, NULL, NULL"), .check("marks_value")),
        (.malformed("NULL, 4, NULL, NULL"), .check("marks_value")),
        (.malformed("'word', NULL, NULL, NULL"), .check("marks_value")),
    ])
    func m2ValueIsANumberOfTheScaleOrACode(_ value: RuleValue, _ wanted: SQLRefusal?) throws {
        #expect(try refusal(.anna, .recent, value) == wanted)
    }

    @Test func m2SchoolSetsTheScale() throws {
        #expect(try refusal(.anna, .recent, .number(1)) == .valueNotAllowed)
        try school.run("UPDATE school_settings SET scale_min = 1 WHERE school_id = lyceum.current_school()")
        #expect(try refusal(.anna, .recent, .number(1)) == nil)
    }

    @Test(arguments: [
        (RuleValue.code("pass"), nil), (.code("fail"), nil), (.number(5), SQLRefusal.valueNotAllowed),
        (.code("exempt"), .valueNotAllowed), (.owed(until: "2026-10-20"), .valueNotAllowed),
    ])
    func m2PassFailSectionTakesPassAndFailOnly(_ value: RuleValue, _ wanted: SQLRefusal?) throws {
        #expect(try refusal(.boris, .choirLesson, value) == wanted)
    }

    @Test func m2AChangedMarkIsCheckedToo() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        #expect(try school.refusal(of: RuleSchool.change(.anna, at: .recent, to: .number(4))) == nil)
        #expect(try school.refusal(of: RuleSchool.change(.anna, at: .recent, to: .number(1))) == .valueNotAllowed)
        let upsert = """
            INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
                VALUES (lyceum.current_school(), gen_random_uuid(), \(RuleKey.recent.column), \(RuleKey.anna),
                    'number', 1)
                ON CONFLICT (school_id, line_item_id, student_id) DO UPDATE SET number = excluded.number
            """
        #expect(try school.refusal(of: upsert) == .valueNotAllowed)
    }

    // MARK: M3

    @Test(arguments: [
        (RuleKey.anna, RuleKey.recent, nil),
        (.tenthGrader, .recent, SQLRefusal.notAMember),  // in another class
        (.newcomer, .recent, .notAMember),  // in no class
        (.leaver, .recent, .notAMember),  // left before the lesson
        (.leaver, .substituted, nil),  // left after the lesson
        (.homePupil, .recent, .notAMember),  // in the class, but not in its group
        (.homePupil, .homeLesson, nil),
        (.boris, .choirLesson, nil),  // in a group across classes
        (.anna, .choirLesson, .notAMember),
    ])
    func m3OnlyForMembersOfTheGroupOnTheLessonsDate(_ pupil: RuleKey, _ lesson: RuleKey, _ wanted: SQLRefusal?) throws {
        #expect(try refusal(pupil, lesson, .code("pass")) == wanted)
    }

    @Test func m3StrayMarkCanBeClearedButNotChanged() throws {
        try school.run(RuleSchool.mark(.leaver, at: .substituted))
        try school.run(RuleSchool.update("enrollments", RuleSchool.enrollment(.leaver), "ends_on = '2026-10-08'"))
        let change = RuleSchool.change(.leaver, at: .substituted, to: .number(4))
        #expect(try school.refusal(of: change) == .notAMember)
        let clear = RuleSchool.change(.leaver, at: .substituted, to: .nothing)
        #expect(try school.refusal(of: clear) == nil)
        try school.today("2026-11-20")
        #expect(try school.refusal(of: clear) == .editWindowClosed)
    }

    // MARK: The function that the server calls before it writes

    @Test func m1ToM4RefusalsOfABatchAreInOrder() throws {
        let batch: [(RuleKey, RuleKey, RuleValue, String?)] = [
            (.boris, .recent, .number(5), nil),
            (.firstGrader, .firstGrade, .number(5), "marks_not_allowed"),
            (.tenthGrader, .recent, .number(5), "not_a_member"),
            (.anna, .tomorrow, .number(5), "lesson_in_future"),
            (.anna, .old, .number(5), "edit_window_closed"),
            (.anna, .recent, .number(6), "value_not_allowed"),
            (.anna, .recent, .code("not_assessed"), "value_not_allowed"),
            (.anna, .new, .number(5), "not_found"),
            (.anna, .recent, .nothing, nil),
            (.tenthGrader, .recent, .nothing, "not_a_member"),
            // Boris is in both groups, Anna in one: each membership counts only for its own column.
            (.boris, .choirLesson, .code("pass"), nil),
            (.anna, .choirLesson, .code("pass"), "not_a_member"),
        ]
        let answers = try school.values(
            """
            SELECT r.refusal FROM lyceum.mark_refusals(\(school.id),
                array[\(batch.map { $0.1.column.description }.joined(separator: ", "))],
                array[\(batch.map { $0.0.description }.joined(separator: ", "))],
                array[\(column(0, batch))]::text[], array[\(column(1, batch))]::int[], array[\(column(2, batch))]::text[],
                NULL, NULL) r
            ORDER BY r.ordinal
            """)
        #expect(answers == batch.map(\.3))
    }

    private func column(_ index: Int, _ batch: [(RuleKey, RuleKey, RuleValue, String?)]) -> String {
        batch.map { String($0.2.arguments.split(separator: ", ")[index]) }.joined(separator: ", ")
    }

    @Test func l2CancelledLessonAndDeletedColumnTakeNoMark() throws {
        #expect(try refusal(.anna, .recent) == nil)
        try school.run("SAVEPOINT before")
        try school.run(RuleSchool.update("lessons", .recent, "state = 'cancelled'"))
        #expect(try refusal(.anna, .recent) == SQLRefusal("LYL02", "lesson_cancelled"))
        try school.run("ROLLBACK TO before")
        try school.run(RuleSchool.update("line_items", .recent.column, "deleted_at = now()"))
        #expect(try refusal(.anna, .recent) == SQLRefusal("LYL02", "line_item_deleted"))
    }

    /// The trigger's refusal; the function must return the same.
    private func refusal(_ pupil: RuleKey, _ lesson: RuleKey, _ value: RuleValue = .number(5)) throws -> SQLRefusal? {
        let refusal = try school.refusal(of: RuleSchool.mark(pupil, at: lesson, value))
        if refusal?.state.hasPrefix("LY") ?? true {
            let word = try school.value(
                "SELECT lyceum.mark_refusal(\(school.id), \(lesson.column), \(pupil), \(value.arguments))")
            #expect(word == refusal?.word)
        }
        return refusal
    }
}
