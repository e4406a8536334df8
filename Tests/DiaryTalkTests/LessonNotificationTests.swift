import DiaryTestSupport
import Testing

/// C3: substitutions, and lessons that are moved or cancelled. `tomorrow` is a lesson of class 7 on 16 October.
@Suite struct LessonNotificationTests {
    let school: ToldSchool

    init() throws {
        school = try ToldSchool()
        try school.told(
            """
            INSERT INTO user_roles (school_id, user_id, role) VALUES
                (\(RuleSchool.school), \(RuleKey.deputyHead), 'deputy_head'),
                (\(RuleSchool.school), \(RuleKey.teacher), 'teacher');
            INSERT INTO bell_slots (school_id, bell_schedule_id, slot, starts_at, ends_at) VALUES
                (\(RuleSchool.school), \(RuleKey.bells), 1, '08:00', '08:40'), (\(RuleSchool.school), \(RuleKey.bells), 2, '08:50', '09:30');
            \(RuleSchool.update("lessons", .tomorrow, "bell_schedule_id = \(RuleKey.bells)"))
            """)
    }

    private func told(_ sql: String, today: String = "2026-10-15") throws -> [String] {
        try school.told(sql, by: .deputyHead, today: today)
    }

    private static func substitution(_ kind: String, _ fields: [String: String] = [:], of lesson: RuleKey = .tomorrow)
        -> String
    {
        let names = fields.keys.sorted()
        let columns = (["school_id", "id", "lesson_id", "kind"] + names).joined(separator: ", ")
        let values = [RuleSchool.school, "\(RuleKey.new)", "\(lesson)", "'\(kind)'"] + names.map { fields[$0]! }
        return "INSERT INTO substitutions (\(columns)) VALUES (\(values.joined(separator: ", ")));"
    }

    private static let pupils = ["Anna", "Boris", "Vera"]
    private static let takeBack = RuleSchool.update("substitutions", .new, "cancelled_at = now()")

    static let kinds: [(kind: String, fields: [String: String], told: String, teachers: [String])] = [
        ("replace", ["teacher_id": "\(RuleKey.substitute)"], "substitution", ["substitute", "teacher"]),
        ("replace", ["room_id": "\(RuleKey.hall)"], "substitution", ["teacher"]),
        ("move", ["date": "'2026-10-17'", "slot": "2"], "lesson_moved", ["teacher"]),
        ("cancel", [:], "lesson_cancelled", ["teacher"]),
    ]

    @Test(arguments: kinds) func c3_aSubstitutionIsToldToTheClassAndTheTeachers(
        _ kind: String, _ fields: [String: String], _ told: String, _ teachers: [String]
    ) throws {
        let expected = (Self.pupils + teachers).map { "\($0) \(told)" }
        #expect(try self.told(Self.substitution(kind, fields)) == expected)
        #expect(try school.closed() == [])
        // That it is taken back is news, too.
        #expect(try self.told(Self.takeBack) == expected)
        #expect(try school.closed() == expected)
    }

    /// Only the day's sheet is completed.
    @Test func c3_aSubstitutionInThePastIsNotTold() throws {
        #expect(
            try told(Self.substitution("replace", ["teacher_id": "\(RuleKey.substitute)"]), today: "2026-10-17") == [])
    }

    @Test func c3_aLessonIsMovedOrCancelledByHand() throws {
        let change = { RuleSchool.update("lessons", .tomorrow, $0) }
        #expect(try told(change("topic = 'Дроби'")) == [])
        #expect(
            try told(change("date = '2026-10-19'")) == (Self.pupils + ["teacher"]).map { "\($0) lesson_moved" })
        #expect(
            try told(change("state = 'cancelled'")) == (Self.pupils + ["teacher"]).map { "\($0) lesson_cancelled" })
        #expect(
            try told(change("state = 'planned'")) == (Self.pupils + ["teacher"]).map { "\($0) lesson_moved" },
            "it is held after all")
        #expect(try school.closed() == (Self.pupils + ["teacher"]).map { "\($0) lesson_cancelled" })
    }

    /// A generation may change a whole term; families read the timetable.
    @Test func l2_theGenerationOfLessonsIsNotTold() throws {
        let generate = { (daysOff: Bool) in
            "SELECT made, changed, removed FROM lyceum.generate_lessons('2026-11-02', '2026-11-15', NULL, \(daysOff), false)"
        }
        #expect(
            try told(
                """
                INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, starts_on)
                VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.maths7), \(RuleKey.bells), 1, 1, '2026-09-01');
                \(generate(false))
                """) == [])
        let lessons = "SELECT count(*) FROM lessons WHERE timetable_date IS NOT NULL AND state <> 'cancelled'"
        #expect(try school.value(lessons) == "2")
        #expect(try told(RuleSchool.update("timetable_entries", .new, "slot = 2") + generate(false)) == [])
        #expect(try told(generate(true)) == [])
        #expect(try school.value(lessons) == "0")
    }
}
