import Diary
import HTTP1
import JSON
import Postgres
import Web

/// A pupil changes class: the end of one enrollment and the beginning of another on the next day, with the groups of the new
/// class, in one transaction.
package enum ClassChanges {
    package static let routes: [Route<Access, Caller>] = [
        .post("/v1/students/{student_id}/class-changes", "createClassChange", access: .managers, create)
    ]

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let student = try request.identifier("student_id")
        let change = try Change(try await request.json())
        return try await Idempotency.run(request, caller) { work in
            let school = Parameter.integer(caller.school.id)
            let id = caller.services.newID()
            let groups = change.groups.map { _ in caller.services.newID() }
            let leave = leave(
                school, .text(student), .text(change.classID), .text(change.startsOn), .text(change.reason),
                .texts(change.groups))
            let (left, joined) = (left(school), joined(school, .text(id)))
            let queries = [
                quiet(school, .text(student), .text(change.startsOn)), leave, end(school),
                join(school, .text(id), .text(change.reason)),
                joinGroups(school, .texts(groups), .texts(change.groups)), left, joined,
            ]
            let results = try await work.results(of: queries + work.settling)
            try check(results, leave, change)
            return try answer(results[left], results[joined], request, caller, id)
        }
    }

    private static func check(_ results: Results, _ leave: Query, _ change: Change) throws {
        let left = try results[leave]
        guard !left.isEmpty else {
            throw results.refusal.map { PostgresError.refused($0) } ?? Problem(.notFound)
        }
        if let refusal = left.text(0, "refusal") { throw refused(refusal, left, change) }
        guard let refusal = results.refusal else { return }
        if refusal.constraint == "enrollments_no_overlap" { throw Refusal.overlap.problem }
        // A group that the pupil is in already, a row that somebody else made in between.
        throw refusal.sqlState.hasPrefix("23") ? Problem(.conflict) : PostgresError.refused(refusal)
    }

    private static func refused(_ code: String, _ left: Rows, _ change: Change) -> Problem {
        switch code {
        case "unknown_class": return Refusal.unknown("class_id").problem
        case "unknown_group":
            let index = change.groups.firstIndex { $0 == left.text(0, "_group") } ?? 0
            return Refusal(
                field: "group_ids/\(index)", code: "unknown_reference", ru: "Такой группы в новом классе нет.",
                en: "The new class has no such group."
            ).problem
        case "outside_year":
            return Refusal(
                field: "starts_on", code: code, ru: "День не в учебном году нового класса.",
                en: "The day is not in the year of the new class."
            ).problem
        case "same_class":
            return Refusal(
                .conflict, field: "class_id", code: code, ru: "Ученик уже в этом классе.",
                en: "The pupil is in this class already."
            ).problem
        case "recorded":
            return Refusal(
                .inUse, field: "starts_on", code: code,
                ru: "На уроках прежнего класса в этот день или позже стоят отметки или отсутствия.",
                en: "Marks or absences stand at lessons of the old class on this day or later."
            ).problem
        default:
            return Refusal(
                .conflict, field: "starts_on", code: "not_enrolled",
                ru: "Накануне ученик ни в одном классе; прибытие — это POST /v1/enrollments.",
                en: "On the day before the pupil is in no class; to arrive is POST /v1/enrollments."
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

    // MARK: SQL. The enrollment that ends is named in a setting, unless the change is refused.

    private static let ending = Setting.changed.value

    /// Journals of the old class are locked as those who write in them do: what is being recorded at this moment is waited for,
    /// and then seen.
    private static let quiet = Statement(
        """
        SELECT s.id
        FROM enrollments e
        JOIN groups g ON g.school_id = e.school_id AND g.class_id = e.class_id
        JOIN sections s ON s.school_id = g.school_id AND s.group_id = g.id
        WHERE e.school_id = $1 AND e.student_id = $2::uuid AND lyceum.holds(e.starts_on, e.ends_on, $3::date - 1)
        ORDER BY s.id
        FOR NO KEY UPDATE OF s
        """)

    /// The enrollment of the day before, locked. The pupil's row is locked first, so that two changes take turns.
    ///
    /// What was recorded in the old class's own groups on lost days would stand where the pupil was no member (M3).
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
        lost AS (
            SELECT l.id AS lesson_id
            FROM standing e
            JOIN groups g ON g.school_id = $1 AND g.class_id = e.class_id
            JOIN sections s ON s.school_id = $1 AND s.group_id = g.id
            JOIN lessons l ON l.school_id = $1 AND l.section_id = s.id AND l.date >= $4::date
        ),
        judged AS (
            SELECT e.id,
                CASE
                    WHEN c.id IS NULL THEN 'unknown_class'
                    WHEN NOT $4::date BETWEEN y.starts_on AND y.ends_on THEN 'outside_year'
                    WHEN e.id IS NULL THEN 'not_enrolled'
                    WHEN e.class_id = c.id THEN 'same_class'
                    WHEN u.id IS NOT NULL THEN 'unknown_group'
                    WHEN EXISTS (
                        SELECT FROM lost l JOIN attendance a ON a.school_id = $1 AND a.lesson_id = l.lesson_id
                        WHERE a.student_id = p.id
                    ) OR EXISTS (
                        SELECT FROM lost l
                        JOIN line_items i ON i.school_id = $1 AND i.lesson_id = l.lesson_id
                        JOIN marks k ON k.school_id = $1 AND k.line_item_id = i.id
                        WHERE k.student_id = p.id AND k.kind IS NOT NULL
                    ) THEN 'recorded'
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

    /// The days that the old enrollment had behind the change become those of the new one.
    private static let join = Statement(
        """
        INSERT INTO enrollments (school_id, id, student_id, class_id, starts_on, ends_on, in_class_group, reason)
        SELECT e.school_id, $2::uuid, e.student_id, \(Setting.schoolClass.required), \(first),
            \(Setting.last.value), e.in_class_group, $3::text
        FROM enrollments e WHERE e.school_id = $1 AND e.id = \(ending)
        """)

    private static let end = Statement(
        """
        UPDATE enrollments e
        SET ends_on = \(first) - 1,
            end_reason = coalesce(\(Setting.endReason.value), e.end_reason)
        FROM (
            SELECT o.id,
                \(Setting.last.set(text: "CASE WHEN o.ends_on >= \(first) THEN o.ends_on::text ELSE '' END")) AS last
            FROM enrollments o WHERE o.school_id = $1 AND o.id = \(ending)
        ) o
        WHERE e.school_id = $1 AND e.id = o.id AND o.last IS NOT NULL
        """)

    private static let joinGroups = Statement(
        """
        INSERT INTO group_members (school_id, id, group_id, student_id, starts_on, ends_on)
        SELECT $1, n.id, n.group_id, e.student_id, \(first), \(Setting.last.value)
        FROM unnest($2::uuid[], $3::uuid[]) AS n(id, group_id)
        JOIN enrollments e ON e.school_id = $1 AND e.id = \(ending)
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
    /// Why the old enrollment ends, and the last day that it had.
    fileprivate static let endReason = Setting("end_reason", .text)
    fileprivate static let last = Setting("last", .date)
}

/// What the body asks for.
private struct Change {
    let classID: String
    let startsOn: String
    let reason: String?
    let groups: [String]

    init(_ body: JSONValue) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        let classID = reader.uuid("class_id").value
        let startsOn = reader.date("starts_on").value
        reason = reader.reason()
        groups = reader.uuids("group_ids", .optional, maximumCount: 50).value ?? []
        if Set(groups).count < groups.count { problems.add(FieldProblem(JSONPointer("group_ids"), "duplicate_item")) }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        self.classID = classID!
        self.startsOn = startsOn!
    }
}
