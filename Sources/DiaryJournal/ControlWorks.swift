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

    /// By default of the current year.
    private static let planned = """
        FROM lyceum.lessons_with_control_work(
            $1::int, \(day("$2", "starts_on")), \(day("$3", "ends_on")), $4::uuid, $5::boolean
        ) l
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
            i.is_overridden AS overridden
        FROM (
            SELECT l.*
            \(planned)
            WHERE $6::date IS NULL OR (l.date, l.lesson_id) > ($6::date, $7::uuid)
            ORDER BY l.date, l.lesson_id
            LIMIT $8::int
        ) x
        JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
        CROSS JOIN lyceum.control_work($1::int, x.lesson_id) i
        JOIN categories c ON c.school_id = $1 AND c.id = i.category_id
        ORDER BY x.date, x.lesson_id
        """)

    private static let total = Statement("SELECT CASE WHEN $6::boolean THEN (SELECT count(*) \(planned)) END AS total")
}
