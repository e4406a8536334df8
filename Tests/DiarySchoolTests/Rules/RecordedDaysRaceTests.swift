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
        #expect(try run(race.record, then: race.change) == Self.lost)
    }

    @Test(arguments: races)
    func l5ChangeComesFirst(_ race: (record: String, change: String)) throws {
        #expect(try run(race.change + "SET CONSTRAINTS ALL IMMEDIATE;", then: race.record) == .notAMember)
    }

    /// A cleared mark that is written again holds its day again.
    @Test func l5ClearedMarkIsWrittenAgain() throws {
        let clear = RuleSchool.change(.anna, at: .recent, to: .nothing)
        try Self.connect(school).execute(RuleSchool.mark(.anna, at: .recent) + clear)
        let again = RuleSchool.change(.anna, at: .recent, to: .number(4))
        #expect(try run(again, then: Self.end) == Self.lost)
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
        try connection.execute("SET lyceum.school_id = '\(school.id)'; SET lyceum.today = '2026-10-15'")
        return connection
    }
}
