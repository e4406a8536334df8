import DiaryTestSupport
import Postgres
import TestSupport
import Testing

/// M9 under concurrent writes: of two that plan control works, the second waits and sees the first.
@Suite(.serialized) struct ControlWorkRaceTests {
    private static let database = Result { try TestDatabase(.migrated) }
    private static let (day, later) = (ControlDay(1, "2026-11-10"), ControlDay(2, "2026-11-26"))

    let school: RuleSchool

    init() throws {
        school = try RuleSchool(in: Self.database.get())
        try school.run(ControlDay.load + Self.day.lessons + Self.later.lessons)
        try school.commit()
        try school.run("SET ROLE lyceum_owner")
    }

    static let races = [
        ("one a day", RuleSchool.column(.new, at: day.maths), RuleSchool.column(.other, at: day.english)),
        ("one in 17 days", RuleSchool.column(.new, at: day.maths), RuleSchool.column(.other, at: later.maths)),
        (
            "a lesson that moves", RuleSchool.column(.new, at: day.maths),
            RuleSchool.column(.other, at: later.english)
                + RuleSchool.update(
                    "lessons", later.english, "date = '2026-11-10', starts_at = '10:45', ends_at = '10:55'")
        ),
    ]

    @Test(arguments: races)
    func m9SecondWriterWaitsForTheFirstAndIsRefused(_ name: String, _ first: String, _ second: String) throws {
        #expect(try school.race(first, then: second) == .controlWorkNotAllowed)
    }

    @Test(arguments: races)
    func m9SecondWriterSucceedsWhenTheFirstRollsBack(_ name: String, _ first: String, _ second: String) throws {
        #expect(try school.race(first, ending: "ROLLBACK", then: second) == nil)
    }

    /// A tenth of the hours: two may be, one is there.
    @Test func m9TheLastPlaceIsGivenOnce() throws {
        try school.run("UPDATE sections SET hours_per_week = 0.5 WHERE school_id = \(school.id)")
        let spring = RuleSchool.lesson(RuleKey(9500), of: .maths7, on: "2027-04-06", at: "10:00", to: "10:40")
        let refusal = try school.race(
            RuleSchool.column(.new, at: Self.day.maths), then: spring + RuleSchool.column(.other, at: RuleKey(9500)))
        #expect(refusal == .controlWorkNotAllowed)
    }
}
