import DiaryTestSupport
import JSON
import Postgres
import Testing

/// A3 through the API: nobody writes a guardianship of their own, and access that was closed is opened by a head or
/// deputy head who names the document. `GuardianshipRuleTests` has every way on the table.
@Suite(.serialized) struct OwnGuardianshipTests {
    let server: TestServer
    let ids: DemoSchoolIDs

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
    }

    private func owner(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    private func user(_ login: String) throws -> String {
        try owner("SELECT id FROM users WHERE school_id = $1 AND login = $2", login)[0][0]!
    }

    /// Makes somebody a guardian of the pupil without access; answers the guardianship's path.
    private func close(_ login: String, _ pupil: String) throws -> String {
        let person = try user(login)
        _ = try owner("INSERT INTO guardians (school_id, id) VALUES ($1, $2) ON CONFLICT DO NOTHING", person)
        let id = try owner(
            """
            INSERT INTO guardianships (school_id, id, guardian_id, student_id, relation, access, basis, starts_on)
            VALUES ($1, gen_random_uuid(), $2, $3, 'father', 'none', 'Решение суда 12', '2025-09-01') RETURNING id
            """, person, pupil)[0][0]!
        return "/v1/students/\(pupil)/guardians/\(id)"
    }

    private func standing(_ path: String) throws -> [String?] {
        try owner(
            "SELECT access, ends_on, version FROM guardianships WHERE school_id = $1 AND id = $2",
            String(path.split(separator: "/").last!)
        ).first ?? []
    }

    /// Whoever keeps the pupil, also the head.
    @Test(arguments: ["admin", "teacher", "deputy", "head"]) func A3_noOwnGuardianship(_ login: String) throws {
        let pupil = ids.others[["admin", "teacher", "deputy", "head"].firstIndex(of: login)!]
        let path = try close(login, pupil)
        let client = try server.client(login)
        let match = [("If-Match", "*")]
        for body in [
            #"{"access": "full"}"#, #"{"access": "full", "basis": "Решение суда 15"}"#, #"{"ends_on": "2025-11-18"}"#,
            #"{"starts_on": "2025-12-01"}"#,
        ] {
            let answer = try client.patch(path, json: body, headers: match)
            #expect(answer.status == 403 && answer.code == "own_guardianship", "\(answer.text)")
        }
        #expect(try client.send("DELETE", path, headers: match).code == "own_guardianship")
        let another = try client.post(
            "/v1/students/\(ids.others[8])/guardians",
            json: #"{"guardian_id": "\#(try user(login))", "relation": "father", "starts_on": "2025-09-01"}"#)
        #expect(another.status == 403 && another.code == "own_guardianship", "\(another.text)")
        #expect(try standing(path) == ["none", nil, "1"])
    }

    /// An administrator becomes nobody's guardian by a file, nor by an integration of their own.
    @Test func A3_noOwnGuardianshipByAnImport() throws {
        let person = try user("admin")
        _ = try owner("UPDATE users SET external_id = 'admin-29' WHERE school_id = $1 AND id = $2", person)
        _ = try owner("UPDATE users SET external_id = 'pupil-29' WHERE school_id = $1 AND id = $2", ids.others[5])
        let name = try owner("SELECT last_name, first_name FROM users WHERE school_id = $1 AND id = $2", person)[0]
        let file = "Код;Фамилия;Имя;Дети;Кем приходится\nadmin-29;\(name[0]!);\(name[1]!);pupil-29;Отец\n"
        func send(_ client: TestClient) throws -> TestClient.Answer {
            try client.send(
                "POST", "/v1/imports/guardians?force=true", headers: [("Content-Type", "text/csv")],
                body: Array(file.utf8))
        }
        let program = try AppSchool(server).program("Выгрузка", ["imports.write"])
        for client in [try server.client("admin"), program] {
            let answer = try send(client)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.json["errors"]?[0]?["code"]?.string == "own_guardianship")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/rows/2/children")
        }
        let ties = "SELECT id FROM guardianships WHERE school_id = $1 AND guardian_id = $2 AND student_id = $3"
        #expect(try owner(ties, person, ids.others[5]).isEmpty)
        // Another manager ties the two, and then the file changes nothing and is taken from everybody.
        #expect(try send(server.client("deputy")).status == 200)
        #expect(try owner(ties, person, ids.others[5]).count == 1)
        for client in [try server.client("admin"), program] {
            let again = try send(client)
            #expect(again.json["unchanged"]?.int == 1, "\(again.text)")
        }
    }

    @Test func A3_anEndBeforeTheStartIsNamed() throws {
        let path = try close("parent", ids.others[7])
        for login in ["teacher", "deputy"] {
            let answer = try server.client(login).patch(
                path, json: #"{"ends_on": "2001-01-01"}"#, headers: [("If-Match", "*")])
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/ends_on")
            #expect(answer.json["errors"]?[0]?["code"]?.string == "before_start")
        }
    }

    @Test func A3_closedAccessIsOpenedWithADocument() throws {
        let pupil = ids.others[6]
        let path = try close("parent", pupil)
        let guardian = try user("parent")
        let collection = "/v1/students/\(pupil)/guardians"
        let more =
            #"{"guardian_id": "\#(guardian)", "relation": "father", "starts_on": "2020-01-01", "ends_on": "2020-02-01""#
        let opening = #"{"access": "full", "basis": "Решение суда 15"}"#
        for login in ["admin", "teacher"] {
            let client = try server.client(login)
            for body in [#"{"access": "full"}"#, opening, #"{"ends_on": "2025-11-18"}"#] {
                let answer = try client.patch(path, json: body, headers: [("If-Match", "*")])
                #expect(answer.status == 403 && answer.code == "access_closed", "\(login): \(answer.text)")
                #expect(answer.json["detail"]?.string?.contains("заместитель директора") == true, "\(answer.text)")
            }
            #expect(try client.send("DELETE", path, headers: [("If-Match", "*")]).code == "access_closed")
            #expect(try client.post(collection, json: more + "}").code == "access_closed")
        }
        #expect(try standing(path) == ["none", nil, "1"])

        let deputy = try server.client("deputy")
        #expect(try deputy.send("DELETE", path, headers: [("If-Match", "*")]).code == "access_closed")
        for body in [
            #"{"access": "full"}"#, #"{"access": "full", "basis": null}"#, #"{"ends_on": "2025-11-18"}"#,
            #"{"access": "full", "basis": "Решение суда 12"}"#,
        ] {
            let answer = try deputy.patch(path, json: body, headers: [("If-Match", "*")])
            #expect(answer.status == 422 && answer.code == "basis_required", "\(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/basis")
        }
        let added = try deputy.post(collection, json: more + "}")
        #expect(added.status == 422 && added.json["errors"]?[0]?["pointer"]?.string == "/basis", "\(added.text)")
        #expect(try deputy.patch(path, json: opening, headers: [("If-Match", "*")]).status == 200)
        let record = try owner(
            """
            SELECT before ->> 'access', after ->> 'access', after ->> 'basis', changed_by FROM audit_log
            WHERE school_id = $1 AND entity = 'guardianships' AND entity_id = $2 ORDER BY id DESC LIMIT 1
            """, String(path.split(separator: "/").last!))
        #expect(record == [["none", "full", "Решение суда 15", try user("deputy")]])
    }
}
