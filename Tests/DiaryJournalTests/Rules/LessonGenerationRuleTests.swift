import DiaryTestSupport
import Postgres
import TestSupport
import Testing

/// L2: lessons are made from the timetable, as often as one likes, and what has records stays.
@Suite struct LessonGenerationRuleTests {
    let school: RuleSchool

    /// The second shift.
    private static let second = RuleKey(26)

    init() throws {
        school = try RuleSchool()
        try school.run(Self.bells)
    }

    static let bells = """
        INSERT INTO bell_schedules (school_id, id, academic_year_id, name, shift) VALUES
            (lyceum.current_school(), \(second), \(RuleKey.year), 'Вторая смена', 2);
        INSERT INTO bell_slots (school_id, bell_schedule_id, slot, starts_at, ends_at) VALUES
            (lyceum.current_school(), \(RuleKey.bells), 1, '08:00', '08:40'),
            (lyceum.current_school(), \(RuleKey.bells), 2, '08:50', '09:30'),
            (lyceum.current_school(), \(RuleKey.bells), 3, '09:40', '10:20'),
            (lyceum.current_school(), \(second), 1, '13:00', '13:40');
        """

    /// By default on Mondays; 2, 9 and 16 November are Mondays.
    static func entry(
        _ section: RuleKey, slot: Int = 1, on weekday: Int = 1, week: String = "every", bells: RuleKey = .bells,
        room: RuleKey? = nil, teacher: RuleKey? = nil, from: String = "2026-09-01", to: String? = nil,
        id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO timetable_entries (school_id, id, section_id, bell_schedule_id, weekday, slot, week, room_id, teacher_id,
            starts_on, ends_on)
        VALUES (lyceum.current_school(), \(id), \(section), \(bells), \(weekday), \(slot), '\(week)',
            \(RuleSchool.sql(room)), \(RuleSchool.sql(teacher)), '\(from)', \(to.map { "'\($0)'" } ?? "NULL"));
        """
    }

    static func generation(
        _ from: String, _ to: String, of sections: [RuleKey]? = nil, daysOff: Bool = false, dryRun: Bool = false
    ) -> String {
        let ids = sections.map { "ARRAY[\($0.map { $0.description }.joined(separator: ", "))]" } ?? "NULL"
        return """
            SELECT concat_ws(' ', 'made', g.made, 'changed', g.changed, 'removed', g.removed, 'unchanged', g.unchanged,
                    'kept', g.kept, 'left out', g.left_out),
                (SELECT string_agg(k ->> 'reason', ' ' ORDER BY k ->> 'date') FROM jsonb_array_elements(g.kept_lessons) k),
                (SELECT string_agg(k ->> 'reason', ' ' ORDER BY k ->> 'date') FROM jsonb_array_elements(g.left_out_lessons) k)
            FROM lyceum.generate_lessons('\(from)', '\(to)', \(ids), \(daysOff), \(dryRun)) g;
            """
    }

    private struct Outcome: Equatable {
        var counts: String
        var kept: String?
        var leftOut: String?
    }

    private func generate(
        _ from: String = "2026-11-02", _ to: String = "2026-11-15", of sections: [RuleKey]? = nil,
        daysOff: Bool = false, dryRun: Bool = false
    ) throws -> Outcome {
        let row = try school.rows(Self.generation(from, to, of: sections, daysOff: daysOff, dryRun: dryRun))[0]
        return Outcome(counts: row[0] ?? "", kept: row[1], leftOut: row[2])
    }

    private static func outcome(
        made: Int = 0, changed: Int = 0, removed: Int = 0, unchanged: Int = 0, kept: [String] = [],
        leftOut: [String] = []
    ) -> Outcome {
        Outcome(
            counts: "made \(made) changed \(changed) removed \(removed) unchanged \(unchanged) kept \(kept.count) "
                + "left out \(leftOut.count)",
            kept: kept.isEmpty ? nil : kept.joined(separator: " "),
            leftOut: leftOut.isEmpty ? nil : leftOut.joined(separator: " "))
    }

    /// The lessons that came from the timetable: day, time, state.
    private func lessons(of section: RuleKey = .maths7) throws -> [String] {
        try school.values(
            """
            SELECT concat_ws(' ', to_char(date, 'DD.MM'), to_char(starts_at, 'HH24:MI'),
                CASE state WHEN 'cancelled' THEN state END)
            FROM lessons WHERE school_id = lyceum.current_school() AND section_id = \(section)
                AND timetable_entry_id IS NOT NULL
            ORDER BY date, starts_at
            """
        ).map { $0 ?? "" }
    }

    /// The first lesson that was made from the timetable.
    private func first() throws -> String {
        try #require(
            try school.value(
                "SELECT id FROM lessons WHERE timetable_entry_id IS NOT NULL ORDER BY date, starts_at LIMIT 1"))
    }

    private func update(_ lesson: String, _ assignments: String) throws {
        try school.run(
            "UPDATE lessons SET \(assignments) WHERE school_id = lyceum.current_school() AND id = '\(lesson)'")
    }

    // MARK: What is made

    @Test func l2LessonsAreMadeOnceWithTimeRoomAndTeacher() throws {
        try school.run(Self.entry(.maths7, slot: 2, room: .room))
        #expect(try generate(dryRun: true) == Self.outcome(made: 2))
        #expect(try lessons() == [])
        #expect(try generate() == Self.outcome(made: 2))
        #expect(try generate() == Self.outcome(unchanged: 2))
        #expect(try lessons() == ["02.11 08:50", "09.11 08:50"])
        let row = try school.rows(
            """
            SELECT slot, ends_at, room_id, teacher_id, bell_schedule_id, timetable_entry_id, version FROM lessons
            WHERE timetable_entry_id IS NOT NULL LIMIT 1
            """)[0]
        #expect(
            row == [
                "2", "09:30:00", RuleKey.room.uuid, RuleKey.teacher.uuid, RuleKey.bells.uuid, RuleKey.new.uuid, "1",
            ])
    }

    @Test func l1NothingIsMadeOnHolidaysAndOutsideTheYear() throws {
        try school.run(Self.entry(.maths7, from: "2026-08-01") + Self.entry(.maths1, id: .other))
        #expect(try generate("2026-08-24", "2026-09-07") == Self.outcome(made: 2))
        // 26 October is a holiday.
        #expect(try generate("2026-10-19", "2026-11-02", of: [.maths7]) == Self.outcome(made: 2))
        #expect(try lessons() == ["07.09 08:00", "19.10 08:00", "02.11 08:00"])
        // A holiday of grade 1, from 15 to 21 February.
        #expect(try generate("2027-02-08", "2027-02-22") == Self.outcome(made: 5))
        #expect(try lessons(of: .maths1) == ["07.09 08:00", "08.02 08:00", "22.02 08:00"])
        #expect(try generate("2027-05-31", "2027-06-07") == Self.outcome(made: 2))
    }

    @Test(arguments: [
        (RuleSchool.update("sections", .maths7, "archived_at = '2026-10-01'"), 0),
        (RuleSchool.update("academic_years", .year, "state = 'closed'"), 0),
        ("", 2),
    ])
    func l2ArchivedSectionsAndClosedYearsAreLeftOut(_ change: String, _ made: Int) throws {
        try school.run(Self.entry(.maths7) + change)
        #expect(try generate() == Self.outcome(made: made))
    }

    /// 31 August to 6 September is the first week of the year, so 2 November begins an even one.
    @Test(arguments: [("odd", ["09.11 08:00"]), ("even", ["02.11 08:00"]), ("every", ["02.11 08:00", "09.11 08:00"])])
    func l2OddAndEvenWeeks(_ week: String, _ wanted: [String]) throws {
        try school.run(Self.entry(.maths7, week: week))
        _ = try generate()
        #expect(try lessons() == wanted)
    }

    @Test func l2EntriesHoldForTheirDays() throws {
        try school.run(
            Self.entry(.maths7, to: "2026-12-31") + Self.entry(.maths7, slot: 3, from: "2027-01-11", id: .other))
        #expect(try generate("2026-12-28", "2027-01-18") == Self.outcome(made: 3))
        #expect(try lessons() == ["28.12 08:00", "11.01 09:40", "18.01 09:40"])
    }

    @Test func l2SecondShiftHasItsOwnTimes() throws {
        try school.run(Self.entry(.maths7, bells: Self.second))
        _ = try generate()
        #expect(try lessons() == ["02.11 13:00", "09.11 13:00"])
    }

    /// Maths of class 7 has another lead from 13 October on.
    @Test func l2TeacherIsTheEntrysElseTheLeadOfTheDay() throws {
        try school.run(Self.entry(.maths7, slot: 2) + Self.entry(.maths7, slot: 3, teacher: .substitute, id: .other))
        _ = try generate("2026-10-05", "2026-10-19")
        let teachers = try school.values(
            "SELECT teacher_id FROM lessons WHERE timetable_entry_id IS NOT NULL ORDER BY slot, date")
        let (former, now, own) = (RuleKey.formerTeacher.uuid, RuleKey.teacher.uuid, RuleKey.substitute.uuid)
        #expect(teachers == [former, former, now, own, own, own])
    }

    @Test func l2OnlyTheGivenSections() throws {
        try school.run(Self.entry(.maths7) + Self.entry(.maths1, id: .other))
        #expect(try generate(of: [.maths1]) == Self.outcome(made: 2))
        #expect(try lessons() == [])
        #expect(try generate() == Self.outcome(made: 2, unchanged: 2))
    }

    @Test func l2OtherSchoolsAreNotTouched() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        let neighbour = try school.neighbour()
        try neighbour.enter()
        try neighbour.run(Self.bells + Self.entry(.maths7))
        try school.enter()
        try school.run("DELETE FROM timetable_entries WHERE school_id = lyceum.current_school()")
        #expect(try generate() == Self.outcome(removed: 2))
        try neighbour.enter()
        #expect(try generate() == Self.outcome(made: 2))
    }

    // MARK: After a change of the timetable

    @Test func l2ChangedEntryMovesItsLessons() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        let lesson = try first()
        try school.run(RuleSchool.update("timetable_entries", .new, "slot = 2, room_id = \(RuleKey.hall)"))
        #expect(try generate(dryRun: true) == Self.outcome(changed: 2))
        #expect(try generate() == Self.outcome(changed: 2))
        #expect(try lessons() == ["02.11 08:50", "09.11 08:50"])
        #expect(try first() == lesson)
        #expect(try generate() == Self.outcome(unchanged: 2))
    }

    @Test func l2LessonsWithoutAnEntryAreRemoved() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try school.run(RuleSchool.update("timetable_entries", .new, "ends_on = '2026-11-08'"))
        #expect(try generate() == Self.outcome(removed: 1, unchanged: 1))
        #expect(try lessons() == ["02.11 08:00"])
        try school.run("DELETE FROM timetable_entries")
        #expect(try generate() == Self.outcome(removed: 1))
    }

    /// An import replaces entries: the lessons remain the same.
    @Test func l2ReplacedEntryKeepsItsLessons() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        let lesson = try first()
        try school.run("DELETE FROM timetable_entries")
        try school.run(Self.entry(.maths7, room: .hall, id: .other))
        #expect(try generate() == Self.outcome(changed: 2))
        #expect(try first() == lesson)
        #expect(try generate() == Self.outcome(unchanged: 2))
    }

    @Test func l2MovedBellsMoveLessons() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try school.run("UPDATE bell_slots SET starts_at = '07:30', ends_at = '08:10' WHERE slot = 1")
        #expect(try lessons() == ["02.11 08:00", "09.11 08:00"])
        #expect(try generate() == Self.outcome(changed: 2))
        #expect(try lessons() == ["02.11 07:30", "09.11 07:30"])
    }

    @Test func l2NewLeadTeachesFromThatDayOn() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try school.run(
            """
            UPDATE section_teachers SET ends_on = '2026-11-08' WHERE id = \(RuleKey(702));
            INSERT INTO section_teachers (school_id, id, section_id, teacher_id, starts_on)
                VALUES (lyceum.current_school(), \(RuleKey(703)), \(RuleKey.maths7), \(RuleKey.substitute), '2026-11-09');
            """)
        #expect(try generate() == Self.outcome(changed: 1, unchanged: 1))
        let teachers = try school.values(
            "SELECT teacher_id FROM lessons WHERE timetable_entry_id IS NOT NULL ORDER BY date")
        #expect(teachers == [RuleKey.teacher.uuid, RuleKey.substitute.uuid])
    }

    // MARK: What stays

    enum Record: String, CaseIterable, Sendable {
        case marks, attendance, homework, feedback, columns, topic, held
    }

    private static func record(_ record: Record, at lesson: String) -> String {
        let column = """
            INSERT INTO line_items (school_id, id, lesson_id, section_id)
                VALUES (lyceum.current_school(), \(RuleKey(9801)), '\(lesson)', \(RuleKey.maths7));
            """
        return switch record {
        case .marks:
            column
                + """
                INSERT INTO marks (school_id, id, line_item_id, student_id, kind, number)
                    VALUES (lyceum.current_school(), gen_random_uuid(), \(RuleKey(9801)), \(RuleKey.anna), 'number', 5);
                """
        case .attendance:
            """
            INSERT INTO attendance (school_id, id, lesson_id, student_id, meaning)
                VALUES (lyceum.current_school(), gen_random_uuid(), '\(lesson)', \(RuleKey.anna), 'absent');
            """
        case .homework:
            """
            INSERT INTO homework (school_id, id, lesson_id, section_id, text, due_on)
                VALUES (lyceum.current_school(), gen_random_uuid(), '\(lesson)', \(RuleKey.maths7), '№ 17', '2026-11-30');
            """
        case .feedback:
            """
            INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text)
                VALUES (lyceum.current_school(), gen_random_uuid(), \(RuleKey.anna), \(RuleKey.maths7), '\(lesson)', 'Молодец');
            """
        case .columns: column
        case .topic: "UPDATE lessons SET topic = 'Дроби' WHERE id = '\(lesson)';"
        case .held: "UPDATE lessons SET state = 'held' WHERE id = '\(lesson)';"
        }
    }

    @Test(arguments: Record.allCases) func l2LessonWithRecordsIsKept(_ record: Record) throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try school.today("2026-11-02")
        try school.run(Self.record(record, at: first()))
        try school.run(RuleSchool.update("timetable_entries", .new, "slot = 2"))
        #expect(try generate() == Self.outcome(changed: 1, kept: [record.rawValue]))
        #expect(try lessons() == ["02.11 08:00", "09.11 08:50"])
        try school.run("DELETE FROM timetable_entries")
        #expect(try generate() == Self.outcome(removed: 1, kept: [record.rawValue]))
        #expect(try generate(daysOff: true) == Self.outcome(kept: [record.rawValue]))
        #expect(try lessons() == ["02.11 08:00"])
    }

    @Test(arguments: [
        "room_id = \(RuleKey.hall)", "teacher_id = \(RuleKey.substitute)", "slot = 3", "date = '2026-11-03'",
        "state = 'cancelled'",
    ])
    func l2LessonThatWasChangedByHandIsKept(_ change: String) throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try update(first(), change)
        // A lesson on another day still stands for its day of the timetable.
        #expect(try generate() == Self.outcome(unchanged: 1, kept: ["changed_by_hand"]))
        try school.run(RuleSchool.update("timetable_entries", .new, "slot = 2"))
        #expect(try generate() == Self.outcome(changed: 1, kept: ["changed_by_hand"]))
    }

    /// Where it stands, not where the timetable wants it.
    @Test func l2AKeptLessonIsNamedWithItsPlace() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try update(first(), "date = '2026-11-03', slot = 3")
        try school.run(RuleSchool.update("timetable_entries", .new, "slot = 2"))
        let kept = try school.rows(
            """
            SELECT date, slot FROM lyceum.compared_lessons(\(school.id), '2026-11-02', '2026-11-15', NULL, false)
            WHERE outcome = 'kept'
            """)
        #expect(kept == [["2026-11-03", "3"]])
    }

    @Test func l2LessonsMadeByHandAreNotTouched() throws {
        try school.run(RuleSchool.lesson(of: .maths7, on: "2026-11-02", at: "12:00", to: "12:40"))
        #expect(try generate() == Self.outcome())
        #expect(try generate(daysOff: true) == Self.outcome(kept: ["changed_by_hand"]))
        #expect(try school.value("SELECT count(*) FROM lessons WHERE id = \(RuleKey.new)") == "1")
    }

    /// A lesson that somebody has moved to the day stands there without the timetable, and stands in the way of a holiday.
    @Test func l1DaysOffNameTheLessonsThatWereMovedThere() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try update(first(), "date = '2026-11-10'")
        #expect(try generate("2026-11-10", "2026-11-10", daysOff: true) == Self.outcome(kept: ["changed_by_hand"]))
        #expect(try generate("2026-11-10", "2026-11-10", of: [.maths1], daysOff: true) == Self.outcome())
        // It is named once where the day of the timetable is asked for too.
        #expect(
            try generate("2026-11-02", "2026-11-10", daysOff: true)
                == Self.outcome(removed: 1, kept: ["changed_by_hand"]))
        try update(first(), "state = 'cancelled'")
        #expect(try generate("2026-11-10", "2026-11-10", daysOff: true) == Self.outcome())
    }

    @Test func l2LessonsOfAClosedTermAreKept() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try school.today("2026-12-31")
        try school.run("DELETE FROM timetable_entries")
        #expect(try generate() == Self.outcome(kept: ["edit_window_closed", "edit_window_closed"]))
    }

    /// A cleared record cannot be deleted, so the lesson is cancelled. It returns when the timetable wants it again.
    @Test func l2LessonWithClearedRecordsIsCancelled() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate("2026-11-02", "2026-11-02")
        try school.today("2026-11-02")
        try school.run(Self.record(.attendance, at: first()))
        try school.run("UPDATE attendance SET meaning = NULL")
        try school.run(RuleSchool.update("timetable_entries", .new, "weekday = 2"))
        #expect(try generate("2026-11-02", "2026-11-02") == Self.outcome(removed: 1))
        #expect(try lessons() == ["02.11 08:00 cancelled"])
        #expect(try generate("2026-11-02", "2026-11-02") == Self.outcome())
        try school.run(RuleSchool.update("timetable_entries", .new, "weekday = 1"))
        #expect(try generate("2026-11-02", "2026-11-02") == Self.outcome(changed: 1))
        #expect(try lessons() == ["02.11 08:00"])
    }

    @Test func l2WhatAnArchivedSectionWasTaughtIsHistory() throws {
        try school.run(Self.entry(.maths7))
        _ = try generate()
        try school.run(RuleSchool.update("sections", .maths7, "archived_at = '2026-11-05'"))
        #expect(try generate() == Self.outcome(removed: 1))
        #expect(try lessons() == ["02.11 08:00"])
    }

    // MARK: L1

    /// Vera joins the group at home, whose lessons are at the same time; the timetable does not prevent that.
    @Test func l1LessonThatCollidesIsLeftOut() throws {
        try school.run(Self.entry(.maths7) + Self.entry(.mathsAtHome, id: .other))
        try school.run(RuleSchool.member(.vera, of: .homeGroup, from: "2026-11-09"))
        #expect(try generate() == Self.outcome(made: 3, leftOut: ["student_overlap"]))
        #expect(try lessons() == ["02.11 08:00", "09.11 08:00"])
        #expect(try lessons(of: .mathsAtHome) == ["02.11 08:00"])
        #expect(try generate() == Self.outcome(unchanged: 3, leftOut: ["student_overlap"]))
    }

    @Test(arguments: [
        (RuleSchool.lesson(of: .maths7, on: "2026-11-02", at: "08:10", to: "08:50"), "section_overlap"),
        (
            RuleSchool.lesson(of: .maths1, on: "2026-11-02", at: "08:10", to: "08:50", teacher: .teacher),
            "teacher_overlap"
        ),
        (RuleSchool.lesson(of: .maths1, on: "2026-11-02", at: "08:10", to: "08:50", room: .room), "room_overlap"),
        (RuleSchool.lesson(of: .english7, on: "2026-11-02", at: "08:10", to: "08:50"), "student_overlap"),
    ])
    func l1LessonMadeByHandHasItsPlace(_ lesson: String, _ reason: String) throws {
        try school.run(Self.entry(.maths7, room: .room) + lesson)
        #expect(try generate() == Self.outcome(made: 1, leftOut: [reason]))
        #expect(try lessons() == ["09.11 08:00"])
    }

    @Test func l1SharedRoomsTakeSeveralLessons() throws {
        try school.run(Self.entry(.maths7, room: .hall) + Self.entry(.maths1, room: .hall, id: .other))
        #expect(try generate() == Self.outcome(made: 4))
    }

    /// The lesson with marks keeps the time that the other one is moved to.
    @Test func l1KeptLessonKeepsItsTime() throws {
        try school.run(Self.entry(.maths7) + Self.entry(.english7, slot: 2, id: .other))
        _ = try generate("2026-11-02", "2026-11-02")
        try school.today("2026-11-02")
        try school.run(Self.record(.topic, at: first()))
        try school.run(
            "SET CONSTRAINTS ALL DEFERRED;" + RuleSchool.update("timetable_entries", .new, "slot = 2")
                + RuleSchool.update("timetable_entries", .other, "slot = 1") + "SET CONSTRAINTS ALL IMMEDIATE;")
        #expect(
            try generate("2026-11-02", "2026-11-02")
                == Self.outcome(removed: 1, kept: ["topic"], leftOut: ["student_overlap"]))
        #expect(try lessons() == ["02.11 08:00"])
        #expect(try lessons(of: .english7) == [])
    }

    @Test func l1LessonsTradePlaces() throws {
        try school.run(Self.entry(.maths7, room: .room) + Self.entry(.english7, slot: 2, room: .room, id: .other))
        _ = try generate()
        try school.run(
            "SET CONSTRAINTS ALL DEFERRED;" + RuleSchool.update("timetable_entries", .new, "slot = 2")
                + RuleSchool.update("timetable_entries", .other, "slot = 1") + "SET CONSTRAINTS ALL IMMEDIATE;")
        #expect(try generate() == Self.outcome(changed: 4))
        #expect(try lessons() == ["02.11 08:50", "09.11 08:50"])
    }

    @Test func l2EntryWithoutABellIsLeftOut() throws {
        try school.run(Self.entry(.maths7, slot: 9))
        #expect(try generate() == Self.outcome(leftOut: ["no_such_slot", "no_such_slot"]))
    }

    // MARK: Holidays that come later

    @Test func l1DaysOffMakeRoomForAHoliday() throws {
        let holiday = """
            INSERT INTO holidays (school_id, id, academic_year_id, name, starts_on, ends_on)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.year), 'Карантин', '2026-11-09', '2026-11-09');
            """
        try school.run(Self.entry(.maths7))
        _ = try generate()
        #expect(try school.refusal(of: holiday) == .lessonOnHoliday)
        #expect(try generate("2026-11-09", "2026-11-09", daysOff: true) == Self.outcome(removed: 1))
        try school.run(holiday + "SET CONSTRAINTS ALL IMMEDIATE;")
        #expect(try generate() == Self.outcome(unchanged: 1))
        try school.run("DELETE FROM holidays WHERE id = \(RuleKey.new)")
        #expect(try generate() == Self.outcome(made: 1, unchanged: 1))
    }

    // MARK: L2 and L3 for single lessons

    @Test func l2LessonWithMarksIsNotDeleted() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        let delete = "DELETE FROM lessons WHERE school_id = lyceum.current_school() AND id = \(RuleKey.recent)"
        #expect(try school.refusal(of: delete) == SQLRefusal("LYL02", "lesson_has_records"))
    }

    /// A plan of two topics, the first of which takes two hours.
    @Test func l3NextTopicIsTheFirstWithHoursLeft() throws {
        let (one, two) = (RuleKey(9901), RuleKey(9902))
        // Approved by the command line.
        func load(_ id: RuleKey, of section: RuleKey?, _ topics: [RuleKey]) throws {
            try school.become(.owner)
            try school.set("user_id", to: "")
            try school.run(
                PlanSchool.draft(id, section: section)
                    + topics.enumerated().map { PlanSchool.topic($1, of: id, at: $0 + 1, hours: 2 - $0) }.joined()
                    + PlanSchool.approve(id))
            try school.enter()
        }
        let next = "SELECT lyceum.next_topic(\(school.id), \(RuleKey.maths7))"
        #expect(try school.value(next) == nil)
        try load(RuleKey(9900), of: nil, [one, two])
        #expect(try school.value(next) == one.uuid)
        let topic = { (lesson: RuleKey, topic: RuleKey) in
            RuleSchool.update("lessons", lesson, "plan_topic_id = \(topic)")
        }
        try school.run(topic(.recent, one))
        #expect(try school.value(next) == one.uuid)
        try school.run(topic(.old, one))
        #expect(try school.value(next) == two.uuid)
        // A cancelled lesson does not count.
        try school.run(RuleSchool.update("lessons", .old, "state = 'cancelled'"))
        #expect(try school.value(next) == one.uuid)
        try school.run(topic(.tomorrow, one) + topic(.substituted, two))
        #expect(try school.value(next) == nil)
        // The section's own plan goes before the common one.
        try load(RuleKey(9910), of: .maths7, [RuleKey(9911)])
        #expect(try school.value(next) == RuleKey(9911).uuid)
    }
}

/// L2 under concurrent writes: connections with the server's role, each in its own transaction.
@Suite(.serialized) struct LessonGenerationRaceTests {
    private static let database = Result { try TestDatabase(.migrated) }

    private static let generation = LessonGenerationRuleTests.generation("2026-11-02", "2026-11-15")

    let school: RuleSchool

    init() throws {
        school = try RuleSchool(in: Self.database.get())
        try school.run(LessonGenerationRuleTests.bells + LessonGenerationRuleTests.entry(.maths7, teacher: .teacher))
        try school.commit()
        try school.run("SET ROLE lyceum_owner")
    }

    private func count() throws -> String? {
        try school.value(
            "SELECT count(*) FROM lessons WHERE school_id = \(school.id) AND timetable_entry_id IS NOT NULL")
    }

    @Test func l2TwoGenerationsAtOnceMakeEachLessonOnce() throws {
        #expect(try school.race(Self.generation, then: Self.generation) == nil)
        #expect(try count() == "2")
    }

    @Test func l1GenerationAndALessonByHand() throws {
        let lesson = RuleSchool.lesson(of: .maths1, on: "2026-11-02", at: "08:00", to: "08:40", teacher: .teacher)
        #expect(try school.race(lesson, then: Self.generation) == nil)
        #expect(try count() == "1")
    }

    @Test func l1LessonByHandAfterAGeneration() throws {
        let lesson = RuleSchool.lesson(of: .maths1, on: "2026-11-02", at: "08:00", to: "08:40", teacher: .teacher)
        #expect(
            try school.race(Self.generation, then: lesson) == .overlap("lessons_teacher_no_overlap"))
        #expect(try count() == "2")
    }
}
