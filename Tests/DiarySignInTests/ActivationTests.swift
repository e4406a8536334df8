import DiaryTestSupport
import JSON
import Postgres
import Testing

/// From a code to the first password (A2), and what a guesser learns: nothing (A6).
@Suite(.serialized) struct ActivationTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let school: CredentialSchool

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try CredentialSchool(server)
        ids = school.ids
    }

    @Test func A2_aCodeBecomesAPasswordOnce() throws {
        let pupil = ids.others[0]
        let code = try school.code(for: pupil, by: try server.signIn("teacher"))
        let answer = try school.activate(" \(code.replacing("-", with: " ")) ")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer["Cache-Control"] == "private, no-store")
        #expect(answer.json.keys == ["login"])
        let row = try server.owner().query(
            """
            SELECT u.state, u.activated_at IS NOT NULL, u.password_hash LIKE '$scrypt$%', c.used_at IS NOT NULL,
                (SELECT changed_by = u.id FROM audit_log a WHERE a.school_id = u.school_id AND a.entity_id = u.id AND a.after ->> 'state' = 'active')
            FROM users u JOIN activation_codes c ON c.school_id = u.school_id AND c.user_id = u.id
            WHERE u.school_id = $1 AND u.id = $2
            """, [String(ids.school), pupil]
        ).rows
        #expect(row == [["active", "t", "t", "t", "t"]])
        let login = try #require(answer.json["login"]?.string)
        #expect(try school.signIn(login).status == 200)
        #expect(try school.activate(code, "третий пароль").code == "invalid_code")
        #expect(try school.signIn(login).status == 200)
    }

    @Test func A2_ofManyAtOnceOneActivates() throws {
        let code = try school.code(for: ids.others[1], by: try server.signIn("teacher"))
        let school = school
        let answers = try atOnce(4) { try school.activate(code, "пароль номер \($0)") }
        #expect(answers.filter { $0.status == 200 }.count == 1)
        #expect(answers.filter { $0.code == "invalid_code" }.count == 3)
    }

    /// A code of the class teacher is not the way into the staff.
    @Test func A2_whoHasBecomeStaffNeedsACodeOfAnAdministrator() throws {
        let teacher = try server.signIn("teacher")
        let guardian = try school.guardian(of: ids.others[7])
        let code = try school.code(for: guardian, by: teacher)
        try server.owner().query(
            "INSERT INTO user_roles (school_id, user_id, role) VALUES ($1, $2, 'teacher')",
            [String(ids.school), guardian])
        #expect(try school.activate(code).code == "invalid_code")
        #expect(try school.issue(teacher, guardian).code == "not_your_credentials")
        let theirs = try school.code(for: guardian, by: try server.client("admin"))
        #expect(try school.activate(theirs).status == 200)
    }

    /// Whatever is wrong with a code, the answer is the same to the byte.
    @Test func A6_everyWrongCodeLooksTheSame() throws {
        let teacher = try server.signIn("teacher")
        let used = try school.code(for: ids.others[2], by: teacher)
        #expect(try school.activate(used).status == 200)
        let revoked = try school.code(for: ids.others[3], by: teacher)
        #expect(try teacher.delete("/v1/users/\(ids.others[3])/credentials").status == 204)
        let expired = try school.code(for: ids.others[4], by: teacher)
        try server.owner().query(
            "UPDATE activation_codes SET expires_at = now() WHERE school_id = $1 AND user_id = $2",
            [String(ids.school), ids.others[4]])
        let live = try school.code(for: ids.others[5], by: teacher)
        let other = try #require(
            try server.owner().query("SELECT code FROM schools WHERE id = $1", [String(ids.otherSchool)]).first)
        let answers = [
            try school.activate("AAAA-AAAA-AAAA"), try school.activate(used), try school.activate(revoked),
            try school.activate(expired), try school.activate("нет"), try school.activate("'; --"),
            // Another school's, and no school's.
            try school.activate(live, school: other), try school.activate(live, school: "nowhere"),
        ]
        func body(_ answer: TestClient.Answer) -> String {
            answer.text.replacing(answer.json["request_id"]?.string ?? "-", with: "")
        }
        for answer in answers {
            #expect(answer.status == 400)
            #expect(answer["Content-Type"] == "application/json")
            #expect(answer.code == "invalid_code")
            #expect(answer.json["error"]?.string == "invalid_grant")
            #expect(body(answer) == body(answers[0]))
        }
        #expect(try school.activate(live).status == 200)
    }

    @Test func A6_ofTwentyGuessesAtOnceFiveAreLookedAt() throws {
        let school = school
        let answers = try atOnce(20) { _ in try school.activate("CCCC-CCCC-CCCC") }
        #expect(answers.filter { $0.status == 400 }.count == 5)
        let locked = answers.filter { $0.code == "too_many_attempts" }
        #expect(locked.count == 15 && locked.allSatisfy { $0.status == 429 && $0["Retry-After"] != nil })
        #expect(locked.allSatisfy { $0.json["error"]?.string == "temporarily_unavailable" })
        #expect(locked.allSatisfy { $0.json["limit"]?.string == "code" }, "\(locked.map { $0.text })")
        // Written in another way it is the same code.
        #expect(try school.activate("cccc cccc cccc").status == 429)
        #expect(try school.activate("CCCC-CCCC-CCCD").status == 400)
    }

    /// Different codes are bounded by the address.
    @Test func A6_anAddressHasItsLimit() throws {
        let owner = try server.owner()
        try owner.query("DELETE FROM sign_in_failures WHERE school_id = $1", [String(ids.school)])
        try owner.query(
            "UPDATE school_settings SET lockout_per_address = 7 WHERE school_id = $1", [String(ids.school)])
        let school = school
        let answers = try atOnce(12) { index in
            try school.activate("DDDD-DDDD-DDD" + ["3", "4", "6", "7", "9", "A", "C", "D", "E", "F", "G", "H"][index])
        }
        #expect(answers.filter { $0.status == 400 }.count == 7)
        #expect(answers.filter { $0.status == 429 }.count == 5)
        try owner.query(
            "UPDATE school_settings SET lockout_per_address = 300 WHERE school_id = $1", [String(ids.school)])
        try owner.query("DELETE FROM sign_in_failures WHERE school_id = $1", [String(ids.school)])
    }

    @Test(arguments: [
        ("1234567", "too_short"), ("семь зн", "too_short"), (String(repeating: "п", count: 129), "too_long"),
        ("password123", "breached_password"), ("пароль-2025", "breached_password"),
    ])
    func aPasswordHasRules(_ password: String, _ code: String) throws {
        let answer = try school.activate("AAAA-AAAA-AAAA", password)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/password")
        #expect(answer.json["errors"]?[0]?["code"]?.string == code)
        #expect(answer.json["error"]?.string == "invalid_request")
    }

    /// A password of one's own name does not cost the code, and is no guess.
    @Test func aPasswordIsNeitherLoginNorName() throws {
        let pupil = ids.others[6]
        try server.owner().query(
            "UPDATE users SET last_name = 'Ёлкина-Мороз', first_name = 'Анна', middle_name = 'Ильинична' WHERE school_id = $1 AND id = $2",
            [String(ids.school), pupil])
        let code = try school.code(for: pupil, by: try server.signIn("teacher"))
        for (password, expected) in [
            ("elkinamoroz.anna", "password_is_login"), ("Elkinamoroz Anna", "password_is_login"),
            ("ёлкина-мороз", "password_is_name"), ("Анна Ильинична", "password_is_name"),
            ("АннаЁлкинаМороз", "password_is_name"), ("annailinichna", "password_is_name"),
            ("анна ёлкина мороз", "password_is_name"),
        ] {
            let answer = try school.activate(code, password)
            #expect(answer.status == 422, "\(password): \(answer.text)")
            #expect(answer.json["errors"]?[0]?["code"]?.string == expected, "\(password)")
            #expect(answer.json["errors"]?[0]?["pointer"]?.string == "/password")
        }
        #expect(try school.activate(code, "анна и мороз").status == 200)
        #expect(try school.activate("A", String(repeating: "п", count: 128)).status == 400)
    }

    @Test(arguments: [
        (#"{"code": "A", "password": "12345678"}"#, "/school", "required"),
        (#"{"school": "lyceum29", "password": "12345678"}"#, "/code", "required"),
        (#"{"school": "lyceum29", "code": 5, "password": "12345678"}"#, "/code", "wrong_type"),
        (#"{"school": "lyceum29", "code": "A", "password": "12345678", "login": "x"}"#, "/login", "unknown_field"),
        (#"{"school": "lyceum29", "code": "A\u0000", "password": "12345678"}"#, "/code", "null_character"),
        ("5", "", "wrong_type"),
    ])
    func malformedBodiesAreNamed(_ body: String, _ pointer: String, _ code: String) throws {
        let answer = try school.anonymous.post("/v1/auth/activation", json: body)
        #expect(answer.status == 422, "\(answer.text)")
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer)
        #expect(answer.json["errors"]?[0]?["code"]?.string == code)
    }
}
