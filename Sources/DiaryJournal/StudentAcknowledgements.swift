import Diary
import JSON
import Postgres
import Web

/// What has been acknowledged of a student's marks, feedback and conduct notes, and what has not (C2). A guardian
/// acknowledges several at once: by their ids, or all of some days that an earlier answer showed.
package enum StudentAcknowledgements {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/students/{student_id}/acknowledgements", "listStudentAcknowledgements", access: .readersOfMarks, list),
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
        if case .records(let records) = body { try check(records, rows) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("acknowledged")
        writer.integer(rows.isEmpty ? 0 : rows.integer(0, "_count") ?? 0)
        writer.endObject()
        return .json(writer)
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
        "SELECT s.id FROM students s WHERE s.school_id = $1 AND s.id = $2::uuid AND lyceum.represents($1, $3::uuid, s.id)")

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
            FROM lyceum.family_records r
            WHERE r.school_id = $1 AND r.student_id = $2::uuid AND r.day BETWEEN $4::date AND $5::date
                AND r.published_at <= now() AND greatest(r.changed_at, r.published_at) <= $6::timestamptz
                AND lyceum.represents($1, $3::uuid, $2::uuid)
            ON CONFLICT DO NOTHING
            RETURNING id
        )
        SELECT count(*) AS _count FROM written
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

/// `$1` is the school, `$2` whether only records are wanted that nobody has acknowledged, `$4` the reader.
private struct RecordStatements: Sendable {
    let records: Statement
    let guardians: Statement

    /// - Parameter seen: an additional condition for callers who do not see all days.
    init(andSeen seen: String) {
        let student = StudentGate.student
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
                FROM lyceum.family_records r
                WHERE r.school_id = $1 AND r.student_id = \(student) AND r.published_at <= now()
                    AND r.day BETWEEN (SELECT \(Setting.from.required)) AND (SELECT \(Setting.to.required)) \(seen)
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
            SELECT r.id AS _parent, u.id AS "guardian.id", u.last_name AS "guardian.last_name",
                u.first_name AS "guardian.first_name", u.middle_name AS "guardian.middle_name",
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

/// A body of `acknowledge`.
enum AcknowledgementBody {
    case seen(from: String, to: String, moment: String)
    case records([Record])

    struct Record {
        let kind: String
        let id: String
        let version: Int
    }

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        var records: [Record] = []
        if reader.isMissing("records") {
            let (from, to) = (reader.date("from").value, reader.date("to").value)
            let moment = reader.string("seen_at", maximumLength: 40).value
            if let from, let to {
                if to < from {
                    problems.add(FieldProblem(JSONPointer("to"), "before_from"))
                } else if CalendarDate.days(from: from, to: to) >= StudentAcknowledgements.longestRange {
                    problems.add(FieldProblem(JSONPointer("to"), "range_too_long"))
                }
            }
            if let moment, !Self.isMoment(moment) {
                problems.add(FieldProblem(JSONPointer("seen_at"), "invalid_moment"))
            }
            reader.finish()
            if let problem = Problem(problems) { throw problem }
            self = .seen(from: from!, to: to!, moment: moment!)
            return
        }
        let items = reader.objects("records", maximumCount: StudentAcknowledgements.mostRecords).value ?? []
        var seen: Set<String> = []
        for var item in items {
            let kind = item.enumeration("kind", of: Acknowledgements.Kind.allCases.map { $0.rawValue }).value
            let id = item.uuid("id").value
            let version = item.integer("version", in: 1...Int(Int32.max)).value
            item.finish()
            if let id { item.refuseDuplicate(id, &seen) }
            if let kind, let id, let version { records.append(Record(kind: kind, id: id, version: version)) }
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        self = .records(records)
    }

    /// RFC 3339 in UTC, as answers write moments: `2025-11-19T06:00:00.123456Z`.
    static func isMoment(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == 0x5A, bytes[10] == 0x54, CalendarDate.isValid(String(text.prefix(10)))
        else { return false }
        let time = text.dropFirst(11).dropLast()
        let parts = time.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.count == 1 || (1...9).contains(parts[1].utf8.count),
            parts.count == 1 || parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        let clock = parts[0].split(separator: ":", omittingEmptySubsequences: false)
        return clock.count == 3 && zip(clock, [23, 59, 59]).allSatisfy { part, last in
            part.utf8.count == 2 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } && Int(part)! <= last
        }
    }
}
