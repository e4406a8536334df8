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

    /// A copy learns of each change of a row that the list shows inside its own, also of one that is deleted.
    @Test(arguments: [
        ("/v1/students", "UPDATE enrollments SET reason = 'Приказ' WHERE student_id = $1::uuid"),
        ("/v1/students", "UPDATE classes SET name = name || 'ё' WHERE id IN (\(Self.classesOfStudent))"),
        ("/v1/students", "INSERT INTO consents \(Self.photoConsent)"),
        (
            "/v1/students",
            "UPDATE consents SET document = 'Заявление' WHERE student_id = $1::uuid AND purpose = 'photo'"
        ),
        ("/v1/students", "INSERT INTO student_photos \(Self.photo)"),
        ("/v1/students", "DELETE FROM student_photos WHERE id = $1::uuid"),
        ("/v1/students", "DELETE FROM consents WHERE student_id = $1::uuid AND purpose = 'photo'"),
        ("/v1/classes", "UPDATE enrollments SET reason = 'Приказ' WHERE class_id = $1::uuid"),
        ("/v1/classes", "UPDATE users SET first_name = 'Иная' WHERE id IN (\(Self.teachersOfClass))"),
        ("/v1/classes", "UPDATE class_teachers SET starts_on = starts_on - 1 WHERE class_id = $1::uuid"),
        ("/v1/classes", "DELETE FROM class_teachers WHERE class_id = $1::uuid"),
        ("/v1/sections", "UPDATE subjects SET name = name || 'ё' WHERE id IN (\(Self.of("subject_id")))"),
        ("/v1/sections", "UPDATE groups SET name = name || 'ё' WHERE id IN (\(Self.of("group_id")))"),
        ("/v1/sections", "UPDATE classes SET profile = 'Иной' WHERE id IN (\(Self.classOfSection))"),
        ("/v1/sections", "UPDATE users SET first_name = 'Иная' WHERE id IN (\(Self.teachersOfSection))"),
        ("/v1/sections", "UPDATE section_teachers SET starts_on = starts_on - 1 WHERE section_id = $1::uuid"),
        ("/v1/sections", "DELETE FROM section_teachers WHERE section_id = $1::uuid"),
    ])
    func whatTheListShowsOfOtherRowsIsNotMissed(_ path: String, _ change: String) throws {
        let id = try shown(path)
        let watermark = try watermark(path)
        #expect(try !pulled(path, since: watermark).contains(id))
        let writer = try server.owner()
        _ = try writer.query("SELECT set_config('lyceum.school_id', '1', false)")
        #expect(try !writer.query("\(change) RETURNING 1", [id]).rows.isEmpty, "the change finds a row")
        #expect(try pulled(path, since: watermark).contains(id))
    }

    @Test func aDeletedEnrollmentIsNotMissed() throws {
        func made(_ path: String, _ body: String) throws -> String {
            let answer = try client.post(path, json: body)
            try #require(answer.status == 201, "\(answer.text)")
            return try #require(answer.json["id"]?.string)
        }
        let schoolClass = try shown("/v1/classes")
        let student = try made("/v1/students", #"{"last_name": "Новая", "first_name": "Анна"}"#)
        let today = try #require(try server.owner().query("SELECT lyceum.today()").first)
        let enrollment = try made(
            "/v1/enrollments",
            #"{"student_id": "\#(student)", "class_id": "\#(schoolClass)", "starts_on": "\#(today)"}"#)
        let watermark = try watermark("/v1/students")
        let path = "/v1/enrollments/\(enrollment)"
        #expect(try client.send("DELETE", path, headers: [("If-Match", "*")]).status == 204)
        #expect(try pulled("/v1/students", since: watermark) == [student])
        #expect(try pulled("/v1/classes", since: watermark) == [schoolClass])
    }

    @Test func aStaffMemberChangesWithTheRoles() throws {
        let administrator = try server.client("admin")
        let teacher = try #require(try server.owner().query("SELECT id FROM users WHERE login = 'teacher'").first)
        let watermark = try watermark("/v1/staff")
        let changed = try administrator.patch(
            "/v1/staff/\(teacher)", json: #"{"roles": ["teacher", "deputy_head"]}"#, headers: [("If-Match", "*")])
        try #require(changed.status == 200, "\(changed.text)")
        #expect(try pulled("/v1/staff", since: watermark) == [teacher])
    }

    @Test func aGuardianshipChangesWithTheGuardiansName() throws {
        let owner = try server.owner()
        let row = try owner.query("SELECT student_id, guardian_id, id FROM guardianships LIMIT 1").rows[0].map { $0! }
        let path = "/v1/students/\(row[0])/guardians"
        let watermark = try watermark(path)
        _ = try owner.query("UPDATE users SET first_name = 'Иная' WHERE id = $1", [row[1]])
        #expect(try pulled(path, since: watermark) == [row[2]])
    }

    /// A record of the list, of a student in a class.
    private func shown(_ path: String) throws -> String {
        let items = try client.get("\(path)?limit=200").json["items"]?.array ?? []
        return try #require(items.first { path != "/v1/students" || $0["class"]?.isNull == false }?["id"]?.string)
    }

    private static let classesOfStudent = """
        SELECT e.class_id FROM enrollments e
        WHERE e.student_id = $1::uuid AND lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        """
    private static let photoConsent = """
        (school_id, id, student_id, purpose, given_by, given_on)
        SELECT school_id, gen_random_uuid(), student_id, 'photo', guardian_id, lyceum.today() FROM guardianships
        WHERE student_id = $1::uuid LIMIT 1
        """
    private static let photo = """
        (school_id, id, media_type, width, height, content, sha256)
        VALUES (1, $1::uuid, 'image/png', 1, 1, 'x', sha256('x'))
        """
    private static let teachersOfClass = "SELECT t.teacher_id FROM class_teachers t WHERE t.class_id = $1::uuid"
    private static let teachersOfSection = "SELECT t.teacher_id FROM section_teachers t WHERE t.section_id = $1::uuid"
    private static func of(_ column: String) -> String { "SELECT s.\(column) FROM sections s WHERE s.id = $1::uuid" }
    private static let classOfSection = """
        SELECT g.class_id FROM groups g JOIN sections s ON s.group_id = g.id WHERE s.id = $1::uuid
        """

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
