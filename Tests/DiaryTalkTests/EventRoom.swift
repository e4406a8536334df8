import DiaryServer
import DiaryTalk
import DiaryTestSupport
import JSON
import Postgres
import TestSupport

/// A server with quick turns, a child of 7А, and its family.
struct EventRoom {
    let server: TestServer
    let ids: DemoSchoolIDs
    let owner: BlockingConnection

    init(_ server: TestServer) throws {
        self.server = server
        ids = try DemoSchoolIDs(server)
        owner = try server.owner()
        try owner.execute("SET lyceum.today = '\(TestServer.today)'")
    }

    static func server(
        cores: Int = 2, _ change: @Sendable (inout RunningServer.Configuration) -> Void = { _ in }
    ) async throws -> TestServer {
        try await TestServer(
            cores: cores,
            configure: { configuration in
                configuration.events.turn = 0.1
                configuration.events.streamsOfPerson = 100
                change(&configuration)
            })
    }

    func value(_ sql: String, _ parameters: [String?] = []) throws -> String {
        guard let value = try owner.query(sql, parameters).first else { throw TestFailure("no row: \(sql)") }
        return value
    }

    /// The guardians with access to the student.
    func guardians(of student: String) throws -> [String] {
        try owner.query(
            """
            SELECT guardian_id FROM guardianships
            WHERE school_id = $1 AND student_id = $2 AND access = 'full' AND ends_on IS NULL ORDER BY guardian_id
            """, [String(ids.school), student]
        ).rows.compactMap { $0[0] }
    }

    func guardian(_ id: String) throws -> TestClient { try server.session(of: id, roles: ["guardian"]) }
    func student(_ id: String) throws -> TestClient { try server.session(of: id, roles: ["student"]) }

    /// An open stream that has had its first event.
    func stream(_ client: TestClient, after id: String? = nil, _ path: String = "/v1/events") throws -> EventReader {
        let reader = try EventReader(port: client.port, token: client.token, after: id, path)
        guard reader.status == 200, try reader.next()?.name == "ready" else {
            throw TestFailure("no stream: \(reader.status) \(try reader.rest())")
        }
        return reader
    }

    /// Writes a notification to a family, as the owner, outside a transaction or in the one of the connection.
    @discardableResult
    func tell(_ student: String, by connection: BlockingConnection? = nil) throws -> String {
        guard
            let id = try (connection ?? owner).query(
                """
                INSERT INTO notifications (school_id, student_id, kind, entity, entity_id)
                VALUES ($1, $2, 'feedback', 'feedback', gen_random_uuid()) RETURNING id
                """, [String(ids.school), student]
            ).first
        else { throw TestFailure("no notification") }
        return id
    }
}

extension EventReader {
    /// The id of the next notification.
    func notification(seconds: Double = 10) throws -> String {
        guard let event = try next(seconds: seconds) else { throw TestFailure("the stream has ended") }
        guard event.name == "notification", let id = try JSONValue(parsing: Array(event.data.utf8))["id"]?.string else {
            throw TestFailure("not a notification: \(event)")
        }
        return id
    }
}
