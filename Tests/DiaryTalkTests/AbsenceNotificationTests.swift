import DiaryTestSupport
import Testing

/// C3: an absence in the roll of the day's first lesson without a note is urgent, once a day; other missed lessons are not.
/// Anna's first lesson on 14 October begins at 8:00 (`recent`); the tests add a second one.
@Suite struct AbsenceNotificationTests {
    let school: ToldSchool
    private static let today = "2026-10-14"
    private static let second = RuleKey(851)

    init() throws {
        school = try ToldSchool()
        try school.told(
            RuleSchool.lesson(Self.second, of: .maths7, on: Self.today, at: "09:00", to: "09:40", teacher: .teacher))
    }

    @discardableResult
    private func told(_ sql: String, by person: RuleKey = .teacher, today: String = today) throws -> [String] {
        try school.told(sql, by: person, today: today)
    }

    private static func note(
        _ state: String = "sent", meaning: String? = nil, from starts: String = today, to ends: String = today
    ) -> String {
        """
        INSERT INTO absence_notes (school_id, id, student_id, starts_on, ends_on, reason, state, meaning, by_family)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), '\(starts)', '\(ends)', 'Грипп', '\(state)',
                \(meaning.map { "'\($0)'" } ?? "NULL"), false);
        """
    }

    private static func recode(_ lesson: RuleKey, _ meaning: String?) -> String {
        """
        UPDATE attendance SET meaning = \(meaning.map { "'\($0)'" } ?? "NULL"), code_id = NULL, minutes = NULL
        WHERE school_id = \(RuleSchool.school) AND lesson_id = \(lesson) AND student_id = \(RuleKey.anna);
        """
    }

    @Test func c3_theFirstLessonOfTheDayIsUrgentAndOnlyTheFirst() throws {
        #expect(try told(RuleSchool.attendance(.anna, at: .recent)) == ["Anna first_absence!"])
        #expect(try told(RuleSchool.attendance(.anna, at: Self.second)) == ["Anna absence"])
        #expect(try told(RuleSchool.attendance(.boris, at: Self.second)) == ["Boris absence"])
    }

    @Test func c3_aPastDayIsNotUrgent() throws {
        #expect(try told(RuleSchool.attendance(.anna, at: .recent), today: "2026-10-15") == ["Anna absence"])
    }

    @Test func c3_theFirstLessonIsTheFirstThatIsNotCancelled() throws {
        try told(RuleSchool.update("lessons", .recent, "state = 'cancelled'"))
        #expect(try told(RuleSchool.attendance(.anna, at: Self.second)) == ["Anna first_absence!"])
    }

    @Test func t2_lateAndPresentAreNoAbsences() throws {
        #expect(try told(RuleSchool.attendance(.anna, at: .recent, "late", minutes: 5)) == [])
        #expect(try told(Self.recode(.recent, "absent")) == ["Anna first_absence!"])
    }

    @Test func c3_itIsToldOnceADay() throws {
        #expect(try told(RuleSchool.attendance(.anna, at: .recent)) == ["Anna first_absence!"])
        #expect(try told(Self.recode(.recent, "ill")) == [], "it counts as missed as before")
        #expect(try told(Self.recode(.recent, nil)) == [])
        #expect(try school.closed() == ["Anna first_absence"])
        #expect(try told(Self.recode(.recent, "absent")) == ["Anna absence"])
    }

    @Test func c3_aTransactionThatTakesItBackTellsNothing() throws {
        #expect(try told(RuleSchool.attendance(.anna, at: .recent) + Self.recode(.recent, nil)) == [])
    }

    @Test func c3_aLaterNoteClosesIt() throws {
        #expect(try told(RuleSchool.attendance(.anna, at: .recent)) == ["Anna first_absence!"])
        #expect(try told(Self.note(from: "2026-10-16", to: "2026-10-17"), by: .mother) == [])
        #expect(try school.closed() == [], "about other days")
        #expect(
            try told(
                RuleSchool.update("absence_notes", .new, "starts_on = '2026-10-14'"), by: .mother) == [])
        #expect(try school.closed() == ["Anna first_absence"])
    }

    @Test func c3_theClassTeachersWordClosesIt() throws {
        #expect(try told(RuleSchool.attendance(.anna, at: .recent)) == ["Anna first_absence!"])
        #expect(try told(RuleSchool.word(.anna, on: Self.today, "excused"), by: .classTeacher) == [])
        #expect(try school.closed() == ["Anna first_absence"])
    }

    @Test func c3_aDecisionAboutTheLessonClosesIt() throws {
        try told(RuleSchool.attendance(.anna, at: .recent) + RuleSchool.attendance(.anna, at: Self.second))
        #expect(try told(RuleSchool.decision(.anna, at: .recent, "ill")) == [])
        #expect(try school.closed() == ["Anna first_absence"])
        #expect(try told(RuleSchool.decision(.anna, at: Self.second, "present")) == [])
        #expect(try school.closed() == ["Anna absence", "Anna first_absence"])
    }

    @Test(arguments: ["sent", "accepted"]) func c3_aNoteThatCameBeforeIsNoAlarm(_ state: String) throws {
        let accepted = state == "accepted"
        try told(Self.note(state, meaning: accepted ? "ill" : nil), by: accepted ? .classTeacher : .mother)
        // The family said it, and the class teacher has accepted it: nothing is new.
        #expect(try told(RuleSchool.attendance(.anna, at: .recent)) == (accepted ? [] : ["Anna absence"]))
    }

    @Test func c3_aDeclinedNoteExplainsNothing() throws {
        try told(Self.note(), by: .mother)
        try told(RuleSchool.update("absence_notes", .new, "state = 'declined'"), by: .classTeacher)
        #expect(try told(RuleSchool.attendance(.anna, at: .recent)) == ["Anna first_absence!"])
    }

    /// A note that comes while the roll is written waits for it, and closes what it told.
    @Test func c3_aNoteAtTheSameTimeClosesIt() throws {
        let day = "SET LOCAL lyceum.today = '\(Self.today)';"
        let refusal = try school.school.race(
            "\(day) \(RuleSchool.attendance(.anna, at: .recent))",
            then: "\(day) SET LOCAL lyceum.user_id = '\(RuleKey.mother.uuid)'; \(Self.note())", as: .teacher)
        #expect(refusal == nil)
        #expect(try school.closed() == ["Anna first_absence"])
    }
}
