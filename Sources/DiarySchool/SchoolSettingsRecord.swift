import Diary
import HTTP1
import JSON
import Postgres
import Web

/// The settings that the domain rules call local, for those who change them: `GET` and `PATCH /v1/school/settings`.
package enum SchoolSettingsRecord {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/school/settings", "getSchoolSettings", access: .managers.programs(.schoolRead), show),
        .patch("/v1/school/settings", "updateSchoolSettings", access: .administrators.ownApps, update),
    ]

    private static let fields = [
        ResourceField("edit_window_days", .integer(0...366)),
        ResourceField("scale_min", .integer(1...2)),
        ResourceField("rounding_threshold", .decimal(wholeDigits: 1, fractionDigits: 2)),
        ResourceField("min_marks_quarter", .integer(0...50)),
        ResourceField("min_marks_quarter_2h", .integer(0...50)),
        ResourceField("min_marks_quarter_3h", .integer(0...50)),
        ResourceField("min_marks_semester", .integer(0...50)),
        ResourceField("min_marks_semester_2h", .integer(0...50)),
        ResourceField("min_marks_semester_3h", .integer(0...50)),
        ResourceField("term_debts", .boolean),
        ResourceField("conduct_scale", .word(["none", "pass", "three", "five"])),
        ResourceField("homework_in_grade_1", .boolean),
        ResourceField("students_write_students", .boolean),
        ResourceField("family_threads_per_day", .integer(1...1000)),
        ResourceField("consultation_days", .integer(1...30)),
        ResourceField("questions_per_day", .integer(1...1000)),
        ResourceField("desk_questions_per_day", .integer(1...10_000)),
        ResourceField("week_digest_at", .time).nullable.selected(as: "to_char(t.week_digest_at, 'HH24:MI')"),
        ResourceField("activation_days", .integer(1...90)),
        ResourceField("password_grant", .boolean),
        ResourceField("second_factor_required", .boolean),
        ResourceField("lockout_per_login", .integer(1...1000)),
        ResourceField("lockout_per_address", .integer(1...100_000)),
        ResourceField("quiet_from", .time).selected(as: "to_char(t.quiet_from, 'HH24:MI')"),
        ResourceField("quiet_to", .time).selected(as: "to_char(t.quiet_to, 'HH24:MI')"),
    ]

    private static let codes = ["pass", "fail", "exempt", "owed", "not_assessed"]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let record = record(.integer(caller.school.id))
        return try .record(try await caller.results(of: [record])[record])
    }

    @Sendable static func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let json = try await request.json()
        let body = Parameter.text(try content(of: json))
        if case .bool(true)? = json["second_factor_required"], caller.services.settings.sealingKeys == nil {
            throw Problem.secondFactorUnavailable
        }
        let school = Parameter.integer(caller.school.id)
        return try await Idempotency.run(request, caller) { work in
            let (lock, record) = (lock(school, versions.parameter), record(school))
            let results = try await work.results(of: [lock, change(school, body), record] + work.settling)
            try results.check(refusals)
            try versions.check(results[lock])
            return try .record(results[record])
        }
    }

    private static let refusals = [
        "school_settings_rounding_threshold": Refusal(
            field: "rounding_threshold", code: "out_of_range", ru: "Допустимо от 0.01 до 1.",
            en: "The value must be from 0.01 to 1."),
        "school_settings_quiet_hours": Refusal(
            field: "quiet_to", code: "conflict", ru: "Тихие часы кончаются позже, чем начинаются.",
            en: "Quiet hours do not end at the time at which they begin."),
    ]

    /// Checks the body's fields and returns them as one JSON object.
    private static func content(of body: JSONValue) throws -> String {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        var writer = JSONWriter()
        writer.beginObject()
        for field in fields { field.copy(from: &reader, to: &writer, isNew: false) }
        let levels = reader.integers("six_day_grade_levels", .optional, maximumCount: 11, in: 1...11)
        if let levels = levels.value {
            writer.key("six_day_grade_levels")
            writer.beginArray()
            for level in levels { writer.integer(level) }
            writer.endArray()
        }
        if var labels = reader.object("code_labels", .optional).value {
            writer.key("code_labels")
            writer.beginObject()
            for code in codes {
                guard let label = labels.string(code, .optional, minimumLength: 1, maximumLength: 20).value else {
                    continue
                }
                writer.key(code)
                writer.string(label)
            }
            writer.endObject()
            labels.finish()
        }
        writer.endObject()
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static let record = Statement(
        """
        SELECT \(fields.map { "\($0.selected) AS \($0.name)" }.joined(separator: ", ")),
            to_json(t.six_day_grade_levels) AS six_day_grade_levels, t.code_labels, t.version
        FROM school_settings t WHERE t.school_id = $1
        """)

    private static let condition = "CASE WHEN $2::int[] IS NULL OR t.version = ANY ($2::int[]) THEN 'yes' ELSE '' END"

    private static let lock = Statement(
        """
        SELECT t.version,
            \(Setting.mayChange.set(to: condition)) AS _changed
        FROM school_settings t WHERE t.school_id = $1
        FOR NO KEY UPDATE
        """)

    /// Labels that the request does not name stay unchanged.
    private static let change = Statement(
        """
        UPDATE school_settings t
        SET \(fields.map { "\($0.name) = r.\($0.name)" }.joined(separator: ", ")),
            six_day_grade_levels = r.six_day_grade_levels,
            code_labels = o.code_labels || coalesce($2::jsonb -> 'code_labels', '{}')
        FROM school_settings o
        CROSS JOIN LATERAL jsonb_populate_record(o, $2::jsonb) r
        WHERE o.school_id = $1 AND t.school_id = o.school_id AND \(Setting.mayChange.text) = 'yes'
        """)
}

extension Setting {
    /// `yes` when the client has seen the current version.
    fileprivate static let mayChange = Setting("may_change", .text)
}
