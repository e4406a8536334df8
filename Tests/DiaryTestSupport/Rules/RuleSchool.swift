import Diary
import Postgres
import Synchronization
import TestSupport

/// A small school for one test, in a transaction that is rolled back. The server's role writes to it under row-level
/// security. Today is always Thursday, 15 October 2026.
package final class RuleSchool {
    package enum Role: String {
        case owner = "lyceum_owner"
        case server = "lyceum_server"
    }

    /// Schools in one database never touch each other's rows, so most tests share this database.
    private static let shared = Result { try TestDatabase(.migrated) }
    /// Idle connections: a new connection would plan all rules again.
    private static let idle = Mutex<[Idle]>([])

    /// Safe because only one owner has the connection at a time.
    private struct Idle: @unchecked Sendable {
        let connection: BlockingConnection
    }

    package let database: TestDatabase
    package let connection: BlockingConnection
    package let id: Int
    private var returnsConnection = false

    /// - Parameter database: the test's own database, if it locks whole tables or commits.
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

    /// Adds another school to the same transaction, which then continues as the server for this one.
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

    /// The number of rows that a statement changed.
    package func affected(by sql: String) throws -> Int { try connection.query(sql).affected }

    /// The refusal of a script, as at the end of its transaction; nil when it is accepted. The script is rolled back.
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

    /// Sets the context of a request: the server's role, this school, the teacher.
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
