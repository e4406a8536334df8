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
        #expect(found[0]["before"]?.keys == ["phone"] && found[0]["after"]?.keys == ["phone"])
        #expect(found[0]["changed_by"]?["id"]?.string != nil)
        let history = try items(try server.client("teacher"), "/v1/students/\(ids.child)/history")
        let phones = history.compactMap { $0["after"]?["phone"]?.string }
        #expect(phones.starts(with: ["+7 2", "+7 1"]))
        #expect(
            history.first { $0["request_id"]?.string == "phone-2" && $0["action"]?.string == "update" }?["before"]?[
                "phone"]?.string == "+7 1")
    }

    private func readings(_ request: String) throws -> [[String?]] {
        try server.owner().query(
            """
            SELECT entity, entity_id, u.login FROM audit_log a JOIN users u ON u.school_id = a.school_id AND u.id = a.changed_by
            WHERE a.school_id = $1 AND a.action = 'read' AND a.request_id = $2
            """, [String(ids.school), request]
        ).rows
    }

    /// The history of a profile shows the profile, so reading it is recorded.
    @Test func K2_theHistoryOfAProfileIsAReading() throws {
        let path = "/v1/students/\(ids.child)/history"
        for (login, isRecorded) in [("admin", true), ("head", true), ("deputy", true), ("teacher", false)] {
            let client = try server.client(login)
            let first = try client.get(path + "?limit=1", headers: [("X-Request-Id", "history-\(login)")])
            #expect(first.status == 200, "\(first.text)")
            let wanted = isRecorded ? [["students", ids.child, login]] : []
            #expect(try readings("history-\(login)") == wanted, "\(login)")
            // The next page and a HEAD request are readings, too.
            let cursor = first.json["next_cursor"]!.string!
            _ = try client.get(path + "?limit=1&cursor=\(cursor)", headers: [("X-Request-Id", "next-\(login)")])
            _ = try client.send("HEAD", path, headers: [("X-Request-Id", "head-\(login)")])
            #expect(try readings("next-\(login)") == wanted && readings("head-\(login)") == wanted, "\(login)")
        }
        let foreign = "/v1/students/\(ids.stranger)/history"
        #expect(try admin.get(foreign, headers: [("X-Request-Id", "history-foreign")]).status == 404)
        #expect(try readings("history-foreign").isEmpty)
    }

    /// The log of the school says who changed which fields of whom. The values are read student by student.
    @Test(arguments: ["", "&format=csv", "&format=ndjson"]) func K2_theLogTellsNoProfile(_ format: String) throws {
        let request = "profile" + format.suffix(3)
        let secrets = ["+7 999 17", "ул. Тайная, 17", "secret-login", "УМВД тайное", "2019-12-17"]
        try change(
            deputy, #"{"phone": "\#(secrets[0]) \#(request)", "address": "\#(secrets[1]), \#(request)"}"#,
            request: request)
        let owner = try server.owner()
        try owner.execute("SET lyceum.request_id = '\(request)'")
        try owner.query(
            "UPDATE users SET login = $3 || $4 WHERE school_id = $1 AND id = $2",
            [String(ids.school), ids.others[0], secrets[2], request])
        let document = try deputy.post(
            "/v1/students/\(ids.others[0])/documents",
            json: #"{"kind": "other", "number": "A-17", "issued_by": "\#(secrets[3])", "issued_on": "\#(secrets[4])"}"#,
            headers: [("X-Request-Id", request)])
        #expect(document.status == 201, "\(document.text)")
        for login in ["admin", "head", "deputy"] {
            let answer = try server.client(login).get("/v1/audit?request_id=\(request)\(format)")
            #expect(answer.status == 200)
            for word in ["students", "phone", "address", "users", "login", "student_documents", "issued_by", "hidden"] {
                #expect(answer.text.contains(word), "\(login): \(word)")
            }
            for secret in secrets { #expect(!answer.text.contains(secret), "\(login): \(secret)") }
            #expect(answer.text.contains(ids.others[0]), "whose document it is")
        }
        let history = try admin.get("/v1/students/\(ids.others[0])/history?limit=200").text
        for secret in secrets.suffix(3) { #expect(history.contains(secret), "\(secret)") }
    }

    /// Nor what guardians and staff are called by, live at and sign in with, nor the paper of a consent.
    @Test(arguments: ["", "&format=csv", "&format=ndjson"]) func K2_theLogTellsNoContacts(_ format: String) throws {
        let request = "contacts" + format.suffix(3)
        let secrets = ["тайна-phone", "тайна-address", "тайна-mail", "тайна-login", "тайна-paper"]
        let headers = [("X-Request-Id", request)]
        let guardian = try deputy.post(
            "/v1/guardians",
            json: #"""
                {"last_name": "Явная", "first_name": "Яна", "phone": "\#(secrets[0])", "address": "\#(secrets[1])",
                    "email": "\#(secrets[2])@example.org"}
                """#, headers: headers)
        #expect(guardian.status == 201, "\(guardian.text)")
        let id = guardian.json["id"]!.string!
        let staff = try admin.post(
            "/v1/staff",
            json: #"""
                {"last_name": "Явный", "first_name": "Ян",
                    "phone": "\#(secrets[0])", "email": "\#(secrets[2])@example.org",
                    "position": "Явная должность", "roles": ["teacher"]}
                """#, headers: headers)
        #expect(staff.status == 201, "\(staff.text)")
        let pupil = ids.others[1]
        let tie = try deputy.post(
            "/v1/students/\(pupil)/guardians",
            json: #"{"guardian_id": "\#(id)", "relation": "mother", "starts_on": "2025-09-01"}"#, headers: headers)
        #expect(tie.status == 201, "\(tie.text)")
        let consent = try deputy.post(
            "/v1/students/\(pupil)/consents",
            json:
                #"{"purpose": "photo", "given_by": "\#(id)", "given_on": "2025-10-01", "document": "\#(secrets[4])"}"#,
            headers: headers)
        #expect(consent.status == 201, "\(consent.text)")
        let owner = try server.owner()
        try owner.execute("SET lyceum.request_id = '\(request)'")
        for (person, suffix) in [(id, "1"), (staff.json["id"]!.string!, "2")] {
            try owner.query(
                "UPDATE users SET login = $3 || $4 WHERE school_id = $1 AND id = $2",
                [String(ids.school), person, secrets[3], request + suffix])
        }
        for login in ["admin", "head", "deputy"] {
            let answer = try server.client(login).get("/v1/audit?request_id=\(request)\(format)")
            #expect(answer.status == 200)
            for word in [
                "guardians", "phone", "address", "email", "login", "document", "Явная должность", "photo", "hidden",
            ] {
                #expect(answer.text.contains(word), "\(login): \(word)")
            }
            for secret in secrets { #expect(!answer.text.contains(secret), "\(login): \(secret)") }
        }
    }

    @Test func K2_healthGroupsInTheLogAreForThoseWhoSeeThem() throws {
        try change(deputy, #"{"health_group": 1, "pe_group": "main"}"#, request: "health-0")
        try change(deputy, #"{"health_group": 5, "pe_group": "special"}"#, request: "health-1")
        for path in ["/v1/audit?request_id=health-1&action=update", "/v1/students/\(ids.child)/history"] {
            func change(_ client: TestClient) throws -> JSONValue {
                try #require(try items(client, path).first { $0["action"]?.string == "update" })
            }
            let seen = try change(deputy)["after"]?["health_group"]
            #expect(path.hasPrefix("/v1/audit") ? seen?.string == "hidden" : seen?.int == 5)
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
        let numbers = (first.json["items"]!.array + second.json["items"]!.array).compactMap { $0["id"]?.int }
        #expect(numbers.count == 5 && numbers == numbers.sorted(by: >))
        #expect(try items(admin, "/v1/audit?request_id=page&action=delete").isEmpty)
        #expect(try items(admin, "/v1/audit?request_id=page&action=update&entity=users").isEmpty)
        #expect(try items(admin, "/v1/audit?request_id=page&action=update&entity_id=\(ids.others[0])").isEmpty)
        #expect(try items(admin, "/v1/audit?request_id=page&action=update&changed_by=\(ids.child)").isEmpty)
        #expect(try items(admin, "/v1/audit?request_id=page&action=update&from=2001-01-01&to=2001-01-02").isEmpty)
        #expect(try admin.get("/v1/audit?from=2001-01-01").status == 400)
        #expect(try admin.get("/v1/audit?from=2001-01-01&to=2003-01-01").status == 400)
        #expect(try admin.get("/v1/audit?cursor=61").status == 400)
    }

    /// The server's role can neither change nor delete records of the log.
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

    // MARK: The log as a file

    private func lines(_ client: TestClient, _ query: String, headers: [(String, String)] = []) throws -> [JSONValue] {
        let answer = try client.get("/v1/audit" + query, headers: headers)
        try #require(answer.status == 200, "\(answer.text)")
        #expect(answer["Content-Type"] == "application/x-ndjson")
        let lines = answer.text.split(separator: "\n")
        #expect(answer.trailers.map { $0.name } == ["Lyceum-Rows"] && answer.trailers[0].value == "\(lines.count)")
        return try lines.map { try JSONValue(parsing: Array($0.utf8)) }
    }

    @Test func A5_linesAreTheItemsOfThePagesOldestFirst() throws {
        for number in 1...5 {
            try change(deputy, #"{"phone": "+7 \#(number) \\ \"ж\" \u2028"}"#, request: "lines")
        }
        let whole = try items(admin, "/v1/audit?request_id=lines&limit=200")
        #expect(whole.count >= 5)
        #expect(try lines(admin, "?request_id=lines&format=ndjson") == Array(whole.reversed()))
        // The same with Accept, and with all other filters.
        let accept = [("Accept", "application/x-ndjson")]
        #expect(try lines(admin, "?request_id=lines", headers: accept).count == whole.count)
        let filters =
            "?entity=students&entity_id=\(ids.child)&action=update&from=2000-01-01&to=2000-12-31&format=ndjson"
        #expect(try lines(admin, filters) == [])
        let all = try admin.get("/v1/audit?include=total&limit=1").json["total"]?.int
        #expect(try lines(admin, "?format=ndjson").count == all)
    }

    @Test func K2_healthGroupsInTheFileAreForThoseWhoSeeThem() throws {
        try change(deputy, #"{"health_group": 2}"#, request: "file-health-0")
        try change(deputy, #"{"health_group": 3}"#, request: "file-health-1")
        let query = "?request_id=file-health-1&action=update&format="
        #expect(try lines(deputy, query + "ndjson")[0]["after"]?["health_group"]?.string == "hidden")
        #expect(try lines(admin, query + "ndjson")[0]["after"]?.keys == [])
        #expect(try deputy.get("/v1/audit" + query + "csv").text.contains("health_group"))
        #expect(try !admin.get("/v1/audit" + query + "csv").text.contains("health_group"))
    }

    @Test func A5_theTableIsRFC4180AndHarmlessInSpreadsheets() throws {
        let owner = try server.owner()
        let id = try #require(
            try owner.query(
                """
                INSERT INTO audit_log (school_id, entity, entity_id, action, reason, request_id, after)
                VALUES ($1::int, 'terms', $2::uuid, 'update', $3, 'table', '{"a": "b, \\"c\\""}') RETURNING id
                """, [String(ids.school), ids.child, "=HYPERLINK(\"x\")\nsecond line"]
            ).first)
        let answer = try admin.get("/v1/audit?request_id=table&format=csv")
        #expect(answer.status == 200 && answer["Content-Type"] == "text/csv; charset=utf-8; header=present")
        #expect(answer["Content-Disposition"] == "attachment; filename=\"audit.csv\"")
        #expect(answer["Vary"]?.contains("Accept") == true && answer["Cache-Control"] == "private, no-store")
        #expect(answer.trailers.first?.value == "1")
        let rows = answer.text.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(
            rows[0]
                == "\u{FEFF}id,changed_at,entity,entity_id,action,before,after,changed_by_id,changed_by_last_name,"
                + "changed_by_first_name,changed_by_middle_name,client_id,client_name,reason,request_id")
        #expect(rows.count == 3 && rows[2] == "")
        #expect(rows[1].hasPrefix("\(id),20"))
        #expect(rows[1].contains(#","{""a"": ""b, \""c\""""}","#))
        #expect(rows[1].hasSuffix(#","'=HYPERLINK(""x"")\#nsecond line",table"#))
    }

    @Test func theFileHasNoPagesAndNoOtherForms() throws {
        #expect(try admin.get("/v1/audit?format=csv&limit=5").code == "unknown_parameter")
        #expect(try admin.get("/v1/audit?format=xlsx").code == "invalid_parameter")
        #expect(try admin.get("/v1/audit?limit=1", headers: [("Accept", "text/html")]).json["items"] != nil)
        #expect(try admin.get("/v1/audit?format=json", headers: [("Accept", "text/csv")]).json["items"] != nil)
        let head = try admin.send("HEAD", "/v1/audit?format=csv")
        #expect(head.status == 200 && head["Transfer-Encoding"] == "chunked" && head.body.isEmpty)
    }
}
