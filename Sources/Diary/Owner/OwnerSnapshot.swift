import Postgres
import Web

/// One snapshot of a school for a command of the owner.
package final class OwnerSnapshot {
    package let connection: BlockingConnection
    package let school: School
    package let name: String
    private let recorder: BlockingConnection
    private let reason: String
    /// Students whose profiles have been recorded as read.
    private var recorded: Set<String> = []

    /// - Parameters:
    ///   - recorder: a second connection, which writes while the snapshot is held.
    ///   - school: the school's code.
    ///   - reason: of the readings in the audit log.
    /// - Throws: `OwnerRefusal` if there is no such school.
    package init(
        _ connection: BlockingConnection, recorder: BlockingConnection, school code: String, reason: String
    ) throws {
        self.connection = connection
        self.recorder = recorder
        self.reason = reason
        let row = try connection.query("SELECT id, time_zone, name FROM schools WHERE code = $1", [code]).rows.first
        guard let row, let id = row[0].flatMap({ Int($0) }), let zone = row[1], let name = row[2] else {
            throw OwnerRefusal.noSchool(code)
        }
        school = School(id: id, code: code, timeZone: zone)
        self.name = name
    }

    /// Reads everything of the school, as its head does.
    package var caller: Caller { Caller(command: school) }

    /// - Parameter body: gets the watermark of the snapshot.
    package func read<Value>(_ body: (_ watermark: String) throws -> Value) throws -> Value {
        try connection.transaction {
            try connection.execute(
                """
                SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
                SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL jit = off;
                SET LOCAL random_page_cost = 1.1
                """)
            try connection.enter(school: school.id, timeZone: school.timeZone)
            let row = try connection.query("SELECT lyceum.change_epoch(), lyceum.change_horizon()::text").rows[0]
            return try body(ChangeCursor(epoch: row[0]!, horizon: row[1]!).text)
        }
    }

    /// Runs queries of the server's code inside `read`. The settings that they make for each other end with them.
    package func rows(_ queries: [Query]) throws -> [Rows] {
        try connection.execute("SAVEPOINT queries")
        let rows = try queries.map { try connection.rows($0) }
        try connection.execute("ROLLBACK TO SAVEPOINT queries; RELEASE SAVEPOINT queries")
        return rows
    }

    /// A transaction beside the snapshot.
    package func write(_ body: (BlockingConnection) throws -> Void) throws {
        try recorder.transaction {
            try recorder.enter(school: school.id, timeZone: school.timeZone)
            try body(recorder)
        }
    }

    /// K2: records that the profiles of these students are shown, once for each student. To be called before they are
    /// written.
    package func recordReadings(of students: [String]) throws {
        let new = students.filter { !recorded.contains($0) }
        guard !new.isEmpty else { return }
        try write { recorder in
            try recorder.explain(reason)
            try recorder.query("SELECT lyceum.record_readings($1::uuid[])", ["{\(new.joined(separator: ","))}"])
        }
        recorded.formUnion(new)
    }
}
