import Diary
import Postgres
import Web

/// The plan of control works (M9), by date. Everybody at the school reads it: it names no student. Works of a single
/// student (home schooling) are for staff only.
package enum ControlWorks {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/control-works", "listControlWorks", access: .signedIn.programs(.schoolRead, .journalRead), list)
    ]

    static let longestRange = 366

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        let ofClass = query.identifier("class_id")
        let page = Page(&query, keys: [.date, .identifier])
        try query.finish()
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(range?.from), .text(range?.to), .text(ofClass),
            .boolean(!caller.isFamilyOnly),
        ]
        return try await ListAnswer(request, caller, page).read(
            Query(
                statement: works,
                parameters: filters + [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]),
            key: ["date", "lesson_id"],
            total: Query(statement: total, parameters: filters + [.boolean(page.wantsTotal)]))
    }

    /// By default of the current year. A lesson is in a class's plan if its group is the class, a part of it, or has one
    /// of its students on that day.
    private static let planned = """
        FROM lessons l
        JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
        JOIN groups g ON g.school_id = s.school_id AND g.id = s.group_id
        WHERE l.school_id = $1 AND l.state <> 'cancelled'
            AND l.date BETWEEN \(day("$2", "starts_on")) AND \(day("$3", "ends_on"))
            AND ($5::boolean OR g.kind <> 'individual')
            AND (
                $4::uuid IS NULL
                OR g.class_id = $4::uuid
                OR g.class_id IS NULL AND EXISTS (
                    SELECT
                    FROM group_members m
                    JOIN enrollments e ON e.school_id = m.school_id AND e.student_id = m.student_id
                        AND e.class_id = $4::uuid AND lyceum.holds(e.starts_on, e.ends_on, l.date)
                    WHERE m.school_id = $1 AND m.group_id = g.id AND lyceum.holds(m.starts_on, m.ends_on, l.date)
                )
            )
            AND EXISTS (
                SELECT
                FROM line_items i
                JOIN categories c ON c.school_id = i.school_id AND c.id = i.category_id AND c.is_control
                WHERE i.school_id = $1 AND i.lesson_id = l.id AND i.deleted_at IS NULL
            )
        """

    /// Computed once, so that PostgreSQL looks for it in the index on the days of lessons.
    private static func day(_ parameter: String, _ ofYear: String) -> String {
        """
        (
            SELECT coalesce(\(parameter)::date, (
                SELECT y.\(ofYear) FROM academic_years y WHERE y.school_id = $1 AND y.id = \(SharedSQL.currentYear)
            ))
        )
        """
    }

    private static let works = Statement(
        """
        SELECT x.lesson_id, x.date, x.slot, lyceum.local_moment(x.date, x.starts_at) AS starts_at,
            lyceum.local_moment(x.date, x.ends_at) AS ends_at, x.section_id, j.id AS "subject.id",
            j.name AS "subject.name", x.group_id AS "group.id", x.group_name AS "group.name", i.title,
            c.id AS "category.id", c.name AS "category.name",
            coalesce(c.short_name, left(c.name, 10)) AS "category.short", i.planned,
            i.override_reason IS NOT NULL AS overridden
        FROM (
            SELECT l.id AS lesson_id, l.date, l.slot, l.starts_at, l.ends_at, s.id AS section_id, s.subject_id,
                g.id AS group_id, g.name AS group_name
            \(planned) AND ($6::date IS NULL OR (l.date, l.id) > ($6::date, $7::uuid))
            ORDER BY l.date, l.id
            LIMIT $8::int
        ) x
        JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
        CROSS JOIN LATERAL (
            -- The columns of one lesson are one work.
            SELECT i.title, i.category_id, i.planned, i.override_reason
            FROM line_items i
            JOIN categories k ON k.school_id = $1 AND k.id = i.category_id AND k.is_control
            WHERE i.school_id = $1 AND i.lesson_id = x.lesson_id AND i.deleted_at IS NULL
            ORDER BY i.override_reason IS NULL, i.created_at, i.id
            LIMIT 1
        ) i
        JOIN categories c ON c.school_id = $1 AND c.id = i.category_id
        ORDER BY x.date, x.lesson_id
        """)

    private static let total = Statement("SELECT CASE WHEN $6::boolean THEN (SELECT count(*) \(planned)) END AS total")
}
