import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// L5, M1, M3: no change of an enrollment or a membership leaves marks, absences or feedback outside of it.
@Suite struct RecordedDaysRuleTests {
    let school: RuleSchool

    init() throws { school = try RuleSchool() }

    private static let refusal = SQLRefusal("LYE04", "recorded_days")
    private static let anna = RuleSchool.enrollment(.anna)
    private static let boris = RuleSchool.enrollment(.boris)

    /// Records of Anna at the lesson of class 7 on 14 October.
    private static let records = [
        RuleSchool.mark(.anna, at: .recent), RuleSchool.attendance(.anna, at: .recent),
        RuleSchool.decision(.anna, at: .recent, "excused"),
        """
        INSERT INTO feedback (school_id, id, student_id, section_id, lesson_id, text)
            VALUES (\(RuleSchool.school), \(RuleKey.new), \(RuleKey.anna), \(RuleKey.maths7), \(RuleKey.recent), 'Хорошо')
        """,
    ]

    private static let changes: [(String, SQLRefusal?)] = [
        (RuleSchool.update("enrollments", anna, "starts_on = '2026-10-15'"), refusal),
        (RuleSchool.update("enrollments", anna, "starts_on = '2026-10-14'"), nil),
        (RuleSchool.update("enrollments", anna, "ends_on = '2026-10-13'"), refusal),
        (RuleSchool.update("enrollments", anna, "ends_on = '2026-10-14'"), nil),
        (RuleSchool.update("enrollments", anna, "in_class_group = false"), refusal),
        ("DELETE FROM enrollments WHERE id = \(anna)", refusal),
        // What ends and begins anew within a transaction keeps its days.
        (
            """
            \(RuleSchool.update("enrollments", anna, "ends_on = '2026-10-01'"))
            \(RuleSchool.update("enrollments", anna, "ends_on = NULL"))
            """, nil
        ),
        ("DELETE FROM enrollments WHERE id = \(anna); \(enroll(.anna, in: .class7))", nil),
        ("DELETE FROM enrollments WHERE id = \(anna); \(enroll(.anna, in: .class10))", refusal),
    ]

    private static func enroll(_ pupil: RuleKey, in group: RuleKey, from day: String = "2026-09-01") -> String {
        """
        INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on)
            VALUES (\(RuleSchool.school), gen_random_uuid(), \(pupil), \(group), '\(day)');
        """
    }

    @Test(arguments: records)
    func l5EnrollmentKeepsTheDaysOfItsRecords(_ record: String) throws {
        try school.run(record)
        for (change, wanted) in Self.changes {
            #expect(try school.refusal(of: change) == wanted, "\(change)")
        }
    }

    /// A record that was cleared is in nobody's way.
    @Test func l5ClearedRecordsHoldNothing() throws {
        try school.run(
            RuleSchool.mark(.anna, at: .recent) + RuleSchool.change(.anna, at: .recent, to: .nothing)
                + RuleSchool.attendance(.anna, at: .recent)
                + "UPDATE attendance SET meaning = NULL, code_id = NULL WHERE school_id = \(RuleSchool.school)")
        for (change, _) in Self.changes { #expect(try school.refusal(of: change) == nil, "\(change)") }
    }

    @Test(arguments: [
        ("DELETE FROM group_members WHERE id = \(RuleSchool.membership(.boris))", SQLRefusal?.some(refusal)),
        (RuleSchool.update("group_members", RuleSchool.membership(.boris), "ends_on = '2026-10-13'"), refusal),
        (RuleSchool.update("group_members", RuleSchool.membership(.boris), "ends_on = '2026-10-14'"), nil),
        (RuleSchool.update("group_members", RuleSchool.membership(.boris), "starts_on = '2026-10-15'"), refusal),
        // M3: who is in no class on the day has no marks either, whatever the groups across classes.
        (RuleSchool.update("enrollments", boris, "ends_on = '2026-10-13'"), refusal),
        // M1: the same days in a grade level without marks.
        ("DELETE FROM enrollments WHERE id = \(boris); \(enroll(.boris, in: .class1))", refusal),
        ("DELETE FROM enrollments WHERE id = \(boris); \(enroll(.boris, in: .class10))", nil),
    ])
    func l5MembershipKeepsTheDaysOfItsRecords(_ change: String, _ wanted: SQLRefusal?) throws {
        try school.run(RuleSchool.mark(.boris, at: .choirLesson, .code("pass")))
        #expect(try school.refusal(of: change) == wanted)
    }

    @Test(arguments: [
        ("own", "DELETE FROM enrollments WHERE id = \(anna)", SQLRefusal?.some(refusal)),
        ("transferred", "DELETE FROM enrollments WHERE id = \(anna)", nil),
        ("own", RuleSchool.update("enrollments", anna, "ends_on = '2026-10-13'"), nil),
        (
            "own",
            """
            \(RuleSchool.update("enrollments", anna, "ends_on = '2026-10-13'"))
            \(enroll(.anna, in: .class1, from: "2026-10-14"))
            """, refusal
        ),
    ])
    func l5EnrollmentKeepsTheYearOfItsFinals(_ source: String, _ change: String, _ wanted: SQLRefusal?) throws {
        try school.run(RuleSchool.final(.anna, "term", .quarter1, .number(5), source: source))
        #expect(try school.refusal(of: change) == wanted)
    }

    @Test func l5RefusalListsTheRecords() throws {
        try school.run(RuleSchool.mark(.anna, at: .recent) + RuleSchool.attendance(.anna, at: .recent))
        for number in 1...30 {
            let lesson = RuleKey(9100 + number)
            try school.run(
                RuleSchool.lesson(
                    lesson, of: .maths7, on: "2026-09-\(number < 10 ? "0" : "")\(number)", at: "18:00", to: "18:40")
                    + "SET LOCAL lyceum.today = '2026-09-\(number < 10 ? "0" : "")\(number)';"
                    + RuleSchool.attendance(.anna, at: lesson))
        }
        let failure = #expect(throws: BlockingConnection.Failure.self) {
            try school.run(
                RuleSchool.update("enrollments", Self.anna, "starts_on = '2026-09-15', ends_on = '2026-10-13'")
                    + "SET CONSTRAINTS ALL IMMEDIATE")
        }
        let told = try JSONValue(parsing: Array((failure?.detail ?? "").utf8))
        guard case .array(let records)? = told["records"] else {
            Issue.record("no list: \(failure?.detail ?? "")")
            return
        }
        #expect(told["count"] == .number("16"))
        #expect(records.count == 16)
        func words(_ record: JSONValue) -> [JSONValue?] {
            ["date", "what", "name", "lesson_id", "field"].map { record[$0] }
        }
        #expect(
            words(records[0]) == [
                .string("2026-09-01"), .string("absence"), .string("Математика 7А"), .string(RuleKey(9101).uuid),
                .string("starts_on"),
            ])
        #expect(records[14]["what"] == .string("absence"))
        #expect(
            words(records[15]) == [
                .string("2026-10-14"), .string("mark"), .string("Математика 7А"), .string(RuleKey.recent.uuid),
                .string("ends_on"),
            ])
    }
}
