import Diary
import HTTP1
import JSON
import Postgres
import Web

/// Guardians acknowledge a mark, feedback or a conduct note: that they have seen this version of it (C2). A later change
/// needs another acknowledgement. Staff see who has acknowledged; a family sees whether somebody of it has (A3).
package enum Acknowledgements {
    package static let routes: [Route<Access, Caller>] = Kind.allCases.flatMap { kind -> [Route<Access, Caller>] in
        let path = "/v1/\(kind.path)/{\(kind.rawValue)_id}/acknowledgement"
        return [
            .get(path, "get\(kind.noun)Acknowledgement", access: .readersOfMarks.programs(.journalRead)) {
                try await show(kind, $0, $1)
            },
            .put(path, "acknowledge\(kind.noun)", access: .roles([.guardian])) { try await acknowledge(kind, $0, $1) },
        ]
    }

    /// What a guardian acknowledges: its kind in `lyceum.family_records`.
    enum Kind: String, CaseIterable, Sendable {
        case mark
        case feedback
        case conductNote = "conduct_note"

        var path: String {
            switch self {
            case .mark: "marks"
            case .feedback: "feedback"
            case .conductNote: "conduct-notes"
            }
        }
        var noun: String {
            switch self {
            case .mark: "Mark"
            case .feedback: "Feedback"
            case .conductNote: "ConductNote"
            }
        }
        var column: String { "\(rawValue)_id" }
    }

    @Sendable private static func show(_ kind: Kind, _ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        return try await answer(statements[kind]!, caller, try request.identifier(kind.column)).tagged(for: caller)
    }

    @Sendable private static func acknowledge(
        _ kind: Kind, _ request: Request, _ caller: Caller
    ) async throws -> Response {
        try QueryReader(request).finish()
        let id = try request.identifier(kind.column)
        let problems = FieldProblems()
        var reader = ObjectReader(try await request.json(), problems: problems)
        let version = reader.integer("version", in: 1...Int(Int32.max)).value
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        let statements = statements[kind]!
        let parameters: [Parameter] = [.integer(caller.school.id), .text(id), caller.person]
        let gate = Query(statement: statements.gate, parameters: parameters)
        let insert = Query(statement: statements.insert, parameters: parameters + [.integer(version)])
        let answer = answer(statements, caller, id)
        let results = try await Work.segment(caller.services.lanes, caller.scope).results(
            of: [gate, insert] + answer.queries)
        guard let current = try results[gate].integer(0, "version", orNil: ()) else { throw Problem(.notFound) }
        guard current == version else { throw Self.stale(current, at: "/version") }
        try answer.check(results)
        return .json(try answer.json(results))
    }

    /// The record was changed after the guardian read it.
    static func stale(_ version: Int, at pointer: String) -> Problem {
        Problem(.staleVersion, items: [staleItem(version, at: pointer)])
    }
    static func staleItem(_ version: Int, at pointer: String) -> Problem.Item {
        .init(
            pointer: pointer, code: "stale_version", detail: ProblemKind.staleVersion.detail,
            current: Array(#"{"version":\#(version)}"#.utf8))
    }

    private static func answer(_ statements: Statements, _ caller: Caller, _ id: String) -> Answer {
        let parameters = RecordReaders.parameters(caller, id)
        let record = Query(statement: statements.record, parameters: parameters)
        return Answer {
            Gate(record)
            Fields(record)
            List("guardians", Query(statement: statements.guardians, parameters: parameters))
        }
    }

    private static let statements = Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, Statements($0)) })

    // MARK: The feed

    static let changed = ChangedEntity(
        "acknowledgements", access: .readersOfJournals.programs(.journalRead), circles: ["diary"],
        rows: { caller, ids in rows(.integer(caller.school.id), ids, .boolean(caller.readsAll), caller.person) },
        familyCircles: ["diary"],
        familyRows: { caller, ids in familyRows(.integer(caller.school.id), ids) })

    private static let columns = """
        x.id, x.student_id, CASE WHEN x.mark_id IS NOT NULL THEN 'mark' WHEN x.feedback_id IS NOT NULL THEN 'feedback'
            ELSE 'conduct_note' END AS kind, coalesce(x.mark_id, x.feedback_id, x.conduct_note_id) AS record_id,
            x.version, x.acknowledged_at
        """
    private static let rows = Statement(
        """
        SELECT \(columns), x.guardian_id
        FROM acknowledgements x
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[])
            AND ($3::boolean OR x.student_id = ANY ((SELECT lyceum.led_ids($1, $4::uuid, true))::uuid[]))
        """)
    /// Without the guardian: for the others of the family it is only a fact about the child (A3).
    private static let familyRows = Statement(
        """
        SELECT \(columns)
        FROM acknowledgements x
        WHERE x.school_id = $1 AND x.id = ANY ($2::uuid[]) AND x.student_id = \(StudentGate.student)
        """)
}

extension Rows {
    fileprivate func integer(_ row: Int, _ column: String, orNil: Void) -> Int? {
        isEmpty ? nil : integer(row, column)
    }
}

extension Acknowledgements {
    /// `$1` is the school, `$2` the record. For reading, `$3` is whether the reader reads all, `$4` the reader.
    fileprivate struct Statements: Sendable {
        let gate: Statement
        let insert: Statement
        let record: Statement
        let guardians: Statement

        init(_ kind: Kind) {
            // `$3` is the guardian, `$4` the version.
            let own = """
                FROM lyceum.family_records r
                WHERE r.school_id = $1 AND r.kind = '\(kind.rawValue)' AND r.id = $2::uuid AND r.published_at <= now()
                    AND lyceum.represents($1, $3::uuid, r.student_id)
                """
            gate = Statement("SELECT r.version \(own)")
            insert = Statement(
                """
                INSERT INTO acknowledgements (school_id, \(kind.column), student_id, version)
                SELECT r.school_id, r.id, r.student_id, r.version \(own) AND r.version = $4::int
                ON CONFLICT DO NOTHING
                """)
            let seen = """
                FROM lyceum.family_records x
                \(RecordReaders.relation(to: "x.student_id"))
                WHERE x.school_id = $1 AND x.kind = '\(kind.rawValue)' AND x.id = $2::uuid
                    AND \(RecordReaders.sees(day: "x.day", hasSection: true))
                """
            record = Statement(
                """
                SELECT x.kind, x.id, x.student_id, x.version,
                    EXISTS (
                        SELECT FROM acknowledgements a
                        WHERE a.school_id = $1 AND a.\(kind.column) = x.id AND a.version = x.version
                    ) AS acknowledged
                \(seen)
                """)
            guardians = Statement(
                """
                SELECT \(SharedSQL.person("u", as: "guardian")), coalesce(a.version = x.version, false) AS acknowledged,
                    a.version, a.acknowledged_at
                FROM (SELECT x.id, x.student_id, x.version \(seen)) x
                JOIN guardianships g ON g.school_id = $1 AND g.student_id = x.student_id AND g.access = 'full'
                    AND lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
                    AND \(RecordReaders.seesGuardian("x.student_id", "g.guardian_id"))
                JOIN users u ON u.school_id = $1 AND u.id = g.guardian_id
                LEFT JOIN LATERAL (
                    SELECT a.version, a.acknowledged_at
                    FROM acknowledgements a
                    WHERE a.school_id = $1 AND a.\(kind.column) = x.id AND a.guardian_id = g.guardian_id
                    ORDER BY a.version DESC LIMIT 1
                ) a ON true
                ORDER BY u.last_name, u.first_name, u.id
                """)
        }
    }
}
