import Diary
import Postgres
import Web

/// The caller's school: the settings that the domain rules call local, the scale, and the labels of codes.
package enum SchoolSettings {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/school", "getSchool", access: .setUp, show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let school = Parameter.integer(caller.school.id)
        let (this, settings) = (this(school), settings(school))
        return try await Answer(capacity: 2 * 1024) {
            Gate(this)
            Gate(settings)
            Fields(this)
            Object("settings", settings)
            List("codes", SharedSQL.markCodes(school))
            List("attendance_codes", attendanceCodes(school))
        }.tagged(for: caller)
    }

    private static let this = Statement(
        """
        SELECT s.code, s.name, s.time_zone, t.scale_min AS "scale.minimum", t.scale_max AS "scale.maximum"
        FROM schools s
        JOIN school_settings t ON t.school_id = s.id
        WHERE s.id = $1
        """)

    /// The number of failures that lock a login (A6) is left out: attackers could stay just below it.
    private static let settings = Statement(
        """
        SELECT edit_window_days, rounding_threshold, min_marks_quarter, min_marks_quarter_2h, min_marks_quarter_3h,
            min_marks_semester, min_marks_semester_2h, min_marks_semester_3h, term_debts, conduct_scale, homework_in_grade_1,
            students_write_students, consultation_days, to_char(week_digest_at, 'HH24:MI') AS week_digest_at,
            activation_days, password_grant,
            to_json(six_day_grade_levels) AS six_day_grade_levels
        FROM school_settings WHERE school_id = $1
        """)

    private static let attendanceCodes = Statement(
        """
        SELECT code, meaning, name, is_default FROM attendance_codes
        WHERE school_id = $1 AND archived_at IS NULL ORDER BY position, code
        """)
}
