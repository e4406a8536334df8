import Diary
import Postgres
import Web

/// The teachers who could take a lesson: those without a lesson at that time. Teachers of the subject come first, then
/// those of the class.
package enum Substitutes {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/lessons/{lesson_id}/substitutes", "listSubstitutes", access: .managers, list)
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.integer, .text, .text, .identifier])
        try query.finish()
        let lesson: [Parameter] = [.integer(caller.school.id), .text(try request.identifier("lesson_id"))]
        let position = (0..<4).map { Parameter.text(page.after?[$0]) } + [.integer(page.limit + 1)]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: gate, parameters: lesson),
            Query(statement: free, parameters: lesson + position), key: ["_rank", "last_name", "first_name", "id"],
            total: Query(statement: total, parameters: lesson + [.boolean(page.wantsTotal)]))
    }

    private static let gate = Statement("SELECT l.id FROM lessons l WHERE l.school_id = $1 AND l.id = $2::uuid")

    /// Lessons of the day are read once for all teachers.
    private static let candidates = """
        FROM (
            SELECT u.id, u.last_name, u.first_name, u.middle_name,
                EXISTS (
                    SELECT FROM section_teachers t
                    JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id AND s.subject_id = x.subject_id
                    WHERE t.school_id = $1 AND t.teacher_id = u.id AND lyceum.holds(t.starts_on, t.ends_on, x.date)
                ) AS teaches_subject,
                EXISTS (
                    SELECT FROM section_teachers t
                    JOIN sections s ON s.school_id = t.school_id AND s.id = t.section_id
                    JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id AND g.class_id = x.class_id
                    WHERE t.school_id = $1 AND t.teacher_id = u.id AND lyceum.holds(t.starts_on, t.ends_on, x.date)
                ) AS teaches_class,
                (
                    SELECT count(*) FROM lessons o
                    WHERE o.school_id = $1 AND o.teacher_id = u.id AND o.date = x.date AND o.state <> 'cancelled'
                ) AS lessons_that_day
            FROM (
                SELECT l.id, l.date, l.starts_at, l.ends_at, l.teacher_id, s.subject_id, g.class_id
                FROM lessons l
                JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
                JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
                WHERE l.school_id = $1 AND l.id = $2::uuid
            ) x
            JOIN user_roles r ON r.school_id = $1 AND r.role = 'teacher'
            JOIN users u ON u.school_id = $1 AND u.id = r.user_id AND u.state <> 'blocked'
            WHERE u.id IS DISTINCT FROM x.teacher_id
                AND NOT EXISTS (
                    SELECT FROM lessons o
                    WHERE o.school_id = $1 AND o.teacher_id = u.id AND o.date = x.date AND o.state <> 'cancelled'
                        AND o.starts_at < x.ends_at AND o.ends_at > x.starts_at
                )
        ) y
        CROSS JOIN LATERAL (
            SELECT CASE WHEN y.teaches_subject THEN 0 ELSE 2 END + CASE WHEN y.teaches_class THEN 0 ELSE 1 END AS rank
        ) z
        """

    private static let free = Statement(
        """
        SELECT y.id, y.last_name, y.first_name, y.middle_name, y.teaches_subject, y.teaches_class, y.lessons_that_day,
            z.rank AS _rank
        \(candidates)
        WHERE $3::int IS NULL OR (z.rank, y.last_name, y.first_name, y.id) > ($3::int, $4, $5, $6::uuid)
        ORDER BY z.rank, y.last_name, y.first_name, y.id
        LIMIT $7::int
        """)
    private static let total = Statement(
        "SELECT CASE WHEN $3::boolean THEN (SELECT count(*) \(candidates)) END AS total")
}
