import Diary
import DiaryServer
import DiaryTestSupport
import HTTP1
import JSON
import Postgres
import Testing
import Web

/// A3: a guardianship that has ended, or that a court has closed, closes everything at once, even for an earlier token.
/// Two guardians of one student see nothing of each other.
@Suite(.serialized) struct ClosedGuardianshipTests {
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

    private func make(_ path: String, _ json: String, headers: [(String, String)] = []) throws -> String {
        let answer = try teacher.post(path, json: json, headers: headers)
        try #require(answer.status == 201, "\(path): \(answer.text)")
        return answer.json["id"]!.string!
    }

    /// A guardian of the student with a session, a consent, and the other records of a family.
    private func family(of child: String, _ name: String) throws -> Family {
        let guardian = try make(
            "/v1/guardians",
            #"{"last_name": "\#(name)", "first_name": "Нина", "phone": "+7 \#(name)", "email": "\#(name)@example.org", "address": "ул. \#(name)"}"#
        )
        let guardianship = try make(
            "/v1/students/\(child)/guardians",
            #"{"guardian_id": "\#(guardian)", "relation": "legal_guardian", "starts_on": "2025-09-01", "basis": "Дело \#(name)"}"#
        )
        let consent = try make(
            "/v1/students/\(child)/consents",
            #"{"purpose": "photo", "given_by": "\#(guardian)", "given_on": "2025-09-01", "document": "Бумага \#(name)"}"#
        )
        return Family(
            guardian: guardian, guardianship: guardianship, consent: consent,
            client: try server.session(of: guardian, roles: ["guardian"]))
    }

    private struct Family {
        let guardian: String
        let guardianship: String
        let consent: String
        let client: TestClient
    }

    // MARK: At once

    /// All family routes of one student, with what a client may have kept from before.
    @Test(arguments: [#"{"access": "none"}"#, #"{"ends_on": "2025-11-18"}"#])
    func A3_closedAtOnceOnEachRoute(_ closing: String) throws {
        let child = ids.others[closing.contains("none") ? 0 : 1]
        let family = try family(of: child, closing.contains("none") ? "Закрытова" : "Прежнева")
        let document = try make("/v1/students/\(child)/documents", #"{"kind": "other", "number": "A-12345"}"#)
        let photo = try teacher.send(
            "PUT", "/v1/students/\(child)/photo", headers: [("Content-Type", "image/jpeg"), ("If-None-Match", "*")],
            body: ImageFixtures.jpeg)
        #expect(photo.status == 201)
        let mark = try owner(
            "SELECT id FROM marks WHERE school_id = $1 AND student_id = $2 AND kind IS NOT NULL AND published_at <= now() LIMIT 1",
            child)[0][0]!
        let base = "/v1/students/\(child)"
        let paths = [
            base, "\(base)/diary", "\(base)/diary?from=2025-10-01&to=2025-11-11", "\(base)/marks",
            "\(base)/marks?limit=1",
            "/v1/marks/\(mark)/history", "\(base)/consents", "\(base)/consents/\(family.consent)", "\(base)/documents",
            "\(base)/documents/\(document)", "\(base)/photo",
        ]
        let client = family.client
        var open = try paths.map { path in
            let answer = try client.get(path)
            try #require(answer.status == 200, "\(path): \(answer.text)")
            return (path: path, tag: answer["ETag"])
        }
        // The next page of a list that was begun before.
        let marks = try client.get("\(base)/marks?limit=1")
        open.append(("\(base)/marks?limit=1&cursor=\(marks.json["next_cursor"]!.string!)", nil))
        #expect(try client.get(open.last!.path).status == 200)
        #expect(try client.get("/v1/me").json["children"]?.array.count == 1)
        #expect(try client.get("/v1/students").json["items"]?.array.count == 1)
        #expect(try client.get("\(base)/diary", headers: [("If-None-Match", open[1].tag!)]).status == 304)
        #expect(
            try client.get(base, headers: [("If-None-Match", open[0].tag!), ("Accept-Encoding", "gzip")]).status == 304)

        let path = "\(base)/guardians/\(family.guardianship)"
        #expect(try teacher.patch(path, json: closing, headers: [("If-Match", "*")]).status == 200)
        for (path, tag) in open {
            var requests: [[(String, String)]] = [[], [("If-None-Match", "*")], [("Accept-Encoding", "gzip")]]
            if let tag {
                let gzip = String(tag.dropLast()) + "-gz\""
                requests += [
                    [("If-None-Match", tag)], [("If-None-Match", "W/\(tag)")], [("If-Match", tag)],
                    [("If-None-Match", gzip), ("Accept-Encoding", "gzip")],
                ]
            }
            for headers in requests {
                #expect(try client.get(path, headers: headers).status == 404, "\(path) \(headers)")
                let head = try client.send("HEAD", path, headers: headers)
                #expect(head.status == 404 && head.body.isEmpty && head["ETag"] == nil, "\(path) \(headers)")
            }
        }
        #expect(try client.get("/v1/me").json["children"]?.array.isEmpty == true)
        #expect(try client.get("/v1/students").json["items"]?.array.isEmpty == true)
        #expect(try client.get("/v1/students?include=total&q=%D0%B0").status == 200)
        #expect(try client.get("/v1/students?include=total").json["total"]?.int == 0)

        // Access works again after it is reopened.
        let opening = #"{"access": "full", "basis": "Решение суда", "ends_on": null}"#
        #expect(try server.client("deputy").patch(path, json: opening, headers: [("If-Match", "*")]).status == 200)
        for (path, _) in open { #expect(try client.get(path).status == 200, "\(path)") }
        // It does not work before a first day in the future.
        #expect(
            try teacher.patch(path, json: #"{"starts_on": "2025-11-20"}"#, headers: [("If-Match", "*")]).status == 200)
        for (path, _) in open { #expect(try client.get(path).status == 404, "\(path)") }
    }

    // MARK: Two guardians

    /// Calls every route that a guardian may call with the ids of the other guardian: no answer has anything of the
    /// other.
    @Test func A3_guardiansOfOneChildSeeNothingOfEachOther() throws {
        let child = ids.others[2]
        let one = try family(of: child, "Первова")
        let other = try family(of: child, "Втораяева")
        let session = try owner("SELECT id FROM sessions WHERE school_id = $1 AND user_id = $2", other.guardian)[0][0]!
        let mark = try owner(
            "SELECT id FROM marks WHERE school_id = $1 AND student_id = $2 AND kind IS NOT NULL AND published_at <= now() LIMIT 1",
            child)[0][0]!
        var seen = 0
        for route in Routes.all where route.method == .get {
            let path = route.path.replacing("{student_id}", with: child)
                .replacing("{guardian_id}", with: other.guardian)
                .replacing("{guardianship_id}", with: other.guardianship)
                .replacing("{consent_id}", with: other.consent).replacing("{session_id}", with: session)
                .replacing("{user_id}", with: other.guardian).replacing("{staff_id}", with: other.guardian)
                .replacing("{mark_id}", with: mark)
            let answer = try one.client.get(ids.path(path))
            if answer.status == 200 { seen += 1 }
            for secret in ["Втораяева", other.guardian, other.guardianship, other.consent, session] {
                // A problem repeats the path of the request.
                let text = answer.status == 200 ? answer.text : answer.text.replacing(ids.path(path), with: "")
                #expect(!text.contains(secret), "\(route.operation): \(answer.text)")
            }
        }
        #expect(seen > 10)
        let base = "/v1/students/\(child)"
        #expect(try one.client.get("\(base)/consents/\(other.consent)").status == 404)
        #expect(try one.client.get("\(base)/consents").json["items"]?.array.count == 1)
        #expect(try one.client.get("\(base)/consents?include=total").json["total"]?.int == 1)
        #expect(try one.client.get("/v1/me/sessions").json["items"]?.array.count == 1)
        #expect(try one.client.delete("/v1/me/sessions/\(session)").status == 404)
        for path in [
            "/v1/audit", "\(base)/history", "\(base)/guardians", "\(base)/guardians/\(other.guardianship)",
            "/v1/guardians", "/v1/guardians/\(other.guardian)",
        ] { #expect(try one.client.get(path).status == 403, "\(path)") }
        // The other guardian still reads their own records with the earlier token.
        #expect(try other.client.get("\(base)/consents").json["items"]?[0]?["id"]?.string == other.consent)
    }

    // MARK: Kept answers

    /// An answer kept under an `Idempotency-Key` is repeated only to callers who may still make the change. The teacher
    /// continues to teach the student, and so to see the name.
    @Test func A3_aKeptAnswerIsForWhoMayStillWrite() throws {
        let pupil = try owner(
            "SELECT student_id FROM enrollments WHERE school_id = $1 AND class_id = $2 AND ends_on IS NULL ORDER BY 1 LIMIT 1",
            ids.otherClass)[0][0]!
        let leader = try owner(
            "SELECT id, teacher_id FROM class_teachers WHERE school_id = $1 AND class_id = $2", ids.otherClass)[0]
        let client = try server.session(of: leader[1]!, roles: ["teacher", "class_teacher"])
        let base = "/v1/students/\(pupil)"
        let requests: [(String, String, String, Int)] = [
            ("PATCH", base, #"{"phone": "+7 777"}"#, 200),
            ("POST", "\(base)/documents", #"{"kind": "other", "number": "B-98765"}"#, 201),
        ]
        func send(_ number: Int) throws -> TestClient.Answer {
            let (method, path, json, _) = requests[number]
            return try client.send(
                method, path,
                headers: [
                    ("Content-Type", "application/json"), ("If-Match", "*"), ("Idempotency-Key", "kept-\(number)"),
                ], body: Array(json.utf8))
        }
        for number in requests.indices {
            let first = try send(number)
            #expect(first.status == requests[number].3, "\(first.text)")
            let again = try send(number)
            #expect(again.status == first.status && again.text == first.text)
            #expect(again["Idempotency-Replayed"] == "true")
        }
        _ = try owner("UPDATE class_teachers SET ends_on = '2025-11-18' WHERE school_id = $1 AND id = $2", leader[0]!)
        for number in requests.indices {
            let late = try send(number)
            #expect(late.status == 404, "\(late.text)")
        }
    }

    // MARK: Credentials

    /// A2: a teacher who is a parent in the class gets credentials only from an administrator, even as a guardian.
    @Test func A2_aTeacherWhoIsAParentGetsNoCredentialsFromAClassTeacher() throws {
        let person = try owner(
            """
            SELECT r.user_id FROM user_roles r WHERE r.school_id = $1 AND r.role = 'teacher'
                AND NOT EXISTS (SELECT FROM class_teachers t WHERE t.school_id = $1 AND t.teacher_id = r.user_id)
                AND NOT EXISTS (SELECT FROM user_roles o WHERE o.school_id = $1 AND o.user_id = r.user_id AND o.role <> 'teacher')
            LIMIT 1
            """)[0][0]!
        let deputy = try server.client("deputy")
        let body = #"{"last_name": "x", "first_name": "y", "user_id": "\#(person)"}"#
        #expect(try deputy.post("/v1/guardians", json: body).status == 201)
        let tied = try deputy.post(
            "/v1/students/\(ids.others[3])/guardians",
            json: #"{"guardian_id": "\#(person)", "relation": "mother", "starts_on": "2025-09-01"}"#)
        #expect(tied.status == 201)
        let path = "/v1/users/\(person)/credentials"
        for client in [teacher, deputy] {
            let answer = try client.post(path, json: #"{"reason": "забыла пароль"}"#)
            #expect(answer.status == 403)
            #expect(answer.code == "not_your_credentials")
            #expect(try client.delete(path).status == 403)
        }
        let slips = try teacher.post(
            "/v1/classes/\(ids.class7A)/credentials", json: #"{"for": "guardians", "reason": "начало года"}"#)
        #expect(slips.status == 200)
        // Listed without a code, if at all.
        let hers = slips.json["items"]?.array.first { $0["user_id"]?.string == person }
        #expect(hers?["code"]?.string == nil)
        #expect(try server.client("admin").post(path, json: #"{"reason": "забыла пароль"}"#).status == 201)
    }
}
