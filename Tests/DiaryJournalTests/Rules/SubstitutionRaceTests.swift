import DiaryTestSupport
import Postgres
import TestSupport
import TestTools
import Testing

/// L1, L2 under concurrent writes: the second substitution waits for the first and sees what it did.
@Suite(.serialized) struct SubstitutionRaceTests {
    private static let database = Result { try TestDatabase(.migrated) }

    let school: RuleSchool

    init() throws {
        school = try RuleSchool(in: Self.database.get())
        try school.run(
            """
            INSERT INTO user_roles (school_id, user_id, role)
            VALUES (lyceum.current_school(), \(RuleKey.deputyHead), 'deputy_head');
            """)
        try school.run(LessonGenerationRuleTests.bells)
        try school.run(RuleSchool.lesson(.new, of: .maths1, on: Self.day, at: "08:00", to: "08:40"))
        try school.run(RuleSchool.lesson(.other, of: .maths2, on: Self.day, at: "08:00", to: "08:40"))
        try school.commit()
        try school.run("SET ROLE lyceum_owner")
    }

    private static let day = "2026-11-10"

    private static func replace(_ lesson: RuleKey, id: Int) -> String {
        """
        INSERT INTO substitutions (school_id, id, lesson_id, kind, teacher_id)
        VALUES (lyceum.current_school(), \(RuleKey(id)), \(lesson), 'replace', \(RuleKey.substitute));
        """
    }

    struct Race: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var second: String
        var refusal: SQLRefusal
    }

    /// The first gives a lesson to the substitute.
    static let races = [
        Race(
            testDescription: "the same substitute", second: replace(.other, id: 9102),
            refusal: SQLRefusal("LYL03", "timetable_collision")),
        Race(
            testDescription: "the same lesson", second: replace(.new, id: 9102),
            refusal: SQLRefusal("LYL05", "lesson_substituted")),
        Race(
            testDescription: "a change by hand",
            second: RuleSchool.update("lessons", .new, "teacher_id = \(RuleKey.formerTeacher)"),
            refusal: SQLRefusal("LYL05", "lesson_substituted")),
        Race(
            testDescription: "a lesson by hand",
            second: RuleSchool.lesson(
                RuleKey(9103), of: .club, on: day, at: "08:00", to: "08:40", teacher: .substitute),
            refusal: .overlap("lessons_teacher_no_overlap")),
    ]

    @Test(arguments: races) func L1_L2_theSecondIsRefused(_ race: Race) throws {
        let first = Self.replace(.new, id: 9101)
        #expect(try school.race(first, then: race.second, as: .deputyHead) == race.refusal)
    }

    @Test(arguments: races) func L1_L2_theSecondIsAcceptedWhenTheFirstRollsBack(_ race: Race) throws {
        let first = Self.replace(.new, id: 9101)
        #expect(try school.race(first, ending: "ROLLBACK", then: race.second, as: .deputyHead) == nil)
    }
}
