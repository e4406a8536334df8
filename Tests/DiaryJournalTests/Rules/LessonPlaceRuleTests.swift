import DiaryTestSupport
import Testing

/// L1: where and when a lesson may be.
@Suite struct LessonPlaceRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    static let noTeacherOverlap = SQLRefusal.overlap("lessons_teacher_no_overlap")
    static let noRoomOverlap = SQLRefusal.overlap("lessons_room_no_overlap")
    static let noSectionOverlap = SQLRefusal.overlap("lessons_section_no_overlap")

    /// A lesson on 14 October, when maths of class 7 is in the room from 8:00 to 8:40.
    private static func lesson(
        _ section: RuleKey, _ starts: String, _ ends: String, room: RuleKey? = nil, teacher: RuleKey? = nil
    ) -> String {
        RuleSchool.lesson(of: section, on: "2026-10-14", at: starts, to: ends, room: room, teacher: teacher)
    }

    // MARK: Days

    @Test(arguments: [
        (RuleKey.maths7, "2026-10-24", nil), (.maths7, "2026-10-25", SQLRefusal.lessonOnHoliday),
        (.maths7, "2026-11-01", .lessonOnHoliday), (.maths7, "2026-11-02", nil),
        (.maths1, "2027-02-14", nil), (.maths1, "2027-02-15", .lessonOnHoliday),
        (.maths1, "2027-02-21", .lessonOnHoliday), (.maths2, "2027-02-16", nil),
        (.maths7, "2026-08-31", .lessonOutsideYear), (.maths7, "2026-09-01", nil),
        (.maths7, "2027-05-31", nil), (.maths7, "2027-06-01", .lessonOutsideYear),
    ])
    func l1NoLessonOnAHolidayOrOutsideTheYear(_ section: RuleKey, _ date: String, _ wanted: SQLRefusal?) throws {
        let lesson = RuleSchool.lesson(of: section, on: date, at: "10:00", to: "10:40")
        #expect(try school.refusal(of: lesson) == wanted)
    }

    @Test func l1HolidayMayNotCoverLessons() throws {
        let holiday = """
            INSERT INTO holidays (school_id, id, academic_year_id, name, starts_on, ends_on)
                VALUES (lyceum.current_school(), \(RuleKey.new), \(RuleKey.year), 'Карантин', '2026-10-16', '2026-10-17');
            """
        #expect(try school.refusal(of: holiday) == .lessonOnHoliday)
        #expect(try school.refusal(of: holiday.replacingLessonDays(with: "'2026-10-17', '2026-10-18'")) == nil)
        let cancel = RuleSchool.update("lessons", .tomorrow, "state = 'cancelled'")
        #expect(try school.refusal(of: holiday + cancel) == nil)
        #expect(try school.refusal(of: cancel + holiday) == nil)
        let widen = RuleSchool.update("holidays", .autumnHolidays, "starts_on = '2026-10-16'")
        #expect(try school.refusal(of: widen) == .lessonOnHoliday)
    }

    @Test func l1YearDoesNotShrinkBeforeItsLessons() throws {
        try school.run(RuleSchool.lesson(of: .maths7, on: "2027-05-20", at: "10:00", to: "10:40"))
        let end = { (date: String) in RuleSchool.update("academic_years", .year, "ends_on = '\(date)'") }
        #expect(try school.refusal(of: end("2027-05-20")) == nil)
        #expect(try school.refusal(of: end("2027-05-19")) == .lessonOutsideYear)
    }

    // MARK: Teacher, room, section

    @Test(arguments: [("07:20", "08:00"), ("08:40", "09:20"), ("12:00", "12:40")])
    func l1ConsecutiveLessonsAreAllowed(_ starts: String, _ ends: String) throws {
        #expect(
            try school.refusal(of: Self.lesson(.maths7, starts, ends, room: .room, teacher: .teacher)) == nil)
    }

    @Test(arguments: [
        ("07:30", "08:01"), ("08:00", "08:40"), ("08:10", "08:20"), ("08:39", "09:20"), ("07:00", "12:00"),
    ])
    func l1NoOverlapInTime(_ starts: String, _ ends: String) throws {
        #expect(try school.refusal(of: Self.lesson(.choir, starts, ends, teacher: .teacher)) == Self.noTeacherOverlap)
        #expect(try school.refusal(of: Self.lesson(.choir, starts, ends, room: .room)) == Self.noRoomOverlap)
        #expect(try school.refusal(of: Self.lesson(.maths7, starts, ends)) == Self.noSectionOverlap)
        #expect(try school.refusal(of: Self.lesson(.english7, starts, ends)) == .studentOverlap)
    }

    @Test func l1OtherTeacherInAnotherRoomIsAllowedAtTheSameTime() throws {
        try school.run(
            "INSERT INTO rooms (school_id, id, name) VALUES (lyceum.current_school(), \(RuleKey.new), '102')")
        try school.run(
            """
            INSERT INTO users (school_id, id, last_name, first_name)
                VALUES (lyceum.current_school(), \(RuleKey.other), 'Фамилия', 'Имя');
            INSERT INTO staff (school_id, id) VALUES (lyceum.current_school(), \(RuleKey.other));
            """)
        // Class 10 has no lesson then.
        try school.run(
            """
            INSERT INTO sections (school_id, id, academic_year_id, subject_id, group_id, name) VALUES
                (lyceum.current_school(), \(RuleKey.new), \(RuleKey.year), \(RuleKey.maths), \(RuleKey.class10), '10А')
            """)
        #expect(
            try school.refusal(of: Self.lesson(.new, "08:00", "08:40", room: .new, teacher: .other)) == nil)
    }

    @Test func l1SharedRoomTakesSeveralLessons() throws {
        let lesson = { (room: RuleKey) in Self.lesson(.maths1, "13:10", "13:50", room: room) }
        #expect(try school.refusal(of: lesson(.hall)) == nil)
        try school.run(RuleSchool.lesson(.other, of: .maths2, on: "2026-10-14", at: "13:00", to: "13:40", room: .room))
        #expect(try school.refusal(of: lesson(.room)) == Self.noRoomOverlap)
    }

    @Test func l1RoomWithSimultaneousLessonsStaysShared() throws {
        let unshare = RuleSchool.update("rooms", .hall, "shared = false")
        #expect(try school.refusal(of: unshare) == nil)
        for (id, section) in [(RuleKey.new, RuleKey.maths1), (.other, .maths2)] {
            try school.run(RuleSchool.lesson(id, of: section, on: "2026-10-21", at: "08:00", to: "08:40", room: .hall))
        }
        #expect(try school.refusal(of: unshare) == Self.noRoomOverlap)
    }

    @Test(arguments: [
        ("starts_at = '08:20', ends_at = '09:00'", SQLRefusal.overlap("lessons_teacher_no_overlap")),
        ("starts_at = '08:20', ends_at = '09:00', teacher_id = NULL", .studentOverlap),
        ("starts_at = '08:40', ends_at = '09:20'", nil),
        ("date = '2026-10-16', starts_at = '08:00', ends_at = '08:40'", .studentOverlap),
        ("date = '2026-10-26'", .lessonOnHoliday),
        ("starts_at = '13:00', ends_at = '13:40', teacher_id = \(RuleKey.substitute)", noTeacherOverlap),
        ("date = '2026-10-15', teacher_id = \(RuleKey.substitute)", nil),
    ])
    func l1MovedLessonIsCheckedAgain(_ move: String, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.update("lessons", .clubLesson, move)) == wanted)
    }

    @Test func l1CancelledLessonFreesItsTimeAndDoesNotReturnOverAnother() throws {
        #expect(try school.refusal(of: Self.lesson(.english7, "08:00", "08:40")) == .studentOverlap)
        try school.run(RuleSchool.update("lessons", .recent, "state = 'cancelled'"))
        let back = RuleSchool.update("lessons", .recent, "state = 'planned'")
        #expect(try school.refusal(of: back) == nil)
        try school.run(Self.lesson(.english7, "08:00", "08:40"))
        #expect(try school.refusal(of: back) == .studentOverlap)
    }

    @Test func l1TwoLessonsCanSwapInOneStatement() throws {
        try school.run(RuleSchool.lesson(.new, of: .maths7, on: "2026-10-20", at: "08:00", to: "08:40", room: .room))
        try school.run(RuleSchool.lesson(.other, of: .club, on: "2026-10-20", at: "08:50", to: "09:30", room: .room))
        let swap = """
            UPDATE lessons SET starts_at = CASE id WHEN \(RuleKey.new) THEN time '08:50' ELSE '08:00' END,
                ends_at = CASE id WHEN \(RuleKey.new) THEN time '09:30' ELSE '08:40' END
            WHERE school_id = lyceum.current_school() AND id IN (\(RuleKey.new), \(RuleKey.other))
            """
        #expect(try school.refusal(of: swap) == nil)
        let half = RuleSchool.update("lessons", .new, "starts_at = '08:50', ends_at = '09:30'")
        #expect(try school.refusal(of: half) == Self.noRoomOverlap)
    }

    // MARK: Students

    @Test(arguments: [
        (RuleKey.english7, SQLRefusal?.some(.studentOverlap)),  // a part of the class
        (.choir, .studentOverlap),  // across classes
        (.club, .studentOverlap),  // the whole class
        (.maths1, nil),  // other students
        (.mathsAtHome, nil),  // a student of the class who is taught alone
    ])
    func l1NoOverlapForAStudentThroughGroups(_ section: RuleKey, _ wanted: SQLRefusal?) throws {
        // At 12:00 there is no other lesson.
        try school.run(RuleSchool.lesson(.other, of: .maths7, on: "2026-10-14", at: "12:00", to: "12:40"))
        #expect(try school.refusal(of: Self.lesson(section, "12:10", "12:50")) == wanted)
    }

    @Test(arguments: [("2026-09-01", SQLRefusal.studentOverlap), ("2026-10-14", .studentOverlap), ("2026-10-15", nil)])
    func l1StudentMayNotJoinAGroupWithClashingLessons(_ from: String, _ wanted: SQLRefusal?) throws {
        // On 14 October both class 7 and the home group have a lesson at 8:00.
        #expect(try school.refusal(of: RuleSchool.member(.vera, of: .homeGroup, from: from)) == wanted)
    }

    @Test func l1MembershipMayNotExtendOverAClash() throws {
        try school.run(RuleSchool.member(.vera, of: .homeGroup, from: "2026-10-15"))
        let widen = { (date: String) in RuleSchool.update("group_members", .new, "starts_on = '\(date)'") }
        #expect(try school.refusal(of: widen("2026-10-16")) == nil)
        #expect(try school.refusal(of: widen("2026-10-01")) == .studentOverlap)
    }

    @Test func l1EnrollmentMayNotCauseAClash() throws {
        try school.run(RuleSchool.member(.newcomer, of: .homeGroup, from: "2026-09-01"))
        let enroll = { (date: String) in
            """
            INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
                VALUES (lyceum.current_school(), \(RuleKey.other), \(RuleKey.newcomer), \(RuleKey.class7), '\(date)')
            """
        }
        #expect(try school.refusal(of: enroll("2026-10-14")) == .studentOverlap)
        #expect(try school.refusal(of: enroll("2026-10-15")) == nil)
    }

    // MARK: Merged lessons

    @Test func l1OnlyMergedLessonsMayOverlap() throws {
        let merge = RuleKey(9999)
        // Each shares a teacher, a room or (English) a student with the existing lesson.
        let table: [(RuleKey, RuleKey?, RuleKey?, SQLRefusal)] = [
            (.english7, nil, nil, .studentOverlap), (.choir, .room, nil, Self.noRoomOverlap),
            (.choir, nil, .teacher, Self.noTeacherOverlap),
        ]
        for (section, room, teacher, refusal) in table {
            let lesson = { (merge: RuleKey?) in
                RuleSchool.lesson(
                    .other, of: section, on: "2026-10-14", at: "08:00", to: "08:40", room: room, teacher: teacher,
                    merge: merge)
            }
            try school.run(RuleSchool.update("lessons", .recent, "merge_id = NULL"))
            #expect(try school.refusal(of: lesson(merge)) == refusal)
            try school.run(RuleSchool.update("lessons", .recent, "merge_id = \(merge)"))
            #expect(try school.refusal(of: lesson(nil)) == refusal)
            #expect(try school.refusal(of: lesson(RuleKey(9998))) == refusal)
            #expect(try school.refusal(of: lesson(merge)) == nil)
            let part = RuleSchool.update("lessons", .other, "merge_id = NULL")
            #expect(try school.refusal(of: lesson(merge) + part) == refusal)
        }
        let sameSection = RuleSchool.lesson(of: .maths7, on: "2026-10-14", at: "08:00", to: "08:40", merge: merge)
        #expect(try school.refusal(of: sameSection) == Self.noSectionOverlap)
    }
}

extension String {
    /// Replaces the days of the holiday above.
    fileprivate func replacingLessonDays(with days: String) -> String {
        guard let range = firstRange(of: "'2026-10-16', '2026-10-17'") else { return self }
        return self[..<range.lowerBound] + days + self[range.upperBound...]
    }
}
