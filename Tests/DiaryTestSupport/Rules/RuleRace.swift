import Postgres
import TestSupport
import Testing

/// Two writers of a committed school, each with its own connection and transaction.
extension RuleSchool {
    /// A connection of the server's role in the context of the school.
    package func connect(as person: RuleKey? = nil) throws -> BlockingConnection {
        let connection = try BlockingConnection(url: database.serverURL)
        try connection.execute(
            "SET lyceum.school_id = '\(id)'; SET lyceum.today = '2026-10-15'; "
                + "SET lyceum.user_id = '\(person?.uuid ?? "")'")
        return connection
    }

    /// The first writes, the second begins and waits for it, the first ends.
    ///
    /// - Returns: the refusal of the second writer.
    package func race(
        _ first: String, ending end: String = "COMMIT", then second: String, as person: RuleKey? = nil
    ) throws -> SQLRefusal? {
        let writer = try connect(as: person)
        try writer.execute("BEGIN; " + first)
        let other = try connect(as: person)
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
        try waitForLocks(1)
        try writer.execute(end)
        return waiting.join()
    }

    /// Waits until `count` connections of the database wait for a lock.
    package func waitForLocks(_ count: Int) throws {
        let observer = try BlockingConnection(url: database.superuserURL)
        let waiting = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        let deadline = ContinuousClock.now + .seconds(30)
        while try observer.query(waiting).first != "\(count)" {
            try #require(ContinuousClock.now < deadline, "nobody waits: the writers do not take turns")
        }
    }

    /// Used by one thread at a time.
    private struct Held: @unchecked Sendable {
        let connection: BlockingConnection
    }
}
