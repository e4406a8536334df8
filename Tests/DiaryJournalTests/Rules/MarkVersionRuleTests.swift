import DiaryTestSupport
import Testing

/// M5: versions, tombstones, one mark per cell.
@Suite struct MarkVersionRuleTests {
    let school: RuleSchool

    init() throws {
        school = try RuleSchool()
        try school.run(RuleSchool.mark(.anna, at: .recent))
    }

    private func state() throws -> String? {
        try school.value(
            "SELECT version || ' ' || coalesce(number::text, '-') FROM marks \(RuleSchool.cell(.anna, at: .recent))")
    }

    @Test func m5VersionCountsChanges() throws {
        #expect(try state() == "1 5")
        try school.run(RuleSchool.change(.anna, at: .recent, to: .number(4)))
        #expect(try state() == "2 4")
        try school.run(RuleSchool.change(.anna, at: .recent, to: .number(3)))
        #expect(try state() == "3 3")
    }

    @Test func m5SameValueMakesNoNewVersion() throws {
        try school.run(RuleSchool.change(.anna, at: .recent, to: .number(5)))
        #expect(try state() == "1 5")
        #expect(try school.value("SELECT count(*) FROM mark_history") == "1")
    }

    @Test func m5StaleVersionFindsNoRow() throws {
        try school.run(RuleSchool.change(.anna, at: .recent, to: .number(4)))
        let write = { (version: Int) in
            "UPDATE marks SET number = 3 \(RuleSchool.cell(.anna, at: .recent)) AND version = \(version)"
        }
        #expect(try school.affected(by: write(1)) == 0)
        #expect(try school.affected(by: write(2)) == 1)
    }

    @Test(arguments: ["marks", "lessons", "final_marks", "attendance", "homework", "students", "school_settings"])
    func m5VersionIsNotWritable(_ table: String) throws {
        try school.run(RuleSchool.attendance(.anna, at: .recent))
        try school.run(RuleSchool.homework(.recent, of: .maths7, due: "2026-10-16"))
        try school.run(RuleSchool.final(.anna, "year", nil, .number(5)))
        let write = { (version: String) in
            "UPDATE \(table) SET version = \(version) WHERE school_id = lyceum.current_school()"
        }
        #expect(try school.refusal(of: write("9")) == .versionNotWritable)
        #expect(try school.refusal(of: write("version")) == nil)
    }

    @Test(arguments: [
        (
            "marks", "line_item_id, student_id, kind, number",
            "\(RuleKey.recent.column), \(RuleKey.boris), 'number', 5"
        ),
        (
            "final_marks", "student_id, subject_id, academic_year_id, kind, value_kind, number",
            "\(RuleKey.boris), \(RuleKey.maths), \(RuleKey.year), 'year', 'number', 5"
        ),
        ("attendance", "lesson_id, student_id, meaning", "\(RuleKey.recent), \(RuleKey.boris), 'ill'"),
    ])
    func m5NewRowAlwaysBeginsWithVersionOne(_ table: String, _ columns: String, _ values: String) throws {
        let version = try school.value(
            """
            INSERT INTO \(table) (school_id, id, version, \(columns))
                VALUES (lyceum.current_school(), \(RuleKey.new), 9, \(values)) RETURNING version
            """)
        #expect(version == "1")
    }

    @Test func m5ClearedMarkKeepsItsRowAndVersions() throws {
        try school.run(RuleSchool.change(.anna, at: .recent, to: .nothing))
        #expect(try state() == "2 -")
        try school.run(RuleSchool.change(.anna, at: .recent, to: .number(4)))
        #expect(try state() == "3 4")
    }

    @Test(arguments: ["marks", "attendance", "final_marks", "line_items", "homework", "feedback", "conduct_notes"])
    func m5NothingOfTheJournalIsDeleted(_ table: String) throws {
        #expect(try school.refusal(of: "DELETE FROM \(table)") == .noPrivilege)
        #expect(try school.refusal(of: "TRUNCATE \(table) CASCADE") == .noPrivilege)
        #expect(try school.refusal(of: "UPDATE \(table) SET version = version") == nil)
    }

    @Test func m5OneMarkPerCell() throws {
        #expect(try school.refusal(of: RuleSchool.mark(.anna, at: .recent)) == .duplicate("marks_cell_key"))
        #expect(try school.refusal(of: RuleSchool.mark(.boris, at: .recent)) == nil)
    }

    @Test(arguments: [
        "student_id = \(RuleKey.boris)", "line_item_id = \(RuleKey.substituted.column)",
    ])
    func m5MarkStaysInItsCell(_ move: String) throws {
        let refusal = try school.refusal(of: "UPDATE marks SET \(move) \(RuleSchool.cell(.anna, at: .recent))")
        #expect(refusal == SQLRefusal("LYL02", "not_movable"))
    }

    @Test func m5FirstRecordingAndItsWriterAreKept() throws {
        let first = try school.value("SELECT first_recorded_at FROM marks")
        try school.set("user_id", to: RuleKey.substitute.uuid)
        try school.run("UPDATE marks SET number = 4, first_recorded_at = '2030-01-01'")
        #expect(try school.value("SELECT first_recorded_at FROM marks") == first)
        #expect(try school.value("SELECT recorded_by FROM marks") == RuleKey.substitute.uuid)
    }
}
