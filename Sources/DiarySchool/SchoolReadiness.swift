import Diary
import JSON
import Postgres
import Web

/// What is still missing before lessons can start, for the current academic year, else for the next one.
package enum SchoolReadiness {
    package static let routes: [Route<Access, Caller>] = [
        .get(
            "/v1/school/readiness", "getSchoolReadiness", access: .managers.programs(.schoolRead), show)
    ]

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let school = Parameter.integer(caller.school.id)
        let counts = counts(school)
        let language = request.language
        var (response, _) = try await Answer(capacity: 4 * 1024) {
            Silent(counts)
            Member("ready") { writer, results in
                let counts = try results[counts]
                writer.boolean(ReadinessCheck.all.allSatisfy { !$0.isRequired || counts.integer(0, $0.code) ?? 0 == 0 })
            }
            Object("academic_year", academicYear(school))
            Member("checks") { writer, results in
                writer.beginArray()
                for check in ReadinessCheck.all {
                    write(check, try results[counts].integer(0, check.code) ?? 0, to: &writer, language)
                }
                writer.endArray()
            }
            List("outside_parts", outsideParts(school))
            List("outside_class", outsideClass(school))
        }.plain(for: caller)
        response.headers.append(("Content-Language", language.rawValue))
        response.headers.append(("Vary", "Authorization, Accept-Language"))
        return response
    }

    private static func write(
        _ check: ReadinessCheck, _ count: Int, to writer: inout JSONWriter, _ language: Language
    ) {
        writer.beginObject()
        writer.key("code")
        writer.string(check.code)
        writer.key("ok")
        writer.boolean(count == 0)
        writer.key("required")
        writer.boolean(check.isRequired)
        writer.key("count")
        writer.integer(count)
        writer.key("detail")
        writer.string(check.detail(count, language))
        writer.endObject()
    }

    private static let comingYear = """
        FROM academic_years y
        WHERE y.school_id = $1 AND y.ends_on >= lyceum.today() AND y.state <> 'closed'
        ORDER BY y.starts_on
        LIMIT 1
        """

    private static let academicYear = Statement("SELECT y.id, y.name, y.starts_on, y.ends_on \(comingYear)")

    private static let dayOfYear = """
        y AS MATERIALIZED (
            SELECT y.id, y.starts_on, y.ends_on \(comingYear)
        ), day AS MATERIALIZED (
            SELECT greatest(lyceum.today(), (SELECT y.starts_on FROM y)) AS date
        )
        """

    /// L5: the first of the rows that the checks count. Without names: integrations read them too.
    private static let outsideParts = Statement(
        """
        WITH \(dayOfYear)
        SELECT o.student_id, o.class_id, o.subject_id
        FROM (\(ReadinessCheck.outsideParts)) o
        ORDER BY o.class_id, o.student_id, o.subject_id
        LIMIT 200
        """)

    private static let outsideClass = Statement(
        """
        SELECT o.id AS member_id, o.student_id, m.group_id, o.class_id
        FROM lyceum.outside_class($1) o
        JOIN group_members m ON m.school_id = $1 AND m.id = o.id
        ORDER BY o.class_id, o.student_id, o.id
        LIMIT 200
        """)

    /// One row with a count for each check. Checks of people use a day of the year: today, else its first day.
    private static let counts = Statement(
        """
        WITH \(dayOfYear), grades AS MATERIALIZED (
            SELECT DISTINCT c.grade_level
            FROM classes c
            JOIN y ON y.id = c.academic_year_id
            WHERE c.school_id = $1 AND c.archived_at IS NULL
        ), enrolled AS MATERIALIZED (
            SELECT e.student_id
            FROM enrollments e
            JOIN classes c ON c.school_id = e.school_id AND c.id = e.class_id
            JOIN y ON y.id = c.academic_year_id
            CROSS JOIN day
            WHERE e.school_id = $1 AND lyceum.holds(e.starts_on, e.ends_on, day.date)
        ), able AS MATERIALIZED (
            -- A2: people who can sign in, or have a valid code.
            SELECT u.id
            FROM users u
            WHERE u.school_id = $1 AND (
                u.state = 'active'
                OR u.state = 'issued' AND EXISTS (
                    SELECT FROM activation_codes a
                    WHERE a.school_id = u.school_id AND a.user_id = u.id AND a.used_at IS NULL AND a.revoked_at IS NULL
                        AND a.expires_at > now()
                )
            )
        )
        SELECT \(ReadinessCheck.all.map { "(\($0.count)) AS \($0.code)" }.joined(separator: ",\n    "))
        """)
}
