import DiaryPeople
import DiarySignIn
import DiaryTestSupport
import JSON
import Postgres
import TestSupport
import TestTools
import Testing

/// K3: `/v1/students/{id}/photo` works only with a consent.
@Suite(.serialized) struct StudentPhotosTests {
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

    private func path(_ pupil: String) -> String { "/v1/students/\(pupil)/photo" }

    private func put(
        _ pupil: String, _ bytes: [UInt8], by client: TestClient? = nil, type: String = "image/jpeg",
        _ condition: (String, String) = ("If-None-Match", "*")
    ) throws -> TestClient.Answer {
        try (client ?? teacher).send(
            "PUT", path(pupil), headers: [("Content-Type", type), condition], body: bytes)
    }

    /// Creates the consent of a guardian of the student; returns its path.
    private func consent(_ pupil: String) throws -> String {
        let guardian = try owner(
            "SELECT guardian_id FROM guardianships WHERE school_id = $1 AND student_id = $2 LIMIT 1", pupil)[0][0]!
        let answer = try teacher.post(
            "/v1/students/\(pupil)/consents",
            json: #"{"purpose": "photo", "given_by": "\#(guardian)", "given_on": "2025-09-01"}"#)
        try #require(answer.status == 201, "\(answer.text)")
        return "/v1/students/\(pupil)/consents/\(answer.json["id"]!.string!)"
    }

    @Test func K3_aPhotoNeedsAConsentAndGoesWithIt() throws {
        let pupil = ids.others[0]
        let refused = try put(pupil, ImageFixtures.jpeg)
        #expect(refused.status == 409)
        #expect(refused.code == "no_consent")
        let consent = try consent(pupil)
        let made = try put(pupil, ImageFixtures.jpeg)
        #expect(made.status == 201, "\(made.text)")
        #expect(made.json["media_type"]?.string == "image/jpeg")
        #expect(made.json["width"]?.int == 24 && made.json["height"]?.int == 16)
        #expect(made["ETag"] == nil)
        let shown = try teacher.get(path(pupil))
        #expect(shown.status == 200)
        #expect(shown.body.count == made.json["size"]?.int)
        #expect(shown.body == (try ImageFile(ImageFixtures.jpeg)).bytes)
        #expect(try teacher.get("/v1/students/\(pupil)").json["has_photo"]?.bool == true)

        // A consent that is withdrawn tomorrow is in force today.
        let later = try teacher.patch(consent, json: #"{"withdrawn_on": "2025-11-20"}"#, headers: [("If-Match", "*")])
        #expect(later.status == 200)
        #expect(try teacher.get(path(pupil)).status == 200)
        // After the withdrawal the photo is deleted and not shown, whatever tag the client has.
        let now = try teacher.patch(consent, json: #"{"withdrawn_on": "2025-11-19"}"#, headers: [("If-Match", "*")])
        #expect(now.status == 200)
        for tag in [shown["ETag"]!, "*"] {
            #expect(try teacher.get(path(pupil), headers: [("If-None-Match", tag)]).status == 404)
        }
        #expect(try owner("SELECT count(*) FROM student_photos WHERE school_id = $1 AND id = $2", pupil) == [["0"]])
        #expect(try put(pupil, ImageFixtures.jpeg).code == "no_consent")
        #expect(try teacher.get("/v1/students/\(pupil)").json["has_photo"]?.bool == false)
    }

    @Test func K3_aDeletedConsentTakesThePhotoAway() throws {
        let pupil = ids.others[1]
        let consent = try consent(pupil)
        #expect(try put(pupil, ImageFixtures.png, type: "image/png").status == 201)
        #expect(try teacher.send("DELETE", consent, headers: [("If-Match", "*")]).status == 204)
        #expect(try owner("SELECT count(*) FROM student_photos WHERE school_id = $1 AND id = $2", pupil) == [["0"]])
    }

    /// A consent that ends on a fixed day ends without a write: the photo is hidden at once, and deleted with the next
    /// upload.
    @Test func K3_aConsentThatRanOutHidesThePhoto() throws {
        let (pupil, other) = (ids.others[2], ids.others[3])
        let consent = try consent(pupil)
        #expect(try put(pupil, ImageFixtures.webp, type: "image/webp").status == 201)
        // Simulates the day after by bypassing the trigger.
        try server.owner().execute("ALTER TABLE consents DISABLE TRIGGER photo")
        defer { try? server.owner().execute("ALTER TABLE consents ENABLE TRIGGER photo") }
        _ = try owner(
            "UPDATE consents SET withdrawn_on = '2025-11-01' WHERE school_id = $1 AND id = $2",
            String(consent.split(separator: "/").last!))
        #expect(try teacher.get(path(pupil)).status == 404)
        _ = try self.consent(other)
        #expect(try put(other, ImageFixtures.webp, type: "image/webp").status == 201)
        #expect(try owner("SELECT count(*) FROM student_photos WHERE school_id = $1 AND id = $2", pupil) == [["0"]])
    }

    @Test func aPhotoIsShownAndNothingElse() throws {
        let pupil = ids.others[4]
        _ = try consent(pupil)
        #expect(try put(pupil, ImageFixtures.png, type: "image/png").status == 201)
        let shown = try teacher.get(path(pupil))
        let fields = [
            "Content-Type": "image/png", "Content-Disposition": "inline", "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache",
            "Vary": "Authorization",
        ]
        for (name, value) in fields { #expect(shown[name] == value, "\(name)") }
        let tag = try #require(shown["ETag"])
        let same = try teacher.get(path(pupil), headers: [("If-None-Match", tag)])
        #expect(same.status == 304 && same.body.isEmpty && same["ETag"] == tag)
        #expect(try teacher.get(path(pupil), headers: [("If-None-Match", "*")]).status == 304)
        #expect(try teacher.get(path(pupil), headers: [("If-None-Match", "\"other\"")]).body == shown.body)
        let head = try teacher.send("HEAD", path(pupil))
        #expect(head.status == 200 && head["Content-Length"] == String(shown.body.count) && head["ETag"] == tag)
        // The format is already compressed.
        let packed = try teacher.get(path(pupil), headers: [("Accept-Encoding", "gzip")])
        #expect(packed["Content-Encoding"] == nil && packed.body == shown.body)
        #expect(try teacher.get("\(path(pupil))?size=2").status == 400)
    }

    @Test func M5_nobodyReplacesAPhotoUnseen() throws {
        let pupil = ids.others[5]
        _ = try consent(pupil)
        #expect(
            try teacher.send("PUT", path(pupil), headers: [("Content-Type", "image/jpeg")], body: ImageFixtures.jpeg)
                .status == 428)
        #expect(try put(pupil, ImageFixtures.jpeg, ("If-Match", "*")).status == 412)
        #expect(try put(pupil, ImageFixtures.jpeg).status == 201)
        #expect(try put(pupil, ImageFixtures.png).status == 412)
        let tag = try teacher.get(path(pupil))["ETag"]!
        #expect(try put(pupil, ImageFixtures.png, ("If-Match", "\"0123\"")).status == 412)
        #expect(try put(pupil, ImageFixtures.png, ("If-Match", "W/\(tag)")).status == 412)
        #expect(try put(pupil, ImageFixtures.png, ("If-Match", tag)).status == 200)
        #expect(try put(pupil, ImageFixtures.jpeg, ("If-Match", tag)).status == 412)
        #expect(try teacher.get(path(pupil))["Content-Type"] == "image/png")
        #expect(try teacher.delete(path(pupil)).status == 428)
        #expect(try teacher.send("DELETE", path(pupil), headers: [("If-Match", tag)]).status == 412)
        #expect(try teacher.send("DELETE", path(pupil), headers: [("If-Match", "*")]).status == 204)
        #expect(try teacher.send("DELETE", path(pupil), headers: [("If-Match", "*")]).status == 404)
    }

    /// The client's media type does not matter, and files that are not pictures are refused.
    @Test func K3_theBytesDecideWhatItIs() throws {
        let pupil = ids.others[6]
        _ = try consent(pupil)
        let svg = Array("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".utf8)
        for type in ["image/svg+xml", "image/jpeg", "application/octet-stream"] {
            #expect(try put(pupil, svg, type: type).status == 415, "\(type)")
        }
        for type in ["text/html", "application/json", ""] {
            #expect(try put(pupil, ImageFixtures.jpeg, type: type).status == 415, "\(type)")
        }
        var tooWide = ImageFixtures.lossless
        tooWide.replaceSubrange(21..<25, with: [0xFF, 0xFF, 0xFF, 0x0F])
        for (bytes, code) in [
            (Array(ImageFixtures.jpeg.dropLast(2)), "damaged_image"), (tooWide, "image_too_large"),
            (ImageFixtures.animated, "unsupported_image"),
        ] {
            let answer = try put(pupil, bytes)
            #expect(answer.status == 422)
            #expect(answer.json["errors"]?[0]?["code"]?.string == code)
        }
        #expect(try teacher.get(path(pupil)).status == 404)
        // A PNG named as a JPEG, with an HTML page after its end.
        #expect(try put(pupil, ImageFixtures.png + Array("<html><script>".utf8)).status == 201)
        let shown = try teacher.get(path(pupil))
        #expect(shown["Content-Type"] == "image/png")
        #expect(!shown.text.contains("script") && !shown.text.contains("Secret"))
        #expect(try put(pupil, [], ("If-Match", "*")).status == 415)
    }

    @Test func aPhotoHasAtMostTwoMebibytes() throws {
        let pupil = ids.others[7]
        _ = try consent(pupil)
        // Application data before the picture: part of the upload, but removed.
        var long = Array(ImageFixtures.jpeg[..<2])
        let data: [UInt8] = [0xFF, 0xEA, 0xFF, 0xFF] + [UInt8](repeating: 0x41, count: 0xFFFD)
        while long.count + data.count + ImageFixtures.jpeg.count <= 2 * 1024 * 1024 { long += data }
        long += ImageFixtures.jpeg[2...]
        #expect(long.count > 1024 * 1024)
        #expect(try put(pupil, long).status == 201)
        #expect(try teacher.get(path(pupil)).body == (try ImageFile(ImageFixtures.jpeg)).bytes)
        let rest = [UInt8](repeating: 0, count: 2 * 1024 * 1024 + 1 - long.count)
        #expect(try put(pupil, long + rest, ("If-Match", "*")).status == 413)
        // The usual limit applies elsewhere.
        let text = "{\"address\": \"\(String(repeating: "x", count: 1024 * 1024))\"}"
        #expect(try teacher.patch("/v1/students/\(pupil)", json: text, headers: [("If-Match", "*")]).status == 413)
    }

    /// A picture that would take the memory of every app that shows it is refused, and nothing is kept of it.
    @Test func aPictureThatInflatesToMoreThanItSaysIsRefused() throws {
        let pupil = ids.others[10]
        _ = try consent(pupil)
        let bomb = PNGFile(pixels: [UInt8](repeating: 0, count: 4 << 20)).bytes
        let refused = try put(pupil, bomb, type: "image/png")
        #expect(refused.status == 422, "\(refused.text)")
        #expect(refused.json["errors"]?[0]?["code"]?.string == "damaged_image")
        #expect(try owner("SELECT count(*) FROM student_photos WHERE school_id = $1 AND id = $2", pupil) == [["0"]])
    }

    @Test func K2_whoPutsReadsAndDeletesAPhotoIsRecorded() throws {
        let pupil = ids.others[8]
        _ = try consent(pupil)
        let deputy = try server.client("deputy")
        #expect(try put(pupil, ImageFixtures.jpeg, by: deputy).status == 201)
        #expect(try deputy.get(path(pupil)).status == 200)
        #expect(try teacher.get(path(pupil)).status == 200)
        #expect(try teacher.send("DELETE", path(pupil), headers: [("If-Match", "*")]).status == 204)
        let records = try owner(
            """
            SELECT a.action, u.login, a.after ->> 'media_type', a.after::text LIKE '%content%' FROM audit_log a
            JOIN users u ON u.school_id = a.school_id AND u.id = a.changed_by
            WHERE a.school_id = $1 AND a.entity = 'student_photos' AND a.entity_id = $2 ORDER BY a.id
            """, pupil)
        #expect(
            records == [
                ["insert", "deputy", "image/jpeg", "f"], ["read", "deputy", nil, nil], ["delete", "teacher", nil, nil],
            ])
        let history = try teacher.get("/v1/students/\(pupil)/history").json["items"]!.array
        #expect(history.filter { $0["entity"]?.string == "student_photos" }.count == 3)
    }

    @Test func A1_aPhotoIsForThePupilsOwn() throws {
        let pupil = ids.child
        _ = try consent(pupil)
        #expect(try put(pupil, ImageFixtures.jpeg).status == 201)
        for (login, status) in [
            ("parent", 200), ("deputy", 200), ("head", 200), ("admin", 200), ("student", 404),
        ] { #expect(try server.client(login).get(path(pupil)).status == status, "\(login)") }
        for login in ["parent", "student"] {
            #expect(try put(pupil, ImageFixtures.jpeg, by: try server.client(login)).status == 403)
        }
        let strange = try server.session(
            of: try server.owner().query(
                "SELECT user_id FROM user_roles WHERE school_id = $1 AND role = 'administrator' LIMIT 1",
                [String(ids.otherSchool)]
            ).first!, school: ids.otherSchool, roles: ["administrator"])
        #expect(try strange.get(path(pupil)).status == 404)
        #expect(try put(pupil, ImageFixtures.jpeg, by: strange).status == 404)
        #expect(try strange.send("DELETE", path(pupil), headers: [("If-Match", "*")]).status == 404)
        #expect(try TestClient(port: server.port).get(path(pupil)).status == 401)
    }

    /// An upload waits for a concurrent withdrawal and then finds no consent.
    @Test func K3_anUploadWaitsForWhoWithdrawsTheConsent() async throws {
        let pupil = ids.others[9]
        let consent = try consent(pupil)
        let withdrawing = try server.owner()
        try withdrawing.execute("BEGIN; SET LOCAL lyceum.today = '\(TestServer.today)'")
        try withdrawing.query(
            "UPDATE consents SET withdrawn_on = '2025-11-19' WHERE school_id = $1 AND id = $2",
            [String(ids.school), String(consent.split(separator: "/").last!)])
        let transaction = try withdrawing.query("SELECT pg_current_xact_id()").first
        let (teacher, path) = (teacher, path(pupil))
        let upload = WorkThread {
            Result {
                try teacher.send(
                    "PUT", path, headers: [("Content-Type", "image/png"), ("If-None-Match", "*")],
                    body: ImageFixtures.png)
            }
        }
        let watcher = try server.owner()
        let waits = try await eventually {
            try watcher.query(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = $1::text::xid", [transaction]
            ).first == "1"
        }
        #expect(waits)
        try withdrawing.execute("COMMIT")
        #expect(try upload.join().get().code == "no_consent")
        #expect(try owner("SELECT count(*) FROM student_photos WHERE school_id = $1 AND id = $2", pupil) == [["0"]])
    }
}
