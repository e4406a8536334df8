import Diary
import Postgres
import Web

/// Works that a student owes, with the day by which they are made up (M4), earliest first. The family sees those of its
/// student, teachers those of a section. (Debts of a year are another thing: M13.)
package enum OwedMarks {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/owed", "listStudentOwed", access: .readersOfMarks, ofStudent),
        .get(
            "/v1/sections/{section_id}/owed", "listSectionOwed", access: .readersOfJournals.programs(.journalRead),
            ofSection),
    ]

    @Sendable static func ofStudent(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.date, .identifier])
        try query.finish()
        let statements = StudentGate.isDated(for: caller) ? seen : all
        return try await list(
            request, caller, page, StudentGate.open(caller, try request.identifier("student_id")), statements)
    }

    @Sendable static func ofSection(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.date, .identifier])
        try query.finish()
        return try await list(
            request, caller, page, SectionGate.open(caller, try request.identifier("section_id")), section)
    }

    private static func list(
        _ request: Request, _ caller: Caller, _ page: Page, _ gate: Query, _ statements: OwedStatements
    ) async throws -> Response {
        let school: [Parameter] = [.integer(caller.school.id)]
        return try await ListAnswer(request, caller, page).read(
            behind: gate,
            Query(
                statement: statements.list,
                parameters: school + [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]),
            key: ["due_on", "id"],
            total: Query(statement: statements.total, parameters: school + [.boolean(page.wantsTotal)]))
    }

    private static let published = "k.student_id = \(StudentGate.student) AND k.published_at <= now()"
    private static let all = OwedStatements("", published)
    private static let seen = OwedStatements("", "\(published) AND l.date <@ \(StudentGate.days)")

    /// A class teacher who does not teach the section reads the own students (A4), and no mark that is held back (M12).
    private static let section = OwedStatements(
        """
        JOIN (
            SELECT DISTINCT m.student_id
            FROM sections s
            JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
            WHERE s.school_id = $1 AND s.id = \(SectionGate.section)
        ) m ON m.student_id = k.student_id
        """,
        """
        l.section_id = \(SectionGate.section) AND l.date <= \(SectionGate.until)
            AND (
                \(SectionGate.isReadWhole)
                OR k.published_at <= now()
                    AND coalesce(l.date <@ lyceum.led_days($1, lyceum.current_user_id(), k.student_id), false)
            )
        """)
}

/// `$1` is the school.
private struct OwedStatements: Sendable {
    let list: Statement
    let total: Statement

    init(_ joins: String, _ condition: String) {
        let owed = """
            FROM marks k
            \(joins)
            JOIN line_items i ON i.school_id = k.school_id AND i.id = k.line_item_id AND i.deleted_at IS NULL
            JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            WHERE k.school_id = $1 AND k.code = 'owed' AND \(condition)
            """
        list = Statement(
            """
            SELECT x.id, x.line_item_id, x.section_id, \(SharedSQL.person("u", as: "student")), j.id AS "subject.id",
                j.name AS "subject.name", x.lesson_id AS "lesson.id", x.date AS "lesson.date", c.id AS "category?.id",
                c.name AS "category?.name", coalesce(c.short_name, left(c.name, 10)) AS "category?.short", x.title,
                x.comment, x.due_on, x.due_on < lyceum.today() AS overdue, x.version
            FROM (
                SELECT k.id, k.school_id, k.line_item_id, l.section_id, k.student_id, i.lesson_id, l.date, i.category_id,
                    i.title, k.comment, k.due_on, k.version
                \(owed) AND ($2::date IS NULL OR (k.due_on, k.id) > ($2::date, $3::uuid))
                ORDER BY k.due_on, k.id
                LIMIT $4::int
            ) x
            JOIN users u ON u.school_id = x.school_id AND u.id = x.student_id
            JOIN sections s ON s.school_id = x.school_id AND s.id = x.section_id
            JOIN subjects j ON j.school_id = s.school_id AND j.id = s.subject_id
            LEFT JOIN categories c ON c.school_id = x.school_id AND c.id = x.category_id
            ORDER BY x.due_on, x.id
            """)
        total = Statement("SELECT CASE WHEN $2::boolean THEN (SELECT count(*) \(owed)) END AS total")
    }
}
