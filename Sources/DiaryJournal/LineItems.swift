import Diary
import HTTP1
import JSON
import Postgres
import Web

/// The columns of a lesson, one at a time; `PATCH sections/{id}/journal` writes them together with their marks.
///
/// Teachers write the columns of their lessons (A4). Heads and deputy heads write no marks, but they plan control works,
/// and allow those that break the rule, with a reason (M9).
package enum LineItems {
    package static let routes: [Route<Access, Caller>] = [
        .get("/v1/lessons/{lesson_id}/line-items", "listLineItems", access: readers, list),
        .post("/v1/lessons/{lesson_id}/line-items", "createLineItem", access: writers, create),
        .get("/v1/line-items/{line_item_id}", "getLineItem", access: readers, show),
        .patch("/v1/line-items/{line_item_id}", "updateLineItem", access: writers, update),
        .delete("/v1/line-items/{line_item_id}", "deleteLineItem", access: .roles([.teacher]), delete),
    ]

    private static let readers = Access.readersOfJournals.programs(.journalRead)
    private static let writers = Access.roles([.head, .deputyHead, .teacher])

    @Sendable static func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let page = Page(&query, keys: [.identifier])
        try query.finish()
        let lesson = parameters(caller, try request.identifier("lesson_id"))
        return try await ListAnswer(request, caller, page).read(
            behind: Query(statement: seenLesson, parameters: lesson),
            Query(statement: ofLesson, parameters: lesson + [.text(page.after?[0]), .integer(page.limit + 1)]),
            key: ["id"], total: Query(statement: total, parameters: lesson + [.boolean(page.wantsTotal)]))
    }

    @Sendable static func show(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let row = one(caller, try request.identifier("line_item_id"))
        return try .record(try await caller.results(of: [row])[row])
    }

    @Sendable static func create(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let lesson = try request.identifier("lesson_id")
        let body = try LineItemBody(try await request.json(), isNew: true, caller)
        let id = caller.services.newID()
        let gate = Query(
            statement: lessonToWrite,
            parameters: parameters(caller, lesson) + [.text(body.category), .boolean(caller.isHead)])
        let insert = insert(
            .integer(caller.school.id), .text(id), .text(lesson), .text(body.category), .text(body.title.value),
            .text(body.weight), .text(body.override.value))
        let row = one(caller, id)
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(of: [gate, insert, row] + work.settling)
            try check(results[gate])
            try refuse(results)
            return try Response.record(try results[row]).created(at: "/v1/line-items/\(id)", request, caller)
        }
    }

    @Sendable static func update(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let id = try request.identifier("line_item_id")
        let body = try LineItemBody(try await request.json(), isNew: false, caller)
        // Heads and deputy heads don't change what marks count for (A4).
        let gate = lock(caller, id, .text(body.category), mayAllow: caller.isHead && body.isOnlyOverride, versions)
        let change = change(
            .integer(caller.school.id), .text(body.category), .boolean(!body.title.isAbsent), .text(body.title.value),
            .text(body.weight), .boolean(!body.override.isAbsent), .text(body.override.value))
        let row = one(caller, id)
        return try await Idempotency.run(request, caller) { work in
            let results = try await work.results(of: [gate, change, row] + work.settling)
            try check(results[gate])
            try versions.check(results[gate])
            try refuse(results)
            return try .record(try results[row])
        }
    }

    /// The marks of the column become tombstones (M5); the database refuses this when M4 does.
    @Sendable static func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        try QueryReader(request).finish()
        let versions = try VersionCondition(request)
        let gate = lock(caller, try request.identifier("line_item_id"), .null, mayAllow: false, versions)
        let work = Work.segment(caller.services.lanes, caller.scope)
        let results = try await work.results(of: [gate, remove(.integer(caller.school.id))])
        try check(results[gate])
        try versions.check(results[gate])
        try refuse(results)
        return .empty
    }

    /// What the first statement says about the lesson or column, and the new category.
    private static func check(_ rows: Rows) throws {
        guard !rows.isEmpty else { throw Problem(.notFound) }
        guard rows.boolean(0, "may") else { throw Problem(.notYourLesson) }
        guard rows.boolean(0, "knows_category") else { throw Refusal.unknown("category_id").problem }
    }

    private static func refuse(_ results: Results) throws {
        guard let refusal = results.refusal else { return }
        if refusal.sqlState == "LYM09" { throw Problem(controlWork: refusal.detail, at: "/category_id") }
        throw PostgresError.refused(refusal)
    }

    // MARK: SQL. `$1` is the school, `$2` the lesson or column, `$3` whether the caller reads all, `$4` the caller.

    private static func parameters(_ caller: Caller, _ id: String) -> [Parameter] {
        [.integer(caller.school.id), .text(id), .boolean(caller.readsAll), caller.person]
    }

    private static func one(_ caller: Caller, _ id: String) -> Query {
        Query(statement: one, parameters: parameters(caller, id))
    }

    private static func lock(
        _ caller: Caller, _ id: String, _ category: Parameter, mayAllow: Bool, _ versions: VersionCondition
    ) -> Query {
        Query(
            statement: itemToWrite,
            parameters: parameters(caller, id) + [category, .boolean(mayAllow), versions.parameter])
    }

    private static let seenLesson = Statement(
        """
        SELECT l.id FROM lessons l
        WHERE l.school_id = $1 AND l.id = $2::uuid AND \(JournalChanges.readers(of: "l.section_id"))
        """)

    private static let columns = """
        x.id, x.section_id, x.lesson_id, x.category_id, x.title, x.weight, x.is_default, x.planned, x.override_reason,
        x.overridden_by, x.version
        """
    private static let seen = """
        FROM line_items x
        WHERE x.school_id = $1 AND x.deleted_at IS NULL AND \(JournalChanges.readers(of: "x.section_id"))
        """
    private static let one = Statement("SELECT \(columns) \(seen) AND x.id = $2::uuid")
    private static let ofLesson = Statement(
        """
        SELECT \(columns) \(seen) AND x.lesson_id = $2::uuid AND ($5::uuid IS NULL OR x.id > $5::uuid)
        ORDER BY x.id
        LIMIT $6::int
        """)
    private static let total = Statement(
        "SELECT CASE WHEN $5::boolean THEN (SELECT count(*) \(seen) AND x.lesson_id = $2::uuid) END AS total")

    /// `$5` is the new category, `$6` whether the caller may plan control works of others. Locks the section's row, as a
    /// batch does: the two take turns.
    ///
    /// - Parameters:
    ///   - category: the category before the change.
    ///   - columns: what else the statement returns.
    private static func toWrite(_ rows: String, category: String, _ columns: String) -> String {
        """
        SELECT o.may, o.knows_category, \(columns)
        FROM \(rows)
        JOIN sections s ON s.school_id = l.school_id AND s.id = l.section_id
        CROSS JOIN LATERAL (
            SELECT lyceum.teaches_lesson($1, $4::uuid, l.id)
                    OR $6::boolean AND lyceum.is_control($1, coalesce($5::uuid, \(category))) AS may,
                $5::uuid IS NULL OR EXISTS (
                    SELECT FROM categories c WHERE c.school_id = $1 AND c.id = $5::uuid AND c.archived_at IS NULL
                ) AS knows_category
            OFFSET 0
        ) o
        WHERE l.school_id = $1 AND \(JournalChanges.readers(of: "l.section_id"))
        """
    }

    private static let lessonToWrite = Statement(
        """
        \(toWrite(
            "lessons l", category: "NULL::uuid",
            Setting.lesson.set(to: "CASE WHEN o.may AND o.knows_category THEN l.id END") + " AS _lesson"))
            AND l.id = $2::uuid
        FOR NO KEY UPDATE OF s
        """)

    /// Stores the id of the column only if the client has seen its version.
    private static let itemToWrite = Statement(
        """
        \(toWrite(
            "line_items x JOIN lessons l ON l.school_id = x.school_id AND l.id = x.lesson_id", category: "x.category_id",
            "x.version, "
                + Setting.changed.set(
                    to: """
                        CASE
                            WHEN o.may AND o.knows_category AND ($7::int[] IS NULL OR x.version = ANY ($7::int[])) THEN x.id
                        END
                        """) + " AS _changed"))
            AND x.id = $2::uuid AND x.deleted_at IS NULL
        FOR NO KEY UPDATE OF s, x
        """)

    private static let insert = Statement(
        """
        INSERT INTO line_items (school_id, id, lesson_id, section_id, category_id, title, weight, override_reason)
        SELECT $1, $2::uuid, l.id, l.section_id, c.id, $5, coalesce(round($6::numeric, 2), c.weight), $7
        FROM lessons l
        JOIN categories c ON c.school_id = l.school_id AND c.id = $4::uuid AND c.archived_at IS NULL
        WHERE l.school_id = $1 AND l.id = $3::uuid AND l.id = \(Setting.lesson.value)
        """)

    private static let change = Statement(
        """
        UPDATE line_items
        SET category_id = coalesce($2::uuid, category_id), title = CASE WHEN $3::boolean THEN $4 ELSE title END,
            weight = coalesce(round($5::numeric, 2), weight),
            override_reason = CASE WHEN $6::boolean THEN $7 ELSE override_reason END
        WHERE school_id = $1 AND id = \(Setting.changed.value)
        """)

    private static let remove = Statement(
        "UPDATE line_items SET deleted_at = now() WHERE school_id = $1 AND id = \(Setting.changed.value)")
}

/// The body of a new or changed column.
private struct LineItemBody {
    var category: String?
    var title: Field<String>
    var weight: String?
    /// Why a deputy head allows a control work against the rule (M9).
    var override: Field<String>

    init(_ body: JSONValue, isNew: Bool, _ caller: Caller) throws {
        let problems = FieldProblems()
        var reader = ObjectReader(body, problems: problems)
        category = reader.uuid("category_id", isNew ? .required : .optional).value
        title = reader.string("title", .nullable, minimumLength: 1, maximumLength: 200)
        weight = reader.weight()
        override = reader.string("override_reason", .nullable, maximumLength: 500)
        if let reason = override.value, reason.allSatisfy({ $0.isWhitespace }) {
            reader.add("override_reason", .tooShort, ["minimum": "1"])
        }
        reader.finish()
        if let problem = Problem(problems) { throw problem }
        if !override.isAbsent && !caller.isHead { throw Problem(.forbidden) }
    }

    var isOnlyOverride: Bool { category == nil && title.isAbsent && weight == nil }
}

extension Caller {
    var isHead: Bool { !roles.isDisjoint(with: [.head, .deputyHead]) }
}

extension Setting {
    /// The lesson that gets a column.
    fileprivate static let lesson = Setting("lesson", .uuid)
}
