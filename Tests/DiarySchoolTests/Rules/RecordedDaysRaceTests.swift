import DiaryTestSupport
import Postgres
import TestSupport
import Testing

/// L5 under concurrent writes: what is recorded while days are taken away, and the other way round.
@Suite(.serialized) struct RecordedDaysRaceTests {
    private static let database = Result { try TestDatabase(.migrated) }

    let school: RuleSchool

    init() throws {
        school = try RuleSchool(in: Self.database.get())
        try school.commit()
        try school.run("SET ROLE lyceum_owner")
    }

    private static let end = RuleSchool.update("enrollments", RuleSchool.enrollment(.anna), "ends_on = '2026-10-13'")
    private static let leave = "DELETE FROM group_members WHERE id = \(RuleSchool.membership(.boris));"
    private static let lost = SQLRefusal("LYE04", "recorded_days")

    static let races: [(record: String, change: String)] = [
        (RuleSchool.mark(.anna, at: .recent), end), (RuleSchool.attendance(.anna, at: .recent), end),
        (RuleSchool.mark(.boris, at: .choirLesson, .code("pass")), leave),
    ]

    @Test(arguments: races)
    func l5RecordComesFirst(_ race: (record: String, change: String)) throws {
        #expect(try school.race(race.record, then: race.change) == Self.lost)
    }

    @Test(arguments: races)
    func l5ChangeComesFirst(_ race: (record: String, change: String)) throws {
        #expect(try school.race(race.change + "SET CONSTRAINTS ALL IMMEDIATE;", then: race.record) == .notAMember)
    }

    /// A cleared mark that is written again holds its day again.
    @Test func l5ClearedMarkIsWrittenAgain() throws {
        let clear = RuleSchool.change(.anna, at: .recent, to: .nothing)
        try school.connect().execute(RuleSchool.mark(.anna, at: .recent) + clear)
        let again = RuleSchool.change(.anna, at: .recent, to: .number(4))
        #expect(try school.race(again, then: Self.end) == Self.lost)
    }

    // MARK: Subgroups

    private static let join = RuleSchool.member(.boris, of: .englishPart, from: "2026-09-01")
    private static let borisLeaves = RuleSchool.update(
        "enrollments", RuleSchool.enrollment(.boris), "ends_on = '2026-10-31'")

    /// The writers of an enrollment and of a membership take turns, so no membership stays outside the class: the second
    /// one sees the new membership and ends it, too.
    @Test func l5SubgroupIsJoinedBeforeTheStudentLeaves() throws {
        #expect(try school.race(Self.join, then: Self.borisLeaves) == nil)
        #expect(
            try school.value(
                "SELECT ends_on FROM group_members WHERE school_id = \(school.id) AND id = \(RuleKey.new)")
                == "2026-10-31")
    }

    @Test func l5StudentLeavesBeforeTheSubgroupIsJoined() throws {
        let leave = Self.borisLeaves + "SET CONSTRAINTS ALL IMMEDIATE;"
        #expect(try school.race(leave, then: Self.join) == SQLRefusal("LYE05", "not_in_class"))
    }
}
