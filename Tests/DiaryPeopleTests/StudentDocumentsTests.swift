import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `/v1/students/{id}/documents`: visible to few people, and not in logs.
@Suite(.serialized) struct StudentDocumentsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let teacher: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        teacher = try server.client("teacher")
    }

    private func owner(_ sql: String, _ rest: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + rest).rows
    }

    private func add(_ json: String, to pupil: String) throws -> TestClient.Answer {
        try teacher.post("/v1/students/\(pupil)/documents", json: json)
    }

    @Test(arguments: [
        (#"{"kind": "snils", "number": "112-233-445 95"}"#, nil), (#"{"kind": "snils", "number": "11223344595"}"#, nil),
        (#"{"kind": "snils", "number": "087-654-303 00"}"#, nil),
        (#"{"kind": "snils", "number": "112-233-445 96"}"#, "/number"),
        (#"{"kind": "snils", "number": "112-233-445"}"#, "/number"),
        (#"{"kind": "snils", "number": "１１２-233-445 95"}"#, "/number"),
        (#"{"kind": "snils", "series": "1", "number": "112-233-445 95"}"#, "/series"),
        (#"{"kind": "passport", "series": "65 12", "number": "345678"}"#, nil),
        (#"{"kind": "passport", "number": "345678"}"#, "/series"),
        (#"{"kind": "passport", "series": "6512", "number": "34567"}"#, "/number"),
        (#"{"kind": "oms_policy", "number": "6600000000000001"}"#, nil),
        (#"{"kind": "oms_policy", "number": "660000000000001"}"#, "/number"),
        (#"{"kind": "birth_certificate", "series": "II-АИ", "number": "123456"}"#, nil),
        (#"{"kind": "other", "number": ""}"#, "/number"), (#"{"kind": "visa", "number": "1"}"#, "/kind"),
        (#"{"kind": "other"}"#, "/number"), (#"{"kind": "other", "number": "1", "masked": false}"#, "/masked"),
    ])
    func numbersSuitTheirKind(_ json: String, _ pointer: String?) throws {
        let pupil = ids.others[0]
        _ = try owner("DELETE FROM student_documents WHERE school_id = $1 AND student_id = $2", pupil)
        let answer = try add(json, to: pupil)
        #expect(answer.status == (pointer == nil ? 201 : 422), "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer)
    }

    @Test func K2_oneDocumentIsShownAndRecordedListsAreMasked() throws {
        let pupil = ids.child
        let base = "/v1/students/\(pupil)/documents"
        let made = try add(
            #"{"kind": "passport", "series": "6512", "number": "345678", "issued_by": "УМВД", "issued_on": "2025-12-20"}"#,
            to: pupil)
        #expect(made.status == 201, "\(made.text)")
        #expect(made.json["number"]?.string == "345678" && made.json["masked"]?.bool == false)
        let path = "\(base)/\(made.json["id"]!.string!)"
        for (login, recorded) in [("teacher", 0), ("parent", 0), ("deputy", 1), ("head", 1), ("admin", 1)] {
            let client = try server.client(login)
            let list = try client.get(base)
            let item = list.json["items"]?.array.first { $0["kind"]?.string == "passport" }
            #expect(
                item?["number"]?.string == (recorded == 0 ? "••••78" : "••••") && item?["series"]?.isNull == true,
                "\(login)")
            #expect(!list.text.contains("345678") && !list.text.contains("6512"))
            // What is shown without a record is what the class teacher and the family may see anyway.
            #expect(item?["issued_by"]?.string == (recorded == 0 ? "УМВД" : nil), "\(login)")
            #expect(item?["issued_on"]?.string == (recorded == 0 ? "2025-12-20" : nil), "\(login)")
            let one = try client.get(path, headers: [("X-Request-Id", "document-\(login)")])
            #expect(one.json["number"]?.string == "345678" && one.json["series"]?.string == "6512", "\(login)")
            let records = try owner(
                "SELECT entity, entity_id::text FROM audit_log WHERE school_id = $1 AND request_id = $2 AND action = 'read'",
                "document-\(login)")
            #expect(records.count == recorded, "\(login)")
            if recorded == 1 { #expect(records[0] == ["student_documents", made.json["id"]!.string!]) }
        }
        #expect(try server.client("student").get(base).status == 404)
        #expect(try server.client("student").get(path).status == 404)
        for login in ["parent", "student"] {
            #expect(
                try server.client(login).patch(path, json: #"{"number": "1"}"#, headers: [("If-Match", "*")]).status
                    == 403)
        }
        // A second passport is refused as a mistake.
        #expect(
            try add(#"{"kind": "passport", "series": "6512", "number": "345679"}"#, to: pupil).code == "already_exists")
        // The profile and the list of students do not have it.
        for path in ["/v1/students/\(pupil)", "/v1/students?limit=200"] {
            #expect(!(try teacher.get(path)).text.contains("345678"))
        }
    }

    /// A teacher of the student reads the name but no documents.
    @Test func K2_teachersOfThePupilSeeNoDocuments() throws {
        let pupil = ids.others[1]
        let made = try add(#"{"kind": "other", "number": "A-17"}"#, to: pupil)
        let other = try owner(
            """
            SELECT t.teacher_id FROM section_teachers t
            JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id
            JOIN classes c ON c.school_id = s.school_id AND c.group_id = s.group_id AND c.id = $2
            JOIN user_roles r ON r.school_id = t.school_id AND r.user_id = t.teacher_id
            WHERE t.school_id = $1 AND t.ends_on IS NULL
            GROUP BY 1 HAVING array_agg(DISTINCT r.role) = '{teacher}'
                AND t.teacher_id NOT IN (SELECT k.teacher_id FROM class_teachers k WHERE k.class_id = $2) LIMIT 1
            """, ids.class7A)[0][0]!
        let client = try server.session(of: other, roles: ["teacher"])
        #expect(try client.get("/v1/students/\(pupil)").json["restricted"]?.bool == true)
        #expect(try client.get("/v1/students/\(pupil)/documents").status == 404)
        #expect(try client.get("/v1/students/\(pupil)/documents/\(made.json["id"]!.string!)").status == 404)
    }

    /// A5 records that a number was changed, by whom and when, but not its values: see decision 0026.
    @Test func A5_numbersDoNotStandInTheLog() throws {
        let pupil = ids.others[2]
        let made = try add(#"{"kind": "passport", "series": "4444", "number": "111111"}"#, to: pupil)
        let path = "/v1/students/\(pupil)/documents/\(made.json["id"]!.string!)"
        #expect(
            try teacher.patch(
                path, json: #"{"series": "5555", "number": "222222", "issued_by": "УМВД"}"#,
                headers: [("If-Match", "\"v1\"")]
            ).status == 200)
        #expect(
            try teacher.patch(path, json: #"{"number": "333333"}"#, headers: [("If-Match", "\"v1\"")]).status == 412)
        #expect(try teacher.send("DELETE", path, headers: [("If-Match", "*")]).status == 204)
        let log = try owner(
            "SELECT action, coalesce(before::text, '') || coalesce(after::text, '') FROM audit_log WHERE school_id = $1 AND entity = 'student_documents' AND entity_id = $2 ORDER BY id",
            made.json["id"]!.string!)
        #expect(log.map { $0[0] } == ["insert", "update", "delete"])
        for row in log {
            for number in ["4444", "111111", "5555", "222222"] { #expect(!row[1]!.contains(number)) }
            #expect(row[1]!.contains(#""number": "hidden""#))
        }
        #expect(log[1][1]!.contains("УМВД"))
        let text = try server.client("admin").get("/v1/audit?entity=student_documents").text
        #expect(!text.contains("111111") && !text.contains("222222"))
    }

    @Test func aProfileHasMorePhones() throws {
        let path = "/v1/students/\(ids.others[3])"
        let changed = try teacher.patch(
            path, json: #"{"phone": "+7 912", "other_phones": ["+7 343", "+7 950"]}"#, headers: [("If-Match", "*")])
        #expect(changed.status == 200, "\(changed.text)")
        #expect(changed.json["other_phones"]?.array.map { $0.string } == ["+7 343", "+7 950"])
        let kept = try teacher.patch(path, json: #"{"phone": "+7 913"}"#, headers: [("If-Match", changed["ETag"]!)])
        #expect(kept.json["other_phones"]?.array.count == 2)
        #expect(kept.json["version"]?.int == changed.json["version"]!.int! + 1)
        for (json, pointer) in [
            (#"{"other_phones": ["1", "1"]}"#, "/other_phones/1"), (#"{"other_phones": [""]}"#, "/other_phones/0"),
            (#"{"other_phones": [" "]}"#, "/other_phones/0"), (#"{"other_phones": [5]}"#, "/other_phones/0"),
            (#"{"other_phones": null}"#, "/other_phones"), (#"{"other_phones": "1"}"#, "/other_phones"),
            (#"{"other_phones": ["1", "2", "3", "4", "5", "6"]}"#, "/other_phones"),
        ] {
            let answer = try teacher.patch(path, json: json, headers: [("If-Match", "*")])
            #expect(answer.status == 422)
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer, "\(json)")
        }
        let guardian = try teacher.post(
            "/v1/guardians", json: #"{"last_name": "Орлова", "first_name": "Нина", "other_phones": ["+7 1"]}"#)
        #expect(guardian.json["other_phones"]?[0]?.string == "+7 1")
        #expect(
            try teacher.patch(path, json: #"{"other_phones": []}"#, headers: [("If-Match", "*")]).json["other_phones"]?
                .array.isEmpty == true)
    }
}
