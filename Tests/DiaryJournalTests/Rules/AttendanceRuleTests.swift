import DiaryTestSupport
import Testing

/// T1, T2: codes and the class teacher's decision; M3 and M4 for attendance.
@Suite struct AttendanceRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    // MARK: T1

    @Test(arguments: [
        ("absent", nil, nil), ("ill", nil, nil), ("excused", nil, nil), ("unexcused", nil, nil),
        ("late", nil, nil), ("late", 1, nil), ("late", 240, nil),
        ("late", 0, SQLRefusal.check("attendance_minutes")), ("late", 241, .check("attendance_minutes")),
        ("absent", 5, .check("attendance_minutes")), ("present", nil, .check("attendance_meaning")),
    ])
    func t1MeaningIsOneOfFiveAndOnlyLateHasMinutes(_ meaning: String, _ minutes: Int?, _ wanted: SQLRefusal?) throws {
        #expect(
            try school.refusal(of: RuleSchool.attendance(.anna, at: .recent, meaning, minutes: minutes)) == wanted)
    }

    @Test(arguments: [
        ("absent", RuleKey.labelAbsent, nil), ("late", .labelLate, nil),
        ("late", .labelAbsent, SQLRefusal.foreignKey("attendance_school_id_code_id_meaning_fkey")),
        ("ill", .labelAbsent, .foreignKey("attendance_school_id_code_id_meaning_fkey")),
    ])
    func t1CodeHasItsMeaning(_ meaning: String, _ label: RuleKey, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.attendance(.anna, at: .recent, meaning, label: label)) == wanted)
    }

    @Test func t1CodeNeedsAMeaning() throws {
        try school.run(RuleSchool.attendance(.anna, at: .recent, "absent", label: .labelAbsent))
        let clear = "UPDATE attendance SET meaning = NULL"
        #expect(try school.refusal(of: clear) == .check("attendance_code"))
        #expect(try school.refusal(of: clear + ", code_id = NULL") == nil)
    }

    @Test func t1OneDefaultCodePerMeaning() throws {
        let label = { (meaning: String) in
            """
            INSERT INTO attendance_codes (school_id, id, code, meaning, name, is_default)
                VALUES (lyceum.current_school(), \(RuleKey.new), 'Б', '\(meaning)', 'Болел', true)
            """
        }
        #expect(try school.refusal(of: label("absent")) == .duplicate("attendance_codes_one_default"))
        #expect(try school.refusal(of: label("ill")) == nil)
        #expect(try school.refusal(of: label("present")) == .check("attendance_codes_meaning"))
    }

    // MARK: T2

    @Test func t2TeachersCodeAndClassTeachersDecisionAreBothKept() throws {
        try school.run(RuleSchool.attendance(.anna, at: .recent, "absent"))
        try school.run(RuleSchool.decision(.anna, at: .recent, "ill"))
        let row = try school.rows(
            "SELECT meaning, decided_meaning, recorded_by, decided_by, version FROM attendance")
        #expect(row == [["absent", "ill", RuleKey.teacher.uuid, RuleKey.classTeacher.uuid, "2"]])
    }

    @Test(arguments: [
        ("absent", nil, "absent"), ("absent", "ill", "ill"), (nil, "excused", "excused"), ("absent", "present", nil),
        (nil, nil, nil), ("late", "late", "late"),
    ])
    func t2ClassTeachersDecisionCounts(_ meaning: String?, _ decided: String?, _ counted: String?) throws {
        let words = [meaning, decided].map { word in word.map { "'\($0)'" } ?? "NULL" }.joined(separator: ", ")
        #expect(try school.value("SELECT lyceum.counted_meaning(\(words))") == counted)
    }

    @Test func t2DecisionMayBeEarlyOrLateButTheCodeMayNot() throws {
        for (lesson, wanted) in [(RuleKey.tomorrow, SQLRefusal.lessonInFuture), (.old, .editWindowClosed)] {
            #expect(try school.refusal(of: RuleSchool.decision(.anna, at: lesson, "ill")) == nil)
            #expect(try school.refusal(of: RuleSchool.attendance(.anna, at: lesson)) == wanted)
            try school.run(RuleSchool.decision(.anna, at: lesson, "ill"))
            let code = "UPDATE attendance SET meaning = 'absent' WHERE lesson_id = \(lesson)"
            #expect(try school.refusal(of: code) == wanted)
            let decide = RuleSchool.byClassTeacher(
                "UPDATE attendance SET decided_meaning = 'excused' WHERE lesson_id = \(lesson);")
            #expect(try school.refusal(of: decide) == nil)
        }
        // A record with only the class teacher's decision has no author of a code.
        #expect(try school.values("SELECT recorded_by FROM attendance") == [nil, nil])
    }

    @Test func t2DecisionHasATimestamp() throws {
        try school.run(RuleSchool.decision(.anna, at: .recent, "present"))
        #expect(try school.refusal(of: "UPDATE attendance SET decided_at = NULL") == .check("attendance_decided"))
        let withdraw = RuleSchool.byClassTeacher("UPDATE attendance SET decided_at = NULL, decided_meaning = NULL;")
        #expect(try school.refusal(of: withdraw) == nil)
    }

    // MARK: M3, M4, M5

    @Test(arguments: [
        (RuleKey.anna, RuleKey.recent, nil), (.firstGrader, .firstGrade, nil), (.homePupil, .homeLesson, nil),
        (.homePupil, .recent, SQLRefusal.notAMember), (.tenthGrader, .recent, .notAMember),
        (.leaver, .recent, .notAMember),
        (.leaver, .substituted, nil), (.anna, .old, .editWindowClosed), (.anna, .tomorrow, .lessonInFuture),
    ])
    func m3AndM4ApplyToAttendance(_ pupil: RuleKey, _ lesson: RuleKey, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: RuleSchool.attendance(pupil, at: lesson)) == wanted)
        let word = try school.value("SELECT lyceum.attendance_refusal(\(school.id), \(lesson), \(pupil))")
        #expect(word == wanted?.word)
    }

    @Test func m3AppliesToTheClassTeachersDecisionToo() throws {
        #expect(try school.refusal(of: RuleSchool.decision(.tenthGrader, at: .recent, "ill")) == .notAMember)
    }

    @Test func m4UnlockOpensAttendanceToo() throws {
        try school.run(RuleSchool.unlock(.maths7, from: "2026-09-29", to: "2026-09-29", until: "2026-10-15"))
        #expect(try school.refusal(of: RuleSchool.attendance(.anna, at: .old)) == nil)
        try school.run(RuleSchool.revocation())
        #expect(try school.refusal(of: RuleSchool.attendance(.anna, at: .old)) == .editWindowClosed)
    }

    @Test func m5OneRecordPerStudentAndLesson() throws {
        try school.run(RuleSchool.attendance(.anna, at: .recent))
        #expect(
            try school.refusal(of: RuleSchool.attendance(.anna, at: .recent)) == .duplicate("attendance_cell_key"))
        #expect(try school.refusal(of: RuleSchool.attendance(.boris, at: .recent)) == nil)
        let move = "UPDATE attendance SET student_id = \(RuleKey.boris)"
        #expect(try school.refusal(of: move) == SQLRefusal("LYL02", "not_movable"))
    }

    @Test func l2CancelledLessonTakesNoAttendance() throws {
        try school.run(RuleSchool.update("lessons", .recent, "state = 'cancelled'"))
        let cancelled = SQLRefusal("LYL02", "lesson_cancelled")
        #expect(try school.refusal(of: RuleSchool.attendance(.anna, at: .recent)) == cancelled)
        #expect(try school.refusal(of: RuleSchool.decision(.anna, at: .recent, "ill")) == cancelled)
    }
}
