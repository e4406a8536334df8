import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import Testing

/// Lists that programs keep a copy of (decision 0008): what commits late is not missed.
@Suite(.serialized) struct PullTests {
    let server: TestServer
    let client: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        client = try server.client("deputy")
    }

    private func pulled(_ path: String, since watermark: String) throws -> Set<String> {
        let answer = try client.get("\(path)?limit=200&updated_since=\(watermark)")
        try #require(answer.status == 200, "\(answer.text)")
        return Set(answer.json["items"]?.array.compactMap { $0["id"]?.string } ?? [])
    }

    private func watermark(_ path: String) throws -> String {
        try #require(try client.get("\(path)?limit=1").json["watermark"]?.string)
    }

    /// A row that is being written while the list is read has an older transaction than those that the list shows.
    @Test(arguments: [
        ("/v1/subjects", "subjects"), ("/v1/students", "students"), ("/v1/guardians", "guardians"),
        ("/v1/staff", "staff"), ("/v1/classes", "classes"), ("/v1/sections", "sections"),
        ("/v1/enrollments", "enrollments"), ("/v1/groups", "groups"),
    ])
    func whatCommitsLateIsNotMissed(_ path: String, _ table: String) throws {
        let id = try #require(try client.get("\(path)?limit=1").json["items"]?.array.first?["id"]?.string)
        let writer = try server.owner()
        _ = try writer.query("BEGIN")
        _ = try writer.query("SELECT set_config('lyceum.school_id', '1', true)")
        _ = try writer.query("UPDATE \(table) SET changed_at = now() WHERE id = '\(id)'")
        // A later transaction commits first.
        let other = try server.owner()
        _ = try other.query("CREATE TABLE IF NOT EXISTS pull_test ()")
        let watermark = try watermark(path)
        #expect(try !pulled(path, since: watermark).contains(id))
        _ = try writer.query("COMMIT")
        #expect(try pulled(path, since: watermark).contains(id))
    }

    /// The name of a person is in another table than the rest of the profile.
    @Test func aProfileChangesWithItsName() throws {
        let path = "/v1/students"
        let id = try #require(try client.get("\(path)?limit=1").json["items"]?.array.first?["id"]?.string)
        let watermark = try watermark(path)
        let changed = try client.patch(
            "/v1/students/\(id)", json: #"{"middle_name": "Иная"}"#, headers: [("If-Match", "*")])
        try #require(changed.status == 200, "\(changed.text)")
        #expect(try pulled(path, since: watermark).contains(id))
    }

    /// What a list does not show a caller it can't be asked for either.
    @Test func theExternalIDIsFoundByThoseWhoMaySeeIt() throws {
        let ids = try DemoSchoolIDs(server)
        let owner = try server.owner()
        _ = try owner.query("UPDATE users SET external_id = 'pull-child' WHERE id = '\(ids.child)'")
        for (login, found) in [("deputy", true), ("teacher", true), ("parent", true), ("admin", true)] {
            let items = try server.client(login).get("/v1/students?external_id=pull-child").json["items"]?.array ?? []
            #expect(items.isEmpty != found, "\(login)")
        }
    }
}
