import Diary
import Postgres
import Web

/// A student's marks as the family sees them, newest lesson first.
package enum StudentMarks {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/marks", "listStudentMarks", access: .readersOfMarks, list)
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let subject = query.identifier("subject_id")
        let from = query.date("from")
        let to = query.date("to")
        let page = Page(&query, keys: [.date, .identifier])
        try query.finish()
        let id = try request.identifier("student_id")
        let filters: [Parameter] = [.integer(caller.school.id), .text(subject), .text(from), .text(to)]
        let statements = StudentGate.isDated(for: caller) ? seen : all
        return try await ListAnswer(request, caller, page).read(
            behind: StudentGate.open(caller, id),
            Query(
                statement: statements.list,
                parameters: filters + [.text(page.after?[0]), .text(page.after?[1]), .integer(page.limit + 1)]),
            key: ["_date", "id"],
            total: Query(statement: statements.total, parameters: filters + [.boolean(page.wantsTotal)]),
            keeping: StudentGate.isDated(for: caller)
                ? nil
                : Keeping(
                    "listStudentMarks", .student(id),
                    standing: StudentStanding.statement(.integer(caller.school.id), .text(id))))
    }

    private static let all = Statements(andSeen: "")
    private static let seen = Statements(andSeen: "AND l.date <@ \(StudentGate.days)")
}

/// The statements after the gate.
private struct Statements: Sendable {
    let list: Statement
    let total: Statement

    /// - Parameter seen: an additional condition for callers who do not see all days.
    init(andSeen seen: String) {
        let marks = "\(Self.ofStudent) \(seen)"
        list = Statement(
            """
            SELECT x.id, x.line_item_id, x.section_id, j.id AS "subject.id", j.name AS "subject.name",
                x.lesson_id AS "lesson.id", x.date AS "lesson.date",
                c.id AS "category?.id", c.name AS "category?.name", coalesce(c.short_name, left(c.name, 10)) AS "category?.short",
                x.title, x.weight, x.value, x.comment, x.version, x.changed_at AS recorded_at, x.date AS _date
            FROM (
                SELECT k.id, k.line_item_id, l.section_id, l.subject_id, l.lesson_id, l.date, l.category_id, l.title,
                    l.weight, lyceum.mark_value(k.kind, k.number, k.code, k.due_on) AS value, k.comment, k.version,
                    k.changed_at
                \(marks)
                    AND ($5::date IS NULL OR (l.date, k.id) < ($5::date, $6::uuid))
                ORDER BY l.date DESC, k.id DESC
                LIMIT $7::int
            ) x
            JOIN subjects j ON j.school_id = $1 AND j.id = x.subject_id
            LEFT JOIN categories c ON c.school_id = $1 AND c.id = x.category_id
            ORDER BY x.date DESC, x.id DESC
            """)
        total = Statement("SELECT CASE WHEN $5::boolean THEN (SELECT count(*) \(marks)) END AS total")
    }

    /// OFFSET 0 keeps the join in this order: from the student's marks to their lessons. PostgreSQL would take all lessons of
    /// the school on these days, and look in each for a mark of the student.
    private static let ofStudent = """
        FROM marks k
        CROSS JOIN LATERAL (
            SELECT l.id AS lesson_id, l.section_id, l.date, s.subject_id, i.category_id, i.title, i.weight
            FROM line_items i
            JOIN lessons l ON l.school_id = i.school_id AND l.id = i.lesson_id
            JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
            WHERE i.school_id = k.school_id AND i.id = k.line_item_id AND i.deleted_at IS NULL
                AND ($2::uuid IS NULL OR s.subject_id = $2::uuid)
                AND ($3::date IS NULL OR l.date >= $3::date)
                AND ($4::date IS NULL OR l.date <= $4::date)
            OFFSET 0
        ) l
        WHERE k.school_id = $1 AND k.student_id = \(StudentGate.student)
            AND k.kind IS NOT NULL AND k.published_at <= now()
        """
}
