import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/audit` and `GET /v1/students/{id}/history`.
@Suite(.serialized) struct AuditTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let deputy: TestClient
    let admin: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        deputy = try server.client("deputy")
        admin = try server.client("admin")
    }

    private func change(_ client: TestClient, _ json: String, request: String) throws {
        let answer = try client.patch(
            "/v1/students/\(ids.child)", json: json, headers: [("If-Match", "*"), ("X-Request-Id", request)])
        try #require(answer.status == 200, "\(answer.text)")
    }

    private func items(_ client: TestClient, _ path: String) throws -> [JSONValue] {
        let answer = try client.get(path)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.json["items"]!.array
    }

    @Test func A5_aChangeSaysWhoFromWhatToWhat() throws {
        try change(deputy, #"{"phone": "+7 1"}"#, request: "phone-1")
        try change(admin, #"{"phone": "+7 2"}"#, request: "phone-2")
        let found = try items(deputy, "/v1/audit?request_id=phone-2&action=update")
        #expect(found.count == 1)
        #expect(found[0]["entity"]?.string == "students")
        #expect(found[0]["entity_id"]?.string == ids.child)
        #expect(found[0]["action"]?.string == "update")
        #expect(found[0]["before"]?["phone"]?.string == "+7 1")
        #expect(found[0]["after"]?["phone"]?.string == "+7 2")
        #expect(found[0]["changed_by"]?["id"]?.string != nil)
        let history = try items(try server.client("teacher"), "/v1/students/\(ids.child)/history")
        let phones = history.compactMap { $0["after"]?["phone"]?.string }
        #expect(phones.starts(with: ["+7 2", "+7 1"]))
    }

    @Test func K2_healthGroupsInTheLogAreForThoseWhoSeeThem() throws {
        try change(deputy, #"{"health_group": 1, "pe_group": "main"}"#, request: "health-0")
        try change(deputy, #"{"health_group": 5, "pe_group": "special"}"#, request: "health-1")
        for path in ["/v1/audit?request_id=health-1&action=update", "/v1/students/\(ids.child)/history"] {
            func change(_ client: TestClient) throws -> JSONValue {
                try #require(try items(client, path).first { $0["action"]?.string == "update" })
            }
            #expect(try change(deputy)["after"]?["health_group"]?.int == 5)
            let hidden = try change(admin)
            #expect(hidden["after"]?["health_group"] == nil)
            #expect(hidden["before"]?.keys == [])
            #expect(try change(try server.client("head"))["after"]?.keys == [])
        }
    }

    @Test func filtersNarrowAndPagesGoOn() throws {
        for number in 0..<5 { try change(deputy, #"{"address": "\#(number)"}"#, request: "page") }
        let total = try admin.get("/v1/audit?request_id=page&action=update&include=total").json["total"]?.int
        #expect(total == 5)
        let first = try admin.get("/v1/audit?request_id=page&action=update&limit=2")
        let second = try admin.get(
            "/v1/audit?request_id=page&action=update&limit=200&cursor=\(first.json["next_cursor"]!.string!)")
        let addresses = (first.json["items"]!.array + second.json["items"]!.array).map {
            $0["after"]?["address"]?.string
        }
        #expect(addresses == ["4", "3", "2", "1", "0"])
        #expect(try items(admin, "/v1/audit?request_id=page&action=delete").isEmpty)
        #expect(try items(admin, "/v1/audit?request_id=page&action=update&entity=users").isEmpty)
        #expect(try items(admin, "/v1/audit?request_id=page&action=update&entity_id=\(ids.others[0])").isEmpty)
        #expect(try items(admin, "/v1/audit?request_id=page&action=update&changed_by=\(ids.child)").isEmpty)
        #expect(try items(admin, "/v1/audit?request_id=page&action=update&from=2001-01-01&to=2001-01-02").isEmpty)
        #expect(try admin.get("/v1/audit?from=2001-01-01").status == 400)
        #expect(try admin.get("/v1/audit?from=2001-01-01&to=2003-01-01").status == 400)
        #expect(try admin.get("/v1/audit?cursor=61").status == 400)
    }

    /// The server's role can neither change nor delete what is recorded.
    @Test func A5_theLogIsAppendOnly() throws {
        for statement in ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"] {
            #expect(throws: (any Error).self, "\(statement)") { try server.connection().query(statement) }
        }
    }

    @Test func anotherSchoolsLogIsNotShown() throws {
        let strange = try server.owner().query(
            "SELECT count(*) FROM audit_log WHERE school_id = $1", [String(ids.otherSchool)]
        ).first
        try server.owner().query(
            "INSERT INTO audit_log (school_id, entity, action, request_id) VALUES ($1, 'users', 'x', 'strange')",
            [String(ids.otherSchool)])
        #expect(strange != nil)
        #expect(try items(admin, "/v1/audit?request_id=strange").isEmpty)
    }
}
