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
        let writer = try Self.connect(school)
        try writer.execute("BEGIN; " + Self.close)
        let other = try Self.connect(school)
        try other.execute("SET statement_timeout = '5s'")
        try other.execute(RuleSchool.guardianship(.father, from: "2026-09-01", id: RuleKey(9004)))
        try writer.execute("ROLLBACK")
    }

    /// The first writes, the second begins and waits for it, the first commits.
    private func run(_ first: String, then second: String) throws -> SQLRefusal? {
        let writer = try Self.connect(school)
        try writer.execute("BEGIN; " + first)
        let other = try Self.connect(school)
        let waiting = WorkThread { [other = Held(connection: other)] () -> SQLRefusal? in
            do {
                try other.connection.execute("BEGIN; \(second) COMMIT")
                return nil
            } catch let failure as BlockingConnection.Failure {
                return SQLRefusal(failure)
            } catch {
                return SQLRefusal("none", "\(error)")
            }
        }
        let observer = try BlockingConnection(url: school.database.superuserURL)
        let deadline = ContinuousClock.now + .seconds(30)
        let locks = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        while try observer.query(locks).first != "1" {
            try #require(ContinuousClock.now < deadline, "nobody waits: the writers do not take turns")
        }
        try writer.execute("COMMIT")
        return waiting.join()
    }

    /// Used by one thread at a time.
    private struct Held: @unchecked Sendable {
        let connection: BlockingConnection
    }

    private static func connect(_ school: RuleSchool) throws -> BlockingConnection {
        let connection = try BlockingConnection(url: school.database.serverURL)
        try connection.execute(
            "SET lyceum.school_id = '\(school.id)'; SET lyceum.today = '2026-10-15'; "
                + "SET lyceum.user_id = '\(RuleKey.teacher.uuid)'")
        return connection
    }
}
