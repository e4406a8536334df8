import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET` and `PATCH /v1/school/settings`.
@Suite(.serialized) struct SchoolSettingsRecordTests {
    let server: TestServer
    let admin: TestClient

    init() async throws {
        server = try await TestServer.of(Self.self)
        admin = try server.client("admin")
    }

    private func change(_ json: String, ifMatch tag: String = "*") throws -> TestClient.Answer {
        try admin.patch("/v1/school/settings", json: json, headers: [("If-Match", tag)])
    }

    @Test func M5_settingsHaveAVersion() throws {
        let before = try admin.get("/v1/school/settings")
        #expect(before.status == 200)
        let version = before.json["version"]!.int!
        #expect(before["ETag"] == "\"v\(version)\"")
        let changed = try change(
            #"{"edit_window_days": 7, "six_day_grade_levels": [9, 11], "code_labels": {"owed": "долг"}}"#,
            ifMatch: "\"v\(version)\"")
        #expect(changed.status == 200, "\(changed.text)")
        #expect(changed.json["edit_window_days"]?.int == 7)
        #expect(changed.json["six_day_grade_levels"]?.array.map { $0.int } == [9, 11])
        #expect(changed.json["code_labels"]?["owed"]?.string == "долг")
        #expect(changed.json["code_labels"]?["pass"]?.string == "зач")
        #expect(changed.json["version"]?.int == version + 1)
        #expect(try change(#"{"edit_window_days": 8}"#, ifMatch: "\"v\(version)\"").status == 412)
        #expect(try admin.get("/v1/school").json["settings"]?["edit_window_days"]?.int == 7)
        #expect(try change(#"{"edit_window_days": 14}"#).status == 200)
    }

    @Test func c3_theHourOfTheDigestIsSetOrTurnedOff() throws {
        #expect(try change(#"{"week_digest_at": "16:30"}"#).json["week_digest_at"]?.string == "16:30")
        #expect(try change(#"{"week_digest_at": null}"#).json["week_digest_at"]?.isNull == true)
        #expect(try change(#"{"week_digest_at": "25:00"}"#).status == 422)
        #expect(try change(#"{"week_digest_at": "18:00"}"#).json["week_digest_at"]?.string == "18:00")
    }

    @Test func everyInvalidSettingIsReported() throws {
        let answer = try change(
            """
            {"edit_window_days": -1, "scale_min": 3, "rounding_threshold": 10, "password_grant": "yes", "version": 1,
            "six_day_grade_levels": [12], "code_labels": {"pass": "", "king": "x"}}
            """)
        #expect(answer.status == 422)
        #expect(
            answer.json["errors"]!.array.map { $0["pointer"]!.string! } == [
                "/edit_window_days", "/scale_min", "/rounding_threshold", "/password_grant", "/six_day_grade_levels/0",
                "/code_labels/pass", "/code_labels/king", "/version",
            ])
        let threshold = try change(#"{"rounding_threshold": 1.5}"#)
        #expect(threshold.status == 422)
        #expect(threshold.json["errors"]?[0]?["pointer"]?.string == "/rounding_threshold")
    }

    /// A5: the record has the old and the new values.
    @Test func A5_changesAreRecorded() throws {
        _ = try admin.patch(
            "/v1/school/settings", json: #"{"consultation_days": 5}"#,
            headers: [("If-Match", "*"), ("X-Request-Id", "settings-1")])
        let record = try admin.get("/v1/audit?request_id=settings-1").json["items"]![0]
        #expect(record?["entity"]?.string == "school_settings")
        #expect(record?["before"]?["consultation_days"]?.int == 3)
        #expect(record?["after"]?["consultation_days"]?.int == 5)
    }
}
