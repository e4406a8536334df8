import DiaryTestSupport
import TestSupport
import Testing

/// A bulk load runs as the owner without triggers; the check functions then report what the rules refuse. A load locks
/// whole tables, so the tests run one at a time, apart from other suites.
@Suite(.serialized) struct BulkCheckRuleTests {
    private static let database = Result { try TestDatabase(.migrated) }

    let school: RuleSchool

    init() throws { school = try RuleSchool(in: Self.database.get()) }

    private func load(_ tables: [String], _ sql: String) throws {
        try school.become(.owner)
        try school.run("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables { try school.run("ALTER TABLE \(table) DISABLE TRIGGER USER") }
        try school.run(sql)
        for table in tables { try school.run("ALTER TABLE \(table) ENABLE TRIGGER USER") }
    }

    private func problems(_ function: String, _ column: String, of id: Int? = nil) throws -> [String?] {
        let argument = id.map(String.init) ?? "NULL"
        return try school.values("SELECT problem FROM lyceum.\(function)(\(argument)) ORDER BY \(column), problem")
    }

    @Test(arguments: [
        ("lesson_outside_year", RuleSchool.lesson(of: .maths7, on: "2026-08-31", at: "10:00", to: "10:40")),
        ("lesson_on_holiday", RuleSchool.lesson(of: .maths7, on: "2026-10-26", at: "10:00", to: "10:40")),
        ("lesson_on_holiday", RuleSchool.lesson(of: .maths1, on: "2027-02-16", at: "10:00", to: "10:40")),
        ("student_overlap", RuleSchool.lesson(of: .english7, on: "2026-10-14", at: "08:39", to: "09:00")),
        ("student_overlap", RuleSchool.lesson(of: .club, on: "2026-10-14", at: "07:00", to: "12:00")),
        ("room_copy_wrong", RuleSchool.lesson(of: .maths7, on: "2026-10-20", at: "10:00", to: "10:40", room: .hall)),
        (nil, RuleSchool.lesson(of: .maths7, on: "2026-10-20", at: "10:00", to: "10:40", room: .room)),
        (nil, RuleSchool.lesson(of: .maths2, on: "2027-02-16", at: "10:00", to: "10:40")),
        (nil, RuleSchool.lesson(of: .english7, on: "2026-10-14", at: "08:40", to: "09:20")),
    ])
    func l1CheckFindsInvalidLessons(_ problem: String?, _ lesson: String) throws {
        #expect(try problems("check_lessons", "lesson_id") == [])
        try load(["lessons"], lesson)
        let wanted: [String?] = problem.map { [$0] } ?? []
        #expect(try problems("check_lessons", "lesson_id") == wanted)
        #expect(try problems("check_lessons", "lesson_id", of: school.id) == wanted)
        #expect(try problems("check_lessons", "lesson_id", of: school.id + 1) == [])
    }

    @Test func l1CheckIgnoresMergedAndCancelledLessons() throws {
        let clash = RuleSchool.lesson(of: .english7, on: "2026-10-14", at: "08:00", to: "08:40", merge: .other)
        try load(["lessons"], clash)
        #expect(try problems("check_lessons", "lesson_id") == ["student_overlap"])
        try school.run("SAVEPOINT clash")
        try load(["lessons"], RuleSchool.update("lessons", .recent, "merge_id = \(RuleKey.other)"))
        #expect(try problems("check_lessons", "lesson_id") == [])
        try school.run("ROLLBACK TO clash")
        try load(["lessons"], RuleSchool.update("lessons", .new, "state = 'cancelled'"))
        #expect(try problems("check_lessons", "lesson_id") == [])
    }

    @Test(arguments: [
        ("marks_not_allowed", RuleSchool.mark(.firstGrader, at: .firstGrade)),
        ("marks_not_allowed", RuleSchool.mark(.secondGrader, at: .secondGrade)),
        ("marks_not_allowed", RuleSchool.mark(.anna, at: .clubLesson)),
        ("value_not_allowed", RuleSchool.mark(.anna, at: .recent, .number(1))),
        ("value_not_allowed", RuleSchool.mark(.boris, at: .choirLesson, .number(5))),
        ("value_not_allowed", RuleSchool.mark(.boris, at: .choirLesson, .code("exempt"))),
        ("not_a_member", RuleSchool.mark(.tenthGrader, at: .recent)),
        ("not_a_member", RuleSchool.mark(.leaver, at: .recent)),
        (
            "lesson_cancelled",
            RuleSchool.mark(.anna, at: .recent) + RuleSchool.update("lessons", .recent, "state = 'cancelled'")
        ),
        (
            "line_item_deleted",
            RuleSchool.mark(.anna, at: .recent) + RuleSchool.update("line_items", .recent.column, "deleted_at = now()")
        ),
        (nil, RuleSchool.mark(.anna, at: .recent)),
        (nil, RuleSchool.mark(.secondGrader, at: .secondGradeInJanuary)),
        (nil, RuleSchool.mark(.boris, at: .choirLesson, .code("pass"))),
        (nil, RuleSchool.mark(.leaver, at: .substituted)),
        (nil, RuleSchool.mark(.firstGrader, at: .firstGrade, .nothing)),
        ("marks_not_allowed", RuleSchool.final(.firstGrader, "year", nil, .number(5))),
        ("marks_not_allowed", RuleSchool.final(.secondGrader, "term", .quarter2, .number(5))),
        ("marks_not_allowed", RuleSchool.final(.anna, "year", nil, .number(5), section: .club)),
        ("not_a_member", RuleSchool.final(.newcomer, "year", nil, .number(5))),
        (nil, RuleSchool.final(.newcomer, "year", nil, .number(5), source: "transferred")),
        (nil, RuleSchool.final(.secondGrader, "year", nil, .number(5))),
        (nil, RuleSchool.final(.anna, "term", .quarter1, .number(5))),
    ])
    func m1M2M3CheckFindsInvalidMarks(_ problem: String?, _ sql: String) throws {
        #expect(try problems("check_marks", "mark_id") == [])
        try load(["marks", "final_marks", "lessons", "line_items"], sql)
        let wanted: [String?] = problem.map { [$0] } ?? []
        #expect(try problems("check_marks", "mark_id") == wanted)
        #expect(try problems("check_marks", "mark_id", of: school.id) == wanted)
        #expect(try problems("check_marks", "mark_id", of: school.id + 1) == [])
    }

    @Test func a5LoadLeavesNoHistory() throws {
        try load(["marks"], RuleSchool.mark(.anna, at: .recent))
        #expect(try school.value("SELECT count(*) FROM mark_history") == "0")
        try school.run(RuleSchool.mark(.boris, at: .recent))
        #expect(try school.value("SELECT count(*) FROM mark_history") == "1")
    }
}
