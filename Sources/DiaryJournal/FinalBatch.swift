import Diary
import JSON
import Postgres
import Web

/// Final marks of a section in one request and one transaction: `PUT sections/{id}/finals`.
///
/// As in `JournalBatch`, one statement compares all items with the current rows, applies the valid ones, and returns the
/// outcome of each; the last statement undoes everything if an item was refused.
package enum FinalBatch {
    package static let routes: [Route<Access, Caller>] = [
        .put("/v1/sections/{section_id}/finals", "putSectionFinals", access: .roles([.teacher]), apply)
    ]

    private static let name = "finals"

    @Sendable static func apply(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isPartial = query.flag("partial")
        try query.finish()
        let section = try request.identifier("section_id")
        let items = try FinalItems(try await request.json(), caller.services)
        let school = Parameter.integer(caller.school.id)
        let lock = SectionGate.lock(caller, section)
        let lockFinals = items.lock(school)
        let work = Work.segment(caller.services.lanes, caller.scope)
        // The triggers check the rules. The statement asks for them too when it has to tell which item they refuse.
        var asksRules = isPartial
        while true {
            let write = items.query(school, .text(caller.user), asksRules: asksRules)
            let results = try await work.results(of: [lock, lockFinals, write, settle(.boolean(isPartial))])
            if let refusal = results.refusal, refusal.sqlState != "LYB01" {
                guard refusal.sqlState.hasPrefix("LY") && !asksRules else { throw PostgresError.refused(refusal) }
                asksRules = true
                continue
            }
            guard try !results[lock].isEmpty else { throw Problem(.notFound) }
            return try answer(BatchOutcome(name, try results[write]), isPartial: isPartial, request)
        }
    }

    private static func answer(_ outcome: BatchOutcome, isPartial: Bool, _ request: Request) throws -> Response {
        let refusals = Set(outcome.refusals)
        if !refusals.isEmpty && !isPartial {
            throw Problem(
                refusals.count == 1 ? try .of(refusals.first!) : .finalsRefused, items: try outcome.problems)
        }
        var writer = JSONWriter(reservingCapacity: 8 * 1024)
        writer.beginObject()
        writer.key("applied")
        writer.boolean(refusals.isEmpty)
        try outcome.write(to: &writer, request.language)
        writer.endObject()
        return .json(writer)
    }

    private static let settle = Statement("SELECT lyceum.settle_batch($1::boolean)")
}

/// The items of a batch, as columns for its statement. Optional members that an item leaves out keep their value.
private struct FinalItems {
    private var columns: [[String?]] = Array(repeating: [], count: Self.types.count)

    /// The columns that `unnest` makes, in this order.
    private static let types: [(name: String, type: String)] = [
        ("student_id", "uuid"), ("kind", "text"), ("term_id", "uuid"), ("value_kind", "text"), ("number", "smallint"),
        ("code", "text"), ("due_on", "date"), ("sets_points", "boolean"), ("points", "smallint"),
        ("sets_reason", "boolean"), ("new_reason", "text"), ("sets_comment", "boolean"), ("new_comment", "text"),
        ("sets_order", "boolean"), ("new_order", "uuid"), ("published", "boolean"), ("seen", "int"), ("new_id", "uuid"),
    ]

    init(_ body: JSONValue, _ services: Services) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        let items = reader.objects("finals", maximumCount: JournalBatch.longestList).value ?? []
        reader.finish()
        if problems.isEmpty && items.isEmpty { problems.add(FieldProblem(JSONPointer(), "empty_batch")) }
        var seen: Set<String> = []
        for var item in items {
            let student = item.uuid("student_id").value
            let kind = item.enumeration("kind", of: ["term", "year", "exam", "final"]).value
            let term: String?
            if kind == "term" {
                term = item.uuid("term_id").value
            } else {
                term = nil
                if case .value = item.any("term_id", .nullable) {
                    problems.add(FieldProblem(item.pointer.appending("term_id"), "only_for_terms"))
                }
            }
            let value = MarkValue.read(
                "value", of: &item, codes: ["pass", "fail", "exempt", "owed", "not_assessed"])
            let points = item.integer("exam_points", .nullable, in: 0...100)
            if points.value != nil, kind == "term" || kind == "year" {
                problems.add(FieldProblem(item.pointer.appending("exam_points"), "only_for_exams"))
            }
            let reason = item.string("reason", .nullable, minimumLength: 1, maximumLength: 500)
            let comment = item.string("comment", .nullable, minimumLength: 1, maximumLength: 1000)
            let order = item.uuid("order_id", .nullable)
            let published = item.boolean("published", .optional).value
            let version = item.integer("version", in: 0...Int(Int32.max)).value
            item.finish()
            if let student, let kind, !seen.insert("\(student) \(kind) \(term ?? "")").inserted {
                problems.add(FieldProblem(item.pointer, "duplicate_item"))
            }
            let row: [String?] = [
                student, kind, term, value?.kind, value?.number.map { String($0) }, value?.code, value?.dueOn,
                points.isAbsent ? nil : "t", points.value.map { String($0) }, reason.isAbsent ? nil : "t", reason.value,
                comment.isAbsent ? nil : "t", comment.value, order.isAbsent ? nil : "t", order.value,
                published.map { $0 ? "t" : "f" }, version.map { String($0) }, version == 0 ? services.newID() : nil,
            ]
            for (index, cell) in row.enumerated() { columns[index].append(cell) }
        }
        if let problem = Problem(problems) { throw problem }
    }

    /// M10: teachers of other sections may write the same final marks.
    func lock(_ school: Parameter) -> Query { Self.lockStatement(school, .texts(columns[0])) }

    func query(_ school: Parameter, _ user: Parameter, asksRules: Bool) -> Query {
        Query(
            statement: asksRules ? Self.checkedStatement : Self.statement,
            parameters: [school, user] + columns.map { .texts($0) })
    }

    private static let lockStatement = Statement(
        """
        SELECT x.id
        FROM sections s
        JOIN final_marks x ON x.school_id = s.school_id AND x.student_id = ANY ($2::uuid[]) AND x.subject_id = s.subject_id
            AND x.academic_year_id = s.academic_year_id
        WHERE s.school_id = $1 AND s.id = \(BatchSQL.section)
        ORDER BY x.id
        FOR NO KEY UPDATE OF x
        """)

    private static let statement = Statement(sql(refusal: "NULL"))
    private static let checkedStatement = Statement(
        sql(
            refusal: """
                coalesce(
                    lyceum.final_refusal(
                        $1, t.student_id, t.academic_year_id, t.kind, t.term_id, t.own_section, 'own', t.value_kind, t.number,
                        t.code
                    ),
                    lyceum.final_reason_refusal(
                        $1, t.student_id, t.subject_id, t.academic_year_id, t.term_id, t.own_section, t.value_kind, t.code,
                        t.reason, t.order_id
                    )
                )
                """))

    /// - Parameter refusal: SQL of the rules' refusal of the item `t`.
    private static func sql(refusal: String) -> String {
        let arrays = types.enumerated().map { "$\($0.offset + 3)::\($0.element.type)[]" }.joined(separator: ", ")
        let names = types.map { $0.name }.joined(separator: ", ")
        func kept(_ sets: String, _ new: String, _ old: String) -> String {
            "CASE WHEN i.value_kind IS NULL THEN NULL WHEN i.\(sets) THEN i.\(new) ELSE x.\(old) END AS \(old)"
        }
        return """
            WITH input AS MATERIALIZED (
                SELECT * FROM unnest(\(arrays)) WITH ORDINALITY AS i(\(names), ord)
            ), target AS MATERIALIZED (
                SELECT i.ord, i.student_id, i.kind, i.term_id, i.value_kind, i.number, i.code, i.due_on, i.seen, i.new_id,
                    s.id AS own_section, s.subject_id, s.academic_year_id,
                    \(kept("sets_points", "points", "exam_points")), \(kept("sets_reason", "new_reason", "reason")),
                    \(kept("sets_comment", "new_comment", "comment")), \(kept("sets_order", "new_order", "order_id")),
                    CASE coalesce(i.published, x.id IS NULL OR x.published_at IS NOT NULL)
                        WHEN true THEN coalesce(x.published_at, now())
                    END AS published_at,
                    i.kind = 'term' AND t.term_id IS NULL AS lacks_term,
                    i.sets_order AND i.new_order IS NOT NULL AND o.id IS NULL AS lacks_order,
                    lyceum.teaches($1, $2::uuid, s.id, least(lyceum.today(), d.last)) AS own,
                    -- M10: a student who has moved on gets the final mark in the new section.
                    EXISTS (
                        SELECT
                        FROM group_members m
                        WHERE m.school_id = $1 AND m.group_id = s.group_id AND m.student_id = i.student_id
                            AND lyceum.holds_between(m.starts_on, m.ends_on, d.first, d.last)
                            AND NOT EXISTS (
                                SELECT
                                FROM group_members n
                                JOIN sections e ON e.school_id = $1 AND e.group_id = n.group_id
                                WHERE n.school_id = $1 AND n.student_id = i.student_id AND e.subject_id = s.subject_id
                                    AND e.academic_year_id = s.academic_year_id AND e.id <> s.id
                                    AND n.starts_on > m.starts_on AND n.starts_on <= d.last
                            )
                    ) AS is_member,
                    x.id AS final, x.version, x.value_kind AS old_kind, x.number AS old_number, x.code AS old_code,
                    x.due_on AS old_due_on, x.exam_points AS old_points, x.reason AS old_reason, x.comment AS old_comment,
                    x.order_id AS old_order, x.published_at AS old_published_at
                FROM input i
                JOIN sections s ON s.school_id = $1 AND s.id = \(BatchSQL.section)
                JOIN academic_years y ON y.school_id = $1 AND y.id = s.academic_year_id
                LEFT JOIN lyceum.section_terms t ON t.school_id = $1 AND t.section_id = s.id AND t.term_id = i.term_id
                LEFT JOIN orders o ON o.school_id = $1 AND o.id = i.new_order
                CROSS JOIN LATERAL (
                    SELECT coalesce(t.starts_on, y.starts_on) AS first, coalesce(t.ends_on, y.ends_on) AS last
                ) d
                LEFT JOIN final_marks x ON x.school_id = $1 AND x.student_id = i.student_id AND x.subject_id = s.subject_id
                    AND x.academic_year_id = s.academic_year_id AND x.kind = i.kind
                    AND x.term_id IS NOT DISTINCT FROM i.term_id
            ), compared AS (
                SELECT t.*,
                    (t.value_kind, t.number, t.code, t.due_on, t.exam_points, t.reason, t.comment, t.order_id)
                        IS NOT DISTINCT FROM (t.old_kind, t.old_number, t.old_code, t.old_due_on, t.old_points, t.old_reason,
                            t.old_comment, t.old_order) AS same,
                    t.final IS NULL OR t.published_at IS NOT DISTINCT FROM t.old_published_at AS same_publication
                FROM target t
            ), checked AS MATERIALIZED (
                SELECT t.*,
                    CASE
                        WHEN t.lacks_term THEN 'not_in_section'
                        WHEN NOT t.is_member AND (t.final IS NULL OR t.value_kind IS NOT NULL) THEN 'not_a_member'
                        WHEN t.own IS NOT TRUE THEN 'not_your_section'
                        WHEN t.same AND t.same_publication THEN NULL
                        WHEN coalesce(t.version, 0) <> t.seen THEN 'stale_version'
                        -- M12: publishing is possible after the close.
                        WHEN t.same THEN NULL
                        WHEN t.lacks_order THEN 'order_required'
                        ELSE \(refusal)
                    END AS refusal
                FROM compared t
            ), accepted AS (
                SELECT * FROM checked c WHERE c.refusal IS NULL AND NOT (c.same AND c.same_publication)
            ), added AS (
                INSERT INTO final_marks (
                    school_id, id, student_id, subject_id, academic_year_id, kind, term_id, section_id, value_kind, number,
                    code, due_on, exam_points, reason, comment, order_id, published_at
                )
                SELECT $1, a.new_id, a.student_id, a.subject_id, a.academic_year_id, a.kind, a.term_id, a.own_section,
                    a.value_kind, a.number, a.code, a.due_on, a.exam_points, a.reason, a.comment, a.order_id, a.published_at
                FROM accepted a WHERE a.final IS NULL
                RETURNING id, version, average_at_the_time
            ), updated AS (
                UPDATE final_marks x
                SET value_kind = a.value_kind, number = a.number, code = a.code, due_on = a.due_on,
                    exam_points = a.exam_points, reason = a.reason, comment = a.comment, order_id = a.order_id,
                    published_at = a.published_at,
                    section_id = CASE WHEN a.same THEN x.section_id ELSE a.own_section END,
                    source = CASE WHEN a.same THEN x.source ELSE 'own' END
                FROM accepted a
                WHERE x.school_id = $1 AND x.id = a.final
                RETURNING x.id, x.version, x.average_at_the_time
            )
            SELECT coalesce(n.id, c.final) AS id, c.student_id, c.kind, c.term_id,
                coalesce(n.version, u.version, c.version, 0) AS version,
                CASE
                    WHEN c.refusal IS NULL THEN lyceum.mark_value(c.value_kind, c.number, c.code, c.due_on)
                    ELSE lyceum.mark_value(c.old_kind, c.old_number, c.old_code, c.old_due_on)
                END AS value,
                CASE WHEN c.refusal IS NULL THEN c.exam_points ELSE c.old_points END AS exam_points,
                CASE WHEN c.refusal IS NULL THEN c.reason ELSE c.old_reason END AS reason,
                CASE WHEN c.refusal IS NULL THEN c.comment ELSE c.old_comment END AS comment,
                CASE WHEN c.refusal IS NULL THEN c.order_id ELSE c.old_order END AS order_id,
                round(coalesce(n.average_at_the_time, u.average_at_the_time, x.average_at_the_time), 2)
                    AS average_at_the_time,
                CASE WHEN c.refusal IS NULL THEN c.published_at ELSE c.old_published_at END AS published_at,
                c.refusal AS _refusal, c.same AND c.same_publication AS _unchanged,
                CASE WHEN c.refusal IS NOT NULL AND c.final IS NOT NULL THEN json_build_object(
                    'id', c.final, 'student_id', c.student_id, 'kind', c.kind, 'term_id', c.term_id,
                    'value', lyceum.mark_value(c.old_kind, c.old_number, c.old_code, c.old_due_on),
                    'exam_points', c.old_points, 'reason', c.old_reason, 'comment', c.old_comment,
                    'order_id', c.old_order, 'version', c.version, 'published_at', lyceum.moment(c.old_published_at)
                ) END AS _current, \(BatchSQL.note)
            FROM checked c
            LEFT JOIN added n ON n.id = c.new_id
            LEFT JOIN updated u ON u.id = c.final
            LEFT JOIN final_marks x ON x.school_id = $1 AND x.id = c.final
            ORDER BY c.ord
            """
    }
}
