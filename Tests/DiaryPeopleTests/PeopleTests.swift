import DiaryTestSupport
import JSON
import Postgres
import Testing

/// Students, guardians, guardianships and staff: who may see and write which fields, see docs/people.md.
@Suite(.serialized) struct PeopleTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let clients: [String: TestClient]

    init() async throws {
        server = try await TestServer.of(Self.self)
        ids = try DemoSchoolIDs(server)
        let server = server
        clients = try Dictionary(
            uniqueKeysWithValues: ["admin", "head", "deputy", "teacher", "parent", "student"].map {
                ($0, try server.client($0))
            })
    }

    private func client(_ login: String) -> TestClient { clients[login]! }

    private func patch(
        _ login: String, _ path: String, _ json: String, ifMatch tag: String = "*"
    ) throws -> TestClient.Answer {
        try client(login).patch(path, json: json, headers: [("If-Match", tag)])
    }

    private func make(_ login: String, _ path: String, _ json: String) throws -> JSONValue {
        let answer = try client(login).post(path, json: json)
        try #require(answer.status == 201, "\(path): \(answer.text)")
        return answer.json
    }

    private func owner(_ sql: String, _ parameters: String...) throws -> [[String?]] {
        try server.owner().query(sql, [String(ids.school)] + parameters).rows
    }

    private func user(_ login: String) throws -> String {
        try #require(try owner("SELECT id FROM users WHERE school_id = $1 AND login = $2", login).first?[0])
    }

    // MARK: Profiles of students

    @Test func A1_whoSeesWhatOfAProfile() throws {
        let path = "/v1/students/\(ids.child)"
        _ = try patch("deputy", path, #"{"phone": "+7 900", "health_group": 2, "pe_group": "main"}"#)
        for (login, phone, health, restricted) in [
            ("admin", "+7 900", nil, false), ("head", "+7 900", nil, false), ("deputy", "+7 900", 2, false),
            ("teacher", "+7 900", 2, false), ("parent", "+7 900", 2, false),
        ] as [(String, String?, Int?, Bool)] {
            let answer = try client(login).get(path)
            #expect(answer.status == 200, "\(login)")
            #expect(answer.json["phone"]?.string == phone, "\(login)")
            #expect(answer.json["health_group"]?.int == health, "\(login)")
            #expect(answer.json["restricted"]?.bool == restricted, "\(login)")
            #expect(answer.json["class"]?["name"]?.string == "7А", "\(login)")
        }
        #expect(try client("student").get(path).status == 404)
        #expect(try client("student").get("/v1/students/\(user("student"))").json["restricted"]?.bool == false)
        #expect(try client("parent").get("/v1/students/\(ids.others[0])").status == 404)
    }

    /// A teacher of the student who is not the class teacher reads name and class; a PE teacher also the health group.
    @Test func K2_teachersReadNamesAndThoseOfPhysicalEducationHealth() throws {
        let teachers = try owner(
            """
            SELECT t.teacher_id, j.is_physical FROM sections s
            JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id
            JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
            JOIN classes c ON c.school_id = s.school_id AND c.group_id = s.group_id AND c.id = $2
            JOIN user_roles r ON r.school_id = t.school_id AND r.user_id = t.teacher_id AND r.role = 'teacher'
            WHERE s.school_id = $1 AND t.ends_on IS NULL
                AND NOT EXISTS (
                    SELECT FROM class_teachers k WHERE k.school_id = $1 AND k.class_id = c.id AND k.teacher_id = t.teacher_id
                )
                AND NOT EXISTS (
                    SELECT FROM user_roles o WHERE o.school_id = $1 AND o.user_id = t.teacher_id
                        AND o.role IN ('deputy_head', 'head', 'administrator')
                )
            """, ids.class7A)
        let physical = Set(teachers.filter { $0[1] == "t" }.compactMap { $0[0] })
        let others = Set(teachers.compactMap { $0[0] }).subtracting(physical)
        try #require(!physical.isEmpty && !others.isEmpty)
        _ = try patch("deputy", "/v1/students/\(ids.child)", #"{"health_group": 3}"#)
        for (teacher, health) in [(physical.sorted()[0], 3), (others.sorted()[0], nil)] as [(String, Int?)] {
            let client = try server.session(of: teacher, roles: ["teacher"])
            let answer = try client.get("/v1/students/\(ids.child)")
            #expect(answer.status == 200)
            #expect(answer.json["restricted"]?.bool == true)
            #expect(answer.json["phone"]?.isNull == true)
            #expect(answer.json["login"]?.isNull == true)
            #expect(answer.json["health_group"]?.int == health)
            let listed = try client.get("/v1/students?limit=200").json["items"]!.array.compactMap { $0["id"]?.string }
            #expect(listed.contains(ids.child))
            #expect(!listed.contains(ids.firstGrader))
            #expect(try client.get("/v1/students/\(ids.firstGrader)").status == 404)
        }
    }

    @Test func K2_readingsByOthersThanTheClassTeacherAreRecorded() throws {
        let path = "/v1/students/\(ids.others[5])"
        for (login, count) in [("deputy", 1), ("admin", 1), ("teacher", 0)] {
            let id = "reading-\(login)"
            #expect(try client(login).get(path, headers: [("X-Request-Id", id)]).status == 200)
            let rows = try owner(
                "SELECT entity, action, entity_id, changed_by FROM audit_log WHERE school_id = $1 AND request_id = $2",
                id)
            #expect(rows.count == count, "\(login)")
            if count == 1 { #expect(rows[0] == ["students", "read", ids.others[5], try user(login)]) }
        }
        // A request that showed nothing is not recorded as a reading.
        #expect(
            try client("deputy").get("/v1/students/\(ids.stranger)", headers: [("X-Request-Id", "nobody")]).status
                == 404)
        #expect(try owner("SELECT count(*) FROM audit_log WHERE request_id = 'nobody' AND school_id = $1")[0] == ["0"])
        let own = try client("parent").get("/v1/students/\(ids.child)", headers: [("X-Request-Id", "reading-parent")])
        #expect(own.status == 200)
        #expect(
            try owner("SELECT count(*) FROM audit_log WHERE request_id = 'reading-parent' AND school_id = $1")[0] == [
                "0"
            ])
    }

    @Test func A4_aClassTeacherKeepsTheOwnClassAlone() throws {
        let changed = try patch("teacher", "/v1/students/\(ids.others[1])", #"{"address": "ул. Мира, 1"}"#)
        #expect(changed.status == 200)
        #expect(changed.json["address"]?.string == "ул. Мира, 1")
        let stranger = try owner(
            "SELECT student_id FROM enrollments WHERE school_id = $1 AND class_id = $2 AND ends_on IS NULL LIMIT 1",
            ids.otherClass)[0][0]!
        #expect(try patch("teacher", "/v1/students/\(stranger)", #"{"address": "x"}"#).status == 404)
        #expect(
            try client("teacher").post(
                "/v1/students/\(stranger)/guardians",
                json:
                    #"{"guardian_id": "\#(ids.rows["{guardian_id}"]!)", "relation": "mother", "starts_on": "2025-09-01"}"#
            ).status == 404)
        for login in ["parent", "student"] {
            #expect(try patch(login, "/v1/students/\(ids.child)", #"{"address": "x"}"#).status == 403)
        }
    }

    @Test func K2_administratorsDoNotWriteHealthGroups() throws {
        let path = "/v1/students/\(ids.others[2])"
        #expect(try patch("teacher", path, #"{"health_group": 4}"#).json["health_group"]?.int == 4)
        let refused = try patch("admin", path, #"{"health_group": 1, "phone": "1"}"#)
        #expect(refused.status == 403)
        #expect(refused.code == "health_not_yours")
        let kept = try patch("admin", path, #"{"phone": "2"}"#)
        #expect(kept.status == 200)
        #expect(kept.json["health_group"]?.isNull == true)
        #expect(try client("teacher").get(path).json["health_group"]?.int == 4)
    }

    @Test func M5_aProfileHasOneVersionForNameAndRest() throws {
        let made = try make(
            "deputy", "/v1/students", #"{"last_name": "Новикова", "first_name": "Вера", "external_id": "s-1"}"#)
        let path = "/v1/students/\(made["id"]!.string!)"
        #expect(made["version"]?.int == 1)
        #expect(made["class"]?.isNull == true)
        let renamed = try patch("deputy", path, #"{"last_name": "Новикова-Лис"}"#, ifMatch: "\"v1\"")
        #expect(renamed["ETag"]?.hasPrefix("\"v2.") == true)
        #expect(try patch("deputy", path, #"{"sex": "female"}"#, ifMatch: renamed["ETag"]!).json["version"]?.int == 3)
        #expect(try patch("deputy", path, #"{"sex": "male"}"#, ifMatch: "\"v2\"").status == 412)
        #expect(try patch("deputy", path, #"{"sex": "female"}"#).json["version"]?.int == 3)
        #expect(
            try patch("deputy", path, #"{"login": "x", "state": "active", "class": null, "restricted": true}"#).status
                == 422)
        #expect(
            try client("deputy").post(
                "/v1/students", json: #"{"last_name": "А", "first_name": "Б", "external_id": "s-1"}"#
            ).code == "already_exists")
        // A5: who changed the name, with the old and the new value.
        let audit = try owner(
            "SELECT before ->> 'last_name', after ->> 'last_name' FROM audit_log WHERE school_id = $1 AND entity = 'users' AND entity_id = $2 AND action = 'update'",
            made["id"]!.string!)
        #expect(audit == [["Новикова", "Новикова-Лис"]])
    }

    @Test func namesAreFoundByTheirBeginnings() throws {
        for (last, first) in [("Ковалёв", "Артём"), ("Салтыкова-Щедрина", "Анна"), ("Ковалёва", "Ёлка")] {
            _ = try make(
                "deputy", "/v1/students",
                #"{"last_name": "\#(last)", "first_name": "\#(first)", "middle_name": "Тестовна"}"#)
        }
        func found(_ query: String) throws -> [String] {
            let text = query.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            let answer = try client("deputy").get("/v1/students?q=\(text)")
            try #require(answer.status == 200, "\(answer.text)")
            return answer.json["items"]!.array.filter { $0["middle_name"]?.string == "Тестовна" }.map {
                $0["last_name"]!.string!
            }
        }
        #expect(try found("ковалев арт") == ["Ковалёв"])
        #expect(try found("АРТЁМ") == ["Ковалёв"])
        #expect(try found("елка ковалёва") == ["Ковалёва"])
        #expect(try found("щедр") == ["Салтыкова-Щедрина"])
        #expect(try found("  салтыкова-щед ") == ["Салтыкова-Щедрина"])
        #expect(try found("овалев") == [])
        #expect(try found("% _ \\ тестовна") == [])
        #expect(try found("тестовна").count == 3)
    }

    // MARK: Guardians

    /// A3: the token was issued before the change.
    @Test func A3_aGuardianshipThatEndedOrIsClosedShowsNothing() throws {
        let guardian = try make(
            "teacher", "/v1/guardians", #"{"last_name": "Орлова", "first_name": "Нина", "phone": "+7 901"}"#)
        let id = guardian["id"]!.string!
        let child = ids.others[6]
        let guardianship = try make(
            "teacher", "/v1/students/\(child)/guardians",
            #"{"guardian_id": "\#(id)", "relation": "mother", "starts_on": "2025-09-01"}"#)
        #expect(guardianship["guardian"]?["last_name"]?.string == "Орлова")
        #expect(guardianship["access"]?.string == "full")
        let client = try server.session(of: id, roles: ["guardian"])
        #expect(try client.get("/v1/students/\(child)").status == 200)
        #expect(try client.get("/v1/students/\(child)/diary").status == 200)
        let path = "/v1/students/\(child)/guardians/\(guardianship["id"]!.string!)"
        let closings = [
            ("teacher", #"{"access": "none"}"#),
            ("deputy", #"{"access": "full", "basis": "Решение суда", "ends_on": "2025-11-18"}"#),
        ]
        for (login, closing) in closings {
            #expect(try patch(login, path, closing).status == 200)
            #expect(try client.get("/v1/students/\(child)").status == 404, "\(closing)")
            #expect(try client.get("/v1/students/\(child)/diary").status == 404, "\(closing)")
            #expect(try client.get("/v1/students").json["items"]?.array.count == 0, "\(closing)")
        }
        #expect(try patch("teacher", path, #"{"ends_on": null}"#).status == 200)
        #expect(try client.get("/v1/students/\(child)").status == 200)
    }

    @Test func A3_guardiansOfOneChildSeeNothingOfEachOther() throws {
        for path in [
            "/v1/guardians", "/v1/guardians/\(ids.rows["{guardian_id}"]!)", "/v1/students/\(ids.child)/guardians",
            "/v1/students/\(ids.child)/guardians/\(ids.rows["{guardianship_id}"]!)", "/v1/staff",
        ] {
            for login in ["parent", "student"] {
                #expect(try client(login).get(path).status == 403, "\(login) \(path)")
            }
        }
    }

    @Test func classTeachersKeepGuardiansOfTheirPupilsAlone() throws {
        let other = try owner(
            """
            SELECT g.guardian_id FROM guardianships g
            JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id AND e.ends_on IS NULL
            WHERE g.school_id = $1 AND e.class_id = $2
                AND NOT EXISTS (
                    SELECT FROM guardianships o
                    JOIN enrollments k ON k.school_id = o.school_id AND k.student_id = o.student_id AND k.class_id = $3
                    WHERE o.school_id = g.school_id AND o.guardian_id = g.guardian_id
                )
            LIMIT 1
            """, ids.otherClass, ids.class7A)[0][0]!
        #expect(try client("teacher").get("/v1/guardians/\(other)").status == 404)
        #expect(try patch("teacher", "/v1/guardians/\(other)", #"{"phone": "x"}"#).status == 404)
        #expect(try client("deputy").get("/v1/guardians/\(other)").status == 200)
        let listed = try client("teacher").get("/v1/guardians?limit=200").json["items"]!.array.compactMap {
            $0["id"]?.string
        }
        #expect(!listed.isEmpty)
        #expect(!listed.contains(other))
        let path = "/v1/students/\(ids.child)/guardians"
        let errors = try client("teacher").post(
            path, json: #"{"guardian_id": "\#(ids.child)", "relation": "aunt", "starts_on": "x"}"#)
        #expect(errors.json["errors"]?.array.map { $0["pointer"]?.string } == ["/relation", "/starts_on"])
        let unknown = try client("teacher").post(
            path,
            json:
                #"{"guardian_id": "\#(ids.strangeRows["{guardian_id}"]!)", "relation": "mother", "starts_on": "2025-09-01"}"#
        )
        #expect(unknown.status == 422)
        #expect(unknown.json["errors"]?[0]?["code"]?.string == "unknown_reference")
    }

    /// A3: adding another student's guardian to an own student, even without access, would reveal the contacts.
    @Test func A3_aClassTeacherTiesNobodyElsesGuardian() throws {
        let head = try user("head")
        let other = try owner(
            """
            SELECT g.guardian_id FROM guardianships g
            JOIN enrollments e ON e.school_id = g.school_id AND e.student_id = g.student_id AND e.ends_on IS NULL
            WHERE g.school_id = $1 AND e.class_id = $2
                AND NOT EXISTS (
                    SELECT FROM guardianships o
                    JOIN enrollments k ON k.school_id = o.school_id AND k.student_id = o.student_id AND k.class_id = $3
                    WHERE o.school_id = g.school_id AND o.guardian_id = g.guardian_id
                )
            LIMIT 1
            """, ids.otherClass, ids.class7A)[0][0]!
        for guardian in [other, head, ids.stranger, ids.otherClass] {
            let answer = try client("teacher").post(
                "/v1/students/\(ids.child)/guardians",
                json:
                    #"{"guardian_id": "\#(guardian)", "relation": "mother", "access": "none", "starts_on": "2020-01-01", "ends_on": "2020-01-01"}"#
            )
            #expect(answer.status == 422)
            #expect(answer.json["errors"]?[0]?["code"]?.string == "unknown_reference")
        }
        #expect(try client("teacher").get("/v1/guardians/\(other)").status == 404)
        // A manager cannot add themselves either.
        _ = try make(
            "admin", "/v1/guardians", #"{"last_name": "x", "first_name": "x", "user_id": "\#(try user("admin"))"}"#)
        let own = try client("admin").post(
            "/v1/students/\(ids.child)/guardians",
            json: #"{"guardian_id": "\#(try user("admin"))", "relation": "mother", "starts_on": "2025-09-01"}"#)
        #expect(own.code == "own_guardianship")
    }

    @Test func A2_namesOfStaffAreTheAdministrators() throws {
        let person = try make(
            "admin", "/v1/staff", #"{"last_name": "Зимин", "first_name": "Лев", "roles": ["teacher"]}"#)
        let id = person["id"]!.string!
        _ = try make("deputy", "/v1/guardians", #"{"last_name": "x", "first_name": "x", "user_id": "\#(id)"}"#)
        #expect(try patch("deputy", "/v1/guardians/\(id)", #"{"last_name": "Летов"}"#).code == "not_your_person")
        #expect(try patch("deputy", "/v1/guardians/\(id)", #"{"phone": "1"}"#).status == 200)
        #expect(try patch("admin", "/v1/guardians/\(id)", #"{"last_name": "Летов"}"#).status == 200)
        #expect(try client("teacher").get("/v1/guardians/\(id)").status == 404)
        let unknown = try client("deputy").post(
            "/v1/guardians", json: #"{"last_name": "x", "first_name": "x", "user_id": "\#(ids.stranger)"}"#)
        #expect(unknown.json["errors"]?[0]?["pointer"]?.string == "/user_id")
    }

    /// A token with an outdated role writes nothing, and no part of the write remains.
    @Test func A2_whoLosesARoleWritesNoMore() throws {
        let made = try make(
            "admin", "/v1/staff", #"{"last_name": "Бывший", "first_name": "Админ", "roles": ["administrator"]}"#)
        let id = made["id"]!.string!
        let client = try server.session(of: id, roles: ["administrator"])
        #expect(try client.post("/v1/rooms", json: #"{"name": "Бывшая 1"}"#).status == 201)
        #expect(try patch("admin", "/v1/staff/\(id)", #"{"roles": []}"#).status == 200)
        for (path, body) in [
            ("/v1/rooms", #"{"name": "Бывшая 2"}"#), ("/v1/students", #"{"last_name": "Б", "first_name": "Б"}"#),
            ("/v1/staff", #"{"last_name": "Б", "first_name": "Б", "roles": ["administrator"]}"#),
        ] {
            #expect(try client.post(path, json: body).status == 401, "\(path)")
        }
        #expect(try owner("SELECT count(*) FROM users WHERE school_id = $1 AND last_name = 'Б'") == [["0"]])
        let last = try patch("admin", "/v1/staff/\(try user("admin"))", #"{"roles": ["teacher"]}"#)
        #expect(last.code == "last_administrator")
    }

    /// K2: a refusal would reveal the stored value, so not even the right value may be sent; lists show no profiles.
    @Test func K2_healthIsNotToBeGuessed() throws {
        let path = "/v1/students/\(ids.others[7])"
        _ = try patch("deputy", path, #"{"health_group": 3}"#)
        for value in ["1", "2", "3", "null"] {
            #expect(try patch("admin", path, "{\"health_group\": \(value)}").code == "health_not_yours", "\(value)")
            #expect(try patch("head", path, "{\"pe_group\": \(value == "null" ? "null" : "\"main\"")}").status == 403)
        }
        for login in ["deputy", "admin"] {
            let items = try client(login).get("/v1/students?limit=200").json["items"]!.array
            #expect(!items.isEmpty)
            for item in items {
                #expect(item["restricted"]?.bool == true)
                #expect(item["phone"] == nil && item["health_group"] == nil)
            }
            // Nor when they are asked for.
            let fields = "phone,health_group,pe_group,login"
            for item in try client(login).get("/v1/students?limit=200&fields=\(fields)").json["items"]!.array {
                for field in fields.split(separator: ",") { #expect(item[String(field)]?.isNull == true, "\(field)") }
            }
        }
        let changed = try client("deputy").patch(
            path, json: "{}", headers: [("If-Match", "*"), ("X-Request-Id", "read-by-patch")])
        #expect(changed.status == 200)
        let recorded = try owner(
            "SELECT action FROM audit_log WHERE school_id = $1 AND request_id = 'read-by-patch'")
        #expect(recorded == [["read"]])
    }

    @Test func anEnrollmentWithMarksIsNotDeleted() throws {
        let enrollment = try owner(
            "SELECT id FROM enrollments WHERE school_id = $1 AND student_id = $2 AND ends_on IS NULL", ids.child)[0][0]!
        let answer = try client("deputy").send("DELETE", "/v1/enrollments/\(enrollment)", headers: [("If-Match", "*")])
        #expect(answer.code == "recorded_days")
    }

    @Test func namesAreWhatCanBeRead() throws {
        for (name, code) in [("А\\u001fА", "control_character"), ("  ", "blank"), ("\\u0085", "control_character")] {
            let answer = try client("deputy").post("/v1/rooms", json: "{\"name\": \"\(name)\"}")
            #expect(answer.json["errors"]?[0]?["code"]?.string == code, "\(name)")
        }
    }

    // MARK: Consents

    @Test func K3_consentsAreReadByWhoGaveThem() throws {
        let path = "/v1/students/\(ids.child)/consents"
        let mother = try user("parent")
        let given = try make(
            "teacher", path, #"{"purpose": "photo", "given_by": "\#(mother)", "given_on": "2025-09-01"}"#)
        let other = try make(
            "teacher", "/v1/guardians", #"{"last_name": "Второй", "first_name": "Пётр"}"#)["id"]!.string!
        _ = try make(
            "teacher", "/v1/students/\(ids.child)/guardians",
            #"{"guardian_id": "\#(other)", "relation": "father", "starts_on": "2025-09-02"}"#)
        _ = try make("teacher", path, #"{"purpose": "photo", "given_by": "\#(other)", "given_on": "2025-09-02"}"#)
        func purposes(_ login: String) throws -> [String?] {
            try client(login).get(path).json["items"]!.array.filter { $0["purpose"]?.string == "photo" }.map {
                $0["given_by"]?.string
            }
        }
        #expect(try purposes("teacher") == [mother, other])
        #expect(try purposes("parent") == [mother])
        let twice = try client("teacher").post(
            path, json: #"{"purpose": "photo", "given_by": "\#(mother)", "given_on": "2025-10-01"}"#)
        #expect(twice.json["errors"]?[0]?["code"]?.string == "overlap")
        let one = "\(path)/\(given["id"]!.string!)"
        #expect(try patch("teacher", one, #"{"withdrawn_on": "2025-08-01"}"#).status == 422)
        #expect(try patch("teacher", one, #"{"withdrawn_on": "2025-10-01"}"#).status == 200)
        for again in ["null", "\"2025-10-02\""] {
            let refused = try patch("teacher", one, #"{"withdrawn_on": \#(again)}"#)
            #expect(refused.status == 409 && refused.code == "consent_withdrawn", "\(refused.text)")
            #expect(refused.json["errors"]?[0]?["pointer"]?.string == "/withdrawn_on")
        }
        #expect(
            try client("teacher").post(
                path, json: #"{"purpose": "photo", "given_by": "\#(mother)", "given_on": "2025-10-01"}"#
            ).status == 201)
        #expect(try client("parent").get("/v1/students/\(ids.others[0])/consents").status == 404)
        #expect(try client("student").get(path).status == 404)
    }

    /// Not the staff who type it in, not another family, not the guardian before the guardianship, not a child.
    @Test func K3_aConsentIsGivenByThePupilOrAGuardianWithAccess() throws {
        let pupil = ids.others[4]
        let path = "/v1/students/\(pupil)/consents"
        let guardian = try owner(
            "SELECT guardian_id FROM guardianships WHERE school_id = $1 AND student_id = $2 LIMIT 1", pupil)[0][0]!
        _ = try owner("UPDATE students SET birth_date = '2011-03-14' WHERE school_id = $1 AND id = $2", pupil)
        func give(_ giver: String, _ day: String, _ purpose: String = "publication") throws -> TestClient.Answer {
            try client("deputy").post(
                path, json: #"{"purpose": "\#(purpose)", "given_by": "\#(giver)", "given_on": "\#(day)"}"#)
        }
        let refused = [
            try give(user("deputy"), "2025-10-01"), try give(user("teacher"), "2025-10-01"),
            try give(user("parent"), "2025-10-01"), try give(ids.others[0], "2025-10-01"),
            try give(guardian, "2001-01-01"), try give(pupil, "2025-03-13"), try give(pupil, "2025-03-14", "medical"),
        ]
        for answer in refused {
            #expect(answer.status == 422 && answer.code == "giver_not_entitled", "\(answer.text)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/given_by")
        }
        #expect(try client("deputy").get(path).json["items"]?.array.isEmpty == true)
        #expect(try give(guardian, "2025-10-01").status == 201)
        #expect(try give(pupil, "2025-03-14").status == 201)
        let tomorrow = try give(guardian, "2025-11-20", "photo")
        #expect(tomorrow.status == 422 && tomorrow.code == "validation_failed", "\(tomorrow.text)")
        #expect(tomorrow.json["errors"]?[0]?["pointer"]?.string == "/given_on")
        #expect(tomorrow.json["errors"]?[0]?["code"]?.string == "in_the_future")
        let consent = try client("deputy").get(path).json["items"]![0]!["id"]!.string!
        #expect(try patch("deputy", "\(path)/\(consent)", #"{"given_on": "2001-01-01"}"#).code == "giver_not_entitled")
    }

    // MARK: Staff

    @Test func A2_staffAndTheirRolesAreKeptByAdministrators() throws {
        let made = try make(
            "admin", "/v1/staff",
            #"{"last_name": "Петров", "first_name": "Пётр", "roles": ["teacher"], "phone": "+7 902"}"#)
        let id = made["id"]!.string!
        let path = "/v1/staff/\(id)"
        #expect(made["roles"]?.array.map { $0.string } == ["teacher"])
        #expect(made["state"]?.string == "new")
        for login in ["head", "deputy", "teacher"] {
            #expect(try patch(login, path, #"{"roles": ["administrator"]}"#).status == 403, "\(login)")
        }
        let more = try patch("admin", path, #"{"roles": ["teacher", "deputy_head"]}"#, ifMatch: "\"v1\"")
        #expect(more.json["roles"]?.array.map { $0.string } == ["deputy_head", "teacher"])
        #expect(more.json["version"]?.int == 2, "\(more.text)")
        #expect(
            try patch("admin", path, #"{"roles": ["teacher", "king", "teacher"]}"#).json["errors"]?.array.count == 2)
        // Other staff see names and roles but no contacts.
        let seen = try client("teacher").get(path)
        #expect(seen.json["last_name"]?.string == "Петров")
        #expect(seen.json["phone"]?.isNull == true)
        #expect(seen.json["login"]?.isNull == true)
        #expect(try client("head").get(path).json["phone"]?.string == "+7 902")
        // A removed role is also gone for a token that still has it.
        let client = try server.session(of: id, roles: ["deputy_head", "teacher"])
        #expect(try client.get("/v1/students/\(ids.child)").status == 200)
        #expect(try patch("admin", path, #"{"roles": ["teacher"]}"#).status == 200)
        #expect(try client.get("/v1/students/\(ids.child)").status == 401)
    }

    /// An administrator who does not read marks does not become the head who does.
    @Test func A2_nobodyGrantsThemselvesARole() throws {
        let id = try make(
            "admin", "/v1/staff",
            #"{"last_name": "Рыбина", "first_name": "Ида", "external_id": "own-1", "roles": ["administrator"]}"#)["id"]!
            .string!
        let client = try server.session(of: id, roles: ["administrator"])
        func change(_ json: String) throws -> TestClient.Answer {
            try client.patch("/v1/staff/\(id)", json: json, headers: [("If-Match", "*")])
        }
        for role in ["head", "deputy_head"] {
            let answer = try change(#"{"roles": ["administrator", "\#(role)"]}"#)
            #expect(answer.status == 403 && answer.code == "own_role", "\(answer.text)")
        }
        let file = "Код;Фамилия;Имя;Роли\nown-1;Рыбина;Ида;\"Администратор, Директор\"\n"
        let imported = try client.send(
            "POST", "/v1/imports/staff?force=true", headers: [("Content-Type", "text/csv")], body: Array(file.utf8))
        #expect(imported.status == 422, "\(imported.text)")
        #expect(imported.json["errors"]?[0]?["pointer"]?.string == "/rows/2/roles")
        #expect(imported.json["errors"]?[0]?["code"]?.string == "own_role")
        let roles = "SELECT roles FROM staff_profiles WHERE school_id = $1 AND id = $2"
        #expect(try owner(roles, id) == [["{administrator}"]])
        // The rest of the own record, and to teach as well.
        #expect(try change(#"{"position": "Инженер", "roles": ["administrator", "teacher"]}"#).status == 200)
        #expect(try patch("admin", "/v1/staff/\(id)", #"{"roles": ["head"]}"#).status == 200)
    }

    @Test func onePersonMayBeStaffAndGuardian() throws {
        let person = try make(
            "admin", "/v1/staff", #"{"last_name": "Сидорова", "first_name": "Яна", "roles": ["teacher"]}"#)
        let id = person["id"]!.string!
        let body = #"{"last_name": "Другая", "first_name": "Яна", "user_id": "\#(id)", "phone": "+7 903"}"#
        #expect(try client("teacher").post("/v1/guardians", json: body).status == 403)
        let guardian = try make("deputy", "/v1/guardians", body)
        #expect(guardian["id"]?.string == id)
        #expect(guardian["last_name"]?.string == "Сидорова")
        #expect(try client("deputy").post("/v1/guardians", json: body).code == "already_exists")
        let roles = try owner("SELECT role FROM user_roles WHERE school_id = $1 AND user_id = $2 ORDER BY role", id)
        #expect(roles == [["guardian"], ["teacher"]])
    }
}
