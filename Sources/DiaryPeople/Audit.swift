import Diary
import HTTP1
import Postgres
import Web

/// The audit log: who changed what and when, the old and new values, and the reason (A5). The database's triggers write
/// it; nothing here does.
///
/// Marks, attendance and final marks have histories of their own and are not in it. The school's log names the changed
/// fields of people without their values, except names. The history of one student has the values, and reading it is
/// recorded (K2).
package enum Audit {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/audit", "listAudit", access: .managers, list),
        .get("/v1/students/{student_id}/history", "getStudentHistory", access: .keepersOfProfiles, history),
    ]

    /// A page as JSON, or all rows that match the filters as a file, for keeping as evidence of a year.
    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let form = Form(&query, request)
        let filters: [Parameter] = [
            .integer(caller.school.id), .text(query.text("entity", maximum: 100)), .text(query.identifier("entity_id")),
            .text(query.text("action", maximum: 100)), .text(query.identifier("changed_by")),
            .text(query.text("request_id", maximum: 64)), .text(query.identifier("client_id")),
        ]
        let range = query.dateRange(longest: longestRange)
        let all = filters + [.text(range?.from), .text(range?.to)]
        var response: Response
        switch form {
        case .json: response = try await page(all, &query, request, caller)
        case .csv:
            try query.finish()
            // The byte order mark tells spreadsheets that the file is UTF-8.
            response = caller.copied(
                CopyQuery(statement: table, parameters: all), contentType: "text/csv; charset=utf-8; header=present",
                name: "audit.csv", prefix: Array("\u{FEFF}".utf8))
        case .lines:
            try query.finish()
            response = caller.copied(
                CopyQuery(statement: lines, parameters: all), contentType: Form.lines.rawValue, name: "audit.ndjson")
        }
        response.headers.append(("Vary", "Accept"))
        return response
    }

    /// The form of the log, chosen by `format` or by `Accept`.
    private enum Form: String, CaseIterable {
        case json = "application/json"
        case csv = "text/csv"
        case lines = "application/x-ndjson"

        init(_ query: inout QueryReader, _ request: Request) {
            switch query.option("format", of: ["json", "csv", "ndjson"]) {
            case "json": self = .json
            case "csv": self = .csv
            case "ndjson": self = .lines
            default:
                let type = MediaRange.best(of: Self.allCases.map { $0.rawValue }, for: request.head["Accept"])
                self = type.flatMap { Form(rawValue: $0) } ?? .json
            }
        }
    }

    private static func page(
        _ all: [Parameter], _ query: inout QueryReader, _ request: Request, _ caller: Caller
    ) async throws -> Response {
        let page = Page(&query, keys: [.largeInteger])
        try query.finish()
        return try await ListAnswer(request, caller, page).read(
            Query(statement: records, parameters: all + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: all + [.boolean(page.wantsTotal)]))
    }

    /// The changes of a student's profile, documents and photo, and the people who read them.
    @Sendable static func history(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.largeInteger])
        try query.finish()
        let student: [Parameter] = [.integer(caller.school.id), .text(try request.identifier("student_id"))]
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: kept, parameters: student),
            Query(statement: changes, parameters: student + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: changeTotal, parameters: student + [.boolean(page.wantsTotal)]),
            recording: Query(statement: reading, parameters: [student[1]]))
    }

    static let longestRange = 366

    /// Health groups are left out for callers who may not see them (K2), for all students.
    private static func values(_ values: String, _ seesHealth: String) -> String {
        """
        CASE WHEN a.entity <> 'students' OR \(seesHealth) THEN a.\(values)
            ELSE a.\(values) - '{health_group,pe_group}'::text[] END
        """
    }

    /// The form in the school's log: for profiles only the names of fields, and the values that lists show to every
    /// reader of the log.
    private static func logged(_ side: String) -> String {
        """
        CASE a.entity
            WHEN 'students' THEN lyceum.without_values(\(values(side, deputySees)), '{id}')
            WHEN 'student_documents' THEN lyceum.without_values(a.\(side), '{id,student_id,kind}')
            WHEN 'users' THEN lyceum.without_values(a.\(side), '{id,last_name,first_name,middle_name}')
            WHEN 'guardians' THEN lyceum.without_values(a.\(side), '{id}')
            WHEN 'staff' THEN lyceum.without_values(a.\(side), '{id,position,qualification,hired_on,left_on}')
            WHEN 'feedback' THEN lyceum.without_values(a.\(side), '{id,student_id,section_id,lesson_id,term_id,author_id}')
            WHEN 'conduct_notes' THEN lyceum.without_values(a.\(side), '{id,student_id,lesson_id,date,kind,author_id}')
            WHEN 'consents' THEN
                lyceum.without_values(a.\(side), '{id,student_id,purpose,given_by,given_on,withdrawn_on}')
            WHEN 'journal_remarks' THEN
                lyceum.without_values(a.\(side), '{id,section_id,due_on,state,author_id,answered_by,closed_by}')
            WHEN 'contacts' THEN
                lyceum.without_values(a.\(side), '{id,student_id,guardian_id,date,means,outcome,author_id}')
            ELSE a.\(side)
        END
        """
    }

    private static let deputySees = "(SELECT lyceum.has_role('deputy_head'))"

    private static func columns(before: String, after: String) -> String {
        """
        a.id, a.entity, a.entity_id, a.action, \(before) AS before, \(after) AS after,
        \(SharedSQL.person("u", as: "changed_by?")), c.id AS "client?.id", c.name AS "client?.name", a.changed_at, a.reason,
        nullif(a.request_id, '') AS request_id
        """
    }

    /// The person, and the app that the person used or the integration.
    private static let author = """
        LEFT JOIN users u ON u.school_id = a.school_id AND u.id = a.changed_by
        LEFT JOIN clients c ON c.school_id = a.school_id AND c.id = a.client_id
        """

    private static let wanted = """
        FROM audit_log a
        WHERE a.school_id = $1::int AND \(conditions)
        """

    private static let conditions = """
        ($2::text IS NULL OR a.entity = $2::text)
        AND ($3::uuid IS NULL OR a.entity_id = $3::uuid)
        AND ($4::text IS NULL OR a.action = $4::text)
        AND ($5::uuid IS NULL OR a.changed_by = $5::uuid)
        AND ($6::text IS NULL OR a.request_id = $6::text)
        AND ($7::uuid IS NULL OR a.client_id = $7::uuid)
        AND ($8::date IS NULL OR a.changed_at >= $8::date::timestamp AT TIME ZONE \(Setting.timeZone.required))
        AND (
            $9::date IS NULL
            OR a.changed_at < ($9::date + 1)::timestamp AT TIME ZONE \(Setting.timeZone.required)
        )
        """

    private static let records = Statement(
        """
        SELECT \(columns(before: logged("before"), after: logged("after")))
        FROM (SELECT a.* \(wanted) AND ($10::bigint IS NULL OR a.id < $10::bigint) ORDER BY a.id DESC LIMIT $11::int) a
        \(author)
        ORDER BY a.id DESC
        """)

    private static let total = Statement("SELECT CASE WHEN $10::boolean THEN (SELECT count(*) \(wanted)) END AS total")

    /// All rows that match the conditions. The planner would take each condition for rare, and all together for one
    /// row: it would scan all users for each row, and sort everything before returning the first row. Written as one
    /// opaque expression, the conditions count as half of the log, which PostgreSQL then reads by the primary key.
    private static let all = """
        FROM audit_log a
        WHERE a.school_id = $1::int AND CASE WHEN \(conditions) THEN true ELSE false END
        """

    /// The oldest first. Names and reasons are free text.
    private static let table = CopyStatement(
        """
        COPY (
            SELECT a.id, \(SharedSQL.moment("a.changed_at")) AS changed_at, \(SharedSQL.cell("a.entity")) AS entity,
                a.entity_id, \(SharedSQL.cell("a.action")) AS action, \(logged("before")) AS before,
                \(logged("after")) AS after, u.id AS changed_by_id,
                \(SharedSQL.cell("u.last_name")) AS changed_by_last_name,
                \(SharedSQL.cell("u.first_name")) AS changed_by_first_name,
                \(SharedSQL.cell("u.middle_name")) AS changed_by_middle_name, c.id AS client_id,
                \(SharedSQL.cell("c.name")) AS client_name, \(SharedSQL.cell("a.reason")) AS reason,
                \(SharedSQL.cell("nullif(a.request_id, '')")) AS request_id
            FROM (SELECT a.* \(all)) a
            \(author)
            ORDER BY a.id
        ) TO STDOUT (FORMAT csv, HEADER)
        """, endsWithCRLF: true)

    /// The same columns as the items of a page, one row per line.
    private static let lines = CopyStatement(
        """
        COPY (
            SELECT json_build_object(
                'id', a.id, 'entity', a.entity, 'entity_id', a.entity_id, 'action', a.action,
                'before', \(logged("before")), 'after', \(logged("after")),
                'changed_by', CASE WHEN u.id IS NOT NULL THEN json_build_object(
                    'id', u.id, 'last_name', u.last_name, 'first_name', u.first_name, 'middle_name', u.middle_name
                ) END,
                'client', CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'name', c.name) END,
                'changed_at', \(SharedSQL.moment("a.changed_at")), 'reason', a.reason,
                'request_id', nullif(a.request_id, ''))
            FROM (SELECT a.* \(all)) a
            \(author)
            ORDER BY a.id
        ) TO STDOUT \(SharedSQL.jsonLines)
        """)

    private static let kept = Statement(
        "SELECT s.id FROM students s WHERE s.school_id = $1 AND s.id = $2::uuid AND lyceum.keeps_student(s.id)")

    /// Each statement has this condition, so an invisible student has no history. Documents are included only while
    /// they exist.
    private static let ofStudent = """
        FROM audit_log a
        WHERE a.school_id = $1
            AND (
                a.entity IN ('students', 'users', 'student_photos') AND a.entity_id = $2::uuid
                OR a.entity = 'student_documents' AND a.entity_id IN (
                    SELECT d.id FROM student_documents d WHERE d.school_id = $1 AND d.student_id = $2::uuid
                )
            )
            AND (SELECT lyceum.keeps_student($2::uuid))
        """

    private static let ofPupil = "(SELECT lyceum.sees_health($2::uuid))"
    private static let reading = Statement("SELECT lyceum.record_reading($1::uuid)")

    private static let changes = Statement(
        """
        SELECT \(columns(before: values("before", ofPupil), after: values("after", ofPupil)))
        FROM (SELECT a.* \(ofStudent) AND ($3::bigint IS NULL OR a.id < $3::bigint) ORDER BY a.id DESC LIMIT $4::int) a
        \(author)
        ORDER BY a.id DESC
        """)

    private static let changeTotal = Statement(
        "SELECT CASE WHEN $3::boolean THEN (SELECT count(*) \(ofStudent)) END AS total")
}
