import JSON
import Postgres
import TestSupport

/// People of the demo school for tests of credentials, and the requests of these tests.
package struct CredentialSchool {
    package let server: TestServer
    package let ids: DemoSchoolIDs
    package let anonymous: TestClient

    package static let password = "синий трамвай 29"

    package init(_ server: TestServer) throws {
        self.server = server
        ids = try DemoSchoolIDs(server)
        anonymous = TestClient(port: server.port)
    }

    package func value(_ sql: String, _ rest: String?...) throws -> String? {
        try server.owner().query(sql, [String(ids.school)] + rest).first
    }

    package func user(_ login: String) throws -> String {
        try found("SELECT id FROM users WHERE school_id = $1 AND login = $2", login)
    }

    /// A person found by the SQL after `FROM users u … WHERE u.school_id = $1`.
    package func person(_ condition: String, _ rest: String?...) throws -> String {
        let sql = "SELECT u.id FROM users u WHERE u.school_id = $1 AND \(condition) ORDER BY u.id LIMIT 1"
        guard let id = try server.owner().query(sql, [String(ids.school)] + rest).first else {
            throw TestFailure("nobody: \(condition)")
        }
        return id
    }

    /// A guardian of the student, with or without access.
    package func guardian(of pupil: String, access: String = "full") throws -> String {
        try found(
            """
            SELECT g.guardian_id FROM guardianships g WHERE g.school_id = $1 AND g.student_id = $2 AND g.access = $3
            ORDER BY g.guardian_id LIMIT 1
            """, pupil, access)
    }

    package func issue(
        _ client: TestClient, _ user: String, reason: String? = nil, login: String? = nil
    ) throws -> TestClient.Answer {
        var members: [String] = []
        if let reason { members.append("\"reason\": \"\(reason)\"") }
        if let login { members.append("\"login\": \"\(login)\"") }
        return try client.post("/v1/users/\(user)/credentials", json: "{\(members.joined(separator: ", "))}")
    }

    /// A valid code for the person.
    package func code(for user: String, by client: TestClient, reason: String? = nil) throws -> String {
        let answer = try issue(client, user, reason: reason)
        guard answer.status == 201, let code = answer.json["code"]?.string else {
            throw TestFailure("no code: \(answer.status) \(answer.text)")
        }
        return code
    }

    package func activate(
        _ code: String, _ password: String = Self.password, school: String = "lyceum29"
    ) throws -> TestClient.Answer {
        try anonymous.post(
            "/v1/auth/activation",
            json: #"{"school": "\#(school)", "code": "\#(code)", "password": "\#(password)"}"#)
    }

    package func signIn(_ login: String, _ password: String = Self.password) throws -> TestClient.Answer {
        try anonymous.post(
            "/v1/auth/token",
            json:
                #"{"grant_type": "password", "school": "lyceum29", "username": "\#(login)", "password": "\#(password)"}"#
        )
    }

    /// Activates the person by code with `password`; returns the login.
    package func activated(_ user: String, by client: TestClient) throws -> String {
        let answer = try activate(try code(for: user, by: client))
        guard let login = answer.json["login"]?.string else { throw TestFailure("not activated: \(answer.text)") }
        return login
    }

    private func found(_ sql: String, _ rest: String?...) throws -> String {
        guard let value = try server.owner().query(sql, [String(ids.school)] + rest).first else {
            throw TestFailure("no row: \(sql)")
        }
        return value
    }
}

/// Runs `body` many times at once; returns all results.
package func atOnce<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
    let threads = (0..<count).map { index in WorkThread { Result { try body(index) } } }
    return try threads.map { try $0.join().get() }
}
