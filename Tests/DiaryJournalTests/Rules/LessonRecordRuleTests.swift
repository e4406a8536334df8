import DiaryTestSupport
import Testing

/// L2: a lesson with records stays; L3: when records were first made.
@Suite struct LessonRecordRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    enum Record: CaseIterable, Sendable {
        case mark, clearedMark, attendance, decision, nothing
    }

    private func record(_ record: Record) throws {
        switch record {
        case .mark: try school.run(RuleSchool.mark(.anna, at: .recent))
        case .clearedMark:
            try school.run(RuleSchool.mark(.anna, at: .recent))
            try school.run(RuleSchool.change(.anna, at: .recent, to: .nothing))
        case .attendance: try school.run(RuleSchool.attendance(.anna, at: .recent))
        case .decision: try school.run(RuleSchool.decision(.anna, at: .recent, "ill"))
        case .nothing: break
        }
    }

    // MARK: L2

    @Test(arguments: Record.allCases, ["date = '2026-10-15'", "state = 'cancelled'"])
    func l2LessonWithMarksOrAttendanceStays(_ record: Record, _ change: String) throws {
        try self.record(record)
        let wanted: SQLRefusal? =
            switch record {
            case .mark, .attendance: SQLRefusal("LYL02", "lesson_has_records")
            case .clearedMark, .decision, .nothing: nil
            }
        #expect(try school.refusal(of: RuleSchool.update("lessons", .recent, change)) == wanted)
    }

    @Test func l2LessonWithRecordsMayChangeItsTime() throws {
        try record(.mark)
        let later = RuleSchool.update("lessons", .recent, "starts_at = '09:00', ends_at = '09:40'")
        #expect(try school.refusal(of: later) == nil)
    }

    @Test func l2LessonWithAColumnIsNotDeleted() throws {
        let delete = { (lesson: RuleKey) in
            "DELETE FROM lessons WHERE school_id = lyceum.current_school() AND id = \(lesson)"
        }
        #expect(
            try school.refusal(of: delete(.recent))
                == .foreignKey("line_items_school_id_lesson_id_section_id_fkey"))
        try school.run(RuleSchool.lesson(of: .maths7, on: "2026-10-20", at: "08:00", to: "08:40"))
        #expect(try school.refusal(of: delete(.new)) == nil)
    }

    @Test(arguments: [
        ("lessons", RuleKey.recent, "section_id = \(RuleKey.club)", "not_movable"),
        ("sections", .maths7, "subject_id = \(RuleKey.english)", "not_movable"),
        ("sections", .maths7, "group_id = \(RuleKey.class2)", "not_movable"),
        ("line_items", .recent.column, "lesson_id = \(RuleKey.old)", "not_movable"),
    ])
    func l2SectionSubjectAndColumnAreFixed(_ table: String, _ id: RuleKey, _ change: String, _ word: String) throws {
        #expect(try school.refusal(of: RuleSchool.update(table, id, change)) == SQLRefusal("LYL02", word))
        #expect(try school.refusal(of: RuleSchool.update(table, id, "external_id = 'x'")) == nil)
    }

    @Test func l2TimetableEntryMakesOneLessonPerDay() throws {
        try school.run(
            """
            INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, starts_on)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.maths7), \(RuleKey.bells), 2, 1, '2026-09-01')
            """)
        let make = { (date: String, starts: String) in
            """
            INSERT INTO lessons (school_id, id, section_id, date, slot, starts_at, ends_at, timetable_entry_id)
                VALUES (lyceum.current_school(), gen_random_uuid(), \(RuleKey.maths7), '\(date)', 1, '\(starts)', '11:00',
                    \(RuleKey.new))
            """
        }
        try school.run(make("2026-10-20", "10:20"))
        try school.run("UPDATE lessons SET state = 'cancelled' WHERE timetable_entry_id = \(RuleKey.new)")
        #expect(try school.refusal(of: make("2026-10-20", "10:20")) == .duplicate("lessons_timetable_entry_key"))
        #expect(try school.refusal(of: make("2026-10-27", "10:20")) == .lessonOnHoliday)
        #expect(try school.refusal(of: make("2026-11-03", "10:20")) == nil)
        let again = """
             ON CONFLICT (school_id, timetable_date, timetable_entry_id) WHERE timetable_entry_id IS NOT NULL DO NOTHING
            """
        #expect(try school.affected(by: make("2026-10-20", "10:20") + again) == 0)
        #expect(try school.affected(by: make("2026-11-03", "10:20") + again) == 1)
    }

    @Test func l2LessonIsNotHeldBeforeItsDate() throws {
        let hold = { (lesson: RuleKey) in RuleSchool.update("lessons", lesson, "state = 'held'") }
        #expect(try school.refusal(of: hold(.tomorrow)) == .lessonInFuture)
        #expect(try school.refusal(of: hold(.recent)) == nil)
    }

    // MARK: L3

    @Test func l3TopicKeepsItsFirstTimestamp() throws {
        let stamp = "SELECT topic_first_recorded_at FROM lessons WHERE id = \(RuleKey.recent)"
        #expect(try school.value(stamp) == nil)
        try school.run(RuleSchool.update("lessons", .recent, "topic = 'Дроби'"))
        let first = try #require(try school.value(stamp))
        try school.run(
            RuleSchool.update("lessons", .recent, "topic = 'Десятичные дроби', topic_first_recorded_at = '2030-01-01'"))
        #expect(try school.value(stamp) == first)
        try school.run(RuleSchool.update("lessons", .recent, "topic = NULL, topic_first_recorded_at = NULL"))
        #expect(try school.value(stamp) == first)
    }

    @Test(arguments: [false, true])
    func l3LessonKeepsTheFirstTimestampOfHomework(_ none: Bool) throws {
        let stamp = "SELECT homework_first_recorded_at FROM lessons WHERE id = \(RuleKey.recent)"
        let version = "SELECT version FROM lessons WHERE id = \(RuleKey.recent)"
        #expect(try school.value(stamp) == nil)
        if none {
            try school.run(RuleSchool.update("lessons", .recent, "no_homework = true"))
        } else {
            try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
            // Homework does not change the lesson's version, so a teacher who is editing the lesson can still save.
            #expect(try school.value(version) == "1")
        }
        let first = try #require(try school.value(stamp))
        try school.run(
            RuleSchool.update("lessons", .recent, "no_homework = false, homework_first_recorded_at = '2030-01-01'"))
        #expect(try school.value(stamp) == first)
    }

    @Test(arguments: ["marks", "attendance", "homework"])
    func l3RecordKeepsItsFirstTimestamp(_ table: String) throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try school.run(RuleSchool.attendance(.anna, at: .recent))
        try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
        let stamp = "SELECT first_recorded_at FROM \(table)"
        let first = try #require(try school.value(stamp))
        try school.run("UPDATE \(table) SET first_recorded_at = '2030-01-01'")
        #expect(try school.value(stamp) == first)
    }
}
