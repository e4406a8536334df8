import Diary
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import TestTools
import Testing

/// Codes for one person (A2).
@Suite(.serialized) struct CredentialsTests {
    let server: TestServer
    let ids: DemoSchoolIDs
    let school: CredentialSchool

    init() async throws {
        server = try await TestServer.of(Self.self)
        school = try CredentialSchool(server)
        ids = school.ids
    }

    @Test func A2_theClassTeacherIssuesACodeThatIsShownOnceAndStoredHashed() throws {
        let pupil = ids.others[0]
        try server.owner().query(
            "UPDATE users SET last_name = 'Щёголева', first_name = 'Юлия' WHERE school_id = $1 AND id = $2",
            [String(ids.school), pupil])
        let answer = try school.issue(try server.signIn("teacher"), pupil)
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer["Cache-Control"] == "private, no-store")
        #expect(answer.json.keys == ["user", "login", "code", "expires_at"])
        #expect(answer.json["user"]?["id"]?.string == pupil)
        #expect(answer.json["login"]?.string == "shchegoleva.yuliya")
        let code = try #require(answer.json["code"]?.string)
        #expect(try #require(code.wholeMatch(of: /([A-Z0-9]{4})-([A-Z0-9]{4})-([A-Z0-9]{4})/)).output.0 == code)
        #expect(!code.contains { "01ILO".contains($0) })
        let days = try school.value(
            "SELECT extract(day FROM justify_hours($2::timestamptz - now() + interval '1 minute')) FROM schools WHERE id = $1",
            answer.json["expires_at"]?.string)
        #expect(days == "14")
        #expect(try school.value("SELECT state FROM users WHERE school_id = $1 AND id = $2", pupil) == "issued")
        let dump = try school.value(
            "SELECT json_agg(t)::text FROM (SELECT * FROM activation_codes WHERE school_id = $1) t")
        let record = try school.value("SELECT json_agg(t)::text FROM (SELECT * FROM audit_log WHERE school_id = $1) t")
        let plain = code.split(separator: "-").joined()
        for text in [dump ?? "", record ?? ""] {
            #expect(!text.isEmpty && !text.contains(code) && !text.contains(plain))
        }
        #expect(record?.contains(#""code_hash": "hidden""#) == true)
        // Typed in lower case, without hyphens, and partly with a Russian keyboard.
        let typed = plain.lowercased().map { ["a": "а", "c": "с", "e": "е", "p": "р", "x": "х"][$0] ?? String($0) }
        #expect(try school.activate(typed.joined()).json["login"]?.string == "shchegoleva.yuliya")
        #expect(try school.signIn("Shchegoleva.Yuliya").status == 200)
    }

    /// The issuer, the person, and the result. Only issuers that A2 names succeed.
    @Test func A2_everyIssuerHasTheirOwnPeople() throws {
        let outsider = try school.person(
            """
            EXISTS (
                SELECT FROM enrollments e JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
                WHERE e.school_id = u.school_id AND e.student_id = u.id AND e.ends_on IS NULL AND c.grade_level = 2
            )
            """)
        let colleague = try school.person(
            "u.login IS NULL AND EXISTS (SELECT FROM user_roles r WHERE r.school_id = u.school_id AND r.user_id = u.id AND r.role = 'teacher')"
        )
        let teacherAndMother = try school.person(
            """
            EXISTS (SELECT FROM user_roles r WHERE r.school_id = u.school_id AND r.user_id = u.id AND r.role = 'teacher')
            AND EXISTS (SELECT FROM guardianships g WHERE g.school_id = u.school_id AND g.guardian_id = u.id)
            """)
        let shutOut = try school.person(
            "EXISTS (SELECT FROM guardianships g WHERE g.school_id = u.school_id AND g.guardian_id = u.id AND g.access = 'none')"
        )
        let taught = try school.person(
            """
            EXISTS (
                SELECT FROM group_members m
                JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
                JOIN section_teachers t ON t.school_id = s.school_id AND t.section_id = s.id AND t.ends_on IS NULL
                JOIN users r ON r.school_id = t.school_id AND r.id = t.teacher_id AND r.login = 'teacher'
                JOIN enrollments e ON e.school_id = m.school_id AND e.student_id = m.student_id AND e.ends_on IS NULL
                WHERE m.school_id = u.school_id AND m.student_id = u.id AND m.ends_on IS NULL AND e.class_id <> $2
            )
            """, ids.class7A)
        let own = ids.others[1]
        let family = try school.guardian(of: own)
        let cases: [(who: String, whom: String, status: Int, code: String?)] = [
            ("teacher", own, 201, nil), ("teacher", family, 201, nil), ("teacher", outsider, 404, "not_found"),
            ("teacher", try school.guardian(of: outsider), 404, "not_found"),
            ("teacher", taught, 403, "not_your_credentials"), ("teacher", colleague, 403, "not_your_credentials"),
            ("teacher", teacherAndMother, 403, "not_your_credentials"),
            // Listed in the student's profile, but without access to the diary (A3).
            ("teacher", shutOut, 403, "not_your_credentials"), ("deputy", shutOut, 403, "not_your_credentials"),
            ("deputy", own, 403, "not_your_credentials"), ("head", family, 403, "not_your_credentials"),
            ("deputy", colleague, 403, "not_your_credentials"), ("admin", own, 403, "not_your_credentials"),
            ("admin", family, 403, "not_your_credentials"), ("admin", colleague, 201, nil),
            ("admin", teacherAndMother, 201, nil), ("student", own, 403, "forbidden"),
            ("parent", ids.child, 403, "forbidden"), ("admin", ids.stranger, 404, "not_found"),
            ("admin", DemoSchoolIDs.nothing, 404, "not_found"), ("admin", "x", 404, "not_found"),
            // A stolen token must not lead to a lasting password.
            ("admin", try school.user("admin"), 403, "not_your_credentials"),
        ]
        for (who, whom, status, code) in cases {
            let client = try server.signIn(who)
            let answer = try school.issue(client, whom, reason: "по заявлению")
            #expect(
                answer.status == status && (status == 201 || answer.code == code), "\(who) for \(whom): \(answer.text)")
            let revoked = try client.delete("/v1/users/\(whom)/credentials")
            #expect(revoked.status == (status == 201 ? 204 : status), "\(who) for \(whom): \(revoked.text)")
        }
        // A teacher who leads no class can issue no codes.
        let plain = try server.session(of: colleague, school: ids.school, roles: ["teacher"])
        #expect(try school.issue(plain, own, reason: "x").code == "forbidden")
        // The roles in a token do not matter.
        let pretender = try server.session(
            of: colleague, school: ids.school, roles: ["administrator", "class_teacher"])
        #expect(try school.issue(pretender, outsider, reason: "x").status == 404)
        #expect(try school.issue(pretender, teacherAndMother, reason: "x").code == "not_your_credentials")
        // A guardian of two children in two classes: both class teachers may issue.
        #expect(
            try school.issue(try server.signIn("teacher"), try school.user("parent"), reason: "забыла").status == 201)
    }

    /// An administrator could make a parent staff, and so take over the parent's account. The issue says why, and the
    /// log has a row of its own for it.
    @Test func A2_credentialsOfAFamilyMemberWhoIsStaffAreRecorded() throws {
        let admin = try server.signIn("admin")
        let parent = try school.guardian(of: ids.others[15])
        let pupil = ids.others[16]
        for person in [parent, pupil] {
            #expect(try school.issue(admin, person, reason: "x").status == 403)
            try server.owner().query(
                """
                WITH made AS (INSERT INTO staff (school_id, id) VALUES ($1, $2) RETURNING id)
                INSERT INTO user_roles (school_id, user_id, role) SELECT $1, id, 'teacher' FROM made
                """, [String(ids.school), person])
            let silent = try school.issue(admin, person)
            #expect(silent.status == 422, "\(silent.text)")
            #expect(silent.json["errors"]?[0]?["pointer"]?.string == "/reason")
            let answer = try school.issue(admin, person, reason: "принята учителем")
            #expect(answer.status == 201, "\(answer.text)")
            let log = try server.signIn("head").get(
                "/v1/audit?action=credentials.issued_to_family&entity_id=\(person)")
            #expect(log.json["items"]?.array.count == 1, "\(log.text)")
            #expect(log.json["items"]?[0]?["reason"]?.string == "принята учителем")
            #expect(log.json["items"]?[0]?["changed_by"]?["id"]?.string == (try school.user("admin")))
        }
        // Other staff, and families, have no such record.
        let colleague = try school.person(
            """
            u.state = 'new' AND EXISTS (SELECT FROM staff s WHERE s.school_id = u.school_id AND s.id = u.id)
            AND EXISTS (SELECT FROM user_roles r WHERE r.school_id = u.school_id AND r.user_id = u.id AND r.role = 'teacher')
            AND NOT EXISTS (SELECT FROM guardianships g WHERE g.school_id = u.school_id AND g.guardian_id = u.id)
            AND NOT EXISTS (SELECT FROM students p WHERE p.school_id = u.school_id AND p.id = u.id)
            """)
        #expect(try school.issue(admin, colleague).status == 201)
        #expect(try school.issue(try server.signIn("teacher"), ids.others[17]).status == 201)
        #expect(
            try school.value(
                """
                SELECT count(*) FROM audit_log WHERE school_id = $1 AND action = 'credentials.issued_to_family'
                    AND entity_id IN ($2, $3)
                """, colleague, ids.others[17]) == "0")
    }

    @Test func A2_withoutAClassTeacherADeputyHeadIssuesWithAReason() throws {
        let pupil = ids.others[2]
        let family = try school.guardian(of: pupil)
        // The last day with records is yesterday's.
        try server.owner().query(
            """
            UPDATE enrollments SET ends_on = '\(TestServer.today)'::date - 1
            WHERE school_id = $1 AND student_id = $2 AND ends_on IS NULL
            """, [String(ids.school), pupil])
        let deputy = try server.signIn("deputy")
        for person in [pupil, family] {
            let silent = try school.issue(deputy, person)
            #expect(silent.status == 422)
            #expect(silent.json["errors"]?[0]?["pointer"]?.string == "/reason")
            #expect(try school.issue(deputy, person, reason: "переход на семейное обучение").status == 201)
            #expect(try school.issue(try server.client("admin"), person, reason: "x").code == "not_your_credentials")
        }
        #expect(try school.issue(try server.signIn("teacher"), pupil).status == 404)
        let reason = try school.value(
            "SELECT reason FROM activation_codes WHERE school_id = $1 AND user_id = $2 AND revoked_at IS NULL", pupil)
        #expect(reason == "переход на семейное обучение")
    }

    @Test func A2_aResetIsRecordedEndsTheSessionsAndTheOldPassword() throws {
        let teacher = try server.signIn("teacher")
        let pupil = ids.others[3]
        let login = try school.activated(pupil, by: teacher)
        let tokens = try school.signIn(login).json
        let access = TestClient(port: server.port, token: tokens["access_token"]!.string!)
        // A reset of an active account needs an explicit reason.
        let silent = try school.issue(teacher, pupil)
        #expect(silent.status == 422)
        #expect(silent.json["errors"]?[0]?["pointer"]?.string == "/reason")
        #expect(try school.signIn(login).status == 200)

        let reset = try school.issue(teacher, pupil, reason: "забыл пароль")
        #expect(reset.status == 201)
        #expect(reset.json["login"]?.string == login)
        #expect(try school.signIn(login).status == 400)
        let refresh = try school.anonymous.post(
            "/v1/auth/token",
            json: #"{"grant_type": "refresh_token", "refresh_token": "\#(tokens["refresh_token"]!.string!)"}"#)
        #expect(refresh.status == 400)
        #expect(
            try access.put("/v1/me/password", json: #"{"current_password": "x", "new_password": "yyyyyyyy"}"#).status
                == 401)
        #expect(
            try school.value(
                """
                SELECT a.reason || ' ' || (a.changed_by = (SELECT id FROM users WHERE school_id = $1 AND login = 'teacher'))
                FROM audit_log a
                WHERE a.school_id = $1 AND a.entity = 'users' AND a.entity_id = $2 AND a.before ->> 'state' = 'active'
                    AND a.after ->> 'state' = 'issued' AND a.before ->> 'password_hash' = 'hidden'
                """, pupil) == "забыл пароль true")
        #expect(try school.activate(reset.json["code"]!.string!, "другой пароль").status == 200)
        #expect(try school.signIn(login, "другой пароль").status == 200)
    }

    @Test func A2_aNewCodeRevokesTheOldOne() throws {
        let teacher = try server.signIn("teacher")
        let pupil = ids.others[4]
        let first = try school.code(for: pupil, by: teacher)
        let second = try school.code(for: pupil, by: teacher)
        #expect(try school.activate(first).code == "invalid_code")
        #expect(try school.activate(second).status == 200)
    }

    @Test func A2_concurrentIssuesLeaveOneValidCode() throws {
        let teacher = try server.signIn("teacher")
        let school = school
        let pupil = ids.others[5]
        let codes = try atOnce(8) { _ in try school.code(for: pupil, by: teacher) }
        #expect(Set(codes).count == 8)
        let live = try school.value(
            "SELECT count(*) FROM activation_codes WHERE school_id = $1 AND user_id = $2 AND used_at IS NULL AND revoked_at IS NULL",
            pupil)
        #expect(live == "1")
        #expect(try codes.filter { try school.activate($0).status == 200 }.count == 1)
    }

    @Test func A2_aRevokedCodeOpensNothing() throws {
        let teacher = try server.signIn("teacher")
        let pupil = ids.others[6]
        let code = try school.code(for: pupil, by: teacher)
        let path = "/v1/users/\(pupil)/credentials"
        #expect(try teacher.delete(path).status == 204)
        #expect(try school.activate(code).code == "invalid_code")
        #expect(try school.value("SELECT state FROM users WHERE school_id = $1 AND id = $2", pupil) == "new")
        #expect(try teacher.delete(path).status == 404)
    }

    /// The answer contains a secret, so it is not kept under a key.
    @Test func A2_anIdempotencyKeyKeepsNothing() throws {
        let teacher = try server.signIn("teacher")
        let codes = try (0..<2).map { _ in
            try teacher.post(
                "/v1/users/\(ids.others[7])/credentials", json: "{}", headers: [("Idempotency-Key", "k")]
            ).json["code"]?.string
        }
        #expect(codes[0] != nil && codes[0] != codes[1])
        #expect(try school.value("SELECT count(*) FROM idempotency_keys WHERE school_id = $1") == "0")
    }

    @Test func loginsAreUniqueAndStay() throws {
        let teacher = try server.signIn("teacher")
        let pupils = Array(ids.others[8..<11])
        for pupil in pupils {
            try server.owner().query(
                "UPDATE users SET last_name = 'Цой', first_name = 'Яна' WHERE school_id = $1 AND id = $2",
                [String(ids.school), pupil])
        }
        let school = school
        let logins = try atOnce(3) { try school.issue(teacher, pupils[$0]).json["login"]?.string }
        #expect(Set(logins) == ["tsoy.yana", "tsoy.yana2", "tsoy.yana3"])
        // The login stays with the person, and nobody else gets it.
        #expect(try school.issue(teacher, pupils[0]).json["login"]?.string == logins[0])
        #expect(try school.issue(teacher, pupils[0], login: "yana").code == "login_set")
        #expect(try school.issue(teacher, pupils[0], login: logins[0]!.uppercased()).status == 201)
        #expect(try school.issue(teacher, ids.others[11], login: "Parent").code == "login_taken")
        #expect(try school.issue(teacher, ids.others[11], login: "Yana-2012").json["login"]?.string == "yana-2012")
    }

    @Test(arguments: [
        (#"{"login": "ab"}"#, "/login", "invalid_login"), (#"{"login": "яна"}"#, "/login", "invalid_login"),
        (#"{"login": "a b c"}"#, "/login", "invalid_login"), (#"{"login": ".abc"}"#, "/login", "invalid_login"),
        (#"{"login": 5}"#, "/login", "wrong_type"), (#"{"reason": " "}"#, "/reason", "too_short"),
        (#"{"reason": null}"#, "/reason", "null_not_allowed"), (#"{"code": "x"}"#, "/code", "unknown_field"),
        ("[]", "", "wrong_type"),
    ])
    func malformedBodiesAreNamed(_ body: String, _ pointer: String, _ code: String) throws {
        let answer = try server.signIn("teacher").post("/v1/users/\(ids.others[12])/credentials", json: body)
        #expect(answer.status == 422)
        #expect(answer.json["errors"]?[0]?["pointer"]?.string == pointer)
        #expect(answer.json["errors"]?[0]?["code"]?.string == code)
    }

    @Test func blockedPeopleGetNoCode() throws {
        let pupil = ids.others[13]
        let teacher = try server.signIn("teacher")
        let code = try school.code(for: pupil, by: teacher)
        try server.owner().query(
            "UPDATE users SET state = 'blocked' WHERE school_id = $1 AND id = $2", [String(ids.school), pupil])
        #expect(try school.issue(teacher, pupil, reason: "x").code == "account_closed")
        #expect(try school.activate(code).code == "invalid_code")
    }

    /// Permissions come from the database, not from the token.
    @Test func A2_aRemovedRoleIssuesNothing() throws {
        let admin = try server.client("admin")
        let deputy = try school.user("deputy")
        try server.owner().query(
            "DELETE FROM user_roles WHERE school_id = $1 AND user_id = $2",
            [String(ids.school), try school.user("admin")])
        // The sessions ended with the role.
        #expect(try school.issue(admin, deputy, reason: "x").status == 401)
        #expect(try school.issue(admin, ids.others[0], reason: "x").status == 401)
    }

    /// A reset runs while a sign-in is hashing: the old password, although right, opens nothing.
    @Test func A2_aSignInDuringAResetOpensNoSession() async throws {
        let pupil = ids.others[14]
        let login = try school.activated(pupil, by: try server.signIn("teacher"))
        let resetting = try server.owner()
        try resetting.execute("BEGIN")
        try resetting.query(
            "UPDATE users SET state = 'issued', password_hash = NULL WHERE school_id = $1 AND id = $2",
            [String(ids.school), pupil])
        let transaction = try resetting.query("SELECT pg_current_xact_id()").first
        let school = school
        let signIn = WorkThread { Result { try school.signIn(login) } }
        let watcher = try server.owner()
        let waits = try await eventually {
            try watcher.query(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = $1::text::xid", [transaction]
            ).first == "1"
        }
        #expect(waits)
        try resetting.execute("COMMIT")
        #expect(try signIn.join().get().code == "invalid_grant")
        #expect(
            try school.value("SELECT count(*) FROM sessions WHERE school_id = $1 AND user_id = $2", pupil) == "0")
    }
}
