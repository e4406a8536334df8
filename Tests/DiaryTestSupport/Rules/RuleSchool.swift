import Diary
import Postgres
import Synchronization
import TestSupport

/// A small school of its own for one test, in a transaction that is rolled back: the rules of the domain meet it as the
/// server's role under row-level security. Today is Thursday, 15 October 2026, whatever the calendar says.
package final class RuleSchool {
    package enum Role: String {
        case owner = "lyceum_owner"
        case server = "lyceum_server"
    }

    /// Schools of one database never touch each other's rows, so most tests share this one.
    private static let shared = Result { try TestDatabase(.migrated) }
    /// Its connections between two tests: a new one would plan all rules anew.
    private static let idle = Mutex<[Idle]>([])

    /// Nobody else has the connection.
    private struct Idle: @unchecked Sendable {
        let connection: BlockingConnection
    }

    package let database: TestDatabase
    package let connection: BlockingConnection
    package let id: Int
    private var returnsConnection = false

    /// - Parameter database: one of the test's own, where it locks whole tables or commits.
    package convenience init(in database: TestDatabase? = nil) throws {
        let idle = database == nil ? Self.idle.withLock { $0.popLast() } : nil
        let connection: BlockingConnection
        let home = try database ?? Self.shared.get()
        if let idle {
            connection = idle.connection
        } else {
            connection = try BlockingConnection(url: home.superuserURL)
        }
        try connection.execute("BEGIN")
        try self.init(home, connection)
        returnsConnection = database == nil
    }

    deinit {
        guard returnsConnection, (try? connection.execute("ROLLBACK")) != nil else { return }
        Self.idle.withLock { [idle = Idle(connection: connection)] in $0.append(idle) }
    }

    /// One more school in the same transaction, which goes on as the server for this one.
    package func neighbour() throws -> RuleSchool {
        let neighbour = try RuleSchool(database, connection)
        try enter()
        return neighbour
    }

    private init(_ database: TestDatabase, _ connection: BlockingConnection) throws {
        self.database = database
        self.connection = connection
        try connection.execute("SET LOCAL ROLE lyceum_owner")
        let school = try connection.query(
            """
            INSERT INTO schools (code, name) VALUES ('s' || pg_backend_pid() || '-' || txid_current() || '-'
                || (SELECT count(*) FROM schools), 'Лицей') RETURNING id
            """)
        id = Int(school.first ?? "") ?? 0
        try enter()
        try connection.execute(Self.calendar + Self.people + Self.load + Self.lessons)
    }

    // MARK: Statements

    package func run(_ sql: String) throws { try connection.execute(sql) }

    /// All rows as text.
    package func rows(_ sql: String) throws -> [[String?]] { try connection.query(sql).rows }

    /// The first column of the first row.
    package func value(_ sql: String) throws -> String? { try connection.query(sql).first }

    /// The first column of all rows.
    package func values(_ sql: String) throws -> [String?] { try rows(sql).map { $0[0] } }

    /// How many rows a statement touched.
    package func affected(by sql: String) throws -> Int { try connection.query(sql).affected }

    /// What the database says to a script at the end of its transaction; nil: it takes it. Nothing stays of it.
    package func refusal(of sql: String) throws -> SQLRefusal? {
        try run("SAVEPOINT attempt")
        defer { try? run("ROLLBACK TO attempt; RELEASE attempt") }
        do {
            try run(sql)
            try run("SET CONSTRAINTS ALL IMMEDIATE")
            return nil
        } catch let failure as BlockingConnection.Failure {
            return SQLRefusal(failure)
        }
    }

    // MARK: Context

    /// Begins as a request does: as the server, for this school, by the teacher.
    package func enter() throws {
        try run(
            """
            SET LOCAL ROLE lyceum_server;
            SET LOCAL lyceum.school_id = '\(id)';
            SET LOCAL lyceum.user_id = '\(RuleKey.teacher.uuid)';
            SET LOCAL lyceum.time_zone = 'Europe/Moscow';
            SET LOCAL lyceum.today = '2026-10-15';
            SET LOCAL lyceum.request_id = 'request-1';
            SET LOCAL lyceum.reason = '';
            """)
    }

    package func become(_ role: Role) throws { try run("SET LOCAL ROLE \(role.rawValue)") }

    package func set(_ parameter: String, to value: String) throws {
        try run("SET LOCAL lyceum.\(parameter) = '\(value)'")
    }

    package func today(_ date: String) throws { try set("today", to: date) }

    /// Ends the transaction, so that other connections see the school.
    package func commit() throws { try run("COMMIT") }
}
