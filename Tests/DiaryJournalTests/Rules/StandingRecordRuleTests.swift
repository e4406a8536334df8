import DiaryTestSupport
import Postgres
import TestSupport
import Testing

/// Existing records keep their timestamps and their history, and changes of other rows may not invalidate them.
@Suite struct StandingRecordRuleTests {
    let school: RuleSchool
    init() throws { school = try RuleSchool() }

    @Test(arguments: ["marks", "final_marks"])
    func l3RecordKeepsItsFirstTimestampAndItsLastWriter(_ table: String) throws {
        try school.run(RuleSchool.mark(.anna, at: .recent))
        try school.run(RuleSchool.final(.anna, "year", nil, .number(5)))
        let stamp = "SELECT first_recorded_at || ' ' || recorded_by FROM \(table)"
        let first = try school.value(stamp)
        try school.run("UPDATE \(table) SET first_recorded_at = '2030-01-01', recorded_by = \(RuleKey.substitute)")
        #expect(try school.value(stamp) == first)
        try school.run("UPDATE \(table) SET recorded_by = \(RuleKey.substitute)")
        #expect(try school.value(stamp) == first)
        try school.set("user_id", to: RuleKey.substitute.uuid)
        try school.run("UPDATE \(table) SET number = 4")
        #expect(try school.value("SELECT recorded_by FROM \(table)") == RuleKey.substitute.uuid)
    }

    @Test(arguments: [
        "audit", "log_marks", "log_users", "publish_later", "record_mark_history", "record_attendance_history",
        "record_final_mark_history", "audit_photo", "audit_recovery_code", "audit_recovery_codes",
    ])
    func a5ServerCannotForgeHistoryThroughItsOwnTable(_ function: String) throws {
        let transitions = ["record_mark_history", "record_attendance_history", "audit_recovery_codes"]
            .contains(function)
        let forge = { (function: String) in
            """
            CREATE TEMP TABLE forged (school_id int, id uuid);
            CREATE TRIGGER forge AFTER INSERT ON forged \(transitions ? "REFERENCING NEW TABLE AS written" : "")
                FOR EACH \(transitions ? "STATEMENT" : "ROW") EXECUTE FUNCTION \(function)();
            """
        }
        try school.connection.execute("RESET ROLE; GRANT TEMPORARY ON DATABASE \(school.database.name) TO lyceum_app")
        try school.enter()
        #expect(try school.refusal(of: forge("lyceum.\(function)")) == .noPrivilege)
        #expect(try school.refusal(of: forge("lyceum.version")) == nil)
    }

    @Test(arguments: [("2026-10-15", nil), ("2026-10-17", Optional("LYH01"))])
    func h1LessonDoesNotMovePastItsHomework(_ date: String, _ wanted: String?) throws {
        try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
        let move = RuleSchool.update("lessons", .recent, "date = '\(date)'")
        #expect(try school.refusal(of: move)?.state == wanted)
    }

    @Test(arguments: [("2027-02-20", nil), ("2027-02-21", Optional("LYM01"))])
    func m1SecondHalfDoesNotMovePastFinalMarks(_ day: String, _ wanted: String?) throws {
        try school.run(RuleSchool.update("terms", .quarter3, "ends_on = '2027-02-20'"))
        try school.run(RuleSchool.final(.secondGrader, "term", .quarter3, .number(5)))
        let move = RuleSchool.update("academic_years", .year, "second_half_starts_on = '\(day)'")
        #expect(try school.refusal(of: move)?.state == wanted)
    }

    @Test(arguments: ["kind = 'part'", "grade_level = 5", "grade_level = NULL", "class_id = \(RuleKey.class2)"])
    func groupOfAClassIsFixed(_ change: String) throws {
        #expect(try school.refusal(of: RuleSchool.update("groups", .class7, change))?.state == "LYE01")
        #expect(try school.refusal(of: RuleSchool.update("groups", .class7, "external_id = 'x'")) == nil)
    }

    @Test(arguments: [
        (RuleValue.number(2), "0"), (.number(1), "1"), (.code("pass"), "0"),
    ])
    func m2CheckFindsFinalMarksOffTheScale(_ value: RuleValue, _ count: String) throws {
        try school.run("UPDATE school_settings SET scale_min = 1 WHERE school_id = lyceum.current_school()")
        try school.run(RuleSchool.final(.anna, "year", nil, value))
        try school.run("UPDATE school_settings SET scale_min = 2 WHERE school_id = lyceum.current_school()")
        let found = "SELECT count(*) FROM lyceum.check_marks(\(school.id)) WHERE problem = 'value_not_allowed'"
        #expect(try school.value(found) == count)
    }

    /// The first writer locks the timetable and needs the teacher of the second, which waits for the timetable.
    @Test func l1WritersDoNotWaitForEachOther() throws {
        let school = try RuleSchool(in: TestDatabase(.migrated))
        try school.commit()
        let lesson = { (key: RuleKey, section: RuleKey, starts: String, ends: String) in
            RuleSchool.lesson(key, of: section, on: "2026-11-10", at: starts, to: ends, teacher: .teacher)
        }
        let refusal = try school.race(
            lesson(RuleKey(1), .maths7, "08:00", "08:40"),
            ending: lesson(.other, .maths1, "10:00", "10:40") + "COMMIT", then: lesson(.new, .maths2, "10:00", "10:40"))
        #expect(refusal == .overlap("lessons_teacher_no_overlap"))
    }
}
