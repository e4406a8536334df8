import Diary
import JSON
import Postgres
import Web

/// What has been acknowledged of a student's marks, feedback and conduct notes, and what has not (C2). A guardian
/// acknowledges several at once: by their ids, or all of some days that an earlier answer showed.
package enum StudentAcknowledgements {
    package static let routes: [Route<Access, Caller>] = [
        .get(
            "/v1/students/{student_id}/acknowledgements", "listStudentAcknowledgements", access: .readersOfMarks, list),
        .put(
            "/v1/students/{student_id}/acknowledgements", "acknowledgeStudentRecords", access: .roles([.guardian]),
            acknowledge),
    ]

    static let longestRange = 42
    static let mostRecords = 200

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let range = query.dateRange(longest: longestRange)
        let isOpen = query.flag("open")
        try query.finish()
        let school = Parameter.integer(caller.school.id)
        let student = StudentGate.open(caller, try request.identifier("student_id"))
        let days = days(.text(range?.from), .text(range?.to))
        let statements = StudentGate.isDated(for: caller) ? seen : all
        return try await Answer(capacity: 8 * 1024) {
            Gate(student)
            Fields(days)
            List("items", statements.records(school, .boolean(isOpen))) {
                List("guardians", statements.guardians(school, .boolean(isOpen), .null, caller.person))
            }
        }.plain(for: caller).response
    }

    @Sendable static func acknowledge(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let student = try request.identifier("student_id")
        let body = try AcknowledgementBody(try await request.json())
        let parameters: [Parameter] = [.integer(caller.school.id), .text(student), caller.person]
        let gate = Query(statement: child, parameters: parameters)
        let write: Query
        switch body {
        case .seen(let from, let to, let moment):
            write = Query(statement: ofDays, parameters: parameters + [.text(from), .text(to), .text(moment)])
        case .records(let records):
            write = Query(
                statement: named,
                parameters: parameters + [
                    .texts(records.map { $0.kind }), .texts(records.map { $0.id }),
                    .integers(records.map { $0.version }),
                ])
        }
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(of: [gate, write])
        guard try !results[gate].isEmpty else { throw Problem(.notFound) }
        let rows = try results[write]
        switch body {
        case .seen: try check(rows)
        case .records(let records): try check(records, rows)
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("acknowledged")
        writer.integer(rows.isEmpty ? 0 : rows.integer(0, "_count") ?? 0)
        writer.endObject()
        return .json(writer)
    }

    /// Nothing was written if `seen_at` is in the future: nobody has seen what is to come.
    private static func check(_ rows: Rows) throws {
        guard !rows.isEmpty, rows.boolean(0, "_is_future") else { return }
        throw Problem(
            .validationFailed,
            items: [
                .init(
                    pointer: "/seen_at", code: "in_the_future",
                    detail: Text(
                        ru: "Передайте read_at полученного списка.", en: "Give the read_at of a list that was read."))
            ])
    }

    /// Nothing was written if a record is not the child's, or was changed since.
    private static func check(_ records: [AcknowledgementBody.Record], _ rows: Rows) throws {
        let unknown = (0..<rows.count).filter { rows.integer($0, "version") == nil }
        guard unknown.isEmpty else {
            throw Problem(
                .validationFailed,
                items: unknown.map {
                    .init(
                        pointer: "/records/\($0)/id", code: "unknown_reference",
                        detail: Text(ru: "Такой записи о ребёнке нет.", en: "There is no such record about the child."))
                })
        }
        let stale = (0..<rows.count).filter { rows.integer($0, "version") != records[$0].version }
        guard stale.isEmpty else {
            throw Problem(
                .staleVersion,
                items: stale.map {
                    Acknowledgements.staleItem(rows.integer($0, "version") ?? 0, at: "/records/\($0)/version")
                })
        }
    }

    // MARK: SQL

    /// By default the last two weeks. `read_at` is for `seen_at` of a later acknowledgement.
    private static let days = Statement(
        """
        SELECT r.first AS "from", r.last AS "to", now() AS read_at, \(Setting.from.set(to: "r.first")) AS _from,
            \(Setting.to.set(to: "r.last")) AS _to
        FROM (SELECT coalesce($1::date, lyceum.today() - 13) AS first, coalesce($2::date, lyceum.today()) AS last) r
        """)

    private static let all = RecordStatements(andSeen: "")
    private static let seen = RecordStatements(andSeen: "AND r.day <@ \(StudentGate.days)")

    /// `$1` is the school, `$2` the student, `$3` the guardian.
    private static let child = Statement(
        """
        SELECT s.id FROM students s
        WHERE s.school_id = $1 AND s.id = $2::uuid AND lyceum.represents($1, $3::uuid, s.id)
        """)

    private static let columns = """
        INSERT INTO acknowledgements (school_id, mark_id, feedback_id, conduct_note_id, student_id, version)
            SELECT $1, CASE WHEN r.kind = 'mark' THEN r.id END, CASE WHEN r.kind = 'feedback' THEN r.id END,
                CASE WHEN r.kind = 'conduct_note' THEN r.id END, $2::uuid, r.version
        """

    /// All records of these days as they were at the moment of reading.
    private static let ofDays = Statement(
        """
        WITH written AS (
            \(columns)
            FROM (\(StudentRecords.sql(of: "$2::uuid", from: "$4::date", to: "$5::date"))) r
            WHERE greatest(r.changed_at, r.published_at) <= $6::timestamptz AND $6::timestamptz <= now()
                AND lyceum.represents($1, $3::uuid, $2::uuid)
            ON CONFLICT DO NOTHING
            RETURNING id
        )
        SELECT count(*) AS _count, $6::timestamptz > now() AS _is_future FROM written
        """)

    private static let named = Statement(
        """
        WITH judged AS MATERIALIZED (
            SELECT i.ord, i.kind, i.id, i.seen, r.version
            FROM unnest($4::text[], $5::uuid[], $6::int[]) WITH ORDINALITY AS i(kind, id, seen, ord)
            LEFT JOIN lyceum.family_records r ON r.school_id = $1 AND r.kind = i.kind AND r.id = i.id
                AND r.student_id = $2::uuid AND r.published_at <= now()
            WHERE lyceum.represents($1, $3::uuid, $2::uuid)
        ), written AS (
            \(columns)
            FROM judged r
            WHERE NOT EXISTS (SELECT FROM judged j WHERE j.version IS DISTINCT FROM j.seen)
            ON CONFLICT DO NOTHING
            RETURNING id
        )
        SELECT j.version, (SELECT count(*) FROM written) AS _count FROM judged j ORDER BY j.ord
        """)
}

/// The published rows of `lyceum.family_records` about one student on some days. Marks are found through the lessons of
/// the student's groups, as in the diary: the view would read all lessons of the school on these days.
private enum StudentRecords {
    static func sql(of student: String, from first: String, to last: String) -> String {
        """
        SELECT k.student_id, 'mark' AS kind, k.id, k.version, k.published_at, k.changed_at, l.date AS day, l.section_id
            FROM group_members m
            JOIN sections s ON s.school_id = m.school_id AND s.group_id = m.group_id
            JOIN lessons l ON l.school_id = s.school_id AND l.section_id = s.id AND l.date BETWEEN \(first) AND \(last)
                AND lyceum.holds(m.starts_on, m.ends_on, l.date)
            JOIN line_items i ON i.school_id = $1 AND i.lesson_id = l.id AND i.deleted_at IS NULL
            JOIN marks k ON k.school_id = $1 AND k.line_item_id = i.id AND k.student_id = m.student_id
                AND k.kind IS NOT NULL AND k.published_at <= now()
            WHERE m.school_id = $1 AND m.student_id = \(student)
                AND lyceum.holds_between(m.starts_on, m.ends_on, \(first), \(last))
            UNION ALL
            SELECT r.student_id, r.kind, r.id, r.version, r.published_at, r.changed_at, r.day, r.section_id
            FROM lyceum.family_records r
            WHERE r.school_id = $1 AND r.kind <> 'mark' AND r.student_id = \(student) AND r.published_at <= now()
                AND r.day BETWEEN \(first) AND \(last)
        """
    }
}

/// `$1` is the school, `$2` whether only records are wanted that nobody has acknowledged, `$4` the reader.
private struct RecordStatements: Sendable {
    let records: Statement
    let guardians: Statement

    /// - Parameter seen: an additional condition for callers who do not see all days.
    init(andSeen seen: String) {
        let student = StudentGate.student
        let first = "(SELECT \(Setting.from.required))"
        let last = "(SELECT \(Setting.to.required))"
        // PostgreSQL reads the student's acknowledgements once.
        let acknowledged = """
            WITH acknowledged AS MATERIALIZED (
                SELECT coalesce(a.mark_id, a.feedback_id, a.conduct_note_id) AS record_id, a.guardian_id, a.version,
                    a.acknowledged_at
                FROM acknowledgements a
                WHERE a.school_id = $1 AND a.student_id = \(student)
            ), records AS MATERIALIZED (
                SELECT r.*,
                    EXISTS (
                        SELECT FROM acknowledged a WHERE a.record_id = r.id AND a.version = r.version
                    ) AS acknowledged
                FROM (\(StudentRecords.sql(of: student, from: first, to: last))) r
                WHERE true \(seen)
            )
            """
        let wanted = "FROM records r WHERE (NOT $2::boolean OR NOT r.acknowledged)"
        records = Statement(
            """
            \(acknowledged)
            SELECT r.kind, r.id, r.day AS date, j.id AS "subject?.id", j.name AS "subject?.name", r.version, r.acknowledged
            FROM (SELECT r.* \(wanted)) r
            LEFT JOIN sections s ON s.school_id = $1 AND s.id = r.section_id
            LEFT JOIN subjects j ON j.school_id = $1 AND j.id = s.subject_id
            ORDER BY r.day DESC, r.id
            """)
        guardians = Statement(
            """
            \(acknowledged)
            SELECT r.id AS _parent, \(SharedSQL.person("u", as: "guardian")),
                coalesce(a.version = r.version, false) AS acknowledged, a.version, a.acknowledged_at
            FROM (SELECT r.* \(wanted)) r
            JOIN guardianships g ON g.school_id = $1 AND g.student_id = r.student_id AND g.access = 'full'
                AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today()) AND $3::text IS NULL
                AND \(RecordReaders.seesGuardian("\(student)", "g.guardian_id"))
            JOIN users u ON u.school_id = $1 AND u.id = g.guardian_id
            LEFT JOIN LATERAL (
                SELECT a.version, a.acknowledged_at
                FROM acknowledged a
                WHERE a.record_id = r.id AND a.guardian_id = g.guardian_id
                ORDER BY a.version DESC LIMIT 1
            ) a ON true
            ORDER BY r.day DESC, r.id, u.last_name, u.first_name, u.id
            """)
    }
}
