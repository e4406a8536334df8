import DiaryTestSupport
import Postgres
import TestSupport
import Testing

/// A3 under concurrent writes: access is closed while another guardianship of the same two people is written.
@Suite(.serialized) struct GuardianshipRaceTests {
    private static let database = Result { try TestDatabase(.migrated) }

    let school: RuleSchool

    init() throws {
        school = try RuleSchool(in: Self.database.get())
        try school.set("user_id", to: "")
        try school.run(
            RuleSchool.guardianship(.mother, from: "2026-09-01", to: "2026-12-31")
                + RuleSchool.guardianship(.mother, from: "2027-03-01", to: "2027-03-31", id: RuleKey(9003)))
        try school.commit()
        try school.run("SET ROLE lyceum_owner")
    }

    private static let close = RuleSchool.update("guardianships", .new, "access = 'none'")
    private static let add = RuleSchool.guardianship(.mother, from: "2027-01-01", to: "2027-01-31", id: .other)
    private static let extend = RuleSchool.update("guardianships", RuleKey(9003), "ends_on = '2027-04-30'")

    @Test(arguments: [add, extend]) func a3ClosingComesFirst(_ opening: String) throws {
        #expect(try run(Self.close, then: opening) == SQLRefusal("LYA07", "access_closed"))
    }

    @Test(arguments: [add, extend]) func a3OpeningComesFirst(_ opening: String) throws {
        #expect(try run(opening, then: Self.close) == nil)
    }

    /// Other pairs do not wait. Guardians of the same student do not either.
    @Test func a3OtherGuardiansDoNotWait() throws {
        let writer = try school.connect(as: .teacher)
        try writer.execute("BEGIN; " + Self.close)
        let other = try school.connect(as: .teacher)
        try other.execute("SET statement_timeout = '5s'")
        try other.execute(RuleSchool.guardianship(.father, from: "2026-09-01", id: RuleKey(9004)))
        try writer.execute("ROLLBACK")
    }

    private func run(_ first: String, then second: String) throws -> SQLRefusal? {
        try school.race(first, then: second, as: .teacher)
    }
}
