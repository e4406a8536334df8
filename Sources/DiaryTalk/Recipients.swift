import Diary
import Postgres
import Web

/// Whom the caller may write to, and about which student (C1). A search shows nobody else (A1).
package enum Recipients {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/recipients", "listRecipients", access: .signedIn, list)
    ]

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let name = query.text("q", maximum: 200)
        let student = query.identifier("student_id")
        let page = Page(&query, keys: [.text, .text, .identifier, .identifier])
        try query.finish()
        let filters: [Parameter] = [.integer(caller.school.id), caller.person, .text(student), .text(name)]
        let statements = name == nil ? all : named
        return try await ListAnswer(request, caller, page).read(
            Query(
                statement: statements.page,
                parameters: filters + (0..<4).map { .text(page.after?[$0]) } + [.integer(page.limit + 1)]),
            key: ["last_name", "first_name", "id", "_student"],
            total: Query(statement: statements.total, parameters: filters + [.boolean(page.wantsTotal)]))
    }

    private static let all = RecipientStatements(where: "$4::text IS NULL")
    private static let named = RecipientStatements(where: "u.id IN (SELECT lyceum.found_people($4::text))")
}

/// `$1` is the school, `$2` the person, `$3` a student, `$4` the words of a name.
private struct RecipientStatements: Sendable {
    let page: Statement
    let total: Statement

    init(where condition: String) {
        let candidates = """
            FROM lyceum.recipients($1, $2::uuid, $3::uuid) r
                JOIN users u ON u.school_id = $1 AND u.id = r.person_id
                WHERE \(condition)
            """
        let key = "u.last_name, u.first_name, u.id, coalesce(r.student_id, lyceum.nobody())"
        // `lyceum.may_write` decides. OFFSET 0: it is asked for one page, in the order of the names, not for all candidates.
        page = Statement(
            """
            SELECT c.id, c.last_name, c.first_name, c.middle_name, \(Self.shown)
            FROM (
                SELECT c.*
                FROM (
                    SELECT u.id, u.last_name, u.first_name, u.middle_name, u.state, r.student_id
                    \(candidates)
                        AND ($5::text IS NULL OR (\(key)) > ($5::text, $6::text, $7::uuid, $8::uuid))
                    ORDER BY \(key)
                    OFFSET 0
                ) c
                WHERE lyceum.may_write($1, $2::uuid, c.id, c.student_id)
                LIMIT $9::int
            ) c
            LEFT JOIN users s ON s.school_id = $1 AND s.id = c.student_id
            ORDER BY c.last_name, c.first_name, c.id, coalesce(c.student_id, lyceum.nobody())
            """)
        total = Statement(
            """
            SELECT CASE WHEN $5::boolean THEN (
                SELECT count(*) \(candidates) AND lyceum.may_write($1, $2::uuid, u.id, r.student_id)
            ) END AS total
            """)
    }

    private static let shown = """
        lyceum.capacity($1, c.id, c.student_id) AS capacity,
            to_json(ARRAY(
                SELECT r.role FROM user_roles r
                WHERE r.school_id = $1 AND r.user_id = c.id AND r.role IN ('administrator', 'head', 'deputy_head', 'teacher')
                UNION
                SELECT 'class_teacher' FROM class_teachers t
                WHERE t.school_id = $1 AND t.teacher_id = c.id AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
                    AND (c.student_id IS NULL OR lyceum.is_class_teacher($1, c.id, c.student_id, lyceum.today()))
                ORDER BY 1
            )) AS roles,
            to_json(ARRAY(
                SELECT DISTINCT j.name
                FROM section_teachers t
                JOIN sections x ON x.school_id = t.school_id AND x.id = t.section_id
                JOIN subjects j ON j.school_id = x.school_id AND j.id = x.subject_id
                JOIN group_members m ON m.school_id = x.school_id AND m.group_id = x.group_id
                    AND m.student_id = c.student_id AND lyceum.holds(m.starts_on, m.ends_on, lyceum.today())
                WHERE t.school_id = $1 AND t.teacher_id = c.id AND lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
                ORDER BY 1
            )) AS subjects,
            (
                SELECT g.relation FROM guardianships g
                WHERE g.school_id = $1 AND g.guardian_id = c.id AND g.student_id = c.student_id
                    AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
            ) AS relation,
            c.state = 'active' AS has_account, \(SharedSQL.person("s", as: "student?")),
            coalesce(c.student_id, lyceum.nobody()) AS _student
        """
}
