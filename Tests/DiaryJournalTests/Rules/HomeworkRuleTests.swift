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
        #expect(try school.refusal(of: RuleSchool.homework(.secondGrade, of: .maths2, due: "2027-01-12")) == nil)
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
            #expect(
                try school.refusal(of: RuleSchool.homework(.old, of: .maths7, due: "2026-10-16", id: .other)) == wanted)
        }
    }

    // MARK: H1: the section meets on the due date

    /// Lessons on 14 and 16 October; without a timetable, every school day after the last lesson counts.
    @Test(arguments: [
        ("2026-10-14", nil), ("2026-10-15", SQLRefusal.dueWithoutLesson), ("2026-10-16", nil),
        ("2026-10-17", .dueWithoutLesson), ("2026-10-18", .dueWithoutLesson), ("2026-10-19", nil),
        ("2026-10-26", .dueWithoutLesson), ("2026-11-02", nil), ("2027-06-01", .dueWithoutLesson),
    ])
    func h1DueOnADayWithALesson(_ due: String, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.homework(.recent, of: .maths7, due: due)) == wanted)
        #expect(
            try school.value("SELECT lyceum.due_refusal(\(school.id), \(RuleKey.recent), '\(due)')") == wanted?.word)
    }

    @Test func h1SaturdayCountsInAWeekOfSixDays() throws {
        let homework = RuleSchool.homework(.recent, of: .maths7, due: "2026-10-24")
        #expect(try school.refusal(of: homework) == .dueWithoutLesson)
        try school.run("UPDATE school_settings SET six_day_grade_levels = '{7}' WHERE school_id = \(school.id)")
        #expect(try school.refusal(of: homework) == nil)
    }

    /// The timetable has Tuesdays from 20 October on.
    @Test(arguments: [
        ("2026-10-19", SQLRefusal?.some(.dueWithoutLesson)), ("2026-10-20", nil), ("2026-10-27", .dueWithoutLesson),
        ("2026-11-03", nil), ("2026-11-04", .dueWithoutLesson),
    ])
    func h1TheTimetableDecidesAfterTheLastLesson(_ due: String, _ wanted: SQLRefusal?) throws {
        try school.run(Self.timetable)
        #expect(try school.refusal(of: RuleSchool.homework(.recent, of: .maths7, due: due)) == wanted)
    }

    private static let timetable = """
        INSERT INTO bell_slots (school_id, bell_schedule_id, slot, starts_at, ends_at)
            VALUES (\(RuleSchool.school), \(RuleKey.bells), 3, '10:00', '10:40');
        INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, starts_on)
            VALUES (\(RuleSchool.school), \(RuleKey(961)), \(RuleKey.maths7), \(RuleKey.bells), 2, 3, '2026-10-19');
        """

    @Test func h1TheNextLessonIsTheFirstThatExistsElseOfTheTimetable() throws {
        func next(_ day: String) throws -> String? {
            try school.value("SELECT lyceum.next_meeting(\(school.id), \(RuleKey.maths7), '\(day)')")
        }
        #expect(try next("2026-10-14") == "2026-10-16")
        #expect(try next("2026-10-16") == nil)
        try school.run(Self.timetable)
        #expect(try next("2026-10-16") == "2026-10-20")
        try school.run(RuleSchool.update("lessons", .tomorrow, "state = 'cancelled'"))
        #expect(try next("2026-10-14") == "2026-10-20")
    }

    @Test func h1ACancelledLessonLeavesTheDueDateButTakesNoNewOne() throws {
        try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
        try school.run(RuleSchool.update("lessons", .tomorrow, "state = 'cancelled'"))
        #expect(try school.refusal(of: RuleSchool.update("homework", .new, "text = '№ 18'")) == nil)
        let other = RuleSchool.homework(.substituted, of: .maths7, due: "2026-10-16", id: .other)
        #expect(try school.refusal(of: other) == .dueWithoutLesson)
    }

    // MARK: H2, A1: completions

    private static func completion(_ student: RuleKey) -> String {
        """
        INSERT INTO homework_completions (school_id, homework_id, student_id)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(student));
        """
    }

    @Test func h2AFamilyMarksTheHomeworkOfItsOwnStudent() throws {
        let notFound = SQLRefusal("LYH02", "not_found")
        try school.run(
            RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16")
                + RuleSchool.guardianship(.mother, from: "2026-09-01", id: RuleKey(971))
                + RuleSchool.guardianship(.father, access: "none", from: "2026-09-01", id: RuleKey(972)))
        for (person, student, wanted) in [
            (RuleKey.anna, RuleKey.anna, SQLRefusal?.none), (.mother, .anna, nil), (.father, .anna, notFound),
            (.uncle, .anna, notFound), (.mother, .boris, notFound), (.boris, .anna, notFound),
            (.teacher, .anna, notFound), (.homePupil, .homePupil, notFound), (.leaver, .leaver, notFound),
        ] {
            try school.set("user_id", to: person.uuid)
            #expect(try school.refusal(of: Self.completion(student)) == wanted, "\(person) for \(student)")
        }
        try school.set("user_id", to: RuleKey.mother.uuid)
        try school.run(Self.completion(.anna))
        let doer = try school.value("SELECT done_by FROM homework_completions WHERE school_id = \(school.id)")
        #expect(doer == RuleKey.mother.uuid)
        let undo = "DELETE FROM homework_completions WHERE school_id = \(school.id)"
        try school.set("user_id", to: RuleKey.father.uuid)
        #expect(try school.refusal(of: undo) == notFound)
        try school.set("user_id", to: RuleKey.anna.uuid)
        #expect(try school.refusal(of: undo) == nil)
    }

    @Test func h2HomeworkForSomeIsMarkedByTheseOnly() throws {
        try school.run(
            """
            \(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
            UPDATE homework SET for_all = false WHERE school_id = \(school.id);
            INSERT INTO homework_students (school_id, homework_id, student_id)
                VALUES (\(school.id), \(RuleKey.new), \(RuleKey.anna));
            """)
        try school.set("user_id", to: RuleKey.boris.uuid)
        #expect(try school.refusal(of: Self.completion(.boris)) == SQLRefusal("LYH02", "not_found"))
        try school.set("user_id", to: RuleKey.anna.uuid)
        #expect(try school.refusal(of: Self.completion(.anna)) == nil)
    }

    @Test func m4StudentsOfHomeworkChangeUntilTheTermCloses() throws {
        try school.run(
            """
            \(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
            UPDATE homework SET for_all = false WHERE school_id = \(school.id);
            INSERT INTO homework_students (school_id, homework_id, student_id)
                VALUES (\(school.id), \(RuleKey.new), \(RuleKey.anna)),
                    (\(school.id), \(RuleKey.new), \(RuleKey.boris));
            """)
        let delete = "DELETE FROM homework_students WHERE school_id = \(school.id) AND student_id = \(RuleKey.boris)"
        #expect(try school.refusal(of: delete) == nil)
        try school.today("2026-10-29")
        #expect(try school.refusal(of: delete) == .editWindowClosed)
    }
}
