import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Guardians propose changes of profiles, the class teacher accepts them (A3, A4, K2), over the API.
@Suite(.serialized) struct ProfileProposalsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let parent: TestClient
    let teacher: TestClient

    init() async throws {
        server = try await TestServer()
        ids = try DemoSchoolIDs(server)
        parent = try server.client("parent")
        teacher = try server.client("teacher")
    }

    /// A connection as the owner, with the tests' day as today.
    private func ownerToday() throws -> BlockingConnection {
        let owner = try server.owner()
        try owner.query(
            "SELECT set_config('lyceum.today', $1, false), set_config('lyceum.school_id', $2, false)",
            [TestServer.today, String(ids.school)])
        return owner
    }

    private static let activation = """
        UPDATE users SET login = 'second', state = 'active',
            password_hash = (SELECT h.password_hash FROM users h WHERE h.login = 'parent' LIMIT 1)
        WHERE id = $1
        """

    private let path = "/v1/profile-proposals"

    private func propose(
        _ fields: String, about: String = "student", for student: String? = nil
    ) throws -> TestClient.Answer {
        try parent.post(
            path, json: #"{"student_id": "\#(student ?? ids.child)", "about": "\#(about)", "fields": \#(fields)}"#)
    }
    private func decide(
        _ client: TestClient, _ id: String, _ state: String, _ match: String = "*"
    ) throws -> TestClient.Answer {
        try client.patch("\(path)/\(id)", json: #"{"state": "\#(state)"}"#, headers: [("If-Match", match)])
    }

    @Test func a4NothingIsTrueBeforeTheClassTeacherAccepts() throws {
        let before = try parent.get("/v1/students/\(ids.child)").json
        let made = try propose(#"{"phone": "+7 900 000-00-01", "address": null}"#)
        try #require(made.status == 201, "\(made.text)")
        let id = try #require(made.json["id"]?.string)
        #expect(made["Location"]?.hasSuffix("\(path)/\(id)") == true)
        #expect(made.json["current"]?["phone"] == before["phone"])
        #expect(try parent.get("/v1/students/\(ids.child)").json == before)
        #expect(try propose(#"{"email": "a@example.org"}"#).code == "already_exists")

        let list = try teacher.get("\(path)?state=open&student_id=\(ids.child)").json["items"]!.array
        #expect(list.map { $0["id"]?.string } == [id])
        #expect(list[0]["names"]?.array.map { $0.string } == ["address", "phone"])
        #expect(list[0]["fields"] == nil)
        let read = try teacher.get("\(path)/\(id)")
        #expect(read.json["fields"]?["phone"]?.string == "+7 900 000-00-01")
        #expect(try decide(parent, id, "accepted").code == "not_your_proposal")
        #expect(try decide(teacher, id, "accepted", "\"v7\"").status == 412)
        let accepted = try decide(teacher, id, "accepted", read["ETag"]!)
        #expect(accepted.status == 200 && accepted.json["state"]?.string == "accepted", "\(accepted.text)")
        let after = try parent.get("/v1/students/\(ids.child)").json
        #expect(after["phone"]?.string == "+7 900 000-00-01" && after["address"]?.isNull == true)
        #expect(after["email"] == before["email"])
        #expect(try decide(teacher, id, "declined").code == "proposal_closed")
        // A5: the change of the profile has the class teacher's name.
        let history = try teacher.get("/v1/students/\(ids.child)/history").json["items"]!.array
        #expect(history[0]["after"]?["phone"]?.string == "+7 900 000-00-01")
        #expect(history[0]["changed_by"]?["id"] == accepted.json["decided_by"]?["id"])
    }

    @Test func a3TheOtherGuardianSeesNoProposal() throws {
        let other = try #require(
            try ownerToday().query(
                """
                SELECT g.guardian_id FROM guardianships g JOIN users u ON u.school_id = g.school_id AND u.id = g.guardian_id
                WHERE g.school_id = $1 AND g.student_id = $2 AND g.access = 'full' AND u.login IS DISTINCT FROM 'parent'
                """, [String(ids.school), ids.child]
            ).first)
        try ownerToday().query(Self.activation, [other])
        let client = try server.session(of: other, school: ids.school, roles: ["guardian"])
        let made = try propose(#"{"workplace": "Завод", "phone": "1"}"#, about: "guardian")
        let id = try #require(made.json["id"]?.string, "\(made.text)")
        #expect(try client.get("\(path)/\(id)").status == 404)
        #expect(try client.get(path).json["items"]?.array.isEmpty == true)
        #expect(try decide(client, id, "withdrawn").status == 404)
        // The author without access, too
        try ownerToday().query(
            """
            UPDATE guardianships SET access = 'none' WHERE school_id = $1 AND student_id = $2
                AND guardian_id = (SELECT id FROM users WHERE school_id = $1 AND login = 'parent')
            """, [String(ids.school), ids.child])
        #expect(try parent.get("\(path)/\(id)").status == 404)
        #expect(try propose(#"{"phone": "2"}"#).status == 404)
    }

    @Test func a1OnlyForOwnChildren() throws {
        #expect(try propose(#"{"phone": "1"}"#, for: ids.others[0]).status == 404)
        #expect(try propose(#"{"phone": "1"}"#, for: ids.stranger).status == 404)
    }

    @Test(arguments: [
        ("{}", "/fields"), (#"{"birth_date": "2012-01-01"}"#, "/fields/birth_date"),
        (#"{"phone": ""}"#, "/fields/phone"),
        (#"{"workplace": "Завод"}"#, "/fields/workplace"), (#"{"other_phones": "1"}"#, "/fields/other_phones"),
        (#"{"address": " "}"#, "/fields/address"),
    ])
    func badFieldsAreNamed(_ fields: String, _ pointer: String) throws {
        let answer = try propose(fields)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(answer.text)")
    }

    @Test func k2ReadingAProposalIsRecordedExceptForTheClassTeacher() throws {
        let id = try #require(try propose(#"{"phone": "1"}"#).json["id"]?.string)
        func readings() throws -> Int {
            let log = "/v1/audit?entity=profile_proposals&entity_id=\(id)&action=read"
            return try server.client("admin").get(log).json["items"]!.array.count
        }
        #expect(try teacher.get("\(path)/\(id)").status == 200)
        #expect(try parent.get("\(path)/\(id)").status == 200)
        #expect(try readings() == 0)
        #expect(try server.client("deputy").get("\(path)/\(id)").status == 200)
        #expect(try readings() == 1)
    }

    @Test func theAuthorWithdrawsAndMayProposeAgain() throws {
        let id = try #require(try propose(#"{"phone": "1"}"#).json["id"]?.string)
        #expect(try decide(parent, id, "withdrawn").json["state"]?.string == "withdrawn")
        #expect(try propose(#"{"phone": "2"}"#).status == 201)
    }

    @Test func aGuardianConfirmsTheProfile() throws {
        try ownerToday().query("UPDATE students SET profile_confirmed_on = '2024-09-01' WHERE id = $1", [ids.child])
        let confirmation = "/v1/students/\(ids.child)/profile-confirmation"
        let done = try parent.send("PUT", confirmation)
        #expect(done.status == 200 && done.json["confirmed_on"]?.string == TestServer.today, "\(done.text)")
        #expect(try parent.get("/v1/students/\(ids.child)").json["profile_confirmed_on"]?.string == TestServer.today)
        #expect(try parent.send("PUT", confirmation).text == done.text)
        #expect(try parent.send("PUT", "/v1/students/\(ids.others[0])/profile-confirmation").status == 404)
    }
}
