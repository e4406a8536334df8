import DiaryTestSupport
import JSON
import Postgres
import Testing

/// `GET /v1/school`.
@Suite(.serialized) struct SchoolSettingsTests {
    let server: TestServer

    init() async throws { server = try await TestServer.of(Self.self) }

    @Test(arguments: ["student", "parent", "teacher", "deputy", "head", "admin"])
    func everybodyAtTheSchoolReadsIt(_ login: String) throws {
        let answer = try server.client(login).get("/v1/school")
        #expect(answer.status == 200, "\(answer.text)")
        let school = answer.json
        #expect(school.keys == ["code", "name", "time_zone", "scale", "settings", "codes", "attendance_codes"])
        #expect(school["code"]?.string == "lyceum29")
        #expect(school["name"]?.string == "Лицей № 29")
        #expect(school["time_zone"]?.string == "Asia/Yekaterinburg")
    }

    @Test func m2ScaleAndLabels() throws {
        let school = try server.client("parent").get("/v1/school").json
        #expect(school["scale"]?["minimum"]?.int == 2 && school["scale"]?["maximum"]?.int == 5)
        #expect(
            school["codes"]?.array.map { $0["code"]?.string } == ["pass", "fail", "exempt", "owed", "not_assessed"])
        #expect(school["codes"]?[0]?["label"]?.string == "зач")
    }

    @Test func t1LabelsOfAbsence() throws {
        let codes = try server.client("parent").get("/v1/school").json["attendance_codes"]?.array ?? []
        #expect(codes.map { $0["code"]?.string } == ["Н", "Б", "УП", "НП", "ОП", "ОТ"])
        #expect(
            codes.map { $0["meaning"]?.string } == ["absent", "ill", "excused", "unexcused", "late", "absent"])
        #expect(codes.map { $0["is_default"]?.bool } == [true, true, true, true, true, false])
        #expect(codes[5]["name"]?.string == "Отсутствие на отдельном уроке")
    }

    /// A6: the answer does not show how many guesses are left.
    @Test func a6SettingsOmitTheLockout() throws {
        let settings = try server.client("admin").get("/v1/school").json["settings"]
        #expect(
            settings?.keys == [
                "edit_window_days", "rounding_threshold", "min_marks_quarter", "min_marks_quarter_2h",
                "min_marks_quarter_3h", "min_marks_semester", "min_marks_semester_2h", "min_marks_semester_3h",
                "term_debts", "conduct_scale", "homework_in_grade_1", "students_write_students", "consultation_days",
                "week_digest_at", "activation_days",
                "password_grant", "six_day_grade_levels",
            ])
        #expect(settings?["edit_window_days"]?.int == 14)
        #expect(settings?["rounding_threshold"] == .number("0.60"))
        #expect(settings?["homework_in_grade_1"]?.bool == false)
        #expect(settings?["week_digest_at"]?.string == "18:00")
        #expect(settings?["six_day_grade_levels"]?.array.isEmpty == true)
    }

    @Test func tagStaysUntilASettingChanges() throws {
        let client = try server.client("head", school: "lyceum30")
        let first = try client.get("/v1/school")
        let tag = try #require(first["ETag"])
        #expect(try client.get("/v1/school", headers: [("If-None-Match", tag)]).status == 304)
        try server.owner().execute(
            """
            UPDATE school_settings SET scale_min = 1, six_day_grade_levels = '{10,11}'
            WHERE school_id = (SELECT id FROM schools WHERE code = 'lyceum30')
            """)
        let second = try client.get("/v1/school", headers: [("If-None-Match", tag)])
        #expect(second.status == 200)
        #expect(second.json["scale"]?["minimum"]?.int == 1)
        #expect(second.json["settings"]?["six_day_grade_levels"]?.array.map { $0.int } == [10, 11])
        // Another school has its own settings.
        #expect(try server.client("head").get("/v1/school").json["scale"]?["minimum"]?.int == 2)
    }

    @Test func parametersAreRefused() throws {
        let answer = try server.client("parent").get("/v1/school?code=lyceum30")
        #expect(answer.status == 400)
        #expect(answer.code == "unknown_parameter")
    }
}
