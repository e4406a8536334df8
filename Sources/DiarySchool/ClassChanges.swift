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
        try QueryReader(request).finish()
        let student = try request.identifier("student_id")
        let change = try Change(try await request.json())
        return try await Idempotency.run(request, caller) { work in
            let school = Parameter.integer(caller.school.id)
            let id = caller.services.newID()
            let wanted = change.groups ?? []
            let groups = wanted.map { _ in caller.services.newID() }
            let parts = parts(school, .text(change.classID))
            let leave = leave(
                school, .text(student), .text(change.classID), .text(change.startsOn), .text(change.reason),
                change.groups.map { .texts($0) } ?? .null)
            let (left, joined) = (left(school), joined(school, .text(id)))
            let queries = [
                leave, parts, end(school), join(school, .text(id), .text(change.reason)),
                joinGroups(school, .texts(groups), .texts(wanted)), left, joined,
            ]
            let results = try await work.results(of: queries + work.settling)
            try check(results, leave, parts, change)
            return try answer(results[left], results[joined], request, caller, id)
        }
    }

    private static func check(_ results: Results, _ leave: Query, _ parts: Query, _ change: Change) throws {
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
        if refusal.sqlState == "LYE04" { throw Problem(recordedDays: refusal.detail, at: "starts_on") }
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

    private static func answer(
        _ left: Rows, _ joined: Rows, _ request: Request, _ caller: Caller, _ id: String
    ) -> Response {
        var writer = JSONWriter()
        writer.beginObject()
        writer.object("left", left)
        writer.object("joined", joined)
        writer.endObject()
        var response = Response.json(writer, status: .created)
        let base = caller.services.settings.publicURL ?? request.origin ?? ""
        response.headers.append(("Location", "\(base)/v1/enrollments/\(id)"))
        return response
    }

    // MARK: Undoing

    /// Deletes the enrollment that the change made, and gives the one before it its last day back. The memberships in subgroups
    /// follow (`lyceum.follow_enrollment`).
    @Sendable static func undo(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let (student, id) = (try request.identifier("student_id"), try request.identifier("enrollment_id"))
        return try await Idempotency.run(request, caller) { work in
            let school = Parameter.integer(caller.school.id)
            let find = findChange(school, .text(student), .text(id))
            let restored = left(school)
            let results = try await work.results(
                of: [find, deleteJoined(school), reopen(school), restored] + work.settling)
            let found = try results[find]
            guard !found.isEmpty else { throw Problem(.notFound) }
            if let refusal = found.text(0, "refusal") { throw notUndone(refusal) }
            if let refusal = results.refusal { throw PostgresError.refused(refusal) }
            var writer = JSONWriter()
            writer.beginObject()
            writer.fields(try results[restored], row: 0)
            writer.endObject()
            return .json(writer)
        }
    }

    private static func notUndone(_ code: String) -> Problem {
        code == "not_last"
            ? Problem(
                .conflict,
                detail: Text(
                    ru: "После этого перевода есть другое зачисление; сначала отмените его.",
                    en: "There is a later enrollment; undo that one first."))
            : Problem(
                .conflict,
                detail: Text(
                    ru: "Это не перевод: накануне ученик не был в другом классе того же года.",
                    en: "No class change created this enrollment: the student was in no other class of the year before."
                ))
    }

    private static let findChange = Statement(
        """
        WITH student AS MATERIALIZED (
            SELECT s.id FROM students s WHERE s.school_id = $1 AND s.id = $2::uuid FOR NO KEY UPDATE
        ),
        made AS MATERIALIZED (
            SELECT e.id, e.student_id, e.class_id, e.starts_on, e.ends_on, e.end_reason
            FROM enrollments e, student s
            WHERE e.school_id = $1 AND e.student_id = s.id AND e.id = $3::uuid
            FOR UPDATE OF e
        ),
        judged AS (
            SELECT m.id, m.starts_on, m.ends_on, m.end_reason, b.id AS before,
                CASE
                    WHEN b.id IS NULL THEN 'no_class_change'
                    WHEN EXISTS (
                        SELECT FROM enrollments o
                        WHERE o.school_id = $1 AND o.student_id = m.student_id AND o.starts_on > m.starts_on
                    ) THEN 'not_last'
                END AS refusal
            FROM made m
            JOIN classes c ON c.school_id = $1 AND c.id = m.class_id
            LEFT JOIN LATERAL (
                SELECT o.id FROM enrollments o
                JOIN classes k ON k.school_id = o.school_id AND k.id = o.class_id
                WHERE o.school_id = $1 AND o.student_id = m.student_id AND o.ends_on = m.starts_on - 1
                    AND o.class_id <> m.class_id AND k.academic_year_id = c.academic_year_id
            ) b ON true
        )
        SELECT j.refusal,
            \(Setting.undone.set(text: "CASE WHEN j.refusal IS NULL THEN j.id::text ELSE '' END")) AS _undone,
            \(Setting.changed.set(text: "CASE WHEN j.refusal IS NULL THEN j.before::text ELSE '' END")) AS _changed,
            \(Setting.last.set(text: "coalesce(j.ends_on::text, '')")) AS _last,
            \(Setting.lastReason.set(text: "coalesce(j.end_reason, '')")) AS _reason
        FROM judged j
        """)

    private static let deleteJoined = Statement(
        "DELETE FROM enrollments e WHERE e.school_id = $1 AND e.id = \(Setting.undone.value)")

    private static let reopen = Statement(
        """
        UPDATE enrollments e
        SET ends_on = \(Setting.last.value), end_reason = nullif(\(Setting.lastReason.text), '')
        WHERE e.school_id = $1 AND e.id = \(ending)
        """)

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
                    WHEN $6::uuid[] IS NULL AND EXISTS (
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
                SELECT n.id FROM unnest($6::uuid[]) AS n(id)
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
            \(Setting.schoolClass.set(to: "j.class_id")) AS _class,
            \(Setting.from.set(to: "$4")) AS _from, \(Setting.endReason.set(to: "$5")) AS _reason
        FROM judged j
        """)

    private static let first = Setting.from.required

    /// The new enrollment gets the remaining days of the old one.
    private static let join = Statement(
        """
        INSERT INTO enrollments
            (school_id, id, student_id, class_id, starts_on, ends_on, in_class_group, reason, end_reason)
        SELECT e.school_id, $2::uuid, e.student_id, \(Setting.schoolClass.required), \(first),
            \(Setting.last.value), e.in_class_group, $3::text, nullif(\(Setting.lastReason.text), '')
        FROM enrollments e WHERE e.school_id = $1 AND e.id = \(ending)
        """)

    private static let end = Statement(
        """
        UPDATE enrollments e
        SET ends_on = \(first) - 1,
            end_reason = coalesce(\(Setting.endReason.value), e.end_reason)
        FROM (
            SELECT o.id,
                \(Setting.last.set(text: "CASE WHEN o.ends_on >= \(first) THEN o.ends_on::text ELSE '' END")) AS last,
                \(Setting.lastReason.set(text: "CASE WHEN o.ends_on >= \(first) THEN coalesce(o.end_reason, '') ELSE '' END"))
                    AS last_reason
            FROM enrollments o WHERE o.school_id = $1 AND o.id = \(ending)
        ) o
        WHERE e.school_id = $1 AND e.id = o.id AND o.last IS NOT NULL AND o.last_reason IS NOT NULL
        """)

    private static let joinGroups = Statement(
        """
        INSERT INTO group_members (school_id, id, group_id, student_id, starts_on, ends_on)
        SELECT $1, n.id, n.group_id, e.student_id, \(first), \(Setting.last.value)
        FROM unnest($2::uuid[], $3::uuid[]) AS n(id, group_id)
        JOIN enrollments e ON e.school_id = $1 AND e.id = \(ending)
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
    /// Why the old enrollment ends, and the last day and the reason that it had.
    fileprivate static let endReason = Setting("end_reason", .text)
    fileprivate static let last = Setting("last", .date)
    fileprivate static let lastReason = Setting("last_reason", .text)
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

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        let classID = reader.uuid("class_id").value
        let startsOn = reader.date("starts_on").value
        reason = reader.reason()
        groups = reader.uuids("group_ids", .optional, maximumCount: 50).value
        if let groups, Set(groups).count < groups.count {
            problems.add(FieldProblem(JSONPointer("group_ids"), "duplicate_item"))
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        self.classID = classID!
        self.startsOn = startsOn!
    }
}
