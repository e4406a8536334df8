import DiaryTestSupport
import Testing

/// M3, M4: feedback, conduct notes and homework for some students concern members on the day, and stay with their
/// student.
@Suite struct FeedbackRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    private static func feedback(
        _ student: RuleKey, _ section: RuleKey = .maths7, at lesson: RuleKey?, _ id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text)
            VALUES (\(RuleSchool.school), \(id), \(student), \(section), \(RuleSchool.sql(lesson)), 'Хорошо');
        """
    }

    private static func note(_ student: RuleKey, on date: String, at lesson: RuleKey? = nil) -> String {
        """
        INSERT INTO conduct_notes (school_id, id, student_id, lesson_id, date, kind, text)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(student), \(RuleSchool.sql(lesson)), '\(date)', 'praise', 'Помог');
        """
    }

    private static func homework(for student: RuleKey, at lesson: RuleKey = .recent) -> String {
        """
        \(RuleSchool.homework(lesson, of: .maths7, due: "2026-10-20"))
        UPDATE homework SET for_all = false;
        INSERT INTO homework_students (school_id, homework_id, student_id)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(student));
        """
    }

    private static func check(_ constraint: String) -> SQLRefusal { SQLRefusal("23514", constraint) }

    @Test(arguments: [
        (feedback(.anna, at: .recent), SQLRefusal?.none), (feedback(.anna, at: nil), nil),
        (feedback(.leaver, at: .substituted), nil), (feedback(.leaver, at: .recent), .notAMember),
        (feedback(.leaver, at: nil), .notAMember), (feedback(.homePupil, at: .recent), .notAMember),
        (feedback(.secondGrader, at: .recent), .notAMember),
        (feedback(.vera, .choir, at: .choirLesson), .notAMember), (feedback(.boris, .choir, at: .choirLesson), nil),
        (note(.anna, on: "2026-10-14", at: .recent), nil), (note(.anna, on: "2026-10-14"), nil),
        (note(.leaver, on: "2026-10-10"), nil), (note(.leaver, on: "2026-10-11"), .notAMember),
        (note(.anna, on: "2026-10-15"), nil), (note(.anna, on: "2026-10-16"), check("conduct_notes_date")),
        (note(.anna, on: "2026-10-16", at: .tomorrow), check("conduct_notes_date")),
        (note(.anna, on: "2026-10-13", at: .recent), check("conduct_notes_lesson_day")),
        (note(.homePupil, on: "2026-10-14", at: .recent), .notAMember),
        (homework(for: .anna), nil), (homework(for: .leaver), .notAMember),
        (homework(for: .leaver, at: .substituted), nil), (homework(for: .secondGrader), .notAMember),
    ])
    func m3OnlyForMembersOnTheDay(_ statement: String, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: statement) == wanted)
    }

    @Test(arguments: [
        ("feedback", "student_id = \(RuleKey.boris)"), ("feedback", "section_id = \(RuleKey.club)"),
        ("feedback", "lesson_id = NULL"), ("feedback", "lesson_id = \(RuleKey.substituted)"),
        ("conduct_notes", "student_id = \(RuleKey.boris)"), ("conduct_notes", "lesson_id = NULL"),
        ("conduct_notes", "date = '2026-10-13'"),
        ("section_teachers", "section_id = \(RuleKey.club)"),
        ("section_teachers", "teacher_id = \(RuleKey.substitute)"),
        ("class_teachers", "class_id = \(RuleKey.class2)"), ("class_teachers", "teacher_id = \(RuleKey.substitute)"),
        ("consents", "student_id = \(RuleKey.boris)"), ("consents", "given_by = \(RuleKey.father)"),
        ("consents", "purpose = 'publication'"),
        ("student_documents", "student_id = \(RuleKey.boris)"), ("promotions", "student_id = \(RuleKey.boris)"),
    ])
    func recordStaysWithItsStudent(_ table: String, _ assignment: String) throws {
        try school.run(
            """
            \(Self.feedback(.anna, at: .recent)) \(Self.note(.anna, on: "2026-10-14", at: .recent))
            INSERT INTO class_teachers (school_id, id, class_id, teacher_id, starts_on)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.class7), \(RuleKey.teacher), '2026-09-01');
            \(RuleSchool.guardianship(.mother, from: "2026-09-01", id: .other))
            INSERT INTO consents (school_id, id, student_id, purpose, given_by, given_on)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), 'photo', \(RuleKey.mother), '2026-10-14');
            INSERT INTO student_documents (school_id, id, student_id, kind, number)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), 'other', '1');
            INSERT INTO promotions (school_id, id, academic_year_id, student_id, decision, decided_on)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.year), \(RuleKey.anna), 'promoted', '2026-10-14');
            """)
        let move = "UPDATE \(table) SET \(assignment) WHERE school_id = \(RuleSchool.school)"
        #expect(try school.refusal(of: move) == SQLRefusal("LYL02", "not_movable"))
    }

    @Test func m4FeedbackIsClosedWithTheTerm() throws {
        try school.run(Self.feedback(.anna, at: .recent))
        try school.run(RuleSchool.update("feedback", .new, "text = 'Отлично'"))
        try school.set("today", to: "2027-05-30")
        #expect(try school.refusal(of: RuleSchool.update("feedback", .new, "text = 'Иначе'")) == .editWindowClosed)
        #expect(try school.refusal(of: RuleSchool.update("feedback", .new, "deleted_at = now()")) == .editWindowClosed)
        #expect(try school.refusal(of: RuleSchool.update("feedback", .new, "published_at = NULL")) == nil)
        #expect(try school.refusal(of: Self.feedback(.boris, at: .recent, .other)) == .editWindowClosed)
    }

    /// The student has left since, so a change is refused, but not the withdrawal.
    @Test func m3FeedbackWithoutALessonIsWithdrawnAfterTheStudentHasLeft() throws {
        try school.today("2026-10-10")
        try school.run(Self.feedback(.leaver, at: nil))
        try school.today("2026-10-15")
        #expect(try school.refusal(of: RuleSchool.update("feedback", .new, "text = 'Отлично'")) == .notAMember)
        #expect(try school.refusal(of: RuleSchool.update("feedback", .new, "deleted_at = now()")) == nil)
    }

    private static func ofTerm(_ student: RuleKey, _ term: RuleKey, _ text: String = "Читает бегло") -> String {
        """
        INSERT INTO feedback (school_id, id, student_id, section_id, term_id, text)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(student),
                \(student == .firstGrader ? RuleKey.maths1 : .maths7), \(term), '\(text)');
        """
    }

    @Test func m3FeedbackForATermConcernsItsMembers() throws {
        #expect(try school.refusal(of: Self.ofTerm(.anna, .quarter1)) == nil)
        // The leaver was a member in the first quarter.
        #expect(try school.refusal(of: Self.ofTerm(.leaver, .quarter1)) == nil)
        #expect(try school.refusal(of: Self.ofTerm(.leaver, .quarter2)) == .notAMember)
        #expect(try school.refusal(of: Self.ofTerm(.homePupil, .quarter1)) == .notAMember)
        // A term of other grades
        #expect(try school.refusal(of: Self.ofTerm(.anna, .semester1)) == SQLRefusal("LYL02", "not_in_section"))
        #expect(try school.refusal(of: Self.ofTerm(.firstGrader, .quarter1, "5")) == .feedbackIsAMark)
        try school.run(Self.ofTerm(.anna, .quarter1))
        #expect(
            try school.refusal(of: RuleSchool.update("feedback", .new, "term_id = \(RuleKey.quarter2)"))
                == SQLRefusal("LYL02", "not_movable"))
        #expect(
            try school.refusal(of: RuleSchool.update("feedback", .new, "lesson_id = \(RuleKey.recent)"))
                == SQLRefusal("LYL02", "not_movable"))
    }

    // MARK: M1: words, not marks

    private static func words(_ text: String, to student: RuleKey, _ section: RuleKey, at lesson: RuleKey?) -> String {
        """
        INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(student), \(section), \(RuleSchool.sql(lesson)), '\(text)');
        """
    }

    static let marks = [
        "5", " 4- ", "5+", "**", "★★★", "😀", "!", "+", "А", "V", "Пять", "Пятёрка!", "пять с плюсом", "На пять",
        "Отлично",
        "хорошо!", "УД.", "зачёт", "Н/А", "н/а", "зач", "точка", "5 баллов", "Оценка 5", "two", "IV",
    ]
    static let texts = [
        "Молодец", "Читает бегло, 5 слов в минуту", "Ты решил две задачи из трёх", "Ок", "Хорошо читаешь, но тихо",
        "Бик яхшы",
    ]

    @Test(arguments: marks) func m1FeedbackThatIsOnlyAMarkIsRefused(_ text: String) throws {
        for (student, section, lesson) in [
            (RuleKey.firstGrader, RuleKey.maths1, RuleKey?.some(.firstGrade)), (.firstGrader, .maths1, nil),
            (.secondGrader, .maths2, .secondGrade), (.anna, .club, .clubLesson),
        ] {
            let statement = Self.words(text, to: student, section, at: lesson)
            #expect(try school.refusal(of: statement) == .feedbackIsAMark, "\(section)")
        }
        // Elsewhere a mark may stand beside it.
        #expect(try school.refusal(of: Self.words(text, to: .anna, .maths7, at: .recent)) == nil)
        try school.today("2027-01-12")
        #expect(try school.refusal(of: Self.words(text, to: .secondGrader, .maths2, at: .secondGradeInJanuary)) == nil)
    }

    @Test(arguments: texts) func m1FeedbackInWordsIsWelcome(_ text: String) throws {
        #expect(try school.refusal(of: Self.words(text, to: .firstGrader, .maths1, at: .firstGrade)) == nil)
    }

    @Test func m1FeedbackIsNotChangedIntoAMarkButDeleted() throws {
        try school.run(Self.words("Молодец", to: .firstGrader, .maths1, at: .firstGrade))
        #expect(try school.refusal(of: RuleSchool.update("feedback", .new, "text = '5'")) == .feedbackIsAMark)
        #expect(try school.refusal(of: RuleSchool.update("feedback", .new, "deleted_at = now()")) == nil)
    }
}
