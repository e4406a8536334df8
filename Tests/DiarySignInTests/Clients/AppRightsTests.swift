import Diary
import DiaryServer
import DiaryTestSupport
import JSON
import Postgres
import Testing
import Web

/// What no app of others does, whoever let it in: give rights over people or programs.
@Suite(.serialized) struct AppRightsTests {
    let server: TestServer
    let school: AppSchool

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try AppSchool(server)
    }

    /// An app that the person has let in.
    private func client(of login: String) throws -> TestClient {
        let tokens = try school.session(login, school.app("Права: \(login)").clientID)
        return TestClient(port: server.port, token: try #require(tokens["access_token"]?.string))
    }

    /// Class teachers issue credentials (A2): no program of others makes one, whoever let it in.
    @Test(arguments: ["admin", "deputy"])
    func A2_noAppAppointsClassTeachers(_ login: String) throws {
        let app = try client(of: login)
        let ids = school.ids
        let teachers = "/v1/classes/\(ids.otherClass)/teachers"
        let owner = try server.owner()
        let row = try #require(
            try owner.query(
                "SELECT t.id, t.teacher_id FROM class_teachers t WHERE t.school_id = $1 AND t.class_id = $2",
                [String(ids.school), ids.otherClass]
            ).rows.first)
        let one = "\(teachers)/\(row[0]!)"
        let appointment = #"{"teacher_id": "\#(row[1]!)", "starts_on": "2031-09-01"}"#
        let year = try #require(ids.rows["{academic_year_id}"])
        let state = try owner.query("SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM class_teachers t").first
        for answer in [
            try app.post(teachers, json: appointment),
            try app.patch(one, json: #"{"ends_on": "2030-01-01"}"#, headers: [("If-Match", "*")]),
            try app.send("DELETE", one, headers: [("If-Match", "*")]),
            try app.post(
                "/v1/academic-years/\(year)/rollover?dry_run=true", json: #"{"academic_year_id": "\#(year)"}"#),
        ] {
            #expect(answer.status == 403, "\(answer.text)")
            #expect(answer.code == "not_for_programs")
        }
        #expect(
            try owner.query("SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM class_teachers t").first == state)
        // It reads them, and the person appoints with the school's own app.
        #expect(try app.get(teachers).status == 200)
        let own = try server.client(login)
        let ended = try own.patch(one, json: #"{"ends_on": "2030-01-01"}"#, headers: [("If-Match", "*")])
        #expect(ended.status == 200, "\(ended.text)")
        let made = try own.post(teachers, json: appointment)
        #expect(made.status == 201, "\(made.text)")
        #expect(
            try own.send("DELETE", "\(teachers)/\(made.json["id"]!.string!)", headers: [("If-Match", "*")]).status
                == 204)
    }

    /// All that is closed to programs of others, by name: a route that gives rights over people or programs stands
    /// here.
    @Test func whatIsForTheSchoolsOwnAppsAlone() {
        let closed = Set(Routes.all.filter { $0.access.isForOwnApps }.map { $0.operation })
        let programs = [
            "listClients", "createClient", "getClient", "updateClient", "deleteClient", "listClientSecrets",
            "createClientSecret", "deleteClientSecret",
        ]
        let credentials = [
            "changeMyPassword", "issueCredentials", "revokeCredentials", "issueClassCredentials", "getMySecondFactor",
            "beginMySecondFactor", "removeMySecondFactor", "confirmMySecondFactor", "renewMyRecoveryCodes",
            "resetSecondFactor",
        ]
        let rights = [
            "createStaffMember", "updateStaffMember", "createClassTeacher", "updateClassTeacher", "deleteClassTeacher",
            "rollOverAcademicYear", "updateSchoolSettings",
        ]
        // A link outlives the app's own access.
        let links = ["listCalendarLinks", "createCalendarLink", "deleteCalendarLink"]
        // Mail goes on without the app, and webhooks without any.
        let mail = ["getMyEmail", "putMyEmail", "confirmMyEmail", "deleteMyEmail"]
        let webhooks = [
            "listClientWebhooks", "createClientWebhook", "getClientWebhook", "updateClientWebhook",
            "deleteClientWebhook", "rotateClientWebhookSecret", "listClientWebhookDeliveries", "testClientWebhook",
            "resendClientWebhookDelivery", "listWebhooks", "createWebhook", "getWebhook", "updateWebhook",
            "deleteWebhook", "rotateWebhookSecret", "listWebhookDeliveries", "testWebhook", "resendWebhookDelivery",
        ]
        #expect(closed == Set(programs + credentials + rights + links + mail + webhooks))
    }
}
