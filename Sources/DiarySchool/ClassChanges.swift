import Diary
import HTTP1
import JSON
import Postgres
import Web

/// A student's change of class: one transaction ends the old enrollment, begins a new one on the next day, and adds the
/// student to groups of the new class.
package enum ClassChanges {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/students/{student_id}/class-changes", "createClassChange", access: .managers, create),
        .delete(
            "/v1/students/{student_id}/class-changes/{enrollment_id}", "deleteClassChange", access: .managers, undo),
    ]

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let isDry = query.flag("dry_run")
        try query.finish()
        let student = try request.identifier("student_id")
        var change = try Change(try await request.json())
        guard isDry else {
            return try await Idempotency.run(request, caller) { work in
                try await create(change, of: student, request, caller, work)
            }
        }
        // A dry run moves the records, to see which rules of the new class refuse them.
        change.movesRecords = true
        change.isDry = true
        return try await caller.services.lanes.transaction(caller.scope) { transaction in
            _ = try await transaction.run([savepoint()])
            let response = try await create(change, of: student, request, caller, .transaction(transaction))
            _ = try await transaction.run([takeBack()])
            return response
        }
    }

    private static func create(
        _ change: Change, of student: String, _ request: Request, _ caller: Caller, _ work: Work
    ) async throws -> Response {
        let school = Parameter.integer(caller.school.id)
        let id = caller.services.newID()
        let wanted = change.groups ?? []
        let groups = wanted.map { _ in caller.services.newID() }
        let parts = parts(school, .text(change.classID))
        let leave = leave(
            school, .text(student), .text(change.classID), .text(change.startsOn),
            change.groups.map { .texts($0) } ?? .null)
        let moved = ClassChangeRecords.move(school, .text(change.reason), .boolean(change.movesRecords))
        let (left, joined) = (left(school), joined(school, .text(id)))
        let queries = [
            leave, parts, move(school, .text(id), .text(change.reason)),
            joinGroups(school, .text(id), .texts(groups), .texts(wanted)), moved, left, joined,
        ]
        let results = try await work.results(of: queries + work.settling)
        try check(results, leave, parts, moved, change)
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("dry_run")
        writer.boolean(change.isDry)
        writer.object("left", try results[left])
        writer.object("joined", try results[joined])
        writer.list(RowList("records", try results[moved]))
        writer.endObject()
        if change.isDry { return .json(writer) }
        return Response.json(writer).created(at: "/v1/enrollments/\(id)", request, caller)
    }

    private static func check(
        _ results: Results, _ leave: Query, _ parts: Query, _ moved: Query, _ change: Change
    ) throws {
        let left = try results[leave]
        guard !left.isEmpty else {
            throw results.refusal.map { PostgresError.refused($0) } ?? Problem(.notFound)
        }
        if let refusal = left.text(0, "refusal") {
            if refusal == "parts_not_named" { throw namesNoParts(try results[parts]) }
            throw refused(refusal, left, change)
        }
        guard let refusal = results.refusal else { return }
        if refusal.constraint == "enrollments_no_overlap" { throw Refusal.overlap.problem }
        if refusal.sqlState == "LYE04" {
            // A dry run lists the records instead.
            let stays = try ClassChangeRecords.staying(results[moved])
            if change.isDry, !stays.isEmpty { return }
            throw stays.isEmpty
                ? Problem(recordedDays: refusal.detail, at: "starts_on") : Problem(.recordedDays, items: stays)
        }
        // The student is already in one of the groups, or another request has added a row in between.
        throw refusal.sqlState.hasPrefix("23") ? Problem(.conflict) : PostgresError.refused(refusal)
    }

    /// L5: the subgroups of the new class, to choose from.
    private static func namesNoParts(_ parts: Rows) -> Problem {
        let required = Problem.Item(
            pointer: "/group_ids", code: "required",
            detail: Text(
                ru: "В классе есть подгруппы: назовите те, в которые входит ученик, или [] (L5).",
                en: "The class has subgroups: name those that the student joins, or send [] (rule L5)."))
        let choices = (0..<parts.count).map { row in
            let name = parts.text(row, "name") ?? ""
            var item = Problem.Item(pointer: "/group_ids", code: "choice", detail: Text(ru: name, en: name))
            item.members = [("group_id", parts.text(row, "id") ?? "")]
            return item
        }
        return Problem(.validationFailed, items: [required] + choices)
    }

    private static func refused(_ code: String, _ left: Rows, _ change: Change) -> Problem {
        switch code {
        case "unknown_class": return Refusal.unknown("class_id").problem
        case "unknown_group":
            let index = change.groups?.firstIndex { $0 == left.text(0, "_group") } ?? 0
            return Refusal(
                field: "group_ids/\(index)", code: "unknown_reference", ru: "Такой группы в новом классе нет.",
                en: "The new class has no such group."
            ).problem
        case "outside_year":
            return Refusal(
                field: "starts_on", code: code, ru: "День вне учебного года нового класса.",
                en: "The day is outside the academic year of the new class."
            ).problem
        case "same_class":
            return Refusal(
                .conflict, field: "class_id", code: code, ru: "Ученик уже в этом классе.",
                en: "The student is already in this class."
            ).problem
        default:
            return Refusal(
                .conflict, field: "starts_on", code: "not_enrolled",
                ru: "Накануне ученик не состоит ни в одном классе; прибывшего зачисляет POST /v1/enrollments.",
                en: "The student is in no class on the day before; use POST /v1/enrollments for a new student."
            ).problem
        }
    }

    // MARK: Undoing

    /// Deletes the enrollment that the change made, and gives the one before it the end that it had. The memberships in
    /// subgroups follow (`lyceum.follow_into_subgroups`).
    @Sendable static func undo(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let (student, id) = (try request.identifier("student_id"), try request.identifier("enrollment_id"))
        return try await Idempotency.run(request, caller) { work in
            let school = Parameter.integer(caller.school.id)
            let find = findChange(school, .text(student), .text(id))
            let restored = left(school)
            let results = try await work.results(of: [find, restore(school), restored] + work.settling)
            let found = try results[find]
            guard !found.isEmpty else { throw results.refusal.map { PostgresError.refused($0) } ?? Problem(.notFound) }
            if let refusal = found.text(0, "refusal") { throw notUndone(refusal) }
            if let refusal = results.refusal {
                // Another request has added an enrollment in between.
                throw refusal.sqlState.hasPrefix("23") ? Problem(.conflict) : PostgresError.refused(refusal)
            }
            return .json(.object(try results[restored]))
        }
    }

    private static func notUndone(_ code: String) -> Problem {
        let detail =
            switch code {
            case "not_last":
                Text(
                    ru: "После этого перевода есть другое зачисление; сначала отмените его.",
                    en: "There is a later enrollment; undo that one first.")
            case "ended_since":
                Text(
                    ru: "После перевода изменён конец одного из двух зачислений; исправьте их по отдельности.",
                    en:
                        "The end of one of the two enrollments was changed after the class change; correct them one by one."
                )
            default:
                Text(
                    ru:
                        "Об этом зачислении не записано, что его создал перевод: удалите его и откройте предыдущее по отдельности.",
                    en:
                        "There is no record that a class change created this enrollment: delete it and reopen the earlier one separately."
                )
            }
        return Problem(.conflict, detail: detail)
    }

    /// An end that somebody has written since the change is not erased: that of the later enrollment, or an end of the
    /// earlier one that is neither the one of the change nor next to the later enrollment.
    private static let findChange = Statement(
        """
        WITH student AS MATERIALIZED (
            SELECT s.id FROM students s WHERE s.school_id = $1 AND s.id = $2::uuid FOR NO KEY UPDATE
        ),
        made AS MATERIALIZED (
            SELECT e.id, e.student_id, e.starts_on, e.ends_on, e.end_reason
            FROM enrollments e, student s
            WHERE e.school_id = $1 AND e.student_id = s.id AND e.id = $3::uuid
            FOR UPDATE OF e
        ),
        earlier AS MATERIALIZED (
            SELECT e.id, e.starts_on, e.ends_on, c.starts_on AS changed_on, c.ends_on AS last, c.end_reason AS last_reason
            FROM made m
            JOIN class_changes c ON c.school_id = $1 AND c.enrollment_id = m.id
            JOIN enrollments e ON e.school_id = $1 AND e.id = c.left_id AND e.student_id = m.student_id
            FOR UPDATE OF e
        ),
        judged AS (
            SELECT m.id, b.id AS before,
                CASE
                    WHEN b.id IS NULL THEN 'no_class_change'
                    WHEN EXISTS (
                        SELECT FROM enrollments o
                        WHERE o.school_id = $1 AND o.student_id = m.student_id AND o.starts_on > b.starts_on AND o.id <> m.id
                    ) THEN 'not_last'
                    WHEN m.ends_on IS NOT NULL AND (m.ends_on, m.end_reason) IS DISTINCT FROM (b.last, b.last_reason)
                        OR (b.ends_on IN (b.changed_on - 1, m.starts_on - 1)) IS NOT TRUE THEN 'ended_since'
                END AS refusal
            FROM made m
            LEFT JOIN earlier b ON true
        )
        SELECT j.refusal,
            \(Setting.undone.set(text: "CASE WHEN j.refusal IS NULL THEN j.id::text ELSE '' END")) AS _undone,
            \(Setting.changed.set(text: "CASE WHEN j.refusal IS NULL THEN j.before::text ELSE '' END")) AS _changed
        FROM judged j
        """)

    /// The enrollment is deleted first: the restored days may be among its own.
    private static let restore = Statement(
        """
        WITH change AS MATERIALIZED (
            SELECT c.left_id, c.ends_on, c.end_reason
            FROM class_changes c
            WHERE c.school_id = $1 AND c.enrollment_id = \(Setting.undone.value)
        ),
        deleted AS (
            DELETE FROM enrollments e WHERE e.school_id = $1 AND e.id = \(Setting.undone.value) RETURNING e.id
        )
        UPDATE enrollments e
        SET ends_on = c.ends_on, end_reason = c.end_reason
        FROM deleted d, change c
        WHERE e.school_id = $1 AND e.id = c.left_id
        """)

    private static let savepoint = Statement("SAVEPOINT class_change")
    private static let takeBack = Statement("ROLLBACK TO SAVEPOINT class_change")

    // MARK: SQL. A setting has the id of the enrollment that ends, unless the change is refused.

    private static let ending = Setting.changed.value

    /// Locks the enrollment of the day before. The student's row is locked first, so that two changes run one after the
    /// other.
    private static let leave = Statement(
        """
        WITH pupil AS MATERIALIZED (
            SELECT s.id FROM students s WHERE s.school_id = $1 AND s.id = $2::uuid FOR NO KEY UPDATE
        ),
        standing AS MATERIALIZED (
            SELECT e.id, e.class_id FROM enrollments e, pupil p
            WHERE e.school_id = $1 AND e.student_id = p.id AND lyceum.holds(e.starts_on, e.ends_on, $4::date - 1)
            FOR UPDATE OF e
        ),
        judged AS (
            SELECT e.id,
                CASE
                    WHEN c.id IS NULL THEN 'unknown_class'
                    WHEN NOT $4::date BETWEEN y.starts_on AND y.ends_on THEN 'outside_year'
                    WHEN e.id IS NULL THEN 'not_enrolled'
                    WHEN e.class_id = c.id THEN 'same_class'
                    WHEN u.id IS NOT NULL THEN 'unknown_group'
                    WHEN $5::uuid[] IS NULL AND EXISTS (
                        SELECT FROM groups g
                        WHERE g.school_id = $1 AND g.class_id = c.id AND g.kind = 'part' AND g.archived_at IS NULL
                    ) THEN 'parts_not_named'
                END AS refusal,
                u.id AS unknown_group, c.id AS class_id
            FROM pupil p
            LEFT JOIN standing e ON true
            LEFT JOIN classes c ON c.school_id = $1 AND c.id = $3::uuid AND c.archived_at IS NULL
            LEFT JOIN academic_years y ON y.school_id = c.school_id AND y.id = c.academic_year_id
            LEFT JOIN LATERAL (
                SELECT n.id FROM unnest($5::uuid[]) AS n(id)
                WHERE NOT EXISTS (
                    SELECT FROM groups g
                    WHERE g.school_id = $1 AND g.id = n.id AND g.class_id = c.id AND g.kind = 'part'
                        AND g.archived_at IS NULL
                )
                LIMIT 1
            ) u ON true
        )
        SELECT j.refusal, j.unknown_group AS _group,
            \(Setting.changed.set(text: "CASE WHEN j.refusal IS NULL THEN j.id::text ELSE '' END")) AS _changed,
            \(Setting.schoolClass.set(to: "j.class_id")) AS _class, \(Setting.from.set(to: "$4")) AS _from
        FROM judged j
        """)

    private static let first = Setting.from.required

    /// Ends the old enrollment, then begins the new one with the remaining days of the old one, and records what the
    /// old one had. `$2` is the new enrollment, `$3` the reason.
    private static let move = Statement(
        """
        WITH old AS MATERIALIZED (
            SELECT e.id, e.student_id, e.in_class_group, e.ends_on, e.end_reason, lyceum.lasts(e.ends_on, \(first)) AS lasts
            FROM enrollments e WHERE e.school_id = $1 AND e.id = \(ending)
        ),
        ended AS (
            UPDATE enrollments e SET ends_on = \(first) - 1, end_reason = coalesce($3::text, e.end_reason)
            FROM old o WHERE e.school_id = $1 AND e.id = o.id
            RETURNING e.id
        ),
        joined AS (
            INSERT INTO enrollments
                (school_id, id, student_id, class_id, starts_on, ends_on, in_class_group, reason, end_reason)
            SELECT $1, $2::uuid, o.student_id, \(Setting.schoolClass.required), \(first),
                CASE WHEN o.lasts THEN o.ends_on END, o.in_class_group, $3::text, CASE WHEN o.lasts THEN o.end_reason END
            FROM ended d JOIN old o ON o.id = d.id
            RETURNING id
        )
        INSERT INTO class_changes (school_id, enrollment_id, left_id, starts_on, ends_on, end_reason)
        SELECT $1, j.id, o.id, \(first), o.ends_on, o.end_reason FROM joined j, old o
        """)

    /// `$2` is the new enrollment.
    private static let joinGroups = Statement(
        """
        INSERT INTO group_members (school_id, id, group_id, student_id, starts_on, ends_on)
        SELECT $1, n.id, n.group_id, e.student_id, e.starts_on, e.ends_on
        FROM unnest($3::uuid[], $4::uuid[]) AS n(id, group_id)
        JOIN enrollments e ON e.school_id = $1 AND e.id = $2::uuid
        """)

    /// The subgroups of a class.
    private static let parts = Statement(
        """
        SELECT g.id, g.name FROM groups g
        WHERE g.school_id = $1 AND g.class_id = $2::uuid AND g.kind = 'part' AND g.archived_at IS NULL
        ORDER BY g.name, g.id
        """)

    private static let columns = """
        SELECT e.id, e.student_id, e.class_id, e.starts_on, e.ends_on, e.in_class_group, e.reason, e.end_reason,
            e.external_id, e.version
        FROM enrollments e WHERE e.school_id = $1 AND e.id =
        """
    private static let left = Statement("\(columns) \(ending)")
    private static let joined = Statement("\(columns) $2::uuid")
}

extension Setting {
    /// The enrollment that an undone change has made.
    fileprivate static let undone = Setting("undone", .uuid)
}

/// The body of the request.
private struct Change {
    let classID: String
    let startsOn: String
    let reason: String?
    /// Nil: not said.
    let groups: [String]?
    var movesRecords: Bool
    var isDry = false

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        let classID = reader.uuid("class_id").value
        let startsOn = reader.date("starts_on").value
        reason = reader.reason()
        groups = reader.uuids("group_ids", .optional, maximumCount: 50).value
        movesRecords = reader.boolean("move_records", .optional).value ?? false
        if let groups, Set(groups).count < groups.count {
            problems.add(FieldProblem(JSONPointer("group_ids"), "duplicate_item"))
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        self.classID = classID!
        self.startsOn = startsOn!
    }
}
