import DiaryTestSupport
import Testing

/// M10: current marks from another school.
@Suite struct TransferredMarkRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    private static func mark(
        _ student: RuleKey, on date: String = "2026-09-10", _ value: String = "'number', 4, NULL", id: RuleKey = .new
    ) -> String {
        """
        INSERT INTO transferred_marks
            (school_id, id, student_id, subject_id, academic_year_id, date, work, kind, number, code, school_name)
            VALUES (\(RuleSchool.school), \(id), \(student), \(RuleKey.maths), \(RuleKey.year), '\(date)', 'Ответ', \(value),
                'Школа № 5');
        """
    }

    static let marks: [(String, SQLRefusal?)] = [
        (mark(.anna), nil),
        (mark(.anna, "'code', NULL, 'exempt'"), nil),
        // The student was not here on that day, but is in this year.
        (mark(.leaver, on: "2026-10-12"), nil),
        (mark(.newcomer), .notAMember),
        (mark(.firstGrader), .marksNotAllowed),
        (mark(.secondGrader), .marksNotAllowed),
        (mark(.anna, "'number', 1, NULL"), .valueNotAllowed),
        (mark(.anna, "'code', NULL, 'owed'"), .check("transferred_marks_value")),
        (mark(.anna, on: "2026-10-16"), .lessonInFuture),
        (mark(.anna, on: "2026-08-31"), .check("transferred_marks_in_year")),
        ("SET LOCAL lyceum.today = '2026-10-29';" + mark(.anna), .editWindowClosed),
        (mark(.anna) + mark(.anna, id: .other), .duplicate("transferred_marks_key")),
        (mark(.anna) + RuleSchool.update("transferred_marks", .new, "number = 5"), nil),
        (mark(.anna) + RuleSchool.update("transferred_marks", .new, "number = 1"), .valueNotAllowed),
        (
            mark(.anna) + RuleSchool.update("transferred_marks", .new, "student_id = \(RuleKey.boris)"),
            SQLRefusal("LYL02", "not_movable")
        ),
        (mark(.anna) + RuleSchool.update("transferred_marks", .new, "version = 5"), .versionNotWritable),
        (mark(.anna) + "DELETE FROM transferred_marks", .noPrivilege),
        (mark(.anna) + "UPDATE transferred_mark_history SET new_number = 5", .noPrivilege),
    ]

    @Test(arguments: marks) func m10RulesOfTheServersRole(_ statement: String, _ wanted: SQLRefusal?) throws {
        #expect(try school.refusal(of: statement) == wanted)
    }

    @Test func a5EveryVersionIsRecorded() throws {
        try school.run(Self.mark(.anna))
        try school.run(RuleSchool.update("transferred_marks", .new, "number = 5"))
        try school.run(RuleSchool.update("transferred_marks", .new, "kind = NULL, number = NULL"))
        #expect(
            try school.rows(
                """
                SELECT version, old_number, new_number, changed_by = \(RuleKey.teacher), request_id
                FROM transferred_mark_history WHERE school_id = \(RuleSchool.school) ORDER BY version
                """) == [
                    ["1", nil, "4", "t", "request-1"], ["2", "4", "5", "t", "request-1"],
                    ["3", "5", nil, "t", "request-1"],
                ])
    }
}
