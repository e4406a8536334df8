import DiaryTestSupport
import Testing

/// M9: where control works may be planned.
@Suite struct ControlWorkRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.run(ControlDay.load)
    }

    private func reasons(_ lesson: RuleKey) throws -> [String?] {
        try school.values(
            """
            SELECT r ->> 'code' FROM jsonb_array_elements(lyceum.control_work_reasons(\(school.id), \(lesson))) r
            """)
    }

    /// The refusal of a control work at the lesson, with its reasons.
    private func expect(_ wanted: [String], at lesson: RuleKey, _ note: String = "") throws {
        #expect(try reasons(lesson) == wanted, "\(note)")
        let refusal = try school.refusal(of: RuleSchool.column(.other, at: lesson))
        #expect(refusal == (wanted.isEmpty ? nil : .controlWorkNotAllowed), "\(note)")
    }

    // MARK: One a day per class

    @Test func m9OneADayPerClass() throws {
        let day = ControlDay(1, "2026-11-10")
        try school.run(day.lessons)
        try expect([], at: day.english)
        try school.run(RuleSchool.column(.new, at: day.maths))
        try expect(["another_that_day"], at: day.english)
        // Another class on that day
        let other = RuleKey(9500)
        try school.run(RuleSchool.lesson(other, of: .maths2, on: "2026-11-10", at: "09:00", to: "09:40"))
        try expect([], at: other)
    }

    /// Parts of a class that write in the same subject write one work; in different subjects they write two.
    @Test(arguments: [(RuleKey.english, [String]()), (.russian, ["another_that_day"])])
    func m9ParallelPartsWriteOneWork(_ subject: RuleKey, _ wanted: [String]) throws {
        let day = ControlDay(1, "2026-11-10")
        let (group, section, lesson) = (RuleKey(9600), RuleKey(9601), RuleKey(9602))
        try school.run(
            day.lessons
                + """
                INSERT INTO groups (school_id, id, academic_year_id, kind, name, grade_level, class_id)
                    VALUES (\(RuleSchool.school), \(group), \(RuleKey.year), 'part', '7А вторая', 7, \(RuleKey.class7));
                INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name, hours_per_week)
                    VALUES (\(RuleSchool.school), \(section), \(RuleKey.year), \(subject), \(group), 'Вторая', 5);
                """ + RuleSchool.member(.vera, of: group, from: "2026-09-01")
                + RuleSchool.lesson(lesson, of: section, on: "2026-11-10", at: "12:00", to: "12:40")
                + RuleSchool.column(.new, at: day.english))
        try expect(wanted, at: lesson)
    }

    @Test func m9ColumnsOfOneLessonAreOneWork() throws {
        let day = ControlDay(1, "2026-11-10")
        try school.run(day.lessons + RuleSchool.column(.new, at: day.maths))
        try expect([], at: day.maths)
    }

    /// The rule concerns the day of the lesson, also when it is recorded afterwards: otherwise nobody would plan.
    @Test func m9HoldsForHeldLessonsToo() throws {
        let day = ControlDay(1, "2026-10-13")
        try school.run(day.lessons + RuleSchool.column(.new, at: day.maths))
        try expect(["another_that_day"], at: day.english)
    }

    // MARK: One per subject in 17 days

    @Test(arguments: [
        ("2026-11-26", ["within_17_days"]), ("2026-11-27", []), ("2026-11-11", ["within_17_days"]),
    ])
    func m9OnePerSubjectIn17Days(_ date: String, _ wanted: [String]) throws {
        let (day, later) = (ControlDay(1, "2026-11-10"), ControlDay(2, date))
        try school.run(day.lessons + later.lessons)
        try school.run("SAVEPOINT before")
        try school.run(RuleSchool.column(.new, at: day.maths))
        try expect(wanted, at: later.maths, "after")
        try expect([], at: later.english, "another subject")
        // The order in which they are planned does not matter.
        try school.run("ROLLBACK TO before")
        try school.run(RuleSchool.column(.new, at: later.maths))
        try expect(wanted, at: day.maths, "before")
    }

    /// Four control works on four days: one a day, but of one subject.
    @Test func m9FourOfASubjectOnFourDays() throws {
        let days = ["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13"].enumerated().map { ControlDay($0 + 1, $1) }
        for day in days { try school.run(day.lessons) }
        try school.run(RuleSchool.column(.new, at: days[0].maths))
        for day in days.dropFirst() { try expect(["within_17_days"], at: day.maths, day.date) }
    }

    @Test func m9TheSubjectOfOtherStudentsDoesNotCount() throws {
        let (day, later) = (ControlDay(1, "2026-11-10"), RuleKey(9500))
        try school.run(
            day.lessons + RuleSchool.column(.new, at: day.maths)
                + RuleSchool.lesson(later, of: .maths2, on: "2026-11-12", at: "09:00", to: "09:40"))
        try expect([], at: later)
    }

    // MARK: The place in the day

    @Test func m9NotInTheFirstOrLastLesson() throws {
        let day = ControlDay(1, "2026-11-10")
        try school.run(day.lessons)
        try expect(["first_lesson"], at: day.first)
        try expect(["last_lesson"], at: day.last)
        // Extracurricular lessons are not part of the day.
        try school.run(RuleSchool.lesson(RuleKey(9500), of: .club, on: "2026-11-10", at: "15:00", to: "15:40"))
        try expect(["last_lesson"], at: day.last)
        // The last lesson is cancelled, so the one before it is the last now.
        try school.run(RuleSchool.update("lessons", day.last, "state = 'cancelled'"))
        try expect(["last_lesson"], at: day.english)
    }

    @Test func m9SectionWithOneLessonAWeekMayStandAnywhere() throws {
        let day = ControlDay(1, "2026-11-10")
        try school.run(day.lessons)
        try school.run(RuleSchool.update("sections", .russian7, "hours_per_week = 1"))
        try expect([], at: day.first)
        // Without the hours, the lessons of the week count.
        try school.run(RuleSchool.update("sections", .russian7, "hours_per_week = NULL"))
        #expect(try reasons(day.first) == ["first_lesson", "over_10_percent"])
        try school.run(RuleSchool.update("lessons", day.last, "state = 'cancelled'"))
        #expect(try reasons(day.first) == ["over_10_percent"])
    }

    @Test func m9DayOfTwoLessonsHasNoOtherPlace() throws {
        let day = ControlDay(1, "2026-11-10")
        try school.run(day.lessons)
        for lesson in [day.first, day.last] {
            try school.run(RuleSchool.update("lessons", lesson, "state = 'cancelled'"))
        }
        try expect([], at: day.maths)
    }

    // MARK: A tenth of the hours

    /// 34 weeks: 17 hours allow one, 20.4 hours allow two.
    @Test(arguments: [("0.5", ["over_10_percent"]), ("0.6", [])])
    func m9AtMostATenthOfTheHours(_ hours: String, _ wanted: [String]) throws {
        let (day, later) = (ControlDay(1, "2026-11-10"), ControlDay(2, "2026-12-10"))
        try school.run(RuleSchool.update("sections", .maths7, "hours_per_week = \(hours)"))
        try school.run(day.lessons + later.lessons + RuleSchool.column(.new, at: day.maths))
        try expect(wanted, at: later.maths)
    }

    // MARK: Overriding

    @Test func m9OnlyADeputyHeadOverrides() throws {
        let day = ControlDay(1, "2026-11-10")
        try school.run(day.lessons)
        let column = RuleSchool.column(.new, at: day.first, override: "Дату назначило министерство")
        #expect(try school.refusal(of: column) == SQLRefusal("LYM06", "forbidden"))
        try school.run(Self.asDeputy(column))
        let row = "SELECT override_reason, overridden_by, planned FROM line_items WHERE id = \(RuleKey.new)"
        #expect(try school.rows(row) == [["Дату назначило министерство", RuleKey.deputyHead.uuid, "t"]])
        let record = """
            SELECT after ->> 'override_reason' FROM audit_log
            WHERE entity = 'line_items' AND entity_id = \(RuleKey.new) AND changed_by = \(RuleKey.deputyHead)
            """
        #expect(try school.values(record) == ["Дату назначило министерство"])
        // The work is allowed, whatever columns it has, but a teacher does not change the reason.
        #expect(try school.refusal(of: RuleSchool.column(.other, at: day.first)) == nil)
        let change = RuleSchool.update("line_items", .new, "override_reason = NULL")
        #expect(try school.refusal(of: change) == SQLRefusal("LYM06", "forbidden"))
        #expect(try school.refusal(of: RuleSchool.update("line_items", .new, "title = 'ВПР'")) == nil)
    }

    static func asDeputy(_ sql: String) -> String {
        """
        INSERT INTO user_roles (school_id, user_id, role)
            VALUES (\(RuleSchool.school), \(RuleKey.deputyHead), 'deputy_head') ON CONFLICT DO NOTHING;
        SET LOCAL lyceum.user_id = '\(RuleKey.deputyHead.uuid)';
        \(sql)
        SET LOCAL lyceum.user_id = '\(RuleKey.teacher.uuid)';
        """
    }

    // MARK: Every way

    @Test func m9CategoryOfAColumnChanges() throws {
        let day = ControlDay(1, "2026-11-10")
        try school.run(day.lessons + RuleSchool.column(.new, at: day.first, .answer))
        let change = RuleSchool.update("line_items", .new, "category_id = \(RuleKey.control)")
        #expect(try school.refusal(of: change) == .controlWorkNotAllowed)
    }

    @Test func m9ControlWorkMovesWithItsLesson() throws {
        let (day, other) = (ControlDay(1, "2026-11-10"), ControlDay(2, "2026-12-01"))
        try school.run(day.lessons + other.lessons + RuleSchool.column(.new, at: day.maths))
        try school.run(RuleSchool.column(.other, at: other.english))
        let move = RuleSchool.update(
            "lessons", day.maths, "date = '2026-12-01', starts_at = '10:45', ends_at = '10:55'")
        #expect(try school.refusal(of: move) == .controlWorkNotAllowed)
        let later = RuleSchool.update(
            "lessons", day.maths, "date = '2026-12-02', starts_at = '10:45', ends_at = '10:55'")
        #expect(try school.refusal(of: later) == nil)
        #expect(
            try school.refusal(
                of: Self.asDeputy(RuleSchool.update("line_items", .new, "override_reason = 'Приказ 17'")) + move) == nil
        )
    }

    @Test func m9CancelledLessonsAndDeletedColumnsDoNotCount() throws {
        let day = ControlDay(1, "2026-11-10")
        try school.run(day.lessons + RuleSchool.column(.new, at: day.maths))
        try expect(["another_that_day"], at: day.english)
        try school.run("SAVEPOINT before")
        try school.run(RuleSchool.update("line_items", .new, "deleted_at = now()"))
        try expect([], at: day.english)
        try school.run("ROLLBACK TO before")
        try school.run(RuleSchool.update("lessons", day.maths, "state = 'cancelled'"))
        try school.run(RuleSchool.column(.other, at: day.english))
        let again = RuleSchool.update("lessons", day.maths, "state = 'planned'")
        #expect(try school.refusal(of: again) == .controlWorkNotAllowed)
    }

    @Test func m9PlannedMeansBeforeTheDay() throws {
        let (day, past) = (ControlDay(1, "2026-11-10"), ControlDay(2, "2026-10-13"))
        try school.run(
            day.lessons + past.lessons + RuleSchool.column(RuleKey(9701), at: day.maths)
                + RuleSchool.column(RuleKey(9702), at: past.maths)
                + RuleSchool.column(RuleKey(9703), at: day.last, .answer))
        #expect(
            try school.values("SELECT planned FROM line_items WHERE id > \(RuleKey(9700)) ORDER BY id") == [
                "t", "f", "f",
            ])
    }
}

/// Lessons of class 7 on a day, at 10:00, 11:00 … : Russian, maths, English, Russian.
struct ControlDay {
    let date: String
    let first: RuleKey
    var maths: RuleKey { RuleKey(first.number + 1) }
    var english: RuleKey { RuleKey(first.number + 2) }
    var last: RuleKey { RuleKey(first.number + 3) }

    init(_ number: Int, _ date: String) {
        self.date = date
        first = RuleKey(9100 + 10 * number)
    }

    var lessons: String {
        zip([RuleKey.russian7, .maths7, .english7, .russian7], 0...).map { section, index in
            RuleSchool.lesson(
                RuleKey(first.number + index), of: section, on: date, at: "\(10 + index):00", to: "\(10 + index):40")
        }.joined()
    }

    /// All sections have five lessons a week, and there is Russian.
    static let load = """
        INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name) VALUES
            (\(RuleSchool.school), \(RuleKey.russian7), \(RuleKey.year), \(RuleKey.russian), \(RuleKey.class7), 'Русский 7А');
        UPDATE sections SET hours_per_week = 5 WHERE school_id = \(RuleSchool.school);
        """
}

extension RuleKey {
    static let russian7 = RuleKey(9050)
}
